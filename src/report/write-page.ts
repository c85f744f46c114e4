import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { badInput } from '../core/index.js';
import { writeFileAtomic } from '../data/index.js';
import { figureNames, standaloneSvg } from './figure-file.js';
import type { Page } from './page.js';
import { loadRasterizer } from './rasterizer.js';

export interface WrittenPage {
  /** of report.html */
  readonly report: string;
  /** of the SVG and PNG files */
  readonly figures: readonly string[];
  /** why there are no PNG files; absent when there are */
  readonly pngMissing?: string;
}

/**
 * Writes report.html and beside it every plot as SVG and PNG. Each file is replaced in one step; the folder is made.
 * @throws DynabridgeError BAD_INPUT when the folder cannot be made
 */
export async function writePage(folder: string, { html, charts }: Page): Promise<WrittenPage> {
  const rasterizer = await loadRasterizer();
  const names = figureNames(charts);
  const files = charts.flatMap((chart, i): [string, string | Uint8Array][] => {
    const svg = standaloneSvg(chart);
    const files: [string, string | Uint8Array][] = [[`${names[i]!}.svg`, svg]];
    if (typeof rasterizer === 'function') files.push([`${names[i]!}.png`, rasterizer(svg)]);
    return files;
  });
  makeFolder(folder);
  for (const [name, content] of files) writeFileAtomic(join(folder, name), content);
  const report = join(folder, 'report.html');
  writeFileAtomic(report, html);
  return {
    report,
    figures: files.map(([name]) => join(folder, name)),
    ...(typeof rasterizer === 'function' ? {} : { pngMissing: rasterizer.missing }),
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw badInput(`${folder} cannot be made: ${(error as Error).message}; give another folder with --out`, {
      folder,
    });
  }
}
