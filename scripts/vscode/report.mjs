/** Prints what the tests inside VS Code found. */
import { at } from '../lib/project.mjs';

/** @typedef {{ fullName: string, status: string, message: string | null, milliseconds: number }} TestResult */

/** @param {string} json in the form of vitest's report, as test/vscode/runner.ts writes it */
export function report(json) {
  /** @type {{ name: string, assertionResults: TestResult[] }[]} */
  const files = JSON.parse(json).testResults;
  for (const { name, assertionResults } of files) {
    process.stdout.write(`${name.slice(at().length + 1)}\n`);
    for (const { fullName, status, message, milliseconds } of assertionResults) {
      process.stdout.write(`  ${status === 'passed' ? '✓' : '✗'} ${fullName} ${milliseconds} ms\n`);
      if (message !== null) process.stdout.write(`${message.replace(/^/gm, '      ')}\n`);
    }
  }
}
