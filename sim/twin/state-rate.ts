import { badInput } from '../../src/core/index.js';

/** WorldOptions' default [s] */
const LONGEST_PHYSICS_STEP = 0.002;

/** Longest physics step [s] with which to compile a robot that publishes states at this rate. */
export function maxPhysicsStep(stateRateHz: number): number {
  return Math.min(LONGEST_PHYSICS_STEP, 1 / stateRateHz);
}

/**
 * Physics steps from one state to the next.
 * @param physicsStep [s]
 * @throws BAD_INPUT when they are not whole, since the twin would run faster or slower than time
 */
export function stepsPerState(stateRateHz: number, physicsStep: number): number {
  const steps = (rate: number): number => 1 / rate / physicsStep;
  const works = (rate: number): boolean =>
    Math.round(steps(rate)) >= 1 && Math.abs(steps(rate) - Math.round(steps(rate))) < 1e-6;
  if (works(stateRateHz)) return Math.round(steps(stateRateHz));
  const fastest = Math.round(1 / physicsStep);
  const rates = Array.from({ length: fastest }, (_, i) => i + 1).filter(works);
  const nearest = [rates.findLast((rate) => rate < stateRateHz), rates.find((rate) => rate > stateRateHz)];
  throw badInput(
    `states at ${stateRateHz} Hz are ${steps(stateRateHz).toFixed(2)} physics steps of ${(physicsStep * 1e3).toFixed(2)} ms apart, ` +
      `expected a whole number; rates that work are ${nearest.filter((rate) => rate !== undefined).join(' and ')} Hz`,
    { stateRateHz, physicsStep },
  );
}
