/** Replay files: read for `--replay`, written for what stress found. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { joinPath } from '../core/run/paths.js';
import { MOST_REPLAY_BYTES, parseReplay, type Replay, replayText } from '../core/run/replay.js';
import type { Finding, Report } from '../core/run/report.js';
import { slashed } from '../worker/projectFiles.js';
import { CommandError } from './host.js';

/** Below the working directory; version control leaves it alone. */
const FOLDER = '.vsp-lab';
export const REPLAY_FOLDER = `${FOLDER}/replays`;

/** Throws CommandError: no such file, too large, or nothing that `--replay` can repeat. */
export function readReplay(file: string, cwd: string): Replay {
  const path = joinPath(slashed(cwd), slashed(file));
  const size = statSync(path, { throwIfNoEntry: false });
  if (size?.isFile() !== true) throw new CommandError(`--replay ${file}: no such file`);
  if (size.size > MOST_REPLAY_BYTES) throw new CommandError(`--replay ${file}: is too large for a replay file`);
  const parsed = parseReplay(readFileSync(path, 'utf8'), file);
  if (!parsed.ok) throw new CommandError(`--replay ${parsed.problem}`);
  return parsed.replay;
}

interface Written {
  readonly report: Report;
  /** Names relative to the working directory. */
  readonly files: readonly string[];
  /** Why a file could not be written. */
  readonly problem?: string;
}

/** Writes a file for each finding of stress that is not suppressed; the report names it with the finding. */
export function writeReplays(report: Report, cwd: string): Written {
  const files: string[] = [];
  let problem: string | undefined;
  const counts = new Map<string, number>();
  const named = (finding: Finding): Finding => {
    if (finding.stress === undefined || finding.suppressed || problem !== undefined) return finding;
    const { replay } = finding.stress;
    const stem = `${replay.driver}-${finding.rule}`.replace(/[^\w.-]+/g, '_');
    const number = (counts.get(stem) ?? 0) + 1;
    counts.set(stem, number);
    const file = `${REPLAY_FOLDER}/${stem}-${number}.json`;
    try {
      if (files.length === 0) write(join(cwd, FOLDER, '.gitignore'), '*\n');
      write(join(cwd, file), replayText(replay));
    } catch (error) {
      problem = `${file}: could not be written: ${error instanceof Error ? error.message : String(error)}`;
      return finding;
    }
    files.push(file);
    const remark = { message: `repeat it: vsp-lab run --replay ${file}`, location: null };
    return { ...finding, related: [...finding.related, remark] };
  };
  const runs = report.runs.map((run) =>
    run.findings.some(({ stress }) => stress !== undefined) ? { ...run, findings: run.findings.map(named) } : run,
  );
  return { report: { ...report, runs }, files, ...(problem === undefined ? {} : { problem }) };
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
