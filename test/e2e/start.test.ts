import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { at } from '../../scripts/lib/project.mjs';

/** Runs npm as a person does, standing in `cwd`; the checkout is named only where it is not that folder. */
function npm(parameters: readonly string[], cwd: string = at()) {
  const prefix = cwd === at() ? [] : ['--prefix', at()];
  return spawnSync('npm', [...prefix, ...parameters], { cwd, encoding: 'utf8', shell: process.platform === 'win32' });
}

const npmStart = (...parameters: string[]) => npm(['start', '--', ...parameters]);
const vspLab = (parameters: readonly string[], cwd?: string) => npm(['run', '-s', 'vsp-lab', '--', ...parameters], cwd);

/** A project of a user's own: an example, elsewhere on the disk. */
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'vsp-lab-start-')));
const example = join(folder, 'driver');

beforeAll(() => {
  mkdirSync(join(folder, '.git'));
  cpSync(at('examples/synthetic-nic'), example, { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('npm start', () => {
  it("runs the bundled example and prints its packets ('start' without arguments)", () => {
    const result = npm(['start']);
    // npm itself may warn about the settings of the person who runs it.
    expect(result.stderr.replaceAll(/^npm warn .*\n?/gm, '').trim()).toBe('');
    expect(result.status).toBe(0);
    expect(result.stdout).toContain('examples/synthetic-nic');
    expect(result.stdout).toContain('simulated');
  });

  it("runs the files it is given ('start' with a path)", () => {
    const result = npmStart(example);
    expect(result.status).toBe(0);
    expect(result.stdout).not.toContain('examples/synthetic-nic');
    expect(result.stdout).toContain('simulated');
  });

  it('passes the exit status on', () => {
    expect(npmStart('no/such/file.c').status).toBe(2);
  });
});

describe("npm run -s vsp-lab ('vsp-lab')", () => {
  it('runs every example without a finding and writes the report where --out says', () => {
    const report = join(folder, 'report.json');
    const result = vspLab(['run', 'examples', '--format', 'json', '--out', report]);
    expect(result).toMatchObject({ status: 0, stdout: '' });
    const { summary } = JSON.parse(readFileSync(report, 'utf8')) as { summary: { passed: number; runs: number } };
    expect(summary.runs).toBeGreaterThanOrEqual(3);
    expect(summary.passed).toBe(summary.runs);
    expect(summary).toMatchObject({ findings: { error: 0, warning: 0 } });
  });

  it('takes paths from the folder the person stands in, and prints nothing but the report', () => {
    const result = vspLab(['run', 'driver', '--format', 'json'], folder);
    const { runs } = JSON.parse(result.stdout) as { runs: { file: string }[] };
    expect(runs.length).toBeGreaterThan(0);
    expect(runs.filter(({ file }) => !file.startsWith('driver/'))).toEqual([]);
  });

  it('passes arguments and exit status through', () => {
    const result = vspLab(['run', '--no-such-option']);
    expect(result).toMatchObject({ status: 2, stdout: '' });
    expect(result.stderr).toContain('--no-such-option');
  });
});
