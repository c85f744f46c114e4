import { XMLValidator } from 'fast-xml-parser';
import { expect, test } from 'vitest';

import { renderReport, type ReportData } from '../../../src/report/index.js';
import { sampleReport } from './sample-report.js';

const whole = sampleReport();
const page = renderReport(whole).html;
const headings = (text: string) => [...text.matchAll(/<h2[^>]*>([^<]*)<\/h2>/g)].map((match) => match[1]);
const svgs = (text: string) => text.match(/<svg [\s\S]*?<\/svg>/g) ?? [];

test('has every section, in order', () => {
  expect(headings(page)).toEqual(['Summary', 'Learning', 'World model', 'Bridge', 'Training time', 'Events']);
});

test.each([
  ['summary', 'Summary'],
  ['learning', 'Learning'],
  ['model', 'World model'],
  ['bridge', 'Bridge'],
  ['trainingTime', 'Training time'],
  ['events', 'Events'],
] as const)('leaves out %s alone when it is absent', (key, heading) => {
  const { [key]: _absent, ...rest } = whole;
  expect(headings(renderReport(rest).html)).toEqual(headings(page).filter((name) => name !== heading));
});

test('leaves out sections whose data are empty', () => {
  const empty: ReportData = {
    header: whole.header,
    summary: [],
    learning: { episodes: [] },
    model: { dimensions: [], points: [] },
    trainingTime: [{ label: 'nothing', seconds: 0 }],
    events: [],
  };
  expect(headings(renderReport(empty).html)).toEqual([]);
});

test('says what ran: robot, task, seed, time, versions, command line', () => {
  const { header } = whole;
  for (const text of [header.robot, header.task, `seed ${header.seed}`, header.created, header.commandLine]) {
    expect(page).toContain(text);
  }
  for (const [name, version] of Object.entries(header.versions)) {
    expect(page).toMatch(new RegExp(`<dt>${name}</dt>\\s*<dd>${version}</dd>`));
  }
});

test('is one file: no script, nothing to load', () => {
  expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\((?!#)/i);
  expect(page).not.toMatch(/\s(?:src|on[a-z]+)=/i);
  const addresses = [...page.matchAll(/https?:[^"'\s<)]*/g)].map((match) => match[0]);
  expect(new Set(addresses)).toEqual(new Set(['http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink']));
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
});

test('escapes every text', () => {
  const evil = `</title><script>alert("1" & '2')</script>`;
  const marked = JSON.parse(JSON.stringify(whole), (_key, value: unknown) =>
    typeof value === 'string' && value !== 'good' && value !== 'bad' ? evil : value,
  ) as ReportData;
  const bridge = { ...whole.bridge!, motion: { ...whole.bridge!.motion!, title: evil } };
  const text = renderReport({ ...marked, bridge }).html;
  expect(text).not.toContain('<script');
  expect(text).not.toContain(evil);
  expect(text).toContain('&lt;/title&gt;&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;');
  for (const svg of svgs(text)) expect(XMLValidator.validate(svg)).toBe(true);
});

test('every plot is well-formed SVG with a name and a description', () => {
  const plots = svgs(page).filter((svg) => svg.includes('role="img"'));
  expect(plots).toHaveLength(1 + 5 + 2 + 4 + 1);
  for (const plot of plots) {
    expect(XMLValidator.validate(plot)).toBe(true);
    expect(plot).toMatch(/<title>[^<]+<\/title><desc>[^<]+<\/desc>/);
  }
});

test('takes all colours of plots from the page, so that dark pages and print work', () => {
  for (const svg of svgs(page)) {
    expect(svg).toContain('var(--');
    expect(svg.match(/(?:#[0-9a-f]{3,8}\b(?!;)|rgba?\()/gi) ?? []).toEqual([]);
  }
  expect(page).toContain('prefers-color-scheme: dark');
  expect(page).toContain('@media print');
});

test('no two elements share an id, so no plot is clipped by another', () => {
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
  expect(new Set(ids).size).toBe(ids.length);
});

test('joints whose names differ by punctuation only do not share ids either', () => {
  const [first] = whole.bridge!.motion!.joints;
  const joints = ['a_b', 'a-b', 'a b'].map((name) => ({ ...first!, name }));
  const bridge = { ...whole.bridge!, motion: { ...whole.bridge!.motion!, joints } };
  const ids = [...renderReport({ header: whole.header, bridge }).html.matchAll(/\sid="([^"]+)"/g)].map(
    (match) => match[1],
  );
  expect(ids.length).toBeGreaterThan(3);
  expect(new Set(ids).size).toBe(ids.length);
});

test('the same data give the same bytes', () => {
  expect(renderReport(sampleReport()).html).toBe(page);
});

test('draws the random policy and the goal as named lines', () => {
  expect(page).toContain('random policy 13.2');
  expect(page).toContain('goal 175');
});

test('states percentiles in words and marks them in the plot', () => {
  expect(page).toMatch(/20\u202f000 values: p50 10\.\d{3} ms, p99 10\.\d{3} ms, max 13\.\d{3} ms/);
  for (const name of ['p50', 'p99', 'max']) expect(page).toMatch(new RegExp(`>${name}</text>`));
});

test('violations are marked as bad, none as good', () => {
  const violated = renderReport({ ...whole, bridge: { ...whole.bridge!, violations: 2 } }).html;
  expect(page).toContain('<dd class="good">0</dd>');
  expect(violated).toContain('<dd class="bad">2</dd>');
});

test('survives NaN, infinities and single points', () => {
  const odd: ReportData = {
    header: whole.header,
    learning: { episodes: [{ step: 0, return: NaN }], evaluations: [{ step: 0, mean: 5 }] },
    model: { dimensions: [{ name: 'x', unit: 'm' }], points: [{ step: 1, rmse: [0], nll: NaN }] },
    bridge: {
      loopPeriodMs: [10],
      latencyMs: [NaN],
      commandsSent: 0,
      commandsLimited: 0,
      violations: 0,
      motion: {
        title: 'e',
        timeS: [0],
        joints: [
          { name: 'a', unit: 'rad', positions: [NaN], positionLimits: { min: -Infinity, max: Infinity } },
        ],
      },
    },
  };
  const text = renderReport(odd).html;
  expect(headings(text)).toEqual(['Learning', 'World model', 'Bridge']);
  expect(text).not.toContain('State-to-command latency'); // no finite value, no plot
  expect(text).not.toMatch(/[ "(,]NaN/);
});

test('of very many events the last are shown and the rest is said to be left out', () => {
  const events = Array.from({ length: 1000 }, (_, i) => ({ timeS: i, kind: 'tick', text: `event ${i}.` }));
  const text = renderReport({ header: whole.header, events }).html;
  expect(text).toContain('The first 700 of 1\u202f000 events');
  expect(text).not.toContain('event 699.');
  expect(text).toContain('event 700.');
});
