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
}

function base({ name, min, max, log, splits }: AxisChoice) {
  return {
    type: log === true ? ('log' as const) : ('value' as const),
    name,
    nameLocation: 'middle' as const,
    nameTextStyle: { color: COLOURS.muted, fontSize: FONT_SIZE },
    axisLine: { show: true, onZero: false, lineStyle: { color: COLOURS.line } },
    axisTick: { show: true, lineStyle: { color: COLOURS.line } },
    axisLabel: { color: COLOURS.muted, fontSize: FONT_SIZE, formatter: shortNumber },
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

/** A legend above the plot, left-aligned with it. */
export function legend(names: readonly string[]) {
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
