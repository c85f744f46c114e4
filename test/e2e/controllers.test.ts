/** `dynabridge controllers` beside services that answer as a controller_manager does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRtpsMiddleware, type RtpsMiddleware } from '../../src/io/ros/index.js';
import { ControllerManagerServer, controller } from '../unit/io/ros/controller-manager-server.js';
import { Dynabridge } from './own-process.js';

const env = { ROS_DOMAIN_ID: '75', ROS_DISTRO: 'humble' };
const FORWARD = 'forward_command_controller/ForwardCommandController';
const JTC = 'joint_trajectory_controller/JointTrajectoryController';

let middleware: RtpsMiddleware;
beforeEach(async () => {
  middleware = await createRtpsMiddleware({ nodeName: 'controller_manager', env });
});
afterEach(() => middleware.close());

const serve = () =>
  new ControllerManagerServer(middleware, [
    controller('forward', FORWARD, 'active', 'slider/velocity'),
    controller('jtc', JTC, 'inactive', 'slider/velocity'),
    controller('gripper', FORWARD, 'active', 'finger/position'),
  ]);
const controllers = (...args: string[]) => new Dynabridge(['controllers', ...args], env).ended;
interface Result {
  readonly activate: string[];
  readonly deactivate: string[];
  readonly controllers: { readonly name: string; readonly state: string; readonly claimed: string[] }[];
}
async function switched(...args: string[]): Promise<Result> {
  const { code, stdout, stderr } = await controllers(...args, '--json');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout) as Result;
}

describe('controllers', () => {
  it('are listed with state, type and what they claim', async () => {
    serve();
    const { code, stdout } = await controllers();
    expect(code).toBe(0);
    const rows = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(rows.slice(0, 4)).toEqual([
      ['controller', 'state', 'type', 'claims'],
      ['forward', 'active', FORWARD, 'slider/velocity'],
      ['jtc', 'inactive', JTC, '-'],
      ['gripper', 'active', FORWARD, 'finger/position'],
    ]);
  });

  it('are switched: one on, and off what is in its way and nothing else', async () => {
    const server = serve();
    const first = await switched('--switch-to', 'jtc');
    expect(first).toMatchObject({ activate: ['jtc'], deactivate: ['forward'] });
    expect(first.controllers.map(({ state }) => state)).toEqual(['inactive', 'active', 'active']);
    expect(first.controllers[1]!.claimed).toEqual(['slider/velocity']);
    expect(await switched('--switch-to', 'jtc')).toMatchObject({ activate: [], deactivate: [] });
    expect(await switched('--deactivate', 'jtc')).toMatchObject({ activate: [], deactivate: ['jtc'] });
    expect(server.requests).toHaveLength(2);
  });

  it('that are not there are bad input, a refusal is a goal that was not reached', async () => {
    const server = serve();
    const unknown = await controllers('--switch-to', 'jtcc');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/there is no controller 'jtcc'.*jtc.*there are forward, jtc, gripper/);
    expect((await controllers('--switch-to', 'jtc', '--deactivate', 'jtc')).code).toBe(2);
    expect((await controllers('--manager', 'x y')).code).toBe(2);
    expect(server.requests).toEqual([]);
    server.refuse = true;
    const refused = await controllers('--deactivate', 'forward', '--json');
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'GOAL_NOT_REACHED' } });
  });

  it('cannot be told where no controller_manager answers', async () => {
    const { code, stderr } = await controllers('--wait', '0.5');
    expect(code).toBe(4);
    expect(stderr).toMatch(/\/controller_manager\/list_controllers.*no server answered within 500 ms/);
  });
});
