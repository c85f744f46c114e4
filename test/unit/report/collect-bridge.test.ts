import { expect, test } from 'vitest';

import type { ControlTickRecord, Episode } from '../../../src/data/index.js';
import { collectBridge, renderReport } from '../../../src/report/index.js';
import { sampleReport } from './sample-report.js';

const FACTS = {
  positionUnits: { slider: 'm', pole: 'rad' },
  positionLimits: { slider: { min: -1, max: 1 } },
  commandUnits: { slider: 'N' },
  commandLimits: { slider: { min: -10, max: 10 } },
};

function tick(timeMs: number, position: number, command: number | null, reasons = 0): ControlTickRecord {
  const timeNs = BigInt(timeMs) * 1_000_000n;
  const executed = command === null ? new Float64Array(0) : Float64Array.of(command);
  return {
    timeNs,
    measuredNs: timeNs - 2_000_000n,
    sentNs: timeNs + 500_000n,
    seq: 1,
    source: 'agent',
    reasons,
    positions: Float64Array.of(position, 0.5),
    velocities: new Float64Array(2),
    requested: executed,
    executed,
  };
}

function episode(id: string, ticks: readonly ControlTickRecord[]): Episode {
  const header = {
    formatVersion: 1,
    id,
    number: 1,
    seed: 0,
    wallNs: 0n,
    source: 'real' as const,
    robot: 'cartpole',
    task: 'swingup',
    contractSha256: '',
    controlRateHz: 100,
    policyRateHz: 20,
    measured: ['slider', 'pole'],
    commanded: ['slider'],
    reasonNames: [],
  };
  const footer = { ticks: ticks.length, steps: 0, terminated: false, truncated: true };
  return { file: 'f', header, ticks, steps: [], footer };
}

test('counts commands, interventions and violations, and times within episodes only', async () => {
  const bridge = await collectBridge(
    [
      episode('real-0001/1', [tick(0, 0, 1), tick(10, 1.0, 10, 4), tick(21, 1.01, null)]),
      episode('real-0001/2', [tick(5000, -1.5, -10.5), tick(5010, 0, 3, 1)]),
    ],
    FACTS,
  );
  expect(bridge).toMatchObject({
    nominalPeriodMs: 10,
    loopPeriodMs: [10, 10],
    latencyMs: [2.5, 2.5, 2.5, 2.5],
    commandsSent: 4,
    commandsLimited: 2,
    violations: 3,
  });
  expect(bridge!.motion).toEqual({
    title: 'Episode real-0001/2',
    timeS: [5, 5.01],
    joints: [
      {
        name: 'slider',
        unit: 'm',
        positions: [-1.5, 0],
        positionLimits: { min: -1, max: 1 },
        commands: { unit: 'N', values: [-10.5, 3], limits: { min: -10, max: 10 } },
      },
      { name: 'pole', unit: 'rad', positions: [0.5, 0.5] },
    ],
  });
  expect(renderReport({ header: sampleReport().header, bridge: bridge! }).html).toContain(
    'slider command [N]',
  );
});

test('shows nothing sent as a gap', async () => {
  const bridge = await collectBridge([episode('e', [tick(0, 0, null), tick(10, 0, 1)])], FACTS);
  expect(bridge!.motion!.joints[0]!.commands!.values).toEqual([NaN, 1]);
});

test('without control ticks there is no bridge section', async () => {
  expect(await collectBridge([episode('e', [])], FACTS)).toBeUndefined();
});
