import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Agent } from '../../../src/agent/agent.js';
import { layoutOf } from '../../../src/env/index.js';
import type { IpcConnection, IpcMessage } from '../../../src/io/ipc/index.js';
import { loadRobot } from '../../../src/robot/index.js';

it('takes an increment from the command in the frame, which sensor readings follow', () => {
  const robot = loadRobot(fileURLToPath(new URL('../../fixtures/sim/swing', import.meta.url)));
  const config = { ...robot.config, action: { mode: 'increment', scale: [2] } } as const;
  const seen: Float32Array[] = [];
  const policy = {
    begin: () => 0,
    step: (carry: number, frame: Float32Array) => {
      seen.push(frame.slice());
      return { action: Float32Array.of(0.5), carry };
    },
  };
  const sent: IpcMessage[] = [];
  const guard = { send: (message: IpcMessage) => sent.push(message) } as unknown as IpcConnection;
  const agent = new Agent(policy, 300, config, layoutOf(robot), guard, null);
  const frame = Float64Array.of(1, 2, 0.25, ...new Array<number>(12).fill(9));
  agent.onObservation({ type: 'observation', policyStep: 0, receivedNs: 0n, frame });
  expect(sent).toMatchObject([
    { type: 'proposal', policyVersion: 300, command: Float64Array.of(0.25 + 2 * 0.5) },
  ]);
  expect([...seen[0]!]).toEqual([...frame]);
});
