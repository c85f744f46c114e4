import type { DroppedTag } from './model.js';
import type { XmlElement } from './xml-document.js';

interface Vocabulary {
  readonly attributes: readonly string[];
  readonly children: Readonly<Record<string, Vocabulary>>;
}

const ATTRIBUTES = (...attributes: string[]): Vocabulary => ({ attributes, children: {} });
const ORIGIN = ATTRIBUTES('xyz', 'rpy');

/** All that dynabridge or its simulator reads of a URDF. */
const ROBOT: Vocabulary = {
  attributes: ['name', 'version'],
  children: {
    link: {
      attributes: ['name'],
      children: {
        inertial: {
          attributes: [],
          children: {
            origin: ORIGIN,
            mass: ATTRIBUTES('value'),
            inertia: ATTRIBUTES('ixx', 'ixy', 'ixz', 'iyy', 'iyz', 'izz'),
          },
        },
        collision: {
          attributes: ['name'],
          children: {
            origin: ORIGIN,
            geometry: {
              attributes: [],
              children: {
                sphere: ATTRIBUTES('radius'),
                cylinder: ATTRIBUTES('radius', 'length'),
                capsule: ATTRIBUTES('radius', 'length'),
                box: ATTRIBUTES('size'),
                mesh: ATTRIBUTES('filename', 'scale'),
              },
            },
          },
        },
      },
    },
    joint: {
      attributes: ['name', 'type'],
      children: {
        origin: ORIGIN,
        parent: ATTRIBUTES('link'),
        child: ATTRIBUTES('link'),
        axis: ATTRIBUTES('xyz'),
        limit: ATTRIBUTES('lower', 'upper', 'velocity', 'effort'),
        dynamics: ATTRIBUTES('damping', 'friction'),
        mimic: ATTRIBUTES('joint', 'multiplier', 'offset'),
        safety_controller: ATTRIBUTES('soft_lower_limit', 'soft_upper_limit', 'k_position', 'k_velocity'),
      },
    },
    ros2_control: {
      attributes: ['name', 'type'],
      children: {
        joint: {
          attributes: ['name'],
          children: { command_interface: ATTRIBUTES('name'), state_interface: ATTRIBUTES('name') },
        },
      },
    },
  },
};

const REASONS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    visual: 'appearance; for viewers only',
    material: 'appearance; for viewers only',
    transmission: 'belongs to ros_control (ROS 1); limits are those of the joint',
    gazebo: 'belongs to the Gazebo simulator',
    mujoco: 'belongs to the MuJoCo compiler',
    calibration: 'encoder calibration is the driver’s matter',
    hardware: 'the driver is loaded by ros2_control, not by dynabridge',
    sensor: 'only joint states are read',
    gpio: 'only joint states are read',
    param: 'limits come from <limit> and joint_limits.yaml',
  }),
);

const MOTION_TAGS = ['axis', 'limit', 'dynamics', 'mimic', 'safety_controller'];
const CONTINUOUS_LIMIT = ATTRIBUTES('velocity', 'effort');

/** Every tag and attribute of a URDF that is not used, outermost only, in the order of the file. */
export function droppedTags(robot: XmlElement): DroppedTag[] {
  return dropped(robot, ROBOT, 'robot');
}

function dropped(element: XmlElement, known: Vocabulary, path: string): DroppedTag[] {
  const attributes = Object.keys(element.attributes)
    .filter((name) => !known.attributes.includes(name))
    .map((name) => ({
      path: `${path}/@${name}`,
      reason:
        known === CONTINUOUS_LIMIT && (name === 'lower' || name === 'upper')
          ? 'a continuous joint has no position limits'
          : 'unknown attribute',
    }));
  const children = element.children.flatMap((child) => {
    const name = child.attributes['name'];
    const childPath = `${path}/${child.tag}${name === undefined ? '' : `[${name}]`}`;
    const vocabulary = vocabularyOf(element, child, known);
    return typeof vocabulary === 'string'
      ? [{ path: childPath, reason: vocabulary }]
      : dropped(child, vocabulary, childPath);
  });
  return [...attributes, ...children];
}

/** What is read of a child, or why nothing is. */
function vocabularyOf(parent: XmlElement, child: XmlElement, known: Vocabulary): Vocabulary | string {
  const vocabulary = Object.hasOwn(known.children, child.tag) ? known.children[child.tag] : undefined;
  if (vocabulary === undefined) return REASONS.get(child.tag) ?? 'unknown tag';
  const type = parent.attributes['type']; // of a joint: nothing else has tags of motion
  if (type === 'fixed' && MOTION_TAGS.includes(child.tag)) return 'a fixed joint does not move';
  return type === 'continuous' && child.tag === 'limit' ? CONTINUOUS_LIMIT : vocabulary;
}
