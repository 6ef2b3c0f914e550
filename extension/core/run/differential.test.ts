/** Variants of whole programs: what they tell, and what they leave alone. */
import { beforeAll, describe, expect, it } from 'vitest';
import { COMPILE_TIMEOUT, compileText, simulationOptions, type TestDriver } from '../../../test/support/driver.js';
import type { Differential } from '../kmcl/differences.js';
import { simulate } from '../kmcl/simulate.js';
import type { Program, Simulate, SimulationOptions } from '../kmcl/simulation.js';
import { differential, summaryOf } from './differential.js';

const SOURCE = `
#include <vsplab.h>
typedef struct _REQUEST { ULONG Id; ULONG Length; ULONG Attempts; UCHAR Kind; } REQUEST, *PREQUEST;
typedef struct _RECORD { ULONG Id; UCHAR Kind; ULONG Length; UINT64 Owner; } RECORD;
static int Saves;

VSPLAB_CONTEXT(REQUEST)
{
    PREQUEST request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(REQUEST), 'qeR_');
    (void)Channel;
    request->Id = Index + 1;
    request->Length = 10 * Index;
    request->Attempts = 3;
    request->Kind = 2;
    return request;
}
EVT_VMB_PACKET_COMPLETION_ROUTINE Completed;
VOID Completed(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    (void)Status; (void)Buffer; (void)Length;
    ExFreePoolWithTag(VmbPacketGetPointer(Packet), 'qeR_');
    VmbPacketFree(Packet);
}
EVT_VMB_CHANNEL_SAVE_PACKET Save;
NTSTATUS Save(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PREQUEST request = VmbPacketGetPointer(Packet);
    RECORD record;
    *BytesNeeded = sizeof(record);
    if (SaveBufSize < sizeof(record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    record.Id = request->Id;
    record.Kind = request->Kind;
    record.Length = request->Length;
    record.Owner = (UINT64)Channel;
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &record, sizeof(record));
    return STATUS_SUCCESS;
}
EVT_VMB_CHANNEL_RESTORE_PACKET Restore;
NTSTATUS Restore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    VMBPACKET packet = VmbPacketAllocate(Channel);
    PREQUEST request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(REQUEST), 'qeR_');
    RECORD record;
    (void)SaveBufSize;
    RtlCopyMemory(&record, SaveBuf, sizeof(record));
    request->Id = record.Id;
    request->Kind = record.Kind;
    VmbPacketSetPointer(packet, request);
    VmbPacketSetCompletionRoutine(packet, Completed);
    return VmbPacketRestore(packet, LibBuf, LibBufSize);
}
VSPLAB_TEST(Follows)
{
    static const ULONG table[2] = { 1, 2 };
    struct { ULONG Used; ULONG Index; } entry;
    ULONG sum = 0;
    entry.Used = 1;
    sum += table[entry.Index];
    VSPLAB_LOG("%u", sum + entry.Used);
}
VSPLAB_TEST(Fails)
{
    VSPLAB_ASSERT(Saves != 0);
}
VSPLAB_TEST(Endless)
{
    for (;;) { Saves++; }
}
`;

describe('differential', () => {
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(SOURCE, { differential: true });
  }, COMPILE_TIMEOUT);

  const packets = (count: number): Program => ({
    kind: 'packets',
    count,
    save: 'Save',
    restore: 'Restore',
    contextHook: driver.driver.fixtures.find(({ kind }) => kind === 'context')?.symbol ?? '',
  });
  const test = (name: string): Program => {
    const entry = driver.driver.fixtures.find((fixture) => fixture.name === name);
    if (entry === undefined) throw new Error(`no test ${name}`);
    return { kind: 'test', test: entry };
  };
  /** What the variants told, and how many there were. */
  const vary = (program: Program): { readonly told: Differential | undefined; readonly runs: number } => {
    const options: SimulationOptions = simulationOptions({ checks: 'full', budget: 1_000_000 });
    const loaded = { driver: driver.driver, module: driver.module };
    const base = simulate(loaded, program, options);
    let runs = 0;
    const counting: Simulate = (...parameters) => {
      runs += 1;
      return simulate(...parameters);
    };
    return { told: differential(counting, loaded, program, options, summaryOf(base)), runs };
  };

  it('tells bytes nobody wrote and bytes that are addresses apart', () => {
    const { told } = vary(packets(2));
    const first = told?.records.filter(({ save }) => save === 0);
    expect(first?.map(({ on, packet, runs }) => [on, packet, runs])).toEqual([
      [
        'fill',
        0,
        [
          { offset: 5, length: 3 },
          { offset: 12, length: 4 },
        ],
      ],
      [
        'fill',
        1,
        [
          { offset: 5, length: 3 },
          { offset: 12, length: 4 },
        ],
      ],
      ['address', 0, [expect.objectContaining({ offset: 16 })]],
      ['address', 1, [expect.objectContaining({ offset: 16 })]],
    ]);
    expect(told?.flow).toBeUndefined();
  });

  it.each([2, 50])('tells of %i packets which fields survive', (count) => {
    const [table] = vary(packets(count)).told?.contexts ?? [];
    expect(table?.record).toBe('REQUEST');
    expect(table?.fields.map(({ name, outcome, saved, restored }) => [name, outcome, saved.length, restored])).toEqual([
      ['Id', 'kept', 1, ['Id']],
      ['Length', 'lost', 1, []],
      ['Attempts', 'lost', 0, []],
      ['Kind', 'kept', 1, ['Kind']],
    ]);
    expect(table?.fields.map(({ lost }) => lost?.pass)).toEqual([undefined, 'restore', 'write', undefined]);
  });

  it('an index nobody set ends only some runs', () => {
    const { told } = vary(test('Follows'));
    expect(told?.flow?.what).toBe('end');
    const line = SOURCE.slice(0, SOURCE.indexOf('sum += table')).split('\n').length;
    const at = told?.flow?.frames.at(-1) ?? 0;
    expect(driver.driver.locations[at >>> 20]?.[at & 0xfffff]?.line).toBe(line);
  });

  it.each(['Fails', 'Endless'])('%s has nothing to compare', (name) => {
    expect(vary(test(name))).toEqual({ told: undefined, runs: 0 });
  });

  it('is the same each time', () => {
    expect(vary(packets(3))).toEqual(vary(packets(3)));
  });
});
