import { writeFileAtomic } from '../data/index.js';
import type { Chart } from './chart.js';
import { stackedSvg } from './figure-file.js';
import { loadRasterizer } from './rasterizer.js';

export interface WrittenFigure {
  /** of the SVG and PNG files */
  readonly figures: readonly string[];
  /** why there is no PNG file; absent when there is */
  readonly pngMissing?: string;
}

/** Writes plots under each other as `<stem>.svg` and `<stem>.png`. Each file is replaced in one step. */
export async function writeFigure(stem: string, charts: readonly Chart[]): Promise<WrittenFigure> {
  const rasterizer = await loadRasterizer();
  const svg = stackedSvg(charts);
  writeFileAtomic(`${stem}.svg`, svg);
  if (typeof rasterizer !== 'function') return { figures: [`${stem}.svg`], pngMissing: rasterizer.missing };
  writeFileAtomic(`${stem}.png`, rasterizer(svg));
  return { figures: [`${stem}.svg`, `${stem}.png`] };
}
