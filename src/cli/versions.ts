import { readFileSync } from 'node:fs';
import { packageRoot } from '../core/index.js';

/** Versions that a result depends on, for run.json and doctor. */
export function versions(): Record<string, string> {
  const root = packageRoot();
  const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    version: string;
    dependencies: Record<string, string>;
  };
  const installed = (name: string): string => {
    const path = new URL(`node_modules/${name}/package.json`, root);
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  };
  return {
    dynabridge: manifest.version,
    node: process.version,
    '@mujoco/mujoco': installed('@mujoco/mujoco'),
    '@tensorflow/tfjs': installed('@tensorflow/tfjs'),
  };
}
