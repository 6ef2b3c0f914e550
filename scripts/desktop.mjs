/**
 * `npm run test:desktop [-- VERSION]`: the tests of test/vscode in a desktop VS Code, which is downloaded on first use
 * (the newest one, or that VERSION). VSP_LAB_VSCODE names one that is there already.
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureOrExit } from './ensure.mjs';
import { at, projectNode, readIfThere, run, say } from './lib/project.mjs';
import { tally } from './lib/tally.mjs';

const [version = 'stable'] = process.argv.slice(2);

/** @returns {Promise<number>} */
async function main() {
  const { runTests } = await import('@vscode/test-electron');
  const { bundleTests } = await import('./vscode/bundleTests.mjs');
  const { report } = await import('./vscode/report.mjs');
  const { workspaceOfExamples } = await import('./vscode/workspace.mjs');
  const tests = await bundleTests('desktop-tests');
  const workspace = workspaceOfExamples();
  const folder = dirname(workspace);
  const executable = process.env['VSP_LAB_VSCODE'];
  let status = 0;
  try {
    await runTests({
      ...(executable ? { vscodeExecutablePath: executable } : { version }),
      extensionDevelopmentPath: at(),
      extensionTestsPath: tests.runner,
      extensionTestsEnv: { VSP_LAB_TEST_PLAN: tests.plan },
      launchArgs: [
        workspace,
        '--disable-extensions',
        '--disable-workspace-trust',
        `--user-data-dir=${join(folder, 'user')}`,
      ],
    });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    status = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const results = readIfThere(tests.results);
  if (results !== undefined) report(results);
  const { passed, failed } = tally(results, status).counts;
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
}

ensureOrExit();
// esbuild and the launcher want the project's Node, whatever the machine has.
const here = process.execPath === projectNode;
process.exitCode = here ? await main() : run(projectNode, [at('scripts/desktop.mjs'), ...process.argv.slice(2)]);
