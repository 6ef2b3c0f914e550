/**
 * The host's side of a debug run: compiles, starts the worker, asks and listens. One client per debug session.
 */
import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { SimulationResult } from '../core/kmcl/simulation.js';
import { Allows } from '../core/rules/allow.js';
import { keptElsewhere } from '../core/run/keptFields.js';
import type { Report } from '../core/run/report.js';
import { buildReport, buildRun, exitStatus, routineNames, withUnusedAllows } from '../core/run/reportBuilder.js';
import { packReport, unpackReport } from '../core/run/reportPack.js';
import { withSeverities } from '../core/run/severities.js';
import { CompileClient } from './compileClient.js';
import { type Prepared, prepare } from './debugLaunch.js';
import { type DebugAsk, type DebugTold, type DebugWorkerData, SIGNAL, SIGNAL_BYTES } from './debugMessages.js';
import {
  type DebugLaunch,
  type DebugListener,
  DebugRefusal,
  type DebugRequestKind,
  type DebugRequests,
  type Launched,
  type LaunchRefusal,
} from './debugProtocol.js';
import { readShown } from './engine.js';
import { hasMemory64 } from './memory64.js';
import { distFolder } from './toolchainFiles.js';

export interface DebugClientOptions {
  /** Folder of the compiler's disk cache. */
  readonly cacheFolder?: string;
  /** The worker's script; the built one by default. */
  readonly script?: string;
}

/** As a simulate worker's: a test's own stack is 1 MiB, the engine's several times that. */
const STACK_MEGABYTES = 48;
const HEAP_MEGABYTES = 1024;

interface Waiting {
  readonly resolve: (answer: never) => void;
  readonly reject: (refusal: DebugRefusal) => void;
}

/** A worker and the line to it. */
interface Line {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly words: Int32Array<SharedArrayBuffer>;
}

export class DebugClient {
  readonly #listener: DebugListener;
  readonly #options: DebugClientOptions;
  readonly #compiler: CompileClient;
  readonly #abort = new AbortController();
  readonly #waiting = new Map<number, Waiting>();
  #prepared: Prepared | undefined;
  #line: Line | undefined;
  #ready: (() => void) | undefined;
  #nextId = 1;
  #isOver = false;

  constructor(listener: DebugListener, options: DebugClientOptions = {}) {
    this.#listener = listener;
    this.#options = options;
    this.#compiler = new CompileClient(options.cacheFolder === undefined ? {} : { cacheFolder: options.cacheFolder });
  }

  /** Compiles and loads; at most once. Never rejects for what the user has done. */
  async launch(launch: DebugLaunch): Promise<Launched | LaunchRefusal> {
    if (!hasMemory64()) {
      const message = `${process.version} of Node.js has no 64-bit WebAssembly memory: 24 is the first that has`;
      return { ok: false, reason: 'failed', message, diagnostics: [] };
    }
    try {
      const prepared = await prepare(launch, this.#compiler, this.#abort.signal);
      if (!prepared.ok) return prepared;
      // A loaded compiler is hundreds of megabytes, and its work is done.
      await this.#compiler.dispose();
      if (this.#abort.signal.aborted) return { ok: false, reason: 'cancelled', message: 'cancelled', diagnostics: [] };
      this.#prepared = prepared;
      await this.#start(prepared);
      if (this.#isOver) return { ok: false, reason: 'failed', message: 'the debugger did not start', diagnostics: [] };
      const { driver, planned } = prepared;
      const { wasm: _wasm, ...rest } = driver;
      const { name, file, line } = planned;
      return { ok: true, run: name, file, line, driver: rest, tables: driver.debug ?? [] };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ok: false, reason: 'failed', message, diagnostics: [] };
    }
  }

  /**
   * Asks the worker. Rejects with DebugRefusal for what cannot be done now (the run goes on, it is over, the address is
   * no memory). While the run goes on only breakpoints, filters and pause are heard.
   */
  request<Kind extends DebugRequestKind>(
    kind: Kind,
    ask: DebugRequests[Kind]['ask'],
  ): Promise<DebugRequests[Kind]['answer']> {
    const line = this.#line;
    if (line === undefined || this.#isOver) {
      return Promise.reject(new DebugRefusal(this.#isOver ? 'the run is over' : 'there is no run'));
    }
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // What asked a run to stop that stood already is not meant for where it goes next.
      if (kind === 'resume') Atomics.store(line.words, SIGNAL.PAUSE, 0);
      line.port.postMessage({ id, kind, ask } satisfies DebugAsk);
      Atomics.add(line.words, SIGNAL.MAIL, 1);
      Atomics.notify(line.words, SIGNAL.MAIL);
    });
  }

  /** Stops a run that goes on, within a second: `stopped` with reason `pause` follows. Nothing happens to one that stands. */
  pause(): void {
    if (this.#line !== undefined) Atomics.store(this.#line.words, SIGNAL.PAUSE, 1);
  }

  /** Ends worker and compiler, whatever they do; nothing is told afterwards. */
  async dispose(): Promise<void> {
    this.#abort.abort();
    this.#isOver = true;
    this.#ready?.();
    await Promise.all([this.#compiler.dispose(), this.#end()]);
  }

  async #end(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    this.#isOver = true;
    for (const { reject } of this.#waiting.values()) reject(new DebugRefusal('the run is over'));
    this.#waiting.clear();
    line?.port.close();
    await line?.worker.terminate();
  }

  #start({ driver, planned, run }: Prepared): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    const signal = new SharedArrayBuffer(SIGNAL_BYTES);
    const data: DebugWorkerData = {
      port: port2,
      signal,
      compiled: driver,
      program: planned.program,
      options: run.simulation,
      cwd: run.cwd,
    };
    const worker = new Worker(this.#options.script ?? join(distFolder(), 'debug-worker.js'), {
      workerData: data,
      transferList: [port2],
      resourceLimits: { stackSizeMb: STACK_MEGABYTES, maxOldGenerationSizeMb: HEAP_MEGABYTES },
    });
    this.#line = { worker, port: port1, words: new Int32Array(signal) };
    worker.on('error', (error: NodeJS.ErrnoException) => {
      this.#broke(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? `the run used up the memory of its worker (${HEAP_MEGABYTES} MB beside --memory)`
          : `the debugger stopped working: ${error.message}`,
      );
    });
    worker.on('exit', () => this.#broke('the debugger stopped working'));
    return new Promise((resolve) => {
      this.#ready = resolve;
      port1.on('message', (told: DebugTold) => this.#take(told));
    });
  }

  #broke(message: string): void {
    if (this.#isOver) return;
    void this.#end();
    this.#ready?.();
    this.#listener.failed(message);
  }

  #take(told: DebugTold): void {
    if (this.#isOver) return;
    switch (told.kind) {
      case 'ready':
        this.#ready?.();
        return;
      case 'answer':
        this.#settle(told.id)?.resolve(told.answer as never);
        return;
      case 'refused':
        this.#settle(told.id)?.reject(new DebugRefusal(told.message));
        return;
      case 'stopped':
        this.#listener.stopped(told.stop);
        return;
      case 'output':
        this.#listener.output(told.output);
        return;
      case 'ended': {
        const { result, differential } = told;
        void this.#end();
        this.#ended(differential === undefined ? result : { ...result, differential });
        return;
      }
      case 'failed':
        this.#broke(`the debugger failed: ${told.message}`);
        return;
    }
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  #ended(result: SimulationResult): void {
    if (this.#prepared === undefined) return;
    const report = reportOf(this.#prepared, result);
    this.#listener.ended({ report, exitStatus: exitStatus(report) });
  }
}

/** As `vsp-lab run` of that one test tells it. */
function reportOf({ driver, planned, run, files, severities }: Prepared, result: SimulationResult): Report {
  const { checks } = run.simulation;
  const allows = new Allows(checks === 'off' ? [] : driver.files, (file) => readShown(files, run.cwd, file));
  const [end = { kind: 'result' as const, result }] = keptElsewhere([{ kind: 'result', result }], driver.locations);
  const own = buildRun(driver, planned, end, checks, allows, routineNames(driver));
  const built = planned.program.kind === 'test' ? [own] : withUnusedAllows([own], allows);
  const report = buildReport(built, run.compile.arch);
  return Object.keys(severities).length === 0 ? report : unpackReport(withSeverities(packReport(report), severities));
}
