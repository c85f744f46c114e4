import * as v from 'valibot';

/** What a run is called: part of its folder's name. */
export interface RunName {
  readonly robot: string;
  readonly task: string;
  /** a safe integer, not negative */
  readonly seed: number;
}

/** Everything that is known of a run when it starts. */
export interface RunStart extends RunName {
  /** e.g. 'train' or 'finetune' */
  readonly kind: string;
  /** as typed, to repeat it */
  readonly commandLine: string;
  /** name -> version: dynabridge, node, mujoco, ... */
  readonly versions: Readonly<Record<string, string>>;
  /** resolved configuration; becomes config.yaml */
  readonly config: object;
  /** becomes contract.json; finite numbers only; absent where there is no robot to drive */
  readonly contract?: object;
}

/** run.json */
export interface RunInfo extends Omit<RunStart, 'config' | 'contract'> {
  /** ISO 8601, UTC */
  readonly created: string;
  /** since the Unix epoch [ns] */
  readonly createdWallNs: bigint;
}

export const RUN_VERSION = 1;

const text = v.pipe(v.string(), v.minLength(1));

export const runInfoSchema = v.strictObject({
  formatVersion: v.literal(RUN_VERSION),
  kind: text,
  robot: text,
  task: text,
  seed: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  created: v.pipe(v.string(), v.isoTimestamp()),
  createdWallNs: v.pipe(
    v.string(),
    v.digits(),
    v.transform((digits) => BigInt(digits)),
  ),
  commandLine: v.string(),
  versions: v.record(v.string(), v.string()),
});
