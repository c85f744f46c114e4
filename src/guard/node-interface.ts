import {
  ParameterServer,
  RosClock,
  fullNodeName,
  type Middleware,
  type NodeArguments,
} from '../io/ros/index.js';
import type { Robot } from '../robot/index.js';
import type { GateConfig } from '../safety/index.js';
import { Lifecycle, type LifecycleGuard } from './lifecycle.js';
import { guardParameters, type ParameterHost } from './parameters.js';
import { RosSurface } from './ros-surface.js';
import type { GuardStatus } from './status.js';

/** The guard, as its node sees it. */
export interface NodeHost extends LifecycleGuard, Omit<ParameterHost, 'useSimulatedTime'> {
  status(): GuardStatus;
}

/** All that the guard's ROS node offers besides moving the robot: status, requests, lifecycle, parameters, and the time of stamps. */
export class NodeInterface {
  readonly clock: RosClock;
  private readonly surface: RosSurface;
  private readonly lifecycle: Lifecycle;

  /**
   * Throws BAD_INPUT for parameters that do not fit.
   * @param managed by others, through the lifecycle's services: nothing moves before they activate the node
   */
  constructor(
    middleware: Middleware,
    node: NodeArguments,
    managed: boolean,
    robot: Robot,
    gate: GateConfig,
    host: NodeHost,
  ) {
    const name = fullNodeName(node);
    const clock = (this.clock = new RosClock(middleware));
    const wallNs = () => clock.wallNs();
    const useSimulatedTime = (use: boolean) => clock.useSimulatedTime(use);
    const declared = guardParameters(robot, gate, node, { ...host, useSimulatedTime });
    new ParameterServer(middleware, name, declared, wallNs);
    this.lifecycle = new Lifecycle(middleware, host, managed, name, wallNs);
    this.surface = new RosSurface(
      middleware,
      name,
      () => host.status(),
      (event) => host.request(event, `~/${event} service`),
      wallNs,
    );
  }

  /** Why nobody may drive or be held, as far as the node's lifecycle is concerned; null: somebody may. */
  whyNotActive(): string | null {
    return this.lifecycle.whyNotActive();
  }

  /** Call after every change of mode, fault, owner, blend ratio or black box. */
  refresh(): void {
    this.surface.refresh();
  }

  /** Tells of a change of the lifecycle's state, if there was one. */
  refreshLifecycle(): void {
    this.lifecycle.refresh();
  }

  /** Says no more by itself; calls are answered until the middleware is closed. */
  close(): void {
    this.surface.close();
    this.lifecycle.refresh();
  }
}
