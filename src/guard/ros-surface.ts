import {
  Subject,
  distinctUntilChanged,
  interval,
  map,
  startWith,
  switchMap,
  type Subscription as Stream,
} from 'rxjs';
import { systemClock } from '../core/index.js';
import {
  DIAGNOSTICS_QOS,
  DIAGNOSTIC_LEVEL,
  STATUS_QOS,
  rosTime,
  type DiagnosticArray,
  type DiagnosticStatus,
  type Middleware,
  type TriggerResponse,
} from '../io/ros/index.js';
import type { EventOutcome, GateEvent, GateMode, GateState } from '../safety/index.js';
import type { GuardSummary } from './loop-metrics.js';

/** What the surface shows; a snapshot of the guard. */
export interface GuardStatus {
  readonly mode: GateMode;
  /** one sentence for people */
  readonly message: string;
  readonly values: Readonly<Record<string, string | number>>;
}

export function guardStatus(
  { mode, fault }: Pick<GateState, 'mode' | 'fault'>,
  summary: GuardSummary,
  agentConnected: boolean,
  commandSubscribers: number,
): GuardStatus {
  return {
    mode,
    message: fault ? `${fault.message}; cleared by: ${fault.clearedBy}` : mode,
    values: {
      commands: summary.commands,
      limited: summary.limited,
      blocked: summary.blocked,
      'skipped ticks': summary.skippedTicks,
      'missed proposals': summary.missedProposals,
      'loop p50 ms': summary.loopMs.p50,
      'loop p99 ms': summary.loopMs.p99,
      'latency p50 ms': summary.latencyMs.p50,
      'latency p99 ms': summary.latencyMs.p99,
      'agent connected': agentConnected ? 'yes' : 'no',
      'command subscribers': commandSubscribers,
    },
  };
}

const DIAGNOSTICS_PERIOD_MS = 1_000;

function level(mode: GateMode): number {
  if (mode === 'fault' || mode === 'estop') return DIAGNOSTIC_LEVEL.error;
  return mode === 'active' ? DIAGNOSTIC_LEVEL.ok : DIAGNOSTIC_LEVEL.warn;
}

/**
 * The guard's face towards ROS: `/diagnostics` at 1 Hz and on every change of mode, `~/status` (latched), and the services
 * `~/estop`, `~/reset`, `~/engage` and `~/release` (std_srvs/Trigger).
 */
export class RosSurface {
  private readonly changed = new Subject<void>();
  private readonly stream: Stream;

  /**
   * @param status read at every publication
   * @param request called on a service call; the outcome becomes the reply
   */
  constructor(
    middleware: Middleware,
    nodeName: string,
    status: () => GuardStatus,
    request: (event: GateEvent) => EventOutcome,
  ) {
    const diagnostics = middleware.createPublisher<DiagnosticArray>(
      '/diagnostics',
      'diagnostic_msgs/msg/DiagnosticArray',
      DIAGNOSTICS_QOS,
    );
    const latched = middleware.createPublisher<DiagnosticStatus>(
      `/${nodeName}/status`,
      'diagnostic_msgs/msg/DiagnosticStatus',
      STATUS_QOS,
    );
    const current = (): DiagnosticStatus => toDiagnostic(nodeName, status());
    const periodic = this.changed.pipe(
      startWith(undefined),
      switchMap(() => interval(DIAGNOSTICS_PERIOD_MS).pipe(startWith(0))), // a change publishes now and restarts the period
      map(current),
    );
    const changes = this.changed.pipe(startWith(undefined), map(current), distinctUntilChanged(sameMode));
    this.stream = periodic.subscribe((entry) =>
      diagnostics.publish({
        header: { stamp: rosTime(systemClock.wallNs()), frame_id: '' },
        status: [entry],
      }),
    );
    this.stream.add(changes.subscribe((entry) => latched.publish(entry)));
    for (const event of ['estop', 'reset', 'engage', 'release'] as const) {
      middleware.createService<object, TriggerResponse>(
        `/${nodeName}/${event}`,
        'std_srvs/srv/Trigger',
        () => {
          const outcome = request(event);
          return outcome.accepted
            ? { success: true, message: `now ${status().mode}` }
            : { success: false, message: outcome.why };
        },
      );
    }
  }

  /** Call after every change of mode or fault. */
  refresh(): void {
    this.changed.next();
  }

  close(): void {
    this.stream.unsubscribe();
  }
}

function toDiagnostic(nodeName: string, status: GuardStatus): DiagnosticStatus {
  return {
    level: level(status.mode),
    name: `${nodeName}: guard`,
    message: status.message,
    hardware_id: 'dynabridge',
    values: Object.entries({ mode: status.mode, ...status.values }).map(([key, value]) => ({
      key,
      value: String(value),
    })),
  };
}

function sameMode(a: DiagnosticStatus, b: DiagnosticStatus): boolean {
  return a.message === b.message && a.level === b.level;
}
