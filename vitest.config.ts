import { defineConfig } from 'vitest/config';

/** Unit tests beside their sources, and integration tests in test/. `npm test` refuses a test file that no tier ran. */
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    include: ['{bench,extension,scripts,webview}/**/*.test.{ts,tsx}', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', 'test/{e2e,view,vscode,workbench}/**'],
    allowOnly: false,
    passWithNoTests: false,
    retry: 0,
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
