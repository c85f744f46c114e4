import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Rng, systemClock } from '../src/core/index.js';
import { RunDirectory } from '../src/data/index.js';
import { commandOffset, positionOffset, robotLayout, type RobotLayout } from '../src/env/index.js';
import type { DenseWeights } from '../src/rl/dense.js';
import { withPrefix } from '../src/rl/named-tensors.js';
import { observationSpec, type ObservationSpec } from '../src/rl/observation.js';
import { snapshotToTensors, type PolicySnapshot } from '../src/rl/policy-snapshot.js';
import { findRobot, loadRobot, type Robot } from '../src/robot/index.js';
import { policyContract } from '../src/training/policy-contract.js';

/**
 * untrained: random weights of the usual size; the pole falls and full motion is asked for. shuttle: drives the slider to and fro at
 * {@link SHUTTLE_SPEED}, so that there is steady motion to be stopped.
 */
export type ScratchPolicy = 'untrained' | 'shuttle';

/** [m/s], of a limit of 2 */
export const SHUTTLE_SPEED = 0.8;

export interface ScratchOptions {
  /** default: the control rate, so that every state goes through guard, agent and wire [Hz] */
  readonly policyRateHz?: number;
  readonly policy?: ScratchPolicy;
  /** instead of the robot's, for tests that are not about a loaded machine [ms] */
  readonly stateTimeoutMs?: number;
  /** a packaged robot or a robot folder; the shuttle is for the cartpole alone. Default: cartpole */
  readonly robot?: string;
}

/** A robot's folder at another rate and a run directory with a policy that nobody trained, in a temporary folder. */
export class ScratchBridge {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-bench-'));
  readonly robot: Robot;
  readonly run: RunDirectory;

  constructor(controlRateHz: number, options: ScratchOptions = {}) {
    const {
      policyRateHz = controlRateHz,
      policy = 'untrained',
      stateTimeoutMs,
      robot = 'cartpole',
    } = options;
    const robotFolder = path.join(this.folder, 'robot');
    cpSync(findRobot(robot), robotFolder, { recursive: true });
    const yaml = path.join(robotFolder, 'robot.yaml');
    writeFileSync(
      yaml,
      readFileSync(yaml, 'utf8')
        .replace(/control_rate_hz: .*/, `control_rate_hz: ${controlRateHz}`)
        .replace(/policy_rate_hz: .*/, `policy_rate_hz: ${policyRateHz}`)
        .replace(/state_timeout_ms: (.*)/, (_, own) => `state_timeout_ms: ${stateTimeoutMs ?? own}`),
    );
    this.robot = loadRobot(robotFolder);
    this.run = this.makeRun(policy);
  }

  dispose(): void {
    this.run.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private makeRun(policy: ScratchPolicy): RunDirectory {
    const { model } = this.robot;
    const layout = robotLayout(model.measured, model.commanded);
    const observation = observationSpec(layout);
    const normaliser = {
      mean: new Float32Array(observation.size),
      std: new Float32Array(observation.size).fill(1),
      clip: 10,
    };
    const layers = policy === 'shuttle' ? shuttle(layout, this.robot) : untrained(observation);
    const { tensors, meta } = snapshotToTensors({ observation, normaliser, ...layers });
    const run = RunDirectory.create(
      path.join(this.folder, 'runs'),
      {
        kind: 'train',
        robot: model.name,
        task: 'balance',
        seed: 1,
        commandLine: 'bench',
        versions: { node: process.version },
        config: {},
        contract: policyContract(this.robot, 'balance', observation, {}),
      },
      systemClock,
    );
    run.saveCheckpoint({
      step: 0,
      tensors: withPrefix('policy', tensors),
      parts: { policy: structuredClone(meta) } as never,
    });
    return run;
  }
}

type Layers = Pick<PolicySnapshot, 'hidden' | 'mean' | 'logStd'>;

function untrained(observation: ObservationSpec): Layers {
  const rng = new Rng(1, 'bench policy');
  const dense = (inputs: number, outputs: number): DenseWeights => ({
    inputs,
    outputs,
    kernel: rng.fillNormal(new Float32Array(inputs * outputs)).map((value) => value / Math.sqrt(inputs)),
    bias: new Float32Array(outputs),
  });
  return {
    hidden: [dense(observation.size, 64), dense(64, 64)],
    mean: dense(64, observation.actionSize),
    logStd: dense(64, observation.actionSize),
  };
}

/** Turn round this far from the middle [m] */
const TURN_AT = 0.7;

/**
 * Two ReLU layers that say: go on the way that the last command went, at the shuttle's speed, until beyond TURN_AT.
 *
 *   z = 5 command - 25 (beyond the right end - beyond the left end) + 0.5;  wanted speed = SHUTTLE_SPEED * clamp(z, -1, 1)
 */
function shuttle(layout: RobotLayout, { model, config }: Robot): Layers {
  const slider = model.commanded[0]!;
  const x = positionOffset(layout, slider);
  const u = commandOffset(layout, slider);
  const hidden = [
    // right of the right end, left of the left one, command forwards, command backwards
    layer(layout.size, 4, { [`${x},0`]: 1, [`${x},1`]: -1, [`${u},2`]: 1, [`${u},3`]: -1 }, [
      -TURN_AT,
      -TURN_AT,
      0,
      0,
    ]),
    // z + 1, z - 1, command forwards, command backwards
    layer(
      4,
      4,
      {
        ...{ '0,0': -25, '1,0': 25, '2,0': 5, '3,0': -5 },
        ...{ '0,1': -25, '1,1': 25, '2,1': 5, '3,1': -5 },
        ...{ '2,2': 1, '3,3': 1 },
      },
      [1.5, -0.5, 0, 0],
    ),
  ];
  // (wanted speed - command) in units of the largest increment, a little less than all of it at once
  const gain = 0.8 / config.action.scale[0]!;
  const speed = gain * SHUTTLE_SPEED;
  const mean = layer(4, 1, { '0,0': speed, '1,0': -speed, '2,0': -gain, '3,0': gain }, [-speed]);
  return { hidden, mean, logStd: layer(4, 1, {}, [0]) };
}

/** @param weights by "input,output"; the others are zero */
function layer(
  inputs: number,
  outputs: number,
  weights: Record<string, number>,
  bias: number[],
): DenseWeights {
  const kernel = new Float32Array(inputs * outputs);
  for (const [at, value] of Object.entries(weights)) {
    const [input, output] = at.split(',').map(Number);
    kernel[input! * outputs + output!] = value;
  }
  return { inputs, outputs, kernel, bias: Float32Array.from(bias) };
}
