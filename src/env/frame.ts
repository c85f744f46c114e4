/**
 * A frame is all that a policy step knows of its world at one instant: named numbers, raw SI units. Simulator, guard, recordings,
 * replay and imagined rollouts all speak frames.
 */
export interface FrameLayout {
  /** a name for each number of a frame (F), unique */
  readonly fields: readonly string[];
  /** fields that are angles turning without end [rad]: observations hold their sine and cosine, and their changes are wrapped */
  readonly angles: readonly string[];
  /** a name for each number of an action (A) */
  readonly actions: readonly string[];
  /** F */
  readonly size: number;
}

/** A robot's frame: [positions (n) | velocities (n) | last executed commands (m)], joints in `measured` and `commanded` order. */
export interface RobotLayout extends FrameLayout {
  /** measured joints (n): RobotModel.measured */
  readonly measured: readonly string[];
  /** commanded joints (m): RobotModel.commanded */
  readonly commanded: readonly string[];
}

/** @param continuous the measured joints that turn without end */
export function robotLayout(
  measured: readonly string[],
  commanded: readonly string[],
  continuous: readonly string[] = [],
): RobotLayout {
  const named = (joints: readonly string[], quantity: string) =>
    joints.map((joint) => `${joint} ${quantity}`);
  return {
    measured,
    commanded,
    fields: [...named(measured, 'position'), ...named(measured, 'velocity'), ...named(commanded, 'command')],
    angles: named(continuous, 'position'),
    actions: commanded,
    size: 2 * measured.length + commanded.length,
  };
}

/** Offset of a joint's position in a frame; its velocity is `measured.length` further on. */
export function positionOffset(layout: RobotLayout, joint: string): number {
  return layout.measured.indexOf(joint);
}

export function velocityOffset(layout: RobotLayout, joint: string): number {
  return layout.measured.length + layout.measured.indexOf(joint);
}

export function commandOffset(layout: RobotLayout, joint: string): number {
  return 2 * layout.measured.length + layout.commanded.indexOf(joint);
}
