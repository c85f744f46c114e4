import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Rng, systemClock } from '../src/core/index.js';
import { RunDirectory } from '../src/data/index.js';
import { robotLayout } from '../src/env/index.js';
import type { DenseWeights } from '../src/rl/dense.js';
import { withPrefix } from '../src/rl/named-tensors.js';
import { observationSpec } from '../src/rl/observation.js';
import { snapshotToTensors, type PolicySnapshot } from '../src/rl/policy-snapshot.js';
import { findRobot, loadRobot, type Robot } from '../src/robot/index.js';
import { policyContract } from '../src/training/policy-contract.js';

/** A robot folder at another rate and a run directory with an untrained policy of the usual size, in a temporary folder. */
export class ScratchBridge {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-bench-'));
  readonly robot: Robot;
  readonly run: RunDirectory;

  /**
   * Control and policy both run at `rateHz`, so that every state goes through guard, agent and wire.
   * @param stateTimeoutMs instead of the cartpole's, for tests that are not about a loaded machine
   */
  constructor(rateHz: number, stateTimeoutMs?: number) {
    const robotFolder = path.join(this.folder, 'cartpole');
    cpSync(findRobot('cartpole'), robotFolder, { recursive: true });
    const yaml = path.join(robotFolder, 'robot.yaml');
    writeFileSync(
      yaml,
      readFileSync(yaml, 'utf8')
        .replace(/control_rate_hz: .*/, `control_rate_hz: ${rateHz}`)
        .replace(/policy_rate_hz: .*/, `policy_rate_hz: ${rateHz}`)
        .replace(/state_timeout_ms: (.*)/, (_, own) => `state_timeout_ms: ${stateTimeoutMs ?? own}`),
    );
    this.robot = loadRobot(robotFolder);
    this.run = this.makeRun();
  }

  dispose(): void {
    this.run.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private makeRun(): RunDirectory {
    const { model } = this.robot;
    const observation = observationSpec(robotLayout(model.measured, model.commanded));
    const rng = new Rng(1, 'bench policy');
    const dense = (inputs: number, outputs: number): DenseWeights => ({
      inputs,
      outputs,
      kernel: rng.fillNormal(new Float32Array(inputs * outputs)).map((value) => value / Math.sqrt(inputs)),
      bias: new Float32Array(outputs),
    });
    const snapshot: PolicySnapshot = {
      observation,
      normaliser: {
        mean: new Float32Array(observation.size),
        std: new Float32Array(observation.size).fill(1),
        clip: 10,
      },
      hidden: [dense(observation.size, 64), dense(64, 64)],
      mean: dense(64, observation.actionSize),
      logStd: dense(64, observation.actionSize),
    };
    const { tensors, meta } = snapshotToTensors(snapshot);
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
