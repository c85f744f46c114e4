import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ManualClock, Rng } from '../../../src/core/index.js';
import {
  EpisodeWriter,
  readEpisodes,
  type ControlTickRecord,
  type Episode,
  type EpisodeEnd,
  type EpisodeRecording,
  type EpisodeWarning,
  type EpisodeWriterOptions,
  type PolicyStepRecord,
  type SessionInfo,
} from '../../../src/data/index.js';

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'dynabridge-data-'));
}

export const SESSION: SessionInfo = {
  source: 'sim',
  robot: 'arm',
  task: 'reach',
  contractSha256: 'ab'.repeat(32),
  controlRateHz: 100,
  policyRateHz: 20,
  measured: ['base', 'shoulder', 'elbow'],
  commanded: ['shoulder', 'elbow'],
  reasonNames: ['mode', 'position'],
};

const TICKS_PER_STEP = 5;

function tickAt(index: number, rng: Rng): ControlTickRecord {
  const timeNs = BigInt(index) * 10_000_000n;
  return {
    timeNs,
    measuredNs: timeNs - 1_500_000n,
    sentNs: timeNs + 40_000n,
    seq: 1000 + index,
    source: index % 7 === 3 ? 'teleop' : 'agent',
    reasons: index % 3,
    positions: rng.fillNormal(new Float64Array(3)),
    velocities: rng.fillNormal(new Float64Array(3)),
    requested: index % 4 === 0 ? new Float64Array(0) : rng.fillNormal(new Float64Array(2)),
    executed: rng.fillNormal(new Float64Array(2)),
  };
}

function stepAt(step: number, rng: Rng): PolicyStepRecord {
  return {
    step,
    timeNs: BigInt(step) * 50_000_000n,
    frame: rng.fillNormal(new Float32Array(8)),
    action: rng.fillNormal(new Float32Array(2)),
    policyVersion: 3,
  };
}

/** What was written, to compare with what is read. */
export interface Written {
  readonly ticks: ControlTickRecord[];
  readonly steps: PolicyStepRecord[];
  readonly end: EpisodeEnd;
}

export function appendSteps(recording: EpisodeRecording, count: number, rng: Rng): Written {
  const ticks: ControlTickRecord[] = [];
  const steps: PolicyStepRecord[] = [];
  for (let index = 0; index < count; index++) {
    const step = stepAt(index, rng);
    steps.push(step);
    recording.step(step);
    for (let k = 0; k < TICKS_PER_STEP; k++) {
      const tick = tickAt(index * TICKS_PER_STEP + k, rng);
      ticks.push(tick);
      recording.tick(tick);
    }
  }
  const finalFrame = rng.fillNormal(new Float32Array(8));
  const end = {
    terminated: count % 2 === 0,
    truncated: count % 2 === 1,
    success: count > 3,
    return: count * 1.5,
    reason: 'done',
    finalFrame,
  };
  return { ticks, steps, end };
}

export function openWriter(folder: string, options: Partial<EpisodeWriterOptions> = {}): EpisodeWriter {
  return EpisodeWriter.open(folder, { ...SESSION, clock: new ManualClock(), ...options });
}

/** Writes one complete episode. */
export function writeEpisode(writer: EpisodeWriter, count: number, seed = count): Written {
  const recording = writer.begin({ seed });
  const written = appendSteps(recording, count, new Rng(seed));
  recording.end(written.end);
  return written;
}

export async function readAll(path: string): Promise<{ episodes: Episode[]; warnings: EpisodeWarning[] }> {
  const warnings: EpisodeWarning[] = [];
  const episodes: Episode[] = [];
  for await (const episode of readEpisodes(path, { onWarning: (warning) => warnings.push(warning) })) {
    episodes.push(episode);
  }
  return { episodes, warnings };
}

/** The part of a read episode that `Written` holds. */
export function contentOf(episode: Episode): Written {
  const { ticks: _ticks, steps: _steps, ...end } = episode.footer;
  return { ticks: [...episode.ticks], steps: [...episode.steps], end };
}
