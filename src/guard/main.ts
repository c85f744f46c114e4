/** The guard process: ROS input and output, gate, and nothing that learns. */
import os from 'node:os';
import { systemClock } from '../core/index.js';
import { listen, readProcessConfig } from '../io/ipc/index.js';
import { TappedMiddleware, createMiddleware } from '../io/ros/index.js';
import { loadRobot, withController } from '../robot/index.js';
import type { GuardProcessConfig } from './guard-config.js';
import { Guard } from './guard.js';
import { WireRecording } from './wire-recording.js';

const GUARD_NICENESS = -10;
/** for the last words to reach supervisor and recorder [ms] */
const FAREWELL_MS = 50;

const config = readProcessConfig<GuardProcessConfig>(process.argv);
process.on('SIGINT', () => {}); // Ctrl+C reaches the whole process group; the supervisor decides the order of ending
try {
  os.setPriority(GUARD_NICENESS);
} catch {
  // needs CAP_SYS_NICE; without it the guard competes at normal priority
}

const wire = await createMiddleware({ adapter: config.middleware, ...config.node });
const recording = config.recordWire === true ? new WireRecording() : undefined;
const middleware = recording ? new TappedMiddleware(wire, systemClock, recording.traffic) : wire;
const guard = new Guard({
  robot: withController(loadRobot(config.robotFolder), config.controller),
  middleware,
  clock: systemClock,
  node: config.node,
  managed: config.managed,
  engage: config.engage,
  teleopPort: config.teleopPort,
  predicted: config.predicted,
  afterFence: config.afterFence,
  recording,
  onFinished: () => {
    setTimeout(() => {
      void middleware.close().then(() => process.exit(0));
    }, FAREWELL_MS);
  },
});
await listen(config.socketPath, (connection) => guard.accept(connection));
process.on('SIGTERM', () => guard.stopAndFinish('SIGTERM'));
