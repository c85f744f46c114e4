/** Those who ask for what must not be sent. */
import type { GateConfig, Proposal } from '../../src/safety/types.js';

/** A small stream of its own, so that the adversary is repeatable and shares nothing with the product. */
export function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 0x100000000;
  };
}

export const ADVERSARIES = [
  'random',
  'up',
  'down',
  'bang-bang',
  'slow waves',
  'poison',
  'late bursts',
] as const;
export type Adversary = (typeof ADVERSARIES)[number];
const POISON = [NaN, Infinity, -Infinity, 1e9, -1e9, 1e308, -1e308, 5e-324, -0];
/** a joint without limits is sent this far [rad or m] */
const FAR = 6;

/** What an adversary asks of one joint, in the unit of the interface. */
function ask(
  adversary: Adversary,
  config: GateConfig,
  i: number,
  tick: number,
  random: () => number,
): number {
  const joint = config.joints[i]!;
  const span = {
    position: joint.maxPosition === Infinity ? FAR : joint.maxPosition * 2,
    velocity: joint.maxVelocity * 3,
    effort: joint.maxEffort * 3,
  };
  const size = span[config.interface];
  switch (adversary) {
    case 'random':
      return (2 * random() - 1) * size;
    case 'up':
      return size;
    case 'down':
      return -size;
    case 'bang-bang':
      return (tick + i) % 2 === 0 ? size : -size;
    case 'slow waves':
      return Math.floor(tick / (20 + 17 * i)) % 2 === 0 ? size : -size;
    case 'poison':
      return random() < 0.2 ? POISON[Math.floor(random() * POISON.length)]! : size;
    case 'late bursts':
      return tick % 40 < 20 ? size : (2 * random() - 1) * size;
  }
}

/** The tick's proposal, sometimes malformed, expired, or not there at all. */
export function propose(
  adversary: Adversary,
  config: GateConfig,
  tick: number,
  nowNs: bigint,
  random: () => number,
): Proposal | null {
  const joints = config.joints.map((joint) => joint.name);
  const command = Float64Array.from(joints, (_, i) => ask(adversary, config, i, tick, random));
  const base: Proposal = { source: 'agent', joints, command, seq: tick, expiresNs: nowNs + 100_000_000n };
  if (adversary === 'late bursts' && tick % 40 >= 30) return { ...base, expiresNs: nowNs - BigInt(tick) };
  if (adversary !== 'poison') return base;
  const dice = random();
  if (dice < 0.05) return null;
  if (dice < 0.1) return { ...base, command: command.slice(1) };
  if (dice < 0.15) return { ...base, joints: joints.map((name) => `${name}?`) };
  return base;
}
