import {
  ROBOT_DESCRIPTION,
  createMiddleware,
  fetchRobotDescription,
  nodeIdentity,
  resolveName,
  type MiddlewareAdapter,
  type NodeArguments,
} from '../io/ros/index.js';
import type { RobotDescription } from '../robot/index.js';

/** robot_state_publisher may start together with us [ms]. */
const WAIT_MS = 10_000;

/**
 * The URDF on a topic, heard by a node of its own that lives no longer than that.
 * @param topic as the user gives it; true: robot_description, in the node's namespace
 * @throws UNAVAILABLE where none comes
 */
export async function fetchDescription(
  topic: string | true,
  adapter: MiddlewareAdapter,
  node: Omit<NodeArguments, 'parameters'>,
): Promise<RobotDescription> {
  const { nodeName, namespace, remaps } = node;
  const name = topic === true ? ROBOT_DESCRIPTION : topic;
  const from = resolveName(name, nodeIdentity(nodeName, namespace, remaps));
  const middleware = await createMiddleware({ adapter, nodeName, namespace, remaps });
  try {
    return { text: await fetchRobotDescription(middleware, name, WAIT_MS), from };
  } finally {
    await middleware.close();
  }
}
