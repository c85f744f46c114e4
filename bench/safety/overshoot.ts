import {
  createGateState,
  gate,
  gateEvent,
  validateGateConfig,
  type GateConfig,
} from '../../src/safety/index.js';
import { limitVelocity, type InterfaceLimits } from './ros2-control-limiter.js';

/** The joint of the comparison; every request is full speed at its upper limit. */
const LIMITS: InterfaceLimits = { minPosition: -1, maxPosition: 1, maxVelocity: 1, maxAcceleration: 1 };
/** [s] */
const DT = 0.01;
const REQUEST = 1;
const TICKS = 1000;
/** integration steps of a control period */
const SUBSTEPS = 10;
/** the joint that is neither prompt nor stiff */
const LATENCY = 2 * DT;
const LAG = 0.03;

/** A position that a velocity command moves: after `latency`, through a first-order lag. */
class Joint {
  position = 0;
  velocity = 0;
  private readonly underway: number[];

  /** @param latency a multiple of DT [s] @param lag [s] */
  constructor(
    latency: number,
    private readonly lag: number,
  ) {
    this.underway = new Array<number>(Math.round(latency / DT)).fill(0);
  }

  /** One control period. */
  advance(command: number): void {
    this.underway.push(command);
    const acting = this.underway.shift()!;
    for (let i = 0; i < SUBSTEPS; i++) {
      const h = DT / SUBSTEPS;
      // exact for a command that is constant within the step
      const share = this.lag === 0 ? 1 : 1 - Math.exp(-h / this.lag);
      const before = this.velocity;
      this.velocity += share * (acting - before);
      this.position += this.lag === 0 ? acting * h : acting * h - this.lag * (this.velocity - before);
    }
  }
}

export interface Overshoot {
  /** farthest position beyond the limit on the joint that follows at once [rad]; negative: short of it */
  readonly ours: number;
  readonly ros2ControlInterfaceLimiter: number;
  /** ours on a joint with 20 ms of latency and 30 ms of lag, both declared [rad] */
  readonly oursDelayed: number;
  readonly ros2ControlInterfaceLimiterDelayed: number;
}

/** How far a joint gets when it is asked for full speed into its limit for 10 s, behind our gate and behind the peer's limiter. */
export function measureOvershoot(): Overshoot {
  return {
    ours: behindGate(0, 0),
    ros2ControlInterfaceLimiter: behindInterfaceLimiter(0, 0),
    oursDelayed: behindGate(LATENCY, LAG),
    ros2ControlInterfaceLimiterDelayed: behindInterfaceLimiter(LATENCY, LAG),
  };
}

function behindInterfaceLimiter(latency: number, lag: number): number {
  const joint = new Joint(latency, lag);
  let command = 0;
  let farthest = 0;
  for (let tick = 0; tick < TICKS; tick++) {
    command = limitVelocity(LIMITS, REQUEST, joint.position, command, DT);
    joint.advance(command);
    farthest = Math.max(farthest, joint.position);
  }
  return farthest - LIMITS.maxPosition;
}

/** No margin is kept, so that the bound itself is seen. */
function gateConfig(commandLatency: number, actuatorLag: number): GateConfig {
  const { maxAcceleration, ...limits } = LIMITS;
  const rates = { maxAcceleration, maxDeceleration: maxAcceleration, maxJerk: Infinity };
  const unlimited = { maxEffortRate: Infinity, kPosition: Infinity };
  return validateGateConfig({
    interface: 'velocity',
    joints: [{ name: 'joint', unit: 'rad', ...limits, ...rates, ...unlimited, maxEffort: 1, kVelocity: 1 }],
    controlPeriod: DT,
    commandLatency,
    actuatorLag,
    positionMargin: 0,
    stateTimeoutMs: 100,
    stateFrozenMs: 500,
    limitScaling: 'per_joint',
    onTransition: { velocityScale: 1, accelerationScale: 1, duration: 0 },
  });
}

function behindGate(latency: number, lag: number): number {
  const config = gateConfig(latency, lag);
  const joint = new Joint(latency, lag);
  let now = 1_000_000_000n;
  const measured = () => ({
    positions: Float64Array.of(joint.position),
    velocities: Float64Array.of(joint.velocity),
    receivedNs: now,
  });
  let { state } = gateEvent(config, createGateState(config), 'engage', measured(), now);
  let farthest = 0;
  for (let tick = 0; tick < TICKS; tick++) {
    now += BigInt(DT * 1e9);
    const proposal = {
      source: 'script',
      joints: ['joint'],
      command: Float64Array.of(REQUEST),
      seq: tick,
      expiresNs: now + 1n,
    } as const;
    const result = gate(config, state, proposal, measured(), null, now);
    state = result.state;
    joint.advance(result.verdict.command!.copyValues()[0]!);
    farthest = Math.max(farthest, joint.position);
  }
  return farthest - LIMITS.maxPosition;
}
