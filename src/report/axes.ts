import type { XAXisComponentOption, YAXisComponentOption } from 'echarts';

import { FONT_SIZE } from './chart.js';
import { shortNumber } from './numbers.js';
import { COLOURS } from './theme.js';

interface AxisChoice {
  readonly name: string;
  readonly min?: number;
  readonly max?: number;
  readonly log?: boolean;
  readonly splits?: number;
  /** min, max or both are what the data happen to be: no labels for them */
  readonly ragged?: 'max' | 'both';
}

function base({ name, min, max, log, splits, ragged }: AxisChoice) {
  const ends = {
    ...(ragged === 'both' ? { showMinLabel: false } : {}),
    ...(ragged === undefined ? {} : { showMaxLabel: false }),
  };
  return {
    type: log === true ? ('log' as const) : ('value' as const),
    name,
    nameLocation: 'middle' as const,
    nameTextStyle: { color: COLOURS.muted, fontSize: FONT_SIZE },
    axisLine: { show: true, onZero: false, lineStyle: { color: COLOURS.line } },
    axisTick: { show: true, lineStyle: { color: COLOURS.line } },
    axisLabel: { color: COLOURS.muted, fontSize: FONT_SIZE, formatter: shortNumber, ...ends },
    minorSplitLine: { show: log === true, lineStyle: { color: COLOURS.grid, width: 0.6 } },
    minorTick: { show: log === true, splitNumber: 9, length: 2, lineStyle: { color: COLOURS.line } },
    splitLine: { lineStyle: { color: COLOURS.grid } },
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    ...(splits === undefined ? {} : { splitNumber: splits }),
  };
}

/** A horizontal axis; its name holds the unit. */
export function xAxis(choice: AxisChoice): XAXisComponentOption {
  return { ...base(choice), nameGap: 26, splitLine: { show: false } };
}

/** A horizontal axis of named places at 0, 1, 2, ...; unlike on a category axis, data may lie beside them. */
export function placeAxis(name: string, places: readonly string[]): XAXisComponentOption {
  const { axisTick, axisLabel, ...rest } = base({ name, min: -0.5, max: places.length - 0.5 });
  const customValues = places.map((_, i) => i);
  return {
    ...rest,
    type: 'value',
    nameGap: 26,
    splitLine: { show: false },
    axisTick: { ...axisTick, customValues },
    axisLabel: { ...axisLabel, customValues, formatter: (at: number) => places[at] ?? '' },
  };
}

/** A vertical axis that need not include zero. */
export function yAxis(choice: AxisChoice): YAXisComponentOption {
  return { ...base(choice), nameGap: 46, scale: true };
}

/** For legends of lines without points. */
export const PLAIN_LINE = 'path://M0 4h18v2h-18z';

/** A legend above the plot, left-aligned with it. */
export function legend(names: readonly (string | { name: string; icon: string })[]) {
  return {
    data: [...names],
    top: 0,
    left: 56,
    itemWidth: 18,
    itemHeight: 9,
    itemGap: 18,
    textStyle: { color: COLOURS.ink, fontSize: FONT_SIZE },
  };
}

/** Rows that a legend takes in a plot of this width [px]; by the mean width of a character, on the generous side. */
export function legendRows(names: readonly string[], width: number): number {
  const room = width - 56;
  let rows = 1;
  let used = 0;
  for (const name of names) {
    const item = 18 + 5 + name.length * 5.8;
    if (used > 0 && used + item > room) {
      rows++;
      used = 0;
    }
    used += item + 18;
  }
  return rows;
}

/** Of a legend with so many rows [px]. */
export function legendHeight(rows: number): number {
  return rows === 0 ? 0 : 22 + 30 * (rows - 1);
}

/** Room for labels; with a legend of `rows` rows above. */
export function grid(rows = 1) {
  return { left: 62, right: 22, top: 14 + legendHeight(rows), bottom: 46 };
}

/**
 * A horizontal line with its name and value, for `markLine`.
 * @param end where the label stands; a learning curve is low on the left and high on the right
 */
export function referenceLine(name: string, value: number, colour: string, end: 'Start' | 'End') {
  return {
    yAxis: value,
    name,
    label: {
      formatter: `${name} ${shortNumber(value)}`,
      position: `inside${end}Top` as const,
      color: colour,
      fontSize: FONT_SIZE,
    },
    lineStyle: { color: colour, type: 'dashed' as const, width: 1.3 },
  };
}

/** Ends of an axis around the finite values, rounded outwards so that they are readable numbers. */
export function readableRange(values: readonly number[]): { min: number; max: number } {
  const finite = values.filter((value) => Number.isFinite(value));
  if (finite.length === 0) return { min: 0, max: 1 };
  const low = Math.min(...finite);
  const high = Math.max(...finite);
  const padding = (high - low || 1) * 0.06;
  const unit = 10 ** Math.floor(Math.log10(high > low ? high - low : 1)) / 2;
  return { min: Math.floor((low - padding) / unit) * unit, max: Math.ceil((high + padding) / unit) * unit };
}
