/** `npm run package`: the VS Code extension as one file in dist/; prints its path and size. */
import { statSync } from 'node:fs';
import { ensureOrExit } from './ensure.mjs';
import { say } from './lib/project.mjs';
import { ensurePackaged, vsix } from './lib/vsix.mjs';

ensureOrExit();
try {
  const bytes = statSync(ensurePackaged()).size;
  process.stdout.write(`${vsix} ${(bytes / 1e6).toFixed(1)} MB\n`);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
