/** Every bound on what a peer, or something that pretends to be one, can make a participant hold. */
export interface Limits {
  /** remote participants known at once */
  readonly maxParticipants: number;
  /** discovered writers and readers kept per remote participant */
  readonly maxEndpointsPerParticipant: number;
  /** locators kept per participant or endpoint */
  readonly maxLocators: number;
  /** UDP parameters parsed in one list */
  readonly maxParameters: number;
  /** one sample, also after reassembly [bytes] */
  readonly maxSampleBytes: number;
  /** samples being reassembled per remote writer and local reader */
  readonly maxFragmentedSamples: number;
  /** all samples being reassembled, whole participant [bytes] */
  readonly maxReassemblyBytes: number;
  /** samples held back per remote writer until an earlier one arrives */
  readonly maxHeldSamples: number;
  /** the same [bytes] */
  readonly maxHeldBytes: number;
  /** KEEP_LAST depth of a local writer */
  readonly maxHistoryDepth: number;
  /** bytes sent again in answer to one ACKNACK; the reader asks again for the rest */
  readonly maxResendBytes: number;
  /** longest lease a remote participant may claim [ms] */
  readonly maxLeaseMs: number;
}

/**
 * Sized for a robot: a graph of tens of nodes, camera-sized samples now and then. Worst case about 64 MiB of reassembly
 * plus 4 MiB held per matched remote writer.
 */
export const DEFAULT_LIMITS: Limits = {
  maxParticipants: 64,
  maxEndpointsPerParticipant: 512,
  maxLocators: 4,
  maxParameters: 128,
  maxSampleBytes: 16 << 20,
  maxFragmentedSamples: 8,
  maxReassemblyBytes: 64 << 20,
  maxHeldSamples: 1024,
  maxHeldBytes: 4 << 20,
  maxHistoryDepth: 10_000,
  maxResendBytes: 256 << 10,
  maxLeaseMs: 120_000,
};

/** What a participant counts; all counters only grow. */
export interface ParticipantStats {
  datagramsReceived: number;
  datagramsSent: number;
  /** dropped: not RTPS, truncated or contradicting itself */
  malformed: number;
  /** dropped: beyond one of the {@link Limits} */
  overLimit: number;
  /** samples a best-effort reader missed, or a reliable writer no longer had */
  samplesLost: number;
  samplesResent: number;
}

export function emptyStats(): ParticipantStats {
  return {
    datagramsReceived: 0,
    datagramsSent: 0,
    malformed: 0,
    overLimit: 0,
    samplesLost: 0,
    samplesResent: 0,
  };
}
