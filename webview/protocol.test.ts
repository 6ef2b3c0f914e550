/** Every message, through both ends as they are: the page's source and the extension's page, each checking what enters. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { packBytes, withoutSaved } from '../extension/core/run/reportPack.js';
import { samplePack } from '../extension/core/run/samplePack.testing.js';
import { type CallHandlers, Page, type PageHost } from '../extension/features/packetBuffersPage.js';
import { MessageSource } from './messageSource.js';
import {
  type CallName,
  type DriverReport,
  PROTOCOL,
  type SentReport,
  type ViewCalls,
  type ViewEvent,
} from './protocol.js';
import type { SourceEvent } from './source.js';

vi.mock('vscode', () => ({ Uri: { joinPath: (base: object) => base } }));

/** A message that is added does not compile without one here. */
type Calls = {
  readonly [Name in CallName]: {
    readonly argument: ViewCalls[Name]['argument'];
    readonly result: ViewCalls[Name]['result'];
  };
};
const calls: Calls = {
  packetBytes: {
    argument: { driver: '/nic', run: 0, channel: 2, packet: 41 },
    result: { bytes: Uint8Array.of(1, 2, 3), writtenBy: [{ offset: 0, length: 3, writer: null }] },
  },
  openSource: { argument: { driver: '/nic', file: 'Nic.c', line: 12, column: 3 }, result: null },
  run: { argument: { driver: null }, result: null },
  cancel: { argument: null, result: null },
  exportReport: { argument: { format: 'csv' }, result: null },
  copy: { argument: { text: 'static const UCHAR Saved[1] = { 0x00 };' }, result: null },
  explainRule: { argument: { rule: 'savepkt-size-exact' }, result: null },
  travel: { argument: { event: 12 }, result: null },
  debugToFinding: { argument: { driver: '/nic', run: 0, finding: 1 }, result: null },
  openDebugged: { argument: { file: 'Nic.c', line: 12, column: 3 }, result: null },
};

const driver: DriverReport = {
  key: '/nic',
  name: 'nic',
  pack: withoutSaved(samplePack(40)),
  previous: { SavesInFlightRequests: { packets: 39, stateBytes: 1900, min: 48, median: 163.5, max: 1540 } },
  stale: true,
  problems: [{ message: "expected ';'", file: 'Nic.c', line: 3, column: 9 }],
};

const sent = (report: DriverReport): SentReport => ({ ...report, pack: packBytes(report.pack) });
const plain: DriverReport = { ...driver, previous: {}, problems: [] };

const events: { readonly [Kind in SourceEvent['kind']]: Extract<ViewEvent<SentReport>, { kind: Kind }> } = {
  reports: { kind: 'reports', drivers: [sent(driver)], canRun: true },
  report: { kind: 'report', driver: sent(plain) },
  source: { kind: 'source', driver: '/nic', stale: false, problems: driver.problems },
  progress: { kind: 'progress', running: true, text: 'Compiling Nic.c' },
  paused: {
    kind: 'paused',
    at: {
      session: 'one',
      shown: { driver: '/nic', run: 0 },
      run: 'SavesInFlightRequests',
      reason: 'Paused at a breakpoint',
      location: { file: 'Nic.c', line: 12, column: 5, function: 'NicSavePacket' },
      callback: 'EvtVmbChannelSavePacket',
      channel: 0,
      packet: 3,
      pass: 'write',
      buffer: {
        size: 8,
        written: 4,
        bytes: Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 0),
        runs: [
          { offset: 0, length: 4, place: { file: 'Nic.c', line: 11, column: 5, function: 'NicSavePacket' } },
          { offset: 4, length: 4, place: null },
        ],
      },
    },
    timeline: {
      version: 2,
      since: 1,
      keep: 1,
      changed: [{ at: 0, event: { record: 4, kind: 'call', name: 'VspLabSave', channel: 0, depth: 0, count: 2 } }],
      added: [
        {
          record: 9,
          kind: 'packet',
          name: 'EvtVmbChannelSavePacket',
          channel: 0,
          depth: 1,
          packet: 3,
          pass: 'write',
          status: '0x00000000',
          place: 0,
        },
        {
          record: 10,
          kind: 'finding',
          name: 'savepkt-stable',
          channel: null,
          depth: 0,
          message: 'differs',
          finding: 0,
        },
      ],
      places: [{ file: 'Nic.c', line: 12, column: 5, function: 'NicSavePacket' }],
      here: 1,
      dropped: 0,
    },
  },
  resumed: { kind: 'resumed' },
  debugEnded: { kind: 'debugEnded' },
  reveal: { kind: 'reveal', target: { driver: '/nic', run: 0, channel: 0, packet: 4, finding: 1, byte: 7 } },
};

/** Both ends, with the structured clone of a webview's channel between them. */
function connected(handlers: Partial<CallHandlers> = {}) {
  const refuse = () => Promise.reject(new Error('not expected'));
  const all = Object.fromEntries(Object.keys(calls).map((name) => [name, refuse])) as unknown as CallHandlers;
  const target = new EventTarget();
  const said: { protocol?: number; shown?: string; noise: number; failed: unknown[] } = { noise: 0, failed: [] };
  let receive: (data: unknown) => void = () => {};
  const deliver = (data: unknown) => target.dispatchEvent(new MessageEvent('message', { data: structuredClone(data) }));
  const webview = {
    options: {},
    html: '',
    cspSource: 'self',
    asWebviewUri: (uri: unknown) => uri,
    onDidReceiveMessage: (listener: (data: unknown) => void) => {
      receive = listener;
      return { dispose() {} };
    },
    postMessage: async (data: unknown) => deliver(data),
  };
  const host: PageHost = {
    handlers: { ...all, ...handlers },
    ready: (_page, protocol) => {
      said.protocol = protocol;
    },
    shown: (key) => {
      said.shown = key;
    },
    noise: () => {
      said.noise += 1;
    },
    failed: (error) => said.failed.push(error),
  };
  const page = new Page(webview as never, {} as never, 'panel', host);
  let state: unknown;
  const api = {
    postMessage: (message: unknown) => receive(structuredClone(message)),
    getState: () => state,
    setState: (next: unknown) => {
      state = next;
    },
  };
  const source = new MessageSource(api, target as never);
  return { source, page, said, deliver };
}

type Connection = ReturnType<typeof connected>;
let open: Connection | undefined;
afterEach(() => open?.source.dispose());

describe('what the extension says', () => {
  it.each(Object.values(events))('$kind arrives whole', (event) => {
    open = connected();
    const received: SourceEvent[] = [];
    open.source.listen((each) => received.push(each));
    open.page.post(event);
    const unpacked: Partial<Record<string, SourceEvent>> = {
      reports: { kind: 'reports', drivers: [driver], canRun: true },
      report: { kind: 'report', driver: plain },
    };
    expect(received).toEqual([unpacked[event.kind] ?? event]);
  });

  it('carries one buffer a driver: VS Code counts the buffers of a message in one byte', () => {
    const { driver: report } = events.report;
    expect(Object.values(report).filter((value) => ArrayBuffer.isView(value))).toHaveLength(1);
  });

  it('is dropped where it is none of its messages', () => {
    open = connected();
    const received: SourceEvent[] = [];
    open.source.listen((each) => received.push(each));
    const { progress, reports } = events;
    const broken = [
      undefined,
      'reports',
      { kind: 'hello' },
      { ...progress, running: 'yes' },
      { ...reports, drivers: [driver] },
      { ...reports, drivers: [{ ...sent(driver), pack: new TextEncoder().encode('{"schemaVersion":2}') }] },
      { kind: 'answer', id: 1, ok: true, value: null },
    ];
    for (const data of broken) open.deliver(data);
    expect(received).toEqual([]);
  });

  it('is dropped where its pack is cut short', () => {
    open = connected();
    const received: SourceEvent[] = [];
    open.source.listen((each) => received.push(each));
    const whole = sent(driver);
    open.deliver({ kind: 'report', driver: { ...whole, pack: whole.pack.slice(0, -8) } });
    expect(received).toEqual([]);
  });
});

describe('what the page says', () => {
  it('begins with the protocol it speaks', () => {
    open = connected();
    open.source.listen(() => {});
    expect(open.said).toEqual({ protocol: PROTOCOL, noise: 0, failed: [] });
  });

  it('tells which driver it has painted', () => {
    open = connected();
    open.source.listen(() => {});
    open.source.shown('/nic');
    expect(open.said.shown).toBe('/nic');
  });

  it.each(Object.keys(calls) as CallName[])('%s is answered with what its handler returns', async (name) => {
    const { argument, result } = calls[name];
    const handler = vi.fn(() => result);
    open = connected({ [name]: handler });
    open.source.listen(() => {});
    await expect(open.source.call(name, argument)).resolves.toEqual(result);
    expect(handler).toHaveBeenCalledExactlyOnceWith(argument);
  });

  it.each(Object.keys(calls) as CallName[])('%s is refused with the words of the error', async (name) => {
    open = connected({ [name]: () => Promise.reject(new Error(`${name} failed`)) });
    open.source.listen(() => {});
    await expect(open.source.call(name, calls[name].argument)).rejects.toThrow(`${name} failed`);
    expect(open.said.failed).toHaveLength(1);
  });

  it('is refused with a reason where the argument is none', async () => {
    open = connected();
    open.source.listen(() => {});
    const wrong = { ...calls.packetBytes.argument, packet: -1 };
    await expect(open.source.call('packetBytes', wrong)).rejects.toThrow('packetBytes: ');
  });
});

describe('a source that is closed', () => {
  it('rejects what is pending and what is asked later', async () => {
    open = connected({ run: () => new Promise(() => {}) });
    open.source.listen(() => {});
    const pending = open.source.call('run', { driver: '/nic' });
    open.source.dispose();
    await expect(pending).rejects.toThrow('The view was closed.');
    await expect(open.source.call('cancel', null)).rejects.toThrow('The view was closed.');
  });

  it('hears nothing more', () => {
    open = connected();
    const received: SourceEvent[] = [];
    open.source.listen((each) => received.push(each));
    open.source.dispose();
    open.page.post(events.progress);
    expect(received).toEqual([]);
  });
});
