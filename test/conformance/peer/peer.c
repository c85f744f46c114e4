// A robot's ROS 2 side, in C over Cyclone DDS: publishes JointState at a fixed rate, takes commands, measures the time from a
// state's write to the arrival of the command that answers it, serves and calls std_srvs/Trigger. Prints one JSON line.
//
//   --domain N               ROS domain id (0)
//   --rate HZ                states per second (500); 0: publish nothing, only listen and serve
//   --seconds S              how long to publish (10); also ends on SIGTERM
//   --joints N               joints named joint1 .. jointN (7)
//   --names a,b,c            joint names instead; their count is the number of joints
//   --match echo|order       how a command finds its state (echo):
//       echo    position[0] is the sequence number, and the command's data[0] repeats it
//       order   position[0] is a smooth sine of --amplitude and --frequency, and a command answers the newest state that has no
//               answer yet; states passed over count as skipped. For responders whose commands are not an echo.
//   --amplitude RAD          of joint 0 in `order` (0.3)
//   --frequency HZ           of joint 0 in `order` (0.2)
//   --state-topic T          (rt/joint_states)
//   --command-topic T        (rt/forward_command_controller/commands)
//   --state-best-effort      write states best effort (reliable)
//   --state-transient-local  keep --state-depth states for late joiners (volatile)
//   --state-depth N          KEEP_LAST depth of the states (10)
//   --command-best-effort    read commands best effort (reliable)
//   --command-transient-local  ask for the commands of before (volatile)
//   --pad N                  further positions, to make states large (0)
//   --serve NAME             answer Trigger on /NAME
//   --call NAME --calls N    call Trigger on /NAME N times, one after another
//   --wait S                 longest wait for a state reader and a command writer before publishing (10)
//   --no-wait                publish at once
//   --linger S               after the last state, for the last command (0.5)
//   --tag TEXT               repeated in the JSON
//
// Every state carries its sequence number k in header.stamp: sec = k / 1000000, nanosec = k % 1000000; name order is as given.
// JSON: tag, rate, sent, commands, answered, skipped, duplicates, unmatched, p50_ms, p90_ms, p99_ms, p999_ms, max_ms,
// state_matched_ms, command_matched_ms (-1: never), late_max_ms (own scheduling), write_errors, served, calls, calls_ok.
// "skipped" are states without an answer, in either mode; "unmatched" are commands that answer no state.
#define _GNU_SOURCE
#include "cyclone.h"
#include "options.h"
#include "ros2.h"
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#define JointState sensor_msgs_msg_dds__JointState_
#define Command std_msgs_msg_dds__Float64MultiArray_
#define TriggerRequest std_srvs_srv_dds__Trigger_Request_
#define TriggerResponse std_srvs_srv_dds__Trigger_Response_
#define BATCH 32
#define COMMAND_DEPTH 1000
#define SERVICE_DEPTH 10
#define STAMP_BASE 1000000
#define POLL_US 500
#define CALL_TIMEOUT_NS (2 * NS_PER_S)

static struct {
  int domain, joints, pad, calls;
  int state_reliable, state_transient_local, state_depth, command_reliable, command_transient_local;
  double rate, seconds, wait, linger, amplitude, frequency;
  bool by_order;
  const char *state_topic, *command_topic, *serve, *call, *tag;
  char *names;
} options = {
  .joints = 7, .state_reliable = 1, .state_depth = 10, .command_reliable = 1, .rate = 500, .seconds = 10, .wait = 10,
  .linger = 0.5, .amplitude = 0.3, .frequency = 0.2, .state_topic = DEFAULT_STATE_TOPIC,
  .command_topic = DEFAULT_COMMAND_TOPIC, .tag = "peer",
};

static volatile sig_atomic_t stopped;
static void on_signal(int signal) { stopped = 1; }

// One entry per state; sent_ns is written before the state goes out and read in the listener.
static long capacity;
static _Atomic int64_t *sent_ns;
static int64_t *round_trip_ns;
static atomic_long newest_sent = -1;
static long newest_answered = -1;
static long commands, answered, duplicates, unmatched;
static atomic_long served, calls_ok;

static void account(const Command *command, int64_t arrived)
{
  commands++;
  long k = options.by_order ? atomic_load(&newest_sent)
         : command->data._length > 0 ? (long)command->data._buffer[0] : -1;
  if (k < 0 || k >= capacity || atomic_load(&sent_ns[k]) == 0) {
    unmatched++;
    return;
  }
  if (options.by_order ? k <= newest_answered : round_trip_ns[k] != 0) {
    if (options.by_order) unmatched++;
    else duplicates++;
    return;
  }
  newest_answered = k;
  round_trip_ns[k] = arrived - atomic_load(&sent_ns[k]);
  answered++;
}

static void on_command(dds_entity_t reader, void *arg)
{
  void *samples[BATCH] = {0};
  dds_sample_info_t infos[BATCH];
  int n;
  while ((n = dds_take(reader, samples, infos, BATCH, BATCH)) > 0) {
    const int64_t arrived = now_ns();
    for (int i = 0; i < n; i++)
      if (infos[i].valid_data) account(samples[i], arrived);
    dds_return_loan(reader, samples, n);
    memset(samples, 0, sizeof samples);
  }
}

static dds_entity_t participant;

static dds_entity_t service_topic(const char *prefix, const char *name, const char *suffix, const dds_topic_descriptor_t *type)
{
  char topic[256];
  snprintf(topic, sizeof topic, "%s/%s%s", prefix, name, suffix);
  return check(dds_create_topic(participant, type, topic, NULL, NULL), topic);
}

static bool has_reader(dds_entity_t writer)
{
  dds_publication_matched_status_t status;
  return dds_get_publication_matched_status(writer, &status) == 0 && status.current_count > 0;
}

static bool has_writer(dds_entity_t reader)
{
  dds_subscription_matched_status_t status;
  return dds_get_subscription_matched_status(reader, &status) == 0 && status.current_count > 0;
}

static void *serve(void *arg)
{
  dds_entity_t requests = check(
    dds_create_reader(participant, service_topic("rq", options.serve, "Request", &std_srvs_srv_dds__Trigger_Request__desc),
                      endpoint_qos(1, 0, SERVICE_DEPTH), NULL), "request reader");
  dds_entity_t replies = check(
    dds_create_writer(participant, service_topic("rr", options.serve, "Reply", &std_srvs_srv_dds__Trigger_Response__desc),
                      endpoint_qos(1, 0, SERVICE_DEPTH), NULL), "reply writer");
  while (!stopped) {
    void *samples[1] = {0};
    dds_sample_info_t info;
    if (dds_take(requests, samples, &info, 1, 1) <= 0) {
      usleep(POLL_US);
      continue;
    }
    if (info.valid_data) {
      const TriggerRequest *request = samples[0];
      TriggerResponse reply = {.guid = request->guid, .seq = request->seq, .success = true, .message = "stopped"};
      // As rmw_cyclonedds_cpp: a reply waits up to 100 ms for the client's reader.
      for (int i = 0; i < 200 && !has_reader(replies); i++) usleep(POLL_US);
      dds_write(replies, &reply);
      atomic_fetch_add(&served, 1);
    }
    dds_return_loan(requests, samples, 1);
  }
  return NULL;
}

static bool call_once(dds_entity_t requests, dds_entity_t replies, TriggerRequest *request)
{
  const int64_t deadline = now_ns() + CALL_TIMEOUT_NS;
  dds_write(requests, request);
  while (!stopped && now_ns() < deadline) {
    void *samples[1] = {0};
    dds_sample_info_t info;
    if (dds_take(replies, samples, &info, 1, 1) <= 0) {
      usleep(POLL_US);
      continue;
    }
    const TriggerResponse *reply = samples[0];
    const bool ours = info.valid_data && reply->guid == request->guid && reply->seq == request->seq && reply->success;
    dds_return_loan(replies, samples, 1);
    if (ours) return true;
  }
  return false;
}

static void *call(void *arg)
{
  dds_entity_t requests = check(
    dds_create_writer(participant, service_topic("rq", options.call, "Request", &std_srvs_srv_dds__Trigger_Request__desc),
                      endpoint_qos(1, 0, SERVICE_DEPTH), NULL), "request writer");
  dds_entity_t replies = check(
    dds_create_reader(participant, service_topic("rr", options.call, "Reply", &std_srvs_srv_dds__Trigger_Response__desc),
                      endpoint_qos(1, 0, SERVICE_DEPTH), NULL), "reply reader");
  const int64_t deadline = now_ns() + (int64_t)(options.wait * NS_PER_S);
  while (!stopped && now_ns() < deadline && !(has_reader(requests) && has_writer(replies))) usleep(POLL_US);
  TriggerRequest request = {.guid = (uint64_t)now_ns() ^ ((uint64_t)getpid() << 32)};
  for (int i = 0; i < options.calls && !stopped; i++) {
    request.seq = i + 1;
    if (call_once(requests, replies, &request)) atomic_fetch_add(&calls_ok, 1);
  }
  return NULL;
}

static void parse(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    const char *option = argv[i];
#define IS(name) (!strcmp(option, name))
#define VALUE value_of(argc, argv, &i)
    if IS("--domain") options.domain = atoi(VALUE);
    else if IS("--rate") options.rate = atof(VALUE);
    else if IS("--seconds") options.seconds = atof(VALUE);
    else if IS("--joints") options.joints = atoi(VALUE);
    else if IS("--names") options.names = strdup(VALUE);
    else if IS("--match") options.by_order = !strcmp(VALUE, "order");
    else if IS("--amplitude") options.amplitude = atof(VALUE);
    else if IS("--frequency") options.frequency = atof(VALUE);
    else if IS("--state-topic") options.state_topic = VALUE;
    else if IS("--command-topic") options.command_topic = VALUE;
    else if IS("--state-best-effort") options.state_reliable = 0;
    else if IS("--state-transient-local") options.state_transient_local = 1;
    else if IS("--state-depth") options.state_depth = atoi(VALUE);
    else if IS("--command-best-effort") options.command_reliable = 0;
    else if IS("--command-transient-local") options.command_transient_local = 1;
    else if IS("--pad") options.pad = atoi(VALUE);
    else if IS("--serve") options.serve = VALUE;
    else if IS("--call") options.call = VALUE;
    else if IS("--calls") options.calls = atoi(VALUE);
    else if IS("--wait") options.wait = atof(VALUE);
    else if IS("--no-wait") options.wait = 0;
    else if IS("--linger") options.linger = atof(VALUE);
    else if IS("--tag") options.tag = VALUE;
    else {
      fprintf(stderr, "unknown option %s\n", option);
      exit(1);
    }
  }
}

// Names from --names, or joint1 .. jointN; sets options.joints.
static char **joint_names(void)
{
  char **names = calloc(1024, sizeof *names);
  int n = 0;
  if (options.names)
    for (char *name = strtok(options.names, ","); name && n < 1024; name = strtok(NULL, ",")) names[n++] = name;
  else
    for (; n < options.joints && n < 1024; n++)
      if (asprintf(&names[n], "joint%d", n + 1) < 0) exit(2);
  options.joints = n;
  return names;
}

static int by_value(const void *a, const void *b)
{
  const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static double quantile_ms(const int64_t *sorted, long n, double q)
{
  if (n == 0) return -1;
  long i = (long)floor((double)n * q);
  return (double)sorted[i < n ? i : n - 1] / 1e6;
}

int main(int argc, char **argv)
{
  parse(argc, argv);
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  capacity = (long)(options.rate * options.seconds) + 2;
  sent_ns = calloc((size_t)capacity, sizeof *sent_ns);
  round_trip_ns = calloc((size_t)capacity, sizeof *round_trip_ns);

  const int64_t opened = now_ns();
  participant = check(dds_create_participant(options.domain, NULL, NULL), "participant");
  dds_entity_t states = check(
    dds_create_topic(participant, &sensor_msgs_msg_dds__JointState__desc, options.state_topic, NULL, NULL), "state topic");
  dds_entity_t command_topic = check(
    dds_create_topic(participant, &std_msgs_msg_dds__Float64MultiArray__desc, options.command_topic, NULL, NULL),
    "command topic");
  dds_qos_t *state_qos = endpoint_qos(options.state_reliable, options.state_transient_local, options.state_depth);
  dds_entity_t writer = options.rate > 0 ? check(dds_create_writer(participant, states, state_qos, NULL), "state writer") : 0;
  dds_listener_t *listener = dds_create_listener(NULL);
  dds_lset_data_available(listener, on_command);
  dds_qos_t *command_qos = endpoint_qos(options.command_reliable, options.command_transient_local, COMMAND_DEPTH);
  dds_entity_t reader = check(dds_create_reader(participant, command_topic, command_qos, listener), "command reader");
  pthread_t server, caller;
  if (options.serve) pthread_create(&server, NULL, serve, NULL);
  if (options.call) pthread_create(&caller, NULL, call, NULL);

  double state_matched_ms = -1, command_matched_ms = -1;
  const int64_t patience = opened + (int64_t)(options.wait * NS_PER_S);
  while (!stopped && now_ns() < patience && writer && (state_matched_ms < 0 || command_matched_ms < 0)) {
    if (state_matched_ms < 0 && has_reader(writer)) state_matched_ms = (double)(now_ns() - opened) / 1e6;
    if (command_matched_ms < 0 && has_writer(reader)) command_matched_ms = (double)(now_ns() - opened) / 1e6;
    usleep(POLL_US);
  }
  if (options.wait > 0) usleep(100000); // let the other side see its matches too

  JointState state = {0};
  state.header.frame_id = "base_link";
  state.name._buffer = joint_names();
  const unsigned joints = (unsigned)options.joints, positions = joints + (unsigned)options.pad;
  double *position = calloc(positions + 1, sizeof *position), *zeros = calloc(joints + 1, sizeof *zeros);
  state.name._length = state.name._maximum = joints;
  state.position._buffer = position;
  state.position._length = state.position._maximum = positions;
  state.velocity._buffer = state.effort._buffer = zeros;
  state.velocity._length = state.velocity._maximum = state.effort._length = state.effort._maximum = joints;

  const int64_t start = now_ns(), end = start + (int64_t)(options.seconds * NS_PER_S);
  long sent = 0, write_errors = 0;
  int64_t late_max = 0;
  for (; options.rate > 0 && !stopped && sent < capacity - 1; sent++) {
    const int64_t due = start + (int64_t)((double)sent * 1e9 / options.rate);
    if (due >= end) break;
    struct timespec wake = {due / NS_PER_S, due % NS_PER_S};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) != 0 && !stopped);
    const double t = (double)sent / options.rate;
    for (unsigned i = 1; i < joints; i++) position[i] = 0.1 * sin(t + i);
    position[0] = options.by_order ? options.amplitude * sin(2 * M_PI * options.frequency * t) : (double)sent;
    state.header.stamp.sec = (int32_t)(sent / STAMP_BASE);
    state.header.stamp.nanosec = (uint32_t)(sent % STAMP_BASE);
    const int64_t now = now_ns();
    if (now - due > late_max) late_max = now - due;
    atomic_store(&sent_ns[sent], now);
    atomic_store(&newest_sent, sent);
    if (dds_write(writer, &state) < 0) write_errors++;
  }
  while (options.rate <= 0 && !stopped && now_ns() < end) usleep(POLL_US);
  if (options.call) pthread_join(caller, NULL);
  usleep((useconds_t)(options.linger * 1e6));

  stopped = 1;
  if (options.serve) pthread_join(server, NULL);
  dds_set_listener(reader, NULL);
  long n = 0;
  for (long k = 0; k < sent; k++)
    if (round_trip_ns[k] != 0) round_trip_ns[n++] = round_trip_ns[k];
  qsort(round_trip_ns, (size_t)n, sizeof *round_trip_ns, by_value);
  printf("{\"tag\":\"%s\",\"rate\":%g,\"sent\":%ld,\"commands\":%ld,\"answered\":%ld,\"skipped\":%ld,\"duplicates\":%ld,"
         "\"unmatched\":%ld,\"p50_ms\":%.4f,\"p90_ms\":%.4f,\"p99_ms\":%.4f,\"p999_ms\":%.4f,\"max_ms\":%.4f,"
         "\"state_matched_ms\":%.1f,\"command_matched_ms\":%.1f,\"late_max_ms\":%.3f,\"write_errors\":%ld,"
         "\"served\":%ld,\"calls\":%d,\"calls_ok\":%ld}\n",
         options.tag, options.rate, sent, commands, answered, sent - answered, duplicates, unmatched,
         quantile_ms(round_trip_ns, n, 0.5), quantile_ms(round_trip_ns, n, 0.9), quantile_ms(round_trip_ns, n, 0.99),
         quantile_ms(round_trip_ns, n, 0.999), quantile_ms(round_trip_ns, n, 1), state_matched_ms, command_matched_ms,
         (double)late_max / 1e6, write_errors, (long)served, options.calls, (long)calls_ok);
  dds_delete(participant);
  return 0;
}
