import type { MjData } from '@mujoco/mujoco';
import { DynabridgeError, Rng, badInput } from '../../src/core/index.js';
import type { InitialState } from '../../src/env/index.js';
import type { CompiledRobot } from '../engine/index.js';
import { CommandDelay } from './command-delay.js';
import { DataViews } from './data-views.js';
import { LinkSensors } from './link-sensors.js';
import { Pushes, type Push } from './pushes.js';
import { Sensors } from './sensors.js';
import { StateCursor } from './state-cursor.js';
import { Stiction } from './stiction.js';
import { VelocityDrive } from './velocity-drive.js';

/** What the robot's own sensors say. Owned by the robot and overwritten by the next advance; (n) in measured order. */
export interface Reading {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  /** what the joint's actuator produces [N m] or [N]; 0 for joints without one */
  readonly efforts: Float64Array;
  /** what the sensors of robot.yaml read (s), in the order of a frame; empty for most robots */
  readonly sensors: Float64Array;
}

/** What is really so, for witnesses; never for the policy or the gate. Owned and overwritten like {@link Reading}. */
export interface Truth {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
}

/**
 * One robot in the simulated world: commands in, sensor readings out, nothing in between but delay, lag, drives and physics.
 * It knows no gate, no policy and no clock of its own. The compiled robot is shared and outlives it.
 */
export class SimulatedRobot {
  private readonly data: MjData;
  private readonly views: DataViews;
  private readonly delay: CommandDelay;
  private readonly sensors: Sensors;
  private readonly linkSensors: LinkSensors;
  private readonly pushes: Pushes;
  private readonly stiction: Stiction;
  private readonly drive: VelocityDrive;
  private readonly reading: Reading;
  private readonly trueState: Truth;
  private readonly physicsState: Float64Array;
  /** command that acts now (m), after the delay and before lag and drive */
  private readonly acting: Float64Array;
  /** physics steps since setInitial */
  private steps = 0;
  private held = false;
  private disposed = false;

  constructor(readonly compiled: CompiledRobot) {
    const { engine, model, imperfections, measured, commanded } = compiled;
    this.data = new engine.MjData(model);
    this.views = new DataViews(compiled, this.data);
    this.delay = new CommandDelay(
      commanded.length,
      Math.round(imperfections.commandDelay / compiled.physicsStep),
    );
    this.sensors = new Sensors(compiled);
    this.linkSensors = new LinkSensors(compiled, this.data);
    this.pushes = new Pushes(compiled);
    this.stiction = new Stiction(compiled);
    this.drive = new VelocityDrive(compiled);
    this.trueState = {
      positions: new Float64Array(measured.length),
      velocities: new Float64Array(measured.length),
    };
    const { positions, velocities } = this.sensors;
    const { values } = this.linkSensors;
    this.reading = { positions, velocities, efforts: new Float64Array(measured.length), sensors: values };
    this.physicsState = new Float64Array(this.views.physicsStateSize);
    this.acting = new Float64Array(commanded.length);
    this.setInitial({ positions: compiled.robot.config.homePose, velocities: {} });
  }

  /** simulated time since setInitial [s] */
  get time(): number {
    return this.steps * this.compiled.physicsStep;
  }

  /**
   * Starts anew: poses the joints (unnamed ones at zero, mimic joints where their leader puts them), empties the delay, releases
   * brakes and pushes, and lets every drive hold what it has (position: the pose; velocity and effort: zero).
   *
   * @param rng sensor noise; without it a fixed stream
   * @throws BAD_INPUT for a joint that does not exist or a value that is not finite
   */
  setInitial(initial: InitialState, rng: Rng = new Rng(0, 'sensors')): void {
    this.steps = 0;
    this.held = false;
    this.delay.clear();
    this.pushes.clear();
    this.views.reset(initial);
    const { commanded, robot } = this.compiled;
    const isPosition = robot.config.commandInterface === 'position';
    const { qpos } = this.views.fetch();
    for (let i = 0; i < commanded.length; i++) this.acting[i] = isPosition ? qpos[commanded[i]!.qpos]! : 0;
    this.views.startDrives(this.acting);
    this.drive.start(qpos);
    this.readTruth();
    this.sensors.start(this.trueState.positions, this.trueState.velocities, rng);
    this.linkSensors.sample(this.held);
    this.reading.efforts.fill(0);
  }

  /** Hands a command (m, commanded order) to the drives; it acts after the command delay and stands until the next one. */
  applyCommand(values: ArrayLike<number>): void {
    if (values.length !== this.acting.length) {
      throw badInput(
        `command has ${values.length} values, ${this.compiled.robot.model.name} takes ${this.acting.length} (${this.compiled.robot.model.commanded.join(', ')})`,
      );
    }
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) {
        throw badInput(
          `command for joint '${this.compiled.robot.model.commanded[i]}' is ${values[i]}, expected a finite number`,
        );
      }
    }
    this.delay.push(this.steps, values);
  }

  /**
   * Lets time pass and reads the sensors at its end: `step` and `sample` in one.
   *
   * @param period [s] a whole number of physics steps; default one control period
   * @throws INTERNAL when the simulation has diverged
   */
  advance(period: number = this.compiled.controlPeriod): void {
    const { physicsStep } = this.compiled;
    const steps = Math.round(period / physicsStep);
    if (!(steps >= 1) || Math.abs(steps * physicsStep - period) > 1e-9) {
      throw badInput(
        `cannot advance by ${period} s; expected a whole multiple of the physics step ${physicsStep} s`,
      );
    }
    this.step(steps);
    this.sample(period);
  }

  /** Physics alone, without a sensor reading at the end. @param count physics steps */
  step(count: number): void {
    const { engine, model } = this.compiled;
    for (let i = 0; i < count; i++) {
      const { ctrl, qpos, qvel } = this.views.fetch();
      const changed = this.delay.pop(this.steps, this.acting);
      if (this.drive.active) this.drive.apply(this.acting, qpos, ctrl, this.held);
      else if (changed) ctrl.set(this.acting);
      if (this.pushes.active) this.pushes.apply(this.data);
      if (this.held) {
        this.views.stepDrivesOnly();
      } else {
        if (this.stiction.active) this.stiction.apply(qvel);
        engine.mj_step(model, this.data);
      }
      this.steps++;
    }
  }

  /**
   * Reads the sensors; call at the rate at which the robot publishes.
   *
   * @param period time since the last reading [s]
   * @throws INTERNAL when the simulation has diverged
   */
  sample(period: number): void {
    this.readTruth();
    this.sensors.sample(this.trueState.positions, this.trueState.velocities, period);
    this.views.readEfforts(this.reading.efforts, this.held);
    this.linkSensors.sample(this.held);
  }

  /** The newest sensor readings: of the last sample, advance or start. */
  sense(): Reading {
    return this.reading;
  }

  /** The true state at the last sample, advance or start. */
  truth(): Truth {
    return this.trueState;
  }

  /** Disturbs the robot from the next advance on. See {@link Push}. */
  push(push: Push): void {
    this.pushes.add(push);
  }

  /** Brakes: true clamps every joint where it is, at once; false lets go. Commands go on arriving at the drives. */
  hold(on: boolean): void {
    this.held = on;
    if (on) this.views.fetch().qvel.fill(0);
    if (on) this.trueState.velocities.fill(0);
    if (on) this.linkSensors.sample(true);
  }

  /** Number of values of {@link saveState}. */
  get stateSize(): number {
    const { positions, velocities } = this.trueState;
    const own = 2 + this.acting.length + this.reading.efforts.length + positions.length + velocities.length;
    const parts = [this.delay, this.sensors, this.linkSensors, this.pushes, this.drive];
    return parts.reduce((sum, part) => sum + part.stateSize, own + this.physicsState.length);
  }

  /** Writes everything that decides the future, so that a restored robot continues bit for bit. */
  saveState(out: Float64Array): void {
    this.views.getPhysicsState(this.physicsState);
    this.transfer(new StateCursor(out, false));
  }

  restoreState(state: Float64Array): void {
    if (state.length !== this.stateSize) {
      throw badInput(
        `state has ${state.length} values, expected ${this.stateSize}; was it saved by another robot or other imperfections?`,
      );
    }
    this.transfer(new StateCursor(state, true));
    this.views.setPhysicsState(this.physicsState);
  }

  /** Frees the MjData; the compiled robot stays. */
  dispose(): void {
    if (!this.disposed) this.data.delete();
    this.disposed = true;
  }

  private transfer(cursor: StateCursor): void {
    this.steps = cursor.number(this.steps);
    this.held = cursor.number(this.held ? 1 : 0) === 1;
    cursor.array(this.acting);
    cursor.array(this.reading.efforts);
    cursor.array(this.trueState.positions);
    cursor.array(this.trueState.velocities);
    cursor.array(this.physicsState);
    this.delay.transfer(cursor);
    this.sensors.transfer(cursor);
    this.linkSensors.transfer(cursor);
    this.pushes.transfer(cursor);
    this.drive.transfer(cursor);
  }

  private readTruth(): void {
    const { qpos, qvel } = this.views.fetch();
    const { measured, robot } = this.compiled;
    for (let i = 0; i < measured.length; i++) {
      const { qpos: at, dof } = measured[i]!;
      this.trueState.positions[i] = qpos[at]!;
      this.trueState.velocities[i] = qvel[dof]!;
      if (!Number.isFinite(qpos[at]! + qvel[dof]!)) {
        throw new DynabridgeError(
          'INTERNAL',
          `the simulation of ${robot.model.name} diverged at ${this.time.toFixed(3)} s: joint '${robot.model.measured[i]}' position ${qpos[at]}, velocity ${qvel[dof]}; try a smaller maxPhysicsStep`,
        );
      }
    }
  }
}
