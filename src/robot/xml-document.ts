import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { badInput } from '../core/index.js';

/** One element of an XML file, with enough of its place for messages. */
export interface XmlElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly file: string;
  /** 1-based */
  readonly line: number;
}

type RawNode = Record<PropertyKey, unknown>;

const META = XMLParser.getMetaDataSymbol() as unknown as symbol;

/**
 * Parses XML into its root element.
 * @param file path for messages
 * @throws BAD_INPUT with line and column when the text is not well-formed XML or holds other than one root element
 */
export function parseXml(text: string, file: string): XmlElement {
  const verdict = XMLValidator.validate(text);
  if (verdict !== true) {
    const { msg, line, col } = verdict.err;
    throw badInput(
      `${file}:${line}:${col ?? 1}: malformed XML: ${msg.replace(/\.$/, '')}; correct it at this line and column`,
      { file, line, column: col ?? 1 },
    );
  }
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    captureMetaData: true,
    htmlEntities: true, // without it, XML's own &#34; stays undecoded
  });
  const roots = convertNodes(parseNodes(parser, text, file), text, file);
  const [root, second] = roots;
  /* v8 ignore next 2 -- for the compiler: the validator has refused text without an element */
  if (root === undefined)
    throw badInput(`${file}: holds no XML element; expected <robot name="...">`, { file });
  if (second !== undefined) {
    throw badInput(
      `${file}:${second.line}: second root element <${second.tag}> after <${root.tag}>; an XML file has one root, remove the other`,
      { file, line: second.line },
    );
  }
  return root;
}

/** The parser refuses what could exhaust or subvert it: external entities, deep nesting, reserved names. */
function parseNodes(parser: XMLParser, text: string, file: string): RawNode[] {
  try {
    return parser.parse(text) as RawNode[];
  } catch (error) {
    const problem = (error as Error).message; // of the parser, which throws nothing else
    throw badInput(`${file}: XML is refused: ${problem}; write plain elements and attributes`, { file });
  }
}

function convertNodes(nodes: readonly RawNode[], source: string, file: string): XmlElement[] {
  return nodes.flatMap((node) =>
    Object.keys(node)
      .filter(isElement)
      .map((tag) => ({
        tag,
        attributes: (node[':@'] ?? {}) as Record<string, string>,
        children: convertNodes(node[tag] as RawNode[], source, file),
        file,
        line: lineAt(source, (node[META] as { startIndex: number }).startIndex),
      })),
  );
}

/** Beside its element's name, a node has a key for attributes; processing instructions and text have names of their own. */
function isElement(key: string): boolean {
  return key !== ':@' && !key.startsWith('?') && !key.startsWith('#');
}

function lineAt(source: string, index: number): number {
  let line = 1;
  for (let i = source.indexOf('\n'); i !== -1 && i < index; i = source.indexOf('\n', i + 1)) line++;
  return line;
}

/** `file:line` of an element. */
export function placeOf(element: XmlElement): string {
  return `${element.file}:${element.line}`;
}

/** The element's opening tag as it would be written, for messages. */
export function tagText(element: XmlElement): string {
  const attributes = Object.entries(element.attributes).map(([name, value]) => ` ${name}="${value}"`);
  return `<${element.tag}${attributes.join('')}>`;
}
