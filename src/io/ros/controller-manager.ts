import { DynabridgeError } from '../../core/index.js';
import type { Middleware, ServiceClient } from './middleware.js';

/** Part of controller_manager_msgs/msg/ControllerState that all distributions have. */
export interface ControllerState {
  readonly name: string;
  /** unconfigured, inactive, active or finalized */
  readonly state: string;
  /** class, e.g. velocity_controllers/JointGroupVelocityController */
  readonly type: string;
  /** command interfaces that it owns now, e.g. slider/velocity */
  readonly claimed_interfaces: readonly string[];
  /** command interfaces that it owns while it is active */
  readonly required_command_interfaces: readonly string[];
}

interface ListResponse {
  readonly controller: readonly ControllerState[];
}

/** controller_manager_msgs/srv/SwitchController; the fields that Humble has besides are deprecated and stay empty */
interface SwitchRequest {
  readonly activate_controllers: readonly string[];
  readonly deactivate_controllers: readonly string[];
  readonly strictness: number;
  readonly activate_asap: boolean;
  readonly timeout: { readonly sec: number; readonly nanosec: number };
}

interface SwitchResponse {
  readonly ok: boolean;
  /** why not; Humble does not say */
  readonly message?: string;
}

/** fails as a whole when anything goes wrong */
const STRICT = 2;
/** Until the hardware is ready [s]; zero would be for ever. */
const SWITCH_TIMEOUT_S = 5;

export const CONTROLLER_MANAGER = '/controller_manager';

/**
 * Asks ros2_control's controller_manager for its controllers, and to switch them. Its messages differ between Humble and later
 * distributions under the same names: the layout is that of ROS_DISTRO where that is humble, else that of Jazzy, Kilted and Rolling.
 */
export class ControllerManagerClient {
  private readonly lister: ServiceClient<object, ListResponse>;
  private readonly switcher: ServiceClient<SwitchRequest, SwitchResponse>;

  /** @param name of the controller_manager's node, with its namespace */
  constructor(
    middleware: Middleware,
    readonly name: string = CONTROLLER_MANAGER,
  ) {
    this.lister = middleware.createClient(
      `${name}/list_controllers`,
      'controller_manager_msgs/srv/ListControllers',
    );
    this.switcher = middleware.createClient(
      `${name}/switch_controller`,
      'controller_manager_msgs/srv/SwitchController',
    );
  }

  /** @returns whether it can be asked now */
  async isThere(): Promise<boolean> {
    return this.lister.waitForService(0).then(
      () => true,
      () => false,
    );
  }

  /** Rejects with UNAVAILABLE after `timeoutMs`, and with CONTRACT_MISMATCH where the reply is laid out for another distribution. */
  async list(timeoutMs: number): Promise<readonly ControllerState[]> {
    try {
      return (await this.lister.call({}, timeoutMs)).controller;
    } catch (error) {
      if (!(error instanceof DynabridgeError) || error.code !== 'BAD_INPUT') throw error;
      throw new DynabridgeError(
        'CONTRACT_MISMATCH',
        `the reply of ${this.name} is not laid out as ROS_DISTRO ${process.env['ROS_DISTRO'] ?? '(unset: jazzy)'} has it; ` +
          "set ROS_DISTRO to the robot's distribution, e.g. humble",
        { name: this.name },
        { cause: error },
      );
    }
  }

  /** All or nothing. Rejects with GOAL_NOT_REACHED where it is refused, and with UNAVAILABLE after `timeoutMs`. */
  async switch(activate: readonly string[], deactivate: readonly string[], timeoutMs: number): Promise<void> {
    const { ok, message } = await this.switcher.call(
      {
        activate_controllers: activate,
        deactivate_controllers: deactivate,
        strictness: STRICT,
        activate_asap: true,
        timeout: { sec: SWITCH_TIMEOUT_S, nanosec: 0 },
      },
      timeoutMs,
    );
    if (ok) return;
    const why = message === undefined || message === '' ? 'its log says why' : message;
    throw new DynabridgeError('GOAL_NOT_REACHED', `${this.name} refused to switch: ${why}`, {
      activate,
      deactivate,
    });
  }

  close(): void {
    this.lister.close();
    this.switcher.close();
  }
}
