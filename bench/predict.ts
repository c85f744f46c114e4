import { predictedBounds } from '../src/agent/predicted-bounds.js';
import { Predictor } from '../src/agent/predictor.js';
import { Rng, elapsedMs, summary, systemClock } from '../src/core/index.js';
import { robotLayout } from '../src/env/index.js';
import type { DenseWeights } from '../src/rl/dense.js';
import { PlainModel } from '../src/rl/model-snapshot.js';
import { Normaliser } from '../src/rl/normaliser.js';
import { observationSpec } from '../src/rl/observation.js';
import { PlainPolicy } from '../src/rl/policy-snapshot.js';
import { presetConfig } from '../src/rl/presets.js';
import { findRobot, listRobots, loadRobot, type Robot } from '../src/robot/index.js';
import { columns, machineLine } from './statistics-table.js';

const STEPS = 2_000;

/** Time of one look ahead, with networks of the preset's size and random weights, beside the policy period that it is part of. */
export function benchPredict(): void {
  console.log(`one look ahead, ${STEPS} steps each, preset cpu; ${machineLine()}`);
  const rows = listRobots().map((name) => {
    const robot = loadRobot(findRobot(name));
    const { policyRateHz, prediction } = robot.config;
    const { p50, p99, max } = measure(robot);
    const share = (100 * p50 * policyRateHz) / 1e6;
    return [
      name,
      String(prediction.horizon),
      ...[p50, p99, max].map((us) => us.toFixed(0)),
      `${share.toFixed(1)} %`,
    ];
  });
  console.log(columns(['robot', 'horizon', 'p50 us', 'p99 us', 'max us', 'of a policy period'], rows));
}

function measure(robot: Robot) {
  const { model, config } = robot;
  const rng = new Rng(1, 'bench predict');
  const { sac, world, ...observed } = presetConfig('mbpo', 'cpu', { task: 'balance', delayed: true });
  const observation = observationSpec(robotLayout(model.measured, model.commanded), observed);
  const { size, actionSize, frameSize } = observation;
  const dense = (inputs: number, outputs: number): DenseWeights => {
    const kernel = rng.fillNormal(new Float32Array(inputs * outputs)).map((x) => x / Math.sqrt(inputs));
    return { inputs, outputs, kernel, bias: new Float32Array(outputs) };
  };
  const stack = (inputs: number, widths: readonly number[]): DenseWeights[] =>
    widths.map((width, i) => dense(widths[i - 1] ?? inputs, width));
  const { hidden, elites } = world!.model;
  const every = (value: number): Float32Array => new Float32Array(frameSize).fill(value);
  const targets = new Normaliser(frameSize);
  targets.std.fill(1e-3); // what is imagined stays where it is, so that every look goes to the end of its horizon
  const lookout = new PlainModel({
    meta: {
      observation,
      domainInput: false,
      hiddenWidths: hidden,
      outputs: frameSize,
      elites,
      probabilistic: true,
      target: 'delta',
    },
    members: Array.from({ length: elites }, (_, member) => ({
      member,
      hidden: stack(size + actionSize, hidden),
      mean: dense(hidden.at(-1)!, frameSize),
      logVariance: dense(hidden.at(-1)!, frameSize),
    })),
    inputs: new Normaliser(size + actionSize),
    targets,
    maxLogVariance: every(0.5),
    minLogVariance: every(-6),
    varianceScale: every(1),
    disagreementLimit: Infinity,
  });
  const policy = new PlainPolicy({
    observation,
    normaliser: { mean: new Float32Array(size), std: new Float32Array(size).fill(1), clip: 10 },
    hidden: stack(size, sac.hidden),
    mean: dense(sac.hidden.at(-1)!, actionSize),
    logStd: dense(sac.hidden.at(-1)!, actionSize),
  });
  const predictor = new Predictor(lookout, policy, predictedBounds(robot), config.prediction.horizon, true);
  const carry = policy.begin();
  const frame = new Float32Array(frameSize);
  const times = new Float64Array(STEPS);
  for (let step = -STEPS / 10; step < STEPS; step++) {
    policy.step(
      carry,
      rng.fillNormal(frame).map((x) => x / 100),
    );
    const startNs = systemClock.nowNs();
    const { reason } = predictor.judge(carry);
    if (step >= 0) times[step] = 1e3 * elapsedMs(startNs, systemClock.nowNs());
    if (reason !== 'clean')
      throw new Error(`the look ended early (${reason}); the figure would mean nothing`);
  }
  return summary(times);
}
