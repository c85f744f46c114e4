import { parse } from '@foxglove/rosmsg';
import { ros2humble as common } from '@foxglove/rosmsg-msgs-common';
import { badInput } from '../../core/index.js';

export type MessageDefinition = ReturnType<typeof parse>[number];

/** std_srvs, which the common definitions lack (ros2/common_interfaces, std_srvs/srv). */
const SERVICE_PARTS: Readonly<Record<string, string>> = {
  'std_srvs/srv/Trigger_Request': '',
  'std_srvs/srv/Trigger_Response': 'bool success\nstring message',
  'std_srvs/srv/SetBool_Request': 'bool data',
  'std_srvs/srv/SetBool_Response': 'bool success\nstring message',
};

export const PARTICIPANT_ENTITIES_INFO = 'rmw_dds_common/msg/ParticipantEntitiesInfo';

/** Bytes of rmw_dds_common/Gid: 24 up to Humble, 16 from Iron on. The type name on the wire is the same. */
export type GidBytes = 16 | 24;

/** rmw_dds_common/msg/ParticipantEntitiesInfo (ros2/rmw_dds_common) */
export function participantEntitiesInfo(gidBytes: GidBytes): MessageDefinition[] {
  return parse(
    [
      'rmw_dds_common/Gid gid',
      'rmw_dds_common/NodeEntitiesInfo[] node_entities_info_seq',
      '===',
      'MSG: rmw_dds_common/NodeEntitiesInfo',
      'string node_namespace',
      'string node_name',
      'rmw_dds_common/Gid[] reader_gid_seq',
      'rmw_dds_common/Gid[] writer_gid_seq',
      '===',
      'MSG: rmw_dds_common/Gid',
      `uint8[${gidBytes}] data`,
    ].join('\n'),
    { ros2: true },
  );
}

/** Definition of a message type ('pkg/msg/Name') or service part ('pkg/srv/Name_Request'), root first, then all it uses. */
export function definitionsOf(type: string): MessageDefinition[] {
  const part = SERVICE_PARTS[type];
  if (part !== undefined) return parse(part, { ros2: true });
  const definitions: MessageDefinition[] = [];
  const pending = [type.replace('/msg/', '/')];
  const seen = new Set(pending);
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    const definition = (common as Readonly<Record<string, MessageDefinition | undefined>>)[name];
    if (!definition) {
      throw badInput(
        `message type '${type}' is not known: it is neither in ROS 2's common interfaces nor in std_srvs`,
        { type, missing: name },
      );
    }
    definitions.push(definition);
    for (const field of definition.definitions) {
      if (field.isComplex !== true || seen.has(field.type)) continue;
      seen.add(field.type);
      pending.push(field.type);
    }
  }
  return definitions;
}
