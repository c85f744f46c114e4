import { describe, expect, it } from 'vitest';
import { RestDetector } from '../../../src/guard/rest-detector.js';
import { createGateState, GATE_MODES, type GateMode } from '../../../src/safety/index.js';
import { config } from '../../safety/fixtures.js';

const gateConfig = config();
const TIMEOUT_NS = BigInt(Math.round(gateConfig.stateTimeoutMs * 1e6));
const LIMIT = 0.02 * gateConfig.joints[0]!.maxVelocity;
const NOW = 10_000_000_000n;

interface Tick {
  readonly mode?: GateMode;
  readonly velocity?: number;
  readonly ageNs?: bigint;
}

/** What the detector says at each of these ticks; at rest by default. */
function ticks(sequence: readonly Tick[]): boolean[] {
  const detector = new RestDetector(gateConfig);
  return sequence.map(({ mode = 'mute', velocity = 0, ageNs = 0n }) => {
    const velocities = new Float64Array(gateConfig.joints.length);
    velocities[0] = velocity;
    const positions = new Float64Array(velocities.length);
    const gate = { ...createGateState(gateConfig), mode };
    return detector.isAtRest(gate, { positions, velocities, receivedNs: NOW - ageNs }, NOW);
  });
}
const times = (count: number, tick: Tick): Tick[] => Array.from({ length: count }, () => tick);

describe('RestDetector', () => {
  it('confirms a stop at the fifth still tick in a row, and from then on', () => {
    expect(ticks(times(6, {}))).toEqual([false, false, false, false, true, true]);
  });

  it.each<[string, Tick]>([
    ['a moving joint', { velocity: LIMIT }],
    ['a joint moving backwards', { velocity: -LIMIT }],
    ['a velocity that is no number', { velocity: NaN }],
    ['an active gate', { mode: 'active' }],
    ['a gate that is ramping down', { mode: 'stopping' }],
    ['a stale state', { ageNs: TIMEOUT_NS + 1n }],
  ])('starts anew at %s', (_what, disturbance) => {
    expect(ticks([...times(4, {}), disturbance, ...times(5, {})])).toEqual([
      ...times(9, {}).map(() => false),
      true,
    ]);
    expect(ticks([...times(8, {}), disturbance]).at(-1)).toBe(false);
  });

  it.each<[string, Tick]>([
    ['a joint just below the limit', { velocity: 0.999 * LIMIT }],
    ['a state just within its time', { ageNs: TIMEOUT_NS }],
    ...GATE_MODES.filter((mode) => mode !== 'active' && mode !== 'stopping').map((mode): [string, Tick] => [
      `a gate in mode ${mode}`,
      { mode },
    ]),
  ])('confirms with %s', (_what, tick) => {
    expect(ticks(times(5, tick)).at(-1)).toBe(true);
  });
});
