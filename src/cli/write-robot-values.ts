import { readFileSync } from 'node:fs';
import { parseDocument, isScalar } from 'yaml';
import { badInput } from '../core/index.js';
import { writeFileAtomic } from '../data/index.js';

/**
 * Puts numbers in the place of others in a YAML file, key by key; every other byte stays.
 * @throws BAD_INPUT for a key that the file does not have as a plain value
 */
export function writeRobotValues(file: string, values: object): void {
  let text = readFileSync(file, 'utf8');
  for (const [key, value] of Object.entries(values)) {
    const node = parseDocument(text).get(key, true);
    if (!isScalar(node) || !node.range) {
      throw badInput(`${file}: ${key} is not there as a plain value; write ${key}: ${String(value)}`, {
        file,
        key,
      });
    }
    text = text.slice(0, node.range[0]) + String(value) + text.slice(node.range[1]);
  }
  writeFileAtomic(file, text);
}
