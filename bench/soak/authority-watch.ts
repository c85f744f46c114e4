import { systemClock } from '../../src/core/index.js';
import type { BridgeRig } from '../rig/bridge-rig.js';
import type { Fault } from './faults.js';
import type { ProcessorWatch } from './processor-watch.js';

/** A stop that no fault explains. */
export interface Stop {
  readonly why: string;
  /** monotonic [s] */
  readonly atS: number;
  /** longest that one of the processes had waited for a processor within the second before [ms] */
  readonly waitedMs: number;
  /** which is more than a bridge can stand */
  readonly starved: boolean;
}

/**
 * Follows who drives, by what the bridge writes down, and asks of every stop whether a fault explains it: one that is going on now,
 * and for the reason that belongs to it.
 */
export class AuthorityWatch {
  /** the agent drives */
  engaged = false;
  /** stops since the fault began */
  stops = 0;
  readonly unexplained: Stop[] = [];
  private fault: Fault | null = null;
  private watched: object | null = null;

  constructor(
    private readonly rig: BridgeRig,
    private readonly processor: ProcessorWatch,
  ) {}

  /** Until `end`, the fault may explain stops. */
  begin(fault: Fault): void {
    this.look();
    this.fault = fault;
    this.stops = 0;
  }

  end(): void {
    this.look();
    this.fault = null;
  }

  /** Takes in what has happened since. */
  look(): void {
    for (const event of this.rig.events.take()) {
      if (event.kind === 'engaged') this.engaged = true;
      if (event.kind === 'disengaged') this.stopped(String(event['reason']), event.monotonicS);
      if (event.kind === 'fenced') this.stopped(String(event['why']), event.monotonicS);
    }
    this.watchExit();
  }

  private watchExit(): void {
    const { bridge } = this.rig;
    if (bridge === null || bridge === this.watched) return;
    this.watched = bridge;
    void bridge.ended.then(({ code }) => {
      this.look();
      if (this.engaged)
        this.stopped(`the bridge ended with exit code ${code}`, Number(systemClock.nowNs()) / 1e9);
    });
  }

  private stopped(why: string, atS: number): void {
    this.engaged = false;
    this.stops++;
    if (this.fault !== null && this.fault.stops !== 'never' && this.fault.because.test(why)) return;
    const { processor, fault } = this;
    this.unexplained.push({
      why: fault === null ? why : `${why} (during: ${fault.name})`,
      atS,
      waitedMs: processor.waitedMs(atS),
      starved: processor.starved(atS),
    });
  }
}
