/** 1/2 log(2 pi) */
const HALF_LOG_TWO_PI = 0.918_938_533_204_672_8;

/**
 * Standard normal distribution function, to within 1e-15: Taylor series of the distance from 1/2 (Marsaglia 2004, "Evaluating the
 * normal distribution", J. Stat. Softw. 11(4)). Beyond 8 standard deviations it is 0 or 1.
 */
export function normalCdf(z: number): number {
  if (Number.isNaN(z)) return NaN;
  if (z < -8) return 0;
  if (z > 8) return 1;
  let [sum, term, before] = [z, z, NaN];
  for (let i = 3; sum !== before; i += 2) {
    before = sum;
    term *= (z * z) / i;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-0.5 * z * z - HALF_LOG_TWO_PI);
}
