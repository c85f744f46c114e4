import { BarChart, CustomChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent } from 'echarts/components';
import { init, use, type ComposeOption } from 'echarts/core';
import type {
  BarSeriesOption,
  CustomSeriesOption,
  LineSeriesOption,
  ScatterSeriesOption,
} from 'echarts/charts';
import type { GridComponentOption, LegendComponentOption } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

import { html, trusted, type Markup } from './html.js';
import { COLOURS, SERIES_COLOURS, themed } from './theme.js';

use([
  BarChart,
  CustomChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  SVGRenderer,
]);

type ChartOption = ComposeOption<
  | BarSeriesOption
  | CustomSeriesOption
  | LineSeriesOption
  | ScatterSeriesOption
  | GridComponentOption
  | LegendComponentOption
>;

export interface Chart {
  readonly title: string;
  /** what is drawn, how it was measured; also read out to those who cannot see it */
  readonly caption: string;
  /** [px] at the page's full or half width */
  readonly width: number;
  readonly height: number;
  readonly option: ChartOption;
}

export const FULL_WIDTH = 1000;
export const HALF_WIDTH = 490;
/** of everything within plots [px] */
export const FONT_SIZE = 12;

export const FONT = 'system-ui, sans-serif';

/** A plot as an HTML figure with inline SVG: no script, no link, the same bytes for the same data. */
export function figure(chart: Chart): Markup {
  return html`<figure>
    <h3>${chart.title}</h3>
    <figcaption>${chart.caption}</figcaption>
    ${trusted(chartSvg(chart), [chart])}
  </figure>`;
}

/** The plot alone, in the page's colours (CSS variables). */
export function chartSvg({ title, caption, width, height, option }: Chart): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption({
      animation: false,
      color: [...SERIES_COLOURS],
      backgroundColor: 'transparent',
      textStyle: { fontFamily: FONT, fontSize: FONT_SIZE, color: COLOURS.ink },
      ...option,
    });
    return finished(themed(chart.renderToSVGString()), title, caption);
  } finally {
    chart.dispose();
  }
}

/** Names the picture; drops what is for scripts, what is invisible, and what differs from one rendering to the next. */
function finished(svg: string, title: string, caption: string): string {
  const label = html`<title>${title}</title><desc>${caption}</desc>`.text;
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ class="zr\d+-cls-\d+"/g, '')
    .replace(/ pointer-events="[a-z]+"/g, '')
    .replace(/ ecmeta_[a-z_]+="[^"]*"/g, '')
    .replace(/<path [^>]*fill-opacity="0"[^>]*stroke-width="0"[^>]*><\/path>/g, '') // boxes around legends
    .replace(/ fill="#000"/g, '') // of clip paths, whose colour does not matter
    .replace(/zr\d+-/g, `${slug(title)}-`)
    .replace(/^<svg ([^>]*)>/, `<svg role="img" $1>${label}`);
}

/** Part of an id; different titles give different slugs. */
function slug(title: string): string {
  return title.replace(/[^A-Za-z0-9]/g, (character) => `-${character.charCodeAt(0).toString(16)}-`);
}
