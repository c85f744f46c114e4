/**
 * Colours of plots. echarts computes with plain colours, so each one is drawn as a stand-in that occurs nowhere else and is
 * replaced by a CSS variable in the finished SVG: the page then decides between light, dark and print.
 */
const STAND_INS = {
  ink: '#010101',
  muted: '#020202',
  line: '#030303',
  grid: '#040404',
  surface: '#050505',
  danger: '#060606',
  good: '#070707',
  series1: '#0a0a01',
  series2: '#0a0a02',
  series3: '#0a0a03',
  series4: '#0a0a04',
  series5: '#0a0a05',
  series6: '#0a0a06',
  series7: '#0a0a07',
  series8: '#0a0a08',
} as const;

export const COLOURS = STAND_INS;

export const SERIES_COLOURS: readonly string[] = [
  STAND_INS.series1,
  STAND_INS.series2,
  STAND_INS.series3,
  STAND_INS.series4,
  STAND_INS.series5,
  STAND_INS.series6,
  STAND_INS.series7,
  STAND_INS.series8,
];

const NAMES = new Map(Object.entries(STAND_INS).map(([name, colour]) => [colour as string, name]));

function rgbToHex(red: string, green: string, blue: string): string {
  return '#' + [red, green, blue].map((part) => Number(part).toString(16).padStart(2, '0')).join('');
}

/** Replaces the stand-ins of an SVG by CSS variables. */
export function themed(svg: string): string {
  const variable = (colour: string) => {
    const name = NAMES.get(colour.toLowerCase());
    return name === undefined ? undefined : `var(--${name})`;
  };
  return svg
    .replace(/rgb\((\d+),\s*(\d+),\s*(\d+)\)/g, (all, r: string, g: string, b: string) => {
      return variable(rgbToHex(r, g, b)) ?? all;
    })
    .replace(/#[0-9a-fA-F]{6}\b/g, (colour) => variable(colour) ?? colour);
}

/* Okabe and Ito (2008), "Color Universal Design", told apart with every common colour vision; lightened for dark pages. */
const LIGHT: Readonly<Record<string, string>> = {
  page: '#f6f7f9',
  surface: '#ffffff',
  ink: '#1b2430',
  muted: '#5b6675',
  line: '#c3cad3',
  grid: '#e8ebef',
  danger: '#b42318',
  good: '#17703f',
  code: '#eef1f5',
  series1: '#0072b2',
  series2: '#d55e00',
  series3: '#009e73',
  series4: '#a8508a',
  series5: '#b88a00',
  series6: '#3a9bd0',
  series7: '#555f6b',
  series8: '#8a5a2b',
};
const DARK: Readonly<Record<string, string>> = {
  page: '#10151b',
  surface: '#181f27',
  ink: '#e6eaef',
  muted: '#9aa6b4',
  line: '#465260',
  grid: '#2a333e',
  danger: '#ff8a7a',
  good: '#5fd394',
  code: '#222b35',
  series1: '#56b4e9',
  series2: '#f0883e',
  series3: '#3ecf9f',
  series4: '#d98fc0',
  series5: '#e6c229',
  series6: '#8fd0f5',
  series7: '#b6c0cb',
  series8: '#c99a6b',
};

const variables = (colours: Readonly<Record<string, string>>): string =>
  Object.entries(colours)
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(' ');

/** Replaces the CSS variables of an SVG by the colours of a light page, for files that stand alone. */
export function inLightColours(svg: string): string {
  return svg.replace(/var\(--([a-z]+\d?)\)/g, (all, name: string) => LIGHT[name] ?? all);
}

export const STYLE = `
:root { color-scheme: light dark; ${variables(LIGHT)} }
@media (prefers-color-scheme: dark) { :root { ${variables(DARK)} } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; }
h2 { font-size: 19px; margin: 40px 0 12px; }
p { margin: 4px 0; }
.muted, figcaption, .note { color: var(--muted); }
.kind { text-transform: uppercase; letter-spacing: 0.08em; font-size: 12px; font-weight: 600; color: var(--muted); }
pre { background: var(--code); border-radius: 6px; padding: 10px 14px; margin: 14px 0 8px; white-space: pre-wrap;
  overflow-wrap: anywhere; font: 13px/1.5 ui-monospace, 'DejaVu Sans Mono', monospace; }
.facts { display: flex; flex-wrap: wrap; gap: 2px 20px; font-size: 13px; color: var(--muted); margin: 0; }
.facts div { display: flex; gap: 6px; }
.facts dt { font-weight: 600; }
.facts dd { margin: 0; }
table { border-collapse: collapse; width: 100%; background: var(--surface); border: 1px solid var(--grid); border-radius: 8px; }
th, td { text-align: left; padding: 7px 14px; border-top: 1px solid var(--grid); vertical-align: top; }
tr:first-child > * { border-top: 0; }
tbody th { font-weight: 500; }
thead th { font-size: 13px; color: var(--muted); font-weight: 600; }
.number { font-variant-numeric: tabular-nums; }
td.value { font-weight: 650; font-variant-numeric: tabular-nums; }
.good { color: var(--good); font-weight: 650; white-space: nowrap; }
.bad { color: var(--danger); font-weight: 650; white-space: nowrap; }
.note { font-size: 13px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 430px), 1fr)); gap: 16px; }
figure { margin: 0 0 16px; padding: 14px 16px 10px; background: var(--surface); border: 1px solid var(--grid);
  border-radius: 8px; min-width: 0; }
.figures figure { margin: 0; }
.figures { margin-bottom: 16px; }
figure h3 { font-size: 15px; margin: 0; }
figcaption { font-size: 13px; margin: 0 0 6px; }
figure svg { display: block; width: 100%; height: auto; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 16px; margin: 0 0 16px; }
.tiles div { background: var(--surface); border: 1px solid var(--grid); border-radius: 8px; padding: 10px 16px; }
.tiles dt { font-size: 13px; color: var(--muted); }
.tiles dd { margin: 0; font-size: 24px; font-weight: 650; font-variant-numeric: tabular-nums; }
.tiles small { font-size: 13px; font-weight: 400; color: var(--muted); }
@media print {
  :root { color-scheme: light; ${variables(LIGHT)} --page: #ffffff; }
  main { max-width: none; padding: 0; }
  figure, .tiles div, tr { break-inside: avoid; }
  h2 { break-after: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
