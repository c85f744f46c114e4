export { EXCITATION_S } from './excitation.js';
export { IdentifySession, type JointResponse } from './session.js';
