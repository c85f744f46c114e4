/** A head that two slides carry along x and y between four walls. */
import { loadRobot, type CollisionShape } from '../../src/robot/index.js';
import type { Joint, Robot } from '../../src/robot/model.js';

export const WALL = 0.5;
export const RADIUS = 0.05;
export const DECELERATION = 5;
export const MAX_VELOCITY = 2;
const ORIGIN = { xyz: { x: 0, y: 0, z: 0 }, rpy: { x: 0, y: 0, z: 0 } };

const slide = (name: 'x' | 'y', parent: string, child: string): Joint => ({
  name,
  type: 'prismatic',
  role: 'commanded',
  parent,
  child,
  axis: { x: 0, y: 0, z: 0, [name]: 1 },
  origin: ORIGIN,
  limits: {
    position: { min: -2, max: 2 },
    maxVelocity: MAX_VELOCITY,
    maxAcceleration: 1000, // whatever is asked is reached at once
    maxDeceleration: DECELERATION,
    maxEffort: 10,
  },
  dynamics: { damping: 0, friction: 0 },
});

/** @param geometry of the head; `rpy` of its shape [rad] */
export function gantry(
  geometry: CollisionShape['geometry'] = { kind: 'sphere', radius: RADIUS },
  rpy = ORIGIN.rpy,
): Robot {
  const { model, config, folder } = loadRobot('cartpole');
  const names = ['x', 'y'];
  return {
    folder,
    model: {
      ...model,
      rootLink: 'base',
      links: ['base', 'beam', 'head'],
      joints: [slide('x', 'base', 'beam'), slide('y', 'beam', 'head')],
      commanded: names,
      measured: names,
      collisions: [{ link: 'head', xyz: ORIGIN.xyz, rpy, geometry }],
    },
    config: {
      ...config,
      commandInterface: 'position',
      positionMargin: 0,
      homePose: { x: 0, y: 0 },
      workspace: { min: { x: -WALL, y: -WALL, z: -Infinity }, max: { x: WALL, y: WALL, z: Infinity } },
    },
  };
}
