import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUrdf } from '../../../src/robot/parse-urdf.js';

interface TreeJoint {
  readonly name: string;
  readonly type: 'revolute' | 'continuous' | 'prismatic' | 'fixed';
  readonly parent: string;
  readonly child: string;
  readonly axis: readonly [number, number, number];
  readonly origin: readonly [number, number, number];
  readonly lower: number;
  readonly range: number;
  readonly velocity: number;
  readonly effort: number;
  readonly damping: number;
}

interface Tree {
  readonly links: readonly string[];
  readonly joints: readonly TreeJoint[];
}

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true, noDefaultInfinity: true });
const axis = fc
  .tuple(number(-5, 5), number(-5, 5), number(-5, 5))
  .filter((vector) => Math.hypot(...vector) > 1e-3);

/** Link i hangs below any link before it, so that every rooted tree shape occurs; names are awkward on purpose. */
const tree: fc.Arbitrary<Tree> = fc
  .uniqueArray(fc.stringMatching(/^[A-Za-z_<&"'][\w ./<>&"'-]{0,8}[A-Za-z0-9_]$/), {
    minLength: 1,
    maxLength: 12,
  })
  .chain((links) =>
    fc
      .tuple(
        ...links.slice(1).map((child, i) =>
          fc.record({
            name: fc.constant(`to ${child}`),
            type: fc.constantFrom('revolute', 'continuous', 'prismatic', 'fixed'),
            parent: fc.constantFrom(...links.slice(0, i + 1)),
            child: fc.constant(child),
            axis,
            origin: fc.tuple(number(-2, 2), number(-2, 2), number(-2, 2)),
            lower: number(-7, 7),
            range: number(1e-3, 10),
            velocity: number(0, 50),
            effort: number(0, 500),
            damping: number(0, 9),
          }),
        ),
      )
      .map((joints) => ({ links, joints: joints })),
  );

const escape = (text: string) => text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);

function writeUrdf({ links, joints }: Tree, order: readonly number[]): string {
  const elements = [
    ...links.map((name) => `<link name="${escape(name)}"/>`),
    ...joints.map(
      (joint) => `<joint name="${escape(joint.name)}" type="${joint.type}">
        <origin xyz="${joint.origin.join(' ')}"/>
        <parent link="${escape(joint.parent)}"/><child link="${escape(joint.child)}"/>
        <axis xyz="${joint.axis.join('  ')}"/>
        <limit lower="${joint.lower}" upper="${joint.lower + joint.range}" velocity="${joint.velocity}" effort="${joint.effort}"/>
        <dynamics damping="${joint.damping}"/>
      </joint>`,
    ),
  ];
  const shuffled = elements
    .map((element, i) => ({ element, key: order[i % order.length] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ element }) => element);
  return `<robot name="random">\n${shuffled.join('\n')}\n</robot>`;
}

describe('any tree', () => {
  it('is parsed to the same tree, whatever the order of the file', () => {
    fc.assert(
      fc.property(tree, fc.array(fc.nat(), { minLength: 1 }), (expected, order) => {
        const urdf = parseUrdf(writeUrdf(expected, order), 'random.urdf');
        expect(urdf.rootLink).toBe(expected.links[0]);
        expect([...urdf.links].sort()).toEqual([...expected.links].sort());
        const parsed = new Map(urdf.joints.map((joint) => [joint.name, joint]));
        expect(parsed.size).toBe(expected.joints.length);
        for (const joint of expected.joints) {
          const actual = parsed.get(joint.name);
          const limits = actual?.limits;
          expect(actual).toMatchObject({ type: joint.type, parent: joint.parent, child: joint.child });
          const [x, y, z] = joint.origin.map((value) => value + 0);
          expect(actual?.origin.xyz).toEqual({ x, y, z });
          expect(actual?.dynamics).toEqual({ damping: joint.damping, friction: 0 });
          if (joint.type === 'fixed') {
            expect(limits).toBeUndefined();
            continue;
          }
          expect(limits?.maxVelocity).toBe(joint.velocity);
          expect(limits?.maxEffort).toBe(joint.effort);
          expect(limits?.position).toEqual(
            joint.type === 'continuous'
              ? undefined
              : { min: joint.lower + 0, max: joint.lower + joint.range },
          );
          const unit = actual?.axis;
          const along = [unit?.x, unit?.y, unit?.z].map((value) => (value ?? 0) * Math.hypot(...joint.axis));
          along.forEach((value, i) => expect(value).toBeCloseTo(joint.axis[i] ?? NaN, 9));
        }
      }),
    );
  });

  it('is ordered parents first', () => {
    fc.assert(
      fc.property(tree, fc.array(fc.nat(), { minLength: 1 }), (expected, order) => {
        const urdf = parseUrdf(writeUrdf(expected, order), 'random.urdf');
        const reached = new Set([urdf.rootLink]);
        for (const joint of urdf.joints) {
          expect(reached.has(joint.parent)).toBe(true);
          reached.add(joint.child);
        }
        expect([...reached]).toEqual(urdf.links);
      }),
    );
  });

  it('is refused once a joint closes a loop or gives a link a second parent', () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.nat(), (expected, from, to) => {
        const parent = expected.links[from % expected.links.length] ?? '';
        const child = expected.links[to % expected.links.length] ?? '';
        const extra = `<joint name="extra" type="fixed"><parent link="${escape(parent)}"/><child link="${escape(child)}"/></joint>`;
        const text = writeUrdf(expected, [0]).replace('</robot>', () => `${extra}</robot>`);
        expect(() => parseUrdf(text, 'random.urdf')).toThrow(/links form a loop|has two parents/);
      }),
    );
  });
});
