/** The recorder process: episodes, black boxes and, where asked for, all that crosses the wire. A full or slow disk cannot reach the guard. */
import { systemClock } from '../core/index.js';
import { connect, readProcessConfig, type EventMessage } from '../io/ipc/index.js';
import { definitionText } from '../io/ros/index.js';
import { loadRobot, withController } from '../robot/index.js';
import { BlackBoxRecorder } from './black-box.js';
import { blackBoxRobot } from './black-box-robot.js';
import type { RecorderProcessConfig } from './recorder-config.js';
import { OperatorRecorder } from './operator-recorder.js';
import { Recorder } from './recorder.js';
import { recordingFacts } from './recording-facts.js';
import { WireRecorder } from './wire-recorder.js';

const CONNECT_TIMEOUT_MS = 10_000;
/** Longer than the guard has to end, and shorter than this process has. */
const DRAIN_MS = 3_000;
const POLL_MS = 50;

const config = readProcessConfig<RecorderProcessConfig>(process.argv);
process.on('SIGINT', () => {}); // Ctrl+C reaches the whole process group; the supervisor decides the order of ending

const robot = loadRobot(config.robotFolder);
const { episodesFolder, session, wireFile } = config;
const guard = await connect(config.socketPath, CONNECT_TIMEOUT_MS);
const tell = (kind: string, detail: EventMessage['detail']) =>
  guard.send({ type: 'event', kind, atNs: systemClock.nowNs(), detail });
let episodes: Recorder | OperatorRecorder | null =
  session.source === 'teleop'
    ? new OperatorRecorder(episodesFolder, session, robot.config.action, systemClock)
    : new Recorder(episodesFolder, session, systemClock, (news) => tell('episode', { ...news }));
guard.send({ type: 'hello', role: 'recorder' });
const blackBox = new BlackBoxRecorder({
  folder: config.blackBoxFolder,
  robot: blackBoxRobot(robot, config.session),
  seconds: robot.config.blackBoxSeconds,
  clock: systemClock,
  onWritten: (file, cause) => tell('black-box', { file, cause }),
  onFailed: (why, cause) => {
    process.stderr.write(`the black box of '${cause}' is not written: ${why}; control goes on\n`);
    tell('black-box-failed', { cause, why });
  },
});

const wire =
  wireFile === undefined
    ? null
    : new WireRecorder({
        ...recordingFacts(withController(robot, config.controller)),
        file: wireFile,
        clock: systemClock,
        definitionOf: definitionText,
        onBegun: (file) => tell('recording', { file }),
        onFailed: (file, why) => {
          process.stderr.write(`no more is recorded in ${file}: ${why}; control goes on\n`);
          tell('wire-recording-failed', { file, why });
        },
      });

/** Episodes end with the first failure, once told; control and black box go on. */
function recordEpisode(step: (recorder: Recorder | OperatorRecorder) => void): void {
  if (!episodes) return;
  try {
    step(episodes);
  } catch (error) {
    const { message } = error as Error;
    episodes = null;
    process.stderr.write(`no more episodes are recorded: ${message}\n`);
    tell('recording-failed', { why: message });
  }
}

guard.onMessage = (message) => {
  recordEpisode((recorder) => recorder.onMessage(message));
  blackBox.onMessage(message);
  wire?.onMessage(message);
};
setInterval(() => {
  blackBox.poll();
  wire?.poll();
}, POLL_MS);

function finish(reason: string): void {
  wire?.close();
  if (wire && wire.lost > 0)
    process.stderr.write(`${wire.lost} records of ${wire.file} were lost: the recorder did not keep up\n`);
  blackBox.close();
  recordEpisode((recorder) => recorder.close(reason));
  process.exit(0);
}
guard.onClose = () => {
  blackBox.guardGone();
  finish('the guard went away');
};
// The guard ends as well, which closes the socket behind what it said last: that is waited for, however busy the machine.
process.on('SIGTERM', () => setTimeout(() => finish('the recorder was told to stop'), DRAIN_MS));
