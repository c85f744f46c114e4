/**
 * The gate's test of itself before anything may be sent: a gate of the real configuration, connected to nothing, is fed commands and
 * states that must not get through. What it would send is judged by rules that share no code with it.
 */
import { DynabridgeError } from '../core/index.js';
import { gate } from './gate.js';
import { gateEvent } from './gate-events.js';
import { createGateState, type GateState } from './gate-state.js';
import type { GateConfig, GateEvent, GateJoint, Measured, Proposal } from './types.js';

/** Something that must not get through. */
interface Poison {
  readonly name: string;
  /** refused: the hold is sent, or nothing while mute; bounded: something within limits is sent */
  readonly expected: 'refused' | 'bounded';
  readonly proposal: Partial<Proposal>;
  /** what is measured instead of the robot at rest; null: nothing */
  readonly measured?: (rest: Measured, nowNs: bigint) => Measured | null;
  /** instead of engaging */
  readonly event?: GateEvent;
  /** when it is fed, from engaging on; default at once */
  readonly afterMs?: number;
  /** commands of later ticks: the first one times (-1)^tick */
  readonly alternating?: true;
}

const START_NS = 1_000_000_000_000n;
const FAR_NS = 1n << 60n;
/** a poison is fed for so many ticks */
const TICKS = 5;
/** relative, on limits: what rounding may add */
const ROUNDING = 1e-9;

/**
 * @param judge the gate; another one in tests of this test
 * @throws SAFETY_FAULT that names every poison that got through; nothing may be started then
 */
export function requireSelfTest(config: GateConfig, judge: typeof gate = gate): number {
  const poisons = poisonsFor(config);
  const failures = poisons.flatMap((poison) => feed(config, poison, judge));
  if (failures.length === 0) return poisons.length;
  throw new DynabridgeError(
    'SAFETY_FAULT',
    `the gate's self-test failed, so nothing is started; please report this with robot.yaml and joint_limits.yaml:\n${failures
      .map((text) => `  - ${text}`)
      .join('\n')}`,
    { failures },
  );
}

function poisonsFor({ joints, stateTimeoutMs }: GateConfig): Poison[] {
  const m = joints.length;
  const names = joints.map(({ name }) => name);
  const all = (value: number) => new Float64Array(m).fill(value);
  const lastOnly = (value: number) => all(0).fill(value, m - 1);
  const refused = (name: string, proposal: Partial<Proposal>): Poison => ({
    name,
    expected: 'refused',
    proposal: { command: all(1e-3), ...proposal },
  });
  const bounded = (name: string, command: Float64Array): Poison => ({
    name,
    expected: 'bounded',
    proposal: { command },
  });
  const unjudgeable = (name: string, measured: NonNullable<Poison['measured']>): Poison => ({
    ...refused(name, {}),
    measured,
  });
  return [
    refused('a command that is not a number', { command: all(NaN) }),
    refused('one joint that is not a number', { command: lastOnly(NaN) }),
    refused('an infinite command', { command: all(Infinity) }),
    refused('one joint that is minus infinity', { command: lastOnly(-Infinity) }),
    refused('a command of no joints', { joints: [], command: new Float64Array(0) }),
    refused('a command that lacks a joint', { joints: names.slice(1), command: new Float64Array(m - 1) }),
    refused('a command of one joint too many', {
      joints: [...names, 'another'],
      command: new Float64Array(m + 1),
    }),
    refused('a command of another joint', { joints: [...names.slice(1), 'another'] }),
    refused('names without values', { command: new Float64Array(0) }),
    refused('a command that has just expired', { expiresNs: START_NS }),
    refused('a command from long ago', { expiresNs: 0n }),
    bounded('the largest number', all(Number.MAX_VALUE)),
    bounded('the largest number, downwards', all(-Number.MAX_VALUE)),
    bounded('a slip of units', all(1e4)),
    bounded('one joint beyond all limits', lastOnly(-1e6)),
    bounded('the smallest number', all(Number.MIN_VALUE)),
    { ...bounded('full reversal at every tick', all(1e3)), alternating: true },
    unjudgeable('a command without a state', () => null),
    unjudgeable('a state that is not a number', (rest) => ({ ...rest, positions: all(NaN) })),
    unjudgeable('a velocity that is infinite', (rest) => ({ ...rest, velocities: all(Infinity) })),
    {
      ...unjudgeable('a state that is too old', (rest) => ({ ...rest, receivedNs: START_NS })),
      afterMs: stateTimeoutMs + 1,
    },
    unjudgeable('a state from the future', (rest, nowNs) => ({
      ...rest,
      receivedNs: nowNs + 10_000_000_000n,
    })),
    { ...refused('a command before it was engaged', {}), event: 'mute' },
    { ...refused('a command during an e-stop', {}), event: 'estop' },
    { ...refused('a command while released', {}), event: 'release' },
  ];
}

/** @returns what got through, in words */
function feed(config: GateConfig, poison: Poison, judge: typeof gate): string[] {
  const rest = atRest(config);
  let state = prepared(config, rest, poison.event);
  const hold = config.interface === 'position' ? rest.positions : new Float64Array(config.joints.length);
  let previous = hold;
  const failures: string[] = [];
  for (let tick = 1; tick <= TICKS; tick++) {
    const nowNs =
      START_NS + BigInt(Math.round(tick * config.controlPeriod * 1e9 + (poison.afterMs ?? 0) * 1e6));
    const proposal = proposalOf(config, poison, tick);
    const fresh = { ...rest, receivedNs: nowNs };
    const measured = poison.measured ? poison.measured(fresh, nowNs) : fresh;
    const result = judge(config, state, proposal, measured, null, nowNs);
    state = result.state;
    const sent = result.verdict.command?.copyValues();
    if (sent === undefined) continue;
    const wrong =
      poison.expected === 'refused' ? difference(config, sent, hold) : excess(config, sent, previous);
    if (wrong !== undefined) failures.push(`${poison.name}, tick ${tick}: ${wrong}`);
    previous = sent;
  }
  return failures;
}

function proposalOf({ joints }: GateConfig, { proposal, alternating }: Poison, tick: number): Proposal {
  const command = proposal.command!;
  return {
    source: 'script',
    joints: joints.map(({ name }) => name),
    seq: tick,
    expiresNs: FAR_NS,
    ...proposal,
    command: alternating && tick % 2 === 0 ? command.map((value) => -value) : command,
  };
}

/** In the middle of each joint's range. */
function atRest({ joints }: GateConfig): Measured {
  const middle = ({ minPosition, maxPosition }: GateJoint): number =>
    Number.isFinite(minPosition + maxPosition) ? (minPosition + maxPosition) / 2 : 0;
  return {
    positions: Float64Array.from(joints, middle),
    velocities: new Float64Array(joints.length),
    receivedNs: START_NS,
  };
}

/** A gate that was engaged, and then brought where the event leads. */
function prepared(config: GateConfig, rest: Measured, event: GateEvent | undefined): GateState {
  const mute = createGateState(config);
  if (event === 'mute') return mute;
  const engaged = gateEvent(config, mute, 'engage', rest, START_NS).state;
  return event === undefined ? engaged : gateEvent(config, engaged, event, rest, START_NS).state;
}

/** How a command differs from the hold. */
function difference({ joints }: GateConfig, sent: Float64Array, hold: Float64Array): string | undefined {
  if (sent.length !== joints.length) return `${sent.length} values were sent for ${joints.length} joints`;
  const i = sent.findIndex((value, j) => value !== hold[j]);
  return i < 0 ? undefined : `joint '${joints[i]!.name}' was sent ${sent[i]}, not the hold ${hold[i]}`;
}

/** How a command exceeds limits: of its interface, and of its change from the one before. */
function excess(config: GateConfig, sent: Float64Array, previous: Float64Array): string | undefined {
  const { joints, controlPeriod } = config;
  for (let i = 0; i < joints.length; i++) {
    const joint = joints[i]!;
    const value = sent[i]!;
    const change = Math.abs(value - previous[i]!);
    const [low, high, largestChange] = {
      position: [joint.minPosition, joint.maxPosition, joint.maxVelocity * controlPeriod],
      velocity: [
        -joint.maxVelocity,
        joint.maxVelocity,
        Math.max(joint.maxAcceleration, joint.maxDeceleration) * controlPeriod,
      ],
      effort: [-joint.maxEffort, joint.maxEffort, Infinity],
    }[config.interface] as [number, number, number];
    const slack = ROUNDING * Math.max(1, Math.abs(value));
    // written so that what is not a number fails
    if (!(value >= low - slack && value <= high + slack))
      return `joint '${joint.name}' was sent ${value}, limits ${low} and ${high}`;
    if (!(change <= largestChange + slack))
      return `joint '${joint.name}' was sent ${value} after ${previous[i]}, at most ${largestChange} apart`;
  }
  return undefined;
}
