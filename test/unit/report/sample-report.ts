import { Rng } from '../../../src/core/index.js';
import type { ReportData } from '../../../src/report/index.js';

const STEPS = 10_000;

function learning(rng: Rng): NonNullable<ReportData['learning']> {
  const level = (step: number) => 14 + 172 / (1 + Math.exp(-(step - 3600) / 700));
  const episodes = [];
  for (let step = 200; step <= STEPS; step += 200) {
    episodes.push({ step, return: level(step) + rng.normal(0, 12) });
  }
  const evaluations = [];
  for (let step = 0; step <= STEPS; step += 1000) {
    const mean = level(step) + 6 + rng.normal(0, 3);
    const spread = 25 * Math.exp(-(((step - 3800) / 2200) ** 2)) + 3;
    evaluations.push({ step, mean, min: mean - spread, max: mean + spread * 0.6 });
  }
  return { episodes, evaluations, randomReturn: 13.2, goalReturn: 175 };
}

function model(rng: Rng): NonNullable<ReportData['model']> {
  const dimensions = [
    { name: 'slider position', unit: 'm' },
    { name: 'pole position', unit: 'rad' },
    { name: 'slider velocity', unit: 'm/s' },
    { name: 'pole velocity', unit: 'rad/s' },
  ];
  const points = [];
  for (let step = 500; step <= STEPS; step += 250) {
    const rmse = [0.004, 0.012, 0.03, 0.11].map(
      (v) => v * (0.1 + Math.exp(-step / 1800)) * rng.uniform(0.9, 1.1),
    );
    points.push({ step, rmse, nll: -3.4 + 3 * Math.exp(-step / 1500) + rng.normal(0, 0.05) });
  }
  return { dimensions, points };
}

function bridge(rng: Rng): NonNullable<ReportData['bridge']> {
  const loopPeriodMs = Float64Array.from({ length: 20_000 }, (_, i) =>
    i % 4000 === 0 ? rng.uniform(11.5, 13.4) : rng.normal(10, 0.08),
  );
  const latencyMs = Float64Array.from({ length: 20_000 }, (_, i) =>
    i % 3000 === 0 ? rng.uniform(1, 1.9) : 0.18 + Math.abs(rng.normal(0, 0.05)),
  );
  const timeS = Float64Array.from({ length: 1000 }, (_, i) => i / 100);
  const slider = timeS.map((t) => 0.7 * Math.sin(1.3 * t) * Math.exp(-t / 6) + 0.05 * Math.sin(9 * t));
  const pole = timeS.map((t) => Math.PI * Math.exp(-t / 2) * Math.cos(2.2 * t) + rng.normal(0, 0.004));
  const force = timeS.map((t) => Math.max(-10, Math.min(10, 16 * Math.exp(-t / 3) * Math.cos(2.9 * t))));
  return {
    loopPeriodMs,
    nominalPeriodMs: 10,
    latencyMs,
    commandsSent: 20_000,
    commandsLimited: 412,
    violations: 0,
    motion: {
      title: 'Episode real-0001/12',
      timeS,
      joints: [
        {
          name: 'slider',
          unit: 'm',
          positions: slider,
          positionLimits: { min: -1, max: 1 },
          commands: { unit: 'N', values: force, limits: { min: -10, max: 10 } },
        },
        { name: 'pole', unit: 'rad', positions: pole, positionLimits: { min: -Infinity, max: Infinity } },
        {
          name: 'elbow',
          unit: 'rad',
          positions: timeS.map((t) => Math.sin(t - 0.06)),
          positionLimits: { min: -2.1, max: 1.2 },
          commands: { unit: 'rad', values: timeS.map((t) => Math.sin(Math.floor(t * 20) / 20)) },
        },
      ],
    },
  };
}

/** A report with every section, drawn from seed 1. */
export function sampleReport(): ReportData {
  const rng = new Rng(1);
  return {
    header: {
      robot: 'cartpole',
      task: 'swingup',
      seed: 3,
      kind: 'train',
      created: '2025-03-14 09:26:53 UTC',
      commandLine: 'dynabridge train cartpole --task swingup --seed 3 --budget 3min',
      versions: { dynabridge: '0.1.0', node: '20.20.2', mujoco: '3.14.0', tfjs: '4.22.0' },
      machine: 'AMD EPYC 9654, 2 cores, 24 GiB',
    },
    summary: [
      {
        label: 'Return of the trained policy',
        value: '186.4',
        note: 'mean of 10 evaluation episodes; random policy 13.2',
        verdict: 'good',
      },
      { label: 'Real steps used', value: '10\u202f000', note: '8 min 20 s of robot time at 20 Hz' },
      {
        label: 'Limit violations',
        value: '0',
        note: 'commands sent outside limits, or measured positions beyond',
        verdict: 'good',
      },
      { label: 'Loop period, p99', value: '10.21 ms', note: 'goal: below 10.2 ms', verdict: 'bad' },
    ],
    learning: learning(rng),
    model: model(rng),
    bridge: bridge(rng),
    trainingTime: [
      { label: 'world model', seconds: 212 },
      { label: 'policy updates', seconds: 341 },
      { label: 'imagined rollouts', seconds: 84 },
      { label: 'simulation', seconds: 31 },
      { label: 'checkpoints', seconds: 4.2 },
    ],
    events: [
      { timeS: 0, kind: 'start', text: 'resumed from step-00004000' },
      { timeS: 12.034, kind: 'fault', text: "joint 'elbow' position 2.31 rad outside [-2.10, 2.10] rad" },
      { timeS: 15.5, kind: 'takeover', text: 'operator took over, 1.2 s' },
    ],
  };
}
