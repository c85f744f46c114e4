import { badInput } from '../core/index.js';
import type { EvidenceReason } from '../io/ipc/index.js';
import { pairwiseDivergence } from '../rl/member-predictions.js';
import type { PlainModel } from '../rl/model-snapshot.js';
import { ObservationHistory } from '../rl/observation.js';
import type { PlainPolicy, PolicyCarry } from '../rl/policy-snapshot.js';
import { AuthoritySteps } from './authority-steps.js';
import type { PredictedBounds } from './predicted-bounds.js';

/** What speaks against a step, or for it. */
export interface Finding {
  readonly reason: EvidenceReason;
  /** index among all members of the ensemble; -1: not of one member */
  readonly member: number;
  /** index in measured order; -1: not of one joint */
  readonly joint: number;
  /** predicted, and the bound that it crosses; zeros where there is nothing to tell */
  readonly value: number;
  readonly limit: number;
}

export interface Prediction extends Finding {
  /** 1, lowered, or 0 */
  readonly authority: number;
}

const CLEAN: Finding = { reason: 'clean', member: -1, joint: -1, value: 0, limit: 0 };
const RECOVERING: Finding = { ...CLEAN, reason: 'recovering' };

/**
 * Looks ahead with the world model: every elite imagines the next steps by its own mean predictions, and the policy acts in what it
 * imagines. (The proposed action held instead would run an incremental policy, which brakes in time, into every limit.) A joint
 * that any elite sees beyond a bound, or elites that disagree on the first step more than they did on recorded steps, cost
 * authority: see {@link AuthoritySteps}. Outside a bound only motion further outward counts, so that the way back stays free.
 */
export class Predictor {
  private readonly steps = new AuthoritySteps();
  private readonly imagined: ObservationHistory;
  /** [observation | action], and views on its parts */
  private readonly input: Float32Array;
  private readonly observation: Float32Array;
  private readonly action: Float32Array;
  private readonly next: Float32Array;

  /**
   * @param policy the same that drives; deterministic
   * @param horizon policy steps, at least 1
   * @param disagreement of the members costs authority; false while the model is still being taught, which needs what it does not know
   */
  constructor(
    private readonly model: PlainModel,
    private readonly policy: PlainPolicy,
    private readonly bounds: readonly PredictedBounds[],
    private readonly horizon: number,
    private readonly disagreement: boolean,
  ) {
    const spec = model.snapshot.meta.observation;
    const { size, actionSize, frameSize } = policy.snapshot.observation;
    if (spec.size !== size || spec.actionSize !== actionSize || spec.frameSize !== frameSize) {
      throw badInput(
        `the world model takes ${spec.size} observed values and ${spec.actionSize} actions, its policy ${size} and ${actionSize}`,
      );
    }
    this.imagined = new ObservationHistory(spec);
    this.input = new Float32Array(size + actionSize);
    this.observation = this.input.subarray(0, size);
    this.action = this.input.subarray(size);
    this.next = new Float32Array(frameSize);
  }

  /** To be called once for every policy step, after it. @param carry with the observed history and the action that was proposed */
  judge({ history, action }: PolicyCarry): Prediction {
    const finding = this.look(history, action);
    const { reason } = finding;
    const outlook = reason === 'clean' ? 'clean' : reason === 'non-finite' ? 'void' : 'doubtful';
    const authority = this.steps.next(outlook);
    return { ...(reason === 'clean' && authority < 1 ? RECOVERING : finding), authority };
  }

  private look(history: ObservationHistory, action: Float32Array): Finding {
    const { snapshot, predictions } = this.model;
    let found = CLEAN;
    for (let k = 0; k < snapshot.members.length; k++) {
      const finding = this.imagine(k, history, action);
      if (finding.reason === 'non-finite') return finding;
      if (found === CLEAN) found = finding;
    }
    const value = pairwiseDivergence(predictions)[0]!;
    const limit = snapshot.disagreementLimit;
    if (!Number.isFinite(value)) return { ...CLEAN, reason: 'non-finite', value, limit };
    if (this.disagreement && found === CLEAN && !(value <= limit))
      return { ...CLEAN, reason: 'disagreement', value, limit };
    return found;
  }

  /** What elite `k` sees come. */
  private imagine(k: number, history: ObservationHistory, action: Float32Array): Finding {
    const { imagined, next, model, horizon } = this;
    const { member } = model.snapshot.members[k]!;
    const frame = imagined.frames.subarray(0, next.length);
    imagined.frames.set(history.frames);
    imagined.actions.set(history.actions);
    this.action.set(action);
    for (let step = 0; step < horizon; step++) {
      imagined.encode(this.observation);
      if (step > 0) this.policy.act(this.observation, this.action);
      model.expect(k, this.input, frame, next, step === 0);
      for (let j = 0; j < next.length; j++) {
        if (!Number.isFinite(next[j])) return { ...CLEAN, reason: 'non-finite', member, value: next[j]! };
      }
      const crossing = this.crossing(history.frames, member);
      if (crossing !== null) return crossing;
      imagined.push(this.action, next);
    }
    return CLEAN;
  }

  /** The first bound that the frame in `next` crosses; null where it crosses none. @param now begins with the measured frame */
  private crossing(now: Float32Array, member: number): Finding | null {
    const { next, bounds } = this;
    for (const { joint, low, high, maxSpeed } of bounds) {
      const position = crossed(next[joint]!, now[joint]!, low, high);
      if (position !== null) return { reason: 'position', member, joint, ...position };
      const speed = joint + bounds.length;
      const velocity = crossed(next[speed]!, now[speed]!, -maxSpeed, maxSpeed);
      if (velocity !== null) return { reason: 'velocity', member, joint, ...velocity };
    }
    return null;
  }
}

function crossed(value: number, now: number, low: number, high: number) {
  if (value > high && value > now) return { value, limit: high };
  if (value < low && value < now) return { value, limit: low };
  return null;
}
