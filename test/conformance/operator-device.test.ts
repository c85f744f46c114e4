import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Rng, systemClock } from '../../src/core/index.js';
import {
  DEFAULT_TIMEOUTS,
  jointSetHash,
  OperatorLink,
  SerialConnection,
  type ModeResult,
  type OperatorCommand,
  type OperatorSetPoint,
  type RobotState,
} from '../../src/io/serial/index.js';
import { compileDevice, missingTools, openHostDevice, openSimulatedDevice } from './operator-device.js';

const JOINTS = ['shoulder_pan_joint', 'Gelenk_ä'];
const missing = missingTools();
const closers: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

class Bridge {
  readonly told: string[] = [];
  readonly commands: OperatorCommand[] = [];
  readonly setPoints: OperatorSetPoint[] = [];
  latched = false;
  modeResult: ModeResult = 'accepted';
  state: Omit<RobotState, 'type'> | null = null;
  readonly connection: SerialConnection;
  readonly link: OperatorLink;
  private readonly ticking: NodeJS.Timeout;

  constructor(path: string) {
    this.connection = new SerialConnection(
      { path, backOffMs: { first: 50, longest: 100 } },
      {
        bytes: (chunk) => this.link.receive(chunk, systemClock.nowNs()),
        opened: () => this.told.push('opened'),
        closed: () => {
          this.told.push('closed');
          this.link.closed();
        },
        failed: ({ message }) => this.told.push(`failed: ${message}`),
      },
    );
    this.link = new OperatorLink(
      { axes: JOINTS.length, jointSet: jointSetHash(JOINTS), ...DEFAULT_TIMEOUTS },
      {
        linked: ({ firmware }) => this.told.push(`linked ${firmware}`),
        refused: (result) => this.told.push(`refused ${result}`),
        lost: (reason) => this.told.push(`lost ${reason}`),
        command: (command) => this.commands.push(command),
        setPoint: (setPoint) => this.setPoints.push(setPoint),
        mode: (wanted) => {
          this.told.push(`mode ${wanted}`);
          const result = this.modeResult;
          return { result, why: result === 'accepted' ? '' : `weil ä: ${result}` };
        },
        estop: (cause) => this.told.push(`estop ${cause}`),
        estopReset: (nonce) => this.told.push(`reset ${nonce}`),
        log: (level, text) => this.told.push(`log ${level} ${text}`),
        quality: (degraded) => this.told.push(degraded ? 'degraded' : 'clean'),
      },
      (bytes, onlyIfIdle) => this.connection.write(bytes, onlyIfIdle),
      new Rng(3),
    );
    this.connection.start();
    this.ticking = setInterval(() => {
      const { latched } = this;
      this.link.tick(
        systemClock.nowNs(),
        { owner: 'teleop', latched, nonce: latched ? 77 : 0, stateAgeMs: 12 },
        () => this.state,
      );
    }, 5);
    closers.push(() => this.stop());
  }

  async heard(what: string | RegExp): Promise<void> {
    await expect.poll(() => this.told, { timeout: 5000 }).toContainEqual(expect.stringMatching(what));
  }

  async stop(): Promise<void> {
    clearInterval(this.ticking);
    await this.connection.stop();
  }
}

let program = '';
beforeAll(() => {
  if (missing === undefined) program = compileDevice();
});

describe.skipIf(missing !== undefined).each([
  ['the C library', 'dynabridge host device 1', (joints: string[]) => openHostDevice(program, joints)],
  ['the simulated device', 'dynabridge teleop-device 1', openSimulatedDevice],
])(`operator link with %s${missing ? `: ${missing}` : ''}`, (_, firmware, open) => {
  async function connected(joints = JOINTS) {
    const device = await open(joints);
    closers.push(() => device.stop());
    const bridge = new Bridge(device.port);
    closers.unshift(() => bridge.stop()); // first, so that nobody complains of a port that is gone
    return { bridge, device };
  }

  it('shakes hands, hears the sticks to the last digit, and tells the device who moves the robot', async () => {
    const { bridge, device } = await connected();
    await bridge.heard(`linked ${firmware}`);
    device.order('stick 1 1 60 32767 -16384');
    await expect.poll(() => bridge.commands.length).toBeGreaterThan(5);
    const { mode, enable, estop, axes, receivedNs, expiresNs } = bridge.commands.at(-1)!;
    expect({ mode, enable, estop, axes }).toEqual({
      mode: 'joint-velocity',
      enable: true,
      estop: false,
      axes: [1, -16384 / 32767],
    });
    expect(expiresNs - receivedNs).toBe(60_000_000n);
    await expect.poll(() => device.events).toContain('status 1 0 12 0');
    expect(device.events).toContain('link 1 0');
    device.order('log ready for ä');
    await bridge.heard('log 1 ready for ä');
    expect([...bridge.link.dropped]).toEqual([]);
  });

  it('tells the device where the robot is, to the last digit, once that is known', async () => {
    const { bridge, device } = await connected();
    await bridge.heard('linked');
    await sleep(200);
    const states = () => device.events.filter((line) => line.startsWith('state'));
    expect(states()).toEqual([]);
    const [positions, velocities] = [
      [1, -16384 / 32767],
      [-1, 1 / 32767],
    ];
    bridge.state = { mode: 'active', fault: 'none', ageMs: 3, positions, velocities };
    await expect.poll(states).toContain('state 2 0 3 32767 -16384 -32767 1');
    bridge.state = { ...bridge.state, mode: 'estop', fault: 'estop', ageMs: 70_000 };
    await expect.poll(states).toContain('state 5 1 65535 32767 -16384 -32767 1');
    device.order('restart'); // now state and status are due at the same time
    await bridge.heard('lost restarted');
    const { length } = states();
    await expect.poll(() => states().length, { timeout: 5000 }).toBeGreaterThan(length + 5);
  });

  it('hears a request for a mode once, and tells the device once what became of it', async () => {
    const { bridge, device } = await connected();
    await bridge.heard('linked');
    device.order('mode 0');
    await bridge.heard('mode hold');
    await expect.poll(() => device.events).toContainEqual(expect.stringMatching(/^mode 0 0 ?$/));
    bridge.modeResult = 'not-ready';
    device.order('mode 2');
    await expect.poll(() => device.events).toContain('mode 2 5 weil ä: not-ready');
    await sleep(300);
    expect(bridge.told.filter((line) => line.startsWith('mode'))).toEqual(['mode hold', 'mode agent']);
    expect(device.events.filter((line) => line.startsWith('mode')).length).toBe(2);
  });

  it('hears set-points beside the sticks, to the last digit, until they are released', async () => {
    const { bridge, device } = await connected();
    await bridge.heard('linked');
    device.order('stick 1 1 100 0 0');
    device.order('setpoint 40 -32767 1');
    await expect.poll(() => bridge.setPoints.length).toBeGreaterThan(5);
    const { axes, receivedNs, expiresNs } = bridge.setPoints.at(-1)!;
    expect(axes).toEqual([-1, 1 / 32767]);
    expect(expiresNs - receivedNs).toBe(40_000_000n);
    expect(bridge.commands.length).toBeGreaterThan(0);
    device.order('release');
    await sleep(100);
    const { length } = bridge.setPoints;
    await sleep(100);
    expect(bridge.setPoints.length).toBe(length);
    expect([...bridge.link.dropped]).toEqual([]);
  });

  it('refuses a device of other joints, and the device is told why', async () => {
    const { bridge, device } = await connected([...JOINTS].reverse());
    await bridge.heard('refused joint-set');
    await expect.poll(() => device.events).toContain('link 0 2');
  });

  it('acknowledges a stop, so that the device repeats it no more, and resets it by its number only', async () => {
    const { bridge, device } = await connected();
    await bridge.heard('linked');
    device.order('estop 9');
    await bridge.heard('estop 9');
    await sleep(300);
    expect(bridge.told.filter((line) => line === 'estop 9').length).toBeLessThanOrEqual(3);
    bridge.latched = true;
    await expect.poll(() => device.events).toContain('status 1 1 12 77');
    device.order('reset 77');
    await bridge.heard('reset 77');
  });

  it.each([
    ['mute', 'lost silent'],
    ['hang', 'lost stuck'],
    ['restart', 'lost restarted'],
  ])('notices a device that does this: %s', async (order, loss) => {
    const { bridge, device } = await connected();
    await bridge.heard('linked');
    device.order('stick 1 1 100 100 100');
    await expect.poll(() => bridge.commands.length).toBeGreaterThan(0);
    device.order(order);
    await bridge.heard(loss);
    await sleep(50);
    const { length } = bridge.commands;
    await sleep(200);
    if (order !== 'hang') expect(bridge.commands.length).toBe(length);
  });

  it('links again after a restart of the device', async () => {
    const { bridge, device } = await connected();
    await bridge.heard('linked');
    device.order('restart');
    await bridge.heard('lost restarted');
    await expect.poll(() => bridge.told.filter((line) => line.startsWith('linked')).length).toBe(2);
  });

  it('loses the link when the cable is pulled, and sends nothing late when another is there', async () => {
    const { bridge, device } = await connected();
    await bridge.heard('linked');
    await device.unplug();
    await bridge.heard('lost closed');
    await bridge.heard(/^failed: (there is no serial port|serial port)/);
    bridge.connection.write(Uint8Array.of(0, 1, 0)); // while it is closed
    expect(bridge.connection.droppedWrites).toBeGreaterThan(0);
  });

  it('holds against garbage: nothing is heard from it, and the link goes on', async () => {
    const { bridge, device } = await connected();
    await bridge.heard('linked');
    const rng = new Rng(11);
    for (let i = 0; i < 50; i++) {
      bridge.connection.write(Uint8Array.from({ length: 200 }, () => rng.integer(256)));
      await sleep(5);
    }
    bridge.connection.write(Uint8Array.of(0));
    await expect.poll(() => device.events.some((line) => line.startsWith('dropped'))).toBe(true);
    device.order('stick 2 0 100 -32767 1');
    await expect.poll(() => bridge.commands.length).toBeGreaterThan(0);
    expect(bridge.commands[0]!.axes).toEqual([-1, 1 / 32767]);
    expect(bridge.told.filter((line) => line.startsWith('lost'))).toEqual([]);
  });
});

it.skipIf(missing !== undefined)(
  'refuses a device of another version, which is told so; its stop is heard all the same',
  async () => {
    const device = await openHostDevice(compileDevice('-DDBL_MAJOR=2'), JOINTS);
    closers.push(() => device.stop());
    const bridge = new Bridge(device.port);
    await bridge.heard('refused version');
    await expect.poll(() => device.events).toContain('link 0 1');
    expect(bridge.link.linked).toBe(false);
    device.order('estop 3');
    await bridge.heard('estop 3');
  },
);

it.skipIf(missing !== undefined)('says what to do about a port that is not there', async () => {
  const bridge = new Bridge('/dev/nowhere');
  await bridge.heard(/there is no serial port \/dev\/nowhere; plug the device in, or list ports/);
});
