import { defineConfig } from 'vitest/config';

/** Tests that drive the built command line as a person does. They need dist/ (`npm run build`). */
export default defineConfig({
  test: {
    include: ['test/e2e/**/*.test.ts'],
    allowOnly: false,
    passWithNoTests: false,
    retry: 0,
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
