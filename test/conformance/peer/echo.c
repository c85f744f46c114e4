// C-to-C baseline over Cyclone DDS: answers each JointState with a command that copies its positions.
//
//   --domain N          ROS domain id (0)
//   --seconds S         lifetime (10); also ends on SIGTERM
//   --joints N          positions copied into the command (7)
//   --state-topic T     DDS topic of the states (rt/joint_states)
//   --command-topic T   DDS topic of the commands (rt/forward_command_controller/commands)
//   --best-effort       read states best effort
#define _GNU_SOURCE
#include "cyclone.h"
#include "options.h"
#include "ros2.h"
#include <signal.h>
#include <unistd.h>

#define JointState sensor_msgs_msg_dds__JointState_
#define Command std_msgs_msg_dds__Float64MultiArray_
#define BATCH 16
#define DEPTH 1000

static volatile sig_atomic_t stopped;
static dds_entity_t command_writer;
static unsigned joints = 7;

static void on_signal(int signal) { stopped = 1; }

static void on_state(dds_entity_t reader, void *arg)
{
  void *samples[BATCH] = {0};
  dds_sample_info_t infos[BATCH];
  int n;
  while ((n = dds_take(reader, samples, infos, BATCH, BATCH)) > 0) {
    for (int i = 0; i < n; i++) {
      if (!infos[i].valid_data) continue;
      JointState *state = samples[i];
      Command command = {0};
      unsigned count = state->position._length < joints ? state->position._length : joints;
      command.data._buffer = state->position._buffer;
      command.data._length = command.data._maximum = count;
      dds_write(command_writer, &command);
    }
    dds_return_loan(reader, samples, n);
    memset(samples, 0, sizeof samples);
  }
}

int main(int argc, char **argv)
{
  int domain = 0, reliable = 1;
  double seconds = 10;
  const char *state_topic = DEFAULT_STATE_TOPIC, *command_topic = DEFAULT_COMMAND_TOPIC;
  for (int i = 1; i < argc; i++) {
    const char *option = argv[i];
    if (!strcmp(option, "--domain")) domain = atoi(value_of(argc, argv, &i));
    else if (!strcmp(option, "--seconds")) seconds = atof(value_of(argc, argv, &i));
    else if (!strcmp(option, "--joints")) joints = (unsigned)atoi(value_of(argc, argv, &i));
    else if (!strcmp(option, "--state-topic")) state_topic = value_of(argc, argv, &i);
    else if (!strcmp(option, "--command-topic")) command_topic = value_of(argc, argv, &i);
    else if (!strcmp(option, "--best-effort")) reliable = 0;
    else {
      fprintf(stderr, "unknown option %s\n", option);
      return 1;
    }
  }
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  dds_entity_t participant = check(dds_create_participant(domain, NULL, NULL), "participant");
  dds_entity_t states = check(
    dds_create_topic(participant, &sensor_msgs_msg_dds__JointState__desc, state_topic, NULL, NULL), "state topic");
  dds_entity_t commands = check(
    dds_create_topic(participant, &std_msgs_msg_dds__Float64MultiArray__desc, command_topic, NULL, NULL), "command topic");
  command_writer = check(dds_create_writer(participant, commands, endpoint_qos(1, 0, DEPTH), NULL), "command writer");
  dds_listener_t *listener = dds_create_listener(NULL);
  dds_lset_data_available(listener, on_state);
  check(dds_create_reader(participant, states, endpoint_qos(reliable, 0, DEPTH), listener), "state reader");
  const int64_t end = now_ns() + (int64_t)(seconds * NS_PER_S);
  while (!stopped && now_ns() < end) usleep(10000);
  dds_delete(participant);
  return 0;
}
