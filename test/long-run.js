/** `node test/long-run.js <test file>... <amount> [seed]`: runs test files for longer. Without a seed it draws one, and prints it. */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

const files = process.argv.slice(2).filter((word) => word.endsWith('.test.ts'));
const [amount, seed = String(randomInt(2 ** 31))] = process.argv.slice(2 + files.length);
if (!(Number(amount) >= 1) || !Number.isInteger(Number(seed))) {
  console.error('usage: npm run properties -- <ticks> [seed], or npm run fuzz:wire -- <messages> [seed]');
  process.exit(2);
}
console.log(`${files.join(', ')}: amount ${Number(amount)}, seed ${seed}`);
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--project', 'unit', '--disable-console-intercept', '--reporter', 'verbose', ...files],
  { stdio: 'inherit', env: { ...process.env, LONG_RUN_AMOUNT: String(Number(amount)), LONG_RUN_SEED: seed } },
);
process.exitCode = status ?? 1;
