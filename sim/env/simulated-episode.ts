import { deserialize, serialize } from 'node:v8';
import { DynabridgeError, NS_PER_S, Rng } from '../../src/core/index.js';
import { actionToCommand, type ControlTick, type RobotTask } from '../../src/env/index.js';
import {
  createShaperState,
  gateEvent,
  lastSent,
  reasonMask,
  shapeTick,
  type GateConfig,
  type Proposal,
  type ShaperState,
} from '../../src/safety/index.js';
import type { CompiledRobot } from '../engine/index.js';
import { SimulatedRobot } from '../plant/index.js';

/** Simulated monotonic time at which every episode begins [ns]; not 0, so that earlier times exist. */
const EPISODE_START_NS = NS_PER_S;

/** What decides an episode's future, besides the actions. */
interface SavedEpisode {
  readonly robot: Float64Array;
  readonly shaper: ShaperState;
  readonly tick: number;
  readonly steps: number;
}

/**
 * One simulated robot behind one gate, stepped at the policy's rate: action -> target -> interpolation -> gate -> drives ->
 * physics -> sensors, as on the robot. The gate and the frames see what the sensors say, never the truth.
 */
export class SimulatedEpisode {
  readonly robot: SimulatedRobot;
  /** policy steps since the start */
  steps = 0;
  /** control ticks of the last policy step; empty unless recording */
  ticks: readonly ControlTick[] = [];
  /** control ticks since the start */
  private tick = 0;
  private readonly decimation: number;
  private shaper: ShaperState;
  private readonly executed: Float64Array;

  constructor(
    private readonly compiled: CompiledRobot,
    private readonly gate: GateConfig,
    private readonly recording: boolean,
  ) {
    const { controlRateHz, policyRateHz } = compiled.robot.config;
    this.decimation = Math.round(controlRateHz / policyRateHz);
    this.shaper = createShaperState(gate, this.decimation);
    this.robot = new SimulatedRobot(compiled);
    this.executed = new Float64Array(compiled.commanded.length);
  }

  /** true while the gate takes the policy's proposals; false once it has latched a fault */
  get engaged(): boolean {
    return this.shaper.gate.mode === 'active';
  }

  /** Poses the robot as the task says and engages the gate, one control period before the first tick. */
  start(task: RobotTask, rng: Rng): void {
    this.robot.setInitial(task.reset(rng), new Rng(rng.uint32(), 'sensors'));
    this.tick = 0;
    this.steps = 0;
    this.ticks = [];
    const fresh = createShaperState(this.gate, this.decimation);
    const beforeNs = this.nowNs(-1);
    const { state, outcome } = gateEvent(this.gate, fresh.gate, 'engage', this.measured(beforeNs), beforeNs);
    if (!outcome.accepted) {
      throw new DynabridgeError(
        'INTERNAL',
        `the gate refuses the start of task '${task.name}': ${outcome.why}`,
      );
    }
    this.shaper = { ...fresh, gate: state };
    lastSent(state, this.executed);
  }

  /** One policy step. @param action (m) in [-1, 1]; anything that is not finite is the gate's to refuse */
  step(action: Float32Array): void {
    const { commanded } = this.compiled.robot.model;
    const target: Proposal = {
      source: 'agent',
      joints: commanded,
      command: actionToCommand(
        this.compiled.robot.config.action,
        action,
        this.executed,
        new Float64Array(commanded.length),
      ),
      seq: this.steps + 1,
      expiresNs: this.nowNs(this.tick + 2 * this.decimation),
    };
    const ticks: ControlTick[] = [];
    for (let i = 0; i < this.decimation; i++) this.controlTick(target, ticks);
    this.ticks = ticks;
    this.steps++;
  }

  /** Writes [positions | velocities | last executed commands | sensor readings] at `offset` of `frames`. */
  writeFrame(frames: Float32Array, offset: number): void {
    const { positions, velocities, sensors } = this.robot.sense();
    frames.set(positions, offset);
    frames.set(velocities, offset + positions.length);
    frames.set(this.executed, offset + 2 * positions.length);
    frames.set(sensors, offset + 2 * positions.length + this.executed.length);
  }

  save(): Uint8Array {
    const robot = new Float64Array(this.robot.stateSize);
    this.robot.saveState(robot);
    const saved: SavedEpisode = { robot, shaper: this.shaper, tick: this.tick, steps: this.steps };
    return serialize(saved);
  }

  restore(state: Uint8Array): void {
    const saved = deserialize(new Uint8Array(state)) as SavedEpisode; // a copy: what is restored must not change with the caller's buffer
    this.robot.restoreState(saved.robot);
    this.shaper = saved.shaper;
    this.tick = saved.tick;
    this.steps = saved.steps;
    this.ticks = [];
    lastSent(this.shaper.gate, this.executed);
  }

  dispose(): void {
    this.robot.dispose();
  }

  private controlTick(target: Proposal, ticks: ControlTick[]): void {
    const nowNs = this.nowNs(this.tick);
    const measured = this.measured(nowNs);
    const { state, verdict, requested } = shapeTick(
      this.gate,
      this.decimation,
      this.shaper,
      target,
      measured,
      null,
      nowNs,
    );
    this.shaper = state;
    lastSent(state.gate, this.executed);
    if (this.recording) {
      const { positions, velocities, sensors } = this.robot.sense();
      ticks.push({
        timeNs: nowNs - EPISODE_START_NS,
        positions: positions.slice(),
        velocities: velocities.slice(),
        requested: (requested ?? target.command).slice(),
        executed: this.executed.slice(),
        reasons: reasonMask(verdict.reasons),
        ...(sensors.length > 0 && { sensors: sensors.slice() }),
      });
    }
    if (verdict.command) this.robot.applyCommand(this.executed);
    this.robot.advance();
    this.tick++;
  }

  private measured(receivedNs: bigint) {
    const { positions, velocities } = this.robot.sense();
    const m = this.executed.length; // commanded joints come first in measured order
    return { positions: positions.subarray(0, m), velocities: velocities.subarray(0, m), receivedNs };
  }

  /** Simulated time of a control tick [ns]; a whole number of periods, so rounding does not add up. */
  private nowNs(tick: number): bigint {
    return EPISODE_START_NS + BigInt(Math.round(tick * this.compiled.controlPeriod * 1e9));
  }
}
