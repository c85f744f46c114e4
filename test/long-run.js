/** `node test/long-run.js <test file> <amount> [seed]`: runs one test file for longer. Without a seed it draws one, and prints it. */
import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';

const [file, amount, seed = String(randomInt(2 ** 31))] = process.argv.slice(2);
if (!(Number(amount) >= 1) || !Number.isInteger(Number(seed))) {
  console.error(`usage: npm run properties|fuzz:wire -- <amount> [seed]`);
  process.exit(2);
}
console.log(`${file}: amount ${Number(amount)}, seed ${seed}`);
const { status } = spawnSync(
  'npx',
  ['vitest', 'run', '--project', 'unit', '--disable-console-intercept', '--reporter', 'verbose', file],
  { stdio: 'inherit', env: { ...process.env, LONG_RUN_AMOUNT: String(Number(amount)), LONG_RUN_SEED: seed } },
);
process.exitCode = status ?? 1;
