import type { Robot } from './model.js';

/** ros2_control's two ways to take a streamed command: forward_command_controller and joint_trajectory_controller. */
export const CONTROLLER_KINDS = ['forward', 'jtc'] as const;
export type ControllerKind = (typeof CONTROLLER_KINDS)[number];

/** The robot behind another controller than robot.yaml names: same joints and limits, another topic and message. */
export function withController(robot: Robot, kind: ControllerKind | undefined): Robot {
  if (kind === undefined) return robot;
  const [commandMessageType, commandTopic] =
    kind === 'jtc'
      ? (['trajectory_msgs/msg/JointTrajectory', '/joint_trajectory_controller/joint_trajectory'] as const)
      : (['std_msgs/msg/Float64MultiArray', '/forward_command_controller/commands'] as const);
  if (robot.config.commandMessageType === commandMessageType) return robot;
  return { ...robot, config: { ...robot.config, commandMessageType, commandTopic, commandPoints: 1 } };
}
