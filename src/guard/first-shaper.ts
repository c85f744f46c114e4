import { createShaperState, latchRestart, type GateConfig, type ShaperState } from '../safety/index.js';

/**
 * What a guard starts with: a gate that is mute.
 * @param decimation control ticks per policy step
 * @param afterFence why the guard before this one was fenced: latched until it is reset; default: there was none
 */
export function firstShaper(
  config: GateConfig,
  decimation: number,
  afterFence: string | undefined,
  nowNs: bigint,
): ShaperState {
  const mute = createShaperState(config, decimation);
  return afterFence === undefined ? mute : { ...mute, gate: latchRestart(mute.gate, afterFence, nowNs) };
}
