import {
  EVIDENCE_LIFETIME_PERIODS,
  PROPOSAL_LIFETIME_PERIODS,
  actionToCommand,
  executedIn,
  type RobotLayout,
} from '../env/index.js';
import type { IpcConnection, ObservationMessage } from '../io/ipc/index.js';
import type { RobotConfig } from '../robot/index.js';
import type { Motion } from './motion.js';

/** What the agent remembers since its history began. */
interface History {
  carry: unknown;
  /** policy steps taken */
  steps: number;
  /** the end of the episode was told */
  ended: boolean;
}

/** Answers observations with proposals: a forward pass in plain TypeScript, nothing that can wait. */
export class Agent {
  private history: History | null = null;
  private readonly frame: Float32Array;
  private readonly lastExecuted: Float64Array;
  private readonly command: Float64Array;
  private readonly lifetimeNs: bigint;
  private readonly evidenceLifetimeNs: bigint;
  private lastStep = -1;

  /** @param motion what it drives with first */
  constructor(
    private motion: Motion,
    private readonly config: RobotConfig,
    private readonly layout: RobotLayout,
    private readonly guard: IpcConnection,
  ) {
    const { size, commanded } = layout;
    this.frame = new Float32Array(size);
    this.lastExecuted = new Float64Array(commanded.length);
    this.command = new Float64Array(commanded.length);
    const periods = (count: number): bigint => BigInt(Math.round((count * 1e9) / config.policyRateHz));
    this.lifetimeNs = periods(PROPOSAL_LIFETIME_PERIODS);
    this.evidenceLifetimeNs = periods(EVIDENCE_LIFETIME_PERIODS);
  }

  /** From the next observation on it drives with another motion, whose history begins there. */
  drive(motion: Motion): void {
    this.motion = motion;
    this.history = null;
  }

  onObservation(observation: ObservationMessage): void {
    const { policyStep, receivedNs, frame } = observation;
    const { policy, version, predictor } = this.motion;
    this.frame.set(frame);
    this.lastExecuted.set(executedIn(this.layout, frame));
    const history = this.historyAt(policyStep);
    this.judge(history, policyStep);
    const { action, carry } = policy.step(history.carry, this.frame);
    history.carry = carry;
    actionToCommand(this.config.action, action, this.lastExecuted, this.command);
    this.guard.send({
      type: 'proposal',
      policyStep,
      expiresNs: receivedNs + this.lifetimeNs,
      policyVersion: version,
      action: Float64Array.from(action),
      command: this.command,
    });
    // After the proposal, since it takes some milliseconds and the guard waits for the proposal; this evidence judges the proposal's
    // later control ticks, and those that follow.
    if (predictor === null) return;
    this.guard.send({
      type: 'evidence',
      policyStep,
      expiresNs: receivedNs + this.evidenceLifetimeNs,
      ...predictor.judge(carry),
    });
  }

  /** After a gap in the steps history would lie: it begins anew. The guard leaves one whenever it engages the agent. */
  private historyAt(policyStep: number): History {
    const { history, lastStep } = this;
    this.lastStep = policyStep;
    if (history !== null && policyStep === lastStep + 1) {
      history.steps++;
      return history;
    }
    return (this.history = { carry: this.motion.policy.begin(), steps: 0, ended: false });
  }

  /** Tells the end of the episode, once, before the proposal that the guard may still take. */
  private judge(history: History, policyStep: number): void {
    if (history.ended) return;
    const ending = this.motion.ending?.(history.carry, this.frame, history.steps) ?? null;
    if (ending === null) return;
    history.ended = true;
    const terminated = ending.cause === 'task';
    this.guard.send({ type: 'episode-end', policyStep, terminated, ...ending });
  }
}
