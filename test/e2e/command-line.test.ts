/** The command line as a stranger meets it: help, wrong input, a training that is interrupted. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadAddon } from '../../src/compute/native/addon.js';
import { mostThreads } from '../../src/compute/threads.js';
import { ERROR_CODES } from '../../src/core/index.js';
import { Dynabridge, type Ended } from './own-process.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-cli-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const dynabridge = (...args: string[]): Promise<Ended> => new Dynabridge(args).ended;

const COMMANDS = [
  'init',
  'doctor',
  'train',
  'resume',
  'eval',
  'model-eval',
  'twin',
  'run',
  'identify',
  'teleop',
  'controllers',
  'dead-man',
  'blackbox',
  'find-port',
  'report',
  'demo',
];

describe('help', () => {
  it('names every command and every exit code', async () => {
    const { code, stdout } = await dynabridge('--help');
    expect(code).toBe(0);
    for (const command of [...COMMANDS, 'teleop-device']) expect(stdout).toContain(command);
    for (const { exitCode, meaning } of Object.values(ERROR_CODES))
      expect(stdout).toContain(`${exitCode}  ${meaning}`);
  });

  it.each(COMMANDS)('of %s explains its options', async (command) => {
    const { code, stdout } = await dynabridge(command, '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(/--json +print one final JSON object/);
  });
});

it('help of teleop-device explains keys and orders; it talks in lines, and has no --json', async () => {
  const { code, stdout } = await dynabridge('teleop-device', '--help');
  expect(code).toBe(0);
  for (const part of [
    '--robot',
    '--link',
    'space',
    'stick <mode>',
    'port <path>',
    'dynabridge teleop --robot',
  ])
    expect(stdout).toContain(part);
});

describe('wrong input', () => {
  it.each([
    ['an unknown command', ['fly'], /unknown command 'fly'/],
    ['an unknown option', ['train', '--robot', 'cartpole', '--speed', '9'], /unknown option '--speed'/],
    ['a missing option', ['train'], /no standard task 'balance'.*--robot/],
    [
      'a model file that does not exist',
      ['train', '--task', 'hopper', '--mjcf', 'nowhere.xml'],
      /nowhere\.xml/,
    ],
    [
      'simulators that cannot differ',
      ['train', '--robot', 'cartpole', '--randomise', '0.2'],
      /needs several simulators to differ; add --envs/,
    ],
    [
      'a configuration that does not exist',
      ['train', '--robot', 'cartpole', '--config', 'nowhere.yaml'],
      /nowhere\.yaml cannot be read/,
    ],
    ['nothing to evaluate', ['eval'], /eval needs --run/],
    [
      'a number that is none',
      ['train', '--robot', 'cartpole', '--steps', 'many'],
      /integer of at least 1, got 'many'/,
    ],
    [
      'a backend that does not exist',
      ['train', '--robot', 'cartpole', '--backend', 'webgl'],
      /auto, tensorflow-gpu, tensorflow, native, wasm, cpu/,
    ],
    [
      'more threads than the machine has cores',
      ['train', '--robot', 'cartpole', '--threads', '100000'],
      /--threads.*integer within \[1, \d+\], got '100000'/,
    ],
    ['a robot that does not exist', ['train', '--robot', 'cartpol'], /robot 'cartpol'.*cartpole/],
    [
      'a task that does not exist',
      ['train', '--robot', 'cartpole', '--task', 'juggle'],
      /no task 'juggle'; its tasks are balance/,
    ],
    [
      'a run that does not exist',
      ['eval', '--robot', 'cartpole', '--run', '/nowhere'],
      /\/nowhere does not exist.*dynabridge train/,
    ],
    [
      'a perturbation without a value',
      ['twin', '--robot', 'cartpole', '--perturb', 'massScale'],
      /'massScale' is not name=number/,
    ],
    [
      'a perturbation that does not exist',
      ['twin', '--robot', 'cartpole', '--perturb', 'colour=1'],
      /colour/,
    ],
    [
      'a parameter that the node does not have',
      ['teleop', '--robot', 'cartpole', '--port', '/dev/null', '--ros-args', '-p', 'speed:=1'],
      /parameter 'speed' is not known/,
    ],
    [
      'a quality of service that would replay commands',
      [
        ...['teleop', '--robot', 'cartpole', '--port', '/dev/null', '--ros-args', '-p'],
        'qos_overrides./velocity_controller/commands.publisher.depth:=5',
      ],
      /publisher\.depth': it is 5, expected 1: a controller that comes late, or comes back, would be sent/,
    ],
  ])('%s gives one clear error, exit code 2, and writes nothing', async (_what, args, message) => {
    const runs = path.join(folder, 'runs');
    const { code, stderr } = await dynabridge(...args, ...(args[0] === 'train' ? ['--runs', runs] : []));
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m); // no stack trace
    expect(code).toBe(2);
    expect(existsSync(runs)).toBe(false);
  });

  it('in a robot folder names file and element', async () => {
    writeFileSync(path.join(folder, 'arm.urdf'), '<robot name="arm"><link name="base"></robot>');
    const { code, stderr } = await dynabridge('train', '--robot', folder);
    expect(code).toBe(2);
    expect(stderr).toMatch(/arm\.urdf/);
  });

  it('with --json is told as an object on stdout too', async () => {
    const { stdout } = await dynabridge('eval', '--robot', 'nobody', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'BAD_INPUT', context: { robot: 'nobody' } } });
  });
});

describe('doctor', () => {
  it('tells the compute backend, the speed that it reaches, and how to use a GPU', async () => {
    const { stdout } = await dynabridge('doctor', '--json');
    const { findings } = JSON.parse(stdout) as { findings: { what: string; detail: string }[] };
    const detail = (what: string) => findings.find((finding) => finding.what === what)?.detail;
    expect(detail('compute backend')).toMatch(
      'addon' in loadAddon()
        ? /backend (tensorflow-gpu|native) \(.*\d+ threads?\)/
        : /backend wasm .*native was skipped: (not built \(.+\)|built from other sources .*); training is about 6 times slower.*npm run build:native/,
    );
    expect(detail('compute speed')).toMatch(/^\d+(\.\d+)? GFLOP\/s in products of 256 x 256 matrices/);
    expect(detail('compute GPU')).toMatch(
      existsSync('node_modules/@tensorflow/tfjs-node-gpu')
        ? /libtensorflow on the GPU|to use a GPU: npm install/
        : /^@tensorflow\/tfjs-node-gpu is not installed; to use a GPU: npm install/,
    );
  });
});

describe('train', () => {
  it.runIf(process.platform === 'linux').each([
    ['leaves a core to the robot', [], Math.max(1, mostThreads(os.availableParallelism() - 1))],
    ['takes the threads that were asked for', ['--threads', String(mostThreads())], mostThreads()],
  ])('--beside-robot %s, gives way to its processes, and says so', async (_what, args, count) => {
    const training = new Dynabridge([
      ...['train', '--robot', 'cartpole', '--runs', folder, '--beside-robot'],
      ...['--backend', 'addon' in loadAddon() ? 'native' : 'wasm', ...args],
    ]);
    const [explanation] = await training.says(/^compute backend .*$/m);
    const niceness = Math.max(10, os.getPriority());
    expect(explanation).toContain(`beside a robot, at niceness ${niceness}`);
    const pid = training.child.pid!;
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => os.getPriority(Number(thread)));
    expect(threads).toContain(niceness); // the thread that trains; the main one only shows how it goes
    if ('addon' in loadAddon()) expect(explanation).toMatch(new RegExp(`, ${count} threads?\\)`));
    training.kill('SIGKILL');
    await training.ended;
  });

  it('keeps what was learned on Ctrl+C: exit code 130, a checkpoint that evaluates, a report', async () => {
    const training = new Dynabridge([
      'train',
      '--robot',
      'cartpole',
      '--steps',
      '100000',
      '--runs',
      folder,
      '--json',
    ]);
    await training.says(/run directory/);
    const [run] = readdirSync(folder);
    await waitForMetric(path.join(folder, run!, 'metrics.jsonl'), '"model"');
    training.kill('SIGINT');
    const { code, stdout } = await training.ended;
    expect(code).toBe(130);
    const result = JSON.parse(stdout) as { run: string; realSteps: number; report: string; ended: string };
    expect(result.ended).toBe('stopped');
    expect(result.realSteps).toBeGreaterThan(0);
    expect(readFileSync(result.report, 'utf8')).toContain('<svg');
    const evaluation = await dynabridge(
      'eval',
      '--robot',
      'cartpole',
      '--runs',
      folder,
      '--episodes',
      '2',
      '--json',
    );
    expect(evaluation.code).toBe(0);
    expect(JSON.parse(evaluation.stdout)).toMatchObject({ run: result.run, episodes: 2 });
  });
});

async function waitForMetric(file: string, text: string): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (existsSync(file) && readFileSync(file, 'utf8').includes(text)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${file} never held ${text}`);
}
