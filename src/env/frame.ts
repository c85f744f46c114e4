/**
 * A frame is all that a policy step knows of the robot at one instant:
 * [positions (n) | velocities (n) | last executed commands (m)], raw SI units, joints in `measured` and `commanded` order.
 * Simulator, guard, recordings, replay and imagined rollouts all speak frames.
 */
export interface FrameLayout {
  /** measured joints (n): RobotModel.measured */
  readonly measured: readonly string[];
  /** commanded joints (m): RobotModel.commanded */
  readonly commanded: readonly string[];
  /** 2n + m */
  readonly size: number;
}

export function frameLayout(measured: readonly string[], commanded: readonly string[]): FrameLayout {
  return { measured, commanded, size: 2 * measured.length + commanded.length };
}

/** Offset of a joint's position in a frame; its velocity is `measured.length` further on. */
export function positionOffset(layout: FrameLayout, joint: string): number {
  return layout.measured.indexOf(joint);
}

export function velocityOffset(layout: FrameLayout, joint: string): number {
  return layout.measured.length + layout.measured.indexOf(joint);
}

export function commandOffset(layout: FrameLayout, joint: string): number {
  return 2 * layout.measured.length + layout.commanded.indexOf(joint);
}
