import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../core/index.js';
import { checkMeshes } from './check-meshes.js';
import { collisionShapes } from './collision-shapes.js';
import { deepFreeze } from './deep-freeze.js';
import { displayPath, findRobot, findUrdf } from './find-robot.js';
import { jointRoles } from './joint-roles.js';
import type { Joint, JointRole, Robot, RobotModel } from './model.js';
import { parseUrdf } from './parse-urdf.js';
import { resolveConfig } from './resolve-config.js';
import { resolveLimits } from './resolve-limits.js';
import { robotSchema } from './robot-schema.js';
import { validateYaml } from './validate-yaml.js';
import { parseYaml, readYaml, type YamlFile } from './yaml-file.js';

const NO_LIMITS = 'joint_limits: {}';

/**
 * Loads a robot from its folder: `*.urdf`, `joint_limits.yaml` and `robot.yaml`. The result is deep-frozen.
 * @param nameOrFolder a packaged robot ('cartpole') or the path of a folder
 * @throws BAD_INPUT for the first thing that is wrong: file, element, what to write
 * @example loadRobot('cartpole').model.commanded // ['slider']
 */
export function loadRobot(nameOrFolder: string): Robot {
  const folder = findRobot(nameOrFolder);
  const urdfPath = findUrdf(folder);
  const urdfText = readFileSync(urdfPath, 'utf8');
  const urdf = parseUrdf(urdfText, displayPath(urdfPath));
  checkMeshes(urdf.linkElements, folder);

  const robotYaml = requiredYaml(folder, 'robot.yaml');
  const raw = validateYaml(robotSchema, robotYaml);
  const roles = jointRoles(urdf, raw.joints, robotYaml);
  const limits = resolveLimits(urdf.joints, roles, limitsYaml(folder));
  const joints = urdf.joints.map(({ element: _element, limits: _urdf, ...joint }): Joint => {
    const resolved = limits.byJoint.get(joint.name);
    const ros2Control = urdf.ros2Control.get(joint.name);
    return {
      ...joint,
      role: roles.get(joint.name) as JointRole,
      ...(resolved && { limits: resolved }),
      ...(ros2Control && { ros2Control }),
    };
  });
  const { commanded, observed, passive } = raw.joints;
  const model: RobotModel = {
    name: urdf.name,
    rootLink: urdf.rootLink,
    links: urdf.links,
    joints,
    commanded,
    measured: [...commanded, ...observed, ...passive],
    collisions: collisionShapes(urdf.linkElements),
    dropped: [...urdf.dropped, ...limits.dropped],
    urdf: urdfText,
    urdfPath,
    urdfSha256: createHash('sha256').update(urdfText).digest('hex'),
  };
  return deepFreeze({ model, config: resolveConfig(raw, model, robotYaml), folder });
}

function requiredYaml(folder: string, name: string): YamlFile {
  const path = join(folder, name);
  if (existsSync(path)) return readYaml(path, displayPath(path));
  throw badInput(
    `${displayPath(path)}: not found; write command_interface, command_topic, joints, action and the other keys of the packaged ` +
      `urdf/cartpole/robot.yaml there`,
    { file: path },
  );
}

/** A robot without joint_limits.yaml has the limits of its URDF; what then lacks is named with this file's path. */
function limitsYaml(folder: string): YamlFile {
  const path = join(folder, 'joint_limits.yaml');
  return existsSync(path) ? readYaml(path, displayPath(path)) : parseYaml(NO_LIMITS, displayPath(path));
}
