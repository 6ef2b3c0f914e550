/** What a stress run is given, and what it sees. */
import { beforeAll, describe, expect, it } from 'vitest';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';
import { recordLayouts } from '../../../test/support/recordLayouts.js';
import {
  STRESS,
  STRESS_CHANGE,
  STRESS_CHANGE_SIZE,
  STRESS_OUTCOME,
  STRESS_OUTCOME_SIZE,
  STRESS_RECORD,
  STRESS_RECORD_SIZE,
  STRESS_RESAVED,
  STRESS_RESAVED_SIZE,
  STRESS_SITE,
  STRESS_SITE_SIZE,
  STRESS_SIZE,
} from './stress.js';
import type { Stress } from './stressing.js';

const STRUCTURES = [
  ['vsp_stress', STRESS, STRESS_SIZE],
  ['vsp_stress_change', STRESS_CHANGE, STRESS_CHANGE_SIZE],
  ['vsp_stress_site', STRESS_SITE, STRESS_SITE_SIZE],
  ['vsp_stress_record', STRESS_RECORD, STRESS_RECORD_SIZE],
  ['vsp_stress_outcome', STRESS_OUTCOME, STRESS_OUTCOME_SIZE],
  ['vsp_stress_resaved', STRESS_RESAVED, STRESS_RESAVED_SIZE],
] as const;

describe('structures shared with C', () => {
  const layouts = recordLayouts(
    `#include "stress.h"\n${STRUCTURES.map(([name]) => `struct ${name} the_${name};`).join('\n')}`,
  );

  it.each(STRUCTURES)('struct %s', (name, fields, size) => {
    expect(layouts.get(name)).toEqual({ size, fields });
  });
});

const SOURCE = `
#include <vsplab.h>
static ULONG Calls[16], Sizes[16], Count, Writes[16], WriteCount;
static NTSTATUS Answer = STATUS_SUCCESS;
typedef struct { ULONG Id; UCHAR Tail[8]; } CONTEXT, *PCONTEXT;

static NTSTATUS Save(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    (void)Channel;
    *BytesNeeded = 12;
    if (SaveBufSize != 0 && WriteCount < 16) {
        Writes[WriteCount++] = SaveBufSize;
    }
    if (SaveBufSize < 12) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, VmbPacketGetPointer(Packet), 12);
    return STATUS_SUCCESS;
}
static VOID Completed(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    (void)Buffer; (void)Length;
    VSPLAB_LOG("completed %08x", Status);
    ExFreePoolWithTag(VmbPacketGetPointer(Packet), 'txtC');
    VmbPacketFree(Packet);
}
static NTSTATUS Restore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    VMBPACKET packet;
    PCONTEXT context;
    NTSTATUS status;
    VSPLAB_LOG("restore %u %s %02x", SaveBufSize, SaveBuf == NULL ? "NULL" : "there",
               SaveBufSize < 2 ? 0 : ((PUCHAR)SaveBuf)[1]);
    if (SaveBufSize < 12 || ((PUCHAR)SaveBuf)[11] == 0xee) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    context = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(CONTEXT), 'txtC');
    packet = VmbPacketAllocate(Channel);
    if (context == NULL || packet == NULL) {
        if (packet != NULL) {
            VmbPacketFree(packet);
        }
        return STATUS_INSUFFICIENT_RESOURCES; /* keeps the context: that is the fault */
    }
    RtlCopyMemory(context, SaveBuf, 12);
    VmbPacketSetPointer(packet, context);
    VmbPacketSetCompletionRoutine(packet, Completed);
    status = VmbPacketRestore(packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(status)) {
        VSPLAB_LOG("refused %08x", status);
        ExFreePoolWithTag(context, 'txtC');
        VmbPacketFree(packet);
    }
    return status;
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
    NTSTATUS status;
    ULONG i;
    VmbChannelStart(channel);
    VspLabGuestOpenChannel(channel);
    for (i = 0; i < 2; i++) {
        VMBPACKET packet = VmbPacketAllocate(channel);
        PCONTEXT context = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(CONTEXT), 'txtC');
        UINT64 bytes = i;
        context->Id = 0x0a0b0c00 + i;
        VmbPacketSetPointer(packet, context);
        VmbPacketSetCompletionRoutine(packet, Completed);
        VmbPacketSend(packet, &bytes, sizeof(bytes), NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    }
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VmbChannelDisable(channel);
    VmbChannelCleanup(channel);
    for (i = 0; i < WriteCount; i++) {
        VSPLAB_LOG("write %u", Writes[i]);
    }
    VspLabRestartHost();
    channel = Open();
    status = VspLabRestore(channel, state);
    VSPLAB_LOG("restored %08x", status);
    if (NT_SUCCESS(status)) {
        VmbChannelStart(channel);
        VspLabGuestOpenChannel(channel);
        VspLabGuestCompleteAll(channel);
    }
    VmbChannelDisable(channel);
    VmbChannelCleanup(channel);
    VspLabFreeState(state);
}
`;

describe('a stress run', () => {
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(SOURCE, { checked: true, optimize: 0 });
  }, COMPILE_TIMEOUT);

  const modes = ['S-10=exact', 'S-14=once', 'S-17=null'];
  const stress = (wanted: Stress, more: readonly string[] = modes) => {
    const { result, breaches } = driver.test('Migrates', { checks: 'contract', modes: more, stress: wanted });
    const seen = result.stressed;
    if (seen === undefined) throw new Error('nothing was observed');
    const lines = result.output.map(({ text }) => text.trim()).filter((text) => text !== '');
    // The channels of this test are not set up further than it needs.
    return { seen, lines, breaches: breaches.filter((rule) => !rule.startsWith('init-')), ended: result.ended };
  };
  const of = (lines: readonly string[], word: string): readonly string[] =>
    lines.filter((line) => line.startsWith(word));

  it('notes records as they were saved, calls that can fail, and what restored packets save', () => {
    const { seen, ended } = stress({ note: true });
    expect(ended).toBe('completed');
    expect(
      seen.records.map(({ at, packet, status, bytes }) => [at, packet, status, bytes[0], bytes[1], bytes.length]),
    ).toEqual([
      [0, 0, 0, 0, 0x0c, 12],
      [1, 1, 0, 1, 0x0c, 12],
    ]);
    expect(seen.resaved.map(({ at, status, size }) => [at, status, size])).toEqual([
      [0, 0, 12],
      [1, 0, 12],
    ]);
    const restoring = seen.sites.filter(({ inCallback }) => inCallback).map(({ what }) => what);
    expect(restoring).toEqual(['allocation', 'packet-allocate', 'packet-restore']);
    expect(seen.injected).toBe(0);
  });

  it('of an ordinary run there is nothing', () => {
    expect(driver.test('Migrates', { checks: 'contract' }).result.stressed).toBeUndefined();
  });

  it.each([
    ['S-17: empty', { size: 0 }, 'restore 0 NULL 00', 'restored c0000206'],
    ['S-35: cut short', { size: 5 }, 'restore 5 there 0c', 'restored c0000206'],
    ['S-35: one byte changed', { size: 12, offset: 1, mask: 0xff }, 'restore 12 there f3', 'restored 00000000'],
    ['S-10: a larger buffer', { size: 20 }, 'restore 20 there 0c', 'restored 00000000'],
  ] as const)('%s: the call gets that record alone, and the others theirs', (_row, change, call, restored) => {
    const { lines, seen } = stress({ restore: { at: 1, probe: false, changes: [change] } });
    expect(of(lines, 'restore ')).toEqual(['restore 12 there 0c', call]);
    expect(of(lines, 'restored')).toEqual([restored]);
    expect([seen.injected, seen.accepted]).toEqual([1, restored.endsWith('00000000')]);
  });

  it('hands over the bytes of a replay', () => {
    const literal = Uint8Array.of(9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 1, 2, 3);
    const { lines } = stress({ restore: { at: 0, probe: false, changes: [{ size: 1 }], literal } });
    expect(of(lines, 'restore ')[0]).toBe('restore 13 there 08');
  });

  it('S-27: probes are tried in turn, those taken are given back as Disable does, then comes what was saved', () => {
    const changes = [{ size: 3 }, { size: 12, offset: 1, mask: 1 }, { size: 12, offset: 11, mask: 0xee }];
    const { lines, seen, ended } = stress({ restore: { at: 0, probe: true, changes } });
    expect(of(lines, 'restore ')).toEqual([
      'restore 3 there 0c',
      'restore 12 there 0d',
      'restore 12 there 0c',
      'restore 12 there 0c',
      'restore 12 there 0c',
    ]);
    expect(of(lines, 'completed')).toContain('completed c0000120');
    expect(of(lines, 'restored')).toEqual(['restored 00000000']);
    expect(seen.outcomes.map(({ change, status, size }) => [change, status >>> 0, size])).toEqual([
      [0, 0xc0000206, 0],
      [1, 0, 12],
      [2, 0xc0000206, 0],
    ]);
    expect([ended, seen.current]).toEqual(['completed', null]);
  });

  it.each([
    ['allocation', 'c000009a'],
    ['packet-allocate', 'c000009a'],
    ['packet-restore', 'c000009a'],
  ] as const)('%s fails once, where it was noted (R2, R5, R6)', (what, status) => {
    const site = stress({ note: true }).seen.sites.find((each) => each.what === what && each.inCallback);
    const { lines, seen } = stress({ fails: { what, at: site?.at ?? -1 } });
    expect(of(lines, 'restored')).toEqual([`restored ${status}`]);
    expect(seen.injected).toBe(1);
  });

  it('R6: what a refusing restore callback leaves to nobody is told at its allocation', () => {
    const site = stress({ note: true }).seen.sites.find((each) => each.what === 'packet-allocate' && each.inCallback);
    expect(stress({ fails: { what: 'packet-allocate', at: site?.at ?? -1 } }).breaches).toContain(
      'restorepkt-free-on-failure',
    );
    const other = stress({ note: true }).seen.sites.find((each) => each.what === 'packet-restore');
    expect(stress({ fails: { what: 'packet-restore', at: other?.at ?? -1 } }).breaches).toEqual([]);
  });

  it.each([
    ['M9: as asked', {}, [12, 12]],
    ['M10: larger', { larger: 64 }, [76, 76]],
    ['M12: shorter than needed by then, and then as asked', { smaller: 1 }, [11, 12, 12]],
    ['M12: shorter by more than there is', { smaller: 100 }, [1, 12, 12]],
  ] as const)('%s: sizes of SaveBuf in the write passes of a packet', (_row, wanted, sizes) => {
    const { lines, breaches } = stress(wanted);
    expect(of(lines, 'write').slice(0, sizes.length)).toEqual(sizes.map((size) => `write ${size}`));
    expect(breaches).toEqual([]);
  });

  it.each([
    [0, [0, 48, 64, 64]],
    [112, [112, 112]],
    [4096, [4096]],
  ])('VspLabSave gets chunk buffers of %i bytes and grows them as it is told (6.2)', (chunkBuffer, sizes) => {
    const { result } = driver.test('Migrates', { checks: 'contract', modes, stress: { chunkBuffer } });
    const chunks = result.channels[0]?.saves[0]?.chunks ?? [];
    expect(chunks.map(({ bufferSize }) => bufferSize)).toEqual(sizes);
  });
});
