import {
  Subject,
  distinctUntilChanged,
  interval,
  map,
  startWith,
  switchMap,
  type Subscription as Stream,
} from 'rxjs';
import {
  DIAGNOSTICS_QOS,
  STATUS_QOS,
  rosTime,
  type DiagnosticArray,
  type DiagnosticStatus,
  type Middleware,
  type TriggerResponse,
} from '../io/ros/index.js';
import type { EventOutcome, GateEvent } from '../safety/index.js';
import type { GuardStatus } from './status.js';

const DIAGNOSTICS_PERIOD_MS = 1_000;

/**
 * The guard's face towards ROS: `/diagnostics` at 1 Hz and on every change, `~/status` (latched) on every change, and the services
 * `~/estop`, `~/reset`, `~/engage` and `~/release` (std_srvs/Trigger).
 */
export class RosSurface {
  private readonly changed = new Subject<void>();
  private readonly stream: Stream;

  /**
   * @param fullName of the node, e.g. '/arm/dynabridge'
   * @param status read at every publication
   * @param request called on a service call; the outcome becomes the reply
   * @param wallNs time of day for stamps
   */
  constructor(
    middleware: Middleware,
    fullName: string,
    status: () => GuardStatus,
    request: (event: GateEvent) => EventOutcome,
    wallNs: () => bigint,
  ) {
    const diagnostics = middleware.createPublisher<DiagnosticArray>(
      '/diagnostics',
      'diagnostic_msgs/msg/DiagnosticArray',
      DIAGNOSTICS_QOS,
    );
    const latched = middleware.createPublisher<DiagnosticStatus>(
      '~/status',
      'diagnostic_msgs/msg/DiagnosticStatus',
      STATUS_QOS,
    );
    const snapshots = new Subject<GuardStatus>();
    this.stream = snapshots.subscribe((snapshot) =>
      diagnostics.publish({
        header: { stamp: rosTime(wallNs()), frame_id: '' },
        status: [toDiagnostic(fullName.slice(1), snapshot)],
      }),
    );
    // a joint state that goes stale calls no refresh: it is found at the next period
    const changes = snapshots.pipe(distinctUntilChanged(saysTheSame));
    this.stream.add(
      changes.subscribe((snapshot) => latched.publish(toDiagnostic(fullName.slice(1), snapshot))),
    );
    const periodic = this.changed.pipe(
      startWith(undefined),
      switchMap(() => interval(DIAGNOSTICS_PERIOD_MS).pipe(startWith(0))), // a change publishes now and restarts the period
      map(status),
    );
    this.stream.add(periodic.subscribe(snapshots));
    for (const event of ['estop', 'reset', 'engage', 'release'] as const) {
      middleware.createService<object, TriggerResponse>(`~/${event}`, 'std_srvs/srv/Trigger', () => {
        const outcome = request(event);
        return outcome.accepted
          ? { success: true, message: `now ${status().mode}` }
          : { success: false, message: outcome.why };
      });
    }
  }

  /** Call after every change of mode, fault, owner, blend ratio or black box. */
  refresh(): void {
    this.changed.next();
  }

  close(): void {
    this.stream.unsubscribe();
  }
}

function toDiagnostic(nodeName: string, { level, message, facts, counts }: GuardStatus): DiagnosticStatus {
  return {
    level,
    name: `${nodeName}: guard`,
    message,
    hardware_id: 'dynabridge',
    values: Object.entries({ ...facts, ...counts }).map(([key, value]) => ({ key, value: String(value) })),
  };
}

function saysTheSame(a: GuardStatus, b: GuardStatus): boolean {
  const words = ({ level, message, facts }: GuardStatus) => JSON.stringify([level, message, facts]);
  return words(a) === words(b);
}
