import { chartSvg, FONT, type Chart } from './chart.js';
import { html, trusted } from './html.js';
import { inLightColours } from './theme.js';

const MARGIN = 16;
const TITLE_SIZE = 15;
const CAPTION_SIZE = 12;
const LINE = 17;
/** mean width of a character of the caption [px], on the generous side */
const CHARACTER_WIDTH = 6.3;

/** A plot as an SVG file that stands alone: title and caption above it, in the colours of a light page. */
export function standaloneSvg(chart: Chart): string {
  const lines = wrapped(chart.caption, Math.floor(chart.width / CHARACTER_WIDTH));
  const top = MARGIN + TITLE_SIZE + 16 + lines.length * LINE;
  const width = chart.width + 2 * MARGIN;
  const height = top + chart.height + MARGIN;
  const plot = chartSvg(chart).replace(/^<svg /, `<svg x="${MARGIN}" y="${top}" `);
  const caption = lines.map(
    (line, i) => html`<tspan x="${MARGIN}" y="${MARGIN + TITLE_SIZE + 4 + (i + 1) * LINE}">${line}</tspan>`,
  );
  const svg = html`<svg
    xmlns="http://www.w3.org/2000/svg"
    width="${width}"
    height="${height}"
    viewBox="0 0 ${width} ${height}"
    font-family="${FONT}"
  >
    <rect width="${width}" height="${height}" fill="var(--surface)" />
    <text
      x="${MARGIN}"
      y="${MARGIN + TITLE_SIZE - 2}"
      font-size="${TITLE_SIZE}"
      font-weight="600"
      fill="var(--ink)"
    >
      ${chart.title}
    </text>
    <text font-size="${CAPTION_SIZE}" fill="var(--muted)">${caption}</text>
    ${trusted(plot)}
  </svg> `;
  return inLightColours(svg.text);
}

/** Plots under each other as one SVG file that stands alone. */
export function stackedSvg(charts: readonly Chart[]): string {
  let y = 0;
  const panels = charts.map((chart) => {
    const svg = standaloneSvg(chart);
    const panel = svg.replace('<svg', `<svg y="${y}"`);
    y += Number(/height="(\d+)"/.exec(svg)![1]);
    return panel;
  });
  const width = Math.max(...charts.map((chart) => chart.width)) + 2 * MARGIN;
  return html`<svg
    xmlns="http://www.w3.org/2000/svg"
    width="${width}"
    height="${y}"
    viewBox="0 0 ${width} ${y}"
  >
    ${trusted(panels.join('\n'))}
  </svg> `.text;
}

/** Words into lines of at most `length` characters; a longer word has a line of its own. */
function wrapped(text: string, length: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= length)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** File names of the plots, without ending: their titles in letters that every file system takes, each name once. */
export function figureNames(charts: readonly Chart[]): string[] {
  const taken = new Set<string>();
  return charts.map(({ title }) => {
    const base =
      title
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-')
        .replace(/^-|-$/g, '')
        .slice(0, 100) || 'figure';
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}-${n}`;
    taken.add(name);
    return name;
  });
}
