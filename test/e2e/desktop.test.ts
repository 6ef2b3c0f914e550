/** `npm run test:desktop`, with a program in VS Code's place that says what it was started with. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { at, filesBelow, projectNode } from '../../scripts/lib/project.mjs';

const folder = mkdtempSync(join(tmpdir(), 'vsp-lab-desktop-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const notes = join(folder, 'notes.json');

/** Writes down its arguments and environment and, unless it is to break down, a result for each planned file. */
function fakeVsCode(status: 'passed' | 'failed' | 'breaks down'): string {
  const program = join(folder, `code-${status.replaceAll(' ', '-')}`);
  writeFileSync(
    program,
    `#!${projectNode}
const { readFileSync, writeFileSync } = require('node:fs');
const plan = JSON.parse(readFileSync(process.env.VSP_LAB_TEST_PLAN, 'utf8'));
writeFileSync(${JSON.stringify(notes)}, JSON.stringify({ arguments: process.argv.slice(2), plan }));
const status = ${JSON.stringify(status)};
const test = { fullName: 'a test', status, message: null, milliseconds: 1 };
const testResults = plan.files.map(({ source }) => ({ name: source, status, assertionResults: [test] }));
if (status !== 'breaks down') writeFileSync(plan.results, JSON.stringify({ testResults }));
process.exitCode = status === 'passed' ? 0 : 1;
`,
  );
  chmodSync(program, 0o755);
  return program;
}

const npm = (name: string, program: string) =>
  spawnSync('npm', ['run', '-s', name], {
    cwd: at(),
    encoding: 'utf8',
    env: { ...process.env, VSP_LAB_VSCODE: program },
  });

describe('npm run test:desktop', () => {
  const tests = filesBelow('test/vscode', (path) => path.endsWith('.test.ts'));

  it('gives a desktop VS Code the extension and every test file, and counts what it says', () => {
    const result = npm('test:desktop', fakeVsCode('passed'));
    expect(result.stdout).toMatch(new RegExp(`\\n${tests.length} passed, 0 failed\\n$`));
    expect(result.status).toBe(0);
    const started = JSON.parse(readFileSync(notes, 'utf8')) as {
      arguments: string[];
      plan: { files: { source: string; bundle: string }[] };
    };
    expect(started.arguments).toContain(`--extensionDevelopmentPath=${at()}`);
    expect(started.arguments).toContain(`--extensionTestsPath=${at('out/desktop-tests/runner.cjs')}`);
    expect(started.arguments.filter((argument) => argument.endsWith('.code-workspace'))).toHaveLength(1);
    expect(started.plan.files.map(({ source }) => source)).toEqual(tests.map((path) => at(path)));
    expect(started.plan.files.filter(({ bundle }) => !existsSync(bundle))).toEqual([]);
  });

  it.each([['failed'], ['breaks down']] as const)('fails when VS Code or a test %s', (how) => {
    const result = npm('test:desktop', fakeVsCode(how));
    expect(result.stdout).toMatch(/\n0 passed, [1-9]\d* failed\n$/);
    expect(result.status).toBe(1);
  });
});
