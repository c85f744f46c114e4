import type { Clock } from '../core/index.js';
import { EpisodeWriter, type EpisodeRecording, type SessionInfo } from '../data/index.js';
import type {
  EpisodeEndMessage,
  EventMessage,
  IpcMessage,
  ObservationMessage,
  ProposalMessage,
  TickMessage,
} from '../io/ipc/index.js';
import { tickRecord } from './tick-record.js';

/** What became of an episode, once it is on disk. */
export interface EpisodeNews {
  /** see EpisodeHeader */
  readonly id: string;
  /** policy steps; 0: it was withdrawn */
  readonly steps: number;
  readonly ticks: number;
  readonly terminated: boolean;
  /** why it ended, for people */
  readonly reason: string;
}

/**
 * Turns the guard's message stream into episodes: one from 'engaged' to 'disengaged', unless the robot is only brought to a start pose.
 * Observation and proposal of a policy step are matched by number; a policy step without a proposal in time leaves no step record, its
 * ticks say that the guard held. An episode without any step is withdrawn.
 */
export class Recorder {
  private readonly writer: EpisodeWriter;
  private episode: EpisodeRecording | null = null;
  /** of the episode so far */
  private steps = 0;
  private ticks = 0;
  private ending: EpisodeEndMessage | null = null;
  /** what the agent drives with makes episodes */
  private wanted = true;
  private startNs = 0n;
  /** number of the first policy step of this episode */
  private firstStep = 0;
  private lastStep = -1;
  private observation: ObservationMessage | null = null;
  /** the operator drove in the newest tick: what the agent proposes meanwhile is no step of its */
  private teleop = false;

  /** @param onEnded an episode is on disk, or was withdrawn */
  constructor(
    episodesFolder: string,
    session: SessionInfo,
    clock: Clock,
    private readonly onEnded: (news: EpisodeNews) => void,
  ) {
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
      case 'episode-end':
        this.ending = message;
        break;
      case 'evidence':
      case 'heartbeat':
      case 'traffic':
      case 'hello':
      case 'exit':
      case 'request':
      case 'deploy':
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
      if (!this.wanted) return;
      this.startNs = BigInt(detail.atNs as string);
      this.episode = this.writer.begin({ seed: 0 });
      this.steps = this.ticks = 0;
      this.ending = null;
      this.firstStep = this.observation?.policyStep ?? 0;
      this.lastStep = -1;
    } else if (kind === 'disengaged') {
      this.endEpisode(String(detail.reason));
    } else if (kind === 'deployed') {
      this.wanted = detail.motion === 'policy';
    } else if (kind === 'connected' && detail.role === 'agent') {
      this.wanted = true; // it begins with a policy
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
    this.steps++;
    this.lastStep = proposal.policyStep;
  }

  private onTick(tick: TickMessage): void {
    this.teleop = tick.owner === 'teleop';
    if (!this.episode) return;
    this.episode.tick(tickRecord(tick, this.startNs));
    this.ticks++;
  }

  private endEpisode(reason: string): void {
    const { episode, steps, ticks, observation, ending } = this;
    if (!episode) return;
    this.episode = null;
    const terminated = ending?.terminated ?? false;
    // Only the frame right after the last step completes that step's transition.
    const completes = observation !== null && observation.policyStep === this.lastStep + 1;
    if (steps === 0) episode.discard();
    else
      episode.end({
        terminated,
        truncated: !terminated,
        reason,
        ...(completes && { finalFrame: Float32Array.from(observation.frame) }),
      });
    this.onEnded({ id: episode.id, steps, ticks, terminated, reason });
  }
}
