/** The soak in short, as its user runs it. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { SoakResult } from '../../bench/soak/soak.js';
import { packageRoot } from '../../src/core/index.js';
import { missingTools } from '../conformance/operator-device.js';

const MAIN = fileURLToPath(new URL('dist/bench/main.js', packageRoot()));
const missing = missingTools();

it.skipIf(missing !== undefined)(
  `explains every stop under faults, and sees no violation${missing ? `: ${missing}` : ''}`,
  async () => {
    const child = spawn(process.execPath, [MAIN, 'soak', '--minutes', '0.8', '--seed', '7', '--json'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    const result = JSON.parse(stdout) as SoakResult;
    expect(result.findings).toEqual([]);
    expect(result).toMatchObject({ seed: 7, violationsAtTwin: 0, unexplainedStops: 0, missedStops: 0 });
    expect(result.faultsInjected).toBeGreaterThanOrEqual(2);
    expect(result.commands).toBeGreaterThan(300); // there was motion to be stopped
    expect(code).toBe(0);
  },
  180_000,
);
