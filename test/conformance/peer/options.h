// Command line and clock of all peers, in C and C++.
#ifndef OPTIONS_H
#define OPTIONS_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000LL
#define DEFAULT_STATE_TOPIC "rt/joint_states"
#define DEFAULT_COMMAND_TOPIC "rt/forward_command_controller/commands"

static inline int64_t now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * NS_PER_S + t.tv_nsec;
}

// The value of option argv[*i], or exits.
static inline const char *value_of(int argc, char **argv, int *i)
{
  if (*i + 1 >= argc) {
    fprintf(stderr, "%s needs a value\n", argv[*i]);
    exit(1);
  }
  return argv[++*i];
}
#endif
