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

/** Room for labels; with a legend of `legendRows` rows above. */
export function grid(legendRows = 1) {
  return { left: 62, right: 22, top: 14 + 22 * legendRows, bottom: 46 };
}
