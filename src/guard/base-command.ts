import { lastSent, type GateConfig, type GateState, type Measured } from '../safety/index.js';

/**
 * What an increment starts from (m): the last command, or where the robot is while nothing has been sent.
 * @param out (m) written, where the result is none of the measured vectors
 */
export function baseCommand(
  config: GateConfig,
  gate: GateState,
  measured: Measured | null,
  out: Float64Array,
): Float64Array {
  if (!gate.silent || measured === null) return lastSent(gate, out);
  if (config.interface === 'position') return measured.positions;
  return config.interface === 'velocity' ? measured.velocities : out.fill(0);
}
