/** What identify asks before it moves a joint, and while it does: a simulated robot behind a controller_manager, over the real wire. */
import { afterEach, expect, it } from 'vitest';
import { systemClock } from '../../../src/core/index.js';
import { IdentifySession, type JointResponse } from '../../../src/identify/index.js';
import type { ControllerState } from '../../../src/io/ros/index.js';
import { loadRobot } from '../../../src/robot/index.js';
import { GuardRig, commandsOn } from '../guard/guard-rig.js';
import { ControllerManagerServer, controller } from '../io/ros/controller-manager-server.js';

const NAME = 'rail_controller';
const VELOCITY = 'velocity_controllers/JointGroupVelocityController';
const TIMED = 'my_controllers/WithTimeout';
const is = (state: string, type = TIMED) => controller(NAME, type, state, 'slider/velocity');

let rig: GuardRig;
afterEach(() => rig.close());

async function setUp(managed: ControllerState, yaml = '') {
  rig = new GuardRig(102);
  rig.edit('robot.yaml', loadRobot(rig.folder).config.commandTopic, `/${NAME}/commands`);
  if (yaml !== '') rig.edit('robot.yaml', 'joints:', `${yaml}\njoints:`);
  const robot = loadRobot(rig.folder);
  const twin = await rig.startTwin();
  const manager = new ControllerManagerServer(await rig.node('controller_manager'), [managed]);
  const wire = commandsOn(await rig.node('witness'), robot);
  const session = new IdentifySession(robot, await rig.node('identify'), systemClock);
  rig.onClose(() => session.close());
  const stop = new AbortController();
  let moved = () => {};
  const moving = new Promise<void>((resolve) => (moved = resolve));
  const result = session
    .run({ progress: () => moved() }, stop.signal)
    .catch((error: unknown) => error as Error);
  return { twin, manager, wire, stop, moving, result };
}

it.each([
  ['without a command timeout', is('active', VELOCITY), /'rail_controller' .* has no command timeout/],
  ['that is not active', is('inactive'), /'rail_controller' is inactive; activate it: .* \(waited 10 s\)/],
])('moves nothing behind a controller %s', async (_what, managed, message) => {
  const { wire, result } = await setUp(managed);
  expect(await result).toMatchObject({
    code: 'UNAVAILABLE',
    message: expect.stringMatching(message) as string,
  });
  expect(wire).toEqual([]);
});

it('moves behind one without a timeout where robot.yaml accepts it, and stops when it goes inactive', async () => {
  const accepted = 'downstream: {accept_no_timeout: true}';
  const { twin, manager, wire, moving, result } = await setUp(is('active', VELOCITY), accepted);
  await moving;
  manager.set(is('inactive', VELOCITY));
  const ended: Error | JointResponse[] = await result;
  expect(ended).toMatchObject({
    code: 'UNAVAILABLE',
    message: `controller '${NAME}' is inactive; activate it: dynabridge controllers --switch-to ${NAME}`,
  });
  expect(wire.length).toBeGreaterThan(0);
  expect(wire.at(-1)).toBe(0);
  expect(twin.summary.violationList).toEqual([]);
}, 60_000);
