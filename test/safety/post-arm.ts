/** A planar arm of two links beside a post, over a table. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadRobot } from '../../src/robot/index.js';
import { gateConfigFromRobot } from '../../src/safety/gate-config.js';

export const LINK = 0.3;
export const POST = { x: 0.42, radius: 0.03, height: 0.5 };
export const ARM_RADIUS = 0.025;
export const THRESHOLD = 0.01;
export const CEILING = 0.55;

const link = (name: string) => `
  <link name="${name}">
    <collision><origin xyz="0 0 ${LINK / 2}"/><geometry><capsule radius="${ARM_RADIUS}" length="${LINK}"/></geometry></collision>
  </link>`;
const hinge = (name: string, parent: string, child: string, height: number) => `
  <joint name="${name}" type="revolute">
    <origin xyz="0 0 ${height}"/><parent link="${parent}"/><child link="${child}"/><axis xyz="0 1 0"/>
    <limit lower="-3" upper="3" velocity="2" effort="10"/>
  </joint>`;
export const URDF = `<robot name="post">
  <link name="base">
    <collision><origin xyz="${POST.x} 0 ${POST.height / 2}"/>
      <geometry><cylinder radius="${POST.radius}" length="${POST.height}"/></geometry></collision>
  </link>${hinge('shoulder', 'base', 'upper', 0)}${link('upper')}${hinge('elbow', 'upper', 'lower', LINK)}${link('lower')}
</robot>`;
const LIMITS = `joint_limits:
  shoulder: {has_acceleration_limits: true, max_acceleration: 6}
  elbow: {has_acceleration_limits: true, max_acceleration: 9}
`;
const robotYaml = (more: Readonly<Record<string, unknown>>) =>
  JSON.stringify({
    command_interface: 'velocity',
    command_topic: '/c',
    command_latency: 0.02,
    actuator_lag: 0.03,
    position_margin: 0.01,
    on_transition: { velocity_scale: 1, acceleration_scale: 1, duration: 0 },
    joints: { commanded: ['shoulder', 'elbow'] },
    home_pose: { shoulder: -1, elbow: 0.5 },
    action: { mode: 'absolute', scale: 1 },
    self_collision_proximity_threshold: THRESHOLD,
    ...more,
  });

function robotOf(more: Readonly<Record<string, unknown>> = {}, urdf = URDF) {
  const folder = mkdtempSync(path.join(tmpdir(), 'post-'));
  try {
    writeFileSync(path.join(folder, 'post.urdf'), urdf);
    writeFileSync(path.join(folder, 'joint_limits.yaml'), LIMITS);
    writeFileSync(path.join(folder, 'robot.yaml'), robotYaml(more));
    return loadRobot(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
export const configOf = (more?: Readonly<Record<string, unknown>>, urdf?: string) =>
  gateConfigFromRobot(robotOf(more, urdf));
