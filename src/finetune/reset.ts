import { badInput } from '../core/index.js';

/** How a robot comes back to a start between two episodes. */
export type Reset =
  /** a person puts it back, and says so */
  | { readonly kind: 'manual' }
  /** the commanded joints are driven to a start of the task, through the gate */
  | { readonly kind: 'start' }
  /** std_srvs/srv/Trigger that puts it back, e.g. of its twin, or of a feeder */
  | { readonly kind: 'service'; readonly service: string }
  /** not at all: the next episode begins where the last one ended */
  | { readonly kind: 'none' };

/** @throws BAD_INPUT for anything else than `manual`, `start`, `none` or the absolute name of a service */
export function parseReset(text: string): Reset {
  if (text === 'manual' || text === 'start' || text === 'none') return { kind: text };
  if (/^(\/[A-Za-z][A-Za-z0-9_]*)+$/.test(text)) return { kind: 'service', service: text };
  throw badInput(
    `--reset '${text}': expected manual, start, none, or the name of a std_srvs/srv/Trigger service such as /twin/reset`,
    { reset: text },
  );
}
