import { NS_PER_S, elapsedMs } from '../core/index.js';
import { ControllerManagerClient, type ControllerState, type Middleware } from '../io/ros/index.js';
import type { RobotConfig } from '../robot/index.js';

/** Until then a controller_manager that does not answer may be about to; it is as far away as who listens to commands [ms]. */
const SETTLED_MS = 500;
const LOOK_EVERY_NS = NS_PER_S;
const REPLY_TIMEOUT_MS = 1_000;

/** Controllers of ros2_controllers that keep the last command for ever when its sender dies. */
const WITHOUT_TIMEOUT = [
  /^velocity_controllers\/JointGroupVelocityController$/,
  /^effort_controllers\/JointGroupEffortController$/,
  /^forward_command_controller\//,
];

type Config = Pick<RobotConfig, 'commandTopic' | 'commandInterface' | 'downstream'>;

/** What takes the guard's commands, as far as a controller_manager knows. It is asked once a second; without one nothing is refused. */
export class Downstream {
  /** as a fact for people */
  fact = 'not known yet';
  /** of the newest answer; it holds while the next one does not come */
  private refusal: string | null = null;
  /** the manager has had it */
  private known = false;
  private looking = true;
  private readonly client: ControllerManagerClient;
  private readonly controller: string;
  private startNs: bigint | null = null;
  private nextNs = 0n;
  private asking = false;

  /** @param settledMs how long a controller_manager is looked for that does not answer */
  constructor(
    middleware: Middleware,
    private readonly config: Config,
    private readonly settledMs = SETTLED_MS,
  ) {
    const { manager, controller } = ownerOf(config.commandTopic);
    this.controller = controller;
    this.client = new ControllerManagerClient(middleware, manager);
  }

  /** Why nobody may drive what is there, nor go on driving it, for people; null where nothing speaks against it. */
  get whyNot(): string | null {
    return this.refusal;
  }

  /** Why the agent should wait, for people: an operator who takes over at once comes before this. */
  get whyNotYet(): string | null {
    return this.looking ? `looking for ${this.client.name}, which knows what takes the commands` : null;
  }

  /** To be called often; asks now and then. */
  look(nowNs: bigint): void {
    this.startNs ??= nowNs;
    if (this.asking || nowNs < this.nextNs) return;
    const settled = elapsedMs(this.startNs, nowNs) >= this.settledMs;
    if (settled) this.nextNs = nowNs + LOOK_EVERY_NS;
    this.asking = true;
    void this.ask(settled).finally(() => (this.asking = false));
  }

  private async ask(settled: boolean): Promise<void> {
    const { name } = this.client;
    if (!(await this.client.isThere())) {
      if (settled) this.conclude(`no ${name} answers`, null);
      return;
    }
    try {
      const controllers = await this.client.list(REPLY_TIMEOUT_MS);
      this.judge(controllers.find((one) => one.name === this.controller));
    } catch (error) {
      this.conclude(`${name} is there, but: ${(error as Error).message}`, this.refusal);
    }
  }

  private judge(found: ControllerState | undefined): void {
    const { controller, config, client } = this;
    if (found === undefined) {
      const gone = this.known ? `controller '${controller}' was unloaded` : null;
      return this.conclude(`${client.name} has no controller '${controller}'`, gone);
    }
    this.known = true;
    const { type, state, claimed_interfaces: claimed } = found;
    const lasting = keepsLast(type, config.commandInterface);
    const told = lasting ? ', which keeps the last command for ever' : '';
    const claims = claimed.length === 0 ? 'nothing' : claimed.join(', ');
    this.conclude(
      `'${controller}' (${type}) is ${state}${told}; it claims ${claims}`,
      this.refusalOf(found, lasting),
    );
  }

  private refusalOf({ type, state }: ControllerState, lasting: boolean): string | null {
    const { controller, config } = this;
    if (state !== 'active')
      return `controller '${controller}' is ${state}; activate it: dynabridge controllers --switch-to ${controller}`;
    if (!lasting || config.downstream.acceptNoTimeout) return null;
    return (
      `controller '${controller}' (${type}) has no command timeout: were the bridge killed, the robot would keep its last ` +
      `${config.commandInterface}; put dynabridge dead-man before it, use a controller with a timeout, or write ` +
      'downstream: {accept_no_timeout: true} in robot.yaml'
    );
  }

  private conclude(fact: string, refusal: string | null): void {
    this.looking = false;
    this.fact = fact;
    this.refusal = refusal;
  }
}

/** A controller that lasts keeps the robot moving when nobody commands it any more; a position that lasts is a hold. */
function keepsLast(type: string, commandInterface: RobotConfig['commandInterface']): boolean {
  return commandInterface !== 'position' && WITHOUT_TIMEOUT.some((pattern) => pattern.test(type));
}

/** Controllers have their topics under their names, in the namespace of their manager: /<namespace>/<controller>/commands. */
function ownerOf(topic: string): { readonly manager: string; readonly controller: string } {
  const parts = topic.split('/').filter((part) => part !== '');
  const namespace = parts.slice(0, -2).map((part) => `/${part}`);
  return { manager: `${namespace.join('')}/controller_manager`, controller: parts.at(-2) ?? '' };
}
