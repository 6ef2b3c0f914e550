/** Who wrote each byte of SaveBuf, and how many bytes a restore read: any row of accesses against a naive model. */
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver, type TestRun } from '../../../test/support/driver.js';
import { userPosition } from '../rules/positions.js';
import { PACKET_RECORD } from './layout.js';
import { RUN_WORDS } from './stores.js';

const SIZE = 64;
const STEPS = 12;

/** Of one step of a callback: which access, where, how long. The driver makes the same row from the same seed. */
interface Step {
  readonly kind: number;
  readonly offset: number;
  readonly count: number;
}

const SOURCE = `${CHANNEL_DRIVER}
/* Stubs: the test chooses what they answer. */
ULONG ScriptSeed(VOID);
ULONG StateSize(VOID);

#pragma pack(push, 1)
typedef struct _PIECE { ULONG First; UCHAR Second; USHORT Third : 5; USHORT Fourth : 11; } PIECE;
#pragma pack(pop)

static ULONG Script;
static ULONG Next(ULONG Below) { Script = Script * 1103515245 + 12345; return (Script >> 16) % Below; }
static ULONG Sum;

static VOID Helper(PUCHAR To)
{
    To[0] = 1; /* helper byte */
    *(UNALIGNED ULONG *)(To + 1) = 2; /* helper word */
}

static VOID Store(PUCHAR To, ULONG Kind, ULONG Count)
{
    static UCHAR source[${SIZE}];
    PIECE piece = {1, 2, 3, 4};
    ULONG i;
    switch (Kind) {
    case 0: *To = 1; break; /* store 0 */
    case 1: *(UNALIGNED USHORT *)To = 1; break; /* store 1 */
    case 2: *(UNALIGNED ULONG *)To = 1; break; /* store 2 */
    case 3: *(UNALIGNED UINT64 *)To = 1; break; /* store 3 */
    case 4: RtlCopyMemory(To, source, Count); break; /* store 4 */
    case 5: RtlZeroMemory(To, Count); break; /* store 5 */
    case 6: Helper(To); break; /* store 6 */
    case 7: *To |= 1; break; /* store 7 */
    case 8: *(PIECE *)To = piece; break; /* store 8 */
    case 9: for (i = 0; i < Count; i++) To[i] = 1; break; /* store 9 */
    case 10: ((PIECE *)To)->Fourth = 3; break; /* store 10 */
    default: RtlStringCbPrintfA((PSTR)To, 8, "%u", Count); break; /* store 11 */
    }
}

static NTSTATUS ScriptSave(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    const ULONG size = StateSize();
    ULONG i;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = size;
    if (SaveBufSize < size) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Script = ScriptSeed();
    for (i = 0; i < ${STEPS}; i++) {
        const ULONG kind = Next(12), offset = Next(size - 16), count = Next(17);
        Store((PUCHAR)SaveBuf + offset, kind, count);
    }
    return STATUS_SUCCESS;
}

static ULONG Load(const UCHAR *From, ULONG Kind, ULONG Count)
{
    UCHAR copy[${SIZE}];
    ULONG i, sum = 0;
    switch (Kind % 5) {
    case 0: return *From;
    case 1: return *(const UNALIGNED ULONG *)From;
    case 2: RtlCopyMemory(copy, From, Count); return copy[0];
    case 3: for (i = 0; i < Count; i++) sum += From[i]; return sum;
    default: return ((const PIECE *)From)->Third;
    }
}

static NTSTATUS ScriptRestore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    VMBPACKET packet = VmbPacketAllocate(Channel);
    NTSTATUS status;
    ULONG i;
    Script = ScriptSeed();
    for (i = 0; i < ${STEPS}; i++) {
        const ULONG kind = Next(12), offset = Next(SaveBufSize - 16), count = Next(17);
        Sum += Load((const UCHAR *)SaveBuf + offset, kind, count);
    }
    VmbPacketSetCompletionRoutine(packet, Completion);
    status = VmbPacketRestore(packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(status)) VmbPacketFree(packet);
    return status;
}

static VMBCHANNEL ScriptChannel(VOID)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, ScriptSave, ScriptRestore));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    return channel;
}

static VOID RoundTrip(ULONG Packets)
{
    VMBCHANNEL channel = ScriptChannel();
    PVSPLAB_STATE state;
    ULONG i;
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    for (i = 0; i < Packets; i++) VSPLAB_ASSERT_SUCCESS(SendPacket(channel, i, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabRestartHost();
    channel = ScriptChannel();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VspLabGuestCompleteAll(channel);
    VspLabFreeState(state);
    EndChannel(channel);
}
VSPLAB_TEST(One) { RoundTrip(1); }
VSPLAB_TEST(Three) { RoundTrip(3); }
`;

const LINES = SOURCE.split('\n');
function lineOf(mark: string): number {
  return LINES.findIndex((line) => line.includes(`/* ${mark} */`)) + 1;
}

// ---- The model

function stepsOf(seed: number, size: number): readonly Step[] {
  let script = seed;
  const next = (below: number): number => {
    script = (Math.imul(script, 1103515245) + 12345) >>> 0;
    return (script >>> 16) % below;
  };
  return Array.from({ length: STEPS }, () => ({ kind: next(12), offset: next(size - 16), count: next(17) }));
}

const WIDTHS: Readonly<Record<number, number>> = { 0: 1, 1: 2, 2: 4, 3: 8, 7: 1, 8: 7 };

/** Innermost line per byte, 0 for never written. */
function modelOfStores(steps: readonly Step[], size: number): readonly number[] {
  const lines = Array.from({ length: size }, () => 0);
  const write = (line: number, from: number, count: number): void => {
    lines.fill(line, from, from + count);
  };
  for (const { kind, offset, count } of steps) {
    const line = lineOf(`store ${kind}`);
    if (kind === 6) {
      write(lineOf('helper byte'), offset, 1);
      write(lineOf('helper word'), offset + 1, 4);
    } else if (kind === 10) write(line, offset + 5, 2);
    else if (kind === 11) write(line, offset, String(count).length + 1);
    else write(line, offset, WIDTHS[kind] ?? count);
  }
  return lines;
}

function modelOfLoads(steps: readonly Step[]): number {
  const seen = new Set<number>();
  for (const { kind, offset, count } of steps) {
    const [from, width] = [
      [offset, 1],
      [offset, 4],
      [offset, count],
      [offset, count],
      [offset + 5, 2],
    ][kind % 5] as [number, number];
    for (let at = from; at < from + width; at += 1) seen.add(at);
  }
  return seen.size;
}

// ---- What the simulator noted

function linesOf(driver: TestDriver, run: TestRun, record: number, size: number): readonly number[] {
  const { stores } = run.result;
  const lines = Array.from({ length: size }, () => 0);
  const [first = 0, end = 0] = stores?.ranges.subarray(2 * record, 2 * record + 2) ?? [];
  for (let index = first; index < end; index += 1) {
    const [offset = 0, length = 0, stack = 0, start = 0, whole = 0] =
      stores?.runs.subarray(index * RUN_WORDS, (index + 1) * RUN_WORDS) ?? [];
    expect(start <= offset && offset + length <= start + whole, 'a run lies in what its store wrote').toBe(true);
    const { locations } = driver.driver;
    lines.fill(userPosition(locations, stores?.stacks[stack] ?? [])?.line ?? -1, offset, offset + length);
  }
  return lines;
}

function bytesRead(run: TestRun, record: number): number {
  const view = new DataView(run.result.records.buffer, run.result.records.byteOffset);
  return view.getUint32(64 * record + PACKET_RECORD.restore_read, true);
}

describe('who touched SaveBuf', () => {
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(SOURCE);
  }, COMPILE_TIMEOUT);

  function run(test: string, seed: number, size: number, more: Parameters<TestDriver['test']>[1] = {}): TestRun {
    const stubValues = new Map([
      ['ScriptSeed', seed],
      ['StateSize', size],
    ]);
    return driver.test(test, { stubValues, modes: ['S-14=once'], ...more });
  }

  it('is told byte by byte as a naive model has it', () => {
    fc.assert(
      fc.property(fc.nat(0x7fffffff), fc.integer({ min: 17, max: SIZE }), (seed, size) => {
        const made = run('One', seed, size);
        expect(made.end).toBe('completed');
        const steps = stepsOf(seed, size);
        expect(linesOf(driver, made, 0, size)).toEqual(modelOfStores(steps, size));
        expect(bytesRead(made, 0)).toBe(modelOfLoads(steps));
      }),
      { numRuns: 150 },
    );
  });

  it('is told with the whole stack, library functions included', () => {
    const seed = 4;
    const made = run('One', seed, SIZE);
    const stacks = made.result.stores?.stacks.map((frames) => made.stack(frames)) ?? [];
    expect(stacks.length).toBeGreaterThan(1);
    for (const stack of stacks) {
      expect(stack.at(0)).toMatch(/^(Store|Helper|RtlString\w+):/);
      expect(stack.join(' ')).toMatch(
        /ScriptSave:\d+ VmbChannelSaveContinue VspLabSave RoundTrip:\d+ VspLabTest_One:\d+$/,
      );
    }
  });

  it('is noted for captured packets only, and not at all with checks off', () => {
    const made = run('Three', 4, SIZE, { captureLimit: 2, modes: ['S-10=exact'] });
    expect(made.result.stores?.ranges.length).toBe(4);
    expect(linesOf(driver, made, 1, SIZE)).toEqual(modelOfStores(stepsOf(4, SIZE), SIZE));
    expect([0, 1, 2].map((record) => bytesRead(made, record))).toEqual(Array(3).fill(modelOfLoads(stepsOf(4, SIZE))));
  });

  it(
    'costs nothing and says nothing with checks off',
    async () => {
      const unchecked = await compileText(SOURCE, { checked: false });
      const stubValues = new Map([
        ['ScriptSeed', 4],
        ['StateSize', SIZE],
      ]);
      const made = unchecked.test('One', { stubValues, checks: 'off' });
      expect([made.end, made.result.stores]).toEqual(['completed', undefined]);
      expect(bytesRead(made, 0)).toBe(0xffffffff);
    },
    COMPILE_TIMEOUT,
  );
});
