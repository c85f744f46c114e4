import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { meshCandidates } from '../../../src/robot/check-meshes.js';

const FOLDER = '/ws/arm/urdf';

describe('meshCandidates', () => {
  it('looks for a package in the folder, in its sub-folder and in each folder above of that name', () => {
    expect(meshCandidates('package://arm/meshes/a.stl', FOLDER)).toEqual([
      '/ws/arm/urdf/meshes/a.stl',
      '/ws/arm/urdf/arm/meshes/a.stl',
      '/ws/arm/meshes/a.stl',
    ]);
    expect(meshCandidates('package://arm/a.stl', '/arm/src/arm')).toEqual([
      '/arm/src/arm/a.stl',
      '/arm/src/arm/arm/a.stl',
      '/arm/src/arm/a.stl',
      '/arm/a.stl',
    ]);
  });

  it('takes a file address as it is, and other names relative to the folder', () => {
    expect(meshCandidates('file:///data/a%20b.stl', FOLDER)).toEqual(['/data/a b.stl']);
    expect(meshCandidates('../meshes/a.stl', FOLDER)).toEqual(['/ws/arm/meshes/a.stl']);
  });

  it.each([
    'http://x/a.stl',
    'HTTP://x/a.stl',
    'file://meshes/a.stl',
    'package://arm',
    'package:///a.stl',
    'package://arm/a\nb',
  ])('has none for %j', (filename) => expect(meshCandidates(filename, FOLDER)).toEqual([]));

  it.each(['backup/package://arm/a.stl', 'backup/http://x/a.stl', '1://a.stl'])(
    'takes %j, which only holds an address, for a path',
    (filename) => expect(meshCandidates(filename, FOLDER)).toEqual([join(FOLDER, filename)]),
  );
});
