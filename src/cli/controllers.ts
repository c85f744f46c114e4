import { Command } from 'commander';
import { badInput, didYouMean } from '../core/index.js';
import {
  CONTROLLER_MANAGER,
  ControllerManagerClient,
  createMiddleware,
  type ControllerState,
} from '../io/ros/index.js';
import { jsonOption, middlewareOption, numberWithin } from './options.js';
import { Output, columns } from './output.js';

interface ControllersCliOptions {
  readonly manager: string;
  readonly switchTo?: string;
  readonly deactivate?: string;
  readonly wait: number;
  readonly middleware: 'auto' | 'rtps' | 'rclnodejs';
  readonly json?: true;
}

export function controllersCommand(): Command {
  return new Command('controllers')
    .description(
      "List the controllers of ros2_control's controller_manager, with state, type and the command interfaces that they claim, and\n" +
        'switch them: all or nothing. The messages are laid out as in Humble where ROS_DISTRO is humble, else as in Jazzy and later.\n' +
        'Exit code 4: no controller_manager answers; 1: it refused to switch; 2: it has no such controller.',
    )
    .option(
      '--switch-to <name>',
      'activate this controller, and deactivate those that claim a command interface that it needs',
    )
    .option('--deactivate <name>', 'deactivate this controller')
    .option('--manager <node>', "the controller_manager's node, with its namespace", CONTROLLER_MANAGER)
    .option('--wait <s>', 'for the controller_manager to answer', numberWithin(0.1, 600), 5)
    .addOption(middlewareOption())
    .addOption(jsonOption())
    .action(run);
}

async function run(options: ControllersCliOptions): Promise<void> {
  const output = new Output(options.json ?? false);
  const { manager, switchTo, deactivate, wait, middleware: adapter } = options;
  if (!/^(\/[A-Za-z_]\w*)+$/.test(manager))
    throw badInput(`--manager '${manager}' is not the full name of a node; write e.g. ${CONTROLLER_MANAGER}`);
  const middleware = await createMiddleware({ adapter, nodeName: 'dynabridge_controllers' });
  try {
    const client = new ControllerManagerClient(middleware, manager);
    const timeoutMs = wait * 1e3;
    let controllers = await client.list(timeoutMs);
    const order = switchOrder(controllers, switchTo, deactivate);
    if (order.activate.length + order.deactivate.length > 0) {
      await client.switch(order.activate, order.deactivate, timeoutMs);
      controllers = await client.list(timeoutMs);
    }
    const listed = controllers.map(({ name, state, type, claimed_interfaces: claimed }) => ({
      name,
      state,
      type,
      claimed: [...claimed],
    }));
    output.result({ manager, ...order, controllers: listed }, listing(listed));
  } finally {
    await middleware.close();
  }
}

interface SwitchOrder {
  readonly activate: readonly string[];
  readonly deactivate: readonly string[];
}

/** What has to change; nothing where all is as it should be. Throws BAD_INPUT for controllers that are not there. */
function switchOrder(
  controllers: readonly ControllerState[],
  switchTo: string | undefined,
  off: string | undefined,
): SwitchOrder {
  const next = switchTo === undefined ? undefined : find(controllers, switchTo);
  const last = off === undefined ? undefined : find(controllers, off);
  if (next !== undefined && next === last)
    throw badInput(`--switch-to and --deactivate both name '${next.name}'; write one of them`);
  const needed = next?.state === 'active' ? [] : (next?.required_command_interfaces ?? []);
  const inTheWay = controllers.filter(
    (one) => one === last || (one !== next && one.claimed_interfaces.some((name) => needed.includes(name))),
  );
  return {
    activate: next === undefined || next.state === 'active' ? [] : [next.name],
    deactivate: inTheWay.filter(({ state }) => state === 'active').map(({ name }) => name),
  };
}

function find(controllers: readonly ControllerState[], name: string): ControllerState {
  const found = controllers.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = controllers.map((one) => one.name);
  throw badInput(
    `there is no controller '${name}'${didYouMean(name, names)}; there are ${names.join(', ') || 'none'}`,
    { name },
  );
}

function listing(
  controllers: readonly { name: string; state: string; type: string; claimed: readonly string[] }[],
): string {
  if (controllers.length === 0) return '  no controller is loaded';
  const rows = controllers.map(({ name, state, type, claimed }) => [
    name,
    state,
    type,
    claimed.join(', ') || '-',
  ]);
  return columns([['controller', 'state', 'type', 'claims'], ...rows]);
}
