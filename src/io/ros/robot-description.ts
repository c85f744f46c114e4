import { DynabridgeError } from '../../core/index.js';
import { STATUS_QOS, type Middleware } from './middleware.js';

/** What robot_state_publisher publishes on. */
export const ROBOT_DESCRIPTION = 'robot_description';

const POLL_MS = 20;
/** A second publisher of the topic has been heard by then [ms]. */
const SETTLE_MS = 300;

/**
 * The URDF that robot_state_publisher publishes once, and keeps for those who come late: std_msgs/String, reliable, transient local.
 * Rejects with UNAVAILABLE where none comes within `timeoutMs`, saying what was heard, and where several differ.
 */
export async function fetchRobotDescription(
  middleware: Middleware,
  topic: string,
  timeoutMs: number,
): Promise<string> {
  const texts = new Set<string>();
  const subscription = middleware.createSubscription(topic, 'std_msgs/msg/String', STATUS_QOS, ({ data }) => {
    texts.add(data);
  });
  const wait = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));
  try {
    for (let waitedMs = 0; texts.size === 0; waitedMs += POLL_MS) {
      if (waitedMs >= timeoutMs) throw nothingHeard(middleware, subscription.topic, timeoutMs);
      await wait();
    }
    for (let waitedMs = 0; waitedMs < SETTLE_MS; waitedMs += POLL_MS) await wait();
    const [text = '', ...others] = texts;
    if (others.length === 0) return text;
    throw unavailable(
      subscription.topic,
      `${texts.size} different robots were heard; name the topic of one, e.g. /arm/robot_description`,
    );
  } finally {
    subscription.close();
  }
}

function nothingHeard(middleware: Middleware, topic: string, timeoutMs: number): DynabridgeError {
  const within = `nothing came within ${timeoutMs / 1e3} s: `;
  const mismatches = middleware.mismatches(topic);
  if (mismatches.length > 0) return unavailable(topic, within + mismatches.join('; '));
  const publishers = middleware.otherPublishers(topic);
  if (publishers > 0)
    return unavailable(topic, `${within}it has ${publishers} publisher(s), which say nothing`);
  return unavailable(
    topic,
    `${within}nobody publishes there; is robot_state_publisher up, in the same ROS domain, and is this its topic?`,
  );
}

function unavailable(topic: string, why: string): DynabridgeError {
  return new DynabridgeError('UNAVAILABLE', `robot description on ${topic}: ${why}`, { topic });
}
