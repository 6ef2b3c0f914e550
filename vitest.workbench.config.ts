import { defineConfig } from 'vitest/config';

/**
 * Tests that use VS Code as a person does: the installed VSIX, in a browser. One VS Code server serves them all, one file
 * after the other.
 */
export default defineConfig({
  test: {
    include: ['test/workbench/**/*.test.ts'],
    globalSetup: ['test/workbench/support/server.ts'],
    allowOnly: false,
    passWithNoTests: false,
    retry: 0,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
