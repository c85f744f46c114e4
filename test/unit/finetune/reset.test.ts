import { expect, it } from 'vitest';
import { parseReset } from '../../../src/finetune/index.js';

it.each(['manual', 'start', 'none'] as const)('knows %s', (kind) => {
  expect(parseReset(kind)).toEqual({ kind });
});

it.each(['/twin/reset', '/cell_2/feeder/Put_back'])('takes %s for a service', (service) => {
  expect(parseReset(service)).toEqual({ kind: 'service', service });
});

it.each([
  'foo',
  '',
  'twin/reset',
  '/',
  '/twin/',
  '//reset',
  '/2nd/reset',
  '/twin/reset now',
  '~/reset',
  'Manual',
])("refuses '%s' and says what is wanted", (text) => {
  expect(() => parseReset(text)).toThrow(
    `--reset '${text}': expected manual, start, none, or the name of a std_srvs/srv/Trigger service such as /twin/reset`,
  );
});
