import { afterEach, describe, expect, it } from 'vitest';
import { DynabridgeError } from '../../../../src/core/index.js';
import {
  ControllerManagerClient,
  createRtpsMiddleware,
  type RtpsMiddleware,
} from '../../../../src/io/ros/index.js';
import { definitionsOf } from '../../../../src/io/ros/definitions.js';
import { interfaceTexts } from '../../../../src/io/ros/interface-texts.js';
import { ControllerManagerServer, controller } from './controller-manager-server.js';

const FORWARD = 'velocity_controllers/JointGroupVelocityController';
const JTC = 'joint_trajectory_controller/JointTrajectoryController';
const controllers = [
  controller('velocity_controller', FORWARD, 'active', 'slider/velocity'),
  controller('trajectory_controller', JTC, 'inactive', 'slider/velocity'),
];
const TIMEOUT_MS = 5_000;

const open: RtpsMiddleware[] = [];
async function node(nodeName: string, ROS_DISTRO: string): Promise<RtpsMiddleware> {
  const opened = await createRtpsMiddleware({ nodeName, env: { ROS_DOMAIN_ID: '85', ROS_DISTRO } });
  open.push(opened);
  return opened;
}
async function setUp(clientDistro: string, serverDistro: string) {
  const server = new ControllerManagerServer(await node('controller_manager', serverDistro), controllers);
  return { server, client: new ControllerManagerClient(await node('client', clientDistro)) };
}
afterEach(() => Promise.all(open.splice(0).map((opened) => opened.close())));

describe('the client of a controller_manager', () => {
  it.each(['humble', 'jazzy', 'rolling'])('lists and switches in the layout of %s', async (distro) => {
    const { server, client } = await setUp(distro, distro);
    expect(await client.list(TIMEOUT_MS)).toMatchObject(controllers);
    await client.switch(['trajectory_controller'], ['velocity_controller'], TIMEOUT_MS);
    expect(server.requests[0]).toMatchObject({
      activate_controllers: ['trajectory_controller'],
      deactivate_controllers: ['velocity_controller'],
      strictness: 2,
      activate_asap: true,
      timeout: { sec: 5, nanosec: 0 },
    });
    expect('start_controllers' in server.requests[0]!).toBe(distro === 'humble');
    const states = (await client.list(TIMEOUT_MS)).map(({ state, claimed_interfaces }) => [
      state,
      claimed_interfaces,
    ]);
    expect(states).toEqual([
      ['inactive', []],
      ['active', ['slider/velocity']],
    ]);
  });

  it.each([
    ['jazzy', /refused to switch: Resource conflict on 'slider\/velocity'/],
    ['humble', /refused to switch: its log says why/],
  ])('says that a switch was refused, as far as %s tells why', async (distro, why) => {
    const { client } = await setUp(distro, distro);
    const refused = client.switch(['trajectory_controller'], [], TIMEOUT_MS);
    await expect(refused).rejects.toThrow(why);
    await expect(refused).rejects.toMatchObject({ code: 'GOAL_NOT_REACHED' });
  });

  it.each([
    ['jazzy', 'humble'],
    ['humble', 'jazzy'],
  ])('set to %s says so when the robot has %s', async (own, robot) => {
    const { client } = await setUp(own, robot);
    const failed: unknown = await client.list(TIMEOUT_MS).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(DynabridgeError);
    expect((failed as DynabridgeError).message).toMatch(
      /not laid out as ROS_DISTRO .*set ROS_DISTRO to the robot/,
    );
  });

  it('knows whether one is there, and what happens when none is', async () => {
    const alone = new ControllerManagerClient(await node('client', 'jazzy'), '/arm/controller_manager');
    expect(await alone.isThere()).toBe(false);
    await expect(alone.list(50)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    new ControllerManagerServer(await node('server', 'jazzy'), [], '/arm/controller_manager');
    await expect.poll(() => alone.isThere(), { timeout: 20_000 }).toBe(true);
    expect(await alone.list(TIMEOUT_MS)).toEqual([]);
    alone.close();
    await expect(alone.list(50)).rejects.toThrow();
  });
});

it.each(['humble', 'jazzy'])('every interface of %s is complete: no type is missing', (distro) => {
  const texts = interfaceTexts(distro);
  for (const name of Object.keys(texts)) expect(definitionsOf(name, texts).length, name).toBeGreaterThan(0);
});
