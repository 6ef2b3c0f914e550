/** A debug run made by hand: it stands where it is told to, answers like the worker, and notes what it was asked. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Report } from '../core/run/report.js';
import type {
  DebugListener,
  DebugRequestKind,
  DebugRequests,
  Launched,
  LaunchRefusal,
  Stop,
} from '../worker/debugProtocol.js';
import { DebugSession } from './session.js';
import type { DebugTarget, SessionHost, Surroundings } from './target.js';
import { debugServices } from './values/services.js';
import { driverTypes, FakeStop } from './values/stopped.testing.js';

export class FakeTarget implements DebugTarget {
  readonly stop = new FakeStop();
  readonly asked: { readonly kind: string; readonly ask: unknown }[] = [];
  readonly services = debugServices();
  listener: DebugListener;
  refusal: LaunchRefusal | undefined;
  disposed = false;
  paused = 0;
  /** What `launch` waits for. */
  loading: Promise<void> = Promise.resolve();

  constructor(listener: DebugListener) {
    this.listener = listener;
    const types = driverTypes(this.stop);
    this.stop.local('Length', types['uint'] ?? 0, 0x10100);
    this.stop.local('Request', types['pointer'] ?? 0, 0x10108);
    this.stop.memory.put(0x10100, 4, 48);
    this.stop.memory.put(0x10108, 8, 0x11000);
  }

  async launch(): Promise<Launched | LaunchRefusal> {
    await this.loading;
    if (this.disposed) return { ok: false, reason: 'cancelled', message: 'cancelled', diagnostics: [] };
    if (this.refusal !== undefined) return this.refusal;
    const site = { location: 1, endLine: 12, function: 0, scope: 0, inlined: 0 };
    return {
      ok: true,
      run: 'SavesAndRestores',
      file: 'Driver.c',
      line: 10,
      driver: this.stop.driver,
      tables: [
        {
          sites: [
            { ...site, file: 'Driver.c', line: 11, column: 5, kind: 'entry', endLine: 11 },
            { ...site, file: 'Driver.c', line: 12, column: 5, kind: 'statement' },
            { ...site, file: 'Driver.c', line: 12, column: 20, kind: 'resume' },
            { ...site, file: 'Driver.c', line: 14, column: 9, kind: 'statement', endLine: 15 },
          ],
          functions: [
            {
              name: 'SavePacket',
              symbol: 'SavePacket',
              file: 'Driver.c',
              line: 10,
              endLine: 15,
              returns: 'NTSTATUS',
              returnType: null,
              variables: [],
            },
          ],
          scopes: [],
          globals: [],
          places: [],
        },
      ],
    };
  }

  async request<Kind extends DebugRequestKind>(
    kind: Kind,
    ask: DebugRequests[Kind]['ask'],
  ): Promise<DebugRequests[Kind]['answer']> {
    this.asked.push({ kind, ask });
    return this.#answer(kind, ask as never) as DebugRequests[Kind]['answer'];
  }

  stand(reason: Stop['reason'], frames = this.stop.frames): void {
    this.listener.stopped({ reason, moment: { event: 1, incident: 0 }, frames, canStepBack: true });
  }

  pause(): void {
    this.paused += 1;
    this.stand({ kind: 'pause' });
  }

  async dispose(): Promise<void> {
    this.disposed = true;
  }

  of(kind: DebugRequestKind): readonly unknown[] {
    return this.asked.filter((each) => each.kind === kind).map(({ ask }) => ask);
  }

  #answer(kind: DebugRequestKind, ask: never): unknown {
    const { memory } = this.stop;
    switch (kind) {
      case 'setBreakpoints':
      case 'setFunctionBreakpoints':
      case 'setDataBreakpoints': {
        const { breakpoints } = ask as DebugRequests['setBreakpoints']['ask'];
        return breakpoints.map(({ id, line }) =>
          line === 99
            ? { id, verified: false, message: 'Line 99 has no code.' }
            : {
                id,
                verified: true,
                file: 'Driver.c',
                line: line === 13 ? 14 : line,
                column: 9,
                endLine: line === 13 ? 15 : line,
              },
        );
      }
      case 'kernel':
        return this.stop.kernelState;
      case 'readMemory': {
        const { address, length } = ask as DebugRequests['readMemory']['ask'];
        const end = Math.min(memory.size, address + length);
        return {
          address,
          bytes: address < 0x10000 || end <= address ? new Uint8Array() : memory.slice(address, end - address),
        };
      }
      case 'writeMemory': {
        const { address, bytes } = ask as DebugRequests['writeMemory']['ask'];
        this.stop.write(address, bytes);
        return bytes.length;
      }
      case 'define':
        this.services.define((ask as DebugRequests['define']['ask']).macros);
        return null;
      case 'ask':
        return this.services.ask((ask as { request: unknown }).request, this.stop);
      default:
        return null;
    }
  }
}

const REPORT: Report = {
  schemaVersion: 1,
  target: { abi: 'x86_64-pc-windows-msvc', pointerBytes: 8 },
  runs: [],
  stubs: [],
  summary: {
    runs: 0,
    passed: 0,
    packets: 0,
    stateBytes: { total: 0, min: 0, median: 0, p95: 0, max: 0 },
    findings: { error: 0, warning: 0, info: 0 },
  },
};

type Body = Readonly<Record<string, unknown>>;

/** A session with its client's ends. */
export class Client {
  readonly messages: DebugProtocol.ProtocolMessage[] = [];
  readonly targets: FakeTarget[] = [];
  readonly files = new Map<string, string>([['/work/Driver.c', '#define LIMIT 64\nint a;\n']]);
  readonly session: DebugSession;
  around: Surroundings | undefined;
  prepare: (target: FakeTarget) => void = () => undefined;
  ends = 0;
  #sequence = 1;

  constructor() {
    const client = this;
    const host: SessionHost = {
      get cwd() {
        return client.around?.cwd ?? '/work';
      },
      target: (listener) => {
        const target = new FakeTarget(listener);
        this.targets.push(target);
        this.prepare(target);
        return target;
      },
      send: (message) => this.messages.push(message),
      readFile: (path) => this.files.get(path),
      readHeader: (name) => (name === 'ntddk.h' ? '#pragma once\n' : undefined),
      kindOf: (path) => (this.files.has(path) ? 'file' : path === '/work' ? 'folder' : undefined),
      surroundings: () => ({ workspaceRoots: [], overlays: [], settings: { seed: 7 } }),
      surround: (around) => {
        this.around = around;
      },
      ended: () => {
        this.ends += 1;
      },
    };
    this.session = new DebugSession(host);
  }

  get target(): FakeTarget {
    const target = this.targets.at(-1);
    if (target === undefined) throw new Error('nothing was launched');
    return target;
  }

  /** The response's body; throws what the user would read. */
  async ask(command: string, parameters: object = {}): Promise<Body> {
    const seq = this.#sequence++;
    await this.session.handle({ seq, type: 'request', command, arguments: parameters } as DebugProtocol.Request);
    const response = this.messages.find(
      (each) => each.type === 'response' && (each as DebugProtocol.Response).request_seq === seq,
    ) as DebugProtocol.Response | undefined;
    if (response === undefined) throw new Error(`${command} was not answered`);
    if (!response.success) throw new Error(response.message);
    return (response.body ?? {}) as Body;
  }

  /** Bodies of events of that name so far. */
  events(name: string): readonly Body[] {
    return this.messages
      .filter((each) => each.type === 'event' && (each as DebugProtocol.Event).event === name)
      .map((each) => ((each as DebugProtocol.Event).body ?? {}) as Body);
  }

  /** Names of what was sent, in order. */
  order(): readonly string[] {
    return this.messages.map((each) =>
      each.type === 'event' ? `${(each as DebugProtocol.Event).event} event` : (each as DebugProtocol.Response).command,
    );
  }

  /** A run that stands at a breakpoint. */
  async standing(client: object = {}): Promise<this> {
    await this.ask('initialize', { adapterID: 'vsp', ...client });
    await this.ask('launch', { program: 'Driver.c' });
    await this.ask('configurationDone');
    this.target.stand({ kind: 'breakpoint', ids: [1] });
    await this.settled();
    return this;
  }

  /** Everything that was begun has been told. */
  async settled(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }

  end(exitStatus: 0 | 1 = 0): void {
    this.target.listener.ended({ report: REPORT, exitStatus });
  }
}
