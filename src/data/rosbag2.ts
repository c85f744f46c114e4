/** What rosbag2 writes and reads beside the messages of a bag, in the form of ROS 2 Humble, which later versions read as well. */

/** What a publisher of a topic offers; a depth of 0 is not known. */
export interface OfferedQos {
  readonly reliability: 'reliable' | 'best_effort';
  readonly durability: 'volatile' | 'transient_local';
  readonly depth: number;
}

/** rmw/types.h: values of rmw_qos_*_policy_e */
const HISTORY = { keepLast: 1, unknown: 3 } as const;
const RELIABILITY = { reliable: 1, best_effort: 2 } as const;
const DURABILITY = { transient_local: 1, volatile: 2 } as const;
const LIVELINESS_AUTOMATIC = 1;
/** RMW_DURATION_INFINITE */
const INFINITE = { sec: 9_223_372_036, nsec: 854_775_807 } as const;
/** of metadata.yaml, Humble (rosbag2_storage/bag_metadata.hpp) */
const METADATA_VERSION = 5;

/** The value of `offered_qos_profiles` in a channel's metadata: YAML, one entry per publisher (rosbag2_transport/qos.cpp). */
export function offeredQosProfiles(offers: readonly OfferedQos[]): string {
  const duration = (name: string): string[] => [
    `  ${name}:`,
    `    sec: ${INFINITE.sec}`,
    `    nsec: ${INFINITE.nsec}`,
  ];
  return offers
    .flatMap(({ reliability, durability, depth }) => [
      `- history: ${depth > 0 ? HISTORY.keepLast : HISTORY.unknown}`,
      `  depth: ${depth}`,
      `  reliability: ${RELIABILITY[reliability]}`,
      `  durability: ${DURABILITY[durability]}`,
      ...duration('deadline'),
      ...duration('lifespan'),
      `  liveliness: ${LIVELINESS_AUTOMATIC}`,
      ...duration('liveliness_lease_duration'),
      '  avoid_ros_namespace_conventions: false',
    ])
    .join('\n');
}

export interface BagTopic {
  readonly topic: string;
  /** e.g. 'sensor_msgs/msg/JointState' */
  readonly type: string;
  readonly offeredQosProfiles: string;
  readonly messages: bigint;
}

export interface BagFacts {
  /** name of the one file */
  readonly file: string;
  readonly topics: readonly BagTopic[];
  /** of the first and the last message, since the Unix epoch [ns] */
  readonly timeSpan: readonly [bigint, bigint];
}

/** The `metadata.yaml` of a bag of one MCAP file (rosbag2_storage/metadata_io.cpp). */
export function bagMetadataYaml({ file, topics, timeSpan: [start, end] }: BagFacts): string {
  const messages = topics.reduce((sum, topic) => sum + topic.messages, 0n);
  const text = (value: string): string => JSON.stringify(value); // a string of YAML in double quotes
  const span = (indent: string): string[] => [
    `${indent}duration:`,
    `${indent}  nanoseconds: ${end - start}`,
    `${indent}starting_time:`,
    `${indent}  nanoseconds_since_epoch: ${start}`,
  ];
  return [
    'rosbag2_bagfile_information:',
    `  version: ${METADATA_VERSION}`,
    '  storage_identifier: mcap',
    ...span('  '),
    `  message_count: ${messages}`,
    '  topics_with_message_count:',
    ...topics.flatMap((topic) => [
      '    - topic_metadata:',
      `        name: ${text(topic.topic)}`,
      `        type: ${text(topic.type)}`,
      '        serialization_format: cdr',
      `        offered_qos_profiles: ${text(topic.offeredQosProfiles)}`,
      `      message_count: ${topic.messages}`,
    ]),
    '  compression_format: ""',
    '  compression_mode: ""',
    '  relative_file_paths:',
    `    - ${text(file)}`,
    '  files:',
    `    - path: ${text(file)}`,
    ...span('      '),
    `      message_count: ${messages}`,
    '',
  ].join('\n');
}
