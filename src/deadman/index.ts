export { DeadMan, type DeadManOptions } from './dead-man.js';
