import { elapsedMs } from '../core/index.js';

/** A stick goes to its end in this time while a key repeats [ms], and back to its middle in this. */
const RAMP_MS = 500;
const SPRING_MS = 200;
/** A key counts as held for so long after it was heard: terminals repeat a key some 10 to 40 times a second. */
const HELD_MS = 150;
/** Enable is let go when no key was pressed for so long: a terminal cannot tell that nobody is there any more. */
const IDLE_MS = 10_000;

/** What keys do to sticks and enable button. A terminal tells that a key is pressed, not that it is let go. */
export class KeyboardSticks {
  /** in [-1, 1] */
  readonly axes: number[];
  enable = false;
  /** what left and right move; up and down move the next one */
  chosen = 0;
  private readonly pushed: { direction: number; untilNs: bigint }[];
  private lastKeyNs = 0n;
  private nowNs: bigint | undefined;

  constructor(axes: number) {
    this.axes = Array.from({ length: axes }, () => 0);
    this.pushed = this.axes.map(() => ({ direction: 0, untilNs: 0n }));
  }

  /** @param name of the key, as node:readline names it. @returns whether it is one of ours */
  press(name: string, nowNs: bigint): boolean {
    this.lastKeyNs = nowNs;
    const number = /^[1-9]$/.test(name) ? Number(name) : NaN;
    if (number <= this.axes.length) this.chosen = number - 1;
    else if (name === 'space') this.enable = !this.enable;
    else if (Object.hasOwn(DIRECTIONS, name)) {
      const [offset, direction] = DIRECTIONS[name as keyof typeof DIRECTIONS];
      this.push(offset, direction, nowNs);
    } else return false;
    return true;
  }

  /** Moves the sticks on to now; to be called every few milliseconds. */
  advance(nowNs: bigint): void {
    const passedMs = elapsedMs(this.nowNs ?? nowNs, nowNs);
    this.nowNs = nowNs;
    if (elapsedMs(this.lastKeyNs, nowNs) > IDLE_MS) this.enable = false;
    this.pushed.forEach(({ direction, untilNs }, i) => {
      const goal = nowNs < untilNs ? direction : 0;
      const step = passedMs / (goal === 0 ? SPRING_MS : RAMP_MS);
      this.axes[i] = towards(this.axes[i]!, goal, step);
    });
  }

  private push(offset: number, direction: number, nowNs: bigint): void {
    const axis = (this.chosen + offset) % this.axes.length;
    this.pushed[axis] = { direction, untilNs: nowNs + BigInt(HELD_MS) * 1_000_000n };
  }
}

/** key -> axis beyond the chosen one, direction */
const DIRECTIONS = {
  left: [0, -1],
  right: [0, 1],
  down: [1, -1],
  up: [1, 1],
  a: [0, -1],
  d: [0, 1],
  s: [1, -1],
  w: [1, 1],
} as const;

function towards(value: number, goal: number, step: number): number {
  return Math.abs(goal - value) <= step ? goal : value + Math.sign(goal - value) * step;
}
