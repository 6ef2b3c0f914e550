/** `vsp-lab check` as a person calls it: exit statuses and forms of the report. */
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { at, projectNode } from '../../scripts/lib/project.mjs';

function check(...options: readonly string[]) {
  return spawnSync(projectNode, [at('dist/cli.js'), 'check', ...options], {
    cwd: at(),
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
}

describe('vsp-lab check', () => {
  it('finds nothing in an example and ends with 0', () => {
    const { status, stdout } = check('examples/synthetic-nic');
    expect(stdout).toContain('nothing found');
    expect(status).toBe(0);
  });

  it('reports findings for build servers and ends with 1', () => {
    const { status, stdout } = check('test/static/SaveSize.c', '--format', 'msbuild');
    expect(stdout).toMatch(/^test\/static\/SaveSize\.c\(\d+,\d+\): error savepkt-bytesneeded-written: /m);
    expect(status).toBe(1);
  });

  it('ends with 2 for what cannot be checked, and says why', () => {
    const { status, stderr, stdout } = check('no/such/folder');
    expect(stderr).toContain('no/such/folder');
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });
});
