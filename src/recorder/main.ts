/** The recorder process: appends what the guard reports to the episode store. A full or slow disk cannot reach the guard. */
import { systemClock } from '../core/index.js';
import { connect, readProcessConfig } from '../io/ipc/index.js';
import type { RecorderProcessConfig } from './recorder-config.js';
import { Recorder } from './recorder.js';

const CONNECT_TIMEOUT_MS = 10_000;
const DRAIN_MS = 500;

const config = readProcessConfig<RecorderProcessConfig>(process.argv);
process.on('SIGINT', () => {}); // Ctrl+C reaches the whole process group; the supervisor decides the order of ending

const recorder = new Recorder(config.episodesFolder, config.session, config.policyVersion, systemClock);
const guard = await connect(config.socketPath, CONNECT_TIMEOUT_MS);
guard.onMessage = (message) => recorder.onMessage(message);

function finish(reason: string): void {
  recorder.close(reason);
  process.exit(0);
}
guard.onClose = () => finish('the guard went away');
// What the guard said last may still be in the socket, which its end closes.
process.on('SIGTERM', () => setTimeout(() => finish('the recorder was told to stop'), DRAIN_MS));
guard.send({ type: 'hello', role: 'recorder' });
