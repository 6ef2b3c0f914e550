/** A run that somebody has debugged makes the report of the same run without a debugger, byte by byte. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { reportJson } from '../../extension/core/run/jsonWriter.js';
import type { Report } from '../../extension/core/run/report.js';
import { DebugSession, type Told } from '../../extension/worker/debugSession.testing.js';
import { at } from '../../scripts/lib/project.mjs';
import { PATIENCE, vspLab } from '../support/cli.js';

const cwd = at().replaceAll('\\', '/');
const cacheFolder = mkdtempSync(join(tmpdir(), 'vsp-lab-debug-'));
afterAll(() => {
  rmSync(cacheFolder, { recursive: true, force: true });
});

interface NamedRun {
  readonly name: string;
  readonly file: string;
}

/** Folders, and which of their tests are debugged: every so manieth. */
const FOLDERS = [
  ['examples', 1],
  ['test/drivers/differential', 3],
  // Compiling is what takes time: more of fewer drivers.
  ['test/corpus/save', 4],
  ['test/corpus/restore', 4],
  ['test/corpus/memory', 4],
  ['test/corpus/run', 4],
] as const;
/** Only told by running again with the module linked elsewhere. */
const ALWAYS = /__(?:function|variable)$/;

/** The runs of a folder as `vsp-lab run` writes them. */
function reported(folder: string): readonly NamedRun[] {
  const { stdout, stderr } = vspLab(cwd, 'run', folder, '--format', 'json', ...PATIENCE);
  if (stdout === '') throw new Error(stderr);
  return (JSON.parse(stdout) as { runs: NamedRun[] }).runs;
}

/** Looks around a little in both directions, as one who debugs does, then lets it run to its end. */
async function debugged(program: string, test: string): Promise<Report> {
  await using session = new DebugSession({ cacheFolder });
  await session.launch({ cwd, program, test, workspaceRoots: [cwd] });
  await session.start();
  await session.ask('kernel', {});
  let told: Told = await session.go({ kind: 'stepOver' });
  for (const kind of ['stepIn', 'stepBack', 'continue'] as const) {
    if (told.kind !== 'stopped') break;
    told = await session.go({ kind });
  }
  if (told.kind !== 'ended') throw new Error(`${test} did not end: ${JSON.stringify(told)}`);
  return told.ended.report;
}

describe.each(FOLDERS)('%s', (folder, every) => {
  const wanted = reported(folder).filter(({ name }, index) => index % every === 0 || ALWAYS.test(name));

  it.each(wanted.map((run) => [run.name, run] as const))('%s', async (name, run) => {
    const text = [...reportJson(await debugged(`${cwd}/${dirname(run.file)}`, name))].join('');
    const [own] = (JSON.parse(text) as { runs: NamedRun[] }).runs;
    expect(JSON.stringify(own, undefined, 1)).toBe(JSON.stringify(run, undefined, 1));
  });
});
