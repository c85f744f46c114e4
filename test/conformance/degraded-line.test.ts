/** The guard's side of an operator's device on a line that is not clean: a real pseudo-terminal, on which each tenth frame is damaged. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { SimulatedDevice } from '../../src/cli/simulated-device.js';
import { systemClock } from '../../src/core/index.js';
import { Teleop } from '../../src/guard/teleop.js';
import { VirtualPort } from '../../src/io/serial/index.js';
import { loadRobot } from '../../src/robot/index.js';
import { gateConfigFromRobot } from '../../src/safety/index.js';
import { missingTools } from './operator-device.js';

const missing = missingTools();
const soon = { timeout: 20_000 };
const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe.skipIf(missing !== undefined)(`a degraded line${missing ? `: ${missing}` : ''}`, () => {
  it('halves what full deflection of a stick asks for, until the line is clean again', async () => {
    const robot = loadRobot('cartpole');
    const config = gateConfigFromRobot(robot);
    const nowNs = () => systemClock.nowNs();
    const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-line-'));
    closers.push(() => rmSync(folder, { recursive: true }));
    let noisy = false;
    let frames = 0;
    const device = new SimulatedDevice(
      robot.model.commanded,
      () => {},
      (bytes) => {
        const damaged = noisy && ++frames % 10 === 0;
        port.write(damaged ? bytes.map((byte, i) => (i === 5 ? byte ^ 0x55 || 1 : byte)) : bytes);
      },
      1,
    );
    const port = await VirtualPort.open(path.join(folder, 'port'), {
      bytes: (chunk) => device.receive(chunk, nowNs()),
      failed: () => {},
    });
    const told: unknown[] = [];
    const status = () => ({ owner: 'teleop', latched: false, nonce: 0, stateAgeMs: 0 }) as const;
    const teleop = new Teleop(
      port.path,
      config,
      robot.config.teleop,
      systemClock,
      { status, state: () => null },
      {
        changed: () => {},
        estop: () => {},
        reset: () => {},
        mode: () => ({ result: 'accepted', why: '' }),
        tell: (kind, detail) => kind === 'teleop-line' && told.push(detail['state']),
      },
    );
    const ticking = setInterval(() => device.tick(nowNs()), 5);
    closers.push(
      () => teleop.stop(),
      () => clearInterval(ticking),
      () => port.stop(),
    );
    device.sticks = { mode: 'joint-velocity', enable: true, estop: false, ttlMs: 100, axes: [1] };
    const asked = () => teleop.proposal(new Float64Array(1))?.command[0];
    const full = robot.config.teleop.maxVelocityScale * config.joints[0]!.maxVelocity;
    await expect.poll(asked, soon).toBeCloseTo(full, 9);
    noisy = true;
    await expect.poll(asked, soon).toBeCloseTo(full / 2, 9);
    noisy = false;
    await expect.poll(asked, soon).toBeCloseTo(full, 9);
    expect(told).toEqual(['degraded: slowed to half', 'clean']);
  });
});
