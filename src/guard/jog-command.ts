/** What a control_msgs/msg/JointJog asks for, in shares of what an operator may. Pure. */
import type { JointJog } from '../io/ros/index.js';
import type { TeleopConfig } from '../robot/index.js';
import type { GateJoint } from '../safety/index.js';

/** What is wrong with a message; each kind is told once. */
export interface JogFlaw {
  readonly kind: 'displacements' | 'size' | 'joint' | 'number' | 'duration';
  /** for people */
  readonly why: string;
}

export interface JogCommand {
  /** of each joint's highest speed for an operator, in [-1, 1]; 0 for joints that are not named (m) */
  readonly axes: readonly number[];
  /** how long it may be acted on after its receipt [ms] */
  readonly lifetimeMs: number;
}

type Tuning = Pick<TeleopConfig, 'maxVelocityScale' | 'deadBand' | 'commandTimeoutMs'>;

/**
 * Velocities [rad/s] or [m/s] by joint name. Those beyond `max_velocity_scale` of a joint's limit are taken down to it, those within the
 * dead band to 0, and joints that are not named rest. A duration of 0, which most publishers leave, says nothing: the command then lives
 * as long as any of an operator may.
 * @returns what is wrong, where it cannot be obeyed as a whole
 */
export function readJog(
  { joint_names: names, displacements, velocities, duration }: JointJog,
  joints: readonly GateJoint[],
  { maxVelocityScale, deadBand, commandTimeoutMs }: Tuning,
): JogCommand | JogFlaw {
  if (displacements.length > 0)
    return { kind: 'displacements', why: 'it asks for displacements; only velocities are taken' };
  if (names.length === 0 || names.length !== velocities.length)
    return { kind: 'size', why: `it has ${names.length} joint names and ${velocities.length} velocities` };
  if (!Number.isFinite(duration) || duration < 0)
    return { kind: 'duration', why: `its duration is ${duration} s, expected 0 or more` };
  const axes = new Array<number>(joints.length).fill(0);
  const named = new Set<string>();
  for (const [i, name] of names.entries()) {
    const index = joints.findIndex((joint) => joint.name === name);
    if (index < 0 || named.has(name))
      return {
        kind: 'joint',
        why: `joint '${name}' is ${index < 0 ? 'not commanded here' : 'named twice'}; commanded are ${joints.map((joint) => joint.name).join(', ')}`,
      };
    named.add(name);
    const velocity = velocities[i]!;
    if (!Number.isFinite(velocity))
      return { kind: 'number', why: `the velocity of joint '${name}' is ${velocity}` };
    const share = velocity / (maxVelocityScale * joints[index]!.maxVelocity);
    axes[index] = Math.abs(share) <= deadBand ? 0 : Math.min(Math.max(share, -1), 1);
  }
  const lifetimeMs = duration === 0 ? commandTimeoutMs : Math.min(duration * 1e3, commandTimeoutMs);
  return { axes, lifetimeMs };
}
