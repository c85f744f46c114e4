// Round trips over plain UDP sockets on loopback, as large as a JointState of seven joints on the wire: what a language's own sockets
// cost, before any DDS. Prints one JSON line with the names of peer.c.
//
//   --domain N   the echo's port is 45000 + N (0)
//   --rate HZ    datagrams per second (500)
//   --seconds S  how long (10)
//   --state-depth N  ignored: nothing is kept
#include "options.h"
#include "udp.h"

#define BYTES 400
#define WAIT_MS 500

static int by_value(const void *a, const void *b)
{
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
  int domain = 0;
  double rate = 500, seconds = 10;
  for (int i = 1; i < argc; i++) {
    const char *option = argv[i], *value = value_of(argc, argv, &i);
    if (!strcmp(option, "--domain")) domain = atoi(value);
    else if (!strcmp(option, "--rate")) rate = atof(value);
    else if (!strcmp(option, "--seconds")) seconds = atof(value);
    else if (strcmp(option, "--state-depth")) {
      fprintf(stderr, "unknown option %s\n", option);
      return 1;
    }
  }
  const struct sockaddr_in echo = loopback(domain);
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  const struct timeval patience = {0, WAIT_MS * 1000};
  setsockopt(udp, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(udp, (const struct sockaddr *)&echo, sizeof echo) != 0) return 1;
  char bytes[BYTES] = {0};
  for (int64_t begin = now_ns(); now_ns() - begin < 10 * NS_PER_S;) { // until the echo is there
    if (send(udp, bytes, BYTES, 0) == BYTES && recv(udp, bytes, BYTES, 0) == BYTES) break;
    usleep(10000);
  }
  const long count = (long)(rate * seconds);
  int64_t *round_trip_ns = calloc((size_t)count, sizeof *round_trip_ns);
  long answered = 0;
  const int64_t start = now_ns();
  for (long k = 0; k < count; k++) {
    const int64_t due = start + (int64_t)((double)k * 1e9 / rate);
    const struct timespec wake = {due / NS_PER_S, due % NS_PER_S};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL);
    const int64_t sent = now_ns();
    if (send(udp, bytes, BYTES, 0) == BYTES && recv(udp, bytes, BYTES, 0) == BYTES)
      round_trip_ns[answered++] = now_ns() - sent;
  }
  qsort(round_trip_ns, (size_t)answered, sizeof *round_trip_ns, by_value);
  const long last = answered - 1;
#define QUANTILE_MS(q) (answered == 0 ? -1 : (double)round_trip_ns[(long)(q * (double)last)] / 1e6)
  printf("{\"sent\":%ld,\"answered\":%ld,\"skipped\":%ld,\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"p999_ms\":%.4f,\"max_ms\":%.4f}\n", count,
         answered, count - answered, QUANTILE_MS(0.5), QUANTILE_MS(0.99), QUANTILE_MS(0.999), QUANTILE_MS(1));
  return 0;
}
