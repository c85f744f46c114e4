const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML that needs no more escaping; only {@link html} and {@link trusted} make it. */
export class Markup {
  constructor(readonly text: string) {}
}

/** For markup that this folder generated itself. */
export function trusted(text: string): Markup {
  return new Markup(text);
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

/** Template tag: everything inserted is escaped unless it is markup already; undefined inserts nothing. */
export function html(parts: TemplateStringsArray, ...fragments: Fragment[]): Markup {
  return new Markup(parts.reduce((text, part, index) => text + render(fragments[index - 1]) + part));
}
