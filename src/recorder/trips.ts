import type { EventMessage } from '../io/ipc/index.js';

/** Why the last seconds are worth keeping. */
export interface Trip {
  /** short, part of the file's name */
  readonly cause: string;
  /** for people */
  readonly message: string;
  readonly clearedBy: string;
}

type Detail = EventMessage['detail'];

/**
 * Every event of the guard that is a trip, by its kind; null: this one is not. The end of the guard's connection without a goodbye
 * is one besides, see {@link GUARD_LOST}. Ends that were asked for (Ctrl+C, ~/release, the operator's button) are none.
 */
const TRIPS: Readonly<Record<string, (detail: Detail) => Trip | null>> = {
  // latched by the gate, e-stop included, or found by the guard (another writer)
  fault: ({ check, message, clearedBy }) => ({
    cause: text(check),
    message: text(message),
    clearedBy: clearedBy === undefined ? 'end what it names, then call ~/engage' : text(clearedBy),
  }),
  'agent-silent': ({ silentMs }) => ({
    cause: 'agent-silent',
    message: `the agent answered nothing for ${Number(silentMs).toFixed(0)} ms and lost its authority`,
    clearedBy: 'call ~/engage once it answers; see the load of the machine',
  }),
  'agent-lost': () => ({
    cause: 'agent-lost',
    message: 'the agent process ended',
    clearedBy: 'end this run and start it anew; its last words are on the terminal',
  }),
  teleop: ({ event }) =>
    event === 'lost'
      ? {
          cause: 'operator-lost',
          message: 'the operator drove and was not heard any more',
          clearedBy:
            'check cable and device, let go of the enable button and press it with the sticks at rest',
        }
      : null,
  'state-lost': ({ message }) => ({
    cause: 'state-lost',
    message: text(message),
    clearedBy: 'call ~/engage once joint states come again; check the driver and the network',
  }),
  'supervisor-lost': () => ({
    cause: 'supervisor-lost',
    message: 'the supervisor ended, so the guard stopped the robot',
    clearedBy: 'start the run anew',
  }),
};

/** The guard died, or was fenced by the supervisor because it stalled. */
export const GUARD_LOST: Trip = {
  cause: 'guard-lost',
  message: 'the guard ended without a goodbye: it died, or it stalled and was fenced',
  clearedBy: 'start the run anew; the emergency stop is in events.jsonl',
};

/** @returns null for an event that is no trip */
export function tripOf({ kind, detail }: Pick<EventMessage, 'kind' | 'detail'>): Trip | null {
  return Object.hasOwn(TRIPS, kind) ? TRIPS[kind]!(detail) : null;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
