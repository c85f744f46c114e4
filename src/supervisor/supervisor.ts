import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DynabridgeError, elapsedMs, type Clock } from '../core/index.js';
import { qosOfTopics, supervisorNode, type GuardSummary } from '../guard/index.js';
import type { Deployment, IpcMessage } from '../io/ipc/index.js';
import {
  CommandPublisher,
  callTrigger,
  createMiddleware,
  fullNodeName,
  type Middleware,
  type TriggerResponse,
} from '../io/ros/index.js';
import { Veto, readVetoLimits, type VetoLimits } from '../veto/index.js';
import type { OwnProcess } from './child-process.js';
import { Crew, type CrewOptions } from './crew.js';
import { EmergencyStop, type EmergencyStopResult, type LastKnown } from './emergency-stop.js';

export interface SupervisorOptions extends CrewOptions {
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
/** A bridge that is there has been discovered by then [ms]; discovery takes some 150 ms at most. */
const SECOND_COPY_MS = 300;
/** The guard's own stop takes 2 s at most. */
const CLEAN_STOP_MS = 3_000;

/**
 * Starts the guard, and agent and recorder where there is a policy; watches the guard's heartbeat on its own clock, and fences a guard that stalls or dies:
 * SIGKILL first, so that there are never two writers, then the robot is stopped from here. An operator's device keeps its use: a new
 * guard is started for it, once, without an agent.
 */
export class Supervisor {
  /** resolves when everything has ended; never rejects */
  readonly finished: Promise<BridgeOutcome>;
  private resolveFinished!: (outcome: BridgeOutcome) => void;
  /** the one that is watched comes last */
  private readonly crews: Crew[] = [];
  private lastHeartbeatNs = 0n;
  /** when the watch last ran; a round that comes late says nothing about the guard */
  private lastWatchNs = 0n;
  private lastKnown: LastKnown | null = null;
  private watch: NodeJS.Timeout | null = null;
  /** discovered by the controller before it is needed, so that a stop need not wait for that */
  private standby: CommandPublisher | null = null;
  private stopping = false;
  /** the guard is dead, and what follows from that is not done yet */
  private fencing = false;
  private summary: GuardSummary | null = null;
  /** of the newest fence */
  private emergencyStop: EmergencyStopResult | null = null;
  private readonly faults: string[] = [];

  private constructor(
    private readonly options: SupervisorOptions,
    private readonly folder: string,
    private readonly middleware: Middleware,
    private readonly vetoLimits: VetoLimits,
  ) {
    this.finished = new Promise((resolve) => (this.resolveFinished = resolve));
  }

  /** @throws UNAVAILABLE where a bridge of the same name is there already, or the guard does not come up */
  static async start(options: SupervisorOptions): Promise<Supervisor> {
    const { robot, node } = options;
    const { folder: robotFolder, config } = robot;
    // read now: in an emergency is no time to find out that a file cannot be read
    const vetoLimits = readVetoLimits(robotFolder, config.commandMessageType);
    const qos = qosOfTopics(config, node); // a stop goes out, and is watched, as the guard's commands and states
    const adapter = options.middleware;
    const middleware = qos.of(await createMiddleware({ adapter, ...supervisorNode(node) }));
    const folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-'));
    const supervisor = new Supervisor(options, folder, middleware, vetoLimits);
    try {
      await refuseSecondCopy(middleware, fullNodeName(node));
      await supervisor.startCrew();
    } catch (error) {
      await supervisor.cleanUp();
      throw error;
    }
    return supervisor;
  }

  /** pids by process name, for people and tests */
  get pids(): Record<string, number | undefined> {
    return this.crew.pids;
  }

  /**
   * Gives the agent something to drive with once it is engaged. The answer is an event: 'deployed' {motion, version}; 'deploy-failed'
   * {motion, why}, and it drives with what it had; or 'deploy-refused' {why} of the guard, while the agent drives.
   */
  deploy(deployment: Deployment): void {
    this.crew.link.send({ type: 'deploy', ...deployment });
  }

  /**
   * Gives the agent authority, as ~/engage does. The answer is the event 'request' {event: 'engage', accepted, why}. What was just
   * deployed is refused until it has made some proposals.
   */
  engage(): void {
    this.crew.link.send({ type: 'request', event: 'engage' });
  }

  /**
   * Lets the guard fall silent, once the robot holds at rest: others may move it then. The answer is the event 'request' {event: 'mute',
   * accepted, why}; {@link engage} ends it.
   */
  mute(): void {
    this.crew.link.send({ type: 'request', event: 'mute' });
  }

  /**
   * Calls a service of type std_srvs/srv/Trigger, of whatever node.
   * @throws UNAVAILABLE that names the service where nobody answers in time
   */
  trigger(service: string, timeoutMs: number): Promise<TriggerResponse> {
    return callTrigger(this.middleware, service, timeoutMs);
  }

  /** Asks the guard to stop the robot and end; fences it when it does not. */
  stop(): void {
    if (this.stopping) return;
    this.stopping = true;
    if (this.fencing) return; // it ends by itself then
    this.askToEnd(this.crew);
  }

  private askToEnd(crew: Crew): void {
    crew.link.send({ type: 'exit' });
    setTimeout(() => {
      if (crew.guard.exit === null)
        void this.fence(`the guard did not end within ${CLEAN_STOP_MS} ms of being asked`);
    }, CLEAN_STOP_MS).unref();
  }

  private get crew(): Crew {
    return this.crews.at(-1)!;
  }

  /** @param afterFence why the guard before this one was fenced */
  private async startCrew(afterFence?: string): Promise<void> {
    const folder = path.join(this.folder, String(this.crews.length));
    mkdirSync(folder);
    const { robot, clock } = this.options;
    const crew = await Crew.start(this.options, folder, afterFence);
    this.crews.push(crew);
    this.standby?.close();
    this.standby = new CommandPublisher(this.middleware, robot, new Veto(this.vetoLimits), clock);
    crew.link.onMessage = (message) => this.onMessage(message);
    crew.link.send({ type: 'hello', role: 'supervisor' });
    this.lastKnown = null;
    this.lastHeartbeatNs = this.lastWatchNs = clock.nowNs();
    this.watch = setInterval(() => this.checkHeartbeat(), WATCH_MS);
    void crew.guard.exited.then(() => this.onGuardExit());
    for (const other of crew.others) void other.exited.then(() => this.onChildExit(crew, other));
  }

  private onMessage(message: IpcMessage): void {
    if (message.type === 'heartbeat') {
      this.lastHeartbeatNs = this.options.clock.nowNs();
      const { lastCommand: rows, sentNs, positions, velocities } = message;
      if (message.mode === 'mute')
        this.lastKnown = null; // whoever moves the robot now, it is not ours to stop
      else if (rows.length > 0 && positions.length > 0)
        this.lastKnown = { command: { rows, sentNs }, positions, velocities };
    }
    if (message.type !== 'event') return;
    const { kind, detail } = message;
    if (kind === 'summary') this.onSummary(detail as unknown as GuardSummary);
    if (kind === 'fault') this.faults.push(String(detail['message']));
    if (kind === 'recording-failed')
      this.faults.push(`no more episodes were recorded: ${String(detail['why'])}`);
    if (kind === 'wire-recording-failed')
      this.faults.push(`the recording is not complete: ${String(detail['why'])}`);
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
    if (silentMs > limitMs && this.crew.guard.exit === null)
      void this.fence(`the guard was silent for ${silentMs.toFixed(0)} ms`);
  }

  private onGuardExit(): void {
    if (this.fencing) return;
    if (this.summary !== null) void this.end();
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

  private onChildExit(crew: Crew, child: OwnProcess): void {
    if (this.stopping || crew.guard.exit !== null) return;
    const how = child.exit?.signal ?? `exit code ${child.exit?.code}`;
    this.faults.push(`the ${child.name} ended (${how})`);
    this.notify(`${child.name}-ended`, { how });
  }

  private async fence(why: string): Promise<void> {
    if (this.fencing) return;
    this.fencing = true;
    if (this.watch) clearInterval(this.watch);
    const { guard } = this.crew;
    guard.kill('SIGKILL');
    await guard.exited;
    this.faults.push(why);
    this.notify('fenced', { why });
    this.emergencyStop = await this.stopRobot();
    this.notify('emergency-stop', { ...this.emergencyStop });
    if (!(await this.startAgain(why))) await this.end();
  }

  private async stopRobot(): Promise<EmergencyStopResult> {
    // A guard that never commanded the robot, or left it to others, leaves nothing to stop, and nobody gave us authority over it.
    if (this.lastKnown === null || this.standby === null)
      return { atRest: false, commands: 0, why: 'the guard was sending nothing' };
    const { robot, clock } = this.options;
    return new EmergencyStop(this.standby, this.middleware, robot, clock, this.lastKnown).run();
  }

  /** A guard for the operator, whose device would be of no use otherwise; not for one that had not even begun. */
  private async startAgain(why: string): Promise<boolean> {
    const { teleopPort } = this.options;
    if (this.stopping || teleopPort === undefined || this.lastKnown === null || this.crews.length > 1)
      return false;
    try {
      await this.startCrew(why);
    } catch (error) {
      this.faults.push((error as Error).message);
      return false;
    }
    this.fencing = false;
    this.notify('guard-restarted', {
      pids: this.pids,
      why: 'for the operator; the agent stays out until the next start',
    });
    if (this.stopping) this.askToEnd(this.crew);
    return true;
  }

  private async end(): Promise<void> {
    await this.cleanUp();
    const { summary, emergencyStop, faults } = this;
    this.resolveFinished({
      end: emergencyStop === null ? 'clean' : 'fenced',
      summary,
      emergencyStop,
      faults,
    });
  }

  private async cleanUp(): Promise<void> {
    this.stopping = true;
    if (this.watch) clearInterval(this.watch);
    await Promise.all(this.crews.map((crew) => crew.end()));
    await this.middleware.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A second copy would take the command topic from the first, which stops then: it has to be refused before it publishes. */
async function refuseSecondCopy(middleware: Middleware, fullName: string): Promise<void> {
  const estop = middleware.createClient(`${fullName}/estop`, 'std_srvs/srv/Trigger');
  const there = await estop.waitForService(SECOND_COPY_MS).then(
    () => true,
    () => false,
  );
  estop.close();
  if (!there) return;
  throw new DynabridgeError(
    'UNAVAILABLE',
    `a node with the services of ${fullName} is there already; end that bridge first, or give this one another --name`,
  );
}
