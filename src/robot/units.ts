import type { CommandInterface, JointType } from './model.js';

/** Unit of a joint's position: rad or m. */
export function positionUnit(type: JointType): string {
  return type === 'prismatic' ? 'm' : 'rad';
}

/** Unit of a joint's velocity: rad/s or m/s. */
export function velocityUnit(type: JointType): string {
  return `${positionUnit(type)}/s`;
}

/** Unit of a joint's effort: N m or N. */
export function effortUnit(type: JointType): string {
  return type === 'prismatic' ? 'N' : 'N m';
}

/** Unit of a command to a joint of this type through this interface. */
export function commandUnit(type: JointType, commandInterface: CommandInterface): string {
  switch (commandInterface) {
    case 'position':
      return positionUnit(type);
    case 'velocity':
      return velocityUnit(type);
    case 'effort':
      return effortUnit(type);
  }
}
