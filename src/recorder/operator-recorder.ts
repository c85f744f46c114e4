import type { Clock } from '../core/index.js';
import { EpisodeWriter, type EpisodeRecording, type SessionInfo } from '../data/index.js';
import { commandToAction } from '../env/index.js';
import type { EventMessage, IpcMessage, ObservationMessage, TickMessage } from '../io/ipc/index.js';
import type { ActionConfig } from '../robot/index.js';
import { tickRecord } from './tick-record.js';

/** Events of the arbiter after which the operator does not drive any more. */
const ENDS = ['released', 'lost', 'ended'];

/**
 * Turns the guard's message stream into episodes of an operator who drives alone: one for each time that the operator has authority. The
 * action of a policy step is what the commands executed within it amount to. A step that no action amounts to, since the sticks
 * asked for more than a policy may, and a step in part of which nobody drove, are left out: its ticks are there, its transition is not.
 */
export class OperatorRecorder {
  private readonly writer: EpisodeWriter;
  private episode: EpisodeRecording | null = null;
  private startNs = 0n;
  private firstStep = 0;
  private lastStep = -1;
  private observation: ObservationMessage | null = null;
  /** where the executed commands begin in a frame */
  private readonly executedFrom: number;
  /** the operator drove in every tick since the observation */
  private whole = false;

  /** @param action of robot.yaml */
  constructor(
    episodesFolder: string,
    session: SessionInfo,
    private readonly action: ActionConfig,
    clock: Clock,
  ) {
    this.executedFrom = 2 * session.measured.length; // src/env/frame.ts
    this.writer = EpisodeWriter.open(episodesFolder, { ...session, clock });
  }

  onMessage(message: IpcMessage): void {
    if (message.type === 'event') this.onEvent(message);
    else if (message.type === 'observation') this.onObservation(message);
    else if (message.type === 'tick') this.onTick(message);
  }

  /** Ends what is open and writes the file's index. */
  close(reason: string): void {
    this.endEpisode(reason);
    this.writer.close();
  }

  private onEvent({ kind, detail }: EventMessage): void {
    const { event, reason } = detail as { readonly event?: string; readonly reason?: string };
    if (kind === 'teleop' && event !== undefined && ENDS.includes(event)) this.endEpisode(reason ?? event);
  }

  private onObservation(next: ObservationMessage): void {
    const { observation, whole } = this;
    if (this.episode && observation && whole && next.policyStep === observation.policyStep + 1)
      this.step(observation, next);
    this.observation = next;
    this.whole = true;
  }

  private step({ policyStep, receivedNs, frame }: ObservationMessage, next: ObservationMessage): void {
    const { executedFrom, action: how } = this;
    const executed = (of: Float64Array) => of.subarray(executedFrom, executedFrom + how.scale.length);
    const action = commandToAction(how, executed(frame), executed(next.frame));
    if (action === null) return;
    this.episode!.step({
      step: policyStep - this.firstStep,
      timeNs: receivedNs - this.startNs,
      frame: Float32Array.from(frame),
      action,
      policyVersion: 0,
    });
    this.lastStep = policyStep;
  }

  private onTick(tick: TickMessage): void {
    if (tick.owner !== 'teleop') {
      this.whole = false;
      return this.endEpisode('the operator does not drive any more');
    }
    if (!this.episode) this.begin(tick);
    this.episode!.tick(tickRecord(tick, this.startNs));
  }

  private begin({ stateReceivedNs }: TickMessage): void {
    this.episode = this.writer.begin({ seed: 0 });
    this.startNs = stateReceivedNs;
    this.firstStep = this.observation?.policyStep ?? 0;
    this.lastStep = -1;
    this.whole = this.observation?.receivedNs === stateReceivedNs;
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
