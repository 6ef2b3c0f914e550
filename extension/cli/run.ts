/** `vsp-lab run`: finds drivers, compiles them, runs their tests, writes one report. */
import { Allows } from '../core/rules/allow.js';
import { type DiscoveredDriver, discover } from '../core/run/discover.js';
import { reportJson } from '../core/run/jsonWriter.js';
import { joinPath, relativePath } from '../core/run/paths.js';
import { plan } from '../core/run/plan.js';
import type { Report } from '../core/run/report.js';
import {
  type BuiltRun,
  buildReport,
  buildRun,
  exitStatus,
  failedRuns,
  routineNames,
  withUnusedAllows,
} from '../core/run/reportBuilder.js';
import { sourceText } from '../core/run/sourceNames.js';
import { reportTable } from '../core/run/table.js';
import { formatDiagnostic } from '../core/toolchain/diagnostics.js';
import type { CompiledDriver } from '../core/toolchain/module.js';
import { CompileClient } from '../worker/compileClient.js';
import { cacheFolder } from '../worker/diskCache.js';
import { projectFiles } from '../worker/projectFiles.js';
import { SimulatePool } from '../worker/simulateClient.js';
import { type CliHost, CommandError, EXIT, say } from './host.js';
import { parseOptions } from './options.js';
import { type Output, openOutput } from './output.js';
import { Progress } from './progress.js';
import { RUN_OPTIONS } from './runOptions.js';
import { type RunSettings, runSettings } from './runSettings.js';

/** What became of one driver. */
interface DriverEnd {
  readonly built: readonly BuiltRun[];
  /** It could not be compiled or has nothing that can be run. */
  readonly unable: boolean;
  /** Names of the tests it has, for a --test that matches none. */
  readonly tests: readonly string[];
}

export class RunCommand {
  readonly #host: CliHost;
  readonly #settings: RunSettings;
  readonly #progress: Progress;
  readonly #compiler: CompileClient;
  readonly #pool: SimulatePool;
  #finished = 0;
  #planned = 0;

  constructor(host: CliHost, settings: RunSettings) {
    this.#host = host;
    this.#settings = settings;
    this.#progress = new Progress(host);
    const { compileTimeout, timeout, jobs, cwd } = settings;
    this.#compiler = new CompileClient({
      cwd,
      cacheFolder: cacheFolder(),
      ...(compileTimeout === undefined ? {} : { timeout: compileTimeout }),
    });
    this.#pool = new SimulatePool({
      ...(timeout === undefined ? {} : { timeout }),
      ...(jobs === undefined ? {} : { jobs }),
    });
  }

  async run(output: Output): Promise<number> {
    const { cwd, paths, drivers, compile, plan: wanted } = this.#settings;
    const found = discover({ cwd, paths, drivers }, projectFiles(paths.length > 0 ? paths : [cwd], compile.includes));
    if (!found.ok) throw new CommandError(found.problems.join('\n'));
    this.#compiler.warm();
    this.#pool.warm();
    // Drivers are compiled one after the other; the tests of one run while the next is being compiled.
    const ends = await Promise.all(found.drivers.map((driver) => this.#driver(driver)));
    if (this.#host.signal.aborted) return EXIT.interrupted;
    const built = ends.flatMap((end) => end.built);
    if (built.length === 0)
      throw new CommandError(
        noMatch(
          wanted.tests,
          ends.flatMap((end) => end.tests),
        ),
      );
    const report = buildReport(built, compile.arch);
    this.#progress.clear();
    await output.write(this.#pieces(report));
    return ends.some((end) => end.unable) ? EXIT.unable : exitStatus(report);
  }

  async dispose(): Promise<void> {
    this.#progress.clear();
    await Promise.all([this.#compiler.dispose(), this.#pool.dispose()]);
  }

  async #driver(found: DiscoveredDriver): Promise<DriverEnd> {
    this.#progress.say(`compiling ${found.name}`);
    const result = await this.#compiler.compile(found, this.#settings.compile, this.#host.signal);
    if (!result.ok) {
      const messages = result.diagnostics.map(formatDiagnostic);
      const first = result.diagnostics.findIndex(({ severity }) => severity === 'error');
      return this.#unable(
        found,
        messages,
        messages[Math.max(0, first)]?.split('\n', 1)[0] ?? 'not compiled',
        found.tests,
      );
    }
    const { driver } = result;
    // The compiler's own warnings are its business; ours says each thing once, however many files include its header.
    const notes = driver.notes.filter(({ severity }) => severity === 'note');
    for (const note of new Set(notes.map(formatDiagnostic))) this.#say(note);
    const planned = plan(driver, this.#settings.plan);
    if (!planned.ok) {
      const message = `${this.#shown(found.sources[0] ?? '')}: ${planned.message}`;
      return this.#unable(found, [message], message, []);
    }
    const tests = driver.fixtures.filter(({ kind }) => kind === 'test').map(({ name }) => name);
    return { built: await this.#runs(driver, planned.runs), unable: false, tests };
  }

  async #runs(
    driver: CompiledDriver,
    runs: Extract<ReturnType<typeof plan>, { ok: true }>['runs'],
  ): Promise<readonly BuiltRun[]> {
    const { simulation, plan: wanted } = this.#settings;
    this.#planned += runs.length;
    const ends = await Promise.all(
      runs.map(async ({ program }) => {
        const end = await this.#pool.run(driver, program, simulation);
        this.#finished += 1;
        this.#progress.say(`${this.#finished} of ${this.#planned} runs`);
        return end;
      }),
    );
    const allows = new Allows(simulation.checks === 'off' ? [] : driver.files, (file) => this.#read(file));
    const kinds = routineNames(driver);
    const built = runs.flatMap((run, index) => {
      const end = ends[index];
      return end === undefined ? [] : [buildRun(driver, run, end, simulation.checks, allows, kinds)];
    });
    return wanted.tests.length > 0 ? built : withUnusedAllows(built, allows);
  }

  #unable(
    found: DiscoveredDriver,
    messages: readonly string[],
    first: string,
    tests: DiscoveredDriver['tests'],
  ): DriverEnd {
    if (!this.#host.signal.aborted) for (const message of messages) this.#say(message);
    const named = tests.map((test) => ({ ...test, file: this.#shown(test.file) }));
    const file = this.#shown(found.sources[0] ?? '');
    return { built: failedRuns(found.name, named, file, first), unable: true, tests: [] };
  }

  #say(text: string): void {
    this.#progress.clear();
    say(this.#host, text);
  }

  #shown(path: string): string {
    return relativePath(this.#settings.cwd, path);
  }

  /** A file as the report names it. */
  #read(file: string): Uint8Array | undefined {
    const path = joinPath(this.#settings.cwd, file);
    return file.startsWith('<') ? undefined : projectFiles([path], []).read(path);
  }

  #pieces(report: Report): Iterable<string> {
    if (this.#settings.format === 'json') return reportJson(report);
    const files = new Map<string, readonly string[]>();
    const sourceLine = (file: string, line: number): string | undefined => {
      const known = files.get(file) ?? sourceText(this.#read(file) ?? new Uint8Array()).split(/\r\n|\r|\n/);
      files.set(file, known);
      return known[line - 1];
    };
    const { stdout, environment } = this.#host;
    const colour = stdout.isTTY === true && this.#settings.out === undefined && !environment['NO_COLOR'];
    return withLineEnds(reportTable(report, { colour, sourceLine }));
  }
}

function* withLineEnds(lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield `${line}\n`;
}

function noMatch(globs: readonly string[], tests: readonly string[]): string {
  const shown = tests.slice(0, 20).join(', ') + (tests.length > 20 ? `, and ${tests.length - 20} more` : '');
  const available = tests.length === 0 ? 'there is none' : `there are ${shown}`;
  return `--test ${globs.join(' --test ')}: no test matches; ${available}`;
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
