// Where udp-echo listens.
#ifndef UDP_H
#define UDP_H
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define FIRST_PORT 45000

static inline struct sockaddr_in loopback(int domain)
{
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(FIRST_PORT + domain))};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}
#endif
