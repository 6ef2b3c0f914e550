/**
 * Starts the engine: as a worker thread where this process can run its modules, else as a child process of a Node.js
 * that can. Both take the same messages.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { EngineOptions } from './engine.js';
import type { EngineReply, EngineRequest } from './engineProtocol.js';
import { hasMemory64 } from './memory64.js';
import { findNode, type NodeSearch } from './nodeFinder.js';
import { type PipeMessage, PipeReader } from './pipe.js';

/** Where the engine is and what it may use. */
export interface EngineStart extends EngineOptions {
  /** Folder of the installed extension or of the checkout: `dist/` lies in it. */
  readonly root: string;
  /** Value of the setting vspLab.nodePath, asked for at each start; empty: a Node.js is looked for. */
  readonly nodePath?: () => string;
  /** Told once per start how the engine runs, and what it writes to its standard error. */
  readonly log?: (line: string) => void;
  /** The engine's script; the built one by default. */
  readonly script?: string;
  /** Whether this process can run the modules; found out by default. */
  readonly memory64?: boolean;
  /** How a Node.js is looked for. */
  readonly search?: NodeSearch;
}

export interface Connection {
  post(request: EngineRequest): void;
  /** Ends the engine and everything it has started. */
  close(): Promise<void>;
}

interface Events {
  readonly reply: (reply: EngineReply) => void;
  /** The engine has ended by itself; `message` is for the user. Not called after `close`. */
  readonly gone: (message: string) => void;
}

/** Reports are columns outside this heap. */
const HEAP_MEGABYTES = 1024;
/** Left alone, the garbage of a few hundred runs makes this a hundred. */
const YOUNG_MEGABYTES = 24;

/** Rejects with words for the user when there is no Node.js to run the engine in. */
export async function connect(start: EngineStart, events: Events): Promise<Connection> {
  const { root, cacheFolder, jobs, log } = start;
  const script = start.script ?? join(root, 'dist', 'engine.js');
  const options: EngineOptions = {
    ...(cacheFolder === undefined ? {} : { cacheFolder }),
    ...(jobs === undefined ? {} : { jobs }),
  };
  if (start.memory64 ?? hasMemory64()) {
    log?.(`The engine runs in a worker thread of Node.js ${process.versions.node}.`);
    return startThread(script, options, events);
  }
  const found = await findNode({ ...start.search, nodePath: start.nodePath?.() ?? '' });
  if (!found.ok) throw new Error(found.message);
  log?.(
    `The engine runs in a process of its own, ${found.path} (${found.version.trim()}): Node.js ` +
      `${process.versions.node} here has no 64-bit WebAssembly memory.`,
  );
  return startProcess(found.path, script, options, events, log);
}

function startThread(script: string, options: EngineOptions, events: Events): Connection {
  const worker = new Worker(script, {
    workerData: options,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
  });
  let open = true;
  const gone = (message: string): void => {
    if (open) events.gone(message);
    open = false;
  };
  worker.on('message', (reply: EngineReply) => {
    if (open) events.reply(reply);
  });
  worker.on('error', (error: NodeJS.ErrnoException) => {
    gone(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? OUT_OF_MEMORY : stopped(error.message));
  });
  worker.on('exit', (code) => gone(stopped(`exit status ${code}`)));
  return {
    post: (request) => worker.postMessage(request),
    close: async () => {
      open = false;
      await worker.terminate();
    },
  };
}

const OUT_OF_MEMORY = `The engine used more than ${HEAP_MEGABYTES} MB and was stopped; run fewer packets or tests at once`;

function stopped(why: string): string {
  return `The engine stopped working (${why}). It starts again with the next run.`;
}

function startProcess(
  execPath: string,
  script: string,
  options: EngineOptions,
  events: Events,
  log: EngineStart['log'],
): Connection {
  const child = fork(script, [JSON.stringify(options)], {
    execPath,
    execArgv: [`--max-old-space-size=${HEAP_MEGABYTES}`, `--max-semi-space-size=${YOUNG_MEGABYTES / 3}`],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: cleanEnvironment(process.env),
  });
  const reader = new PipeReader();
  let open = true;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const gone = (message: string): void => {
    if (open) events.gone(message);
    open = false;
  };
  child.stderr?.setEncoding('utf8').on('data', (text: string) => log?.(text.trimEnd()));
  child.on('message', (message) => {
    const reply = open ? reader.take(message as PipeMessage) : undefined;
    if (reply !== undefined) events.reply(reply);
  });
  child.on('error', (error) => gone(stopped(error.message)));
  child.on('exit', (code, signal) => gone(stopped(signal === null ? `exit status ${code}` : `signal ${signal}`)));
  return {
    post: (request) => {
      if (child.connected) child.send(request, () => undefined);
    },
    close: async () => {
      open = false;
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Without what would make another Node.js be something else: the host's own options are not its. */
function cleanEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, ELECTRON_RUN_AS_NODE: _electron, ...rest } = environment;
  return rest;
}
