/*
 * dynabridge operator link, device side. One file, C99, no allocation, no floating point, no libc beyond memcpy, memset
 * and strlen.
 *
 *   #define DYNABRIDGE_LINK_IMPLEMENTATION     in exactly one source file
 *   #include "dynabridge_link.h"
 *
 * Give every received byte to dbl_receive(), call dbl_tick() at least every 10 ms, dbl_progress() from the loop that reads the sticks,
 * and dbl_teleop() 50 times a second. Bytes, timings and rules: docs/serial-protocol.md.
 */
#ifndef DYNABRIDGE_LINK_H
#define DYNABRIDGE_LINK_H

#include <stddef.h>
#include <stdint.h>

#define DBL_MAX_AXES 32
#define DBL_MAX_PAYLOAD 192
#define DBL_MAX_RAW (12 + DBL_MAX_PAYLOAD + 4)
#define DBL_MAX_STUFFED (DBL_MAX_RAW + 1 + DBL_MAX_RAW / 254)
#define DBL_FULL_SCALE 32767

enum { DBL_MODE_HOLD = 0, DBL_MODE_JOINT_VELOCITY = 1, DBL_MODE_JOINT_DELTA = 2 };
enum { DBL_BUTTON_ENABLE = 1, DBL_BUTTON_ESTOP = 2 };
enum { DBL_OWNER_HOLD = 0, DBL_OWNER_TELEOP = 1, DBL_OWNER_AGENT = 2, DBL_OWNER_STOPPED = 3 };
enum { DBL_WANT_HOLD = 0, DBL_WANT_TELEOP = 1, DBL_WANT_AGENT = 2 };
enum {
  DBL_MODE_ACCEPTED = 0,
  DBL_MODE_NOT_ALLOWED = 1,
  DBL_MODE_STOPPED = 2,
  DBL_MODE_LOCKED = 3,
  DBL_MODE_OPERATOR = 4,
  DBL_MODE_NOT_READY = 5
};
enum {
  DBL_ROBOT_MUTE = 0,
  DBL_ROBOT_HOLDING = 1,
  DBL_ROBOT_ACTIVE = 2,
  DBL_ROBOT_STOPPING = 3,
  DBL_ROBOT_FAULT = 4,
  DBL_ROBOT_ESTOP = 5
};
enum {
  DBL_FAULT_NONE = 0,
  DBL_FAULT_ESTOP = 1,
  DBL_FAULT_VETO = 2,
  DBL_FAULT_STATE_FROZEN = 3,
  DBL_FAULT_STATE_JUMP = 4,
  DBL_FAULT_INFEASIBLE = 5,
  DBL_FAULT_OTHER = 6
};
enum { DBL_ACCEPTED = 0, DBL_WRONG_VERSION = 1, DBL_WRONG_JOINT_SET = 2, DBL_WRONG_AXES = 3, DBL_WRONG_ROLE = 4 };

typedef struct {
  uint8_t owner;         /* DBL_OWNER_...: who moves the robot */
  uint8_t latched;       /* a stop is latched */
  uint16_t state_age_ms; /* of the robot's joint states, 65535: more, or none */
  uint32_t nonce;        /* of the latched stop, for dbl_estop_reset() */
} dbl_status;

typedef struct {
  uint8_t mode;    /* DBL_ROBOT_... */
  uint8_t fault;   /* DBL_FAULT_...: what is latched */
  uint16_t age_ms; /* of this state, 65535: more */
  uint16_t axes;
  int16_t positions[DBL_MAX_AXES];  /* -32767 at the lower limit, 32767 at the upper one; continuous: of half a turn */
  int16_t velocities[DBL_MAX_AXES]; /* 32767: the highest velocity */
} dbl_state;

typedef struct {
  uint8_t wanted; /* DBL_WANT_... */
  uint8_t result; /* DBL_MODE_ACCEPTED, or why not */
  const char *why; /* UTF-8, at most 96 bytes, not terminated; gone after the call */
  size_t why_bytes;
} dbl_mode_reply;

typedef struct {
  const char *firmware; /* name and version, at most 32 bytes */
  uint32_t boot_id;     /* another number at each start, e.g. from a noise source or a counter in flash */
  uint32_t joint_set;   /* dbl_joint_set() of the joints that the axes command */
  uint8_t axes;
  uint16_t max_rate_hz;
  void *user;                                                    /* handed to the functions below */
  void (*write)(void *user, const uint8_t *bytes, size_t count); /* must not block: drop what does not fit */
  void (*on_status)(void *user, const dbl_status *status);       /* ten times a second while linked; may be NULL */
  void (*on_state)(void *user, const dbl_state *state);          /* where the robot is, while linked; may be NULL */
  void (*on_mode_reply)(void *user, const dbl_mode_reply *reply); /* to the newest request, once; may be NULL */
  void (*on_link)(void *user, int linked, int result);           /* result: DBL_ACCEPTED, or why not; may be NULL */
} dbl_config;

typedef struct {
  dbl_config config;
  uint16_t session; /* 0: not linked */
  uint16_t sequence;
  uint16_t link_timeout_ms;
  uint16_t estop_first, estop_last; /* sequence numbers of a stop that is not acknowledged yet */
  uint16_t mode_sequence;           /* of a mode request that waits for its reply */
  uint8_t mode_pending;
  uint8_t estop_pending, estop_cause;
  uint8_t skipping;
  uint16_t faults; /* yours, sent with each heartbeat */
  uint32_t progress, dropped;
  uint32_t last_frame_ms, last_hello_ms, last_heartbeat_ms, last_estop_ms;
  size_t pending;
  uint8_t buffer[DBL_MAX_STUFFED];
} dbl_link;

void dbl_init(dbl_link *link, const dbl_config *config, uint32_t now_ms);
void dbl_receive(dbl_link *link, const uint8_t *bytes, size_t count, uint32_t now_ms);
void dbl_tick(dbl_link *link, uint32_t now_ms);
void dbl_progress(dbl_link *link);
/* @param axes shares of each joint's envelope, -32767 to 32767 @return 1 where it was sent, 0 where there is no link */
int dbl_teleop(dbl_link *link, int mode, int buttons, uint16_t ttl_ms, const int16_t *axes, uint32_t now_ms);
/*
 * Where the robot is to be; sent 50 times a second beside dbl_teleop(), and acted on only while that has the enable button pressed and the
 * sticks at rest. It gives no authority.
 * @param axes shares of each joint's envelope, of the command interface, -32767 to 32767 @return as dbl_teleop()
 */
int dbl_set_point(dbl_link *link, uint16_t ttl_ms, const int16_t *axes, uint32_t now_ms);
/* Asks for a mode, DBL_WANT_..., once: a request that is lost is for the operator to repeat. @return as dbl_teleop() */
int dbl_mode_request(dbl_link *link, uint8_t wanted, uint32_t now_ms);
/* Sent every 50 ms until the bridge acknowledges it, linked or not. */
void dbl_estop(dbl_link *link, uint8_t cause, uint32_t now_ms);
int dbl_estop_reset(dbl_link *link, uint32_t nonce, uint32_t now_ms);
/* @param level 0 debug, 1 info, 2 warning, 3 error */
int dbl_log(dbl_link *link, uint8_t level, const char *text, uint32_t now_ms);
/* CRC-32 of the names, each followed by a line feed. */
uint32_t dbl_joint_set(const char *const *names, size_t count);

#endif

#ifdef DYNABRIDGE_LINK_IMPLEMENTATION

#include <string.h>

#ifndef DBL_MAJOR /* another one only to see how it is refused */
#define DBL_MAJOR 1
#endif
#define DBL_MINOR 1 /* knows STATE, SETPOINT and MODE_REQ */
#define DBL_HEADER 12
#define DBL_CRC 4
#define DBL_FLAG_ACK 1
#define DBL_ROLE_BRIDGE 0
#define DBL_ROLE_OPERATOR 1
#define DBL_HELLO_EVERY_MS 250
#define DBL_HEARTBEAT_EVERY_MS 100
#define DBL_ESTOP_EVERY_MS 50

enum {
  DBL_ID_HELLO = 1,
  DBL_ID_HELLO_REPLY = 2,
  DBL_ID_HEARTBEAT = 3,
  DBL_ID_TELEOP = 4,
  DBL_ID_ESTOP = 5,
  DBL_ID_ESTOP_RESET = 6,
  DBL_ID_MODE_REQ = 7,
  DBL_ID_STATUS = 8,
  DBL_ID_STATE = 9,
  DBL_ID_SETPOINT = 10,
  DBL_ID_LOG = 11,
  DBL_ID_MODE_REPLY = 12,
  DBL_ID_ACK = 127
};

/* The untransmitted byte of each message's layout: its id plus 0x50, ACK 0xff. */
static uint8_t dbl_schema(uint8_t id) { return id == DBL_ID_ACK ? 0xff : (uint8_t)(0x50 + id); }

static uint32_t dbl_crc_step(uint32_t crc, uint8_t byte) {
  static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                     0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                     0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
  crc = table[(crc ^ byte) & 15] ^ (crc >> 4);
  return table[(crc ^ (byte >> 4)) & 15] ^ (crc >> 4);
}

static uint32_t dbl_crc(const uint8_t *bytes, size_t count, uint8_t schema) {
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < count; i++) crc = dbl_crc_step(crc, bytes[i]);
  return ~dbl_crc_step(crc, schema);
}

static void dbl_put16(uint8_t *at, uint16_t value) {
  at[0] = (uint8_t)value;
  at[1] = (uint8_t)(value >> 8);
}

static void dbl_put32(uint8_t *at, uint32_t value) {
  dbl_put16(at, (uint16_t)value);
  dbl_put16(at + 2, (uint16_t)(value >> 16));
}

static uint16_t dbl_get16(const uint8_t *at) { return (uint16_t)(at[0] | at[1] << 8); }

static uint32_t dbl_get32(const uint8_t *at) { return dbl_get16(at) | (uint32_t)dbl_get16(at + 2) << 16; }

/* Consistent overhead byte stuffing: `out` has room for DBL_MAX_STUFFED. @return bytes written */
static size_t dbl_stuff(const uint8_t *data, size_t count, uint8_t *out) {
  size_t code = 0, end = 1;
  for (size_t i = 0; i < count; i++) {
    if (data[i] != 0) out[end++] = data[i];
    if (data[i] != 0 && end - code != 0xff) continue;
    out[code] = (uint8_t)(end - code);
    if (data[i] != 0 && i + 1 == count) return end; /* a full last block implies no zero */
    code = end++;
  }
  out[code] = (uint8_t)(end - code);
  return end;
}

/* In place. @return bytes of data, or -1 where it is not well formed */
static int dbl_unstuff(uint8_t *bytes, size_t count) {
  size_t from = 0, to = 0;
  while (from < count) {
    uint8_t code = bytes[from++];
    if (code == 0 || from + code - 1 > count) return -1;
    for (uint8_t k = 1; k < code; k++) {
      if (bytes[from] == 0) return -1;
      bytes[to++] = bytes[from++];
    }
    if (code < 0xff && from < count) bytes[to++] = 0;
  }
  return (int)to;
}

static uint16_t dbl_send(dbl_link *link, uint8_t id, uint8_t flags, const uint8_t *payload, size_t count,
                         uint32_t now_ms) {
  uint8_t raw[DBL_MAX_RAW], wire[DBL_MAX_STUFFED + 2];
  raw[0] = DBL_MAJOR;
  raw[1] = id;
  raw[2] = flags;
  raw[3] = DBL_ROLE_OPERATOR;
  dbl_put16(raw + 4, link->session);
  dbl_put16(raw + 6, ++link->sequence);
  dbl_put32(raw + 8, now_ms);
  memcpy(raw + DBL_HEADER, payload, count);
  dbl_put32(raw + DBL_HEADER + count, dbl_crc(raw, DBL_HEADER + count, dbl_schema(id)));
  wire[0] = 0;
  size_t stuffed = dbl_stuff(raw, DBL_HEADER + count + DBL_CRC, wire + 1);
  wire[1 + stuffed] = 0;
  link->config.write(link->config.user, wire, stuffed + 2);
  return link->sequence;
}

static void dbl_unlink(dbl_link *link, int result) {
  int was = link->session != 0;
  link->session = 0;
  link->mode_pending = 0;
  if ((was || result != DBL_ACCEPTED) && link->config.on_link) link->config.on_link(link->config.user, 0, result);
}

static void dbl_hello(dbl_link *link, uint32_t now_ms) {
  uint8_t payload[14 + 32];
  size_t text = strlen(link->config.firmware);
  if (text > 32) text = 32;
  payload[0] = DBL_MINOR;
  payload[1] = link->config.axes;
  dbl_put32(payload + 2, link->config.boot_id);
  dbl_put32(payload + 6, link->config.joint_set);
  dbl_put16(payload + 10, link->config.max_rate_hz);
  dbl_put16(payload + 12, (uint16_t)text);
  memcpy(payload + 14, link->config.firmware, text);
  link->last_hello_ms = now_ms;
  dbl_send(link, DBL_ID_HELLO, 0, payload, 14 + text, now_ms);
}

static void dbl_use_state(const dbl_link *link, const uint8_t *payload, size_t count) {
  dbl_state state;
  if (count < 6 || !link->config.on_state) return;
  state.mode = payload[0];
  state.fault = payload[1];
  state.age_ms = dbl_get16(payload + 2);
  state.axes = dbl_get16(payload + 4);
  if (state.axes > DBL_MAX_AXES || count != 6 + 4 * (size_t)state.axes) return;
  for (size_t i = 0; i < state.axes; i++) {
    state.positions[i] = (int16_t)dbl_get16(payload + 6 + 2 * i);
    state.velocities[i] = (int16_t)dbl_get16(payload + 6 + 2 * (state.axes + i));
  }
  link->config.on_state(link->config.user, &state);
}

static void dbl_use_mode_reply(dbl_link *link, const uint8_t *payload, size_t count) {
  dbl_mode_reply reply;
  if (count < 4 || !link->mode_pending || dbl_get16(payload) != link->mode_sequence) return;
  link->mode_pending = 0;
  reply.wanted = payload[2];
  reply.result = payload[3];
  reply.why = (const char *)payload + 4;
  reply.why_bytes = count - 4;
  if (link->config.on_mode_reply) link->config.on_mode_reply(link->config.user, &reply);
}

static void dbl_use(dbl_link *link, uint8_t id, uint16_t session, const uint8_t *payload, size_t count,
                    uint32_t now_ms) {
  if (id == DBL_ID_HELLO_REPLY && count == 12 && link->session == 0) {
    uint8_t result = payload[2];
    if (result != DBL_ACCEPTED) {
      dbl_unlink(link, result);
      return;
    }
    link->session = dbl_get16(payload);
    link->link_timeout_ms = dbl_get16(payload + 10);
    link->last_frame_ms = now_ms;
    if (link->config.on_link) link->config.on_link(link->config.user, 1, DBL_ACCEPTED);
  } else if (id == DBL_ID_ACK && count == 3 && payload[0] == DBL_ID_ESTOP &&
             (uint16_t)(dbl_get16(payload + 1) - link->estop_first) <=
                 (uint16_t)(link->estop_last - link->estop_first)) {
    link->estop_pending = 0;
  } else if (id == DBL_ID_STATUS && count == 8 && session == link->session && session != 0) {
    dbl_status status;
    status.owner = payload[0];
    status.latched = payload[1];
    status.state_age_ms = dbl_get16(payload + 2);
    status.nonce = dbl_get32(payload + 4);
    link->last_frame_ms = now_ms;
    if (link->config.on_status) link->config.on_status(link->config.user, &status);
  } else if (id == DBL_ID_STATE && session == link->session && session != 0) {
    dbl_use_state(link, payload, count);
  } else if (id == DBL_ID_MODE_REPLY && session == link->session && session != 0) {
    dbl_use_mode_reply(link, payload, count);
  }
}

/* A bridge of any version may say that ours is not its own: HELLO_REPLY keeps its layout. */
static int dbl_is_version_refusal(const uint8_t *raw, int count) {
  return raw[1] == DBL_ID_HELLO_REPLY && count == DBL_HEADER + 12 + DBL_CRC && raw[DBL_HEADER + 2] == DBL_WRONG_VERSION;
}

static void dbl_frame(dbl_link *link, uint32_t now_ms) {
  uint8_t *raw = link->buffer;
  int count = dbl_unstuff(raw, link->pending);
  if (count < DBL_HEADER + DBL_CRC || count > DBL_MAX_RAW ||
      dbl_crc(raw, (size_t)count - DBL_CRC, dbl_schema(raw[1])) != dbl_get32(raw + count - DBL_CRC) ||
      (raw[0] != DBL_MAJOR && !dbl_is_version_refusal(raw, count)) || (raw[2] & ~DBL_FLAG_ACK) != 0 || raw[3] != DBL_ROLE_BRIDGE) {
    link->dropped++;
    return;
  }
  dbl_use(link, raw[1], dbl_get16(raw + 4), raw + DBL_HEADER, (size_t)count - DBL_HEADER - DBL_CRC, now_ms);
}

void dbl_init(dbl_link *link, const dbl_config *config, uint32_t now_ms) {
  memset(link, 0, sizeof *link);
  link->config = *config;
  dbl_hello(link, now_ms);
}

void dbl_receive(dbl_link *link, const uint8_t *bytes, size_t count, uint32_t now_ms) {
  for (size_t i = 0; i < count; i++) {
    if (bytes[i] == 0) {
      if (!link->skipping && link->pending > 0) dbl_frame(link, now_ms);
      link->pending = 0;
      link->skipping = 0;
    } else if (link->skipping) {
      continue;
    } else if (link->pending < sizeof link->buffer) {
      link->buffer[link->pending++] = bytes[i];
    } else { /* longer than any frame: nothing of it is kept */
      link->pending = 0;
      link->skipping = 1;
      link->dropped++;
    }
  }
}

void dbl_tick(dbl_link *link, uint32_t now_ms) {
  if (link->session != 0 && now_ms - link->last_frame_ms > link->link_timeout_ms) dbl_unlink(link, DBL_ACCEPTED);
  if (link->estop_pending && now_ms - link->last_estop_ms >= DBL_ESTOP_EVERY_MS)
    dbl_estop(link, link->estop_cause, now_ms);
  if (link->session == 0) {
    if (now_ms - link->last_hello_ms >= DBL_HELLO_EVERY_MS) dbl_hello(link, now_ms);
  } else if (now_ms - link->last_heartbeat_ms >= DBL_HEARTBEAT_EVERY_MS) {
    uint8_t payload[10];
    dbl_put16(payload, link->faults);
    dbl_put32(payload + 2, link->progress);
    dbl_put32(payload + 6, link->dropped);
    link->last_heartbeat_ms = now_ms;
    dbl_send(link, DBL_ID_HEARTBEAT, 0, payload, sizeof payload, now_ms);
  }
}

void dbl_progress(dbl_link *link) { link->progress++; }

static void dbl_put_axes(uint8_t *at, const int16_t *axes, size_t count) {
  for (size_t i = 0; i < count; i++)
    dbl_put16(at + 2 * i, (uint16_t)(axes[i] < -DBL_FULL_SCALE ? -DBL_FULL_SCALE : axes[i]));
}

int dbl_teleop(dbl_link *link, int mode, int buttons, uint16_t ttl_ms, const int16_t *axes, uint32_t now_ms) {
  uint8_t payload[6 + 2 * DBL_MAX_AXES];
  if (link->session == 0) return 0;
  payload[0] = (uint8_t)mode;
  payload[1] = (uint8_t)buttons;
  dbl_put16(payload + 2, ttl_ms);
  dbl_put16(payload + 4, link->config.axes);
  dbl_put_axes(payload + 6, axes, link->config.axes);
  dbl_send(link, DBL_ID_TELEOP, 0, payload, 6 + 2 * (size_t)link->config.axes, now_ms);
  return 1;
}

int dbl_set_point(dbl_link *link, uint16_t ttl_ms, const int16_t *axes, uint32_t now_ms) {
  uint8_t payload[4 + 2 * DBL_MAX_AXES];
  if (link->session == 0) return 0;
  dbl_put16(payload, ttl_ms);
  dbl_put16(payload + 2, link->config.axes);
  dbl_put_axes(payload + 4, axes, link->config.axes);
  dbl_send(link, DBL_ID_SETPOINT, 0, payload, 4 + 2 * (size_t)link->config.axes, now_ms);
  return 1;
}

int dbl_mode_request(dbl_link *link, uint8_t wanted, uint32_t now_ms) {
  if (link->session == 0) return 0;
  link->mode_sequence = dbl_send(link, DBL_ID_MODE_REQ, 0, &wanted, 1, now_ms);
  link->mode_pending = 1;
  return 1;
}

void dbl_estop(dbl_link *link, uint8_t cause, uint32_t now_ms) {
  link->estop_last = dbl_send(link, DBL_ID_ESTOP, DBL_FLAG_ACK, &cause, 1, now_ms);
  if (!link->estop_pending) link->estop_first = link->estop_last;
  link->estop_pending = 1;
  link->estop_cause = cause;
  link->last_estop_ms = now_ms;
}

int dbl_estop_reset(dbl_link *link, uint32_t nonce, uint32_t now_ms) {
  uint8_t payload[4];
  if (link->session == 0) return 0;
  dbl_put32(payload, nonce);
  dbl_send(link, DBL_ID_ESTOP_RESET, 0, payload, sizeof payload, now_ms);
  return 1;
}

int dbl_log(dbl_link *link, uint8_t level, const char *text, uint32_t now_ms) {
  uint8_t payload[1 + 96];
  size_t count = strlen(text);
  if (link->session == 0) return 0;
  if (count > 96) count = 96;
  payload[0] = level;
  memcpy(payload + 1, text, count);
  dbl_send(link, DBL_ID_LOG, 0, payload, 1 + count, now_ms);
  return 1;
}

uint32_t dbl_joint_set(const char *const *names, size_t count) {
  uint32_t crc = 0xffffffffu;
  for (size_t i = 0; i < count; i++) {
    for (const char *at = names[i]; *at; at++) crc = dbl_crc_step(crc, (uint8_t)*at);
    crc = dbl_crc_step(crc, '\n');
  }
  return ~crc;
}

#endif
