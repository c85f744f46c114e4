import { existsSync } from 'node:fs';
import path from 'node:path';
import { badInput, systemClock } from '../core/index.js';

/**
 * Where a recording of the wire goes, absolute.
 * @param option that asks for it, for its errors
 * @param asked a file; true: one in the run, named by the time
 * @returns undefined where nothing is to be recorded
 * @throws BAD_INPUT as {@link newRecordingFile}
 */
export function recordingFile(
  option: string,
  asked: string | true | undefined,
  runFolder: string,
): string | undefined {
  if (asked === undefined) return undefined;
  if (asked !== true) return newRecordingFile(option, asked);
  const time = new Date(Number(systemClock.wallNs() / 1_000_000n)).toISOString().replaceAll(':', '-');
  return path.resolve(runFolder, 'recordings', time, 'recording.mcap');
}

/** Absolute. @throws BAD_INPUT where there is such a file, which is never written over, or its name does not end in .mcap */
export function newRecordingFile(option: string, asked: string): string {
  const file = path.resolve(asked);
  if (existsSync(file))
    throw badInput(`${option} ${asked}: is there already; write the path of a new file`, { file });
  if (!file.endsWith('.mcap'))
    throw badInput(`${option} ${asked}: write the path of a file whose name ends in .mcap`, { file });
  return file;
}
