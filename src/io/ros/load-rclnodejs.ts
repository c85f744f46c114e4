import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DynabridgeError } from '../../core/index.js';
import type { Environment } from './ros-environment.js';
import type { Rclnodejs } from './rclnodejs-api.js';

/** True where a setup script of ROS 2 was sourced. */
function isRosSourced(env: Environment): boolean {
  return (env.AMENT_PREFIX_PATH ?? '') !== '' && (env.ROS_DISTRO ?? '') !== '';
}

/**
 * Why rclnodejs cannot be used here, and what to do; undefined when it can. Looks at files only: importing rclnodejs where ROS 2 is
 * not sourced, or where it is not compiled, makes it compile itself anew, which destroys a build that is there.
 */
export function whyNotRclnodejs(env: Environment): string | undefined {
  if (!isRosSourced(env)) {
    return 'ROS 2 is not sourced in this shell; run: source /opt/ros/<distro>/setup.bash';
  }
  const folder = rclnodejsFolder();
  if (folder === undefined) {
    return 'rclnodejs is not installed; run, with ROS 2 sourced: npm install rclnodejs';
  }
  const prebuilt = `${env.ROS_DISTRO!}-${ubuntuCodename()}-${process.arch}-node-rclnodejs.node`;
  const builds = [
    path.join('build', 'Release', 'rclnodejs.node'),
    path.join('prebuilds', `${process.platform}-${process.arch}`, prebuilt),
  ];
  if (builds.some((build) => existsSync(path.join(folder, build)))) return undefined;
  return 'rclnodejs is installed but not compiled for this ROS 2; run, with ROS 2 sourced: npm rebuild rclnodejs';
}

/** Imports rclnodejs. Throws UNAVAILABLE where it cannot be used; it is not touched then. */
export async function loadRclnodejs(env: Environment): Promise<Rclnodejs> {
  const why = whyNotRclnodejs(env);
  if (why !== undefined) throw unavailable(why);
  try {
    const name: string = 'rclnodejs'; // not in a literal: the compiler would ask for its types, which are not always there
    const { default: rclnodejs } = (await import(name)) as { default: Rclnodejs };
    rclnodejs.removeSignalHandlers(); // its handler of SIGINT closes the node at once, before the robot is at rest
    return rclnodejs;
  } catch (cause) {
    throw unavailable(`rclnodejs cannot be loaded: ${(cause as Error).message}`);
  }
}

function unavailable(why: string): DynabridgeError {
  return new DynabridgeError('UNAVAILABLE', `${why}; or use --middleware rtps, which needs no ROS`, {
    adapter: 'rclnodejs',
  });
}

function rclnodejsFolder(): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve('rclnodejs');
    return main.slice(0, main.lastIndexOf('rclnodejs') + 'rclnodejs'.length);
  } catch {
    return undefined;
  }
}

function ubuntuCodename(): string {
  try {
    return /^UBUNTU_CODENAME=(.*)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
