/** What an editor does on each save: the file has changed, compiler and simulator are warm, the report is wanted. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseOptions } from '../extension/cli/options.js';
import { RunCommand } from '../extension/cli/run.js';
import { RUN_OPTIONS } from '../extension/cli/runOptions.js';
import { runSettings } from '../extension/cli/runSettings.js';

/** The engine optimises the compiler's hottest functions in the background during the first few. */
const WARM_UP_ROUNDS = 8;
/** Between two saves of a person there is at least a second; the compiler makes ready for the next one meanwhile. */
const PAUSE_MILLISECONDS = 1000;

/**
 * Milliseconds of each round; the first source of `example` changes before each, so no cache has the answer for that
 * one.
 */
export async function warmRuns(example: string, rounds: number): Promise<number[]> {
  const project = realpathSync(mkdtempSync(join(tmpdir(), 'vsp-lab-warm-')));
  const folder = join(project, 'driver');
  try {
    mkdirSync(join(project, '.git'));
    cpSync(example, folder, { recursive: true });
    const source = readdirSync(folder).find((name) => /^(?!.*Fixture).*\.c$/.test(name));
    if (source === undefined) throw new Error(`${example} has no C source`);
    return await timed(folder, join(folder, source), rounds);
  } finally {
    rmSync(project, { recursive: true, force: true });
  }
}

async function timed(folder: string, source: string, rounds: number): Promise<number[]> {
  const parsed = parseOptions([folder, '--format', 'json'], RUN_OPTIONS);
  if (!parsed.ok) throw new Error(parsed.message);
  const { signal } = new AbortController();
  const host = { cwd: folder, stdout: process.stderr, stderr: process.stderr, environment: {}, signal };
  const command = new RunCommand(host, runSettings(parsed.options, folder));
  const times: number[] = [];
  try {
    for (let round = 0; round < WARM_UP_ROUNDS + rounds; round++) {
      await setTimeout(PAUSE_MILLISECONDS);
      appendFileSync(source, `/* ${round} */\n`);
      const start = performance.now();
      const status = await command.run({
        write: async (pieces: Iterable<string>) => {
          for (const _piece of pieces);
        },
        abandon: () => {},
      });
      if (status !== 0) throw new Error(`the run ended with ${status}`);
      if (round >= WARM_UP_ROUNDS) times.push(performance.now() - start);
    }
  } finally {
    await command.dispose();
  }
  return times;
}
