import type { MjSpec } from '@mujoco/mujoco';
import { DynabridgeError } from '../../src/core/index.js';
import type { Robot, SensorConfig } from '../../src/robot/model.js';
import type { Engine } from './engine.js';
import type { HandleScope } from './handle-scope.js';

/** Sites of ours, which no URDF has. */
const siteOf = ({ name }: SensorConfig): string => `sensor ${name}`;

/**
 * Puts a site at the origin of each sensor's link, and two sensors of MuJoCo on it: accelerometer and gyro, or force and torque, in the
 * order of a frame. A link behind a fixed joint takes its site into the body that it is fused into.
 */
export function addSensors(engine: Engine, scope: HandleScope, spec: MjSpec, robot: Robot): void {
  const { sensors } = robot.config;
  if (!fusesLinks(robot)) scope.keep(spec.compiler).fusestatic = false;
  for (const sensor of sensors) {
    addSite(engine, scope, spec, sensor);
    for (const type of kindsOf(engine, sensor)) {
      const handle = engine.mjs_addSensor(spec);
      if (!handle) throw new DynabridgeError('INTERNAL', `MuJoCo adds no sensor '${sensor.name}'`);
      const added = scope.keep(handle);
      added.type = type;
      added.objtype = engine.mjtObj.mjOBJ_SITE;
      added.objname = siteOf(sensor);
    }
  }
}

function addSite(engine: Engine, scope: HandleScope, spec: MjSpec, sensor: SensorConfig): void {
  const body = engine.mjs_findBody(spec, sensor.link);
  const defaults = engine.mjs_getSpecDefault(spec);
  const handle = body && defaults && engine.mjs_addSite(scope.keep(body), scope.keep(defaults));
  if (!handle)
    throw new DynabridgeError(
      'INTERNAL',
      `MuJoCo adds no site of sensor '${sensor.name}' to '${sensor.link}'`,
    );
  const site = scope.keep(handle);
  engine.mjs_setName(scope.keep(site.element), siteOf(sensor));
}

function kindsOf({ mjtSensor }: Engine, { type }: SensorConfig) {
  return type === 'imu'
    ? [mjtSensor.mjSENS_ACCELEROMETER, mjtSensor.mjSENS_GYRO]
    : [mjtSensor.mjSENS_FORCE, mjtSensor.mjSENS_TORQUE];
}

/** Whether links behind fixed joints become one body with what carries them; not where forces between the two may be measured. */
export function fusesLinks({ config }: Robot): boolean {
  return config.sensors.every(({ type }) => type !== 'force_torque');
}
