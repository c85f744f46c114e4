// Entities of Cyclone DDS, for peer and echo.
#ifndef CYCLONE_H
#define CYCLONE_H
#include "dds/dds.h"
#include <stdio.h>
#include <stdlib.h>

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
#endif
