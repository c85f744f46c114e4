import type { BlackBoxQuantity, BlackBoxRobot, SessionInfo } from '../data/index.js';
import { commandUnit, positionUnit, type Joint, type Robot } from '../robot/index.js';

/** What a black box says of the robot, so that its file can be read without the robot's folder. */
export function blackBoxRobot(
  { model, config }: Robot,
  { task, contractSha256 }: Pick<SessionInfo, 'task' | 'contractSha256'>,
): BlackBoxRobot {
  const { commandInterface, controlRateHz } = config;
  const joint = (name: string): Joint => model.joints.find((candidate) => candidate.name === name)!;
  const position = (name: string): BlackBoxQuantity => {
    const { type, limits } = joint(name);
    const { min = -Infinity, max = Infinity } = limits?.position ?? {};
    return { joint: name, unit: positionUnit(type), min, max };
  };
  const command = (name: string): BlackBoxQuantity => {
    if (commandInterface === 'position') return position(name);
    const { type, limits } = joint(name);
    const max = (commandInterface === 'velocity' ? limits?.maxVelocity : limits?.maxEffort) ?? Infinity;
    return { joint: name, unit: commandUnit(type, commandInterface), min: -max, max };
  };
  return {
    robot: model.name,
    task,
    contractSha256,
    commandInterface,
    controlRateHz,
    positions: model.measured.map(position),
    commands: model.commanded.map(command),
  };
}
