/** What a variant of a test does otherwise, and what it sees. */
import { beforeAll, describe, expect, it } from 'vitest';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';
import { recordLayouts } from '../../../test/support/recordLayouts.js';
import { NONE } from './layout.js';
import {
  CHANGE,
  CHANGE_HOW,
  CHANGE_SIZE,
  CONTEXT_SEEN,
  CONTEXT_SEEN_SIZE,
  type Observation,
  RESTORED_ONCE,
  RESTORED_ONCE_SIZE,
  VARY,
  VARY_SIZE,
  type Variant,
  WRITTEN,
  WRITTEN_SIZE,
} from './vary.js';

const STRUCTURES = [
  ['vsp_vary', VARY, VARY_SIZE],
  ['vsp_written', WRITTEN, WRITTEN_SIZE],
  ['vsp_restored_once', RESTORED_ONCE, RESTORED_ONCE_SIZE],
  ['vsp_context_seen', CONTEXT_SEEN, CONTEXT_SEEN_SIZE],
  ['vsp_change', CHANGE, CHANGE_SIZE],
] as const;

describe('structures shared with C', () => {
  const layouts = recordLayouts(
    `#include "variant.h"\n${STRUCTURES.map(([name]) => `struct ${name} the_${name};`).join('\n')}`,
  );

  it.each(STRUCTURES)('struct %s', (name, fields, size) => {
    expect(layouts.get(name)).toEqual({ size, fields });
  });
});

const SOURCE = `
#include <vsplab.h>
#pragma pack(push, 1)
typedef struct _RECORD { ULONG Id; PVOID Where; UCHAR Left; UCHAR Local; ULONG Calls; } RECORD;
#pragma pack(pop)
typedef struct _CONTEXT { ULONG Id; ULONG Unset; UCHAR Tail[8]; } CONTEXT, *PCONTEXT;

static ULONG Calls;

static NTSTATUS Save(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PCONTEXT context = VmbPacketGetPointer(Packet);
    RECORD *record = SaveBuf;
    UCHAR local;
    (void)Channel;
    *BytesNeeded = sizeof(RECORD);
    if (SaveBufSize < sizeof(RECORD)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    record->Id = context->Id;
    record->Where = context;
    record->Local = local;
    record->Calls = context->Unset == 0x5A5A5A5A ? Calls++ : 0;
    return STATUS_SUCCESS;
}
static VOID Completed(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    (void)Status; (void)Buffer; (void)Length;
    ExFreePoolWithTag(VmbPacketGetPointer(Packet), 'txtC');
    VmbPacketFree(Packet);
}
static NTSTATUS Restore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    VMBPACKET packet = VmbPacketAllocate(Channel);
    PCONTEXT context = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(CONTEXT), 'txtC');
    (void)SaveBufSize;
    context->Id = ((RECORD *)SaveBuf)->Id;
    VmbPacketSetPointer(packet, context);
    VmbPacketSetCompletionRoutine(packet, Completed);
    return VmbPacketRestore(packet, LibBuf, LibBufSize);
}
static VMBCHANNEL Open(VOID)
{
    VMBCHANNEL channel;
    VmbChannelAllocate(VspLabDevice(), TRUE, &channel);
    VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, Save, Restore);
    VmbChannelEnable(channel);
    return channel;
}
VSPLAB_TEST(Migrates)
{
    VMBCHANNEL channel = Open();
    PVSPLAB_STATE state;
    ULONG i;
    VmbChannelStart(channel);
    VspLabGuestOpenChannel(channel);
    for (i = 0; i < 3; i++) {
        VMBPACKET packet = VmbPacketAllocate(channel);
        PCONTEXT context = ExAllocatePoolUninitialized(NonPagedPoolNx, sizeof(CONTEXT), 'txtC');
        UINT64 bytes = i;
        context->Id = 10 + i;
        VmbPacketSetPointer(packet, context);
        VmbPacketSetCompletionRoutine(packet, Completed);
        VmbPacketSend(packet, &bytes, sizeof(bytes), NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    }
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VmbChannelDisable(channel);
    VmbChannelCleanup(channel);
    VspLabRestartHost();
    channel = Open();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VmbChannelStart(channel);
    VspLabGuestOpenChannel(channel);
    VspLabGuestCompleteAll(channel);
    VmbChannelDisable(channel);
    VmbChannelCleanup(channel);
    VspLabFreeState(state);
}
`;
const ALL = { from: 0, to: 1000 };

describe.each([
  { checked: true, optimize: 0, checks: 'contract' },
  { checked: true, optimize: 0, checks: 'off' },
  { checked: false, optimize: 2, checks: 'off' },
] as const)('checked $checked, optimize $optimize, checks $checks', ({ checks, ...options }) => {
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(SOURCE, { ...options, differential: true });
  }, COMPILE_TIMEOUT);

  const watch = (variant: Variant): { readonly seen: Observation; readonly breaches: readonly string[] } => {
    const run = driver.test('Migrates', { checks, variant });
    expect(run.end).toBe('completed');
    const seen = run.result.observation;
    if (seen === undefined) throw new Error('nothing was observed');
    return { seen, breaches: run.breaches };
  };
  const record = (seen: Observation, index: number): DataView => {
    const { buffer, byteOffset, byteLength } = seen.kept[index]?.bytes ?? new Uint8Array();
    return new DataView(buffer, byteOffset, byteLength);
  };
  const line = (location = 0): number | undefined =>
    driver.driver.locations[location >>> 20]?.[location & 0xfffff]?.line;
  const lineOf = (text: string): number => SOURCE.slice(0, SOURCE.indexOf(text)).split('\n').length;

  it('an ordinary run observes nothing', () => {
    expect(driver.test('Migrates', { checks }).result.observation).toBeUndefined();
  });

  it('keeps the bytes of saved records and where they were returned', () => {
    const { seen } = watch({ fill: 0, keep: { from: 1, to: 3 } });
    expect(seen.writes).toBe(3);
    expect(seen.windows).toHaveLength(1);
    expect(seen.kept.map(({ channel, save, packet }) => [channel, save, packet])).toEqual([
      [0, 0, 1],
      [0, 0, 2],
    ]);
    expect(record(seen, 0).getUint32(0, true)).toBe(11);
    expect(line(seen.kept[0]?.location)).toBe(lineOf('return STATUS_SUCCESS;'));
  });

  it('fills pool, SaveBuf and locals with its byte', () => {
    const zero = watch({ fill: 0, keep: ALL }).seen;
    const other = watch({ fill: 0x5a, keep: ALL }).seen;
    expect([record(zero, 0).getUint8(12), record(zero, 0).getUint8(13)]).toEqual([0, 0]);
    expect([record(other, 0).getUint8(12), record(other, 0).getUint8(13)]).toEqual([0x5a, 0x5a]);
    expect(record(other, 0).getBigUint64(4, true)).toBe(record(zero, 0).getBigUint64(4, true));
    expect(other.windows).not.toEqual(zero.windows);
  });

  it('puts everything elsewhere', () => {
    const here = watch({ fill: 0, keep: ALL }).seen;
    const there = watch({ fill: 0, keep: ALL, elsewhere: true }).seen;
    expect(record(there, 0).getBigUint64(4, true)).not.toBe(record(here, 0).getBigUint64(4, true));
    expect(there.flow).toBe(here.flow);
  });

  it('tells where two runs part', () => {
    const log = { from: 0, to: 10_000 };
    const zero = watch({ fill: 0, log }).seen;
    const other = watch({ fill: 0x5a, log }).seen;
    expect(watch({ fill: 0, log }).seen).toEqual(zero);
    expect(zero.flow).not.toBe(other.flow);
    expect(zero.logged).toHaveLength(zero.steps);
    const at = zero.logged.findIndex((step, index) => step !== other.logged[index]);
    const window = watch({ fill: 0, log: { from: at, to: at + 1 } }).seen.logged;
    expect(window).toEqual(zero.logged.slice(at, at + 1));
    expect(line(Number((window[0] ?? 0n) >> 32n))).toBe(lineOf('context->Unset == '));
  });

  it('asks again after a save: a counter shows', () => {
    expect(watch({ fill: 0, again: true }).breaches.filter((rule) => rule === 'savepkt-idempotent')).toEqual([]);
    expect(watch({ fill: 0x5a, again: true }).breaches.filter((rule) => rule === 'savepkt-idempotent')).toHaveLength(3);
  });

  it('saves what was restored: an address differs', () => {
    const { breaches } = watch({ fill: 0, again: true });
    expect(breaches.filter((rule) => rule === 'roundtrip-differs')).toHaveLength(3);
  });

  it('takes contexts, changes a field before the save and mends it after', () => {
    const contextSizes = [16];
    const plain = watch({ fill: 0, keep: ALL, contextSizes }).seen;
    const changes = [{ type: 0, offset: 0, size: 4, how: CHANGE_HOW.XOR, value: 1n }];
    const changed = watch({ fill: 0, keep: ALL, contextSizes, changes }).seen;
    const ids = ({ contexts }: Observation, restored: boolean): readonly number[] =>
      contexts
        .filter((each) => each.restored === restored)
        .map(({ bytes }) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true));
    expect(ids(plain, false)).toEqual([10, 11, 12]);
    expect(ids(plain, true)).toEqual([10, 11, 12]);
    expect(ids(changed, true)).toEqual([11, 10, 13]);
    expect(changed.kept.map((_, index) => record(changed, index).getUint32(0, true))).toEqual([11, 10, 13]);
    expect(changed.restored.map(({ packet, location }) => [packet, line(location)])).toEqual(
      [0, 1, 2].map((packet) => [packet, lineOf('return VmbPacketRestore')]),
    );
  });

  it('numbers packets as the report does', () => {
    const { contexts } = watch({ fill: 0, contextSizes: [16] }).seen;
    expect(contexts.map(({ channel, packet }) => [channel, packet])).toEqual(
      [0, 1, 2, 0, 1, 2].map((packet) => [0, packet]),
    );
    expect(contexts.every(({ packet }) => packet !== NONE)).toBe(true);
  });
});
