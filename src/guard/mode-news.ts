import type { EventMessage } from '../io/ipc/index.js';
import type { Fault, GateMode, GateState, Owner } from '../safety/index.js';

/** What has changed of mode, fault and owner since it was told last. */
export class ModeNews {
  private mode: GateMode;
  private fault: Fault | null;
  private owner: Owner = 'hold';
  private changed = false;

  /** @param start not told */
  constructor(
    start: Pick<GateState, 'mode' | 'fault'>,
    private readonly tell: (kind: string, detail: EventMessage['detail']) => void,
  ) {
    this.mode = start.mode;
    this.fault = start.fault;
  }

  /** Tells a new mode and a new fault. @returns whether the mode was active and is no more */
  ofGate({ mode, fault }: Pick<GateState, 'mode' | 'fault'>): boolean {
    const { mode: from, fault: before } = this;
    this.mode = mode;
    this.fault = fault;
    this.changed = mode !== from || fault !== before;
    if (mode !== from) this.tell('mode', { from, to: mode });
    if (fault && fault !== before)
      this.tell('fault', { check: fault.check, message: fault.message, clearedBy: fault.clearedBy });
    return from === 'active' && mode !== from;
  }

  /** @returns whether that, or what {@link ofGate} was given before, is new */
  ofOwner(owner: Owner): boolean {
    const changed = this.changed || owner !== this.owner;
    this.owner = owner;
    return changed;
  }
}
