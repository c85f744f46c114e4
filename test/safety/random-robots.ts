/** Random robots for property tests: limits, timing, and what the joints' encoders show. */
import fc from 'fast-check';
import { LIMIT_SCALINGS } from '../../src/robot/model.js';
import { validateGateConfig } from '../../src/safety/gate-config.js';
import type { GateConfig, GateJoint } from '../../src/safety/types.js';

/** ideal: acts at once; delayed: after a latency; lagging: also with a first-order lag; quantised: lagging, behind a coarse encoder. */
export const TWIN_KINDS = ['ideal', 'delayed', 'lagging', 'quantised'] as const;
export type TwinKind = (typeof TWIN_KINDS)[number];

/** What is measured of a joint. */
export interface Encoder {
  /** positions are multiples of it [rad or m] */
  readonly resolution: number;
  /** velocities are multiples of it [rad/s or m/s]; 'derived': differences of two positions over one period */
  readonly velocityResolution: number | 'derived';
}

export interface RandomRobot {
  readonly config: GateConfig;
  /** of each joint; absent: exact */
  readonly encoders?: readonly Encoder[];
}

export const number = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true });

function jointArbitrary(index: number): fc.Arbitrary<GateJoint> {
  return fc
    .record({
      name: fc.constant(`joint${index}`),
      unit: fc.constantFrom('rad' as const, 'm' as const),
      range: fc.oneof(
        { weight: 4, arbitrary: fc.record({ minPosition: number(-3, -0.2), maxPosition: number(0.2, 3) }) },
        { weight: 1, arbitrary: fc.constant({ minPosition: -Infinity, maxPosition: Infinity }) },
      ),
      maxVelocity: number(0.1, 4),
      maxAcceleration: number(0.5, 30),
      maxDeceleration: fc.oneof(fc.constant(undefined), number(0.5, 30)),
      maxJerk: fc.oneof(fc.constant(Infinity), number(5, 2000)),
      maxEffort: number(1, 50),
      maxEffortRate: fc.oneof(fc.constant(Infinity), number(1, 500)),
      kPosition: fc.oneof(fc.constant(Infinity), number(0.5, 50)),
      kVelocity: number(0.1, 50),
    })
    .map(({ range, ...joint }) => ({
      ...joint,
      ...range,
      maxDeceleration: joint.maxDeceleration ?? joint.maxAcceleration,
    }));
}

export function configArbitrary(
  commandInterface: GateConfig['interface'],
  twin: TwinKind = 'lagging',
): fc.Arbitrary<GateConfig> {
  const lags = twin === 'lagging' || twin === 'quantised';
  return fc
    .record({
      count: fc.integer({ min: 1, max: 7 }),
      controlPeriod: number(0.001, 0.05).map((period) => Math.round(period * 1e9) / 1e9), // whole nanoseconds
      latencyTicks:
        twin === 'ideal' ? fc.constant(0) : fc.oneof(fc.integer({ min: 0, max: 5 }), number(0, 5)),
      actuatorLag: lags ? fc.oneof(fc.constant(0), number(0.001, 0.1)) : fc.constant(0),
      positionMargin: twin === 'quantised' ? number(0.001, 0.05) : fc.oneof(fc.constant(0), number(0, 0.05)),
      limitScaling: fc.constantFrom(...LIMIT_SCALINGS),
      onTransition: fc.record({
        velocityScale: number(0.1, 1),
        accelerationScale: number(0.1, 1),
        duration: fc.oneof(fc.constant(0), number(0, 2)),
      }),
    })
    .chain(({ count, latencyTicks, ...config }) =>
      fc.tuple(...Array.from({ length: count }, (_, i) => jointArbitrary(i))).map((joints) =>
        validateGateConfig({
          ...config,
          interface: commandInterface,
          joints,
          commandLatency: latencyTicks * config.controlPeriod,
          stateTimeoutMs: 500,
          stateFrozenMs: 2000,
          ...(commandInterface === 'effort' ? { stopAction: 'damping' as const } : {}),
        }),
      ),
    );
}

export function robotArbitrary(
  commandInterface: GateConfig['interface'],
  twin: TwinKind,
): fc.Arbitrary<RandomRobot> {
  const configs = configArbitrary(commandInterface, twin);
  if (twin !== 'quantised') return configs.map((config) => ({ config }));
  return fc
    .tuple(configs, fc.array(fc.tuple(fc.boolean(), number(0, 1)), { minLength: 7, maxLength: 7 }))
    .map(([config, draws]) => ({
      config,
      encoders: config.joints.map((joint, i) => coarsestEncoder(config, joint, ...draws[i]!)),
    }));
}

/**
 * The coarsest encoder that the margin covers. Between two ticks the error of a position changes by its resolution at most; a
 * velocity that is too high by e lengthens the reach by lag * e:
 *   margin >= resolution + lag * e
 * with e half of the velocity's resolution, or, where it is derived, resolution / dt and what the joint has slowed down meanwhile.
 * @param share of the margin that is left to the position
 */
function coarsestEncoder(config: GateConfig, joint: GateJoint, derived: boolean, share: number): Encoder {
  const { positionMargin: margin, actuatorLag: lag, controlPeriod: dt } = config;
  const slowing = Math.max(joint.maxAcceleration, joint.maxDeceleration) * dt;
  const resolution = (margin - lag * slowing) / (1 + lag / dt);
  if (derived && resolution > 1e-6) return { resolution, velocityResolution: 'derived' };
  const ofPosition = margin * (0.1 + 0.9 * share);
  const ofVelocity = lag === 0 ? joint.maxVelocity : (2 * (margin - ofPosition)) / lag;
  return { resolution: ofPosition, velocityResolution: Math.max(ofVelocity, 1e-6) };
}
