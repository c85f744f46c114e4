import { beforeEach, expect, it } from 'vitest';
import { Agent } from '../../../src/agent/agent.js';
import { deploy } from '../../../src/agent/deploy.js';
import type { Motion } from '../../../src/agent/motion.js';
import { ManualClock, badInput } from '../../../src/core/index.js';
import { layoutOf } from '../../../src/env/index.js';
import type { Deployment, IpcConnection, IpcMessage } from '../../../src/io/ipc/index.js';
import { findRobot, loadRobot } from '../../../src/robot/index.js';

const robot = loadRobot(findRobot('cartpole'));
const start: Deployment = { motion: 'start', pose: [0], steps: 50 };
const motion = (version: number): Motion => ({
  policy: { begin: () => 0, step: (carry) => ({ action: Float32Array.of(0), carry }) },
  version,
  predictor: null,
});

let sent: IpcMessage[];
let guard: IpcConnection;
let agent: Agent;
beforeEach(() => {
  sent = [];
  guard = { send: (message: IpcMessage) => sent.push(message) } as unknown as IpcConnection;
  agent = new Agent(motion(1), robot.config, layoutOf(robot), guard);
});

function versionThatDrives(): unknown {
  const frame = new Float64Array(5);
  agent.onObservation({ type: 'observation', policyStep: 1, receivedNs: 0n, frame });
  const last = sent.pop();
  return last?.type === 'proposal' && last.policyVersion;
}

it('lets the agent drive with what was deployed, then says so', () => {
  deploy(start, { of: () => motion(7) }, agent, guard, new ManualClock(3n));
  expect(sent).toEqual([
    { type: 'event', kind: 'deployed', atNs: 3n, detail: { motion: 'start', version: 7 } },
  ]);
  expect(versionThatDrives()).toBe(7);
});

it('leaves the agent what it had where that fails, and says why', () => {
  const of = (): Motion => {
    throw badInput('no such checkpoint');
  };
  deploy(start, { of }, agent, guard, new ManualClock(3n));
  const detail = { motion: 'start', why: 'no such checkpoint' };
  expect(sent).toEqual([{ type: 'event', kind: 'deploy-failed', atNs: 3n, detail }]);
  expect(versionThatDrives()).toBe(1);
});
