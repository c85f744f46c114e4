import path from 'node:path';
import type { AgentProcessConfig } from '../agent/agent-config.js';
import { DynabridgeError } from '../core/index.js';
import type { SessionInfo } from '../data/index.js';
import type { GuardProcessConfig } from '../guard/index.js';
import { connect, writeProcessConfig, type IpcConnection } from '../io/ipc/index.js';
import type { RecorderProcessConfig } from '../recorder/recorder-config.js';
import type { NodeArguments } from '../io/ros/index.js';
import type { ControllerKind, Robot } from '../robot/index.js';
import { OwnProcess } from './child-process.js';

/** Where what the robot does is recorded. */
export interface Recording {
  readonly episodesFolder: string;
  /** where the last seconds before a trip go */
  readonly blackBoxFolder: string;
  /** what the recorder writes into every episode */
  readonly session: SessionInfo;
  /** MCAP file for all that crosses the wire and goes into the gate; default: none */
  readonly wireFile?: string | undefined;
}

/** A policy, and where what it does is recorded. */
export interface DrivingPolicy extends Recording {
  /** run directory with the policy */
  readonly runFolder: string;
  /** the run has a world model, and the robot wants its policy predicted */
  readonly predicted: boolean;
  /** name of the robot's task that ends episodes; absent: others stop the agent, and nothing is deployed to it */
  readonly task?: string | undefined;
}

export interface CrewOptions {
  readonly robot: Robot;
  /** already applied to `robot`; the guard is told */
  readonly controller: ControllerKind | undefined;
  /** the policy that drives, and its record; default: none, the operator drives alone */
  readonly policy?: DrivingPolicy | undefined;
  /** where the driving of an operator alone is recorded, in episodes of source teleop; default: nowhere */
  readonly recording?: Recording | undefined;
  readonly node: NodeArguments;
  /** by others, through the lifecycle services of the node */
  readonly managed: boolean;
  readonly middleware: 'auto' | 'rtps' | 'rclnodejs';
  readonly engage: GuardProcessConfig['engage'];
  /** serial port of the operator's device */
  readonly teleopPort?: string | undefined;
}

const CONNECT_TIMEOUT_MS = 10_000;
const GUARD_GRACE_MS = 2_000;
/** A black box of 30 s at 1 kHz takes one to two seconds to write [ms]. */
const OTHERS_GRACE_MS = 5_000;

/** A guard, and the processes that serve it: agent and recorder, where there is something to do for them. */
export class Crew {
  private constructor(
    readonly guard: OwnProcess,
    readonly others: readonly OwnProcess[],
    /** to the guard */
    readonly link: IpcConnection,
  ) {}

  /**
   * @param folder for sockets and configurations, of this crew alone
   * @param afterFence why the guard before this one was fenced: there is no agent then, and the operator drives alone
   * @throws UNAVAILABLE where the guard does not come up
   */
  static async start(options: CrewOptions, folder: string, afterFence?: string): Promise<Crew> {
    const { robot, controller, node, managed, middleware, teleopPort, policy, recording } = options;
    const robotFolder = robot.folder;
    const socketPath = path.join(folder, 'guard.sock');
    const spawn = <T extends object>(name: string, config: T): OwnProcess => {
      const configPath = path.join(folder, `${name}.json`);
      writeProcessConfig(configPath, config);
      return new OwnProcess(name, new URL(`../${name}/main.js`, import.meta.url), configPath, process.env);
    };
    const alone = afterFence !== undefined;
    const guard = spawn<GuardProcessConfig>('guard', {
      robotFolder,
      ...(controller && { controller }),
      socketPath,
      node,
      managed,
      middleware,
      engage: alone ? 'operator' : options.engage,
      teleopPort,
      predicted: !alone && (policy?.predicted ?? false),
      afterFence,
      recordWire: (policy ?? recording)?.wireFile !== undefined,
    });
    const others: OwnProcess[] = [];
    const common = { socketPath, robotFolder, ...(controller && { controller }) };
    if (policy !== undefined) {
      const { runFolder, predicted, task, ...record } = policy;
      if (!alone)
        others.push(
          spawn<AgentProcessConfig>('agent', { robotFolder, socketPath, runFolder, predicted, task }),
        );
      others.push(spawn<RecorderProcessConfig>('recorder', { ...common, ...record }));
    } else if (recording !== undefined) {
      others.push(spawn<RecorderProcessConfig>('recorder', { ...common, ...recording }));
    }
    try {
      return new Crew(guard, others, await joined(guard, socketPath));
    } catch (error) {
      await endAll(guard, others);
      throw error;
    }
  }

  /** pids by process name, for people and tests */
  get pids(): Record<string, number | undefined> {
    return Object.fromEntries([this.guard, ...this.others].map(({ name, pid }) => [name, pid]));
  }

  async end(): Promise<void> {
    this.link.destroy();
    await endAll(this.guard, this.others);
  }
}

async function endAll(guard: OwnProcess, others: readonly OwnProcess[]): Promise<void> {
  await Promise.all([guard.end(GUARD_GRACE_MS), ...others.map((child) => child.end(OTHERS_GRACE_MS))]);
}

function joined(guard: OwnProcess, socketPath: string): Promise<IpcConnection> {
  return Promise.race([
    connect(socketPath, CONNECT_TIMEOUT_MS),
    guard.exited.then(({ code }) => {
      throw new DynabridgeError(
        'UNAVAILABLE',
        `the guard ended at once with exit code ${code}; its message is above`,
      );
    }),
  ]);
}
