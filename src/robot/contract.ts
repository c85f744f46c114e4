import { canonicalHash } from './canonical-json.js';
import { deepFreeze } from './deep-freeze.js';
import type {
  ActionConfig,
  CommandInterface,
  JointLimits,
  Robot,
  SensorConfig,
  StopAction,
} from './model.js';
import { sensorFields } from './sensor-fields.js';
import { commandUnit, positionUnit, velocityUnit } from './units.js';

/** Raised when the meaning of a field changes. */
export const CONTRACT_VERSION = 1;

export const ENCODINGS = ['linear', 'sincos'] as const;

/** How frames become a policy's observation. */
export interface ObservationContract {
  /** frames seen at once, 1 = the newest only [policy steps] */
  readonly history: number;
  /** earlier actions that are part of the observation [policy steps] */
  readonly previousActions: number;
  /** measured joint -> how its position is encoded; sincos for angles that wrap */
  readonly encodings: Readonly<Record<string, (typeof ENCODINGS)[number]>>;
}

/** One number that the policy reads from the robot. */
export interface ObservedField {
  readonly topic: string;
  /** e.g. `position[slider]` of a sensor_msgs/msg/JointState, `linear_acceleration.x` of a sensor_msgs/msg/Imu */
  readonly field: string;
  readonly unit: string;
  /** age at which it counts as stale [ms] */
  readonly timeoutMs: number;
  /** name of the sensor that it is of; absent: of the joint states */
  readonly sensor?: string;
  /** that carries the sensor */
  readonly link?: string;
}

/** Facts of the simulator that a policy was trained in, e.g. {timestep: 0.002, gravity: 9.81}. */
export type SimulationFacts = Readonly<Record<string, string | number | boolean>>;

/** What a policy was trained for. Plain JSON; SI units, radians. */
export interface Contract {
  readonly version: number;
  /** robot name of the URDF */
  readonly robot: string;
  readonly urdfSha256: string;
  readonly task: string;
  /** order of every action and command vector */
  readonly commanded: readonly {
    readonly name: string;
    readonly interface: CommandInterface;
    readonly unit: string;
  }[];
  /** order of every measurement vector */
  readonly measured: readonly string[];
  /** measured joint -> limits; joints without limits are absent */
  readonly limits: Readonly<Record<string, JointLimits>>;
  readonly controlRateHz: number;
  readonly policyRateHz: number;
  /** [s] */
  readonly commandLatency: number;
  /** [s] */
  readonly actuatorLag: number;
  /** [rad] or [m] */
  readonly positionMargin: number;
  readonly stopAction: StopAction | null;
  readonly action: ActionConfig;
  /** {@link canonicalHash} of the gate's configuration */
  readonly gateConfigHash: string;
  readonly observations: readonly ObservedField[];
  readonly observation: ObservationContract;
  /** null in a contract made for a live robot */
  readonly simulation: SimulationFacts | null;
}

export interface ContractSource {
  readonly robot: Robot;
  readonly task: string;
  readonly observation: ObservationContract;
  readonly gateConfigHash: string;
  readonly simulation?: SimulationFacts;
}

/** The contract of a robot, a task and an observation; deep-frozen. */
export function makeContract({
  robot,
  task,
  observation,
  gateConfigHash,
  simulation,
}: ContractSource): Contract {
  const { model, config } = robot;
  const joints = new Map(model.joints.map((joint) => [joint.name, joint]));
  /* v8 ignore next -- a Map may lack a key for the compiler; every measured joint is among the model's */
  const typeOf = (name: string) => joints.get(name)?.type ?? 'fixed';
  const field = (name: string, unit: string): ObservedField => ({
    topic: config.stateTopic,
    field: name,
    unit,
    timeoutMs: config.stateTimeoutMs,
  });
  const contract: Contract = {
    version: CONTRACT_VERSION,
    robot: model.name,
    urdfSha256: model.urdfSha256,
    task,
    commanded: model.commanded.map((name) => ({
      name,
      interface: config.commandInterface,
      unit: commandUnit(typeOf(name), config.commandInterface),
    })),
    measured: model.measured,
    limits: Object.fromEntries(
      model.measured.flatMap((name) => {
        const limits = joints.get(name)?.limits;
        return limits ? [[name, limits]] : [];
      }),
    ),
    controlRateHz: config.controlRateHz,
    policyRateHz: config.policyRateHz,
    commandLatency: config.commandLatency,
    actuatorLag: config.actuatorLag,
    positionMargin: config.positionMargin,
    stopAction: config.stopAction ?? null,
    action: config.action,
    gateConfigHash,
    observations: [
      ...model.measured.flatMap((name) => [
        field(`position[${name}]`, positionUnit(typeOf(name))),
        field(`velocity[${name}]`, velocityUnit(typeOf(name))),
      ]),
      ...config.sensors.flatMap(observedFields),
    ],
    observation,
    simulation: simulation ?? null,
  };
  return deepFreeze(structuredClone(contract));
}

function observedFields(sensor: SensorConfig): ObservedField[] {
  const { topic, timeoutMs, name, link } = sensor;
  return sensorFields(sensor).map(({ field, unit }) => ({
    topic,
    field,
    unit,
    timeoutMs,
    sensor: name,
    link,
  }));
}

/** SHA-256 over the contract's canonical JSON: equal contracts have equal hashes, whatever their key order. */
export function contractHash(contract: Contract): string {
  return canonicalHash(contract);
}
