/** What a node may expect of ROS 2, the same cases for both adapters; the other side is always an rtps node. */
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  COMMAND_QOS,
  ParameterServer,
  QosOverrides,
  LifecycleServer,
  SENSOR_QOS,
  STATUS_QOS,
  fullNodeName,
  type Float64MultiArray,
  type LifecycleState,
  type Middleware,
  type StringMessage,
} from '../../src/io/ros/index.js';
import { adaptersIn } from './adapters.js';
import { until } from './responder.js';

const [rtps, rclnodejs] = adaptersIn(94);
const RELIABLE = { reliability: 'reliable', durability: 'volatile', depth: 100 } as const;
const STRING = 'std_msgs/msg/String';
const WAIT_MS = 10_000;
const counts = { rtps: 0, rclnodejs: 0 };

const open: Middleware[] = [];
function closing(middleware: Middleware): Middleware {
  open.push(middleware);
  return middleware;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((middleware) => middleware.close()));
});

afterAll(() => {
  const skipped = rclnodejs!.missing === undefined ? '' : `, rclnodejs skipped: ${rclnodejs!.missing}`;
  console.log(
    `conformance of middlewares: ${counts.rtps} cases on rtps, ${counts.rclnodejs} on rclnodejs${skipped}`,
  );
});

describe.each([rtps!, rclnodejs!])('$name', (adapter) => {
  const errors: unknown[] = [];
  const ours = async (options: { namespace?: string; remaps?: { from: string; to: string }[] } = {}) =>
    closing(await adapter.open({ nodeName: 'ours', onError: (error) => errors.push(error), ...options }));
  const peer = async (nodeName = 'peer') => closing(await rtps!.open({ nodeName }));
  const test = (name: string, run: () => Promise<void>): void =>
    it.skipIf(adapter.missing !== undefined)(name, async () => {
      errors.length = 0;
      await run();
      counts[adapter.name]++;
    });

  /** Everything that `from` publishes and `to` receives, once they know each other. */
  async function passed(
    from: Middleware,
    to: Middleware,
    texts: string[],
    topic = '/text',
  ): Promise<string[]> {
    const received: string[] = [];
    const reading = to.createSubscription(topic, STRING, RELIABLE, ({ data }) => received.push(data));
    const writing = from.createPublisher(topic, STRING, RELIABLE);
    await until(() => writing.matched > 0 && reading.matched > 0, 'the match');
    for (const data of texts) writing.publish({ data });
    await until(() => received.length >= texts.length, 'all messages');
    return received;
  }

  test('sends and receives, in order, nothing lost and nothing twice', async () => {
    const [a, b] = [await ours(), await peer()];
    const texts = Array.from({ length: 50 }, (_, i) => `message ${i} \u00fc`);
    expect(await passed(a, b, texts, '/there')).toEqual(texts);
    expect(await passed(b, a, texts, '/back')).toEqual(texts);
  });

  test('has the quality of service that parameters set', async () => {
    const [a, b] = [await ours(), await peer()];
    const set = 'qos_overrides./text.subscription';
    const qos = new QosOverrides(
      [{ topic: 'text', entity: 'subscription', qos: SENSOR_QOS, maxDepth: 5, whyDepth: 'it is old then' }],
      {
        ...{ nodeName: 'ours', namespace: '/', remaps: [] },
        parameters: { [`${set}.reliability`]: 'reliable', [`${set}.depth`]: 5 },
      },
    );
    qos.of(a).createSubscription('text', STRING, SENSOR_QOS, () => {});
    b.createPublisher('/text', STRING, SENSOR_QOS);
    await until(() => a.mismatches('/text').length > 0 && b.mismatches('/text').length > 0, 'the mismatch');
    expect(a.mismatches('/text')[0]).toMatch(/is not heard: it offers best effort, we ask for reliable/);
    expect(b.mismatches('/text')[0]).toMatch(/does not hear us: we offer best effort, it asks for reliable/);
    expect(await passed(b, a, ['heard'], '/other')).toEqual(['heard']);
  });

  test('keeps every number of a message as it is', async () => {
    const [a, b] = [await ours(), await peer()];
    const data = Float64Array.of(0, -0, 1 / 3, Number.MAX_VALUE, Number.MIN_VALUE, Infinity, NaN);
    const message: Float64MultiArray = {
      layout: { dim: [{ label: 'x', size: 7, stride: 7 }], data_offset: 3 },
      data,
    };
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const received: Float64MultiArray[] = [];
      const topic = `/numbers_${from.name}_${to.name}_${from === a ? 'out' : 'in'}`;
      to.createSubscription(topic, 'std_msgs/msg/Float64MultiArray', RELIABLE, (each) => received.push(each));
      const writing = from.createPublisher(topic, 'std_msgs/msg/Float64MultiArray', RELIABLE);
      await until(() => writing.matched > 0, 'the match');
      writing.publish(message);
      await until(() => received.length > 0, 'the message');
      expect([...(received[0]!.data as Float64Array)]).toEqual([...data]);
      expect(received[0]!.layout).toEqual(message.layout);
    }
  });

  test('tells when a message came, on the monotonic clock', async () => {
    const [a, b] = [await ours(), await peer()];
    const times: bigint[] = [];
    const reading = a.createSubscription('/text', STRING, SENSOR_QOS, (_, { receivedNs }) =>
      times.push(receivedNs),
    );
    const writing = b.createPublisher('/text', STRING, RELIABLE);
    await until(() => writing.matched > 0 && reading.matched > 0, 'the match');
    const before = process.hrtime.bigint();
    writing.publish({ data: '' });
    await until(() => times.length > 0, 'the message');
    expect(times[0]).toBeGreaterThan(before);
    expect(times[0]).toBeLessThanOrEqual(process.hrtime.bigint());
  });

  test('gives its latched message to a subscription that comes later', async () => {
    const [a, b] = [await ours(), await peer()];
    const received: string[] = [];
    a.createPublisher('/latched', STRING, STATUS_QOS).publish({ data: 'kept' });
    b.createSubscription('/latched', STRING, STATUS_QOS, ({ data }) => received.push(data));
    await until(() => received.length > 0, 'the latched message');
    expect(received).toEqual(['kept']);
  });

  test('hears the latched message of a publisher that was there before', async () => {
    const [a, b] = [await ours(), await peer()];
    const received: string[] = [];
    b.createPublisher('/latched', STRING, STATUS_QOS).publish({ data: 'kept' });
    a.createSubscription('/latched', STRING, STATUS_QOS, ({ data }) => received.push(data));
    await until(() => received.length > 0, 'the latched message');
    expect(received).toEqual(['kept']);
  });

  test('counts who matches, both ways, and notices who goes', async () => {
    const [a, b] = [await ours(), await peer()];
    const writing = a.createPublisher('/text', STRING, RELIABLE);
    const reading = a.createSubscription('/back', STRING, RELIABLE, () => undefined);
    expect([writing.matched, reading.matched]).toEqual([0, 0]);
    const other = b.createSubscription('/text', STRING, RELIABLE, () => undefined);
    b.createPublisher('/back', STRING, RELIABLE);
    await until(() => writing.matched === 1 && reading.matched === 1, 'the match');
    other.close();
    await until(() => writing.matched === 0, 'the end of the match');
    await b.close();
    await until(() => reading.matched === 0, 'the goodbye');
  });

  test('drops what is not of the type, and takes the next message', async () => {
    const [a, b] = [await ours(), await peer()];
    const received: string[] = [];
    a.createSubscription('/text', STRING, RELIABLE, ({ data }) => received.push(data));
    const writing = b.createPublisher<StringMessage>('/text', STRING, RELIABLE);
    await until(() => writing.matched > 0, 'the match');
    writing.publishBytes(Buffer.from('00010000ffffff7f41', 'hex')); // a text of 2 GiB, says its length
    writing.publish({ data: 'good' });
    await until(() => received.length > 0, 'the good message');
    expect(received).toEqual(['good']);
    expect(errors).toEqual([]);
  });

  test('survives a callback that throws, and tells of it', async () => {
    const [a, b] = [await ours(), await peer()];
    const received: string[] = [];
    a.createSubscription('/text', STRING, RELIABLE, ({ data }) => {
      received.push(data);
      if (data === 'bad') throw new Error('from the callback');
    });
    const writing = b.createPublisher('/text', STRING, RELIABLE);
    await until(() => writing.matched > 0, 'the match');
    for (const data of ['bad', 'good']) writing.publish({ data });
    await until(() => received.length === 2, 'both messages');
    expect(errors.map((error) => (error as Error).message)).toEqual(['from the callback']);
  });

  test('answers calls, at once or later, and calls others', async () => {
    const [a, b] = [await ours(), await peer()];
    const serve = (server: Middleware): void => {
      server.createService('~/now', 'std_srvs/srv/Trigger', () => ({ success: true, message: 'now' }));
      server.createService('~/later', 'std_srvs/srv/SetBool', async ({ data }) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return { success: data, message: 'later' };
      });
    };
    serve(a);
    serve(b);
    for (const [caller, server] of [
      [a, '/peer'],
      [b, '/ours'],
    ] as const) {
      const now = caller.createClient(`${server}/now`, 'std_srvs/srv/Trigger');
      const later = caller.createClient(`${server}/later`, 'std_srvs/srv/SetBool');
      expect(await now.call({}, WAIT_MS)).toEqual({ success: true, message: 'now' });
      expect(await later.call({ data: true }, WAIT_MS)).toEqual({ success: true, message: 'later' });
      expect(await later.call({ data: false }, WAIT_MS)).toEqual({ success: false, message: 'later' });
    }
  });

  test('survives a service that throws, and tells of it', async () => {
    const [a, b] = [await ours(), await peer()];
    a.createService('/moody', 'std_srvs/srv/SetBool', ({ data }) => {
      if (data) throw new Error('from the service');
      return { success: true, message: '' };
    });
    const client = b.createClient('/moody', 'std_srvs/srv/SetBool');
    await client.waitForService(WAIT_MS);
    await expect(client.call({ data: true }, 1_000)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await client.call({ data: false }, WAIT_MS)).toMatchObject({ success: true });
    expect(errors.map((error) => (error as Error).message)).toEqual(['from the service']);
  });

  test('says so where no service answers', async () => {
    const a = await ours();
    const lonely = a.createClient('/nobody', 'std_srvs/srv/Trigger');
    await expect(lonely.call({}, 300)).rejects.toThrow(
      /service '\/nobody': no server answered within 300 ms/,
    );
  });

  test('resolves private, relative and absolute names in its namespace, and gives them other names', async () => {
    const remaps = [
      { from: 'text', to: '/elsewhere' },
      { from: '~/status', to: 'state' },
    ];
    const a = await ours({ namespace: '/arm', remaps });
    const topics = ['~/private', 'relative', '/absolute', 'text', '~/status'].map(
      (topic) => a.createPublisher(topic, STRING, RELIABLE).topic,
    );
    expect(topics).toEqual(['/arm/ours/private', '/arm/relative', '/absolute', '/elsewhere', '/arm/state']);
    const b = await peer();
    a.createService('~/there', 'std_srvs/srv/Trigger', () => ({ success: true, message: '' }));
    await b.createClient('/arm/ours/there', 'std_srvs/srv/Trigger').call({}, WAIT_MS);
  });

  test('counts the publishers of others on its own topic, but for one that is exempt', async () => {
    const a = await ours();
    a.createPublisher('/commands', STRING, COMMAND_QOS);
    const [b, c] = [await peer('other'), await peer('exempt')];
    for (const node of [b, c]) node.createPublisher('/commands', STRING, COMMAND_QOS);
    await until(() => a.otherPublishers('/commands') === 2, 'both');
    await until(() => a.otherPublishers('/commands', '/exempt') === 1, 'the names');
    await b.close();
    await until(() => a.otherPublishers('/commands') === 1, 'the goodbye');
  });

  test('names publishers and subscriptions that it cannot talk to', async () => {
    const [a, b] = [await ours(), await peer()];
    a.createSubscription('/in', STRING, RELIABLE, () => undefined);
    a.createPublisher('/out', STRING, COMMAND_QOS);
    b.createPublisher('/in', STRING, SENSOR_QOS);
    b.createSubscription('/out', 'std_msgs/msg/Bool', RELIABLE, () => undefined);
    const found = (topic: string) => a.mismatches(topic).join();
    await until(() => found('/in') !== '' && found('/out') !== '', 'the mismatches');
    expect(found('/in')).toMatch(
      /a publisher on \/in is not heard: it offers best effort, we ask for reliable/,
    );
    expect(found('/out')).toMatch(
      /a subscription on \/out does not hear us: its type is std_msgs\/msg\/Bool, ours is std_msgs\/msg\/String/,
    );
  });

  test('tells what the publishers of others offer on a topic', async () => {
    const [a, b] = [await ours(), await peer()];
    expect(a.offers!('/offered')).toEqual([]);
    a.createPublisher('/offered', STRING, COMMAND_QOS); // its own does not count
    b.createPublisher('/offered', STRING, STATUS_QOS);
    b.createPublisher('/offered', STRING, SENSOR_QOS);
    await until(() => a.offers!('/offered').length === 2, 'both offers');
    expect(a.offers!('/offered')).toEqual(
      expect.arrayContaining([
        { reliability: 'reliable', durability: 'transient_local', depth: 0 },
        { reliability: 'best_effort', durability: 'volatile', depth: 0 },
      ]),
    );
  });

  test('serves parameters', async () => {
    const [a, b] = [await ours(), await peer()];
    let scale = 1;
    const change = {
      constraints: 'not above what it is',
      refusal: (value: unknown) => ((value as number) > scale ? 'it may only fall' : undefined),
      apply: (value: unknown) => (scale = value as number),
    };
    const declared = [
      { name: 'scale', kind: 'double', value: 1, range: [0, 1], description: 'share', change },
      { name: 'joints', kind: 'string[]', value: ['a', 'b'], description: 'names' },
      { name: 'limits.a.max', kind: 'double', value: 2.5, description: 'limit' },
    ] as const;
    new ParameterServer(
      a,
      fullNodeName({ nodeName: 'ours', namespace: '/' }),
      declared,
      () => 5_000_000_007n,
    );
    const events: {
      changed_parameters: { name: string; value: { double_value: number } }[];
      node: string;
    }[] = [];
    const heard = b.createSubscription<(typeof events)[number]>(
      '/parameter_events',
      'rcl_interfaces/msg/ParameterEvent',
      RELIABLE,
      (event) => events.push(event),
    );
    await until(() => heard.matched > 0, 'the events');
    const call = <T>(service: string, type: string, request: object): Promise<T> =>
      b.createClient<object, T>(`/ours/${service}`, `rcl_interfaces/srv/${type}`).call(request, WAIT_MS);
    const list = (prefixes: string[], depth: number) =>
      call<{ result: { names: string[]; prefixes: string[] } }>('list_parameters', 'ListParameters', {
        prefixes,
        depth,
      });
    expect((await list([], 0)).result).toEqual({
      names: ['scale', 'joints', 'limits.a.max'],
      prefixes: ['limits.a'],
    });
    expect((await list([], 1)).result.names).toEqual(['scale', 'joints']);
    expect((await list(['limits'], 0)).result.names).toEqual(['limits.a.max']);
    const { values } = await call<{ values: Record<string, unknown>[] }>('get_parameters', 'GetParameters', {
      names: ['scale', 'joints', 'nothing'],
    });
    expect(values).toMatchObject([
      { type: 3, double_value: 1 },
      { type: 9, string_array_value: ['a', 'b'] },
      { type: 0 },
    ]);
    const types = await call<{ types: ArrayLike<number> }>('get_parameter_types', 'GetParameterTypes', {
      names: ['limits.a.max'],
    });
    expect([...Array.from(types.types)]).toEqual([3]);
    const { descriptors } = await call<{ descriptors: object[] }>(
      'describe_parameters',
      'DescribeParameters',
      {
        names: ['scale', 'joints'],
      },
    );
    expect(descriptors).toMatchObject([
      { name: 'scale', type: 3, read_only: false, floating_point_range: [{ from_value: 0, to_value: 1 }] },
      { name: 'joints', type: 9, read_only: true, floating_point_range: [] },
    ]);
    const none = { ...values[2] };
    const double = (name: string, value: number) => ({
      name,
      value: { ...none, type: 3, double_value: value },
    });
    const set = async (...parameters: object[]) =>
      (
        await call<{ results: { successful: boolean; reason: string }[] }>(
          'set_parameters',
          'SetParameters',
          { parameters },
        )
      ).results;
    expect(
      await set(double('scale', 0.5), double('scale', 0.75), double('joints', 1), double('x', 1)),
    ).toEqual([
      { successful: true, reason: '' },
      { successful: false, reason: "parameter 'scale': it may only fall" },
      { successful: false, reason: "parameter 'joints': it is read-only while the node runs" },
      { successful: false, reason: "parameter 'x': it is not declared" },
    ]);
    expect(await set(double('scale', -1))).toEqual([
      { successful: false, reason: "parameter 'scale': it is -1, expected within [0, 1]" },
    ]);
    expect(scale).toBe(0.5);
    const { result } = await call<{ result: { successful: boolean } }>(
      'set_parameters_atomically',
      'SetParametersAtomically',
      { parameters: [double('scale', 0.25), double('x', 1)] },
    );
    expect(result.successful).toBe(false);
    expect(scale).toBe(0.5);
    await until(() => events.length > 0, 'the event');
    expect(events).toMatchObject([
      { node: '/ours', changed_parameters: [{ name: 'scale', value: { double_value: 0.5 } }] },
    ]);
  });

  test('has a lifecycle, and refuses what is not legal', async () => {
    const [a, b] = [await ours(), await peer()];
    let state: LifecycleState = 'unconfigured';
    const goals = {
      configure: 'inactive',
      cleanup: 'unconfigured',
      activate: 'active',
      deactivate: 'inactive',
      shutdown: 'finalized',
    } as const;
    const refusals: string[] = [];
    let why: string | null = null;
    const server = new LifecycleServer(
      a,
      {
        state: () => state,
        change: async (change) => {
          await new Promise((resolve) => setTimeout(resolve, 10));
          if (why === null) state = goals[change];
          return why;
        },
        refused: (_, reason) => refusals.push(reason),
      },
      () => 1n,
    );
    const events: { start_state: { label: string }; goal_state: { label: string } }[] = [];
    const heard = b.createSubscription<(typeof events)[number]>(
      '/ours/transition_event',
      'lifecycle_msgs/msg/TransitionEvent',
      RELIABLE,
      (event) => events.push(event),
    );
    await until(() => heard.matched > 0, 'the events');
    const call = <T>(service: string, type: string, request: object = {}): Promise<T> =>
      b.createClient<object, T>(`/ours/${service}`, `lifecycle_msgs/srv/${type}`).call(request, WAIT_MS);
    const change = async (id: number, label = '') =>
      (await call<{ success: boolean }>('change_state', 'ChangeState', { transition: { id, label } }))
        .success;
    const current = async () =>
      (await call<{ current_state: { id: number; label: string } }>('get_state', 'GetState')).current_state;
    type Transitions = { available_transitions: { transition: { id: number; label: string } }[] };
    const offered = async () =>
      (
        await call<Transitions>('get_available_transitions', 'GetAvailableTransitions')
      ).available_transitions.map(({ transition }) => `${transition.id} ${transition.label}`);
    expect(await current()).toEqual({ id: 1, label: 'unconfigured' });
    expect(await offered()).toEqual(['1 configure', '5 shutdown']);
    expect(await change(3)).toBe(false);
    expect(refusals).toEqual(["there is no transition '3' from 'unconfigured'"]);
    expect(await change(1)).toBe(true);
    expect(await change(0, 'activate')).toBe(true);
    expect(await current()).toEqual({ id: 3, label: 'active' });
    expect(await offered()).toEqual(['4 deactivate', '7 shutdown']);
    why = 'it moves';
    expect(await change(4)).toBe(false);
    expect(refusals.at(-1)).toBe('it moves');
    state = 'inactive'; // by other ways
    server.refresh();
    await until(() => events.length === 7, 'the events');
    expect(events.map(({ start_state: from, goal_state: to }) => `${from.label} ${to.label}`)).toEqual([
      'unconfigured configuring',
      'configuring inactive',
      'inactive activating',
      'activating active',
      'active deactivating',
      'deactivating active',
      'active inactive',
    ]);
    const graph = await call<Transitions>('get_transition_graph', 'GetAvailableTransitions');
    expect(graph.available_transitions).toHaveLength(7);
    const states = await call<{ available_states: unknown[] }>('get_available_states', 'GetAvailableStates');
    expect(states.available_states).toHaveLength(11);
  });

  test('can be closed and opened again under its name', async () => {
    for (let i = 0; i < 3; i++) {
      const [a, b] = [await ours(), await peer()];
      expect(await passed(a, b, [`time ${i}`])).toEqual([`time ${i}`]);
      await a.close();
      await a.close(); // twice does no harm
      await b.close();
    }
  });
});
