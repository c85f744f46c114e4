import { badInput } from '../../src/core/index.js';
import { positionOffset, velocityOffset, type RobotLayout } from '../../src/env/index.js';

/** Where a joint's position and velocity stand in a frame. @throws BAD_INPUT when the frames do not hold the joint */
export function jointOffsets(layout: RobotLayout, joint: string): { position: number; velocity: number } {
  if (!layout.measured.includes(joint)) {
    throw badInput(
      `the task needs joint '${joint}', the frames hold ${layout.measured.join(', ')}; is this the task's robot?`,
    );
  }
  return { position: positionOffset(layout, joint), velocity: velocityOffset(layout, joint) };
}
