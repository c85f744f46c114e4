/** A guard and a simulated robot behind a controller_manager, over the real wire. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { NS_PER_S } from '../../../src/core/index.js';
import { Downstream } from '../../../src/guard/downstream.js';
import {
  STATUS_QOS,
  type ControllerState,
  type DiagnosticStatus,
  type RtpsMiddleware,
} from '../../../src/io/ros/index.js';
import { loadRobot } from '../../../src/robot/index.js';
import { ControllerManagerServer, controller } from '../io/ros/controller-manager-server.js';
import { GuardRig, call } from './guard-rig.js';

const NAME = 'forward_velocity_controller';
const VELOCITY = 'velocity_controllers/JointGroupVelocityController';
const soon = { timeout: 20_000 };

let rig: GuardRig;
let observer: RtpsMiddleware;
let status: DiagnosticStatus | null = null;
afterEach(() => rig.close());

/** @param managed what a controller_manager says; null: there is none */
async function setUp(
  managed: readonly ControllerState[] | null,
  yaml = '',
): Promise<ControllerManagerServer | null> {
  rig = new GuardRig(95);
  if (yaml !== '') rig.edit('robot.yaml', 'joints:', `${yaml}\njoints:`);
  rig.edit('robot.yaml', loadRobot(rig.folder).config.commandTopic, `/${NAME}/commands`);
  const robot = loadRobot(rig.folder);
  await rig.startTwin();
  const server =
    managed === null ? null : new ControllerManagerServer(await rig.node('controller_manager'), managed);
  observer = await rig.node('observer');
  observer.createSubscription(
    '/bridge/status',
    'diagnostic_msgs/msg/DiagnosticStatus',
    STATUS_QOS,
    (message) => (status = message),
  );
  await rig.startGuard(robot);
  await rig.joinAs('recorder');
  await rig.startAgent(() => 0);
  return server;
}
const fact = () => status?.values.find(({ key }) => key === 'controller')?.value ?? '';
const engage = async () => {
  const { success, message } = await call(observer, 'engage');
  return success ? 'engaged' : message;
};

describe('what takes the commands', () => {
  it('is looked for before the agent may drive, but an operator need not wait', async () => {
    rig = new GuardRig(95);
    const downstream = new Downstream(await rig.node('bridge'), loadRobot(rig.folder).config);
    downstream.look(0n);
    await sleep(100);
    expect(downstream.whyNot).toBeNull();
    expect(downstream.whyNotYet).toBe('looking for /controller_manager, which knows what takes the commands');
    const later = () => {
      downstream.look(NS_PER_S);
      return downstream.whyNotYet;
    };
    await expect.poll(later, soon).toBeNull();
    expect(downstream.whyNot).toBeNull();
  });

  it('is refused while it has no command timeout', async () => {
    await setUp([controller(NAME, VELOCITY, 'active', 'slider/velocity')]);
    await expect.poll(engage, soon).toMatch(/has no command timeout: .* keep its last velocity/);
    await expect
      .poll(fact, soon)
      .toBe(
        `'${NAME}' (${VELOCITY}) is active, which keeps the last command for ever; it claims slider/velocity`,
      );
  }, 60_000);

  it('may have no command timeout where robot.yaml says so, but has to be active', async () => {
    const inactive = controller(NAME, VELOCITY, 'inactive', 'slider/velocity');
    const server = await setUp([inactive], 'downstream: {accept_no_timeout: true}');
    await expect
      .poll(engage, soon)
      .toBe(`controller '${NAME}' is inactive; activate it: dynabridge controllers --switch-to ${NAME}`);
    server!.set(controller(NAME, VELOCITY, 'active', 'slider/velocity'));
    await expect.poll(engage, soon).toBe('engaged');
  }, 60_000);

  it('is driven where its type has a timeout, or is not managed', async () => {
    const server = await setUp([controller(NAME, 'my_controllers/WithTimeout', 'active', 'slider/velocity')]);
    await expect.poll(engage, soon).toBe('engaged');
    await expect
      .poll(fact, soon)
      .toMatch(/my_controllers\/WithTimeout\) is active; it claims slider\/velocity/);
    server!.set(controller('other', VELOCITY, 'active', 'slider/velocity'));
    await expect.poll(fact, soon).toBe(`/controller_manager has no controller '${NAME}'`);
  }, 60_000);

  it('is driven where there is no controller_manager, and ~/status says that none answers', async () => {
    await setUp(null);
    await expect.poll(engage, soon).toBe('engaged');
    await expect.poll(fact, soon).toBe('no /controller_manager answers');
  }, 60_000);
});
