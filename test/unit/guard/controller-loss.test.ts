/** A controller of ros2_control that no longer moves the robot while somebody drives, over the real wire. */
import { afterEach, describe, expect, it } from 'vitest';
import type { RtpsMiddleware } from '../../../src/io/ros/index.js';
import { loadRobot } from '../../../src/robot/index.js';
import { ControllerManagerServer, controller } from '../io/ros/controller-manager-server.js';
import { GuardRig, call, commandsOn, type StartedGuard } from './guard-rig.js';

const NAME = 'rail_controller';
const TYPE = 'my_controllers/WithTimeout';
const soon = { timeout: 20_000 };
const is = (state: string) => controller(NAME, TYPE, state, 'slider/velocity');

let rig: GuardRig;
let observer: RtpsMiddleware;
afterEach(() => rig.close());

/** The agent drives, to and fro. */
async function drive() {
  rig = new GuardRig(103);
  rig.edit('robot.yaml', loadRobot(rig.folder).config.commandTopic, `/${NAME}/commands`);
  const robot = loadRobot(rig.folder);
  const twin = await rig.startTwin();
  const manager = new ControllerManagerServer(await rig.node('controller_manager'), [is('active')]);
  observer = await rig.node('observer');
  const wire = commandsOn(observer, robot);
  const started = await rig.startGuard(robot);
  let sign = 1;
  await rig.startAgent(() => 0.5 * sign);
  const turning = setInterval(() => (sign = -sign), 500);
  rig.onClose(() => clearInterval(turning));
  await expect.poll(engage, soon).toBe('now active');
  await expect.poll(() => Math.max(...wire), soon).toBeGreaterThan(0.3);
  return { twin, manager, wire, started };
}
const engage = async () => (await call(observer, 'engage')).message;
const details = ({ events }: StartedGuard, kind: string) =>
  events.filter((event) => event.kind === kind).map(({ detail }) => detail);

describe('while the agent drives', () => {
  it('a controller that goes inactive ends its authority, in a controlled stop; it may drive when it is active again', async () => {
    const { twin, manager, wire, started } = await drive();
    manager.set(is('inactive'));
    const message = `controller '${NAME}' is inactive; activate it: dynabridge controllers --switch-to ${NAME}`;
    await expect.poll(() => details(started, 'fault'), soon).toEqual([{ check: 'controller', message }]);
    await expect
      .poll(() => details(started, 'disengaged'), soon)
      .toMatchObject([{ reason: message, requested: true }]);
    await expect.poll(() => wire.at(-1), soon).toBe(0);
    expect(details(started, 'mode').map(({ to }) => to)).toContain('stopping');
    expect(await engage()).toBe(message);
    expect(details(started, 'fault')).toHaveLength(1); // told once
    manager.set(is('active'));
    await expect.poll(engage, soon).toBe('now active');
    expect(twin.summary.violationList).toEqual([]);
  }, 60_000);

  it('so does one that is unloaded', async () => {
    const { twin, manager, wire, started } = await drive();
    manager.set();
    const message = `controller '${NAME}' was unloaded`;
    await expect.poll(() => details(started, 'fault'), soon).toEqual([{ check: 'controller', message }]);
    await expect.poll(() => wire.at(-1), soon).toBe(0);
    expect(await engage()).toBe(message);
    expect(twin.summary.violationList).toEqual([]);
  }, 60_000);
});
