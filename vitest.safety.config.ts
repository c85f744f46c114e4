import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Coverage (`npm run coverage`) and mutation testing (`npm run mutation`) of the gate and of the robot's description, by their own
 * tests. The property tests are left out of the latter: they take most of the time and kill little that the others do not.
 * MUTATION_TESTS=test/safety runs one folder's tests only, which is enough for its own files and quicker; MUTATION_SKIP leaves out
 * test files (a comma between them). A mutant is tested without isolating the test files from each other: the tests keep no state
 * between files, and to import everything anew for each file takes longer than most tests.
 */
const { STRYKER_MUTATOR_WORKER, MUTATION_TESTS, MUTATION_SKIP } = process.env;
const mutating = STRYKER_MUTATOR_WORKER !== undefined;
const slow = mutating ? ['test/safety/properties.test.ts', ...(MUTATION_SKIP?.split(',') ?? [])] : [];

export default defineConfig({
  test: {
    include: (MUTATION_TESTS ?? 'test/safety,test/unit/robot')
      .split(',')
      .map((tests) => `${tests}/**/*.test.ts`),
    exclude: [...configDefaults.exclude, ...slow],
    testTimeout: 60_000,
    maxWorkers: 2,
    isolate: !mutating,
    coverage: {
      provider: 'v8',
      include: ['src/safety/**/*.ts', 'src/robot/**/*.ts'],
      reporter: ['text', 'html'],
      thresholds: { lines: 100, branches: 100 },
    },
  },
});
