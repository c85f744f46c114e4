import { fileURLToPath } from 'node:url';

import type { Resvg } from '@resvg/resvg-js';

import { packageRoot } from '../core/index.js';

/** pixels of the PNG per pixel of the SVG */
const SCALE = 2;
/** resvg draws no text without a font, and a machine need not have one; see fonts/README.md */
const FONT_FILES = ['Inter-Regular.ttf', 'Inter-SemiBold.ttf'];

export type Rasterizer = (svg: string) => Uint8Array;

/**
 * What turns SVG into PNG, the same on every machine: only our own fonts are used.
 * @returns why there is none, where the package's library for this platform is not installed
 */
export async function loadRasterizer(): Promise<Rasterizer | { readonly missing: string }> {
  let resvg: typeof Resvg;
  try {
    ({ Resvg: resvg } = await import('@resvg/resvg-js'));
  } catch (error) {
    return { missing: (error as Error).message.split('\n')[0]! };
  }
  const fontFiles = FONT_FILES.map((name) =>
    fileURLToPath(new URL(`src/report/fonts/${name}`, packageRoot())),
  );
  const options = {
    fitTo: { mode: 'zoom' as const, value: SCALE },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: 'Inter', sansSerifFamily: 'Inter' },
  };
  return (svg) => new resvg(svg, options).render().asPng();
}
