import type { Clock } from '../core/index.js';
import { EpisodeWriter, type EpisodeRecording, type SessionInfo } from '../data/index.js';
import type {
  EventMessage,
  IpcMessage,
  ObservationMessage,
  ProposalMessage,
  TickMessage,
} from '../io/ipc/index.js';
import { tickRecord } from './tick-record.js';

/**
 * Turns the guard's message stream into episodes: one from 'engaged' to 'disengaged'. Observation and proposal of a policy
 * step are matched by number; a policy step without a proposal in time leaves no step record, its ticks say that the guard held.
 */
export class Recorder {
  private readonly writer: EpisodeWriter;
  private episode: EpisodeRecording | null = null;
  private startNs = 0n;
  /** number of the first policy step of this episode */
  private firstStep = 0;
  private lastStep = -1;
  private observation: ObservationMessage | null = null;
  /** the operator drove in the newest tick: what the agent proposes meanwhile is no step of its */
  private teleop = false;

  constructor(episodesFolder: string, session: SessionInfo, clock: Clock) {
    this.writer = EpisodeWriter.open(episodesFolder, { ...session, clock });
  }

  onMessage(message: IpcMessage): void {
    switch (message.type) {
      case 'event':
        this.onEvent(message);
        break;
      case 'observation':
        this.observation = message;
        break;
      case 'proposal':
        this.onProposal(message);
        break;
      case 'tick':
        this.onTick(message);
        break;
      case 'evidence':
      case 'heartbeat':
      case 'traffic':
      case 'hello':
      case 'exit':
        break; // not for the record
    }
  }

  /** Ends what is open and writes the file's index. */
  close(reason: string): void {
    this.endEpisode(reason);
    this.writer.close();
  }

  private onEvent({ kind, detail }: EventMessage): void {
    if (kind === 'engaged') {
      this.endEpisode('engaged again');
      this.startNs = BigInt(detail.atNs as string);
      this.episode = this.writer.begin({ seed: 0 });
      this.firstStep = this.observation?.policyStep ?? 0;
      this.lastStep = -1;
    } else if (kind === 'disengaged') {
      this.endEpisode(String(detail.reason));
    }
  }

  private onProposal(proposal: ProposalMessage): void {
    const observation = this.observation;
    if (!this.episode || this.teleop || observation?.policyStep !== proposal.policyStep) return;
    this.episode.step({
      step: proposal.policyStep - this.firstStep,
      timeNs: observation.receivedNs - this.startNs,
      frame: Float32Array.from(observation.frame),
      action: Float32Array.from(proposal.action),
      policyVersion: proposal.policyVersion,
    });
    this.lastStep = proposal.policyStep;
  }

  private onTick(tick: TickMessage): void {
    this.teleop = tick.owner === 'teleop';
    this.episode?.tick(tickRecord(tick, this.startNs));
  }

  private endEpisode(reason: string): void {
    const { observation } = this;
    // Only the frame right after the last step completes that step's transition.
    const completes = observation !== null && observation.policyStep === this.lastStep + 1;
    this.episode?.end({
      terminated: false,
      truncated: true,
      reason,
      ...(completes && { finalFrame: Float32Array.from(observation.frame) }),
    });
    this.episode = null;
  }
}
