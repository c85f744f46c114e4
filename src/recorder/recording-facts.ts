import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RecordingOptions } from '../data/index.js';
import type { Robot } from '../robot/index.js';
import { gateConfigFromRobot, gateConfigHash } from '../safety/index.js';

/** What a recording says of its robot, and the files that describe it, so that its gate can be built again anywhere. */
export function recordingFacts(robot: Robot): Pick<RecordingOptions, 'facts' | 'files'> {
  const { model, config, folder } = robot;
  const yaml = (name: string): [string, string][] => {
    try {
      return [[name, readFileSync(join(folder, name), 'utf8')]];
    } catch {
      return []; // joint_limits.yaml may be missing
    }
  };
  return {
    facts: {
      robot: model.name,
      urdf_sha256: model.urdfSha256,
      gate_config_sha256: gateConfigHash(gateConfigFromRobot(robot)),
      state_topic: config.stateTopic,
      command_topic: config.commandTopic,
      command_message_type: config.commandMessageType,
      command_points: String(config.commandPoints),
    },
    files: new Map([
      [basename(model.urdfPath), model.urdf],
      ...yaml('robot.yaml'),
      ...yaml('joint_limits.yaml'),
    ]),
  };
}
