/** Quality of service by parameters, as rclcpp's nodes have it. */
import { afterEach, describe, expect, it } from 'vitest';
import { checkParameters } from '../../../src/guard/parameters.js';
import { qosOfTopics } from '../../../src/guard/qos-of-topics.js';
import { SENSOR_QOS, type NodeArguments, type ParameterInput } from '../../../src/io/ros/index.js';
import { loadRobot } from '../../../src/robot/index.js';
import { GuardRig } from './guard-rig.js';

const robot = loadRobot('cartpole');
const STATE = 'qos_overrides./joint_states.subscription';
const COMMAND = 'qos_overrides./velocity_controller/commands.publisher';
const node = (parameters: Record<string, ParameterInput>, more: Partial<NodeArguments> = {}) => ({
  nodeName: 'bridge',
  namespace: '/',
  remaps: [],
  parameters,
  ...more,
});
const values = (of: NodeArguments, config: Parameters<typeof qosOfTopics>[0] = robot.config) =>
  new Map(qosOfTopics(config, of).declarations.map(({ name, value }) => [name, value]));

describe('what may be set', () => {
  it('is there as read-only parameters, with what is in force where nothing is set', () => {
    const { declarations } = qosOfTopics(robot.config, node({}));
    expect(declarations.every(({ change }) => change === undefined)).toBe(true);
    expect(declarations.slice(0, 4).map(({ name, kind, value }) => [name, kind, value])).toEqual([
      [`${STATE}.reliability`, 'string', 'best_effort'],
      [`${STATE}.durability`, 'string', 'volatile'],
      [`${STATE}.history`, 'string', 'keep_last'],
      [`${STATE}.depth`, 'integer', 1],
    ]);
    const endpoints = new Set(declarations.map(({ name }) => name.slice(0, name.lastIndexOf('.'))));
    expect([...endpoints]).toEqual([
      STATE,
      'qos_overrides./clock.subscription',
      COMMAND,
      'qos_overrides./bridge/status.publisher',
      'qos_overrides./diagnostics.publisher',
      'qos_overrides./bridge/transition_event.publisher',
      'qos_overrides./parameter_events.publisher',
    ]);
  });

  it('has full names after remapping, and each endpoint once', () => {
    const lock = { topic: 'stop', timeoutMs: 500, priority: 255 };
    const config = { ...robot.config, stateTopic: 'joint_states', locks: [lock, lock] };
    const remaps = [{ from: 'joint_states', to: '/robot/states' }];
    const parameters = {
      'qos_overrides./robot/states.subscription.depth': 3,
      'qos_overrides./arm/stop.subscription.reliability': 'reliable',
      'qos_overrides./arm/bridge/joint_jog.subscription.reliability': 'system_default',
    };
    const of = node(parameters, { namespace: '/arm', remaps });
    const jog = { ...config, teleop: { jointJog: true } };
    for (const [name, value] of Object.entries(parameters)) expect(values(of, jog).get(name)).toBe(value);
    const names = qosOfTopics(jog, of).declarations.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(() => values(node({ [`${STATE}.depth`]: 3 }, { remaps }), config)).toThrow(
      "the node has no topic '/joint_states' to set it for (did you mean '/robot/states'?)",
    );
  });

  const BEFORE = 'what was said before would pass for new';
  const REPLAYED = 'a controller that comes late, or comes back, would be sent commands of before';
  it.each<[string, ParameterInput, string]>([
    [`${STATE}.reliability`, 'fast', 'it is "fast", expected reliable, best_effort or system_default'],
    [`${STATE}.durability`, 'transient_local', `expected volatile or system_default: ${BEFORE}`],
    [
      `${STATE}.history`,
      'keep_all',
      'it is "keep_all", expected keep_last: a queue without an end would grow',
    ],
    [`${STATE}.depth`, 0, 'it is 0, expected a whole number from 1 to 10: what waits in a queue is old'],
    [`${STATE}.depth`, 11, 'it is 11, expected a whole number from 1 to 10'],
    [`${STATE}.depth`, 1.5, 'it is 1.5, expected a whole number'],
    [`${STATE}.depth`, '2', 'it is "2", expected a whole number'],
    [`${COMMAND}.depth`, 2, `it is 2, expected 1: ${REPLAYED}`],
    [`${COMMAND}.durability`, 'transient_local', `expected volatile or system_default: ${REPLAYED}`],
    [
      `${COMMAND}.deadline`,
      5,
      "there is no policy 'deadline' (known: reliability, durability, history, depth)",
    ],
    [`${COMMAND}.dept`, 1, "there is no policy 'dept' (did you mean 'depth'?)"],
    [
      'qos_overrides./joint_state.subscription.depth',
      1,
      "the node has no topic '/joint_state' to set it for (did you mean '/joint_states'?)",
    ],
    [
      'qos_overrides./joint_states.publisher.depth',
      1,
      "the node has no publisher on '/joint_states' (known: subscription)",
    ],
    ['qos_overrides./joint_states', 1, 'expected qos_overrides.<topic>.<publisher|subscription>.<policy>'],
  ])('is not %s of %j', (name, value, why) => {
    const refused = () => checkParameters(robot, node({ [name]: value }));
    expect(refused).toThrow(`parameter '${name}': `);
    expect(refused).toThrow(why);
    expect(refused).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  });
});

describe('on the wire', () => {
  let rig: GuardRig;
  afterEach(() => rig.close());

  it('is what was set: a publisher that offers less is not heard, and named', async () => {
    rig = new GuardRig(101);
    const parameters = {
      [`${STATE}.reliability`]: 'reliable',
      [`${COMMAND}.reliability`]: 'best_effort',
      'qos_overrides./bridge/status.publisher.durability': 'system_default',
    };
    const started = await rig.startGuard(loadRobot(rig.folder), { node: node(parameters) });
    const robotSide = await rig.node('robot');
    const states = robotSide.createPublisher('/joint_states', 'sensor_msgs/msg/JointState', SENSOR_QOS);
    const why = () =>
      started.events.filter(({ kind }) => kind === 'topics').map(({ detail }) => detail['why']);
    await expect
      .poll(why, { timeout: 20_000 })
      .toEqual([
        'a publisher on /joint_states is not heard: it offers best effort, we ask for reliable; ' +
          'find it with: ros2 topic info --verbose /joint_states',
      ]);
    expect(states.matched).toBe(0);
    const guard = () => robotSide.participant.remoteParticipants.find(({ name }) => name === '/bridge');
    const offered = (topic: string) =>
      [...(guard()?.writers.values() ?? [])].find((writer) => writer.topic === `rt${topic}`);
    expect([...guard()!.readers.values()].find(({ topic }) => topic === 'rt/joint_states')).toMatchObject({
      reliable: true,
      transientLocal: false,
    });
    expect(offered(robot.config.commandTopic)).toMatchObject({ reliable: false, transientLocal: false });
    expect(offered('/bridge/status')).toMatchObject({ reliable: true, transientLocal: false });
    expect(offered('/diagnostics')).toMatchObject({ reliable: true, transientLocal: false });

    const client = robotSide.createClient<object, { values: { string_value: string }[] }>(
      '/bridge/get_parameters',
      'rcl_interfaces/srv/GetParameters',
    );
    const reply = await client.call({ names: Object.keys(parameters) }, 10_000);
    expect(reply.values.map((value) => value.string_value)).toEqual(Object.values(parameters));
  });
});
