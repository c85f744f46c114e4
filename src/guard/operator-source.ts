import type { OperatorInput, Proposal } from '../safety/index.js';

/** Something by which an operator may take over and drive. */
export interface OperatorSource {
  /** for the record and for people */
  readonly name: string;
  /** somebody may be at its other end */
  readonly linked: boolean;
  /** As far as authority is concerned; null where there is nothing to go by. */
  input(nowNs: bigint): OperatorInput | null;
  /** Why nobody drives by it, for people. */
  whyIdle(): string;
  /** The operator drives by it from now on. */
  begin(): void;
  /** What the operator asks for, for one control tick while driving. @param base last command (m) */
  proposal(base: Float64Array): Proposal | null;
  stop(): Promise<void>;
}

/** The operator's sources, of which the first that is linked counts. */
export class Operators {
  private current: OperatorSource | null = null;

  /** @param sources the one that comes before the others first */
  constructor(private readonly sources: readonly OperatorSource[]) {}

  /** the one that counts, as of the last {@link input} */
  get active(): OperatorSource | null {
    return this.current;
  }

  /**
   * Of the source that counts. Where that is another than before there is no input for once, so that whoever drove by the former has
   * lost it, and no button that is held already takes anything.
   */
  input(nowNs: bigint): OperatorInput | null {
    const first = this.sources.find(({ linked }) => linked) ?? null;
    if (first === this.current) return first === null ? null : first.input(nowNs);
    this.current = first;
    return null;
  }

  /** Why no operator drives, for people; null where there is no source at all. */
  whyIdle(): string | null {
    const likely = this.sources.find(({ linked }) => linked) ?? this.sources[0];
    return likely?.whyIdle() ?? null;
  }

  async stop(): Promise<void> {
    for (const source of this.sources) await source.stop();
  }
}
