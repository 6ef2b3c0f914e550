/**
 * Runs inside the extension host: every bundled test file, with mocha. The same entry serves the VS Code server and a
 * desktop VS Code. What it found is written in the form of vitest's report, so that one tally counts both.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** One test file: where it was written and what it was bundled to. */
interface TestFile {
  readonly source: string;
  readonly bundle: string;
}

/** Written by scripts/vscode/bundleTests.mjs beside the bundles. */
interface Plan {
  readonly files: readonly TestFile[];
  readonly results: string;
}

interface FileResult {
  readonly name: string;
  status: string;
  readonly assertionResults: { fullName: string; status: string; message: string | null; milliseconds: number }[];
}

/** What VS Code calls. Rejects when a test failed, as `@vscode/test-electron` expects. */
export async function run(): Promise<void> {
  const plan = JSON.parse(readFileSync(process.env['VSP_LAB_TEST_PLAN'] ?? '', 'utf8')) as Plan;
  const results: FileResult[] = [];
  for (const file of plan.files) results.push(await runFile(file));
  writeFileSync(plan.results, JSON.stringify({ testResults: results }, null, 2));
  const failed = results.filter(({ status }) => status !== 'passed').map(({ name }) => name);
  if (failed.length > 0) throw new Error(`tests failed in ${failed.join(', ')}`);
}

/** A file has a mocha of its own: what it throws while it loads is its own failure. */
async function runFile({ source, bundle }: TestFile): Promise<FileResult> {
  const result: FileResult = { name: source, status: 'passed', assertionResults: [] };
  const { default: Mocha } = await import('mocha');
  const mocha = new Mocha({
    ui: 'bdd',
    timeout: 60_000,
    forbidOnly: true,
    forbidPending: true,
    reporter: class Quiet extends Mocha.reporters.Base {},
  });
  try {
    mocha.suite.emit('pre-require', globalThis, source, mocha);
    createRequire(`${dirname(bundle)}/`)(bundle);
    await new Promise<void>((resolve) => {
      const note = (test: Mocha.Runnable, status: string, message: string | null) =>
        result.assertionResults.push({
          fullName: test.fullTitle(),
          status,
          message,
          milliseconds: test.duration ?? 0,
        });
      mocha
        .run(() => resolve())
        .on('pass', (test) => note(test, 'passed', null))
        .on('pending', (test) => note(test, 'pending', 'a test must not be skipped'))
        .on('fail', (test, error: Error) => note(test, 'failed', error.stack ?? error.message));
    });
  } catch (error) {
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    result.assertionResults.push({ fullName: 'loading the file', status: 'failed', message, milliseconds: 0 });
  }
  const all = result.assertionResults;
  if (all.length === 0 || all.some(({ status }) => status !== 'passed')) result.status = 'failed';
  return result;
}
