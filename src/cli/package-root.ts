import { existsSync } from 'node:fs';

/** The folder of package.json as a URL ending in '/', whether this runs from src or from dist. */
export const packageRoot: URL = (() => {
  let folder = new URL('./', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) folder = new URL('../', folder);
  return folder;
})();
