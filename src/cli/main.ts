#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { DynabridgeError, ERROR_CODES, packageRoot } from '../core/index.js';
import { splitRosArguments } from '../io/ros/ros-arguments.js';
import { Output } from './output.js';
import { blackBoxCommand } from './black-box.js';
import { controllersCommand } from './controllers.js';
import { deadManCommand } from './dead-man.js';
import { demoCommand } from './demo.js';
import { doctorCommand } from './doctor.js';
import { evalCommand } from './eval.js';
import { findPortCommand } from './find-port.js';
import { finetuneCommand } from './finetune.js';
import { identifyCommand } from './identify.js';
import { initCommand } from './init.js';
import { replayCommand } from './replay.js';
import { reportCommand } from './report.js';
import { resumeCommand } from './resume.js';
import { modelEvalCommand } from './model-eval.js';
import { runCommand } from './run.js';
import { teleopCommand } from './teleop.js';
import { teleopDeviceCommand } from './teleop-device.js';
import { trainCommand } from './train.js';
import { twinCommand } from './twin.js';

const { version } = JSON.parse(readFileSync(new URL('package.json', packageRoot()), 'utf8')) as {
  version: string;
};

function exitCodeHelp(): string {
  const rows = Object.values(ERROR_CODES).map(
    ({ exitCode, meaning }) => `  ${String(exitCode).padStart(3)}  ${meaning}`,
  );
  return ['', 'Exit codes:', '    0  all went well', ...rows].join('\n');
}

const program = new Command('dynabridge')
  .description(
    'Model-based reinforcement learning beside a ROS 2 robot, behind a safety gate.\n\n' +
      'The usual path:  init (your URDF) -> doctor -> train -> eval -> twin (rehearse) -> run -> finetune -> report.\n' +
      'No robot and no ROS needed to try it:  dynabridge demo',
  )
  .version(version)
  .showHelpAfterError('(add --help to see what there is)')
  .addHelpText('after', exitCodeHelp())
  .exitOverride();
for (const command of [
  initCommand,
  doctorCommand,
  trainCommand,
  resumeCommand,
  evalCommand,
  modelEvalCommand,
  twinCommand,
  identifyCommand,
  runCommand,
  finetuneCommand,
  teleopCommand,
  teleopDeviceCommand,
  findPortCommand,
  controllersCommand,
  deadManCommand,
  reportCommand,
  blackBoxCommand,
  replayCommand,
  demoCommand,
]) {
  program.addCommand(command().exitOverride().showHelpAfterError('(add --help to see what there is)'));
}

try {
  const { own, ros } = splitRosArguments(process.argv);
  await program.parseAsync(ros === null ? own : [...own, '--ros-args', JSON.stringify(ros)]);
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) {
    return error.exitCode === 0 ? 0 : ERROR_CODES.BAD_INPUT.exitCode; // commander has printed its own message
  }
  if (error instanceof DynabridgeError) {
    process.stderr.write(`${error.code === 'INTERRUPTED' ? '' : 'error: '}${error.message}\n`);
    if (process.argv.includes('--json') && !Output.resultPrinted)
      process.stdout.write(`${JSON.stringify({ error })}\n`);
    return error.exitCode;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return ERROR_CODES.INTERNAL.exitCode;
}
