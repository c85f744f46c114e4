import { NS_PER_S } from '../core/index.js';
import type { EvidenceMessage } from '../io/ipc/index.js';
import { velocityUnit, positionUnit, type RobotModel } from '../robot/index.js';
import { evidenceAuthority, type Evidence, type Owner } from '../safety/index.js';

/** What a robot's operator sees of it: the authority in force under the name `blend_ratio`. */
export interface BlendRatio {
  readonly ratio: number;
  /** for people */
  readonly why: string;
}

/** Of who is not predicted. */
export const FULL: BlendRatio = { ratio: 1, why: 'the agent does not drive, or is not predicted' };

/** Changes are told no faster than this [ns]: an agent that is late now and then must not flood the record. */
const TELL_EVERY_NS = NS_PER_S;

/** Before the first prediction nothing is known, and nothing is left to the agent. */
const NONE_YET: Evidence = { authority: 0, expiresNs: 0n, goneNs: 0n };

/** The newest that the agent's world model predicts of its proposals, for the gate. */
export class AgentEvidence {
  /** what the gate is shown; it judges its age */
  newest: Evidence = NONE_YET;
  private message: EvidenceMessage | null = null;
  private told = 1;
  private toldNs: bigint | null = null;

  /** @param lifetimeNs no prediction lives longer than this from its arrival, whatever it says of itself, and half lives as long again */
  constructor(
    private readonly model: RobotModel,
    private readonly lifetimeNs: bigint,
  ) {}

  /** Another agent has connected, and has predicted nothing. */
  forget(): void {
    this.newest = NONE_YET;
    this.message = null;
  }

  /** @returns false for what is of no step of ours, or of none that is newer */
  take(message: EvidenceMessage, newestStep: number, nowNs: bigint): boolean {
    const { policyStep, authority } = message;
    if (policyStep > newestStep || (this.message !== null && policyStep <= this.message.policyStep))
      return false;
    const latestNs = nowNs + this.lifetimeNs;
    const expiresNs = message.expiresNs < latestNs ? message.expiresNs : latestNs;
    this.message = message;
    this.newest = { authority, expiresNs, goneNs: expiresNs + this.lifetimeNs };
    return true;
  }

  /** @param owner who drives; all but the agent do as they say */
  inForce(owner: Owner, nowNs: bigint): BlendRatio {
    if (owner !== 'agent') return FULL;
    const ratio = evidenceAuthority(this.newest, nowNs);
    if (ratio === 1) return { ratio, why: 'nothing speaks against it' };
    if (this.message === null) return { ratio, why: 'the agent has predicted nothing yet' };
    const late = nowNs >= this.newest.expiresNs && ratio < this.newest.authority;
    return { ratio, why: late ? 'no prediction comes from the agent' : this.describe(this.message) };
  }

  /** The blend ratio where it is another than the one told last, once in a second; null otherwise. */
  change(owner: Owner, nowNs: bigint): BlendRatio | null {
    if (this.toldNs !== null && nowNs - this.toldNs < TELL_EVERY_NS) return null;
    const blend = this.inForce(owner, nowNs);
    if (blend.ratio === this.told) return null;
    this.told = blend.ratio;
    this.toldNs = nowNs;
    return blend;
  }

  private describe({ reason, member, joint, value, limit }: EvidenceMessage): string {
    const name = this.model.measured[joint] ?? '';
    const type = this.model.joints.find((candidate) => candidate.name === name)?.type ?? 'revolute';
    const beyond = (unit: string): string =>
      `member ${member} of the model expects joint '${name}' at ${rounded(value)} ${unit}, limit ${rounded(limit)} ${unit}`;
    switch (reason) {
      case 'position':
        return beyond(positionUnit(type));
      case 'velocity':
        return beyond(velocityUnit(type));
      case 'disagreement':
        return `the model's members disagree by ${rounded(value)} nat, limit ${rounded(limit)}: unlike what was recorded`;
      case 'non-finite':
        return 'the model predicts what is not a number';
      case 'clean':
      case 'recovering':
        return 'the predictions are clean again, not for long enough yet';
    }
  }
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3)));
}
