import type { DiagnosticsRow, Quantity } from './metrics.js';

/**
 * What a report shows, as plain data. Sections that are absent are left out of the page. Nothing here is trusted to be HTML:
 * all text is escaped. Non-finite numbers become gaps in plots.
 */
export interface ReportData {
  readonly header: ReportHeader;
  /** rows in the order of importance */
  readonly summary?: readonly SummaryRow[];
  readonly learning?: LearningCurve;
  readonly model?: ModelError;
  readonly diagnostics?: ModelDiagnostics;
  readonly bridge?: BridgeData;
  readonly trainingTime?: readonly TimeShare[];
  readonly events?: readonly ReportEvent[];
}

export interface ReportHeader {
  readonly robot: string;
  readonly task: string;
  readonly seed: number;
  /** e.g. 'train', 'run', 'demo' */
  readonly kind: string;
  /** when the run started, for people */
  readonly created: string;
  readonly commandLine: string;
  /** name -> version */
  readonly versions: Readonly<Record<string, string>>;
  /** processor, memory, ...; one line */
  readonly machine?: string;
}

export interface SummaryRow {
  readonly label: string;
  /** with its unit */
  readonly value: string;
  /** how it was measured, or what it is compared with */
  readonly note?: string;
  /** shown as a mark and a word, not by colour alone */
  readonly verdict?: 'good' | 'bad';
}

export interface LearningCurve {
  /** name of the step count, default 'real steps' */
  readonly stepName?: string;
  /** name of the episodes, default 'training episode' */
  readonly episodeName?: string;
  /** return of each training episode at the step where it ended */
  readonly episodes: readonly { readonly step: number; readonly return: number }[];
  /** mean return of evaluation episodes with the deterministic policy, and their spread */
  readonly evaluations?: readonly {
    readonly step: number;
    readonly mean: number;
    readonly min?: number;
    readonly max?: number;
  }[];
  /** mean return of uniformly random actions */
  readonly randomReturn?: number;
  /** of the policy that was there before, as trained in simulation */
  readonly trainedReturn?: number;
  readonly goalReturn?: number;
}

export interface ModelError {
  /** predicted quantities, e.g. {name: 'elbow position', unit: 'rad'} */
  readonly dimensions: readonly Quantity[];
  /** one-step errors on held-out transitions; `rmse` in the order and units of `dimensions` */
  readonly points: readonly {
    readonly step: number;
    readonly rmse: readonly number[];
    readonly nll?: number;
  }[];
}

/** The newest thorough examination of the world model on held-out transitions. */
export type ModelDiagnostics = DiagnosticsRow;

export interface BridgeData {
  /** time between sent commands [ms], any order */
  readonly loopPeriodMs?: ArrayLike<number>;
  /** [ms] */
  readonly nominalPeriodMs?: number;
  /** receipt of a state to sending its command [ms] */
  readonly latencyMs?: ArrayLike<number>;
  readonly commandsSent: number;
  /** of these, how many the gate changed or refused */
  readonly commandsLimited: number;
  /** sent commands outside limits plus measured positions beyond limits */
  readonly violations: number;
  readonly motion?: Motion;
}

/** Time series of one episode; all series have the length of `timeS`. */
export interface Motion {
  /** e.g. the episode's id */
  readonly title: string;
  /** [s] */
  readonly timeS: ArrayLike<number>;
  readonly joints: readonly JointMotion[];
}

export interface JointMotion {
  readonly name: string;
  readonly unit: string;
  readonly positions: ArrayLike<number>;
  readonly positionLimits?: Limits;
  /** executed commands; drawn with the positions when their unit is the same, below them otherwise */
  readonly commands?: { readonly unit: string; readonly values: ArrayLike<number>; readonly limits?: Limits };
}

/** Either side may be infinite. */
export interface Limits {
  readonly min: number;
  readonly max: number;
}

export interface TimeShare {
  readonly label: string;
  readonly seconds: number;
}

export interface ReportEvent {
  /** since the start [s] */
  readonly timeS: number;
  readonly kind: string;
  readonly text: string;
}
