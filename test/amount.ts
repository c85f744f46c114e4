/**
 * Long runs of tests that draw at random: `node test/long-run.js` sets what is read here. Without it, a test takes
 * its own short amount, and another seed every time.
 */
const { LONG_RUN_AMOUNT, LONG_RUN_SEED } = process.env;

/** How much is asked for; undefined in a short run. */
export const AMOUNT = LONG_RUN_AMOUNT === undefined ? undefined : Number(LONG_RUN_AMOUNT);

export const SEED = LONG_RUN_SEED === undefined ? undefined : Number(LONG_RUN_SEED);

/** Prints figures of a long run, but for those that were not met (-1 and -Infinity: nothing was near a limit of the kind). */
export function report(what: string, figures: Readonly<Record<string, number>>): void {
  if (AMOUNT === undefined) return;
  const words = Object.entries(figures)
    .filter(([, value]) => value !== -1 && value !== -Infinity)
    .map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`);
  console.log(`${what}: ${words.join(', ')}`);
}
