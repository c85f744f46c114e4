import { transitionsOf, type Episode, type RunDirectory, type Transition } from '../data/index.js';
import type { RecordedEpisode } from '../rl/index.js';

/** An episode on the robot: its steps as learning sees them, and what is told of it. */
export interface RealEpisode {
  /** unique within the run */
  readonly id: string;
  /** of the policy that drove; see PolicyStepRecord */
  readonly policyVersion: number;
  /** under the agent's control [s] */
  readonly seconds: number;
  readonly terminated: boolean;
  /** why it ended, for people */
  readonly reason: string;
  /** parts without a gap: a step that the agent was late for leaves one */
  readonly parts: readonly RecordedEpisode[];
}

/**
 * The episodes that a robot has driven in a run, oldest first, also while more are being recorded.
 * @param warn is told what of a file could not be read
 */
export async function readRealEpisodes(
  run: RunDirectory,
  warn: (message: string) => void,
): Promise<RealEpisode[]> {
  const episodes: RealEpisode[] = [];
  const found = run.episodes({
    source: 'real',
    onWarning: ({ kind, message }) => {
      if (kind !== 'not-closed') warn(message); // one that is not closed is still being written
    },
  });
  for await (const episode of found) if (episode.steps.length > 0) episodes.push(realEpisode(episode));
  return episodes;
}

function realEpisode(episode: Episode): RealEpisode {
  const { header, steps, footer } = episode;
  return {
    id: header.id,
    policyVersion: steps[0]!.policyVersion,
    seconds: footer.ticks / header.controlRateHz,
    terminated: footer.terminated,
    reason: footer.reason ?? '',
    parts: unbrokenParts(episode),
  };
}

/**
 * The transitions of an episode, split where one does not lead to the next, or where the robot was not the policy's alone: a prediction
 * had lowered its authority, or nothing was proposed in time. What follows on such a step is no consequence of its action.
 */
function unbrokenParts(episode: Episode): RecordedEpisode[] {
  const heldBack = stepsHeldBack(episode);
  const chains: Transition[][] = [];
  for (const transition of transitionsOf(episode)) {
    if (heldBack.has(transition.index)) continue;
    const chain = chains.at(-1);
    if (chain?.at(-1)?.index === transition.index - 1) chain.push(transition);
    else chains.push([transition]);
  }
  return chains.map((chain) => ({
    frames: joined([chain[0]!.frame, ...chain.map(({ next }) => next)]),
    actions: joined(chain.map(({ action }) => action)),
    terminated: chain.at(-1)!.terminated,
  }));
}

/** Indices of the steps in a tick of which the agent did not have full authority. Ticks before the first step are of none. */
function stepsHeldBack({ header, steps, ticks }: Episode): Set<number> {
  const bit = header.reasonNames.indexOf('evidence');
  const evidence = bit < 0 ? 0 : 1 << bit;
  const found = new Set<number>();
  let index = -1;
  for (const { timeNs, source, reasons } of ticks) {
    while (index + 1 < steps.length && steps[index + 1]!.timeNs <= timeNs) index++;
    if (source !== 'agent' || (reasons & evidence) !== 0) found.add(index);
  }
  return found;
}

function joined(rows: readonly Float32Array[]): Float32Array {
  const width = rows[0]!.length;
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, i) => out.set(row, i * width));
  return out;
}
