import type { Chart } from './chart.js';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML that needs no more escaping; only {@link html} and {@link trusted} make it. */
export class Markup {
  constructor(
    readonly text: string,
    /** the plots in it, in order, to write them as files too */
    readonly charts: readonly Chart[] = [],
  ) {}
}

/** For markup that this folder generated itself. */
export function trusted(text: string, charts: readonly Chart[] = []): Markup {
  return new Markup(text, charts);
}

/** Text as HTML, safe in elements and in quoted attributes; control characters, which XML cannot hold, are dropped. */
function escapeHtml(text: string): string {
  return (
    text
      // eslint-disable-next-line no-control-regex -- they are what is to be dropped
      .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '')
      .replace(/[&<>"']/g, (character) => ENTITIES[character]!)
  );
}

type Fragment = string | number | Markup | undefined | readonly (Markup | undefined)[];

function render(fragment: Fragment): string {
  if (fragment === undefined) return '';
  if (fragment instanceof Markup) return fragment.text;
  if (typeof fragment === 'string' || typeof fragment === 'number') return escapeHtml(String(fragment));
  return fragment.map(render).join('\n');
}

function chartsOf(fragment: Fragment): readonly Chart[] {
  if (fragment instanceof Markup) return fragment.charts;
  return Array.isArray(fragment) ? (fragment as readonly (Markup | undefined)[]).flatMap(chartsOf) : [];
}

/** Template tag: everything inserted is escaped unless it is markup already; undefined inserts nothing. */
export function html(parts: TemplateStringsArray, ...fragments: Fragment[]): Markup {
  const text = parts.reduce((before, part, index) => before + render(fragments[index - 1]) + part);
  return new Markup(text, fragments.flatMap(chartsOf));
}
