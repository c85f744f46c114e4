import { readFileSync } from 'node:fs';
import { packageRoot } from './package-root.js';

/** Versions that a result depends on, for run.json and doctor. */
export function versions(): Record<string, string> {
  const manifest = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const installed = (name: string): string => {
    const path = new URL(`node_modules/${name}/package.json`, packageRoot);
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  };
  return {
    dynabridge: manifest.version,
    node: process.version,
    '@mujoco/mujoco': installed('@mujoco/mujoco'),
    '@tensorflow/tfjs': installed('@tensorflow/tfjs'),
  };
}
