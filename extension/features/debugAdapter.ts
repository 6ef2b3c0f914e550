/**
 * The debug adapter beside the extension: a worker thread, or a child process of a newer Node.js where this host's own
 * has no 64-bit memory. Messages of the protocol go through as they are; before a launch it is told what is not saved.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  type DebugAdapter,
  type DebugProtocolMessage,
  type DebugSession,
  EventEmitter,
  Uri,
  window,
  workspace,
} from 'vscode';
import { OWN_REQUESTS } from '../debug/ownRequests.js';
import type { Surroundings } from '../debug/target.js';
import { hasMemory64 } from '../worker/memory64.js';
import { findNode } from '../worker/nodeFinder.js';
import type { Lab } from './lab.js';
import { enginePath, homeOf, uriOf } from './paths.js';
import { readSetting } from './register.js';
import { engineSettings } from './runSettings.js';
import { overlaysFor } from './sources.js';

/** Requests of ours among the client's: their numbers are beyond those it gives. */
const FIRST_OWN = 1 << 30;

interface Message {
  readonly type: string;
  readonly seq: number;
  readonly command?: string;
  readonly request_seq?: number;
  readonly arguments?: { readonly program?: unknown };
}

interface Connection {
  post(message: object): void;
  close(): void;
}

export class AdapterProxy implements DebugAdapter {
  readonly #sent = new EventEmitter<DebugProtocolMessage>();
  readonly #lab: Lab;
  readonly #session: DebugSession;
  #connection: Promise<Connection>;
  #own = FIRST_OWN;
  #closed = false;

  readonly onDidSendMessage = this.#sent.event;

  constructor(lab: Lab, session: DebugSession) {
    this.#lab = lab;
    this.#session = session;
    this.#connection = this.#connect();
    this.#connection.catch((error: unknown) => this.#gone(error instanceof Error ? error.message : String(error)));
  }

  handleMessage(message: DebugProtocolMessage): void {
    void this.#pass(message as Message);
  }

  dispose(): void {
    this.#closed = true;
    this.#sent.dispose();
    void this.#connection.then((connection) => connection.close()).catch(() => undefined);
  }

  async #pass(message: Message): Promise<void> {
    try {
      const connection = await this.#connection;
      if (message.command === 'launch' || message.command === 'restart') {
        connection.post(await this.#surroundings(message));
      }
      connection.post(message);
    } catch (error) {
      this.#lab.log.error('The debug adapter could not be told', error);
    }
  }

  async #surroundings(message: Message): Promise<object> {
    const program = message.arguments?.program ?? this.#session.configuration['program'];
    const uri = typeof program === 'string' ? uriOf(program.replaceAll('\\', '/')) : undefined;
    const folder = this.#session.workspaceFolder?.uri;
    const home = uri === undefined ? (folder ?? Uri.file('/')) : homeOf(uri);
    const decoder = new TextDecoder();
    const overlays = await overlaysFor(home, new AbortController().signal);
    const { timeout: _timeout, ...settings } = engineSettings(home);
    const surroundings: Surroundings = {
      cwd: enginePath(home),
      workspaceRoots: (workspace.workspaceFolders ?? []).map((each) => enginePath(each.uri)),
      overlays: overlays.map(({ path, bytes }) => ({ path, text: decoder.decode(bytes) })),
      settings,
    };
    return { type: 'request', seq: this.#own++, command: OWN_REQUESTS.surroundings, arguments: surroundings };
  }

  #take(message: Message): void {
    // Answers to requests of ours are nobody else's.
    if (this.#closed || (message.type === 'response' && (message.request_seq ?? 0) >= FIRST_OWN)) return;
    this.#sent.fire(message as DebugProtocolMessage);
  }

  /** It has ended by itself: so has the session. */
  #gone(why: string): void {
    if (this.#closed) return;
    this.#lab.log.error(`The debug adapter has ended: ${why}`);
    void window.showErrorMessage(`The debugger stopped working: ${why}`);
    this.#sent.fire({ type: 'event', seq: 0, event: 'terminated' } as DebugProtocolMessage);
  }

  async #connect(): Promise<Connection> {
    const script = join(this.#lab.context.extensionUri.fsPath, 'dist', 'adapter.js');
    const options = { cacheFolder: this.#lab.context.globalStorageUri.fsPath };
    if (hasMemory64()) return this.#thread(script, options);
    const found = await findNode({ nodePath: readSetting('nodePath') });
    if (!found.ok) throw new Error(found.message);
    return this.#process(found.path, script, options);
  }

  #thread(script: string, options: object): Connection {
    const worker = new Worker(script, { workerData: options });
    worker.on('message', (message: Message) => this.#take(message));
    worker.on('error', (error) => this.#gone(error.message));
    worker.on('exit', (code) => this.#gone(`exit status ${code}`));
    return { post: (message) => worker.postMessage(message), close: () => void worker.terminate() };
  }

  #process(execPath: string, script: string, options: object): Connection {
    const { NODE_OPTIONS: _options, ELECTRON_RUN_AS_NODE: _electron, ...env } = process.env;
    const stdio = ['ignore', 'ignore', 'pipe', 'ipc'] as const;
    const child = fork(script, [JSON.stringify(options)], { execPath, execArgv: [], stdio: [...stdio], env });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.#lab.log.info(text.trimEnd()));
    child.on('message', (message) => this.#take(message as Message));
    child.on('error', (error) => this.#gone(error.message));
    child.on('exit', (code, signal) => this.#gone(signal === null ? `exit status ${code}` : `signal ${signal}`));
    return {
      post: (message) => {
        if (child.connected) child.send(message, () => undefined);
      },
      close: () => child.kill('SIGKILL'),
    };
  }
}
