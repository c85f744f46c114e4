export { writeFileAtomic, writeFolderAtomic } from './atomic-file.js';
export { readBlackBox } from './black-box-reader.js';
export type {
  BlackBox,
  BlackBoxEvent,
  BlackBoxProposal,
  BlackBoxQuantity,
  BlackBoxRobot,
  BlackBoxTick,
  BlackBoxTrip,
} from './black-box-records.js';
export { listBlackBoxes, writeBlackBox } from './black-box-writer.js';
export {
  lastCheckpoint,
  listCheckpoints,
  loadCheckpoint,
  saveCheckpoint,
  sha256,
  type Checkpoint,
  type StoredCheckpoint,
} from './checkpoint.js';
export { listEpisodeFiles } from './episode-files.js';
export { readEpisodes, type EpisodeWarning, type ReadEpisodesOptions } from './episode-reader.js';
export type { EpisodeRecording } from './episode-recording.js';
export type {
  CommandSource,
  ControlTickInput,
  ControlTickRecord,
  Episode,
  EpisodeEnd,
  EpisodeFooter,
  EpisodeHeader,
  EpisodeSource,
  PolicyStepRecord,
  SessionInfo,
} from './episode-records.js';
export { EpisodeWriter, type EpisodeWriterOptions } from './episode-writer.js';
export type { JsonLine } from './json-lines.js';
export { latestRun } from './latest-run.js';
export { RecordingReader, type ReadMessage } from './recording-reader.js';
export { RecordingWriter, type RecordingOptions } from './recording-writer.js';
export { RunDirectory } from './run-directory.js';
export type { RunInfo, RunStart } from './run-info.js';
export type { Tensors } from './safetensors.js';
export { transitionsOf, type Transition } from './transitions.js';
