/** `vsp-lab check`: the static rules over drivers, nothing is run. */
import { checkedRun } from '../core/run/checkReport.js';
import { checkTable } from '../core/run/checkTable.js';
import { relativePath } from '../core/run/paths.js';
import type { Report } from '../core/run/report.js';
import { buildReport, exitStatus } from '../core/run/reportBuilder.js';
import { packReport, unpackReport } from '../core/run/reportPack.js';
import { type Severities, withSeverities } from '../core/run/severities.js';
import { sourceText } from '../core/run/sourceNames.js';
import { formatDiagnostic } from '../core/toolchain/diagnostics.js';
import { cacheFolder } from '../worker/diskCache.js';
import { Engine, readShown } from '../worker/engine.js';
import type { ProjectFiles } from '../worker/projectFiles.js';
import { CHECK_OPTIONS } from './checkOptions.js';
import { FORMATS, type FormatRow } from './formats.js';
import { type CliHost, CommandError, EXIT, say } from './host.js';
import { parseOptions } from './options.js';
import { type Output, openOutput } from './output.js';
import { Progress } from './progress.js';
import { type RunSettings, runSettings } from './runSettings.js';

/** Answers the exit status; throws CommandError for what the user has to mend. */
export async function checkCommand(words: readonly string[], host: CliHost): Promise<number> {
  const parsed = parseOptions(words, CHECK_OPTIONS);
  if (!parsed.ok) throw new CommandError(parsed.message);
  const settings = runSettings(parsed.options, host.cwd);
  const output = openOutput(host, settings.out);
  const engine = new Engine({ cacheFolder: cacheFolder() });
  const stop = (): void => {
    output.abandon();
    void engine.dispose();
  };
  host.signal.addEventListener('abort', stop, { once: true });
  try {
    return await check(engine, settings, host, output);
  } finally {
    host.signal.removeEventListener('abort', stop);
    output.abandon();
    await engine.dispose();
  }
}

async function check(engine: Engine, settings: RunSettings, host: CliHost, output: Output): Promise<number> {
  const progress = new Progress(host);
  progress.say('checking');
  const end = await engine.check({ ...settings, workspaceRoots: [], overlays: [] }, host.signal);
  progress.clear();
  if (end.kind === 'failed') throw new CommandError(end.problems.join('\n'));
  if (end.kind === 'cancelled') return EXIT.interrupted;
  for (const diagnostic of end.drivers.flatMap(({ diagnostics }) => diagnostics))
    say(host, formatDiagnostic(diagnostic));
  const runs = end.drivers.map(({ found, findings, diagnostics }) => {
    const file = relativePath(settings.cwd, found.sources[0] ?? '');
    const [first] = diagnostics;
    const told = first === undefined ? undefined : formatDiagnostic(first).split('\n', 1)[0];
    return checkedRun({ driver: found.name, file, findings, diagnostics }, told);
  });
  const report = judged(buildReport(runs, settings.compile.arch), end.severities);
  await output.write(await pieces(report, settings, host, end.files));
  return end.drivers.some(({ diagnostics }) => diagnostics.length > 0) ? EXIT.unable : exitStatus(report);
}

function judged(report: Report, severities: Severities): Report {
  return Object.keys(severities).length === 0 ? report : unpackReport(withSeverities(packReport(report), severities));
}

function pieces(
  report: Report,
  { cwd, format, out }: RunSettings,
  { stdout, environment }: CliHost,
  sources: ProjectFiles,
): Iterable<string> | Promise<Iterable<string>> {
  const files = new Map<string, readonly string[]>();
  const sourceLine = (file: string, line: number): string | undefined => {
    const known = files.get(file) ?? sourceText(readShown(sources, cwd, file) ?? new Uint8Array()).split(/\r\n|\r|\n/);
    files.set(file, known);
    return known[line - 1];
  };
  const colour = stdout.isTTY === true && out === undefined && !environment['NO_COLOR'];
  const options = { colour, sourceLine };
  const row: FormatRow = FORMATS[format];
  return format === 'table' ? withLineEnds(checkTable(report, options)) : row.pieces(report, options);
}

function* withLineEnds(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}
