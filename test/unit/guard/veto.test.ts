/**
 * The guard, a simulated robot and the guard's other processes, over the real wire and sockets. The limits are tightened on disk
 * after the gate's robot was read and before the veto reads them, so the gate is in the wrong by what the veto knows.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { compileRobot, loadEngine, nominalImperfections } from '../../../sim/index.js';
import { Twin, maxPhysicsStep } from '../../../sim/twin/index.js';
import { NS_PER_S, Rng, systemClock } from '../../../src/core/index.js';
import { Guard } from '../../../src/guard/guard.js';
import {
  connect,
  listen,
  type EventMessage,
  type HeartbeatMessage,
  type IpcConnection,
  type TickMessage,
} from '../../../src/io/ipc/index.js';
import {
  COMMAND_QOS,
  createRtpsMiddleware,
  type Float64MultiArray,
  type RtpsMiddleware,
  type TriggerResponse,
} from '../../../src/io/ros/index.js';
import { findRobot, loadRobot } from '../../../src/robot/index.js';
import { until } from '../io/rtps/participants.js';

const env = { ROS_DOMAIN_ID: '79' };
const GATE_LIMIT = 2; // [m/s], of cartpole
const VETO_LIMIT = 1;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function node(nodeName: string): Promise<RtpsMiddleware> {
  const opened = await createRtpsMiddleware({ nodeName, env });
  closing.push(() => opened.close());
  return opened;
}

/** A copy of the cartpole at 20 Hz, which a busy machine keeps up with; `tighten` changes its limit of velocity on disk. */
function scratchCartpole(): { folder: string; tighten: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'veto-'));
  closing.push(() => rmSync(folder, { recursive: true }));
  cpSync(findRobot('cartpole'), folder, { recursive: true });
  const edit = (file: string, find: string, put: string): void => {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(find);
    writeFileSync(path, text.replace(find, put));
  };
  edit('robot.yaml', 'control_rate_hz: 100', 'control_rate_hz: 20');
  edit('robot.yaml', 'policy_rate_hz: 25', 'policy_rate_hz: 20');
  edit('robot.yaml', 'state_timeout_ms: 100', 'state_timeout_ms: 500');
  edit('robot.yaml', 'state_frozen_ms: 500', 'state_frozen_ms: 5000');
  const tighten = (): void =>
    edit('joint_limits.yaml', `max_velocity: ${GATE_LIMIT}.0`, `max_velocity: ${VETO_LIMIT}`);
  return { folder, tighten };
}

/** A simulated cartpole on the wire, whose limits are the tightened ones; it counts what breaks them. */
async function startTwin(folder: string): Promise<Twin> {
  const robot = loadRobot(folder);
  const stateRateHz = robot.config.controlRateHz;
  const world = { maxPhysicsStep: maxPhysicsStep(stateRateHz) };
  const compiled = compileRobot(await loadEngine(), robot, nominalImperfections(robot), world);
  closing.push(() => compiled.dispose());
  const twin = new Twin({
    robot,
    compiled,
    middleware: await node('twin'),
    clock: systemClock,
    rng: new Rng(1, 'twin'),
    stateRateHz,
    jitterMs: 0,
    push: { joint: 'slider', force: 1, duration: 0.1 },
    brakeUntilFirstCommand: true,
  });
  closing.push(() => twin.close());
  return twin;
}

/** A process of ours, as far as the guard can tell. */
async function joinAs(socket: string, role: 'agent' | 'recorder' | 'supervisor'): Promise<IpcConnection> {
  const connection = await connect(socket, 5_000);
  closing.push(() => connection.destroy());
  connection.send({ type: 'hello', role });
  return connection;
}

describe('a guard whose gate is in the wrong', () => {
  it('sends nothing of what is vetoed but a ramp to rest, latches, and gives authority to nobody', async () => {
    const { folder, tighten } = scratchCartpole();
    const gateRobot = loadRobot(folder);
    tighten();
    const twin = await startTwin(folder);
    const observer = await node('observer');
    const wire: number[] = [];
    observer.createSubscription<Float64MultiArray>(
      gateRobot.config.commandTopic,
      'std_msgs/msg/Float64MultiArray',
      { ...COMMAND_QOS, depth: 1000 },
      ({ data }) => wire.push(data[0]!),
    );
    let finished = false;
    const guard = new Guard({
      robot: gateRobot,
      middleware: await node('bridge'),
      clock: systemClock,
      nodeName: 'bridge',
      engage: 'auto',
      predicted: false,
      onFinished: () => (finished = true),
    });
    const socket = join(folder, 'guard.sock');
    const server: net.Server = await listen(socket, (connection) => guard.accept(connection));
    closing.push(() => server.close());

    const events: EventMessage[] = [];
    const ticks: TickMessage[] = [];
    let heartbeat: HeartbeatMessage | null = null;
    const supervisor = await joinAs(socket, 'supervisor');
    supervisor.onMessage = (message) => {
      if (message.type === 'event') events.push(message);
      if (message.type === 'heartbeat') heartbeat = message;
    };
    const recorder = await joinAs(socket, 'recorder');
    recorder.onMessage = (message) => {
      if (message.type === 'tick') ticks.push(message);
    };
    const agent = await joinAs(socket, 'agent');
    agent.onMessage = (message) => {
      if (message.type !== 'observation') return;
      agent.send({
        type: 'proposal',
        policyStep: message.policyStep,
        expiresNs: systemClock.nowNs() + NS_PER_S,
        action: Float64Array.of(1),
        command: Float64Array.of(GATE_LIMIT),
      });
    };

    const call = (event: string): Promise<TriggerResponse> =>
      observer.createClient(`/bridge/${event}`, 'std_srvs/srv/Trigger').call({}, 5_000);
    const faults = (): EventMessage[] => events.filter(({ kind }) => kind === 'fault');
    const holding = (): boolean => events.findLast(({ kind }) => kind === 'mode')?.detail['to'] === 'holding';
    for (let tries = 0; tries < 100 && faults().length === 0; tries++) {
      await sleep(250);
      if (holding()) await call('engage'); // a busy machine may have let a state or the agent be missed
    }
    const [fault] = faults();
    expect(fault!.detail).toMatchObject({ check: 'veto' });
    expect(fault!.detail['message']).toMatch(
      /^a command was vetoed: joint 'slider' velocity 1\.\d+ m\/s beyond max_velocity 1 m\/s$/,
    );
    expect(events.some(({ kind }) => kind === 'engaged')).toBe(true);
    await until(() => events.some(({ kind }) => kind === 'disengaged'), 'the end of authority');

    await until(() => wire.length > 5 && wire.slice(-5).every((value) => value === 0), 'rest');
    expect(Math.max(...wire)).toBeGreaterThan(0.3); // it was moving
    expect(Math.max(...wire)).toBeLessThanOrEqual(VETO_LIMIT);
    expect(Math.min(...wire)).toBe(0);
    expect(twin.summary.commands).toBeGreaterThan(0);
    const seen = twin.witness.violations.filter(({ kind }) => kind === 'command-velocity');
    expect(seen).toEqual([]);
    const executed = ticks.flatMap(({ executed: [value] }) => value ?? []);
    expect(Math.max(...executed)).toBe(Math.max(...wire));
    await until(() => heartbeat?.lastCommand[0] === 0, 'a heartbeat that tells of rest');
    expect(heartbeat!.mode).toBe('fault');

    for (const event of ['reset', 'release']) {
      const { success, message } = await call(event);
      expect(success, event).toBe(false);
      expect(message).toMatch(/report the bug/);
    }
    expect((await call('engage')).success).toBe(false);
    await call('estop');
    expect((await call('reset')).success).toBe(false);
    expect(wire.slice(-5)).toEqual([0, 0, 0, 0, 0]);

    supervisor.send({ type: 'exit' });
    const stopped = (): EventMessage | undefined => events.find(({ kind }) => kind === 'stopped');
    await until(() => finished && stopped() !== undefined, 'the end');
    expect(stopped()!.detail['outcome']).toBe('at rest');
  }, 120_000);
});
