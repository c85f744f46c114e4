import { describe, expect, it } from 'vitest';
import { Operators, type OperatorSource } from '../../../src/guard/operator-source.js';
import { followOperator, type ArbiterState, type OperatorInput } from '../../../src/safety/index.js';

const HELD: OperatorInput = { enable: true, neutral: true, expiresNs: 100n };
const RELEASED: OperatorInput = { ...HELD, enable: false };

/** A source whose end the test holds. */
class Source implements OperatorSource {
  linked = false;
  at: OperatorInput | null = RELEASED;
  stopped = false;
  constructor(readonly name: string) {}
  input(): OperatorInput | null {
    return this.at;
  }
  whyIdle(): string {
    return `${this.name} is idle`;
  }
  begin(): void {}
  proposal(): null {
    return null;
  }
  async stop(): Promise<void> {
    this.stopped = true;
    return Promise.resolve();
  }
}

function setUp() {
  const [device, jog] = [new Source('device'), new Source('jog')];
  const operators = new Operators([device, jog]);
  let state: ArbiterState = { owner: 'hold', released: false };
  const follow = () => {
    const step = followOperator(state, operators.input(0n), 0n);
    state = step.state;
    return step.event;
  };
  return { device, jog, operators, follow, owner: () => state.owner };
}

describe('the operator', () => {
  it('is at the first source that is linked', () => {
    const { device, jog, operators } = setUp();
    expect(operators.input(0n)).toBeNull();
    expect(operators.active).toBeNull();
    expect(operators.whyIdle()).toBe('device is idle');
    jog.linked = true;
    operators.input(0n);
    expect(operators.input(0n)).toBe(jog.at);
    expect(operators.whyIdle()).toBe('jog is idle');
    device.linked = true;
    operators.input(0n);
    expect(operators.input(0n)).toBe(device.at);
    expect(operators.active).toBe(device);
  });

  it('loses authority when another source takes precedence, and a button held there takes nothing', () => {
    const { device, jog, follow, owner } = setUp();
    jog.linked = true;
    follow();
    follow();
    jog.at = HELD;
    expect(follow()).toBe('taken');
    device.at = HELD;
    device.linked = true;
    expect(follow()).toBe('lost');
    expect(follow()).toBeUndefined();
    expect(owner()).toBe('hold');
    device.at = RELEASED;
    follow();
    device.at = HELD;
    expect(follow()).toBe('taken');
  });

  it('does not get authority back by the other source when the one that drove is gone', () => {
    const { device, jog, follow, owner } = setUp();
    device.linked = jog.linked = true;
    follow();
    follow();
    device.at = jog.at = HELD;
    expect(follow()).toBe('taken');
    device.linked = false;
    expect(follow()).toBe('lost');
    expect(follow()).toBeUndefined();
    expect(owner()).toBe('hold');
  });

  it('of no source at all says nothing, and all are stopped in the end', async () => {
    expect(new Operators([]).whyIdle()).toBeNull();
    const { device, jog, operators } = setUp();
    await operators.stop();
    expect([device.stopped, jog.stopped]).toEqual([true, true]);
  });
});
