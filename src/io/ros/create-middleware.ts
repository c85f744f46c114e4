import { DynabridgeError } from '../../core/index.js';
import type { Middleware } from './middleware.js';
import { objectionToPlainDds } from './ros-environment.js';
import { createRtpsMiddleware, type RtpsMiddlewareOptions } from './rtps-middleware.js';

export type MiddlewareAdapter = 'auto' | 'rtps' | 'rclnodejs';

export interface MiddlewareOptions extends RtpsMiddlewareOptions {
  /** `auto` takes rtps, unless the environment says that plain DDS would not be heard */
  readonly adapter: MiddlewareAdapter;
}

/** Opens the adapter asked for. Throws UNAVAILABLE when it cannot serve this environment. */
export async function createMiddleware({ adapter, ...options }: MiddlewareOptions): Promise<Middleware> {
  if (adapter === 'rclnodejs') {
    throw new DynabridgeError(
      'UNAVAILABLE',
      "the 'rclnodejs' adapter comes with a later version; use 'rtps', which speaks the wire of ROS 2 over DDS by itself",
      { adapter },
    );
  }
  const objection = adapter === 'auto' ? objectionToPlainDds(options.env ?? process.env) : undefined;
  if (objection !== undefined) {
    throw new DynabridgeError(
      'UNAVAILABLE',
      `${objection}; unset it, run the robot's nodes on a DDS rmw (e.g. rmw_cyclonedds_cpp), or insist with the 'rtps' adapter`,
      { adapter },
    );
  }
  return createRtpsMiddleware(options);
}
