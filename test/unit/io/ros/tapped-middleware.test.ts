import { afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/core/index.js';
import {
  COMMAND_QOS,
  CodecCache,
  SENSOR_QOS,
  TappedMiddleware,
  createRtpsMiddleware,
  type Float64MultiArray,
  type MessageInfo,
  type Middleware,
  type QosProfile,
  type Traffic,
} from '../../../../src/io/ros/index.js';

const env = { ROS_DOMAIN_ID: '86' };
const TYPE = 'std_msgs/msg/Float64MultiArray';
const open: Middleware[] = [];

async function node(nodeName: string): Promise<Middleware> {
  const middleware = await createRtpsMiddleware({ nodeName, env });
  open.push(middleware);
  return middleware;
}

afterEach(async () => {
  for (const middleware of open.splice(0)) await middleware.close();
});

describe('a tapped middleware', () => {
  it('tells of what was sent and received, byte by byte, after it was handled', async () => {
    const told: Traffic[] = [];
    const order: string[] = [];
    const tapped = new TappedMiddleware(await node('tapped'), systemClock, (traffic) => {
      told.push(traffic);
      order.push(`told ${traffic.topic}`);
    });
    const peer = await node('peer');
    const echo = peer.createPublisher<Float64MultiArray>('/echo', TYPE, { ...COMMAND_QOS, depth: 10 });
    peer.createSubscription<Float64MultiArray>('/there', TYPE, COMMAND_QOS, (message) =>
      echo.publish(message),
    );
    tapped.createSubscription<Float64MultiArray>('echo', TYPE, SENSOR_QOS, () => order.push('handled'));
    const there = tapped.createPublisher<Float64MultiArray>('there', TYPE, COMMAND_QOS);
    await expect.poll(() => Math.min(there.matched, echo.matched), { timeout: 10_000 }).toBe(1);

    const before = systemClock.nowNs();
    const message = { layout: { dim: [], data_offset: 0 }, data: Float64Array.of(0.1, -0) };
    there.publish(message);
    await expect.poll(() => told.length, { timeout: 10_000 }).toBe(2);
    const [sent, back] = told as [Traffic, Traffic];
    expect(order).toEqual(['told /there', 'handled', 'told /echo']);
    expect(sent).toMatchObject({ received: false, topic: '/there', type: TYPE, offers: [COMMAND_QOS] });
    expect(back).toMatchObject({ received: true, topic: '/echo', type: TYPE });
    expect(back.offers).toEqual([{ reliability: 'reliable', durability: 'volatile', depth: 0 }]);
    expect(Buffer.from(back.payload).equals(Buffer.from(sent.payload))).toBe(true);
    expect(new CodecCache().get(TYPE).decode(back.payload)).toEqual(message);
    expect(sent.atNs).toBeGreaterThanOrEqual(before);
    expect(back.atNs).toBeGreaterThan(sent.atNs);
    expect(Number(back.sourceNs! - systemClock.wallNs()) / 1e9).toBeCloseTo(0, -1);
  });

  it('tells in its own encoding of what an adapter hands on as a value alone', async () => {
    const inner = await node('tapped');
    const told: Traffic[] = [];
    const valuesOnly: Middleware = Object.create(inner, {
      createSubscription: {
        value: <T>(
          topic: string,
          type: string,
          qos: QosProfile,
          onMessage: (message: T, info: MessageInfo) => void,
        ) =>
          inner.createSubscription<T>(topic, type, qos, (message, { receivedNs }) =>
            onMessage(message, { receivedNs }),
          ),
      },
      offers: { value: undefined },
    }) as Middleware;
    const tapped = new TappedMiddleware(valuesOnly, systemClock, (traffic) => told.push(traffic));
    tapped.createSubscription<Float64MultiArray>('/values', TYPE, SENSOR_QOS, () => {});
    const publisher = (await node('peer')).createPublisher<Float64MultiArray>('/values', TYPE, COMMAND_QOS);
    await expect.poll(() => publisher.matched, { timeout: 10_000 }).toBe(1);
    const message = { layout: { dim: [], data_offset: 0 }, data: Float64Array.of(2) };
    publisher.publish(message);
    await expect.poll(() => told.length, { timeout: 10_000 }).toBe(1);
    expect(new CodecCache().get(TYPE).decode(told[0]!.payload)).toEqual(message);
    expect(told[0]).toMatchObject({ offers: [SENSOR_QOS], sourceNs: undefined });
  });
});
