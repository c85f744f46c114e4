import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Coverage (`npm run coverage`) and mutation testing (`npm run mutation`) of the gate and of the robot's description, by their own
 * tests. The property tests are left out of the latter: they take most of the time and kill little that the others do not.
 * MUTATION_TESTS=test/safety runs one folder's tests only, which is enough for its own files and quicker.
 */
const { STRYKER_MUTATOR_WORKER, MUTATION_TESTS } = process.env;
const slow = STRYKER_MUTATOR_WORKER === undefined ? [] : ['test/safety/properties.test.ts'];

export default defineConfig({
  test: {
    include: (MUTATION_TESTS ?? 'test/safety,test/unit/robot')
      .split(',')
      .map((tests) => `${tests}/**/*.test.ts`),
    exclude: [...configDefaults.exclude, ...slow],
    testTimeout: 60_000,
    maxWorkers: 2,
    coverage: {
      provider: 'v8',
      include: ['src/safety/**/*.ts', 'src/robot/**/*.ts'],
      reporter: ['text', 'html'],
      thresholds: { lines: 100, branches: 100 },
    },
  },
});
