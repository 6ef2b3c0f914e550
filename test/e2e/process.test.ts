/** The command as a process: readers that go away, Ctrl-C, files that appear whole or not at all, the wall clock. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at, projectNode } from '../../scripts/lib/project.mjs';
import { ScratchProject } from '../support/cli.js';

const project = new ScratchProject();
const LOOP = 'VSPLAB_TEST(Loops)\n{\n    volatile ULONG Turns = 0;\n    for (;;) {\n        Turns++;\n    }\n}\n';

beforeAll(() => {
  project.write(
    'loop.c',
    `#include <ntddk.h>\n#include <vsplab.h>\n${LOOP}\nVSPLAB_TEST(Ends) { VSPLAB_ASSERT(TRUE); }\n`,
  );
});
afterAll(() => project.remove());

function start(...words: readonly string[]) {
  return spawn(projectNode, [at('dist/cli.js'), 'run', ...words], { cwd: project.folder });
}

interface Run {
  readonly name: string;
  readonly outcome: string;
  readonly findings: readonly { readonly rule: string; readonly location: { readonly line: number } | null }[];
}

describe('the process', () => {
  it('ends an endless loop by its budget, at the same place each time', () => {
    const results = [project.run('loop.c', '--format', 'json'), project.run('loop.c', '--format', 'json')];
    expect(results[0]?.stdout).toBe(results[1]?.stdout);
    const { runs } = JSON.parse(results[0]?.stdout ?? '') as { runs: Run[] };
    expect(runs).toMatchObject([
      { name: 'Loops', outcome: 'timeout', findings: [{ rule: 'run-timeout', location: { line: 6 } }] },
      { name: 'Ends', outcome: 'passed', findings: [] },
    ]);
    expect(results[0]?.status).toBe(1);
  });

  it('ends it by the wall clock too, names the test, and runs the others', () => {
    const { stdout, status } = project.run('loop.c', '--format', 'json', '--timeout', '20', '--jobs', '1');
    const { runs } = JSON.parse(stdout) as { runs: Run[] };
    expect(runs[0]).toMatchObject({ outcome: 'timeout', findings: [{ rule: 'run-timeout', location: { line: 3 } }] });
    expect([runs[1]?.name, status]).toEqual(['Ends', 1]);
  });

  it('writes the same report to a file, whole, and nothing to stdout', () => {
    const shown = project.run('loop.c', '--test', 'Ends', '--format', 'json');
    const written = project.run('loop.c', '--test', 'Ends', '--format', 'json', '--out', 'report.json');
    expect(written).toEqual({ status: 0, stdout: '', stderr: '' });
    expect(readFileSync(join(project.folder, 'report.json'), 'utf8')).toBe(shown.stdout);
  });

  it('has no colour and no progress where there is no terminal', () => {
    const { stdout, stderr } = project.run('loop.c', '--test', 'Ends');
    expect(stdout).not.toContain('\u001b');
    expect(stderr).toBe('');
  });

  it('does not mind a reader that goes away', async () => {
    const child = start('loop.c', '--test', 'Ends', '--format', 'json');
    child.stdout.destroy();
    let stderr = '';
    child.stderr.on('data', (text: Buffer) => {
      stderr += text.toString();
    });
    const [status] = (await once(child, 'close')) as [number];
    expect([status, stderr]).toEqual([0, '']);
  });

  it('leaves nothing behind after Ctrl-C', async () => {
    const child = start('loop.c', '--out', 'late.json', '--timeout', '60000');
    const begun = () => readdirSync(project.folder).some((name) => name.startsWith('.late.json'));
    while (!begun() && child.exitCode === null) await sleep(5);
    child.kill('SIGINT');
    const [status] = (await once(child, 'close')) as [number];
    expect(status).toBe(130);
    expect(existsSync(join(project.folder, 'late.json'))).toBe(false);
    expect(begun()).toBe(false);
  });
});
