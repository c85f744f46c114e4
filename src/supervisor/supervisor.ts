import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { AgentProcessConfig } from '../agent/agent-config.js';
import { DynabridgeError, elapsedMs, type Clock } from '../core/index.js';
import type { SessionInfo } from '../data/index.js';
import type { GuardProcessConfig, GuardSummary } from '../guard/index.js';
import { connect, writeProcessConfig, type IpcConnection, type IpcMessage } from '../io/ipc/index.js';
import { createMiddleware, type Middleware } from '../io/ros/index.js';
import type { RecorderProcessConfig } from '../recorder/recorder-config.js';
import type { ControllerKind, Robot } from '../robot/index.js';
import { Veto, readVetoLimits } from '../veto/index.js';
import { OwnProcess } from './child-process.js';
import { EmergencyStop, type EmergencyStopResult, type LastKnown } from './emergency-stop.js';

/** A policy, and where what it does is recorded. */
export interface DrivingPolicy {
  /** run directory with the policy */
  readonly runFolder: string;
  readonly episodesFolder: string;
  /** where the last seconds before a trip go */
  readonly blackBoxFolder: string;
  /** what the recorder writes into every episode */
  readonly session: SessionInfo;
  /** step of the checkpoint that drives, for the record */
  readonly policyVersion: number;
  /** the run has a world model, and the robot wants its policy predicted */
  readonly predicted: boolean;
}

export interface SupervisorOptions {
  readonly robot: Robot;
  /** already applied to `robot`; the guard is told */
  readonly controller: ControllerKind | undefined;
  /** the policy that drives, and its recorder; default: none, the operator drives alone */
  readonly policy?: DrivingPolicy | undefined;
  readonly nodeName: string;
  readonly middleware: 'auto' | 'rtps' | 'rclnodejs';
  readonly engage: GuardProcessConfig['engage'];
  /** serial port of the operator's device */
  readonly teleopPort?: string | undefined;
  readonly clock: Clock;
  /** every event of guard and supervisor, as it happens */
  readonly onEvent: (kind: string, detail: Readonly<Record<string, unknown>>) => void;
}

/** How a bridge ended. */
export interface BridgeOutcome {
  /** clean: the guard stopped the robot itself; fenced: the supervisor had to */
  readonly end: 'clean' | 'fenced';
  /** null when the guard could not give an account */
  readonly summary: GuardSummary | null;
  readonly emergencyStop: EmergencyStopResult | null;
  /** faults and losses on the way, in words */
  readonly faults: readonly string[];
}

/** A guard silent for this long is stalled [ms]; ArduPilot takes over from a main loop that is silent for as long. */
const STALL_MS = 200;
/** A guard that has sent nothing yet is still starting: compiling and connecting may take its time [ms]. */
const START_STALL_MS = 5_000;
const WATCH_MS = 10;
/** A watch round this late means that this process was stalled [ms]. */
const LATE_WATCH_MS = 50;
const CONNECT_TIMEOUT_MS = 10_000;
/** A bridge that is there has been discovered by then [ms]; discovery takes some 150 ms at most. */
const SECOND_COPY_MS = 300;
/** The guard's own stop takes 2 s at most. */
const CLEAN_STOP_MS = 3_000;
const CHILD_GRACE_MS = 2_000;
/** A black box of 30 s at 1 kHz takes one to two seconds to write [ms]. */
const OTHERS_GRACE_MS = 5_000;

/**
 * Starts the guard, and agent and recorder where there is a policy; watches the guard's heartbeat on its own clock, and fences a guard that stalls or dies:
 * SIGKILL first, so that there are never two writers, then the robot is stopped from here.
 */
export class Supervisor {
  /** resolves when everything has ended; never rejects */
  readonly finished: Promise<BridgeOutcome>;
  private resolveFinished!: (outcome: BridgeOutcome) => void;
  private guardLink: IpcConnection | null = null;
  private lastHeartbeatNs = 0n;
  /** when the watch last ran; a round that comes late says nothing about the guard */
  private lastWatchNs = 0n;
  private lastKnown: LastKnown | null = null;
  private watch: NodeJS.Timeout | null = null;
  private stopping = false;
  private fenced = false;
  private summary: GuardSummary | null = null;
  private readonly faults: string[] = [];

  private constructor(
    private readonly options: SupervisorOptions,
    private readonly folder: string,
    private readonly guard: OwnProcess,
    /** agent and recorder, where there is a policy */
    private readonly others: readonly OwnProcess[],
    private readonly middleware: Middleware,
    private readonly veto: Veto,
  ) {
    this.finished = new Promise((resolve) => (this.resolveFinished = resolve));
  }

  /** @throws UNAVAILABLE where a bridge of the same name is there already, or the guard does not come up */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const { robot, clock } = options;
    // read now: in an emergency is no time to find out that a file cannot be read
    const veto = new Veto(readVetoLimits(robot.folder, robot.config.commandMessageType));
    const middleware = await createMiddleware({
      adapter: options.middleware,
      nodeName: `${options.nodeName}_supervisor`,
    });
    await refuseSecondCopy(middleware, options.nodeName);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-'));
    const socketPath = path.join(folder, 'guard.sock');
    const spawn = <T extends object>(name: string, config: T): OwnProcess => {
      const configPath = path.join(folder, `${name}.json`);
      writeProcessConfig(configPath, config);
      return new OwnProcess(name, new URL(`../${name}/main.js`, import.meta.url), configPath, process.env);
    };
    const { controller, nodeName, middleware: adapter, engage, teleopPort, policy } = options;
    const robotFolder = robot.folder;
    const guard = spawn<GuardProcessConfig>('guard', {
      robotFolder,
      ...(controller && { controller }),
      socketPath,
      nodeName,
      middleware: adapter,
      engage,
      teleopPort,
      predicted: policy?.predicted ?? false,
    });
    const others: OwnProcess[] = [];
    if (policy !== undefined) {
      const { runFolder, predicted, ...record } = policy;
      others.push(spawn<AgentProcessConfig>('agent', { robotFolder, socketPath, runFolder, predicted }));
      others.push(spawn<RecorderProcessConfig>('recorder', { socketPath, robotFolder, ...record }));
    }
    const supervisor = new Supervisor(options, folder, guard, others, middleware, veto);
    try {
      supervisor.guardLink = await Promise.race([
        connect(socketPath, CONNECT_TIMEOUT_MS),
        guard.exited.then(({ code }) => {
          throw new DynabridgeError(
            'UNAVAILABLE',
            `the guard ended at once with exit code ${code}; its message is above`,
          );
        }),
      ]);
    } catch (error) {
      await supervisor.cleanUp();
      throw error;
    }
    supervisor.guardLink.onMessage = (message) => supervisor.onMessage(message);
    supervisor.guardLink.send({ type: 'hello', role: 'supervisor' });
    supervisor.lastHeartbeatNs = clock.nowNs();
    supervisor.lastWatchNs = supervisor.lastHeartbeatNs;
    supervisor.watch = setInterval(() => supervisor.checkHeartbeat(), WATCH_MS);
    void guard.exited.then(() => supervisor.onGuardExit());
    for (const other of others) void other.exited.then(() => supervisor.onChildExit(other));
    return supervisor;
  }

  /** pids by process name, for people and tests */
  get pids(): Record<string, number | undefined> {
    return Object.fromEntries([this.guard, ...this.others].map(({ name, pid }) => [name, pid]));
  }

  /** Asks the guard to stop the robot and end; fences it when it does not. */
  stop(): void {
    if (this.stopping || this.fenced) return;
    this.stopping = true;
    this.guardLink?.send({ type: 'exit' });
    setTimeout(() => {
      if (this.guard.exit === null)
        void this.fence(`the guard did not end within ${CLEAN_STOP_MS} ms of being asked`);
    }, CLEAN_STOP_MS).unref();
  }

  private onMessage(message: IpcMessage): void {
    if (message.type === 'heartbeat') {
      this.lastHeartbeatNs = this.options.clock.nowNs();
      const { lastCommand: command, positions, velocities } = message;
      if (command.length > 0 && positions.length > 0) this.lastKnown = { command, positions, velocities };
    }
    if (message.type !== 'event') return;
    const { kind, detail } = message;
    if (kind === 'summary') this.onSummary(detail as unknown as GuardSummary);
    if (kind === 'fault') this.faults.push(String(detail['message']));
    if (kind === 'recording-failed')
      this.faults.push(`no more episodes were recorded: ${String(detail['why'])}`);
    if (kind === 'agent-silent') this.faults.push('the agent was silent');
    if (kind === 'disengaged' && detail['requested'] === false)
      this.faults.push(`the agent lost authority: ${String(detail['reason'])}`);
    this.notify(kind, detail);
  }

  /** The guard has stopped the robot and says goodbye; its heartbeat may end from here on. */
  private onSummary(summary: GuardSummary): void {
    this.summary = summary;
    if (this.watch) clearInterval(this.watch);
  }

  private checkHeartbeat(): void {
    const now = this.options.clock.nowNs();
    const lateMs = elapsedMs(this.lastWatchNs, now) - WATCH_MS;
    this.lastWatchNs = now;
    if (lateMs > LATE_WATCH_MS) return; // we were stalled ourselves: heartbeats may wait in the socket, look again next round
    const silentMs = elapsedMs(this.lastHeartbeatNs, now);
    const limitMs = this.lastKnown === null ? START_STALL_MS : STALL_MS;
    if (silentMs > limitMs && this.guard.exit === null)
      void this.fence(`the guard was silent for ${silentMs.toFixed(0)} ms`);
  }

  private onGuardExit(): void {
    if (this.fenced) return;
    if (this.summary !== null) void this.end('clean', null);
    else void this.fence('the guard died');
  }

  /** Telling somebody must never keep a stop from happening: a full disk is their problem first. */
  private notify(kind: string, detail: Readonly<Record<string, unknown>>): void {
    try {
      this.options.onEvent(kind, detail);
    } catch (error) {
      process.stderr.write(`event '${kind}' could not be told: ${(error as Error).message}\n`);
    }
  }

  private onChildExit(child: OwnProcess): void {
    if (this.stopping || this.fenced || this.guard.exit !== null) return;
    const how = child.exit?.signal ?? `exit code ${child.exit?.code}`;
    this.faults.push(`the ${child.name} ended (${how})`);
    this.notify(`${child.name}-ended`, { how });
  }

  private async fence(why: string): Promise<void> {
    if (this.fenced) return;
    this.fenced = true;
    if (this.watch) clearInterval(this.watch);
    this.guard.kill('SIGKILL');
    await this.guard.exited;
    this.faults.push(why);
    this.notify('fenced', { why });
    const result = await this.stopRobot();
    this.notify('emergency-stop', { ...result });
    await this.end('fenced', result);
  }

  private async stopRobot(): Promise<EmergencyStopResult> {
    // A guard that never commanded the robot leaves nothing to stop, and nobody gave us authority over it.
    if (this.lastKnown === null) return { atRest: false, commands: 0, why: 'the guard had sent nothing' };
    const { robot, clock } = this.options;
    return new EmergencyStop(this.middleware, robot, this.veto, clock, this.lastKnown).run();
  }

  private async end(end: 'clean' | 'fenced', emergencyStop: EmergencyStopResult | null): Promise<void> {
    await this.cleanUp();
    this.resolveFinished({ end, summary: this.summary, emergencyStop, faults: this.faults });
  }

  private async cleanUp(): Promise<void> {
    this.stopping = true;
    if (this.watch) clearInterval(this.watch);
    this.guardLink?.destroy();
    await Promise.all([
      this.guard.end(CHILD_GRACE_MS),
      ...this.others.map((child) => child.end(OTHERS_GRACE_MS)),
    ]);
    await this.middleware.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A second copy would take the command topic from the first, which stops then: it has to be refused before it publishes. */
async function refuseSecondCopy(middleware: Middleware, nodeName: string): Promise<void> {
  const estop = middleware.createClient(`/${nodeName}/estop`, 'std_srvs/srv/Trigger');
  const there = await estop.waitForService(SECOND_COPY_MS).then(
    () => true,
    () => false,
  );
  estop.close();
  if (!there) return;
  await middleware.close();
  throw new DynabridgeError(
    'UNAVAILABLE',
    `a node with the services of /${nodeName} is there already; end that bridge first, or give this one another --name`,
  );
}
