export { DynabridgeError, ERROR_CODES, badInput, type ErrorCode } from './errors.js';
export { ManualClock, NS_PER_S, elapsedMs, systemClock, type Clock } from './clock.js';
export { Rng, philox4x32, type RngState } from './rng.js';
export { mean, percentile, summary, type Summary } from './statistics.js';
export { tellError, toldError, type ToldError } from './told-error.js';
export { packageRoot } from './package-root.js';
export { didYouMean } from './did-you-mean.js';
export { wrapAngle } from './wrap-angle.js';
