/** The run behind a session: launched, going on, standing, over. Requests ask it; it tells the client by events. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { formatDiagnostic } from '../core/toolchain/diagnostics.js';
import type {
  DebugListener,
  Ended,
  FindingPlace,
  Goal,
  Launched,
  LaunchRefusal,
  Output,
  Stop,
  StopAt,
} from '../worker/debugProtocol.js';
import { Breakpoints } from './breakpoints.js';
import { RequestFailure } from './failure.js';
import { finalReport } from './finalReport.js';
import { type LaunchAttributes, launchAttributes } from './launchAttributes.js';
import { macrosOf } from './macros.js';
import { Positions } from './positions.js';
import { Sources } from './sources.js';
import { stopAtText, stoppedBody } from './stops.js';
import type { DebugTarget, SessionHost } from './target.js';
import { Threads } from './threads.js';
import type { ValueAskKind, ValueAsks } from './values/asks.js';

type Tell = (event: string, body?: object) => void;

/** A stop and its number: frame ids and references hold for one. */
export interface Standing {
  readonly stop: Stop;
  readonly number: number;
  readonly threadId: number;
}

type State = 'new' | 'launching' | 'ready' | 'running' | 'standing' | 'over';

const NOT_STANDING: Readonly<Record<State, string>> = {
  new: 'Nothing has been launched: launch comes first.',
  launching: 'The driver is being compiled: nothing runs yet.',
  ready: 'The run has not begun: configurationDone begins it.',
  running: 'The run goes on: pause it first.',
  standing: 'The run goes on: pause it first.',
  over: 'The run is over.',
};

export class RunControl {
  readonly host: SessionHost;
  readonly sources: Sources;
  readonly positions = new Positions();
  readonly breakpoints: Breakpoints;
  readonly threads = new Threads();
  client: DebugProtocol.InitializeRequestArguments = { adapterID: 'vsp' };
  /** How often the client has changed memory or a variable. */
  edits = 0;
  readonly #tell: Tell;
  #state: State = 'new';
  #target: DebugTarget | undefined;
  #launched: Launched | undefined;
  #attributes: LaunchAttributes | undefined;
  /** Settled when the driver is loaded, or cannot be. */
  #loading: Promise<void> | undefined;
  #launchRequest = -1;
  #standing: Standing | undefined;
  #stops = 0;
  /** What came while a request was being answered: events follow their response. */
  readonly #held: (() => void | Promise<void>)[] = [];
  #busy = 0;
  #flushing: Promise<void> | undefined;
  /** The pass that is looked for: told when the run ends without it. */
  #sought: StopAt | undefined;
  /** The finding to go to, until the run has begun. */
  #finding: FindingPlace | undefined;
  /** Told apart from those of a run that was begun anew meanwhile. */
  #generation = 0;

  constructor(host: SessionHost, tell: Tell) {
    this.host = host;
    this.sources = new Sources(host);
    this.breakpoints = new Breakpoints(this.sources, this.positions);
    this.#tell = tell;
  }

  // ---- What requests ask

  get launched(): Launched {
    if (this.#launched === undefined) throw new RequestFailure('state', 'Nothing has been launched.');
    return this.#launched;
  }

  /** The driver when it is loaded; undefined while it is not and will not be. */
  async loaded(): Promise<Launched | undefined> {
    await this.#loading;
    return this.#launched;
  }

  /** For breakpoints: the loaded driver's run, undefined when it is over. Fails before a launch. */
  async ready(): Promise<DebugTarget | undefined> {
    if (this.#state === 'new') throw new RequestFailure('state', NOT_STANDING.new);
    await this.#loading;
    return this.#state === 'over' || this.#attributes?.noDebug === true ? undefined : this.#target;
  }

  get target(): DebugTarget {
    if (this.#state === 'new') throw new RequestFailure('state', NOT_STANDING.new);
    if (this.#target === undefined || this.#state === 'over') throw new RequestFailure('state', 'The run is over.');
    return this.#target;
  }

  get standing(): Standing {
    if (this.#standing !== undefined) return this.#standing;
    throw new RequestFailure('state', NOT_STANDING[this.#state]);
  }

  get isStanding(): boolean {
    return this.#standing !== undefined;
  }

  async ask<Kind extends ValueAskKind>(kind: Kind, ask: ValueAsks[Kind]['ask']): Promise<ValueAsks[Kind]['answer']> {
    const answer = await this.target.request('ask', { request: { kind, ...ask } });
    return answer as ValueAsks[Kind]['answer'];
  }

  // ---- Launch

  /** Compiles and loads; `initialized` follows, and the run begins when the client has set its breakpoints. */
  async launch(given: object, request: number): Promise<void> {
    if (this.#state !== 'new')
      throw new RequestFailure('launch', 'There is a run already: restart it, or begin another session.');
    const attributes = launchAttributes(given as Readonly<Record<string, unknown>>, this.host.cwd);
    if (this.host.kindOf(attributes.program) === undefined) {
      const path = this.host.nativePath?.(attributes.program) ?? attributes.program;
      throw new RequestFailure('launch', `Launch attribute "program": there is no file or folder ${path}.`, true);
    }
    this.#attributes = attributes;
    this.#launchRequest = request;
    this.#state = 'launching';
    const loading = this.#load(attributes);
    this.#loading = loading.then(
      () => undefined,
      () => undefined,
    );
    await loading;
    this.#state = 'ready';
    // After the response: breakpoints are set, configurationDone begins the run.
    this.#later(() => this.#tell('initialized'));
    this.#later(() => this.#tell('process', { name: this.launched.run, isLocalProcess: true, startMethod: 'launch' }));
  }

  async #load(attributes: LaunchAttributes): Promise<void> {
    const generation = ++this.#generation;
    const target = this.host.target(this.#listener(generation));
    this.#target = target;
    const around = this.host.surroundings();
    const progress = this.#progress(`Compiling ${attributes.program.replace(/^.*\//, '')}`);
    const answer = await target.launch({
      cwd: this.host.cwd,
      program: attributes.program,
      ...around,
      settings: { ...around.settings, ...attributes.settings },
      ...(attributes.test === undefined ? {} : { test: attributes.test }),
    });
    progress();
    if (!answer.ok) throw this.#refused(answer);
    this.#launched = answer;
    for (const note of answer.driver.notes) {
      if (note.severity === 'note') this.#say('console', `${formatDiagnostic(note)}\n`, note.file, note.line);
    }
    await target.request('define', { macros: this.#macros(answer) });
  }

  #macros(launched: Launched): readonly (readonly [string, string])[] {
    return macrosOf(launched.driver.files.flatMap((file) => this.sources.text(file) ?? []));
  }

  #refused({ reason, message, diagnostics }: LaunchRefusal): RequestFailure {
    this.#state = 'over';
    for (const each of diagnostics) this.#say('stderr', `${formatDiagnostic(each)}\n`, each.file, each.line);
    const [first] = diagnostics.filter(({ severity }) => severity === 'error');
    const where = first === undefined ? '' : ` ${first.file}:${first.line}: ${first.message}`;
    this.#later(() => this.#over(2));
    if (reason === 'cancelled') return new RequestFailure('launch', 'The launch was cancelled.');
    return new RequestFailure('launch', `${message}${message.includes(where.trim()) ? '' : where}`, true);
  }

  #progress(title: string): () => void {
    if (this.client.supportsProgressReporting !== true) return () => {};
    const progressId = `launch-${this.#generation}`;
    const requestId = this.#launchRequest;
    this.#tell('progressStart', { progressId, title, cancellable: true, ...(requestId < 0 ? {} : { requestId }) });
    return () => this.#tell('progressEnd', { progressId });
  }

  /** Ends a launch that is on its way. */
  async cancel(request: number | undefined, progress: string | undefined): Promise<void> {
    const ofLaunch = request === this.#launchRequest || progress === `launch-${this.#generation}`;
    if (this.#state === 'launching' && ofLaunch) await this.#target?.dispose();
  }

  /** The client has set its breakpoints. */
  async configured(): Promise<void> {
    if (this.#state !== 'ready' || this.#attributes === undefined) {
      throw new RequestFailure('state', 'Nothing has been launched, or it runs already.');
    }
    await this.#start(this.#attributes);
  }

  async #start({ noDebug, stopOnEntry, stopAt, finding }: LaunchAttributes): Promise<void> {
    this.#state = 'running';
    this.#finding = noDebug ? undefined : finding;
    this.#sought = noDebug ? undefined : stopAt;
    const entry = stopOnEntry || finding !== undefined;
    const wanted = { stopOnEntry: entry, ...(stopAt === undefined ? {} : { stopAt }) };
    await this.target.request('start', noDebug ? {} : wanted);
  }

  // ---- Going on

  async resume(goal: Goal): Promise<void> {
    const { standing, target } = this;
    this.#standing = undefined;
    this.#state = 'running';
    this.#sought = goal.kind === 'stopAt' ? goal.at : undefined;
    try {
      await target.request('resume', { goal });
    } catch (error) {
      this.#state = 'standing';
      this.#standing = standing;
      throw error;
    }
  }

  pause(): void {
    if (this.#state === 'running') this.target.pause();
    else if (this.#state !== 'standing') throw new RequestFailure('state', 'There is no run to pause.');
  }

  /** Everything anew, sources included; the breakpoints stay. */
  async restart(given: object | undefined): Promise<void> {
    const old = this.#attributes;
    if (old === undefined) throw new RequestFailure('state', 'Nothing has been launched.');
    const attributes =
      given === undefined || Object.keys(given).length === 0
        ? old
        : launchAttributes(given as Readonly<Record<string, unknown>>, this.host.cwd);
    this.#generation += 1;
    this.#standing = undefined;
    this.#state = 'launching';
    await this.#target?.dispose();
    this.#attributes = attributes;
    await this.#load(attributes);
    if (!attributes.noDebug) {
      for (const breakpoint of await this.breakpoints.reapply(this.target)) {
        this.#later(() => this.#tell('breakpoint', { reason: 'changed', breakpoint }));
      }
    }
    await this.#start(attributes);
  }

  /** The client has changed memory or a variable: views of it are stale. */
  changed(memory: { readonly address: number; readonly count: number } | undefined): void {
    this.edits += 1;
    if (memory !== undefined && this.client.supportsMemoryEvent === true) {
      const memoryReference = `0x${memory.address.toString(16).toUpperCase().padStart(16, '0')}`;
      this.#later(() => this.#tell('memory', { memoryReference, offset: 0, count: memory.count }));
    }
    if (this.client.supportsInvalidatedEvent === true) {
      this.#later(() => this.#tell('invalidated', { areas: ['variables'] }));
    }
  }

  // ---- Events of the run

  #listener(generation: number): DebugListener {
    const current = (work: () => void | Promise<void>) => (): void | Promise<void> => {
      return generation === this.#generation ? work() : undefined;
    };
    return {
      stopped: (stop) => this.#later(current(() => this.#stopped(stop))),
      output: (output) => this.#later(current(() => this.#output(output))),
      ended: (ended) => this.#later(current(() => this.#ended(ended))),
      failed: (message) => this.#later(current(() => this.#failed(message))),
    };
  }

  async #stopped(stop: Stop): Promise<void> {
    const finding = this.#finding;
    if (finding !== undefined && stop.reason.kind === 'entry') {
      this.#finding = undefined;
      await this.target.request('resume', { goal: { kind: 'debugToFinding', finding } });
      return;
    }
    this.#state = 'standing';
    this.#sought = undefined;
    this.#stops += 1;
    const kernel = await this.target.request('kernel', {});
    const threadId = this.threads.at(kernel);
    this.#standing = { stop, number: this.#stops, threadId };
    for (const change of this.threads.changes()) this.#tell('thread', change);
    const body = stoppedBody(stop, (id) => this.breakpoints.watched(id));
    this.#tell('stopped', { ...body, threadId, allThreadsStopped: true });
  }

  #output({ source, text, location }: Output): void {
    const line = text.endsWith('\n') ? text : `${text}\n`;
    this.#say(source === 'driver' ? 'stdout' : 'console', line, location?.file, location?.line, location?.column);
  }

  #say(category: string, output: string, file?: string, line?: number, column?: number): void {
    const place =
      file === undefined || file === '' || line === undefined || line === 0
        ? {}
        : {
            source: this.sources.source(file),
            line: this.positions.line(line),
            ...(column === undefined || column === 0 ? {} : { column: this.positions.column(column) }),
          };
    this.#tell('output', { category, output, ...place });
  }

  #ended({ report, exitStatus }: Ended): void {
    if (this.#sought !== undefined) {
      this.#say('console', `The run has ended without ${stopAtText(this.#sought)}.\n`);
    }
    const colour = this.client.supportsANSIStyling === true;
    this.#say(
      'console',
      finalReport(report, colour, (file) => this.sources.text(file)),
    );
    this.#over(exitStatus);
  }

  #failed(message: string): void {
    this.#say('stderr', `${message}\n`);
    this.#over(2);
  }

  #over(exitCode: number): void {
    this.#state = 'over';
    this.#standing = undefined;
    this.#tell('exited', { exitCode });
    this.#tell('terminated');
    void this.#target?.dispose();
  }

  /** The client wants it to end: it is told so. */
  async terminate(): Promise<void> {
    this.#generation += 1;
    await this.#target?.dispose();
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#standing = undefined;
    this.#later(() => this.#tell('terminated'));
  }

  async dispose(): Promise<void> {
    this.#generation += 1;
    this.#state = 'over';
    this.#standing = undefined;
    await this.#target?.dispose();
  }

  // ---- Events after their response

  /** A request is being answered: what it brings about is told after its response. */
  begin(): void {
    this.#busy += 1;
  }

  /** It has been answered. */
  async end(command: string): Promise<void> {
    this.#busy -= 1;
    if (this.#busy === 0) await this.#flush();
    if (command === 'disconnect') this.host.ended?.();
  }

  #later(work: () => void | Promise<void>): void {
    this.#held.push(work);
    if (this.#busy === 0) void this.#flush();
  }

  #flush(): Promise<void> {
    this.#flushing ??= this.#tellHeld().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #tellHeld(): Promise<void> {
    for (let work = this.#held.shift(); work !== undefined; work = this.#held.shift()) {
      try {
        await work();
      } catch (error) {
        // A run that was ended while its stop was being looked at has nothing to tell.
        if (this.#state !== 'over') this.#say('stderr', `${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
  }
}
