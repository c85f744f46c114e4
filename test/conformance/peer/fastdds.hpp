// What fastdds-peer and fastdds-echo share: the wire types of ROS 2 messages, and entities of Fast DDS 2.x as rmw_fastrtps_cpp has them.
#pragma once
#include <fastcdr/Cdr.h>
#include <fastcdr/FastBuffer.h>
#include <fastcdr/exceptions/Exception.h>
#include <fastdds/dds/domain/DomainParticipant.hpp>
#include <fastdds/dds/domain/DomainParticipantFactory.hpp>
#include <fastdds/dds/publisher/DataWriter.hpp>
#include <fastdds/dds/publisher/Publisher.hpp>
#include <fastdds/dds/subscriber/DataReader.hpp>
#include <fastdds/dds/subscriber/DataReaderListener.hpp>
#include <fastdds/dds/subscriber/SampleInfo.hpp>
#include <fastdds/dds/subscriber/Subscriber.hpp>
#include <fastdds/dds/topic/TopicDataType.hpp>
#include <fastdds/dds/topic/TypeSupport.hpp>
#include <fastdds/rtps/transport/UDPv4TransportDescriptor.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fast = eprosima::fastdds::dds;
namespace rtps = eprosima::fastrtps::rtps;

// Messages: `fields` visits the members in the order of the wire.

struct JointState {
  static constexpr const char *TYPE = "sensor_msgs::msg::dds_::JointState_";
  int32_t sec = 0;
  uint32_t nanosec = 0;
  std::string frame_id;
  std::vector<std::string> name;
  std::vector<double> position, velocity, effort;
  template <class Visit> void fields(Visit visit)
  {
    visit(sec), visit(nanosec), visit(frame_id), visit(name), visit(position), visit(velocity), visit(effort);
  }
};

struct Float64MultiArray {
  static constexpr const char *TYPE = "std_msgs::msg::dds_::Float64MultiArray_";
  uint32_t dimensions = 0; // the length of layout.dim; its elements are not described here, so it has to be 0
  uint32_t data_offset = 0;
  std::vector<double> data;
  template <class Visit> void fields(Visit visit) { visit(dimensions), visit(data_offset), visit(data); }
};

struct TriggerRequest {
  static constexpr const char *TYPE = "std_srvs::srv::dds_::Trigger_Request_";
  uint8_t structure_needs_at_least_one_member = 0;
  template <class Visit> void fields(Visit visit) { visit(structure_needs_at_least_one_member); }
};

struct TriggerResponse {
  static constexpr const char *TYPE = "std_srvs::srv::dds_::Trigger_Response_";
  bool success = false;
  std::string message;
  template <class Visit> void fields(Visit visit) { visit(success), visit(message); }
};

// Octets that a member takes at most, with the padding before it.
template <class T> size_t octets(const T &) { return 2 * sizeof(T); }
inline size_t octets(const std::string &text) { return 2 * sizeof(uint32_t) + text.size() + 1; }
template <class T> size_t octets(const std::vector<T> &sequence)
{
  size_t sum = 2 * sizeof(uint32_t);
  for (const T &element : sequence) sum += octets(element);
  return sum;
}

template <class Message> class MessageType : public fast::TopicDataType {
public:
  MessageType()
  {
    setName(Message::TYPE);
    m_typeSize = 256; // to begin with; histories grow with what comes
    m_isGetKeyDefined = false;
    auto_fill_type_object(false);
    auto_fill_type_information(false);
  }

  bool serialize(void *data, rtps::SerializedPayload_t *payload) override
  {
    eprosima::fastcdr::FastBuffer buffer(reinterpret_cast<char *>(payload->data), payload->max_size);
    eprosima::fastcdr::Cdr cdr(buffer, eprosima::fastcdr::Cdr::DEFAULT_ENDIAN, eprosima::fastcdr::Cdr::DDS_CDR);
    payload->encapsulation = CDR_LE;
    try {
      cdr.serialize_encapsulation();
      static_cast<Message *>(data)->fields([&](auto &member) { cdr << member; });
    } catch (const eprosima::fastcdr::exception::Exception &) {
      return false;
    }
    payload->length = static_cast<uint32_t>(cdr.getSerializedDataLength());
    return true;
  }

  bool deserialize(rtps::SerializedPayload_t *payload, void *data) override
  {
    eprosima::fastcdr::FastBuffer buffer(reinterpret_cast<char *>(payload->data), payload->length);
    eprosima::fastcdr::Cdr cdr(buffer, eprosima::fastcdr::Cdr::DEFAULT_ENDIAN, eprosima::fastcdr::Cdr::DDS_CDR);
    try {
      cdr.read_encapsulation();
      static_cast<Message *>(data)->fields([&](auto &member) { cdr >> member; });
    } catch (const eprosima::fastcdr::exception::Exception &) {
      return false;
    }
    return true;
  }

  std::function<uint32_t()> getSerializedSizeProvider(void *data) override
  {
    return [message = static_cast<Message *>(data)] {
      size_t sum = rtps::SerializedPayload_t::representation_header_size;
      message->fields([&](auto &member) { sum += octets(member); });
      return static_cast<uint32_t>(sum);
    };
  }

  void *createData() override { return new Message; }
  void deleteData(void *data) override { delete static_cast<Message *>(data); }
  bool getKey(void *, rtps::InstanceHandle_t *, bool) override { return false; }
};

template <class Entity> Entity *check(Entity *entity, const std::string &what)
{
  if (entity) return entity;
  fprintf(stderr, "%s: Fast DDS makes none\n", what.c_str());
  exit(2);
}

struct Quality {
  bool reliable = true, transient_local = false;
  int depth = 10; // KEEP_LAST
};

// A participant on loopback alone, over UDP: no shared memory, so that everything crosses a socket as with peers of other vendors.
class Node {
public:
  Node(int domain, bool multicast)
  {
    fast::DomainParticipantQos qos;
    auto udp = std::make_shared<eprosima::fastdds::rtps::UDPv4TransportDescriptor>();
    udp->interfaceWhiteList = {"127.0.0.1"};
    udp->maxInitialPeersRange = 32; // participants on this machine that are asked
    qos.transport().use_builtin_transports = false;
    qos.transport().user_transports = {udp};
    if (!multicast) {
      rtps::Locator_t loopback;
      rtps::IPLocator::setIPv4(loopback, 127, 0, 0, 1); // port 0: those of all participants
      qos.wire_protocol().builtin.initialPeersList.push_back(loopback);
    }
    participant_ = check(fast::DomainParticipantFactory::get_instance()->create_participant(domain, qos), "participant");
    publisher_ = check(participant_->create_publisher(fast::PUBLISHER_QOS_DEFAULT), "publisher");
    subscriber_ = check(participant_->create_subscriber(fast::SUBSCRIBER_QOS_DEFAULT), "subscriber");
  }

  ~Node()
  {
    participant_->delete_contained_entities();
    fast::DomainParticipantFactory::get_instance()->delete_participant(participant_);
  }

  template <class Message> fast::DataWriter *writer(const std::string &topic, const Quality &quality)
  {
    fast::DataWriterQos qos;
    fill(qos, quality);
    qos.publish_mode().kind = fast::SYNCHRONOUS_PUBLISH_MODE;
    return check(publisher_->create_datawriter(this->topic<Message>(topic), qos), topic);
  }

  template <class Message>
  fast::DataReader *reader(const std::string &topic, const Quality &quality, fast::DataReaderListener *listener = nullptr)
  {
    fast::DataReaderQos qos;
    fill(qos, quality);
    return check(subscriber_->create_datareader(this->topic<Message>(topic), qos, listener), topic);
  }

private:
  template <class Message> fast::Topic *topic(const std::string &name)
  {
    fast::TypeSupport type(new MessageType<Message>());
    type.register_type(participant_);
    return check(participant_->create_topic(name, type.get_type_name(), fast::TOPIC_QOS_DEFAULT), name);
  }

  template <class Qos> static void fill(Qos &qos, const Quality &quality)
  {
    qos.reliability().kind = quality.reliable ? fast::RELIABLE_RELIABILITY_QOS : fast::BEST_EFFORT_RELIABILITY_QOS;
    qos.durability().kind = quality.transient_local ? fast::TRANSIENT_LOCAL_DURABILITY_QOS : fast::VOLATILE_DURABILITY_QOS;
    qos.history().kind = fast::KEEP_LAST_HISTORY_QOS;
    qos.history().depth = quality.depth;
    qos.resource_limits().max_samples_per_instance = quality.depth;
    qos.endpoint().history_memory_policy = rtps::PREALLOCATED_WITH_REALLOC_MEMORY_MODE;
    qos.data_sharing().off();
  }

  fast::DomainParticipant *participant_;
  fast::Publisher *publisher_;
  fast::Subscriber *subscriber_;
};

inline bool has_reader(fast::DataWriter *writer)
{
  fast::PublicationMatchedStatus status;
  writer->get_publication_matched_status(status);
  return status.current_count > 0;
}

inline bool has_writer(fast::DataReader *reader)
{
  fast::SubscriptionMatchedStatus status;
  reader->get_subscription_matched_status(status);
  return status.current_count > 0;
}

// False when there is none, or none that can be read.
template <class Message> bool take(fast::DataReader *reader, Message &message, fast::SampleInfo &info)
{
  return reader->take_next_sample(&message, &info) == eprosima::fastrtps::types::ReturnCode_t::RETCODE_OK;
}
