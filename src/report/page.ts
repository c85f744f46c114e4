import type { Chart } from './chart.js';
import { html, trusted, type Markup } from './html.js';
import { STYLE } from './theme.js';

export interface Page {
  readonly html: string;
  /** every plot of the page, in order */
  readonly charts: readonly Chart[];
}

/**
 * One self-contained HTML page: inline SVG and CSS, no script, no network (its own content security policy forbids both);
 * light, dark and printable.
 */
export function page(title: string, body: Markup): Page {
  const { text, charts } = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${title} - dynabridge report</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `;
  return { html: text, charts };
}
