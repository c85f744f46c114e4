/** From run directories to pages and files. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { XMLValidator } from 'fast-xml-parser';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { refreshReport, runReport } from '../../../src/cli/run-report.js';
import {
  compareRuns,
  readComparedRun,
  renderComparison,
  renderReport,
  writePage,
} from '../../../src/report/index.js';
import { figureNames, standaloneSvg } from '../../../src/report/figure-file.js';
import { quantityOf, readMetrics } from '../../../src/report/metrics.js';
import { loadRasterizer } from '../../../src/report/rasterizer.js';
import { OUTPUTS, writeSampleRun, type SampleRun } from './sample-runs.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), 'dynabridge-report-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const comparison = (samples: readonly SampleRun[]) =>
  renderComparison(compareRuns(samples.map((sample) => readComparedRun(writeSampleRun(folder, sample)))));
const seeds = (count: number, sample: SampleRun = {}): SampleRun[] =>
  Array.from({ length: count }, (_, i) => ({ ...sample, seed: i + 1 }));
const headings = (text: string) =>
  [...text.matchAll(/<h[23][^>]*>([^<]*)<\/h[23]>/g)].map((match) => match[1]);
const thinLines = (text: string) => text.match(/stroke-width="0\.9"/g)?.length ?? 0;

describe('comparison page', () => {
  test('has a section per task with curves of all groups against steps and against time', () => {
    const { html, charts } = comparison([
      ...seeds(4),
      ...seeds(4, { algo: 'sac' }),
      { robot: 'arm', task: 'reach', algo: null },
    ]);
    expect(headings(html)).toEqual([
      'arm reach',
      'arm reach: return against real steps',
      'arm reach: return against wall clock',
      'arm reach: where the time went, mean over seeds',
      'cartpole-balance',
      'cartpole-balance: return against real steps',
      'cartpole-balance: return against wall clock',
      'cartpole-balance: where the time went, mean over seeds',
      'Runs',
    ]);
    expect(charts.map(({ title }) => title)).toEqual(headings(html).filter((title) => title!.includes(':')));
    for (const text of ['MBPO small</text>', 'SAC small</text>', 'goal 175</text>'])
      expect(html).toContain(text);
    expect(html).toContain('MBPO small: 4 seeds, which end at 10\u202f000 steps');
    expect(html).toContain('only where at least half of the seeds still run');
    expect(html).not.toMatch(/<script|NaN|undefined/);
  });

  test.each([
    [1, 0],
    [2, 2],
    [3, 3],
    [4, 0],
  ])('of %d seeds draws %d as thin lines, in each of the two plots', (count, lines) => {
    expect(thinLines(comparison(seeds(count)).html)).toBe(2 * lines);
  });

  test('says where seeds end that end at different steps', () => {
    const { html } = comparison([
      { seed: 1, steps: 4000 },
      { seed: 2, steps: 9000 },
    ]);
    expect(html).toContain('2 seeds, which end between 4\u202f000 and 9\u202f000 steps');
  });

  test('escapes what a run directory says', () => {
    const { html, charts } = comparison([{ preset: '<script>alert(1)</script>' }]);
    expect(html).not.toContain('<script');
    expect(html).toContain('MBPO &lt;script&gt;');
    for (const chart of charts) expect(XMLValidator.validate(standaloneSvg(chart))).toBe(true);
  });

  test('shares no id between plots', () => {
    const { html } = comparison([...seeds(2), { task: 'other' }]);
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('is the same for the same runs', () => {
    const runs = seeds(3).map((sample) => readComparedRun(writeSampleRun(folder, sample)));
    const once = renderComparison(compareRuns(runs)).html;
    expect(renderComparison(compareRuns([...runs].reverse())).html).toBe(once);
  });
});

describe('report of one run', () => {
  test('shows what the model is worth and where the time went', async () => {
    const { html } = renderReport(await runReport(writeSampleRun(folder)));
    for (const title of ['Calibration', 'Coverage of intervals', 'Open-loop prediction error [m]'])
      expect(headings(html)).toContain(title);
    expect(html).toMatch(/AUROC of the disagreement on states pushed outside<\/dt>\s*<dd>0\.87 /);
    expect(html).toContain('Outputs: 1 slider position, 2 pole position,');
    expect(html).toContain('Where the time went');
  });

  test('leaves out what the run did not record', async () => {
    const { html } = renderReport(await runReport(writeSampleRun(folder, { algo: 'sac' })));
    expect(headings(html)).toEqual([
      'Summary',
      'Learning',
      'Learning curve',
      'Training time',
      'Where the time went',
    ]);
  });

  test('is what train writes', async () => {
    const run = writeSampleRun(folder);
    expect(readFileSync(await refreshReport(run), 'utf8')).toBe(renderReport(await runReport(run)).html);
  });
});

describe('metrics', () => {
  test('read null as a number that is none, and pass over other kinds of rows', () => {
    const run = writeSampleRun(folder, { running: true });
    run.metrics.append({ kind: 'evaluation', step: 99_000, meanReturn: NaN, returns: [NaN] });
    run.metrics.append({ kind: 'weather', rain: true });
    expect(readMetrics(run).evaluation.at(-1)).toMatchObject({
      step: 99_000,
      meanReturn: NaN,
      returns: [NaN],
    });
  });

  test.each([
    ['evaluation', { step: 'ten', meanReturn: 1, returns: [] }, /evaluation row 21: step: .*"ten"/],
    ['evaluation', { step: 1, returns: [] }, /evaluation row 21: meanReturn/],
    [
      'model',
      { step: 1, outputs: OUTPUTS, holdoutRmse: [1], holdoutNll: [1] },
      /model row 21: row: .*differ in length/,
    ],
    ['time', { step: 1, environment: -1 }, /time row 2: environment/],
  ])('name the %s row and the field that are wrong: %o', (kind, fields, message) => {
    const run = writeSampleRun(folder);
    run.metrics.append({ kind, ...fields });
    expect(() => readMetrics(run)).toThrow(message);
    expect(() => readMetrics(run)).toThrow(run.metrics.path);
  });

  test('of a writer that was killed end with the last whole row', () => {
    const run = writeSampleRun(folder);
    appendFileSync(run.metrics.path, '{"kind":"evalu');
    expect(readMetrics(run).evaluation).toHaveLength(20);
  });

  test.each([
    ['pole position [rad]', { name: 'pole position', unit: 'rad' }],
    ['qpos[3]', { name: 'qpos[3]', unit: '' }],
    ['slip [-]', { name: 'slip', unit: '-' }],
  ])('output %s', (output, quantity) => expect(quantityOf(output)).toEqual(quantity));
});

describe('runs that cannot be compared', () => {
  test('without evaluation', () => {
    const run = writeSampleRun(folder, { steps: 0 });
    expect(() => readComparedRun(run)).toThrow(/has no evaluation in metrics\.jsonl.*leave it out/);
  });

  test('of an unknown algorithm', () => {
    const run = writeSampleRun(folder);
    writeFileSync(path.join(run.path, 'config.yaml'), 'algo: ppo\n');
    expect(() => readComparedRun(run)).toThrow(/config\.yaml: algo: .*"mbpo" \| "sac".*"ppo"/);
  });
});

describe('files of figures', () => {
  test('are named after the plots, each once, and lie beside the page', async () => {
    const page = comparison(seeds(2));
    const out = path.join(folder, 'out', 'deep');
    const written = await writePage(out, page);
    expect(readdirSync(out).sort()).toEqual(
      [...written.figures, written.report].map((file) => path.basename(file)).sort(),
    );
    expect(readdirSync(out)).toContain('cartpole-balance-return-against-real-steps.svg');
    expect(readFileSync(written.report, 'utf8')).toBe(page.html);
    const [chart] = page.charts;
    expect(figureNames([chart!, chart!, { ...chart!, title: '..//' }]).slice(1)).toEqual([
      'cartpole-balance-return-against-real-steps-2',
      'figure',
    ]);
  });

  test('replace those of before and leave no temporary file', async () => {
    const page = comparison(seeds(2));
    const { figures } = await writePage(folder, page);
    for (const file of figures) writeFileSync(file, 'old');
    await writePage(folder, page);
    for (const file of figures) expect(readFileSync(file).length).toBeGreaterThan(1000);
    expect(readdirSync(folder).filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  test('say when their folder cannot be made', async () => {
    writeFileSync(path.join(folder, 'file'), '');
    await expect(writePage(path.join(folder, 'file', 'out'), comparison([{}]))).rejects.toThrow(
      /out cannot be made: .*give another folder with --out/,
    );
  });

  test('stand alone: title, caption, and colours that need no page', () => {
    for (const chart of comparison(seeds(2)).charts) {
      const svg = standaloneSvg(chart);
      expect(XMLValidator.validate(svg)).toBe(true);
      expect(svg).toMatch(/font-weight="600"[^>]*>\s*cartpole-balance: [^<]+<\/text/);
      expect(svg).toContain('#0072b2');
      expect(svg).not.toContain('var(');
    }
  });

  test('as PNG have twice the size, and text although no font of the system is used', async (context) => {
    const rasterizer = await loadRasterizer();
    if (typeof rasterizer !== 'function') return context.skip(rasterizer.missing);
    const [chart] = comparison(seeds(2)).charts;
    const svg = standaloneSvg(chart!);
    const png = Buffer.from(rasterizer(svg));
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number);
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * width!, 2 * height!]);
    const wordless = rasterizer(svg.replace(/<text[\s\S]*?<\/text>/g, ''));
    expect(png.length).toBeGreaterThan(1.5 * wordless.length);
  });
});
