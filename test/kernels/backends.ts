import { describe, beforeAll } from 'vitest';
import { selectBackend, type BackendName } from '../../src/compute/index.js';
import { loadAddon } from '../../src/compute/native/addon.js';

type Tested = Extract<BackendName, 'cpu' | 'wasm' | 'native'>;

/** The same suite on each backend; one that is missing here is skipped, and its title says why. */
export function describeOn(
  backends: readonly Tested[],
  title: string,
  suite: (backend: Tested) => void,
): void {
  for (const backend of backends) {
    const missing = backend === 'native' ? whyNoAddon() : undefined;
    const skipped = missing === undefined ? '' : `, SKIPPED: ${missing}`;
    describe.skipIf(missing !== undefined)(`${title} on the ${backend} backend${skipped}`, () => {
      beforeAll(async () => {
        await selectBackend(backend);
      });
      suite(backend);
    });
  }
}

function whyNoAddon(): string | undefined {
  const loaded = loadAddon();
  return 'missing' in loaded ? loaded.missing : undefined;
}
