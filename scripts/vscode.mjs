/**
 * `npm run vscode [-- FOLDER]`: a real VS Code in the browser with the packaged extension and a copy of an example, or
 * the given folder, open. Prints its address and serves it until it is interrupted.
 */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureOrExit } from './ensure.mjs';
import { at, callersFolder, say } from './lib/project.mjs';
import { ensurePackaged } from './lib/vsix.mjs';
import { installExtension, startServer } from './vscode/server.mjs';
import { copyExample, temporaryFolder } from './vscode/workspace.mjs';

const example = 'synthetic-nic';
const [given] = process.argv.slice(2);

ensureOrExit();
const below = temporaryFolder();
try {
  // Settings and state stay from one time to the next, as in any VS Code.
  const options = { data: at('.cache/vscode'), extensions: join(below, 'extensions') };
  installExtension(ensurePackaged(), options);
  const folder = given === undefined ? copyExample(example, below) : resolve(callersFolder('vscode'), given);
  const server = await startServer(options);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, () => server.stop());
  process.stdout.write(`http://127.0.0.1:${server.port}/?${new URLSearchParams({ folder })}\n`);
  say('VS Code is served there, to this machine only, until you press Ctrl+C.');
  await server.ended;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
} finally {
  rmSync(below, { recursive: true, force: true });
}
