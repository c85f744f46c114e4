import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { displayPath, findRobot, findUrdf, robotsIn } from '../../../src/robot/find-robot.js';
import { ARM, contextOf, expectBadInput } from './scratch-robot.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'find-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('robotsIn', () => {
  it('are the folders, not the files beside them', () => {
    for (const name of ['slider', 'arm']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'README.md'), '');
    expect(robotsIn(folder)).toEqual(['arm', 'slider']);
  });
});

describe('what is not found', () => {
  it('is named for machines too', () => {
    const arm = join(ARM, 'arm.urdf');
    expect(contextOf(() => findRobot('/no/such'))).toStrictEqual({ robot: '/no/such' });
    expect(contextOf(() => findRobot(arm))).toStrictEqual({ robot: arm });
    expect(contextOf(() => findUrdf(folder))).toStrictEqual({ folder });
    for (const name of ['a.urdf', 'b.urdf']) writeFileSync(join(folder, name), '');
    expect(contextOf(() => findUrdf(folder))).toStrictEqual({ folder });
  });

  it('is not a URDF whose name only holds the suffix', () => {
    writeFileSync(join(folder, 'arm.urdf.xacro'), '');
    expectBadInput(() => findUrdf(folder), 'holds no .urdf file');
    writeFileSync(join(folder, 'arm.urdf'), '');
    expect(findUrdf(folder)).toBe(join(folder, 'arm.urdf'));
  });
});

describe('displayPath', () => {
  it('is relative to the working directory where the path lies below it', () => {
    const here = process.cwd();
    expect(displayPath(join(here, 'urdf', 'arm'))).toBe(join('urdf', 'arm'));
    expect(displayPath(here)).toBe(here);
    expect(displayPath(dirname(here))).toBe(dirname(here));
    expect(displayPath(join(dirname(here), 'beside'))).toBe(join(dirname(here), 'beside'));
  });
});
