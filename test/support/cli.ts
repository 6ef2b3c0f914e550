/** The built command line as a person runs it, and folders to run it in. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { at, projectNode } from '../../scripts/lib/project.mjs';

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Backstops of the clock that no machine reaches, however busy: what ends without end is found by its budget. */
export const PATIENCE = ['--timeout', '300000', '--compile-timeout', '300000'] as const;

export function vspLab(cwd: string, ...words: readonly string[]): CliResult {
  const { status, stdout, stderr } = spawnSync(projectNode, [at('dist/cli.js'), ...words], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return { status, stdout, stderr };
}

/** A project of its own elsewhere on the disk: `.git` marks it, so that nothing above it may be read. */
export class ScratchProject {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'vsp-lab-test-')));

  constructor() {
    mkdirSync(join(this.folder, '.git'));
  }

  write(name: string, content: string | Uint8Array): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  run(...words: readonly string[]): CliResult {
    return vspLab(this.folder, 'run', ...words);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
