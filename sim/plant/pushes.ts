import type { MjData } from '@mujoco/mujoco';
import { badInput } from '../../src/core/index.js';
import type { CompiledRobot } from '../engine/index.js';
import type { StateCursor } from './state-cursor.js';

/**
 * A disturbance: on a joint (force [N m] or [N] along its axis), or on a link (force [N] in the world frame at the centre of
 * mass of the body that carries the link). Give `impulse` ([N m s] or [N s], within one physics step) or `force` with `duration` [s].
 */
export type Push =
  | ({ readonly joint: string } & Strength<number>)
  | ({ readonly link: string } & Strength<readonly [number, number, number]>);
type Strength<T> = { readonly impulse: T } | { readonly force: T; readonly duration: number };

const MAX_PUSHES = 8;
/** per slot: 0 joint or 1 body, dof or body index, force x y z (joint: x), steps left */
const SLOT = 6;

/** Applies external forces for a while; several add up. */
export class Pushes {
  /** true while forces act or must still be taken away */
  active = false;
  private readonly slots = new Float64Array(MAX_PUSHES * SLOT);
  /** 1 while forces stand in MjData */
  private readonly standing = new Float64Array(1);

  constructor(private readonly compiled: CompiledRobot) {}

  /** @throws BAD_INPUT for an unknown joint or link, a value that is not finite, or a ninth push at once */
  add(push: Push): void {
    const step = this.compiled.physicsStep;
    const strength = 'impulse' in push ? push.impulse : push.force;
    const vector = typeof strength === 'number' ? [strength, 0, 0] : strength;
    const steps = 'impulse' in push ? 1 : Math.max(1, Math.round(push.duration / step));
    if (!vector.every(Number.isFinite) || !Number.isFinite(steps)) {
      throw badInput(
        `push ${JSON.stringify(push)} is not finite; give force and duration, or impulse, as numbers`,
      );
    }
    const free = this.freeSlot();
    if ('joint' in push) this.slots.set([0, this.dof(push.joint)], free);
    else this.slots.set([1, this.compiled.body(push.link)], free);
    for (let i = 0; i < 3; i++) this.slots[free + 2 + i] = 'impulse' in push ? vector[i]! / step : vector[i]!;
    this.slots[free + 5] = steps;
    this.active = true;
  }

  clear(): void {
    this.slots.fill(0);
    this.standing.fill(0);
    this.active = false;
  }

  /** Call before every physics step. */
  apply(data: MjData): void {
    if (this.standing[0] === 1) {
      (data.qfrc_applied as Float64Array).fill(0);
      (data.xfrc_applied as Float64Array).fill(0);
      this.standing[0] = 0;
    }
    for (let slot = 0; slot < this.slots.length; slot += SLOT) {
      if (this.slots[slot + 5]! <= 0) continue;
      const onBody = this.slots[slot] === 1;
      const forces = (onBody ? data.xfrc_applied : data.qfrc_applied) as Float64Array;
      const at = onBody ? 6 * this.slots[slot + 1]! : this.slots[slot + 1]!;
      for (let i = 0; i < (onBody ? 3 : 1); i++) forces[at + i]! += this.slots[slot + 2 + i]!;
      this.slots[slot + 5]!--;
      this.standing[0] = 1;
    }
    this.active = this.standing[0] === 1;
  }

  get stateSize(): number {
    return this.slots.length + 2;
  }

  transfer(cursor: StateCursor): void {
    cursor.array(this.slots);
    cursor.array(this.standing);
    this.active = cursor.number(this.active ? 1 : 0) === 1;
  }

  private freeSlot(): number {
    for (let slot = 0; slot < this.slots.length; slot += SLOT) if (this.slots[slot + 5]! <= 0) return slot;
    throw badInput(`${MAX_PUSHES} pushes act already; wait until one ends`);
  }

  private dof(name: string): number {
    const found = this.compiled.joints.find(({ joint }) => joint.name === name);
    if (found) return found.dof;
    const names = this.compiled.joints.map(({ joint }) => joint.name).join(', ');
    throw badInput(
      `push names joint '${name}', which ${this.compiled.robot.model.name} does not have; its joints are ${names}`,
    );
  }
}
