import type { Middleware, Publisher, QosProfile } from './middleware.js';

/** Where a managed node rests (design.ros2.org, managed nodes). */
export type LifecycleState = 'unconfigured' | 'inactive' | 'active' | 'finalized';
export type LifecycleChange = 'configure' | 'cleanup' | 'activate' | 'deactivate' | 'shutdown';

/** lifecycle_msgs/msg/State */
interface StateMessage {
  readonly id: number;
  readonly label: string;
}

/** lifecycle_msgs/msg/Transition */
interface TransitionMessage {
  readonly id: number;
  readonly label: string;
}

interface TransitionDescription {
  readonly transition: TransitionMessage;
  readonly start_state: StateMessage;
  readonly goal_state: StateMessage;
}

/** lifecycle_msgs/msg/State: ids by label */
const STATES = {
  unknown: 0,
  unconfigured: 1,
  inactive: 2,
  active: 3,
  finalized: 4,
  configuring: 10,
  cleaningup: 11,
  shuttingdown: 12,
  activating: 13,
  deactivating: 14,
  errorprocessing: 15,
} as const;
type StateLabel = keyof typeof STATES;

interface Transition {
  /** lifecycle_msgs/msg/Transition, that of the request; that of its success is given besides */
  readonly id: number;
  readonly change: LifecycleChange;
  readonly from: LifecycleState;
  /** while it lasts */
  readonly via: StateLabel;
  readonly to: LifecycleState;
  readonly onSuccess: number;
}

const TRANSITIONS: readonly Transition[] = [
  { id: 1, change: 'configure', from: 'unconfigured', via: 'configuring', to: 'inactive', onSuccess: 10 },
  { id: 2, change: 'cleanup', from: 'inactive', via: 'cleaningup', to: 'unconfigured', onSuccess: 20 },
  { id: 3, change: 'activate', from: 'inactive', via: 'activating', to: 'active', onSuccess: 30 },
  { id: 4, change: 'deactivate', from: 'active', via: 'deactivating', to: 'inactive', onSuccess: 40 },
  { id: 5, change: 'shutdown', from: 'unconfigured', via: 'shuttingdown', to: 'finalized', onSuccess: 50 },
  { id: 6, change: 'shutdown', from: 'inactive', via: 'shuttingdown', to: 'finalized', onSuccess: 50 },
  { id: 7, change: 'shutdown', from: 'active', via: 'shuttingdown', to: 'finalized', onSuccess: 50 },
];
/** lifecycle_msgs/msg/Transition: the number after that of success is that of failure */
const FAILURE = 1;

/** rclcpp's default for transition events */
const EVENTS_QOS: QosProfile = { reliability: 'reliable', durability: 'volatile', depth: 10 };

/** The node, as far as its life is concerned. */
export interface LifecycleHost {
  /** Where the node rests now; it may have come there by other ways than these services. */
  state(): LifecycleState;
  /** Carries out what is legal from the present state; resolves with why it failed, or null. */
  change(change: LifecycleChange): Promise<string | null>;
  /** A peer asked for what could not be, and is only told that it failed. */
  refused(change: string, why: string): void;
}

/**
 * The services and the topic of a managed node: `~/change_state`, `~/get_state`, `~/get_available_states`,
 * `~/get_available_transitions`, `~/get_transition_graph` and `~/transition_event`. What `ros2 lifecycle` and launch_ros talk to.
 */
export class LifecycleServer {
  private readonly events: Publisher<object>;
  private told: LifecycleState;
  private running: Transition | null = null;

  /** @param wallNs time of day for the stamps of events */
  constructor(
    middleware: Middleware,
    private readonly host: LifecycleHost,
    private readonly wallNs: () => bigint,
  ) {
    this.told = host.state();
    this.events = middleware.createPublisher<object>(
      '~/transition_event',
      'lifecycle_msgs/msg/TransitionEvent',
      EVENTS_QOS,
    );
    const graph = () => ({ available_transitions: TRANSITIONS.map(description) });
    middleware.createService('~/get_state', 'lifecycle_msgs/srv/GetState', () => ({
      current_state: stateMessage(this.running?.via ?? host.state()),
    }));
    middleware.createService('~/get_available_states', 'lifecycle_msgs/srv/GetAvailableStates', () => ({
      available_states: (Object.keys(STATES) as StateLabel[]).map(stateMessage),
    }));
    middleware.createService(
      '~/get_available_transitions',
      'lifecycle_msgs/srv/GetAvailableTransitions',
      () => ({ available_transitions: this.legal().map(description) }),
    );
    middleware.createService('~/get_transition_graph', 'lifecycle_msgs/srv/GetAvailableTransitions', graph);
    middleware.createService(
      '~/change_state',
      'lifecycle_msgs/srv/ChangeState',
      async ({ transition }: { readonly transition: TransitionMessage }) => ({
        success: await this.change(transition),
      }),
    );
  }

  /** Tells of a change of state that came about by other ways. */
  refresh(): void {
    const now = this.host.state();
    if (this.running || now === this.told) return;
    const before = this.told;
    this.told = now;
    const direct = TRANSITIONS.find(({ from, to }) => from === before && to === now);
    this.publish({ id: direct?.onSuccess ?? 0, label: 'on_success' }, before, now);
  }

  private legal(): readonly Transition[] {
    const now = this.host.state();
    return this.running ? [] : TRANSITIONS.filter(({ from }) => from === now);
  }

  /** As rcl_lifecycle does: by the label if there is one, else by the number. */
  private async change({ id, label }: TransitionMessage): Promise<boolean> {
    const asked = label === '' ? String(id) : label;
    const transition = this.legal().find((legal) =>
      label === '' ? legal.id === id : legal.change === label,
    );
    if (!transition) {
      const state = this.running?.via ?? this.host.state();
      this.host.refused(asked, `there is no transition '${asked}' from '${state}'`);
      return false;
    }
    const { change, from, via, to, onSuccess } = transition;
    this.running = transition;
    this.publish({ id: transition.id, label: change }, from, via);
    const why = await this.host.change(change);
    this.running = null;
    this.told = this.host.state();
    if (why === null) {
      this.publish({ id: onSuccess, label: 'on_success' }, via, to);
    } else {
      this.publish({ id: onSuccess + FAILURE, label: 'on_failure' }, via, from);
      this.host.refused(asked, why);
    }
    return why === null;
  }

  private publish(transition: TransitionMessage, from: StateLabel, to: StateLabel): void {
    this.events.publish({
      timestamp: this.wallNs(),
      transition,
      start_state: stateMessage(from),
      goal_state: stateMessage(to),
    });
  }
}

function stateMessage(label: StateLabel): StateMessage {
  return { id: STATES[label], label };
}

function description({ id, change, from, via }: Transition): TransitionDescription {
  return {
    transition: { id, label: change },
    start_state: stateMessage(from),
    goal_state: stateMessage(via),
  };
}
