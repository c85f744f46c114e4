import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two cores: process and wire tests time real peers, so files run at most two at once.
    maxWorkers: 2,
  },
});
