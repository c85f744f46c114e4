import { parse } from '@foxglove/rosmsg';
import { ros2humble as common } from '@foxglove/rosmsg-msgs-common';
import { badInput } from '../../core/index.js';
import { INTERFACE_TEXTS } from './interface-texts.js';

export type MessageDefinition = ReturnType<typeof parse>[number];

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

/**
 * Definition of a message type ('pkg/msg/Name') or service part ('pkg/srv/Name_Request'), root first, then all it uses.
 * @param texts of what the common definitions lack
 */
export function definitionsOf(type: string, texts = INTERFACE_TEXTS): MessageDefinition[] {
  const definitions: MessageDefinition[] = [];
  const pending = [type.replace('/msg/', '/')];
  const seen = new Set(pending);
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    const definition = definitionOf(name, texts);
    if (!definition) {
      throw badInput(
        `interface type '${type}' is not known: it is neither in ROS 2's common interfaces nor among those that dynabridge serves`,
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

function definitionOf(name: string, texts: typeof INTERFACE_TEXTS): MessageDefinition | undefined {
  const text = texts[name];
  if (text !== undefined) return { ...parse(text, { ros2: true, skipTypeFixup: true })[0]!, name };
  return (common as Readonly<Record<string, MessageDefinition | undefined>>)[name];
}
