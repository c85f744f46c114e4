import { readFileSync } from 'node:fs';
import { LineCounter, isMap, isNode, isScalar, parseDocument, type Document } from 'yaml';
import { badInput } from '../core/index.js';

/** A parsed YAML file that can say where each of its keys stands. */
export interface YamlFile {
  /** path for messages */
  readonly file: string;
  readonly value: unknown;
  /** `file:line` of the deepest part of `keys` that the file holds */
  placeOf(keys: readonly PropertyKey[]): string;
}

/**
 * Reads one YAML 1.2 document.
 * @param path file to read
 * @param file the same file as it is to be named in messages
 * @throws BAD_INPUT with line and column on malformed YAML and duplicate keys
 */
export function readYaml(path: string, file: string): YamlFile {
  return parseYaml(readFileSync(path, 'utf8'), file);
}

/** As {@link readYaml}, from text. */
export function parseYaml(text: string, file: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const error = document.errors[0];
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw badInput(
      `${file}:${line}:${col}: malformed YAML: ${error.message}; correct it at this line and column`,
      {
        file,
        line,
        column: col,
      },
    );
  }
  return {
    file,
    value: plainValue(document, file),
    placeOf(keys) {
      for (let depth = keys.length; depth > 0; depth--) {
        const node = whereItBegins(document, keys.slice(0, depth));
        if (isNode(node) && node.range) return `${file}:${lines.linePos(node.range[0]).line}`;
      }
      return file;
    },
  };
}

/** A map's key, which may stand on a line before its value; an item of a list. */
function whereItBegins(document: Document, keys: readonly PropertyKey[]): unknown {
  const parent = document.getIn(keys.slice(0, -1));
  if (!isMap(parent)) return document.getIn(keys, true);
  return parent.items.find(({ key }) => isScalar(key) && key.value === keys.at(-1))?.key;
}

/** Aliases are resolved here, where an unknown anchor or an explosion of aliases shows. */
function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS() as unknown;
  } catch (error) {
    const problem = (error as Error).message; // of the yaml package, which throws nothing else
    throw badInput(`${file}: malformed YAML: ${problem}; write the values out instead of using aliases`, {
      file,
    });
  }
}
