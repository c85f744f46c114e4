/*
 * An operator device on a serial port of a computer: for trying the link without a microcontroller, and for tests.
 *
 *   cc -std=c99 -o device firmware/host/device.c && ./device <port> <joint>...
 *
 * Orders on stdin, a line each:
 *   stick <mode 0-2> <buttons> <ttl ms> <axis>...   from now on sent every 20 ms; axes -32767 to 32767
 *   setpoint <ttl ms> <axis>...                     beside the stick from now on, every 20 ms
 *   release                                         no commands and set-points any more
 *   mode <wanted>                                   asked for once: 0 hold, 1 teleop, 2 agent
 *   estop <cause> | reset <nonce> | log <text>
 *   hang                                            heartbeats go on, the loop that counts progress does not
 *   mute                                            nothing is sent or read any more
 *   restart                                         as after a power cycle
 *   quit
 * Events on stdout: "link <0|1> <result>", "status <owner> <latched> <state age ms> <nonce>", "dropped <frames>",
 * "state <mode> <fault> <age ms> <position>... <velocity>...", "mode <wanted> <result> <why>",
 * "buttons <bits> <ns>": from that time of CLOCK_MONOTONIC on, commands with these buttons are written to the port.
 */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define DYNABRIDGE_LINK_IMPLEMENTATION
#include "../dynabridge_link.h"

static int port;
static int muted;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint32_t now_ms(void) { return (uint32_t)(now_ns() / 1000000u); }

static void on_write(void *user, const uint8_t *bytes, size_t count) {
  (void)user;
  if (!muted && write(port, bytes, count) < 0) perror("write");
}

static void on_status(void *user, const dbl_status *s) {
  (void)user;
  printf("status %u %u %u %lu\n", s->owner, s->latched, s->state_age_ms, (unsigned long)s->nonce);
}

static void on_state(void *user, const dbl_state *s) {
  (void)user;
  printf("state %u %u %u", s->mode, s->fault, s->age_ms);
  for (size_t i = 0; i < s->axes; i++) printf(" %d", s->positions[i]);
  for (size_t i = 0; i < s->axes; i++) printf(" %d", s->velocities[i]);
  printf("\n");
}

static void on_mode_reply(void *user, const dbl_mode_reply *r) {
  (void)user;
  printf("mode %u %u %.*s\n", r->wanted, r->result, (int)r->why_bytes, r->why);
}

static void on_link(void *user, int linked, int result) {
  (void)user;
  printf("link %d %d\n", linked, result);
}

static int open_port(const char *path) {
  struct termios settings;
  int fd = open(path, O_RDWR | O_NOCTTY);
  if (fd < 0 || tcgetattr(fd, &settings) != 0) {
    perror(path);
    exit(2);
  }
  cfmakeraw(&settings);
  cfsetspeed(&settings, B115200);
  tcsetattr(fd, TCSANOW, &settings);
  return fd;
}

static void read_axes(const char *at, int16_t *axes, size_t count) {
  int value, used;
  for (size_t i = 0; i < count && sscanf(at, "%d%n", &value, &used) == 1; i++, at += used) axes[i] = (int16_t)value;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: %s <port> <joint>...\n", argv[0]);
    return 2;
  }
  static dbl_link link;
  const size_t axes = (size_t)argc - 2;
  dbl_config config = {.firmware = "dynabridge host device 1",
                       .boot_id = now_ms(),
                       .joint_set = dbl_joint_set((const char *const *)argv + 2, axes),
                       .axes = (uint8_t)axes,
                       .max_rate_hz = 50,
                       .write = on_write,
                       .on_status = on_status,
                       .on_state = on_state,
                       .on_mode_reply = on_mode_reply,
                       .on_link = on_link};
  int16_t stick[DBL_MAX_AXES] = {0}, set_point[DBL_MAX_AXES] = {0};
  int mode = 0, buttons = 0, told_buttons = 0, sending = 0, placing = 0, hung = 0;
  unsigned ttl = 100, set_point_ttl = 100;
  uint32_t last_sent = 0, told_dropped = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  setvbuf(stdin, NULL, _IONBF, 0); /* poll() must see every line */
  port = open_port(argv[1]);
  dbl_init(&link, &config, now_ms());
  for (;;) {
    struct pollfd wait[2] = {{.fd = port, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    poll(wait, 2, 5);
    if (wait[0].revents & (POLLHUP | POLLERR)) return 0;
    if (wait[0].revents & POLLIN) {
      uint8_t bytes[256];
      ssize_t count = read(port, bytes, sizeof bytes);
      if (count <= 0) return 0;
      if (!muted) dbl_receive(&link, bytes, (size_t)count, now_ms());
    }
    if (wait[1].revents & (POLLIN | POLLHUP)) {
      char line[512];
      int used = 0, value;
      if (!fgets(line, sizeof line, stdin)) return 0;
      line[strcspn(line, "\n")] = 0;
      if (sscanf(line, "stick %d %d %u%n", &mode, &buttons, &ttl, &used) == 3) {
        sending = 1;
        read_axes(line + used, stick, axes);
      } else if (sscanf(line, "setpoint %u%n", &set_point_ttl, &used) == 1) {
        placing = 1;
        read_axes(line + used, set_point, axes);
      } else if (sscanf(line, "mode %d", &value) == 1) {
        dbl_mode_request(&link, (uint8_t)value, now_ms());
      } else if (sscanf(line, "estop %d", &value) == 1) {
        dbl_estop(&link, (uint8_t)value, now_ms());
      } else if (strncmp(line, "reset ", 6) == 0) {
        dbl_estop_reset(&link, (uint32_t)strtoul(line + 6, NULL, 10), now_ms());
      } else if (strncmp(line, "log ", 4) == 0) {
        dbl_log(&link, 1, line + 4, now_ms());
      } else if (strcmp(line, "release") == 0) {
        sending = placing = 0;
      } else if (strcmp(line, "hang") == 0) {
        hung = 1;
      } else if (strcmp(line, "mute") == 0) {
        muted = 1;
      } else if (strcmp(line, "restart") == 0) {
        config.boot_id++;
        sending = placing = 0;
        dbl_init(&link, &config, now_ms());
      } else if (strcmp(line, "quit") == 0) {
        return 0;
      } else {
        fprintf(stderr, "unknown order: %s\n", line);
        return 2;
      }
    }
    if (!hung) dbl_progress(&link);
    if ((sending || placing) && now_ms() - last_sent >= 20) {
      const uint64_t at = now_ns();
      last_sent = now_ms();
      if (placing) dbl_set_point(&link, (uint16_t)set_point_ttl, set_point, last_sent);
      if (sending) dbl_teleop(&link, mode, buttons, (uint16_t)ttl, stick, last_sent);
      if (sending && buttons != told_buttons) printf("buttons %d %llu\n", told_buttons = buttons, (unsigned long long)at);
    }
    dbl_tick(&link, now_ms());
    if (link.dropped != told_dropped) printf("dropped %lu\n", (unsigned long)(told_dropped = link.dropped));
  }
}
