/** One training from its first step, or from its newest checkpoint, to its report; it speaks through callbacks. */
import { readFileSync } from 'node:fs';
import { DynabridgeError, Rng, elapsedMs, systemClock } from '../core/index.js';
import { selectBackend, type SelectedBackend } from '../compute/index.js';
import { RunDirectory, sha256 } from '../data/index.js';
import * as rl from '../rl/index.js';
import { contractDifferences, parseContract } from '../robot/index.js';
import { loadTraining, saveTraining, type SavedTraining } from './checkpoints.js';
import { EpisodeRecorder } from './episode-recorder.js';
import { jobOf, type TrainingJob } from './job.js';
import { TrainingMetrics } from './training-metrics.js';
import { openWorld, type TrainingWorld } from './world.js';

export interface TrainingListener {
  /** one line for people */
  line(text: string): void;
  /** @param frame environment frames so far @param note newest return */
  progress(frame: number, note: string): void;
}

export interface TrainingSummary {
  readonly run: string;
  readonly robot: string;
  readonly task: string;
  readonly algo: rl.Algorithm;
  readonly preset: rl.Preset;
  readonly seed: number;
  readonly backend: string;
  readonly threads: number | null;
  /** environment frames, warm-up included */
  readonly realSteps: number;
  /** wall clock of training, evaluations included, over all sittings [s] */
  readonly seconds: number;
  /** mean returns over the episodes of the final evaluation: of random actions, of the untrained and of the best policy */
  readonly returnRandom: number;
  readonly returnBefore: number;
  readonly returnAfter: number;
  /** of the best policy, per episode */
  readonly returns: readonly number[];
  readonly goalReturn: number;
  readonly ended: rl.TrainingResult['ended'];
}

/** What a run is called before it exists. */
export interface NewRun {
  /** where run directories are kept */
  readonly base: string;
  readonly commandLine: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** Starts a job in a new run directory. @returns what was reached, also when it was stopped or diverged */
export async function startTraining(
  job: TrainingJob,
  place: NewRun,
  listener: TrainingListener,
  shouldStop: () => boolean,
): Promise<TrainingSummary> {
  const backend = await chooseBackend(job);
  const world = await openWorld(job);
  try {
    const { robot, robotName } = world;
    const run = RunDirectory.create(
      place.base,
      {
        kind: 'train',
        robot: robotName,
        task: job.task,
        seed: job.seed,
        commandLine: place.commandLine,
        versions: place.versions,
        config: { ...job, ...(job.mjcf !== null && { mjcfSha256: sha256(readFileSync(job.mjcf)) }) },
        ...(robot && { contract: robot.contract }),
      },
      systemClock,
    );
    const unlock = run.lock();
    try {
      return await new TrainingSession(job, run, world, listener, shouldStop).run(backend, undefined);
    } finally {
      unlock();
    }
  } finally {
    world.dispose();
  }
}

/** Goes on with a run from its newest checkpoint, as if it had not been interrupted. @param steps another end, in environment frames */
export async function resumeTraining(
  runPath: string,
  steps: number | undefined,
  listener: TrainingListener,
  shouldStop: () => boolean,
): Promise<TrainingSummary> {
  const run = RunDirectory.open(runPath, systemClock);
  const job = jobOf(run.readConfig(), runPath);
  const unlock = run.lock();
  let world: TrainingWorld | undefined;
  try {
    const saved = loadTraining(run);
    const backend = await chooseBackend(job);
    world = await openWorld(job);
    requireSameRobot(run, world);
    requireSameModel(run, job);
    const going = { ...job, steps: steps ?? saved.steps };
    const progress = { ...saved.progress, confirmed: saved.progress.confirmed && steps === undefined };
    const session = new TrainingSession(going, run, world, listener, shouldStop);
    return await session.run(backend, { ...saved, progress });
  } finally {
    world?.dispose();
    unlock();
  }
}

function chooseBackend({ backend, threads, besideRobot }: TrainingJob): Promise<SelectedBackend> {
  return selectBackend(backend, {
    threads: threads ?? undefined,
    robotAttached: besideRobot || undefined,
  });
}

/** @throws CONTRACT_MISMATCH when the robot's files were changed since the run began, which would train on with another one */
function requireSameRobot(run: RunDirectory, { robot }: TrainingWorld): void {
  if (robot === undefined) return;
  const differences = contractDifferences(parseContract(run.readContract(), run.path), robot.contract);
  if (differences.length === 0) return;
  throw new DynabridgeError(
    'CONTRACT_MISMATCH',
    `the robot is not as it was when ${run.path} began:\n${differences.map((text) => `  - ${text}`).join('\n')}\n` +
      'put its files back, or train anew',
    { differences },
  );
}

/** @throws CONTRACT_MISMATCH when the MJCF file was changed since the run began */
function requireSameModel(run: RunDirectory, { mjcf, mjcfSha256 }: TrainingJob): void {
  if (mjcf === null) return;
  const now = sha256(readFileSync(mjcf));
  if (now === mjcfSha256) return;
  throw new DynabridgeError(
    'CONTRACT_MISMATCH',
    `${mjcf} is not as it was when ${run.path} began: its SHA-256 is ${now}, expected ${mjcfSha256}; put it back, or train anew`,
    { path: mjcf },
  );
}

class TrainingSession {
  private readonly metrics: TrainingMetrics;
  private startNs = systemClock.nowNs();
  private secondsBefore = 0;

  constructor(
    private readonly job: TrainingJob,
    private readonly runDirectory: RunDirectory,
    private readonly world: TrainingWorld,
    private readonly listener: TrainingListener,
    private readonly shouldStop: () => boolean,
  ) {
    this.metrics = new TrainingMetrics(runDirectory, world.env.framesPerStep);
  }

  /** wall clock of training over all sittings [s] */
  private get seconds(): number {
    return this.secondsBefore + elapsedMs(this.startNs, systemClock.nowNs()) / 1e3;
  }

  async run(backend: SelectedBackend, saved: SavedTraining | undefined): Promise<TrainingSummary> {
    const { job, runDirectory: run, world, listener } = this;
    listener.line(backend.explanation);
    run.events.append(saved ? 'resumed' : 'started', {
      step: (saved?.state.parts.stepCount ?? 0) * world.env.framesPerStep,
      backend: backend.name,
      threads: backend.threads ?? null,
      instructionSet: backend.instructionSet ?? null,
    });
    const writer = world.robot && job.envs === 1 ? run.openEpisodeWriter(world.robot.session) : undefined;
    const trainerOptions: rl.TrainerOptions = {
      env: world.env,
      observation: world.observation,
      config: job.learner,
      seed: job.seed,
      clock: systemClock,
      ...(writer && { recorder: new EpisodeRecorder(writer, job.seed, saved?.state.parts.stepCount) }),
    };
    const trainer = new rl.Trainer(trainerOptions);
    try {
      if (saved === undefined) this.judgeBefore(trainer);
      else this.goOn(trainer, saved);
      this.startNs = systemClock.nowNs();
      const result = await rl.train({ ...trainerOptions, ...this.course(trainer, saved) }, trainer);
      const { seconds } = this;
      if (result.divergence !== undefined) this.tellDivergence(result);
      else if (result.ended === 'stopped' || result.bestEvaluation === undefined)
        this.save(trainer, result.progress);
      const after = this.evaluate(result.policy);
      const summary: TrainingSummary = {
        run: run.path,
        robot: world.robotName,
        task: job.task,
        algo: job.algo,
        preset: job.preset,
        seed: job.seed,
        backend: backend.name,
        threads: backend.threads ?? null,
        realSteps: result.steps * world.env.framesPerStep,
        seconds: Math.round(seconds * 10) / 10,
        ...this.metrics.baseline(),
        returnAfter: after.meanReturn,
        returns: Array.from(after.returns),
        goalReturn: world.env.task.goalReturn,
        ended: result.ended,
      };
      this.metrics.result(summary);
      return summary;
    } finally {
      writer?.close();
      trainer.dispose();
      run.close();
    }
  }

  /** How long to train, when to evaluate, and whom to tell. */
  private course(
    trainer: rl.Trainer,
    saved: SavedTraining | undefined,
  ): Omit<rl.TrainingOptions, keyof rl.TrainerOptions> {
    const { job, world, metrics, listener } = this;
    const { framesPerStep, task } = world.env;
    let note = '';
    let newest: rl.SacReport | undefined;
    return {
      evaluationEnv: world.judge,
      steps: Math.ceil(job.steps / framesPerStep),
      evaluateEvery: Math.max(1, Math.round(job.evaluateEvery / framesPerStep)),
      evaluationEpisodes: job.evaluationEpisodes,
      freshStarts: job.freshStarts,
      stopAtReturn: job.untilGoal ? task.goalReturn : undefined,
      shouldStop: this.shouldStop,
      progress: saved?.progress,
      onStep: ({ step, sac, rollout }) => {
        newest = sac;
        if (rollout !== undefined) metrics.rollout(step, rollout);
        listener.progress(step * framesPerStep, note);
      },
      onEpisode: (episode) => {
        note = `return ${episode.return.toFixed(1)}`;
        metrics.episode(episode);
      },
      onModel: (report, step) => {
        const names = [...world.quantities, 'reward'].slice(0, report.evaluation.rmse.length);
        metrics.model(report, step, names);
      },
      onEvaluation: (report, progress) => {
        note = `evaluation ${report.meanReturn.toFixed(1)}`;
        metrics.evaluation(report, this.seconds);
        if (newest !== undefined) metrics.policy(report.step, newest);
        metrics.time(trainer.time.seconds, report.step);
        this.save(trainer, progress);
      },
    };
  }

  /** What random actions and the untrained policy reach. */
  private judgeBefore(trainer: rl.Trainer): void {
    const { job, world, runDirectory, listener, metrics } = this;
    const random = rl.randomPolicyReturn(world.judge, job.episodes, job.seed).meanReturn;
    const before = this.evaluate(trainer.learner.policy()).meanReturn;
    metrics.judged(random, before);
    listener.line(
      `${world.robotName} / ${job.task}, ${job.algo}, seed ${job.seed}: random policy ${random.toFixed(1)}, ` +
        `untrained policy ${before.toFixed(1)}, goal ${world.env.task.goalReturn.toFixed(1)}`,
    );
    listener.line(`run directory ${runDirectory.path}`);
  }

  private goOn(trainer: rl.Trainer, saved: SavedTraining): void {
    trainer.restore(saved.state);
    this.secondsBefore = saved.seconds;
    this.metrics.forgetAfter(saved.metricsRows);
    trainer.time.add(this.metrics.timeSpent());
    const frame = trainer.stepCount * this.world.env.framesPerStep;
    this.listener.line(`going on with ${this.runDirectory.path} from step ${frame} of ${this.job.steps}`);
  }

  private evaluate(policy: rl.PolicySnapshot): rl.PolicyEvaluation {
    const starts = new Rng(this.job.seed, 'evaluation');
    return rl.evaluatePolicy(this.world.judge, new rl.PlainPolicy(policy), this.job.episodes, starts);
  }

  private save(trainer: rl.Trainer, progress: rl.TrainingProgress): void {
    saveTraining(this.runDirectory, trainer, progress, {
      metricsRows: this.metrics.rows,
      seconds: this.seconds,
      steps: this.job.steps,
    });
    this.metrics.writeCsv();
  }

  /**
   * Nothing is saved after a divergence, so the newest checkpoint is from before it.
   * @throws GOAL_NOT_REACHED when there is none, and so nothing that could be used
   */
  private tellDivergence({ divergence, steps, bestEvaluation }: rl.TrainingResult): void {
    const { runDirectory: run, listener } = this;
    const what = `training diverged at step ${steps * this.world.env.framesPerStep}: ${divergence}`;
    const advice = 'train anew with lower learning rates or fewer updates per step (--config)';
    const kept = bestEvaluation && `the checkpoint of policy step ${run.loadCheckpoint().step} is kept`;
    run.events.append('diverged', { divergence, kept: kept ?? null });
    if (kept === undefined) {
      throw new DynabridgeError(
        'GOAL_NOT_REACHED',
        `${what}, before the first evaluation; ${run.path} holds no trained policy; ${advice}`,
      );
    }
    listener.line(`${what}; ${kept}; ${advice}`);
  }
}
