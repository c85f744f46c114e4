import { describe, expect, it } from 'vitest';
import { gateConfigFromRobot, gateConfigHash, validateGateConfig } from '../../src/safety/gate-config.js';
import { createGateState } from '../../src/safety/gate-state.js';
import type { Joint, Robot, RobotConfig } from '../../src/robot/model.js';
import type { GateConfig, GateJoint } from '../../src/safety/types.js';
import { contextOf } from '../unit/robot/scratch-robot.js';
import { NO_TRANSITION, config, joint } from './fixtures.js';

describe('validateGateConfig', () => {
  it('accepts the complete configuration and freezes a copy of it', () => {
    const given = config();
    const valid = validateGateConfig(given);
    expect(valid).toEqual(given);
    expect(Object.isFrozen(valid) && Object.isFrozen(valid.joints) && Object.isFrozen(valid.joints[0])).toBe(
      true,
    );
  });

  it.each<[string, Partial<GateJoint>]>([
    ['minPosition', { minPosition: NaN }],
    ['maxPosition', { maxPosition: NaN }],
    ['maxPosition', { maxPosition: undefined as unknown as number }],
    ['position limits', { minPosition: 1, maxPosition: -1 }],
    ['position limits', { minPosition: 1, maxPosition: 1 }],
    ['maxVelocity', { maxVelocity: 0 }],
    ['maxVelocity', { maxVelocity: -1 }],
    ['maxVelocity', { maxVelocity: NaN }],
    ['maxVelocity', { maxVelocity: Infinity }],
    ['maxVelocity', { maxVelocity: 1.1e9 }],
    ['maxAcceleration', { maxAcceleration: 0 }],
    ['maxDeceleration', { maxDeceleration: -5 }],
    ['maxEffort', { maxEffort: undefined as unknown as number }],
    ['kVelocity', { kVelocity: 0 }],
    ['maxJerk', { maxJerk: 0 }],
    ['maxJerk', { maxJerk: NaN }],
    ['maxEffortRate', { maxEffortRate: 0 }],
    ['kPosition', { kPosition: -1 }],
  ])('refuses a joint with a bad %s, naming joint and field: %o', (field, overrides) => {
    const attempt = (): unknown => validateGateConfig(config({ joints: [joint(overrides)] }));
    expect(attempt).toThrow(/'elbow'/);
    expect(attempt).toThrow(new RegExp(field));
    expect(attempt).toThrow(/joint_limits.yaml|max_jerk|max_effort_rate|k_position/);
    expect(() => createGateState(config({ joints: [joint(overrides)] }))).toThrow(/'elbow'/);
  });

  it.each<[string, Partial<GateConfig>]>([
    ['no joints', { joints: [] }],
    ['named twice', { joints: [joint(), joint()] }],
    ['controlPeriod', { controlPeriod: 0 }],
    ['controlPeriod', { controlPeriod: 1.01 }],
    ['commandLatency', { commandLatency: -0.001 }],
    ['commandLatency', { commandLatency: NaN }],
    ['actuatorLag', { actuatorLag: -0.001 }],
    ['positionMargin', { positionMargin: -0.001 }],
    ['leave no room', { positionMargin: 1 }],
    ['stateTimeoutMs', { stateTimeoutMs: 9.9 }],
    ['stateFrozenMs', { stateFrozenMs: 49, commandLatency: 0.02, actuatorLag: 0.03 }],
    ['velocityScale', { onTransition: { ...NO_TRANSITION, velocityScale: 0 } }],
    ['accelerationScale', { onTransition: { ...NO_TRANSITION, accelerationScale: 1.1 } }],
    ['duration', { onTransition: { ...NO_TRANSITION, duration: -0.1 } }],
    ['stop_action is missing', { interface: 'effort', stopAction: undefined as never }],
    ['model of gravity', { interface: 'effort', stopAction: 'gravity_hold' }],
  ])('refuses: %s', (message, overrides) => {
    expect(() => validateGateConfig(config(overrides))).toThrow(message);
  });

  it.each<[string, Partial<GateConfig>, object]>([
    ['no limit', { joints: [joint({ minPosition: NaN })] }, { joint: 'elbow', field: 'minPosition' }],
    ['swapped limits', { joints: [joint({ minPosition: 1, maxPosition: -1 })] }, { joint: 'elbow' }],
    ['no speed', { joints: [joint({ maxVelocity: 0 })] }, { joint: 'elbow', field: 'maxVelocity', value: 0 }],
    ['a period of 0', { controlPeriod: 0 }, { what: 'controlPeriod', value: 0 }],
  ])('names for machines too: %s', (_name, overrides, context) => {
    expect(contextOf(() => validateGateConfig(config(overrides)))).toEqual(context);
  });

  it.each<[string, Partial<GateConfig>]>([
    ['a margin just below half the range', { positionMargin: 0.999 }],
    ['a timeout of one period', { stateTimeoutMs: 10 }],
    ['damping', { interface: 'effort', stopAction: 'damping' }],
    ['zero', { interface: 'effort', stopAction: 'zero' }],
    ['a limit as high as there is', { joints: [joint({ maxVelocity: 1e9 })] }],
    ['no position limits', { joints: [joint({ minPosition: -Infinity, maxPosition: Infinity })] }],
  ])('accepts %s', (_name, overrides) => {
    expect(() => validateGateConfig(config(overrides))).not.toThrow();
  });
});

const slider: Joint = {
  name: 'slider',
  type: 'prismatic',
  role: 'commanded',
  parent: 'base',
  child: 'cart',
  axis: { x: 1, y: 0, z: 0 },
  origin: { xyz: { x: 0, y: 0, z: 0 }, rpy: { x: 0, y: 0, z: 0 } },
  limits: { position: { min: -1, max: 2 }, maxVelocity: 2, maxAcceleration: 8, maxEffort: 100 },
  dynamics: { damping: 0, friction: 0 },
};

function robot(
  joints: readonly Joint[],
  overrides: Partial<RobotConfig> = {},
  commanded = ['slider'],
): Robot {
  return {
    folder: '/robots/cart',
    config: {
      commandInterface: 'velocity',
      commandTopic: '/commands',
      commandMessageType: 'std_msgs/msg/Float64MultiArray',
      commandPoints: 1,
      stateTopic: '/joint_states',
      controlRateHz: 100,
      policyRateHz: 25,
      commandLatency: 0.02,
      actuatorLag: 0.03,
      positionMargin: 0.02,
      stateTimeoutMs: 100,
      stateFrozenMs: 500,
      limitScaling: 'per_joint',
      onTransition: NO_TRANSITION,
      disabledCollisions: [],
      blackBoxSeconds: 30,
      action: { mode: 'absolute', scale: [1] },
      homePose: {},
      sensors: [],
      prediction: { enabled: true, horizon: 4 },
      teleop: {
        commandTimeoutMs: 100,
        linkTimeoutMs: 300,
        maxVelocityScale: 0.3,
        deadBand: 0.05,
        stateRateHz: 10,
        mayEngage: false,
        priority: 100,
        required: false,
        jointJog: false,
      },
      agent: { timeoutMs: 200, priority: 10 },
      locks: [],
      downstream: { acceptNoTimeout: false },
      ...overrides,
    },
    model: {
      name: 'cart',
      rootLink: 'base',
      links: ['base', 'cart'],
      joints,
      commanded,
      measured: commanded,
      collisions: [],
      dropped: [],
      urdf: '',
      urdfPath: '',
      urdfSha256: '',
    },
  };
}

function withLimits(limits: Partial<NonNullable<Joint['limits']>>, overrides: Partial<Joint> = {}): Joint {
  return { ...slider, ...overrides, limits: { ...slider.limits!, ...limits } };
}

describe('gateConfigFromRobot', () => {
  it('takes limits, rates and delays over, with deceleration as acceleration where it is not given', () => {
    const result = gateConfigFromRobot(robot([slider]));
    expect(result).toEqual({
      interface: 'velocity',
      joints: [
        {
          name: 'slider',
          unit: 'm',
          minPosition: -1,
          maxPosition: 2,
          maxVelocity: 2,
          maxAcceleration: 8,
          maxDeceleration: 8,
          maxJerk: Infinity,
          maxEffort: 100,
          maxEffortRate: Infinity,
          kPosition: Infinity,
          kVelocity: 100 / (2 * 8 * 0.06),
        },
      ],
      controlPeriod: 0.01,
      commandLatency: 0.02,
      actuatorLag: 0.03,
      positionMargin: 0.02,
      stateTimeoutMs: 100,
      stateFrozenMs: 500,
      limitScaling: 'per_joint',
      onTransition: NO_TRANSITION,
    });
  });

  it('takes the tighter of hard and soft limits, and what is declared before what is derived', () => {
    const softPosition = { min: -0.5, max: 3, kPosition: 1, kVelocity: 7 };
    const tight = withLimits({
      softPosition,
      kVelocity: 7,
      maxDeceleration: 6,
      maxJerk: 90,
      maxEffortRate: 40,
    });
    expect(gateConfigFromRobot(robot([tight])).joints[0]).toMatchObject({
      minPosition: -0.5,
      maxPosition: 2,
      maxDeceleration: 6,
      maxJerk: 90,
      maxEffortRate: 40,
      kPosition: 1,
      kVelocity: 7,
    });
  });

  it('takes a k_position of 0, which is what URDF means by leaving it out, for none', () => {
    const softPosition = { min: -0.5, max: 0.5, kPosition: 0, kVelocity: 7 };
    expect(gateConfigFromRobot(robot([withLimits({ softPosition })])).joints[0]!.kPosition).toBe(Infinity);
  });

  it('derives the barrier from 10 % of maxVelocity where the delay is short', () => {
    const fast = robot([withLimits({ maxVelocity: 20, kVelocity: 0 })], {
      commandLatency: 0,
      actuatorLag: 0,
    });
    expect(gateConfigFromRobot(fast).joints[0]!.kVelocity).toBe(50);
  });

  it('leaves a continuous joint without position limits', () => {
    const wheel: Joint = {
      ...slider,
      type: 'continuous',
      limits: { maxVelocity: 1, maxAcceleration: 1, maxEffort: 1 },
    };
    expect(gateConfigFromRobot(robot([wheel])).joints[0]).toMatchObject({
      unit: 'rad',
      minPosition: -Infinity,
      maxPosition: Infinity,
    });
  });

  it('takes over the stop action, where there is one', () => {
    expect(gateConfigFromRobot(robot([slider]))).not.toHaveProperty('stopAction');
    const effort = robot([slider], { commandInterface: 'effort', stopAction: 'zero' });
    expect(gateConfigFromRobot(effort).stopAction).toBe('zero');
  });

  it.each<[string, Robot]>([
    [
      'max_acceleration',
      robot([{ ...slider, limits: { maxVelocity: 1, maxEffort: 1, position: { min: 0, max: 1 } } }]),
    ],
    ['min_position', robot([{ ...slider, limits: { maxVelocity: 1, maxAcceleration: 1, maxEffort: 1 } }])],
    ["'slider' is not in the URDF", robot([])],
    ['control_rate_hz', robot([slider], { controlRateHz: 0 })],
    ['control_rate_hz', robot([slider], { controlRateHz: NaN })],
    ['kVelocity', robot([withLimits({ kVelocity: -1 })])],
  ])('refuses: %s', (message, given) => {
    expect(() => gateConfigFromRobot(given)).toThrow(message);
  });

  it('refuses a joint without limits', () => {
    const { limits: _limits, ...bare } = slider;
    const attempt = (): unknown => gateConfigFromRobot(robot([bare]));
    expect(attempt).toThrow('<limit> in the URDF');
    expect(contextOf(attempt)).toEqual({ joint: 'slider' });
  });
});

describe('gateConfigHash', () => {
  it('is 64 hexadecimal digits, and does not depend on the order of keys', () => {
    const given = config();
    const reversed = Object.fromEntries(Object.entries(given).reverse()) as unknown as GateConfig;
    expect(gateConfigHash(given)).toMatch(/^[0-9a-f]{64}$/);
    expect(gateConfigHash(reversed)).toBe(gateConfigHash(given));
  });

  it('changes with any limit, also from finite to infinite', () => {
    const hashes = [
      {},
      { maxJerk: 90 },
      { maxVelocity: 1.1 },
      { maxPosition: Infinity },
      { name: 'wrist' },
    ].map((overrides) => gateConfigHash(config({ joints: [joint(overrides)] })));
    expect(new Set(hashes).size).toBe(5);
  });
});
