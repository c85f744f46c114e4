import {
  EVIDENCE_LIFETIME_PERIODS,
  PROPOSAL_LIFETIME_PERIODS,
  actionToCommand,
  executedIn,
  type RobotLayout,
} from '../env/index.js';
import type { IpcConnection, ObservationMessage } from '../io/ipc/index.js';
import type { RobotConfig } from '../robot/index.js';
import type { Policy } from '../rl/policy-snapshot.js';
import type { Prediction } from './predictor.js';

/** Answers observations with proposals: a forward pass in plain TypeScript, nothing that can wait. */
export class Agent<Carry> {
  private carry: Carry;
  private readonly frame: Float32Array;
  private readonly lastExecuted: Float64Array;
  private readonly command: Float64Array;
  private readonly lifetimeNs: bigint;
  private readonly evidenceLifetimeNs: bigint;
  private lastStep = -1;

  /**
   * @param policyVersion step of the checkpoint that the policy is of
   * @param predictor looks ahead, if it is wanted: after the proposal is sent, since it takes some milliseconds and the guard waits
   *   for the proposal; its evidence judges this proposal's later control ticks, and those that follow
   */
  constructor(
    private readonly policy: Policy<Carry>,
    private readonly policyVersion: number,
    private readonly config: RobotConfig,
    private readonly layout: RobotLayout,
    private readonly guard: IpcConnection,
    private readonly predictor: { judge(carry: Carry): Prediction } | null,
  ) {
    this.carry = policy.begin();
    const { size, commanded } = layout;
    this.frame = new Float32Array(size);
    this.lastExecuted = new Float64Array(commanded.length);
    this.command = new Float64Array(commanded.length);
    const periods = (count: number): bigint => BigInt(Math.round((count * 1e9) / config.policyRateHz));
    this.lifetimeNs = periods(PROPOSAL_LIFETIME_PERIODS);
    this.evidenceLifetimeNs = periods(EVIDENCE_LIFETIME_PERIODS);
  }

  onObservation(observation: ObservationMessage): void {
    if (observation.policyStep !== this.lastStep + 1) this.carry = this.policy.begin(); // a gap: history would lie
    this.lastStep = observation.policyStep;
    this.frame.set(observation.frame);
    this.lastExecuted.set(executedIn(this.layout, observation.frame));
    const { action, carry } = this.policy.step(this.carry, this.frame);
    this.carry = carry;
    actionToCommand(this.config.action, action, this.lastExecuted, this.command);
    this.guard.send({
      type: 'proposal',
      policyStep: observation.policyStep,
      expiresNs: observation.receivedNs + this.lifetimeNs,
      policyVersion: this.policyVersion,
      action: Float64Array.from(action),
      command: this.command,
    });
    if (this.predictor === null) return;
    this.guard.send({
      type: 'evidence',
      policyStep: observation.policyStep,
      expiresNs: observation.receivedNs + this.evidenceLifetimeNs,
      ...this.predictor.judge(carry),
    });
  }
}
