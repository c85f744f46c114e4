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
const READY_MS = 30_000;
/** until the next request after one that was refused */
const REFUSED_MS = 20;
/** of what the bridge said last, for an error [characters] */
const TOLD = 2_000;

/** Twin, `dynabridge run` and an operator's device on a pseudo-terminal, each in processes of their own, as a user has them. */
export class BridgeRig {
  readonly events: JsonLinesFollower<BridgeEvent>;
  readonly trace: JsonLinesFollower<TraceLine>;
  bridge: Dynabridge | null = null;
  pids: BridgePids | null = null;

  private constructor(
    readonly domain: number,
    readonly scratch: ScratchBridge,
    readonly middleware: Middleware,
    readonly ports: PortPair,
    public device: HostDevice,
    private readonly program: string,
    private readonly twin: Dynabridge,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    process.once('exit', this.abandon);
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
    const program = compileDevice();
    const device = new HostDevice(program, ports.device, scratch.robot.model.commanded);
    const trace = options.trace === true ? ['--trace', path.join(scratch.folder, 'trace.jsonl')] : [];
    const twin = new Dynabridge(
      ['twin', '--robot', scratch.robot.folder, '--seed', String(options.seed), ...trace, '--json'],
      env,
      { detached: true },
    );
    const rig = new BridgeRig(options.domain, scratch, middleware, ports, device, program, twin, env);
    await twin.says(/brakes are on/);
    return rig;
  }

  /** Starts the bridge, which then waits to be engaged. */
  async startBridge(): Promise<void> {
    const { folder } = this.scratch.robot;
    const args = ['run', '--robot', folder, '--run', this.scratch.run.path, '--engage', 'manual', '--json'];
    this.bridge = new Dynabridge([...args, '--teleop-port', this.ports.bridge], this.env, { detached: true });
    const [, guard, agent, recorder] = await this.bridge.says(
      /started guard (\d+), agent (\d+), recorder (\d+)/,
    );
    this.pids = { guard: Number(guard), agent: Number(agent), recorder: Number(recorder) };
  }

  /**
   * Clears what is latched and asks for the agent, in a new bridge where there is none. The operator lets go.
   * @throws UNAVAILABLE after half a minute
   */
  async drive(): Promise<void> {
    const restart = async (): Promise<void> => {
      await this.endBridge();
      await this.startBridge();
    };
    if (!this.running) await restart();
    this.device.order('stick 1 0 100 0');
    await this.insist('/dynabridge/engage', READY_MS, (why) => {
      if (!this.running) return restart();
      return why.startsWith('latched') ? this.call('/dynabridge/reset') : sleep(REFUSED_MS);
    });
  }

  /** Ends the bridge, however it is. */
  async endBridge(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    this.bridge?.kill(signal);
    await this.bridge?.ended;
    this.bridge = null;
    this.pids = null;
  }

  /** Another device takes the place of the one at the line. */
  async replaceDevice(): Promise<void> {
    await this.device.stop();
    this.device = new HostDevice(this.program, this.ports.device, this.scratch.robot.model.commanded);
  }

  /** Status of the bridge as the device has heard it last: "<owner> <latched> <state age ms> <nonce>"; owners: 0 hold, 1 teleop, 2 agent. */
  get deviceStatus(): string {
    return this.device.events.findLast((event) => event.startsWith('status '))?.slice('status '.length) ?? '';
  }

  /** The bridge's supervisor has not ended. */
  get running(): boolean {
    const child = this.bridge?.child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Of twin, supervisor, guard and agent: what has to run for the robot to be driven. */
  get processes(): readonly number[] {
    const pids = [this.twin.child.pid, this.bridge?.child.pid, this.pids?.guard, this.pids?.agent];
    return pids.filter((pid) => pid !== undefined);
  }

  /** Calls a std_srvs/Trigger service of bridge or twin; no answer within half a second is a refusal. */
  async call(service: string): Promise<TriggerResponse> {
    const client = this.middleware.createClient(service, 'std_srvs/srv/Trigger');
    const answer = await client
      .call({}, CALL_MS)
      .catch((error: Error) => ({ success: false, message: error.message }));
    client.close();
    return answer;
  }

  /**
   * Calls again and again until it is accepted.
   * @param onRefusal what to do about it before the next call
   * @throws UNAVAILABLE with the last answer after `timeoutMs`
   */
  async insist(
    service: string,
    timeoutMs: number,
    onRefusal: (why: string) => Promise<unknown> = () => sleep(POLL_MS),
  ): Promise<void> {
    const startNs = systemClock.nowNs();
    for (;;) {
      const { success, message } = await this.call(service);
      if (success) return;
      if (elapsedMs(startNs, systemClock.nowNs()) > timeoutMs) {
        throw new DynabridgeError(
          'UNAVAILABLE',
          `${service} was not accepted within ${timeoutMs} ms: ${message}\n${this.bridge?.stderr.slice(-TOLD) ?? ''}`,
        );
      }
      await onRefusal(message);
    }
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
    process.off('exit', this.abandon);
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

  /** Nothing is left behind by an end that cannot wait. */
  private readonly abandon = (): void => {
    for (const one of [this.bridge, this.twin]) one?.kill('SIGKILL');
    this.ports.unplug();
  };
}
