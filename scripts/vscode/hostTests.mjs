/**
 * Runs test/vscode inside the real extension host of a VS Code server and copies the results to the file given. Exit
 * status 1 when something failed or could not start.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { at, say } from '../lib/project.mjs';
import { bundleTests } from './bundleTests.mjs';
import { runInExtensionHost } from './extensionHost.mjs';
import { report } from './report.mjs';

try {
  const output = process.argv[2] ?? at('out/vscode-tests.json');
  const tests = await bundleTests('vscode-tests');
  const status = await runInExtensionHost(tests.runner, { VSP_LAB_TEST_PLAN: tests.plan });
  copyFileSync(tests.results, output);
  report(readFileSync(output, 'utf8'));
  process.exitCode = status;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
