import { badInput } from '../core/index.js';
import { createShaperState, type ShaperState } from './command-shaper.js';
import type { GateState } from './gate-state.js';
import type { Fault, GateConfig } from './types.js';

/** Bumped when the layout of a state changes. */
const VERSION = 1;

/** All of a state but its vectors, which follow as float64: numbers, pipeline, origin. */
interface Head {
  readonly version: number;
  readonly gate: Pick<GateState, 'mode' | 'silent' | 'seq'>;
  readonly fault: (Omit<Fault, 'sinceNs'> & { readonly sinceNs: string }) | null;
  readonly target: Pick<ShaperState, 'source' | 'seq' | 'subTick'>;
  readonly pipelineLength: number;
}

/** A shaper state with the gate's in it as bytes, bit for bit, for simulators that save and restore. */
export function encodeShaperState(state: ShaperState): Uint8Array {
  const { mode, silent, seq, fault, numbers, pipeline } = state.gate;
  const head: Head = {
    version: VERSION,
    gate: { mode, silent, seq },
    fault: fault === null ? null : { ...fault, sinceNs: fault.sinceNs.toString() },
    target: { source: state.source, seq: state.seq, subTick: state.subTick },
    pipelineLength: pipeline.length,
  };
  const text = new TextEncoder().encode(JSON.stringify(head));
  const vectors = new Float64Array(numbers.length + pipeline.length + state.origin.length);
  vectors.set(numbers);
  vectors.set(pipeline, numbers.length);
  vectors.set(state.origin, numbers.length + pipeline.length);
  const bytes = new Uint8Array(4 + text.length + vectors.byteLength);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  bytes.set(new Uint8Array(vectors.buffer), 4 + text.length);
  return bytes;
}

/** The inverse of {@link encodeShaperState}; throws where the bytes are of another layout or number of joints. */
export function decodeShaperState(config: GateConfig, bytes: Uint8Array): ShaperState {
  const textLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + textLength))) as Head;
  const m = config.joints.length;
  const numbersLength = createShaperState(config, 1).gate.numbers.length;
  const expected = numbersLength + head.pipelineLength + m;
  const raw = bytes.slice(4 + textLength);
  if (head.version !== VERSION || raw.length !== expected * Float64Array.BYTES_PER_ELEMENT) {
    throw badInput('saved gate state is of another version or robot; start the episode anew', {
      version: head.version,
    });
  }
  const vectors = new Float64Array(raw.buffer);
  const fault = head.fault === null ? null : { ...head.fault, sinceNs: BigInt(head.fault.sinceNs) };
  return {
    gate: {
      ...head.gate,
      fault,
      numbers: vectors.slice(0, numbersLength),
      pipeline: vectors.slice(numbersLength, numbersLength + head.pipelineLength),
    },
    ...head.target,
    origin: vectors.slice(numbersLength + head.pipelineLength),
  };
}
