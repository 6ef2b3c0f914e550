/** `vsp-lab run`: finds drivers, compiles them, runs their tests, writes one report. */
import type { Replay } from '../core/run/replay.js';
import type { Report } from '../core/run/report.js';
import { buildReport, exitStatus } from '../core/run/reportBuilder.js';
import { packReport, unpackReport } from '../core/run/reportPack.js';
import { type Severities, withSeverities } from '../core/run/severities.js';
import { sourceText } from '../core/run/sourceNames.js';
import { formatDiagnostic } from '../core/toolchain/diagnostics.js';
import { cacheFolder } from '../worker/diskCache.js';
import { Engine, readShown } from '../worker/engine.js';
import type { ProjectFiles } from '../worker/projectFiles.js';
import { FORMATS } from './formats.js';
import { type CliHost, CommandError, EXIT, say } from './host.js';
import { parseOptions } from './options.js';
import { type Output, openOutput } from './output.js';
import { Progress } from './progress.js';
import { writeReplays } from './replays.js';
import { RUN_OPTIONS } from './runOptions.js';
import { type RunSettings, runSettings } from './runSettings.js';

export class RunCommand {
  readonly #host: CliHost;
  readonly #settings: RunSettings;
  readonly #progress: Progress;
  readonly #engine: Engine;

  constructor(host: CliHost, settings: RunSettings) {
    this.#host = host;
    this.#settings = settings;
    this.#progress = new Progress(host);
    const { jobs } = settings;
    this.#engine = new Engine({ cacheFolder: cacheFolder(), ...(jobs === undefined ? {} : { jobs }) });
  }

  async run(output: Output): Promise<number> {
    const { compile, plan: wanted } = this.#settings;
    const end = await this.#engine.run(
      { ...this.#settings, workspaceRoots: [], overlays: [] },
      {
        progress: (text) => this.#progress.say(text),
        diagnostics: (_driver, diagnostics) => {
          for (const diagnostic of diagnostics) this.#say(formatDiagnostic(diagnostic));
        },
      },
      this.#host.signal,
    );
    if (end.kind === 'failed') throw new CommandError(end.problems.join('\n'));
    if (end.kind === 'cancelled') return EXIT.interrupted;
    const built = end.drivers.flatMap((driver) => driver.built);
    if (built.length === 0) {
      const tests = end.drivers.flatMap((driver) => driver.tests);
      const { stress } = this.#settings;
      if (typeof stress === 'object') throw new CommandError(noReplayed(stress, tests));
      throw new CommandError(noMatch(wanted.tests, tests));
    }
    const report = this.#withReplays(judged(buildReport(built, compile.arch), end.severities));
    this.#progress.clear();
    await output.write(await this.#pieces(report, end.files));
    return end.drivers.some(({ unable }) => unable) ? EXIT.unable : exitStatus(report);
  }

  async dispose(): Promise<void> {
    this.#progress.clear();
    await this.#engine.dispose();
  }

  /** What a replay shows is in its file already. */
  #withReplays(report: Report): Report {
    if (typeof this.#settings.stress === 'object') return report;
    const written = writeReplays(report, this.#settings.cwd);
    if (written.problem !== undefined) this.#say(written.problem);
    return written.report;
  }

  #say(text: string): void {
    this.#progress.clear();
    say(this.#host, text);
  }

  #pieces(report: Report, sources: ProjectFiles): Iterable<string> | Promise<Iterable<string>> {
    const { cwd, format, out } = this.#settings;
    const files = new Map<string, readonly string[]>();
    const sourceLine = (file: string, line: number): string | undefined => {
      const known =
        files.get(file) ?? sourceText(readShown(sources, cwd, file) ?? new Uint8Array()).split(/\r\n|\r|\n/);
      files.set(file, known);
      return known[line - 1];
    };
    const { stdout, environment } = this.#host;
    const colour = stdout.isTTY === true && out === undefined && !environment['NO_COLOR'];
    return FORMATS[format].pieces(report, { colour, sourceLine });
  }
}

/** With findings counted as the project file says. */
function judged(report: Report, severities: Severities): Report {
  return Object.keys(severities).length === 0 ? report : unpackReport(withSeverities(packReport(report), severities));
}

function noMatch(globs: readonly string[], tests: readonly string[]): string {
  const shown = tests.slice(0, 20).join(', ') + (tests.length > 20 ? `, and ${tests.length - 20} more` : '');
  const available = tests.length === 0 ? 'there is none' : `there are ${shown}`;
  return `--test ${globs.join(' --test ')}: no test matches; ${available}`;
}

function noReplayed({ driver, test }: Replay, tests: readonly string[]): string {
  const available = tests.length === 0 ? 'it has no tests' : `it has ${tests.slice(0, 20).join(', ')}`;
  return `--replay: test ${test} is none of driver ${driver}: ${available}`;
}

/** Answers the exit status; throws CommandError for what the user has to mend. */
export async function runCommand(words: readonly string[], host: CliHost): Promise<number> {
  const parsed = parseOptions(words, RUN_OPTIONS);
  if (!parsed.ok) throw new CommandError(parsed.message);
  const settings = runSettings(parsed.options, host.cwd);
  const output = openOutput(host, settings.out);
  const command = new RunCommand(host, settings);
  const stop = () => {
    output.abandon();
    void command.dispose();
  };
  host.signal.addEventListener('abort', stop, { once: true });
  try {
    return await command.run(output);
  } finally {
    host.signal.removeEventListener('abort', stop);
    output.abandon();
    await command.dispose();
  }
}
