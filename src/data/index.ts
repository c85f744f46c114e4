export { writeFileAtomic } from './atomic-file.js';
export {
  lastCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type StoredCheckpoint,
} from './checkpoint.js';
export { listEpisodeFiles } from './episode-files.js';
export { readEpisodes, type EpisodeWarning, type ReadEpisodesOptions } from './episode-reader.js';
export type { EpisodeRecording } from './episode-recording.js';
export {
  COMMAND_SOURCES,
  EPISODE_SOURCES,
  type CommandSource,
  type ControlTickInput,
  type ControlTickRecord,
  type Episode,
  type EpisodeEnd,
  type EpisodeFooter,
  type EpisodeHeader,
  type EpisodeSource,
  type PolicyStepRecord,
  type SessionInfo,
} from './episode-records.js';
export { EpisodeWriter, type EpisodeWriterOptions } from './episode-writer.js';
export type { JsonObject, JsonValue } from './json.js';
export { JsonLinesFile, readJsonLines, type JsonLine, type JsonLinesContent } from './json-lines.js';
export { latestRun } from './latest-run.js';
export { RunDirectory } from './run-directory.js';
export type { RunInfo, RunName, RunStart } from './run-info.js';
export type { Tensor, Tensors } from './safetensors.js';
export { transitionsOf, type Transition } from './transitions.js';
