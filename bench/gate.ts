import { elapsedMs, systemClock } from '../src/core/index.js';
import type { CommandInterface } from '../src/robot/index.js';
import {
  createGateState,
  gate,
  gateEvent,
  validateGateConfig,
  type GateConfig,
} from '../src/safety/index.js';
import { columns, machineLine } from './statistics-table.js';

const TICKS = 200_000;

function config(commandInterface: CommandInterface, joints: number): GateConfig {
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
    controlPeriod: 0.01,
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

/** Mean time of one gate tick over many, with a proposal that swings through the limits. */
export function benchGate(): void {
  console.log(`one gate tick, mean of ${TICKS}; ${machineLine()}`);
  const rows: string[][] = [];
  for (const commandInterface of ['position', 'velocity', 'effort'] as const) {
    for (const joints of [1, 7])
      rows.push([commandInterface, String(joints), measure(commandInterface, joints).toFixed(2)]);
  }
  console.log(columns(['interface', 'joints', 'us per tick'], rows));
}

function measure(commandInterface: CommandInterface, joints: number): number {
  const gateConfig = config(commandInterface, joints);
  const names = gateConfig.joints.map((joint) => joint.name);
  const positions = new Float64Array(joints);
  const velocities = new Float64Array(joints);
  const command = new Float64Array(joints);
  let now = 1_000_000_000n;
  let state = createGateState(gateConfig);
  state = gateEvent(gateConfig, state, 'engage', { positions, velocities, receivedNs: now }, now).state;
  let sent = 0;
  const startNs = systemClock.nowNs();
  for (let tick = 0; tick < TICKS; tick++) {
    now += 10_000_000n;
    command.fill(3 * Math.sin(tick / 50));
    positions.fill(0.1 * Math.sin(tick / 50));
    const proposal = {
      source: 'script' as const,
      joints: names,
      command,
      seq: tick,
      expiresNs: now + 10_000_000n,
    };
    const result = gate(gateConfig, state, proposal, { positions, velocities, receivedNs: now }, null, now);
    state = result.state;
    if (result.verdict.command) sent++;
  }
  const us = (elapsedMs(startNs, systemClock.nowNs()) * 1e3) / TICKS;
  if (sent !== TICKS)
    throw new Error(`the gate sent ${sent} of ${TICKS} commands; the figure would mean nothing`);
  return us;
}
