// A robot's ROS 2 side, in C++ over Fast DDS: what peer.c is on Cyclone DDS, with fewer options. Publishes JointState at a fixed rate,
// takes commands, measures the time from a state's write to the arrival of the command that answers it, serves and calls
// std_srvs/Trigger. Prints the JSON line of peer.c.
//
//   --domain N               ROS domain id (0)
//   --discovery unicast|multicast  how others are found, on lo (unicast)
//   --rate HZ                states per second (500); 0: publish nothing, only listen and serve
//   --seconds S              how long to publish (10); also ends on SIGTERM
//   --joints N               joints named joint1 .. jointN (7)
//   --names a,b,c            joint names instead; their count is the number of joints
//   --state-transient-local  keep --state-depth states for late joiners (volatile)
//   --state-depth N          KEEP_LAST depth of the states (10)
//   --command-topic T        (rt/forward_command_controller/commands)
//   --command-transient-local  ask for the commands of before (volatile)
//   --pad N                  further positions, to make states large (0)
//   --serve NAME             answer Trigger on /NAME
//   --call NAME --calls N    call Trigger on /NAME N times, one after another
//   --wait S                 longest wait for a state reader and a command writer before publishing (10)
//   --no-wait                publish at once
//   --linger S               after the last state, for the last command (0.5)
//
// position[0] and header.stamp carry a state's sequence number k as in peer.c, and the command's data[0] repeats it.
//
// Service calls are told apart as rmw_fastrtps_cpp does it: requests and replies carry a related sample identity as inline QoS. In a
// request it names the client's reply reader; a reply repeats that GUID beside the sequence number of the request.
#include "fastdds.hpp"
#include "options.h"
#include <algorithm>
#include <atomic>
#include <cmath>
#include <csignal>
#include <sstream>
#include <thread>
#include <unistd.h>

static constexpr int COMMAND_DEPTH = 1000, SERVICE_DEPTH = 10, STAMP_BASE = 1000000, POLL_US = 500;
static constexpr int64_t CALL_TIMEOUT_NS = 2 * NS_PER_S;

static struct {
  int domain = 0, joints = 7, pad = 0, calls = 0;
  double rate = 500, seconds = 10, wait = 10, linger = 0.5;
  bool multicast = false;
  Quality state, command{true, false, COMMAND_DEPTH};
  std::string names, command_topic = DEFAULT_COMMAND_TOPIC, serve, call;
} options;

static volatile sig_atomic_t stopped;
static void on_signal(int) { stopped = 1; }

// One entry per state. sent_ns is written before the state goes out and read in the listener.
class RoundTrips : public fast::DataReaderListener {
public:
  explicit RoundTrips(size_t capacity) : sent_ns_(capacity), round_trip_ns_(capacity) {}

  size_t capacity() const { return sent_ns_.size(); }
  void sends(size_t k, int64_t now) { sent_ns_[k] = now; }

  void on_data_available(fast::DataReader *reader) override
  {
    fast::SampleInfo info;
    while (take(reader, command_, info)) {
      if (info.valid_data) account(now_ns());
    }
  }

  // [ms], ascending
  std::vector<double> sorted_ms() const
  {
    std::vector<double> sorted;
    for (const int64_t ns : round_trip_ns_)
      if (ns != 0) sorted.push_back(static_cast<double>(ns) / 1e6);
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

  long commands = 0, answered = 0, duplicates = 0, unmatched = 0;

private:
  void account(int64_t arrived)
  {
    commands++;
    const double k = command_.dimensions == 0 && !command_.data.empty() ? command_.data[0] : -1;
    const size_t i = k >= 0 && k < static_cast<double>(capacity()) ? static_cast<size_t>(k) : capacity();
    if (i == capacity() || sent_ns_[i] == 0) unmatched++;
    else if (round_trip_ns_[i] != 0) duplicates++;
    else {
      round_trip_ns_[i] = arrived - sent_ns_[i];
      answered++;
    }
  }

  std::vector<std::atomic<int64_t>> sent_ns_;
  std::vector<int64_t> round_trip_ns_;
  Float64MultiArray command_;
};

// Returns how many requests were answered.
static long serve(Node &node)
{
  const Quality quality{true, false, SERVICE_DEPTH};
  fast::DataWriter *replies = node.writer<TriggerResponse>("rr/" + options.serve + "Reply", quality);
  fast::DataReader *requests = node.reader<TriggerRequest>("rq/" + options.serve + "Request", quality);
  TriggerRequest request;
  TriggerResponse reply;
  reply.success = true;
  reply.message = "stopped";
  fast::SampleInfo info;
  long served = 0;
  while (!stopped) {
    if (!take(requests, request, info)) {
      usleep(POLL_US);
      continue;
    }
    if (!info.valid_data) continue;
    rtps::WriteParams params;
    params.related_sample_identity(info.sample_identity);
    const rtps::GUID_t &reply_reader = info.related_sample_identity.writer_guid();
    if (reply_reader != rtps::GUID_t::unknown()) params.related_sample_identity().writer_guid() = reply_reader;
    // As rmw_fastrtps_cpp: a reply waits up to 100 ms for the client's reader.
    for (int i = 0; i < 200 && !has_reader(replies); i++) usleep(POLL_US);
    if (replies->write(&reply, params)) served++;
  }
  return served;
}

static bool call_once(fast::DataWriter *requests, fast::DataReader *replies)
{
  TriggerRequest request;
  TriggerResponse reply;
  fast::SampleInfo info;
  rtps::WriteParams params;
  params.related_sample_identity().writer_guid() = replies->guid();
  const int64_t deadline = now_ns() + CALL_TIMEOUT_NS;
  if (!requests->write(&request, params)) return false;
  rtps::SampleIdentity expected;
  expected.writer_guid(replies->guid());
  expected.sequence_number(params.sample_identity().sequence_number());
  while (!stopped && now_ns() < deadline) {
    if (!take(replies, reply, info)) usleep(POLL_US);
    else if (info.valid_data && expected == info.related_sample_identity && reply.success) return true;
  }
  return false;
}

// Returns how many calls were answered.
static long call(Node &node)
{
  const Quality quality{true, false, SERVICE_DEPTH};
  fast::DataWriter *requests = node.writer<TriggerRequest>("rq/" + options.call + "Request", quality);
  fast::DataReader *replies = node.reader<TriggerResponse>("rr/" + options.call + "Reply", quality);
  const int64_t deadline = now_ns() + static_cast<int64_t>(options.wait * NS_PER_S);
  while (!stopped && now_ns() < deadline && !(has_reader(requests) && has_writer(replies))) usleep(POLL_US);
  long answered = 0;
  for (int i = 0; i < options.calls && !stopped; i++)
    if (call_once(requests, replies)) answered++;
  return answered;
}

static void parse(int argc, char **argv)
{
  for (int i = 1; i < argc; i++) {
    const std::string option = argv[i];
    const auto value = [&] { return value_of(argc, argv, &i); };
    if (option == "--domain") options.domain = atoi(value());
    else if (option == "--discovery") options.multicast = std::string(value()) == "multicast";
    else if (option == "--rate") options.rate = atof(value());
    else if (option == "--seconds") options.seconds = atof(value());
    else if (option == "--joints") options.joints = atoi(value());
    else if (option == "--names") options.names = value();
    else if (option == "--state-transient-local") options.state.transient_local = true;
    else if (option == "--state-depth") options.state.depth = atoi(value());
    else if (option == "--command-topic") options.command_topic = value();
    else if (option == "--command-transient-local") options.command.transient_local = true;
    else if (option == "--pad") options.pad = atoi(value());
    else if (option == "--serve") options.serve = value();
    else if (option == "--call") options.call = value();
    else if (option == "--calls") options.calls = atoi(value());
    else if (option == "--wait") options.wait = atof(value());
    else if (option == "--no-wait") options.wait = 0;
    else if (option == "--linger") options.linger = atof(value());
    else {
      fprintf(stderr, "unknown option %s\n", option.c_str());
      exit(1);
    }
  }
}

static std::vector<std::string> joint_names()
{
  std::vector<std::string> names;
  std::istringstream given(options.names);
  for (std::string name; std::getline(given, name, ',');) names.push_back(name);
  for (int i = 1; options.names.empty() && i <= options.joints; i++) names.push_back("joint" + std::to_string(i));
  return names;
}

static JointState first_state()
{
  JointState state;
  state.frame_id = "base_link";
  state.name = joint_names();
  const size_t joints = state.name.size();
  state.position.resize(joints + static_cast<size_t>(options.pad));
  state.velocity.resize(joints);
  state.effort.resize(joints);
  return state;
}

static double quantile(const std::vector<double> &sorted, double q)
{
  if (sorted.empty()) return -1;
  return sorted[std::min(static_cast<size_t>(static_cast<double>(sorted.size()) * q), sorted.size() - 1)];
}

struct Published {
  size_t sent = 0, write_errors = 0;
  double late_max_ms = 0;
};

static Published publish(fast::DataWriter *writer, RoundTrips &trips)
{
  JointState state = first_state();
  Published published;
  const int64_t start = now_ns(), end = start + static_cast<int64_t>(options.seconds * NS_PER_S);
  for (size_t k = 0; writer && !stopped && k < trips.capacity() - 1; k++) {
    const int64_t due = start + static_cast<int64_t>(static_cast<double>(k) * 1e9 / options.rate);
    if (due >= end) break;
    const timespec wake = {due / NS_PER_S, due % NS_PER_S};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, nullptr) != 0 && !stopped);
    for (size_t i = 1; i < state.name.size(); i++)
      state.position[i] = 0.1 * std::sin(static_cast<double>(k) / options.rate + static_cast<double>(i));
    state.position[0] = static_cast<double>(k);
    state.sec = static_cast<int32_t>(k / STAMP_BASE);
    state.nanosec = static_cast<uint32_t>(k % STAMP_BASE);
    const int64_t now = now_ns();
    published.late_max_ms = std::max(published.late_max_ms, static_cast<double>(now - due) / 1e6);
    trips.sends(k, now);
    if (!writer->write(&state)) published.write_errors++;
    published.sent++;
  }
  while (!writer && !stopped && now_ns() < end) usleep(POLL_US);
  return published;
}

int main(int argc, char **argv)
{
  parse(argc, argv);
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  RoundTrips trips(static_cast<size_t>(options.rate * options.seconds) + 2);

  const int64_t opened = now_ns();
  Node node(options.domain, options.multicast);
  fast::DataWriter *writer = options.rate > 0 ? node.writer<JointState>(DEFAULT_STATE_TOPIC, options.state) : nullptr;
  fast::DataReader *reader = node.reader<Float64MultiArray>(options.command_topic, options.command, &trips);
  long served = 0, calls_ok = 0;
  std::thread server, caller;
  if (!options.serve.empty()) server = std::thread([&] { served = serve(node); });
  if (!options.call.empty()) caller = std::thread([&] { calls_ok = call(node); });

  double state_matched_ms = -1, command_matched_ms = -1;
  const int64_t patience = opened + static_cast<int64_t>(options.wait * NS_PER_S);
  while (!stopped && now_ns() < patience && writer && (state_matched_ms < 0 || command_matched_ms < 0)) {
    const double elapsed_ms = static_cast<double>(now_ns() - opened) / 1e6;
    if (state_matched_ms < 0 && has_reader(writer)) state_matched_ms = elapsed_ms;
    if (command_matched_ms < 0 && has_writer(reader)) command_matched_ms = elapsed_ms;
    usleep(POLL_US);
  }
  if (options.wait > 0) usleep(100000); // let the other side see its matches too

  const Published published = publish(writer, trips);
  if (caller.joinable()) caller.join();
  usleep(static_cast<useconds_t>(options.linger * 1e6));
  stopped = 1;
  if (server.joinable()) server.join();
  reader->set_listener(nullptr);

  const std::vector<double> ms = trips.sorted_ms();
  printf("{\"rate\":%g,\"sent\":%zu,\"commands\":%ld,\"answered\":%ld,\"skipped\":%ld,\"duplicates\":%ld,\"unmatched\":%ld,"
         "\"p50_ms\":%.4f,\"p90_ms\":%.4f,\"p99_ms\":%.4f,\"p999_ms\":%.4f,\"max_ms\":%.4f,\"state_matched_ms\":%.1f,"
         "\"command_matched_ms\":%.1f,\"late_max_ms\":%.3f,\"write_errors\":%zu,\"served\":%ld,\"calls\":%d,\"calls_ok\":%ld}\n",
         options.rate, published.sent, trips.commands, trips.answered, static_cast<long>(published.sent) - trips.answered,
         trips.duplicates, trips.unmatched, quantile(ms, 0.5), quantile(ms, 0.9), quantile(ms, 0.99), quantile(ms, 0.999),
         quantile(ms, 1), state_matched_ms, command_matched_ms, published.late_max_ms, published.write_errors, served,
         options.calls, calls_ok);
  return 0;
}
