import { setTimeout as sleep } from 'node:timers/promises';
import {
  LifecycleServer,
  type LifecycleChange,
  type LifecycleState,
  type Middleware,
} from '../io/ros/index.js';
import type { EventOutcome, GateEvent, GateState } from '../safety/index.js';

/** Who asks, where the lifecycle does. */
export const BY_LIFECYCLE = 'lifecycle';

/** A controlled stop has this long, as at the end of a run [ms]. */
const STOP_TIMEOUT_MS = 3_000;
const POLL_MS = 10;

/** The guard, as far as its life is concerned. */
export interface LifecycleGuard {
  gate(): Pick<GateState, 'mode' | 'silent'>;
  /** nothing is left to do */
  finished(): boolean;
  request(event: GateEvent, by: string): EventOutcome;
  /** Ramps to rest, and ends the process. */
  stopAndFinish(reason: string): void;
  tell(kind: string, detail: Readonly<Record<string, unknown>>): void;
}

/**
 * The guard as a managed node. Inactive: it listens and publishes no commands; active: it holds or drives. The state follows from the
 * gate, so it is true whoever changed it. A node that is managed by others starts unconfigured and moves nothing before it is
 * activated; one that is not starts inactive, and is activated by whoever engages.
 */
export class Lifecycle {
  private readonly server: LifecycleServer;
  private configured: boolean;

  /**
   * @param managed by others, through the lifecycle's services
   * @param nodeName in full, for people
   */
  constructor(
    middleware: Middleware,
    private readonly guard: LifecycleGuard,
    private readonly managed: boolean,
    private readonly nodeName: string,
    wallNs: () => bigint,
  ) {
    this.configured = !managed;
    this.server = new LifecycleServer(
      middleware,
      {
        state: () => this.state,
        change: (change) => this.change(change),
        refused: (change, why) => guard.tell('lifecycle-refused', { change, why }),
      },
      wallNs,
    );
  }

  get state(): LifecycleState {
    if (this.guard.finished()) return 'finalized';
    if (!this.guard.gate().silent) return 'active';
    return this.configured ? 'inactive' : 'unconfigured';
  }

  /** Why nobody may drive or be held, as far as the lifecycle is concerned; null: somebody may. */
  whyNotActive(): string | null {
    const { state } = this;
    if (state === 'active' || (state === 'inactive' && !this.managed)) return null;
    const next = state === 'unconfigured' ? 'configure' : 'activate';
    return `the node is ${state}; go on with: ros2 lifecycle set ${this.nodeName} ${next}`;
  }

  /** To be called after every change of the gate's mode. */
  refresh(): void {
    this.server.refresh();
  }

  private async change(change: LifecycleChange): Promise<string | null> {
    switch (change) {
      case 'configure': // the robot was read, and the gate tested, when the process started; it had ended otherwise
        this.configured = true;
        return null;
      case 'cleanup':
        this.configured = false;
        return null;
      case 'activate':
        return whyNot(this.guard.request('release', BY_LIFECYCLE));
      case 'deactivate':
        return this.deactivate();
      case 'shutdown':
        this.guard.stopAndFinish('the node was shut down');
        for (let ms = 0; !this.guard.finished() && ms < STOP_TIMEOUT_MS; ms += POLL_MS) await sleep(POLL_MS);
        return this.guard.finished() ? null : 'it did not end in time';
    }
  }

  /** Stops under control, and falls silent at rest. */
  private async deactivate(): Promise<string | null> {
    this.guard.request('stop', BY_LIFECYCLE);
    for (let ms = 0; this.guard.gate().mode === 'stopping' && ms < STOP_TIMEOUT_MS; ms += POLL_MS)
      await sleep(POLL_MS);
    return whyNot(this.guard.request('mute', BY_LIFECYCLE));
  }
}

function whyNot(outcome: EventOutcome): string | null {
  return outcome.accepted ? null : outcome.why;
}
