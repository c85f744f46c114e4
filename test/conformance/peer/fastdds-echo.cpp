// C++-to-C++ baseline over Fast DDS: answers each JointState with a command that copies its positions.
//
//   --domain N          ROS domain id (0)
//   --seconds S         lifetime (10); also ends on SIGTERM
//   --joints N          positions copied into the command (7)
#include "fastdds.hpp"
#include "options.h"
#include <algorithm>
#include <csignal>
#include <unistd.h>

static volatile sig_atomic_t stopped;
static void on_signal(int) { stopped = 1; }

class Echo : public fast::DataReaderListener {
public:
  Echo(fast::DataWriter *commands, size_t joints) : commands_(commands), joints_(joints) {}

  void on_data_available(fast::DataReader *states) override
  {
    fast::SampleInfo info;
    while (take(states, state_, info)) {
      if (!info.valid_data) continue;
      const auto first = state_.position.begin();
      command_.data.assign(first, first + static_cast<long>(std::min(joints_, state_.position.size())));
      commands_->write(&command_);
    }
  }

private:
  fast::DataWriter *commands_;
  size_t joints_;
  JointState state_;
  Float64MultiArray command_;
};

int main(int argc, char **argv)
{
  int domain = 0, joints = 7;
  double seconds = 10;
  for (int i = 1; i < argc; i++) {
    const std::string option = argv[i];
    if (option == "--domain") domain = atoi(value_of(argc, argv, &i));
    else if (option == "--seconds") seconds = atof(value_of(argc, argv, &i));
    else if (option == "--joints") joints = atoi(value_of(argc, argv, &i));
    else {
      fprintf(stderr, "unknown option %s\n", argv[i]);
      return 1;
    }
  }
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  const Quality deep{true, false, 1000};
  Node node(domain, false);
  Echo echo(node.writer<Float64MultiArray>(DEFAULT_COMMAND_TOPIC, deep), static_cast<size_t>(joints));
  fast::DataReader *states = node.reader<JointState>(DEFAULT_STATE_TOPIC, deep, &echo);
  const int64_t end = now_ns() + static_cast<int64_t>(seconds * NS_PER_S);
  while (!stopped && now_ns() < end) usleep(10000);
  states->set_listener(nullptr);
  return 0;
}
