import { elapsedMs, type Clock } from '../core/index.js';
import { SENSOR_QOS, type Middleware, type Subscription } from '../io/ros/index.js';
import type { SensorConfig } from '../robot/index.js';
import { tooManyStates } from './engagement.js';
import type { GuardSummary } from './loop-metrics.js';
import { SENSOR_MESSAGES, type SensorMessage } from './sensor-messages.js';

/** One sensor and the newest of it that could be used. */
interface Heard {
  readonly sensor: SensorConfig;
  readonly values: Float64Array;
  /** null before the first */
  receivedNs: bigint | null;
  /** frame_id of the newest */
  frame: string;
  refused: number;
}

/**
 * The sensors besides the joint states, each on its topic. A reading that cannot be used leaves the newest one as it is, so that a run
 * of bad ones becomes a silence. Only the agent observes them: without them it has no authority, whoever else drives goes on.
 */
export class SensorWatch {
  private readonly heard: readonly Heard[];
  private readonly subscriptions: readonly Subscription[];

  constructor(
    private readonly middleware: Middleware,
    sensors: readonly SensorConfig[],
    private readonly clock: Pick<Clock, 'nowNs'>,
  ) {
    this.heard = sensors.map((sensor) => ({
      sensor,
      values: new Float64Array(SENSOR_MESSAGES[sensor.type].size),
      receivedNs: null,
      frame: '',
      refused: 0,
    }));
    this.subscriptions = this.heard.map((own) =>
      middleware.createSubscription<SensorMessage>(
        own.sensor.topic,
        SENSOR_MESSAGES[own.sensor.type].messageType,
        SENSOR_QOS,
        (message, { receivedNs }) => take(own, message, receivedNs),
      ),
    );
  }

  /**
   * Writes the newest readings in the order of a frame, NaN for those of a sensor that is silent.
   * @param offset of the first one in `out`
   * @returns whether all are there
   */
  read(out: Float64Array, offset: number, nowNs: bigint): boolean {
    let all = true;
    let at = offset;
    for (const own of this.heard) {
      if (isSilent(own, nowNs)) {
        out.fill(NaN, at, at + own.values.length);
        all = false;
      } else out.set(own.values, at);
      at += own.values.length;
    }
    return all;
  }

  /** The first sensor that is silent, for people; null while there is none. */
  whyNoReading(): string | null {
    const nowNs = this.clock.nowNs();
    const silent = this.heard.find((own) => isSilent(own, nowNs));
    return silent === undefined ? null : silenceOf(silent);
  }

  /** Why the agent may not be given authority, for people; null where nothing speaks against it. */
  whyNotEngage(): string | null {
    return this.whyNoReading() ?? this.crowded()[0] ?? null;
  }

  /** What is wrong with the sensors and their topics, for people. */
  get warnings(): string[] {
    const nowNs = this.clock.nowNs();
    return [
      ...this.heard.filter((own) => isSilent(own, nowNs)).map(silenceOf),
      ...this.crowded(),
      ...this.heard.filter(isElsewhere).map(elsewhereOf),
      ...this.heard.flatMap(({ sensor }) => this.middleware.mismatches(sensor.topic)),
    ];
  }

  /** for the end of a run; empty where there are no sensors */
  get summary(): Pick<GuardSummary, 'rejectedReadings'> {
    if (this.heard.length === 0) return {};
    return {
      rejectedReadings: Object.fromEntries(this.heard.map(({ sensor, refused }) => [sensor.name, refused])),
    };
  }

  /** as they stand, for people */
  get counts(): Record<string, number> {
    return Object.fromEntries(
      this.heard.map(({ sensor, refused }) => [`refused readings of ${sensor.name}`, refused]),
    );
  }

  close(): void {
    for (const subscription of this.subscriptions) subscription.close();
  }

  /** Two sources on one topic would be read in turns. */
  private crowded(): string[] {
    return this.heard.flatMap(({ sensor: { topic } }) => {
      const publishers = this.middleware.otherPublishers(topic);
      return publishers > 1 ? [tooManyStates(publishers, topic)] : [];
    });
  }
}

function take(own: Heard, message: SensorMessage, receivedNs: bigint): void {
  own.frame = message.header.frame_id;
  if (SENSOR_MESSAGES[own.sensor.type].read(message, own.values)) own.receivedNs = receivedNs;
  else own.refused++;
}

/** A frame of tf may have a prefix; without a name, or before the first message, nothing is wrong. */
function isElsewhere({ sensor, frame }: Heard): boolean {
  return frame !== '' && frame !== sensor.link && !frame.endsWith(`/${sensor.link}`);
}

function elsewhereOf({ sensor: { name, link }, frame }: Heard): string {
  return `sensor '${name}' reads in frame '${frame}', robot.yaml says link '${link}'; correct the one or the other`;
}

function isSilent({ sensor, receivedNs }: Heard, nowNs: bigint): boolean {
  return receivedNs === null || elapsedMs(receivedNs, nowNs) > sensor.timeoutMs;
}

function silenceOf({ sensor, receivedNs, refused }: Heard): string {
  const { name, topic, timeoutMs } = sensor;
  const bad = refused === 0 ? '' : ` (${refused > 1 ? 'readings were' : 'a reading was'} refused)`;
  return receivedNs === null
    ? `sensor '${name}' has said nothing usable on ${topic} yet${bad}`
    : `sensor '${name}' has said nothing usable on ${topic} for more than ${timeoutMs} ms${bad}`;
}
