/** sqrt(-2 ln 0.1): makes a Gaussian fall to 0.1 at the margin */
const SCALE = Math.sqrt(-2 * Math.log(0.1));

/**
 * dm_control's `rewards.tolerance` around 0 with the Gaussian sigmoid: 1 at 0, 0.1 at +-margin
 * (Tassa et al., "DeepMind Control Suite", 2018, section 2).
 */
export function tolerance(value: number, margin: number): number {
  const scaled = (SCALE * value) / margin;
  return Math.exp(-0.5 * scaled * scaled);
}

/** The same with the quadratic sigmoid and value 0 at the margin: 1 - (value / margin)^2, never below 0. */
export function quadraticTolerance(value: number, margin: number): number {
  const scaled = value / margin;
  return Math.max(0, 1 - scaled * scaled);
}
