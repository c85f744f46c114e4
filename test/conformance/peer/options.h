// Command line of peer and echo, and a few helpers that both need.
#ifndef OPTIONS_H
#define OPTIONS_H
#define _GNU_SOURCE
#include "dds/dds.h"
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

static inline dds_entity_t check(dds_entity_t entity, const char *what)
{
  if (entity < 0) {
    fprintf(stderr, "%s: %s\n", what, dds_strretcode(-entity));
    exit(2);
  }
  return entity;
}

static inline dds_qos_t *endpoint_qos(int reliable, int transient_local, int depth)
{
  dds_qos_t *qos = dds_create_qos();
  dds_qset_reliability(qos, reliable ? DDS_RELIABILITY_RELIABLE : DDS_RELIABILITY_BEST_EFFORT, DDS_SECS(1));
  dds_qset_history(qos, DDS_HISTORY_KEEP_LAST, depth);
  if (transient_local) {
    dds_qset_durability(qos, DDS_DURABILITY_TRANSIENT_LOCAL);
    dds_qset_durability_service(qos, 0, DDS_HISTORY_KEEP_LAST, depth, -1, -1, -1);
  }
  return qos;
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
