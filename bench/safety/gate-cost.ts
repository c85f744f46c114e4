import { createHistogram } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { systemClock } from '../../src/core/index.js';
import type { CommandInterface } from '../../src/robot/index.js';
import {
  createGateState,
  gate,
  gateEvent,
  validateGateConfig,
  type GateConfig,
  type GateState,
} from '../../src/safety/index.js';

export interface GateCost {
  readonly interface: CommandInterface;
  readonly joints: number;
  readonly ticks: number;
  /** of one tick, the reading of the clock (about 0.1 us) included */
  readonly p50Us: number;
  readonly p99Us: number;
  readonly meanUs: number;
  /** what is still held on the heap after the ticks, garbage collected before and after [KiB] */
  readonly heapGrowthKiB: number;
}

const WARM_UP = 20_000;
const PERIOD_NS = 10_000_000n;

/** Time of single gate ticks, with requests that swing through the limits. */
export function measureGate(kind: CommandInterface, joints: number, ticks: number): GateCost {
  const config = configOf(kind, joints);
  const run = new GateRun(config);
  run.ticks(WARM_UP, () => {});
  const histogram = createHistogram({ figures: 3 });
  const before = heapAfterCollection();
  run.ticks(ticks, (ns) => histogram.record(ns));
  const heapGrowthKiB = (heapAfterCollection() - before) / 1024;
  const us = (ns: number): number => ns / 1e3;
  return {
    interface: kind,
    joints,
    ticks,
    p50Us: us(histogram.percentile(50)),
    p99Us: us(histogram.percentile(99)),
    meanUs: us(histogram.mean),
    heapGrowthKiB,
  };
}

class GateRun {
  private state: GateState;
  private now = 1_000_000_000n;
  private tick = 0;
  private readonly names: readonly string[];
  private readonly positions: Float64Array;
  private readonly velocities: Float64Array;
  private readonly command: Float64Array;

  constructor(private readonly config: GateConfig) {
    const m = config.joints.length;
    this.names = config.joints.map(({ name }) => name);
    this.positions = new Float64Array(m);
    this.velocities = new Float64Array(m);
    this.command = new Float64Array(m);
    const { positions, velocities, now } = this;
    const measured = { positions, velocities, receivedNs: now };
    this.state = gateEvent(config, createGateState(config), 'engage', measured, now).state;
  }

  /** @param took told of the time of each tick [ns] */
  ticks(count: number, took: (ns: bigint) => void): void {
    const { config, names, positions, velocities, command } = this;
    let sent = 0;
    for (let i = 0; i < count; i++) {
      const now = (this.now += PERIOD_NS);
      const seq = ++this.tick;
      command.fill(3 * Math.sin(seq / 50));
      positions.fill(0.1 * Math.sin(seq / 50));
      const proposal = {
        ...{ source: 'script' as const, joints: names, command, seq },
        expiresNs: now + PERIOD_NS,
      };
      const measured = { positions, velocities, receivedNs: now };
      const startNs = systemClock.nowNs();
      const result = gate(config, this.state, proposal, measured, null, now);
      took(systemClock.nowNs() - startNs);
      this.state = result.state;
      if (result.verdict.command) sent++;
    }
    if (sent !== count)
      throw new Error(`the gate sent ${sent} of ${count} commands; the figures would mean nothing`);
  }
}

function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

function configOf(commandInterface: CommandInterface, joints: number): GateConfig {
  return validateGateConfig({
    interface: commandInterface,
    joints: Array.from({ length: joints }, (_, i) => ({
      name: `joint${i}`,
      unit: 'rad' as const,
      minPosition: -2,
      maxPosition: 2,
      maxVelocity: 2,
      maxAcceleration: 10,
      maxDeceleration: 10,
      maxJerk: Infinity,
      maxEffort: 20,
      maxEffortRate: Infinity,
      kPosition: Infinity,
      kVelocity: 5,
    })),
    controlPeriod: Number(PERIOD_NS) / 1e9,
    commandLatency: 0.02,
    actuatorLag: 0.03,
    positionMargin: 0.01,
    stateTimeoutMs: 100,
    stateFrozenMs: 500,
    limitScaling: 'per_joint',
    onTransition: { velocityScale: 0.2, accelerationScale: 0.5, duration: 0.5 },
    ...(commandInterface === 'effort' && { stopAction: 'damping' as const }),
  });
}
