import { defineConfig } from 'vitest/config';

/** Tests of the built Packet Buffers page in a browser, with a harness in the extension's place. */
export default defineConfig({
  test: {
    include: ['test/view/**/*.test.ts'],
    allowOnly: false,
    passWithNoTests: false,
    retry: 0,
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
