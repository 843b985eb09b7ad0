import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/stack-leaks.ts'],
    pool: 'forks',
    // Each file drives servers and workers of its own beside it; more of them only make each other slow.
    maxWorkers: 2,
    // Generous: they end what hangs, and say nothing about speed.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
  },
});
