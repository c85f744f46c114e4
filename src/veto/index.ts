export type { VetoInterface, VetoJoint, VetoLimits, VetoMessageType } from './limits.js';
export { readVetoLimits } from './read-limits.js';
export { Veto, type Substitute } from './veto.js';
