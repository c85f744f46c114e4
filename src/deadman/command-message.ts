import { badInput } from '../core/index.js';
import { rosTime, type Float64MultiArray, type JointState } from '../io/ros/index.js';
import type { Robot } from '../robot/index.js';

/** Between a robot's commands as messages and as values in commanded order (m). */
export interface CommandFormat {
  readonly type: 'std_msgs/msg/Float64MultiArray' | 'sensor_msgs/msg/JointState';
  /** NaN where a joint is not named; as many values as there are where the message names none */
  read(message: Float64MultiArray | JointState): Float64Array;
  /** @param wallNs for those that carry a stamp */
  write(values: Float64Array, wallNs: bigint): Float64MultiArray | JointState;
}

/** @throws BAD_INPUT for trajectories, which end by themselves */
export function commandFormat({ model, config }: Robot): CommandFormat {
  const { commandMessageType: type, commandInterface } = config;
  if (type === 'trajectory_msgs/msg/JointTrajectory')
    throw badInput(
      'command_message_type is trajectory_msgs/msg/JointTrajectory: a trajectory ends by itself, and joint_trajectory_controller has ' +
        'cmd_timeout; no dead-man is needed',
    );
  if (type === 'std_msgs/msg/Float64MultiArray')
    return {
      type,
      read: (message) => Float64Array.from((message as Float64MultiArray).data),
      write: (data) => ({ layout: { dim: [], data_offset: 0 }, data }),
    };
  const none = new Float64Array(0);
  return {
    type,
    read: (message) => {
      const { name, [commandInterface]: data } = message as JointState;
      return Float64Array.from(model.commanded, (joint) => data[name.indexOf(joint)] ?? NaN);
    },
    write: (values, wallNs) => ({
      header: { stamp: rosTime(wallNs), frame_id: '' },
      name: model.commanded,
      position: none,
      velocity: none,
      effort: none,
      [commandInterface]: values,
    }),
  };
}
