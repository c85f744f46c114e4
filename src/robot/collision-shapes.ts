import { badInput } from '../core/index.js';
import type { CollisionShape } from './model.js';
import { numberAttribute, onlyChild, textAttribute, vectorAttribute } from './xml-attributes.js';
import { placeOf, tagText, type XmlElement } from './xml-document.js';

const ZERO = { x: 0, y: 0, z: 0 };

/**
 * The <collision> shapes of all links. Meshes are kept by name only: whoever needs their size has to say that it is not known.
 * @throws BAD_INPUT for a shape without a usable size
 */
export function collisionShapes(links: readonly XmlElement[]): CollisionShape[] {
  return links.flatMap((link) => {
    const name = textAttribute(link, 'name', '<link>');
    return link.children
      .filter((child) => child.tag === 'collision')
      .map((collision) => shapeOf(collision, name));
  });
}

function shapeOf(collision: XmlElement, link: string): CollisionShape {
  const owner = `link '${link}'`;
  const origin = onlyChild(collision, 'origin', owner);
  const geometry = onlyChild(collision, 'geometry', owner);
  const shape = geometry?.children[0];
  if (shape === undefined) {
    throw badInput(
      `${owner} in ${placeOf(collision)}: <collision> has no shape; write <geometry><cylinder radius="..." length="..."/></geometry>`,
    );
  }
  return {
    link,
    xyz: vectorAttribute(origin, 'xyz', owner, ZERO),
    rpy: vectorAttribute(origin, 'rpy', owner, ZERO),
    geometry: geometryOf(shape, owner),
  };
}

function geometryOf(shape: XmlElement, owner: string): CollisionShape['geometry'] {
  const size = (name: string): number => {
    const value = numberAttribute(shape, name, owner) ?? 0;
    if (value > 0) return value;
    throw badInput(
      `${owner} in ${placeOf(shape)}: ${tagText(shape)} has no ${name} above 0; write ${name}="..." [m]`,
    );
  };
  switch (shape.tag) {
    case 'sphere':
      return { kind: 'sphere', radius: size('radius') };
    case 'cylinder':
    case 'capsule':
      return { kind: shape.tag, radius: size('radius'), length: size('length') };
    case 'box': {
      const { x, y, z } = vectorAttribute(shape, 'size', owner, ZERO);
      if (x > 0 && y > 0 && z > 0) return { kind: 'box', size: { x, y, z } };
      throw badInput(
        `${owner} in ${placeOf(shape)}: ${tagText(shape)} has no size above 0; write size="x y z" [m]`,
      );
    }
    default:
      return { kind: 'other', tag: shape.tag };
  }
}
