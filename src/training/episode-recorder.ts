import type { EpisodeRecording, EpisodeWriter } from '../data/index.js';
import type { StepResult } from '../env/index.js';
import type { EpisodeReport, StepRecorder } from '../rl/index.js';

/** Writes what a training does to the episode store; the environment must have been made with `recordTicks`. */
export class EpisodeRecorder implements StepRecorder {
  private episode: EpisodeRecording | null = null;
  private frame = new Float32Array(0);
  private steps = 0;

  constructor(
    private readonly writer: EpisodeWriter,
    private readonly seed: number,
    /** steps of the whole training so far; each one may have changed the policy */
    private totalSteps = 0,
  ) {}

  begin(frame: Float32Array): void {
    this.episode?.discard();
    this.episode = this.writer.begin({ seed: this.seed });
    this.frame = frame.slice();
    this.steps = 0;
  }

  step(action: Float32Array, result: StepResult): void {
    const ticks = result.ticks[0]!;
    this.episode?.step({
      step: this.steps++,
      timeNs: ticks[0]!.timeNs,
      frame: this.frame,
      action,
      policyVersion: this.totalSteps++,
    });
    for (const tick of ticks) this.episode?.tick(tick);
    this.frame = result.frames.slice();
  }

  end(report: EpisodeReport): void {
    const { terminated } = report;
    this.episode?.end({ terminated, truncated: !terminated, return: report.return, finalFrame: this.frame });
    this.episode = null;
  }
}
