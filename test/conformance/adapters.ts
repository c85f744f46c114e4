import { existsSync, readdirSync } from 'node:fs';
import {
  createMiddleware,
  whyNotRclnodejs,
  type Middleware,
  type MiddlewareOptions,
} from '../../src/io/ros/index.js';

export interface Adapter {
  readonly name: 'rtps' | 'rclnodejs';
  /** why its cases are skipped; undefined: they run */
  readonly missing: string | undefined;
  open(options: Omit<MiddlewareOptions, 'adapter' | 'env'>): Promise<Middleware>;
}

/** Both adapters in one ROS domain of their own, on loopback. */
export function adaptersIn(domain: number): readonly Adapter[] {
  const env = { ...process.env, ROS_DOMAIN_ID: String(domain) };
  const missing = whyNotRclnodejs(env);
  return [
    {
      name: 'rtps',
      missing: undefined,
      open: (options) => createMiddleware({ ...options, adapter: 'rtps', env }),
    },
    {
      name: 'rclnodejs',
      missing: missing === undefined ? undefined : `${installed()}${missing}`,
      open: (options) => {
        process.env.ROS_DOMAIN_ID = env.ROS_DOMAIN_ID; // rcl asks the process
        return createMiddleware({ ...options, adapter: 'rclnodejs', env });
      },
    },
  ];
}

function installed(): string {
  const distros = existsSync('/opt/ros') ? readdirSync('/opt/ros') : [];
  return distros.length === 0 ? 'no ROS 2 is installed; ' : `ROS 2 is installed (${distros.join(', ')}); `;
}
