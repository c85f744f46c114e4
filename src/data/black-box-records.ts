/** What a black box holds: the last seconds before a trip and the first after it. Times are monotonic [ns] of the machine. */
export const BLACK_BOX_VERSION = 1;

/** One control tick, whoever drove. Vectors in measured (n) and commanded (m) order. */
export interface BlackBoxTick {
  readonly seq: number;
  readonly policyStep: number;
  readonly timeNs: bigint;
  /** when the newest joint state was received */
  readonly measuredNs: bigint;
  /** 0n: nothing was sent */
  readonly sentNs: bigint;
  /** of the gate */
  readonly mode: string;
  /** who had it: hold (nobody), agent or teleop */
  readonly authority: string;
  readonly verdict: string;
  /** names of the gate's checks */
  readonly reasons: readonly string[];
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
  /** empty: nothing was proposed */
  readonly asked: Float64Array;
  /** empty: nothing was sent */
  readonly sent: Float64Array;
}

/** What the agent answered to one policy step, whether or not it had authority. */
export interface BlackBoxProposal {
  /** when the recorder heard of it */
  readonly timeNs: bigint;
  readonly policyStep: number;
  readonly expiresNs: bigint;
  readonly action: Float64Array;
  readonly command: Float64Array;
}

/** Anything that the guard told, for people. */
export interface BlackBoxEvent {
  readonly timeNs: bigint;
  readonly kind: string;
  readonly text: string;
  /** it would have been a cause by itself */
  readonly trip: boolean;
}

export interface BlackBoxTrip {
  /** short, part of the file's name, e.g. estop */
  readonly cause: string;
  /** what happened, for people */
  readonly message: string;
  /** what to do about it, for people */
  readonly clearedBy: string;
  readonly timeNs: bigint;
  /** since the Unix epoch [ns] */
  readonly wallNs: bigint;
}

/** A joint's position or command; limits in `unit`, infinite where there is none. */
export interface BlackBoxQuantity {
  readonly joint: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
}

/** What has to be known of the robot to read the vectors. */
export interface BlackBoxRobot {
  readonly robot: string;
  readonly task: string;
  readonly contractSha256: string;
  readonly commandInterface: string;
  /** [Hz] */
  readonly controlRateHz: number;
  /** (n) */
  readonly positions: readonly BlackBoxQuantity[];
  /** (m) */
  readonly commands: readonly BlackBoxQuantity[];
}

export interface BlackBox {
  readonly trip: BlackBoxTrip;
  readonly robot: BlackBoxRobot;
  /** oldest first, like the others */
  readonly ticks: readonly BlackBoxTick[];
  readonly proposals: readonly BlackBoxProposal[];
  readonly events: readonly BlackBoxEvent[];
}
