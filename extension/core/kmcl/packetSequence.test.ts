/** The fixture-less run (interfaces 4) and its invented contexts. */
import { beforeAll, describe, expect, it } from 'vitest';
import { COMPILE_TIMEOUT, compileText, type TestDriver, type TestRun } from '../../../test/support/driver.js';
import { FAULT, PACKET_RECORD, PACKET_RECORD_SIZE, RECORD_FLAGS } from './layout.js';
import type { PacketsProgram } from './packetSequence.js';

const CONTEXT = `
#include <vsplab.h>

typedef enum _PHASE { PhaseQueued = 3, PhaseSent = 9 } PHASE;
typedef struct _ADAPTER { ULONG Generation; LIST_ENTRY Requests; KSPIN_LOCK Lock; } ADAPTER, *PADAPTER;
typedef struct _REQUEST {
    LIST_ENTRY Link;
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    PADAPTER Adapter;
    ULONG Id;
    PHASE Phase;
    BOOLEAN Urgent;
    UINT64 Offset;
    ULONG DataLength;
    PUCHAR Data;
    USHORT NameLength;
    WCHAR Name[8];
    UNICODE_STRING Text;
    VMBCHANNEL Channel;
    HANDLE Event;
    VOID (*Done)(PVOID);
    ULONG Flags : 3;
    ULONG Depth : 13;
    ULONG TailLength;
    UCHAR Tail[1];
} REQUEST, *PREQUEST;

typedef struct _RECORD { ULONG Id; ULONG Phase; UINT64 Offset; ULONG DataLength; UCHAR Data[64]; } RECORD;
`;

const GOOD = `${CONTEXT}
EVT_VMB_CHANNEL_SAVE_PACKET SavePacket;
EVT_VMB_CHANNEL_RESTORE_PACKET RestorePacket;
EVT_VMB_PACKET_COMPLETION_ROUTINE Completed;

static VOID Check(BOOLEAN Holds, PCSTR What) { if (!Holds) { VSPLAB_LOG("wrong: %s", What); } }

NTSTATUS SavePacket(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PREQUEST request = VmbPacketGetPointer(Packet);
    PADAPTER adapter = VmbChannelGetPointer(Channel);
    RECORD record;
    ULONG i;
    Check(request->Link.Flink == &request->Link && request->Link.Blink == &request->Link, "list");
    Check(request->Lock == 0, "spin lock");
    Check(ExTryToAcquireFastMutex(&request->Mutex), "mutex");
    ExReleaseFastMutex(&request->Mutex);
    Check(request->Id >= 1 && request->Id <= 64, "integer");
    Check(request->Phase == PhaseQueued || request->Phase == PhaseSent, "enumeration");
    Check(request->Urgent <= 1, "boolean");
    Check(request->DataLength >= 1 && request->DataLength <= 64, "pair");
    Check(request->NameLength <= sizeof(request->Name), "array pair");
    Check(request->Text.Length != 0 && request->Text.Length == request->Text.MaximumLength, "string");
    Check(request->Text.Buffer[request->Text.Length / 2 - 1] != 0, "string's last character");
    Check(request->Channel == Channel, "channel");
    Check(request->Event == NULL && request->Done == NULL, "handle, function");
    Check(request->TailLength <= 64, "tail");
    Check(request->Tail[request->TailLength - 1] <= 64, "room behind the structure");
    Check(adapter->Requests.Flink == &adapter->Requests && adapter->Lock == 0 && adapter->Generation <= 64, "adapter");
    Check(request->Adapter->Requests.Flink == &request->Adapter->Requests, "adapter of the context");
    Check(request->Adapter == adapter || ((PUCHAR)request->Adapter)[4095] <= 64, "a block of 4 KiB");
    *BytesNeeded = sizeof(record);
    if (SaveBufSize < sizeof(record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(&record, sizeof(record));
    record.Id = request->Id;
    record.Phase = request->Phase;
    record.Offset = request->Offset;
    record.DataLength = request->DataLength;
    for (i = 0; i < request->DataLength; i++) {
        record.Data[i] = request->Data[i];
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &record, sizeof(record));
    return STATUS_SUCCESS;
}

VOID Completed(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    PREQUEST request = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Length);
    Check(Status == STATUS_SUCCESS, "status");
    ExFreePoolWithTag(request->Data, 'ataD');
    ExFreePoolWithTag(request, 'tseR');
    VmbPacketFree(Packet);
}

NTSTATUS RestorePacket(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    RECORD record;
    PREQUEST request;
    VMBPACKET packet;
    if (SaveBufSize < sizeof(record)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlCopyMemory(&record, SaveBuf, sizeof(record));
    request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*request), 'tseR');
    packet = VmbPacketAllocate(Channel);
    InitializeListHead(&request->Link);
    ExInitializeFastMutex(&request->Mutex);
    request->Id = record.Id;
    request->Phase = record.Phase;
    request->Offset = record.Offset;
    request->DataLength = record.DataLength;
    request->Data = ExAllocatePool2(POOL_FLAG_NON_PAGED, record.DataLength, 'ataD');
    RtlCopyMemory(request->Data, record.Data, record.DataLength);
    request->Text.Length = request->Text.MaximumLength = 2;
    request->Text.Buffer = L"x";
    request->Channel = Channel;
    request->TailLength = 1;
    request->Adapter = VmbChannelGetPointer(Channel);
    VmbPacketSetPointer(packet, request);
    VmbPacketSetCompletionRoutine(packet, Completed);
    return VmbPacketRestore(packet, LibBuf, LibBufSize);
}
`;

/** Callbacks that save the 64-bit value their context points to, with a hook that makes contexts. */
const HOOKED = `
#include <vsplab.h>
typedef struct _THING { UINT64 Value; } THING;
typedef struct _OWNER { UINT64 Base; } OWNER;
static OWNER Owner;
static THING Things[8];
EVT_VMB_PACKET_COMPLETION_ROUTINE Done;

NTSTATUS Save(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    THING *thing = VmbPacketGetPointer(Packet);
    OWNER *owner = VmbChannelGetPointer(Channel);
    UINT64 value = thing->Value + owner->Base;
    *BytesNeeded = sizeof(value);
    if (SaveBufSize < sizeof(value)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &value, sizeof(value));
    return STATUS_SUCCESS;
}
VOID Done(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Length);
    VSPLAB_LOG("done %08x", Status);
    VmbPacketFree(Packet);
}
NTSTATUS Restore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    static ULONG next;
    UINT64 value;
    OWNER *owner = VmbChannelGetPointer(Channel);
    VMBPACKET packet = VmbPacketAllocate(Channel);
    if (SaveBufSize < sizeof(value)) {
        VmbPacketFree(packet);
        return STATUS_INVALID_PARAMETER;
    }
    RtlCopyMemory(&value, SaveBuf, sizeof(value));
    Things[next].Value = value - owner->Base;
    VmbPacketSetPointer(packet, &Things[next++]);
    VmbPacketSetCompletionRoutine(packet, Done);
    return VmbPacketRestore(packet, LibBuf, LibBufSize);
}
VSPLAB_CONTEXT(THING)
{
    OWNER *owner = VmbChannelGetPointer(Channel);
    Things[Index].Value = 10 * Index + (owner == &Owner ? 1 : 0);
    return &Things[Index];
}
VSPLAB_CONTEXT(OWNER)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Index);
    Owner.Base = 1000;
    return &Owner;
}
`;

/** One callback pair per kind of trouble. */
const BAD = `${CONTEXT}
static PADAPTER Global;
typedef struct _SMALL { ULONG Length; PUCHAR Data; ULONG BytesLength; PUCHAR Bytes; UINT64 Seen; } SMALL;

NTSTATUS SaveThroughGlobal(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    SMALL *small = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    *BytesNeeded = small->Length + Global->Generation;
    return SaveBufSize == 0 ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}
NTSTATUS SaveTooMuch(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    SMALL *small = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    *BytesNeeded = small->Bytes[small->BytesLength];
    return SaveBufSize == 0 ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}
static ULONG Counter;
NTSTATUS SaveCounter(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    UINT64 *seen = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 8;
    if (SaveBufSize < 8) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    *(UINT64 *)SaveBuf = seen == NULL ? 1 : 2;
    return STATUS_SUCCESS;
}
NTSTATUS RestoreOther(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    VMBPACKET packet = VmbPacketAllocate(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    VmbPacketSetPointer(packet, (PVOID)(ULONG_PTR)++Counter);
    return VmbPacketRestore(packet, LibBuf, LibBufSize);
}
NTSTATUS RestoreNone(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    UNREFERENCED_PARAMETER(Channel); UNREFERENCED_PARAMETER(LibBuf); UNREFERENCED_PARAMETER(LibBufSize);
    UNREFERENCED_PARAMETER(SaveBuf); UNREFERENCED_PARAMETER(SaveBufSize);
    return STATUS_INVALID_PARAMETER;
}
NTSTATUS SaveNothing(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    UNREFERENCED_PARAMETER(Channel); UNREFERENCED_PARAMETER(Packet); UNREFERENCED_PARAMETER(SaveBuf); UNREFERENCED_PARAMETER(SaveBufSize);
    *BytesNeeded = 0;
    return STATUS_SUCCESS;
}
NTSTATUS SaveHollow(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    UNREFERENCED_PARAMETER(Channel); UNREFERENCED_PARAMETER(Packet); UNREFERENCED_PARAMETER(SaveBuf);
    *BytesNeeded = 8;
    return SaveBufSize < 8 ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}
`;

let good: TestDriver;
let hooked: TestDriver;
let bad: TestDriver;
beforeAll(async () => {
  good = await compileText(GOOD);
  hooked = await compileText(HOOKED);
  bad = await compileText(BAD);
}, COMPILE_TIMEOUT);

function typeNamed(driver: TestDriver, name: string): number {
  return driver.driver.types.findIndex((type) => type.kind === 'record' && type.name === name);
}

function packets(save: string, restore: string, count: number, extra: Partial<PacketsProgram> = {}): PacketsProgram {
  return { kind: 'packets', count, save, restore, ...extra };
}

function record(run: TestRun, index: number, field: keyof typeof PACKET_RECORD): number {
  const view = new DataView(run.result.records.buffer, run.result.records.byteOffset);
  return view.getUint32(index * PACKET_RECORD_SIZE + PACKET_RECORD[field], true);
}

describe('packets without a fixture', () => {
  it('saves, restores on a fresh host and completes; invented contexts are as interfaces 4 says', () => {
    const program = packets('SavePacket', 'RestorePacket', 20, { contextType: typeNamed(good, '_REQUEST') });
    const run = good.run(program, { modes: ['S-10=exact'] });
    expect([run.end, run.messages, run.output]).toEqual(['completed', [], []]);
    expect(run.result.contextSource).toBe('invented');
    expect(run.result.records.length).toBe(20 * PACKET_RECORD_SIZE);
    for (let index = 0; index < 20; index++) {
      expect(record(run, index, 'query_needed')).toBe(88);
      expect(record(run, index, 'state_bytes')).toBe(88);
      expect(record(run, index, 'flags') & RECORD_FLAGS.IN_FLIGHT).not.toBe(0);
      expect(record(run, index, 'flags') & RECORD_FLAGS.RESTORED).not.toBe(0);
    }
    expect(run.result.channels[0]?.saves[0]?.packets).toBe(20);
  });

  it('is the same with the same seed, other values with another', () => {
    const program = packets('SavePacket', 'RestorePacket', 4, { contextType: typeNamed(good, '_REQUEST') });
    const states = (seed: number): string =>
      JSON.stringify(good.run(program, { seed }).result.states.map((bytes) => [...bytes]));
    expect(states(1)).toBe(states(1));
    expect(states(1)).not.toBe(states(2));
  });

  it('takes contexts and the channel’s object from the hooks, and the driver’s completion routine with them', () => {
    const symbol = hooked.driver.fixtures.find((entry) => entry.name === 'THING')?.symbol ?? '';
    const run = hooked.run(packets('Save', 'Restore', 3, { contextHook: symbol }));
    expect([run.end, run.messages]).toEqual(['completed', []]);
    expect(run.result.contextSource).toBe('hook');
    expect(run.result.states.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true))).toEqual([
      1001, 1011, 1021,
    ]);
    expect(run.output).toEqual([
      ...Array.from({ length: 3 }, () => 'done c0000120'),
      ...Array.from({ length: 3 }, () => 'done 00000000'),
    ]);
  });

  it('a global that no code has set up: write a fixture', () => {
    const program = packets('SaveThroughGlobal', 'RestoreOther', 2, { contextType: typeNamed(bad, '_SMALL') });
    const run = bad.run(program);
    expect(run.result.fault?.kind).toBe(FAULT.UNSUPPORTED);
    expect(run.end).toContain('write a fixture');
  });

  it('a fault at an invented block names the field', () => {
    const program = packets('SaveTooMuch', 'RestoreOther', 2, { contextType: typeNamed(bad, '_SMALL') });
    const run = bad.run(program);
    expect(run.result.fault?.kind).toBe(FAULT.OUT_OF_BOUNDS);
    expect(run.result.fault?.inventedField).toBe('_SMALL.Bytes');
  });

  it('roundtrip-differs when the second save says otherwise', () => {
    const run = bad.run(packets('SaveCounter', 'RestoreOther', 2));
    const differs = run.result.breaches.find((breach) => breach.rule === 'roundtrip-differs');
    expect(differs?.context).toEqual({ channel: 1, packet: 0, pass: 'write', callback: 'EvtVmbChannelSavePacket' });
  });

  it('tells of a restore callback that refuses what its own save callback wrote', () => {
    const run = bad.run(packets('SaveCounter', 'RestoreNone', 2));
    const [refused, ...more] = run.result.breaches;
    expect([run.end, more]).toEqual(['completed', []]);
    expect(refused).toMatchObject({
      rule: 'roundtrip-differs',
      context: { channel: 1, packet: expect.any(Number), pass: 'restore', callback: 'EvtVmbChannelRestorePacket' },
    });
    expect(refused?.message).toMatch(
      /^RestoreNone refuses with 0xC000000D what SaveCounter saved of packet [01]; nothing after it was restored: its context was invented; VSPLAB_CONTEXT\(STRUCT\)/,
    );
    expect(run.stack(refused?.frames ?? [])[0]).toMatch(/^RestoreNone:/);
    const named = bad.run(packets('SaveCounter', 'RestoreNone', 2, { contextType: typeNamed(bad, '_SMALL') }));
    expect(named.result.breaches[0]?.message).toMatch(/VSPLAB_CONTEXT\(SMALL\)/);
  });

  it('no state to save is a good answer (M1)', () => {
    const run = bad.run(packets('SaveNothing', 'RestoreOther', 3), { modes: ['S-05=null'] });
    expect([run.end, run.messages]).toEqual(['completed', []]);
    expect(record(run, 0, 'state_bytes')).toBe(0);
  });

  it('goes on to the end where each of many packets is wrong', () => {
    const run = bad.run(packets('SaveHollow', 'RestoreOther', 30_000), { budget: 40_000_000 });
    expect(run.end).toBe('completed');
    expect(run.result.breaches.length).toBeGreaterThanOrEqual(100);
  });

  it('S-25=open-first: the guest reconnects before the restore', () => {
    const run = bad.run(packets('SaveNothing', 'RestoreOther', 3), { modes: ['S-25=open-first', 'S-05=null'] });
    expect([run.end, run.messages]).toEqual(['completed', []]);
  });
});
