// The other end of udp-peer.c: sends every datagram back. --domain N as there; ends on SIGTERM, or after --seconds S (10).
#include "options.h"
#include "udp.h"

int main(int argc, char **argv)
{
  int domain = 0;
  double seconds = 10;
  for (int i = 1; i < argc; i++) {
    const char *option = argv[i], *value = value_of(argc, argv, &i);
    if (!strcmp(option, "--domain")) domain = atoi(value);
    else if (!strcmp(option, "--seconds")) seconds = atof(value);
  }
  const struct sockaddr_in here = loopback(domain);
  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(udp, (const struct sockaddr *)&here, sizeof here) != 0) return 1;
  alarm((unsigned)seconds);
  for (;;) {
    char bytes[65536];
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    const ssize_t size = recvfrom(udp, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &length);
    if (size >= 0) sendto(udp, bytes, (size_t)size, 0, (const struct sockaddr *)&from, length);
  }
}
