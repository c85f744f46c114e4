import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TraceLine, TwinSummary } from '../../sim/twin/index.js';
import { DynabridgeError, elapsedMs, systemClock } from '../../src/core/index.js';
import type { JsonLine } from '../../src/data/index.js';
import { createMiddleware, type Middleware, type TriggerResponse } from '../../src/io/ros/index.js';
import { compileDevice, HostDevice, missingTools, PortPair } from '../../test/conformance/operator-device.js';
import { Dynabridge } from '../../test/e2e/own-process.js';
import { ScratchBridge, type ScratchOptions } from '../scratch-bridge.js';
import { JsonLinesFollower } from './json-lines-follower.js';

export interface RigOptions extends ScratchOptions {
  readonly domain: number;
  readonly controlRateHz: number;
  /** of the twin's noise and jitter */
  readonly seed: number;
  /** the twin writes down every command and state; default: false */
  readonly trace?: boolean;
}

/** An entry of events.jsonl, by its kind. */
export interface BridgeEvent extends JsonLine {
  readonly kind: string;
}

export interface BridgePids {
  readonly guard: number;
  readonly agent: number;
  readonly recorder: number;
}

const CALL_MS = 500;
const POLL_MS = 5;

/** Twin, `dynabridge run` and an operator's device on a pseudo-terminal, each in processes of their own, as a user has them. */
export class BridgeRig {
  readonly events: JsonLinesFollower<BridgeEvent>;
  readonly trace: JsonLinesFollower<TraceLine>;
  bridge: Dynabridge | null = null;
  pids: BridgePids | null = null;

  private constructor(
    readonly scratch: ScratchBridge,
    readonly middleware: Middleware,
    readonly ports: PortPair,
    readonly device: HostDevice,
    private readonly twin: Dynabridge,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    this.events = new JsonLinesFollower(path.join(scratch.run.path, 'events.jsonl'));
    this.trace = new JsonLinesFollower(path.join(scratch.folder, 'trace.jsonl'));
  }

  /** @throws UNAVAILABLE where the C compiler or socat is missing */
  static async start(options: RigOptions): Promise<BridgeRig> {
    const missing = missingTools();
    if (missing !== undefined) throw new DynabridgeError('UNAVAILABLE', missing);
    const scratch = new ScratchBridge(options.controlRateHz, options);
    const env = { ROS_DOMAIN_ID: String(options.domain) };
    const middleware = await createMiddleware({ adapter: 'rtps', nodeName: 'rig', env });
    const ports = await PortPair.open();
    const device = new HostDevice(compileDevice(), ports.device, scratch.robot.model.commanded);
    const trace = options.trace === true ? ['--trace', path.join(scratch.folder, 'trace.jsonl')] : [];
    const twin = new Dynabridge(
      ['twin', '--robot', scratch.robot.folder, '--seed', String(options.seed), ...trace, '--json'],
      env,
    );
    const rig = new BridgeRig(scratch, middleware, ports, device, twin, env);
    await twin.says(/brakes are on/);
    return rig;
  }

  /** Starts the bridge, which then waits to be engaged. */
  async startBridge(): Promise<void> {
    const { folder } = this.scratch.robot;
    const args = ['run', '--robot', folder, '--run', this.scratch.run.path, '--engage', 'manual', '--json'];
    this.bridge = new Dynabridge([...args, '--teleop-port', this.ports.bridge], this.env);
    const [, guard, agent, recorder] = await this.bridge.says(
      /started guard (\d+), agent (\d+), recorder (\d+)/,
    );
    this.pids = { guard: Number(guard), agent: Number(agent), recorder: Number(recorder) };
  }

  /** Ends the bridge, however it is. */
  async endBridge(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    this.bridge?.kill(signal);
    await this.bridge?.ended;
    this.bridge = null;
    this.pids = null;
  }

  /**
   * Calls a std_srvs/Trigger service of bridge or twin again and again until it accepts.
   * @throws UNAVAILABLE with its last answer after `timeoutMs`
   */
  async insist(service: string, timeoutMs: number): Promise<void> {
    const startNs = systemClock.nowNs();
    let answer = 'no answer';
    while (elapsedMs(startNs, systemClock.nowNs()) < timeoutMs) {
      const client = this.middleware.createClient<object, TriggerResponse>(service, 'std_srvs/srv/Trigger');
      const response = await client.call({}, CALL_MS).catch((error: Error) => error.message);
      client.close();
      if (typeof response === 'object' && response.success) return;
      answer = typeof response === 'object' ? response.message : response;
      await sleep(POLL_MS);
    }
    throw new DynabridgeError('UNAVAILABLE', `${service} was not accepted within ${timeoutMs} ms: ${answer}`);
  }

  /** Resident memory of the guard [MiB]; NaN when it has gone. Linux only. */
  guardMiB(): number {
    try {
      const status = readFileSync(`/proc/${this.pids?.guard}/status`, 'utf8');
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
    } catch {
      return NaN;
    }
  }

  /** Ends everything. @returns the account of the twin, which saw all of it */
  async stop(): Promise<TwinSummary> {
    await this.endBridge();
    this.twin.kill('SIGINT');
    const { stdout } = await this.twin.ended;
    await this.device.stop();
    this.ports.unplug();
    await this.middleware.close();
    this.events.close();
    this.trace.close();
    this.scratch.dispose();
    return JSON.parse(stdout) as TwinSummary;
  }
}
