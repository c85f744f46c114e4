import type { ControllerState, Middleware } from '../../../../src/io/ros/index.js';

interface SwitchRequest {
  readonly activate_controllers: readonly string[];
  readonly deactivate_controllers: readonly string[];
  /** Humble has these besides, deprecated */
  readonly start_controllers?: readonly string[];
  readonly strictness: number;
}

const STRICT = 2;

export function controller(
  name: string,
  type: string,
  state: string,
  ...interfaces: readonly string[]
): ControllerState {
  return {
    name,
    type,
    state,
    claimed_interfaces: state === 'active' ? interfaces : [],
    required_command_interfaces: interfaces,
  };
}

/**
 * The services of a controller_manager with these controllers, switching as ros2_control does when asked strictly: all or nothing, and no
 * interface is owned twice.
 */
export class ControllerManagerServer {
  readonly requests: SwitchRequest[] = [];
  /** as where hardware does not let go */
  refuse = false;

  constructor(
    middleware: Middleware,
    private controllers: readonly ControllerState[],
    name = '/controller_manager',
  ) {
    middleware.createService<object, object>(
      `${name}/list_controllers`,
      'controller_manager_msgs/srv/ListControllers',
      () => ({ controller: this.controllers }),
    );
    middleware.createService<SwitchRequest, object>(
      `${name}/switch_controller`,
      'controller_manager_msgs/srv/SwitchController',
      (request) => this.switch(request),
    );
  }

  set(...controllers: readonly ControllerState[]): void {
    this.controllers = controllers;
  }

  private switch(request: SwitchRequest): { ok: boolean; message: string } {
    this.requests.push(request);
    const { activate_controllers: on, deactivate_controllers: off, strictness } = request;
    if (this.refuse) return { ok: false, message: 'the hardware refused' };
    if (strictness !== STRICT) return { ok: false, message: `strictness ${strictness}` };
    const known = this.controllers.map(({ name }) => name);
    const unknown = [...on, ...off].find((name) => !known.includes(name));
    if (unknown !== undefined)
      return { ok: false, message: `Controller with name '${unknown}' is not loaded` };
    const next = this.controllers.map((one) => {
      const state = on.includes(one.name) ? 'active' : off.includes(one.name) ? 'inactive' : one.state;
      return controller(one.name, one.type, state, ...one.required_command_interfaces);
    });
    const owned = next.flatMap((one) => one.claimed_interfaces);
    const twice = owned.find((name, i) => owned.indexOf(name) !== i);
    if (twice !== undefined) return { ok: false, message: `Resource conflict on '${twice}'` };
    this.controllers = next;
    return { ok: true, message: '' };
  }
}
