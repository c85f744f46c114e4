import { DynabridgeError } from '../../core/index.js';
import { whyNotRclnodejs } from './load-rclnodejs.js';
import type { Middleware } from './middleware.js';
import { createRclMiddleware } from './rcl-middleware.js';
import { objectionToPlainDds } from './ros-environment.js';
import { createRtpsMiddleware, type RtpsMiddlewareOptions } from './rtps-middleware.js';

export type MiddlewareAdapter = 'auto' | 'rtps' | 'rclnodejs';

export interface MiddlewareOptions extends RtpsMiddlewareOptions {
  /** `auto` takes rclnodejs where ROS 2 is sourced and rclnodejs is installed and compiled, otherwise rtps */
  readonly adapter: MiddlewareAdapter;
}

/**
 * Opens the adapter asked for. Throws UNAVAILABLE when it cannot serve this environment; so does `auto` where only rtps is there
 * but the environment says that plain DDS would not be heard.
 */
export async function createMiddleware({ adapter, ...options }: MiddlewareOptions): Promise<Middleware> {
  const env = options.env ?? process.env;
  if (adapter === 'rtps') return createRtpsMiddleware(options);
  const why = whyNotRclnodejs(env);
  if (adapter === 'rclnodejs' || why === undefined) return createRclMiddleware(options);
  const objection = objectionToPlainDds(env);
  if (objection === undefined) return createRtpsMiddleware(options);
  throw new DynabridgeError(
    'UNAVAILABLE',
    `${objection}; ${why}; or run the robot's nodes on a DDS rmw (e.g. rmw_cyclonedds_cpp), or insist with --middleware rtps`,
    { adapter },
  );
}
