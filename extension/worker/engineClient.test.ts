import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { unpackReport } from '../core/run/reportPack.js';
import { EngineClient, EngineDisposed, type EngineStart, type RunEnd, type RunOrder } from './engineClient.js';
import type { DriverOutcome } from './engineProtocol.js';
import { TestProject } from './toolchain.testing.js';
import { productFolder } from './toolchainFiles.js';

const root = productFolder();
const fake = fileURLToPath(new URL('../../test/support/fakeEngine.mjs', import.meta.url));

const disposables: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposables.splice(0)) await dispose();
});

function client(start: Partial<EngineStart> = {}): EngineClient {
  const made = new EngineClient({ root, jobs: 2, ...start });
  disposables.push(() => made.dispose());
  return made;
}

function project(files: Readonly<Record<string, string>>): TestProject {
  const made = new TestProject(files);
  disposables.push(() => made.remove());
  return made;
}

const DRIVER = `
#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>
#include "record.h"
EVT_VMB_PACKET_COMPLETION_ROUTINE Completed;
EVT_VMB_CHANNEL_SAVE_PACKET Save;
EVT_VMB_CHANNEL_RESTORE_PACKET Restore;
VOID Completed(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    VmbPacketFree(Packet);
}
NTSTATUS Save(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = RECORD_BYTES;
    if (SaveBufSize < RECORD_BYTES) return STATUS_BUFFER_TOO_SMALL;
    RtlZeroMemory(SaveBuf, SaveBufSize);
    return STATUS_SUCCESS;
}
NTSTATUS Restore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    VMBPACKET packet = VmbPacketAllocate(Channel);
    NTSTATUS status;
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (packet == NULL) return STATUS_INSUFFICIENT_RESOURCES;
    VmbPacketSetCompletionRoutine(packet, Completed);
    status = VmbPacketRestore(packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(status)) VmbPacketFree(packet);
    return status;
}
`;
const HEADER = '#define RECORD_BYTES 16\n';
/** Each of its two levels is a million instantiations. */
const ENDLESS_COMPILE = `
template <int N, int M> struct F { typedef typename F<N - 1, M * 2>::T A; typedef typename F<N - 1, M * 2 + 1>::T B; typedef int T; };
template <int M> struct F<0, M> { typedef int T; };
F<28, 1>::T x;
`;
const ENDLESS_RUN = `
#include <ntddk.h>
#include <vsplab.h>
VSPLAB_TEST(Endless) { for (;;) { volatile int i = 0; for (; i < 1000; i++) {} } }
`;

function order(at: TestProject, paths: readonly string[], more: Partial<RunOrder> = {}): RunOrder {
  return {
    cwd: at.root,
    paths: paths.map((path) => at.at(path)),
    workspaceRoots: [],
    overlays: [],
    settings: { packets: 3 },
    ...more,
  };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** What a run brought, as little of it as a test needs. */
interface Brought {
  readonly end: RunEnd;
  readonly outcomes: readonly DriverOutcome[];
}

async function run(engine: EngineClient, wanted: RunOrder, signal?: AbortSignal): Promise<Brought> {
  const outcomes: DriverOutcome[] = [];
  const end = await engine.run(wanted, { driver: (outcome) => outcomes.push(outcome) }, signal);
  return { end, outcomes };
}

/** State bytes of each packet. */
function sizes(outcome: DriverOutcome | undefined): readonly number[] {
  return outcome === undefined
    ? []
    : unpackReport(outcome.pack).runs.flatMap(({ channels }) =>
        channels.flatMap(({ packets }) => Array.from({ length: packets.length }, (_, at) => packets.at(at).stateBytes)),
      );
}

const FINE: RunEnd = { kind: 'finished', cancelled: false };
const CANCELLED: RunEnd = { kind: 'finished', cancelled: true };

describe.each([
  ['as a worker thread', {}],
  ['as a process of another Node.js', { memory64: false, nodePath: () => process.execPath }],
])('the engine %s', (_, start) => {
  it('runs a driver and says what it was made from', async () => {
    const at = project({ 'drv/Driver.c': DRIVER, 'drv/record.h': HEADER });
    const { end, outcomes } = await run(client(start), order(at, ['drv']));
    expect(end).toEqual(FINE);
    expect(outcomes).toHaveLength(1);
    const [outcome] = outcomes;
    expect(outcome).toMatchObject({ name: 'drv', folder: at.at('drv'), compiled: true });
    expect(outcome?.sources).toEqual([at.at('drv/Driver.c')]);
    expect(outcome?.files.toSorted()).toEqual([at.at('drv/Driver.c'), at.at('drv/record.h')]);
    expect(outcome?.pack.runs[0]?.file).toBe('drv/Driver.c');
    expect(sizes(outcome)).toEqual([16, 16, 16]);
  });

  it('runs many packets, whose columns are whole', async () => {
    const at = project({ 'Driver.c': DRIVER, 'record.h': HEADER });
    const settings = { packets: 100_000, checks: 'off' } as const;
    const { outcomes } = await run(client(start), order(at, ['Driver.c'], { settings }));
    const state = outcomes[0]?.pack.runs[0]?.channels[0]?.packets.stateBytes;
    expect(state).toBeInstanceOf(Uint32Array);
    expect(state?.length).toBe(100_000);
    expect(new Set(state)).toEqual(new Set([16]));
  });

  it('cancels while it compiles and while a test runs, and goes on', async () => {
    const at = project({
      'bomb.cpp': ENDLESS_COMPILE,
      'Endless.c': ENDLESS_RUN,
      'Driver.c': DRIVER,
      'record.h': HEADER,
    });
    const engine = client(start);
    const settings = { timeout: 600_000 };
    for (const source of ['bomb.cpp', 'Endless.c']) {
      const abort = new AbortController();
      const events = {
        progress: (text: string) => {
          if (source === 'bomb.cpp' || text.includes('runs')) abort.abort();
        },
      };
      const ended = engine.run(order(at, [source], { settings }), events, abort.signal);
      setTimeout(() => abort.abort(), 700);
      expect(await ended).toEqual(CANCELLED);
    }
    const { end, outcomes } = await run(engine, order(at, ['Driver.c']));
    expect([end, sizes(outcomes[0])]).toEqual([FINE, [16, 16, 16]]);
  });
});

describe('EngineClient', () => {
  it('compiles unsaved text, headers too', async () => {
    const at = project({ 'Driver.c': DRIVER, 'record.h': HEADER });
    const overlays = [{ path: at.at('record.h'), bytes: bytes('#define RECORD_BYTES 24\n') }];
    const engine = client();
    const saved = await run(engine, order(at, ['Driver.c']));
    const unsaved = await run(engine, order(at, ['Driver.c'], { overlays }));
    expect([sizes(saved.outcomes[0]), sizes(unsaved.outcomes[0])]).toEqual([
      [16, 16, 16],
      [24, 24, 24],
    ]);
  });

  it('compiles files of a file system that no disk has', async () => {
    const overlays = [
      { path: '/memfs/project/drv/Driver.c', bytes: bytes(DRIVER) },
      { path: '/memfs/project/drv/record.h', bytes: bytes(HEADER) },
    ];
    const wanted = {
      cwd: '/memfs/project',
      paths: ['/memfs/project'],
      workspaceRoots: ['/memfs/project'],
      overlays,
      settings: {},
    };
    const { end, outcomes } = await run(client(), wanted);
    expect([end, outcomes[0]?.name, sizes(outcomes[0]).length]).toEqual([FINE, 'drv', 8]);
  });

  it('brings a driver that does not compile with the compiler’s words and the files it was read from', async () => {
    const at = project({ 'Driver.c': DRIVER, 'record.h': '#define RECORD_BYTES 16 +\n#error "half"\n' });
    const { end, outcomes } = await run(client(), order(at, ['Driver.c']));
    expect(end).toEqual(FINE);
    expect(outcomes[0]).toMatchObject({ compiled: false, pack: { runs: [{ outcome: 'error' }] } });
    expect(outcomes[0]?.diagnostics[0]).toMatchObject({ severity: 'error', file: 'record.h', line: 2 });
    expect(outcomes[0]?.files.toSorted()).toEqual([at.at('Driver.c'), at.at('record.h')]);
  });

  it('of two runs of the same driver the newer wins, and runs of other drivers go on', async () => {
    const at = project({
      'one/Driver.c': DRIVER,
      'one/record.h': HEADER,
      'two/Driver.c': DRIVER,
      'two/record.h': HEADER,
    });
    const engine = client();
    const [older, other, newer] = await Promise.all(
      ['one', 'two', 'one'].map((path) => run(engine, order(at, [path]))),
    );
    expect([older?.end, other?.end, newer?.end]).toEqual([CANCELLED, FINE, FINE]);
    expect([older, other, newer].map((each) => each?.outcomes.length)).toEqual([0, 1, 1]);
  });

  it('takes what vsplab.json says: drivers, folders, macros, severities', async () => {
    const at = project({
      'vsplab.json': JSON.stringify({
        drivers: { mine: 'src/D*.c' },
        includes: ['shared'],
        defines: ['MORE=8'],
        rules: { 'run-stub': 'off' },
      }),
      'src/Driver.c': DRIVER.replace('*BytesNeeded = RECORD_BYTES;', '*BytesNeeded = RECORD_BYTES; Nobody();').replace(
        'EVT_VMB',
        'VOID Nobody(VOID);\nEVT_VMB',
      ),
      'src/Other.c': 'int NotOfThisDriver = wrong;\n',
      'shared/record.h': '#define RECORD_BYTES (16 + MORE)\n',
    });
    const { end, outcomes } = await run(client(), order(at, ['src']));
    expect(end).toEqual(FINE);
    expect(outcomes.map(({ name, sources }) => [name, sources])).toEqual([['mine', [at.at('src/Driver.c')]]]);
    expect(sizes(outcomes[0])).toEqual([24, 24, 24]);
    const findings = outcomes[0]?.pack.runs[0]?.findings.map(({ rule, suppressed }) => [rule, suppressed]);
    expect(findings).toEqual([['run-stub', true]]);
  });

  it.each([
    ['{ "includes": 1 }', 'vsplab.json:1: includes is 1: expected a list of texts'],
    ['{ "defines": ["1A"] }', 'vsplab.json: define 1A: expected NAME or NAME=VALUE'],
    ['{ "drivers": { "mine": "none/*.c" } }', 'vsplab.json: drivers.mine: no source matches'],
  ])('says what is wrong in vsplab.json: %s', async (text, message) => {
    const at = project({ 'Driver.c': DRIVER, 'record.h': HEADER, 'vsplab.json': text });
    const { end } = await run(client(), order(at, ['Driver.c']));
    expect(end.kind === 'failed' && end.message.startsWith(message)).toBe(true);
  });

  it.each([
    ['a path that is not there', 'gone.c', {}, 'gone.c: no such file or folder'],
    [
      'settings that make no sense',
      'Driver.c',
      { stubs: ['Foo'] },
      '--stub Foo: expected NAME=VALUE with a whole number',
    ],
  ])('says what to mend: %s', async (_, path, settings, message) => {
    const at = project({ 'Driver.c': DRIVER, 'record.h': HEADER });
    const { end } = await run(client(), order(at, [path], { settings }));
    expect(end).toEqual({ kind: 'failed', message });
  });

  it.each([
    ['/exits', 'The engine stopped working (exit status 3). It starts again with the next run.'],
    ['/throws', 'The engine stopped working (boom). It starts again with the next run.'],
  ])('answers when the engine dies (%s), and starts a new one', async (path, message) => {
    const engine = client({ script: fake });
    const wanted = { cwd: '/', paths: [path], workspaceRoots: [], overlays: [], settings: {} };
    const threads: string[] = [];
    const events = { progress: (text: string) => threads.push(text) };
    const fine = { ...wanted, paths: ['/fine'] };
    expect(await engine.run(fine, events)).toEqual(FINE);
    expect(await Promise.all([engine.run(wanted), engine.run({ ...wanted, paths: ['/hangs'] })])).toEqual([
      { kind: 'failed', message },
      { kind: 'failed', message },
    ]);
    expect(await engine.run(fine, events)).toEqual(FINE);
    expect(new Set(threads).size).toBe(2);
  });

  it('answers a cancelled run even when the engine does not', async () => {
    const engine = client({ script: fake });
    const abort = new AbortController();
    const wanted = { cwd: '/', paths: ['/hangs'], workspaceRoots: [], overlays: [], settings: {} };
    const ended = engine.run(wanted, {}, abort.signal);
    abort.abort();
    expect(await ended).toEqual(CANCELLED);
    expect(await engine.run(wanted, {}, abort.signal)).toEqual(CANCELLED);
  });

  it('rejects what waits when it is disposed of, and everything after', async () => {
    const engine = client({ script: fake });
    const wanted = { cwd: '/', paths: ['/hangs'], workspaceRoots: [], overlays: [], settings: {} };
    const waiting = expect(engine.run(wanted)).rejects.toBeInstanceOf(EngineDisposed);
    await engine.dispose();
    await waiting;
    await expect(engine.run(wanted)).rejects.toBeInstanceOf(EngineDisposed);
  });

  it('says the way out when there is no Node.js for it', async () => {
    const nowhere = client({ memory64: false, nodePath: () => '/nowhere/node' });
    const wanted = { cwd: '/', paths: ['/fine'], workspaceRoots: [], overlays: [], settings: {} };
    expect(await nowhere.run(wanted)).toEqual({
      kind: 'failed',
      message: 'vspLab.nodePath: /nowhere/node is not a Node.js',
    });
  });

  it('answers when the script is not there', async () => {
    const wanted = { cwd: '/', paths: ['/fine'], workspaceRoots: [], overlays: [], settings: {} };
    for (const start of [{}, { memory64: false, nodePath: () => process.execPath }]) {
      const end = await client({ script: join(root, 'gone.js'), ...start }).run(wanted);
      expect(end.kind === 'failed' && end.message).toMatch(/^The engine stopped working/);
    }
  });
});
