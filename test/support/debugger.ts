/** A real client of the debug adapter protocol, over stdio, and a few words to drive it with. */
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { at, projectNode } from '../../scripts/lib/project.mjs';

export const DRIVER = at('test/drivers/debug/Debug.c');
export const HEADER = at('test/drivers/debug/Debug.h');

/** The line of a file that holds a mark. */
export function lineOf(file: string, mark: string): number {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((text) => text.includes(mark));
  if (line < 0) throw new Error(`${file} has no ${mark}`);
  return line + 1;
}

type Event = DebugProtocol.Event;
export type Body = Readonly<Record<string, unknown>>;

/** Where the run stands. */
export interface Place {
  readonly reason: string;
  readonly threadId: number;
  readonly frameId: number;
  readonly name: string;
  readonly line: number;
  readonly file: string;
  readonly body: Body;
}

export class Debugger {
  readonly events: Event[] = [];
  readonly #client: DebugClient;
  /** Events that nobody has waited for yet. */
  #seen = 0;
  #waiting: (() => void)[] = [];

  private constructor(client: DebugClient) {
    this.#client = client;
    for (const name of [
      'stopped',
      'output',
      'terminated',
      'exited',
      'initialized',
      'thread',
      'invalidated',
      'memory',
      'breakpoint',
    ]) {
      client.on(name, (event: Event) => {
        this.events.push(event);
        for (const tell of this.#waiting.splice(0)) tell();
      });
    }
  }

  static async start(cwd = at(), client: object = {}): Promise<Debugger> {
    const dap = new DebugClient(projectNode, at('test/support/dap.mjs'), 'vsp', { cwd }, true);
    dap.defaultTimeout = 60_000;
    await dap.start();
    const debug = new Debugger(dap);
    await debug.ask('initialize', { adapterID: 'vsp', pathFormat: 'path', ...client });
    await debug.surround(cwd);
    return debug;
  }

  /** What an editor says before a launch: unsaved texts; and that the compiler may take its time on a busy machine. */
  async surround(
    cwd: string,
    overlays: readonly { readonly path: string; readonly text: string }[] = [],
  ): Promise<void> {
    const settings = { compileTimeout: 300_000 };
    await this.ask('vspSurroundings', { cwd: cwd.replaceAll('\\', '/'), workspaceRoots: [], overlays, settings });
  }

  /** The response's body; rejects with the adapter's message. */
  async ask(command: string, parameters: object = {}): Promise<Body> {
    const response: DebugProtocol.Response = await this.#client.send(command, parameters);
    return response.body ?? {};
  }

  async refused(command: string, parameters: object = {}): Promise<string> {
    return this.ask(command, parameters).then(
      () => 'no refusal',
      (error: Error) => error.message,
    );
  }

  /** The next event of that name that nobody has waited for. */
  async next(name: string): Promise<Event> {
    for (;;) {
      const index = this.events.findIndex((event, at) => at >= this.#seen && event.event === name);
      const event = this.events[index];
      if (event !== undefined) {
        this.#seen = index + 1;
        return event;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Compiles, sets breakpoints in the driver's file, and begins. A filter may have its condition. */
  async launch(
    attributes: { readonly program?: string; readonly [attribute: string]: unknown },
    breakpoints: readonly object[] = [],
    filters: readonly (string | { readonly filterId: string; readonly condition: string })[] = [],
  ): Promise<Body> {
    const { program = DRIVER } = attributes;
    const launched = this.ask('launch', { checks: 'contract', ...attributes, program });
    await Promise.race([this.next('initialized'), launched]);
    const path = /\.\w+$/.test(program) ? program : DRIVER;
    const set = await this.ask('setBreakpoints', { source: { path }, breakpoints });
    await this.ask('setExceptionBreakpoints', {
      filters: filters.filter((each) => typeof each === 'string'),
      filterOptions: filters.filter((each) => typeof each !== 'string'),
    });
    await launched;
    await this.ask('configurationDone');
    return set;
  }

  /** Where the run stands next. */
  async stopped(): Promise<Place> {
    const { body } = await this.next('stopped');
    const { reason, threadId } = body as { reason: string; threadId: number };
    const { stackFrames } = await this.ask('stackTrace', { threadId });
    const [top] = stackFrames as readonly DebugProtocol.StackFrame[];
    const file = top?.source?.name ?? '';
    return { reason, threadId, frameId: top?.id ?? 0, name: top?.name ?? '', line: top?.line ?? 0, file, body };
  }

  /** Goes on with a request, to where it stands next. */
  async go(command: string, parameters: object = {}): Promise<Place> {
    await this.ask(command, { threadId: 1, ...parameters });
    return this.stopped();
  }

  async value(expression: string, frameId: number, context = 'watch'): Promise<unknown> {
    return (await this.ask('evaluate', { expression, frameId, context }))['result'];
  }

  /** Texts of a category of output so far. */
  output(category: string): string {
    return this.events
      .filter(({ event, body }) => event === 'output' && body.category === category)
      .map(({ body }) => body.output)
      .join('');
  }

  /** Asks an adapter that is still there to go. */
  async stop(): Promise<void> {
    const adapter = Reflect.get(this.#client, '_adapterProcess') as ChildProcess | undefined;
    if (adapter?.exitCode === null) await this.#client.stop();
  }

  /** Threads of the adapter's process: a run has one of its own. Undefined where the system does not tell. */
  get threads(): number | undefined {
    const adapter = Reflect.get(this.#client, '_adapterProcess') as { readonly pid?: number } | undefined;
    const folder = `/proc/${adapter?.pid}/task`;
    return existsSync(folder) ? readdirSync(folder).length : undefined;
  }

  /** Whether the adapter has ended, by itself. */
  ended(): Promise<number | null> {
    const adapter = Reflect.get(this.#client, '_adapterProcess') as ChildProcess;
    return adapter.exitCode !== null
      ? Promise.resolve(adapter.exitCode)
      : new Promise((resolve) => adapter.once('exit', resolve));
  }
}
