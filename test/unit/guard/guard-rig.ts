/** A guard, a simulated robot and the guard's other processes, over the real wire and sockets, in one process. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { compileRobot, loadEngine, nominalImperfections } from '../../../sim/index.js';
import { Twin, maxPhysicsStep } from '../../../sim/twin/index.js';
import { NS_PER_S, Rng, systemClock, type Clock } from '../../../src/core/index.js';
import type { GuardOptions } from '../../../src/guard/guard-config.js';
import { Guard } from '../../../src/guard/guard.js';
import { connect, listen, type EventMessage, type IpcConnection } from '../../../src/io/ipc/index.js';
import {
  COMMAND_QOS,
  createRtpsMiddleware,
  type Float64MultiArray,
  type RtpsMiddleware,
  type RtpsMiddlewareOptions,
  type TriggerResponse,
} from '../../../src/io/ros/index.js';
import { findRobot, loadRobot, type Robot } from '../../../src/robot/index.js';

const NODE = 'bridge';

export class GuardRig {
  readonly folder: string;
  private readonly env: { readonly ROS_DOMAIN_ID: string };
  private readonly closing: (() => unknown)[] = [];

  /** A copy of the cartpole at 20 Hz, which a busy machine keeps up with. */
  constructor(domain: number) {
    this.env = { ROS_DOMAIN_ID: String(domain) };
    const folder = (this.folder = mkdtempSync(join(tmpdir(), 'guard-')));
    this.closing.push(() => rmSync(folder, { recursive: true }));
    cpSync(findRobot('cartpole'), folder, { recursive: true });
    this.edit('robot.yaml', 'control_rate_hz: 100', 'control_rate_hz: 20');
    this.edit('robot.yaml', 'policy_rate_hz: 25', 'policy_rate_hz: 20');
    this.edit('robot.yaml', 'state_timeout_ms: 100', 'state_timeout_ms: 500');
    this.edit('robot.yaml', 'state_frozen_ms: 500', 'state_frozen_ms: 5000');
  }

  edit(file: string, find: string, put: string): void {
    const path = join(this.folder, file);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain(find);
    writeFileSync(path, text.replace(find, put));
  }

  async node(nodeName: string, more: Partial<RtpsMiddlewareOptions> = {}): Promise<RtpsMiddleware> {
    const opened = await createRtpsMiddleware({ nodeName, env: this.env, ...more });
    this.closing.push(() => opened.close());
    return opened;
  }

  /** A simulated cartpole on the wire, by the files as they are now; it counts what breaks its limits. */
  async startTwin(): Promise<Twin> {
    const robot = loadRobot(this.folder);
    const stateRateHz = robot.config.controlRateHz;
    const world = { maxPhysicsStep: maxPhysicsStep(stateRateHz) };
    const compiled = compileRobot(await loadEngine(), robot, nominalImperfections(robot), world);
    this.closing.push(() => compiled.dispose());
    const twin = new Twin({
      robot,
      compiled,
      middleware: await this.node('twin'),
      clock: systemClock,
      rng: new Rng(1, 'twin'),
      stateRateHz,
      jitterMs: 0,
      push: { joint: 'slider', force: 1, duration: 0.1 },
      brakeUntilFirstCommand: true,
    });
    this.closing.push(() => twin.close());
    return twin;
  }

  async startGuard(robot: Robot, more: Partial<GuardOptions> = {}): Promise<StartedGuard> {
    const started: { finished: boolean } = { finished: false };
    const guard = new Guard({
      robot,
      middleware: await this.node(NODE),
      clock: systemClock,
      node: { nodeName: NODE, namespace: '/', remaps: [], parameters: {} },
      engage: 'manual',
      predicted: false,
      onFinished: () => (started.finished = true),
      ...more,
    });
    const socket = join(this.folder, 'guard.sock');
    const server = await listen(socket, (connection) => guard.accept(connection));
    this.closing.push(() => server.close());
    const events: EventMessage[] = [];
    const supervisor = await this.joinAs('supervisor');
    supervisor.onMessage = (message) => {
      if (message.type === 'event') events.push(message);
    };
    this.closing.push(() => supervisor.send({ type: 'exit' }));
    return Object.assign(started, { guard, supervisor, events });
  }

  /** A process of ours, as far as the guard can tell. */
  async joinAs(role: 'agent' | 'recorder' | 'supervisor'): Promise<IpcConnection> {
    const connection = await connect(join(this.folder, 'guard.sock'), 5_000);
    this.closing.push(() => connection.destroy());
    connection.send({ type: 'hello', role });
    return connection;
  }

  /** An agent that proposes one command at every step. @param velocity [m/s] */
  async startAgent(velocity: () => number, clock: Clock = systemClock): Promise<IpcConnection> {
    const agent = await this.joinAs('agent');
    agent.onMessage = (message) => {
      if (message.type !== 'observation') return;
      agent.send({
        type: 'proposal',
        policyStep: message.policyStep,
        expiresNs: clock.nowNs() + NS_PER_S,
        policyVersion: 0,
        action: Float64Array.of(1),
        command: Float64Array.of(velocity()),
      });
    };
    return agent;
  }

  onClose(close: () => unknown): void {
    this.closing.push(close);
  }

  async close(): Promise<void> {
    for (const close of this.closing.splice(0).reverse()) await close();
  }
}

export interface StartedGuard {
  readonly guard: Guard;
  readonly supervisor: IpcConnection;
  /** what its supervisor was told */
  readonly events: readonly EventMessage[];
  readonly finished: boolean;
}

/** Every command on the wire from now on, of the first joint. */
export function commandsOn(middleware: RtpsMiddleware, { config }: Robot): number[] {
  const wire: number[] = [];
  const qos = { ...COMMAND_QOS, depth: 1000 };
  middleware.createSubscription<Float64MultiArray>(
    config.commandTopic,
    'std_msgs/msg/Float64MultiArray',
    qos,
    ({ data }) => wire.push(data[0]!),
  );
  return wire;
}

/** One of the guard's services. */
export async function call(middleware: RtpsMiddleware, service: string): Promise<TriggerResponse> {
  const client = middleware.createClient(`/${NODE}/${service}`, 'std_srvs/srv/Trigger');
  const response = await client.call({}, 5_000);
  client.close();
  return response;
}
