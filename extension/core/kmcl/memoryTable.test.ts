/**
 * Every access to every kind of object, byte-exact, in C and in C++: access size × object × one byte before, inside,
 * one byte behind × load and store. Each finding says the size, the place relative to the object, the object and where
 * it was allocated and freed.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver, type TestRun } from '../../../test/support/driver.js';
import { FAULT } from './layout.js';

const OBJECT_BYTES = 40;

const SOURCE = `
static unsigned char FirstZeroed[40];
static unsigned char FirstSet[40] = {1};
static const unsigned char FirstConstant[40] = {2};
${CHANNEL_DRIVER}
#ifdef __cplusplus
#define C_NAME extern "C"
void *operator new(size_t Size) { return ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, 'weN '); }
void operator delete(void *Object) { ExFreePoolWithTag(Object, 'weN '); }
void operator delete(void *Object, size_t) { ExFreePoolWithTag(Object, 'weN '); }
struct Forty { UINT8 Bytes[40]; };
#else
#define C_NAME
#endif
/* Stubs: what to touch. */
C_NAME ULONG OffsetToTouch(VOID);
C_NAME ULONG BytesToTouch(VOID);
C_NAME ULONG StoresInstead(VOID);

#define TAG 'tejO'
static unsigned char Zeroed[40];
static unsigned char Set[40] = {3};
static volatile UINT64 Sink;
static UINT8 Scratch[64];

static VOID Touch(PVOID Object)
{
    PUINT8 At = (PUINT8)Object + (LONG)OffsetToTouch();
    const ULONG Size = BytesToTouch();
    if (StoresInstead()) {
        switch (Size) {
        case 1: *At = 7; break;
        case 2: *(UNALIGNED UINT16 *)At = 7; break;
        case 4: *(UNALIGNED UINT32 *)At = 7; break;
        case 8: *(UNALIGNED UINT64 *)At = 7; break;
        default: RtlCopyMemory(At, Scratch, Size); break;
        }
    } else {
        switch (Size) {
        case 1: Sink += *At; break;
        case 2: Sink += *(UNALIGNED UINT16 *)At; break;
        case 4: Sink += *(UNALIGNED UINT32 *)At; break;
        case 8: Sink += *(UNALIGNED UINT64 *)At; break;
        default: RtlCopyMemory(Scratch, At, Size); break;
        }
    }
}

VSPLAB_TEST(Pool) { PVOID p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 40, TAG); Touch(p); ExFreePoolWithTag(p, TAG); }
VSPLAB_TEST(Paged) { PVOID p = ExAllocatePool2(POOL_FLAG_PAGED, 40, TAG); Touch(p); ExFreePoolWithTag(p, TAG); }
VSPLAB_TEST(Freed) { PVOID p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 40, TAG); ExFreePoolWithTag(p, TAG); Touch(p); }
VSPLAB_TEST(Lookaside)
{
    static NPAGED_LOOKASIDE_LIST list;
    PVOID p;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 40, TAG, 0);
    p = ExAllocateFromNPagedLookasideList(&list);
    Touch(p);
    ExFreeToNPagedLookasideList(&list, p);
    ExDeleteNPagedLookasideList(&list);
}
VSPLAB_TEST(FreedLookaside)
{
    static NPAGED_LOOKASIDE_LIST list;
    PVOID p;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 40, TAG, 0);
    p = ExAllocateFromNPagedLookasideList(&list);
    ExFreeToNPagedLookasideList(&list, p);
    Touch(p);
    ExDeleteNPagedLookasideList(&list);
}
VSPLAB_TEST(New)
{
#ifdef __cplusplus
    Forty *p = new Forty;
    Touch(p);
    delete p;
#else
    PVOID p = ExAllocatePoolWithTag(NonPagedPool, 40, 'weN ');
    Touch(p);
    ExFreePool(p);
#endif
}
VSPLAB_TEST(GlobalZeroed) { Touch(Zeroed); }
VSPLAB_TEST(GlobalSet) { Touch(Set); }
VSPLAB_TEST(GlobalFirstZeroed) { Touch(FirstZeroed); }
VSPLAB_TEST(GlobalFirstSet) { Touch(FirstSet); }
VSPLAB_TEST(GlobalFirstConstant) { Touch((PVOID)FirstConstant); }
VSPLAB_TEST(StaticLocal) { static UINT8 held[40]; Touch(held); }
VSPLAB_TEST(Literal) { Touch((PVOID)"thirty-nine characters and the zero!!!!"); }
VSPLAB_TEST(Local) { UINT8 local[40]; RtlZeroMemory(local, 40); Touch(local); Sink += local[0]; }
VSPLAB_TEST(Alloca) { PUINT8 p = (PUINT8)__builtin_alloca(OffsetToTouch() == 4711 ? 41 : 40); RtlZeroMemory(p, 40); Touch(p); Sink += p[0]; }
static VOID TouchContext(BOOLEAN Freed)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VMBPACKET first;
    VMBPACKET packet;
    PVOID context;
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetInlinePacketContextSize(channel, 40));
    first = VmbPacketAllocate(channel);
    packet = VmbPacketAllocate(channel);
    context = VmbPacketGetInlinePacketContextPointer(packet);
    if (Freed) {
        VmbPacketFree(packet);
        packet = VmbPacketAllocate(channel);
    }
    Touch(context);
    VmbPacketFree(packet);
    VmbPacketFree(first);
    EndChannel(channel);
}
VSPLAB_TEST(PacketContext) { TouchContext(FALSE); }
VSPLAB_TEST(FreedContext) { TouchContext(TRUE); }
VSPLAB_TEST(FreedPacket)
{
    VMBCHANNEL channel = EnabledServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    VmbPacketFree(packet);
    Touch(packet);
}
VSPLAB_TEST(Packet) { VMBCHANNEL channel = EnabledServer(); VMBPACKET packet = VmbPacketAllocate(channel); Touch(packet); }
VSPLAB_TEST(Channel) { VMBCHANNEL channel = EnabledServer(); Touch(channel); }
VSPLAB_TEST(Null) { Touch(NULL); }
VSPLAB_TEST(Wild) { Touch((PVOID)(ULONG_PTR)0xFFFF800000001000); }
VSPLAB_TEST(DoubleFree)
{
    PVOID p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 40, TAG);
    ExFreePoolWithTag(p, TAG);
    ExFreePoolWithTag(p, TAG);
}
VSPLAB_TEST(WrongTag)
{
    PVOID p = ExAllocatePool2(POOL_FLAG_NON_PAGED, 40, TAG);
    ExFreePoolWithTag(p, 'rehO');
}
VSPLAB_TEST(FreesInside)
{
    PUINT8 p = (PUINT8)ExAllocatePool2(POOL_FLAG_NON_PAGED, 40, TAG);
    ExFreePoolWithTag(p + 16, TAG);
}
VSPLAB_TEST(FreesGlobal) { ExFreePoolWithTag(Zeroed, TAG); }
VSPLAB_TEST(FreesLocal) { UINT8 local[40]; RtlZeroMemory(local, 40); ExFreePoolWithTag(local, TAG); Sink += local[1]; }
VSPLAB_TEST(FreesNull) { ExFreePoolWithTag(NULL, TAG); }

/* What callbacks are lent. */
static PVOID Kept;
static ULONG TouchIn; /* 1: query, 2: write, 3: restore's SaveBuf, 4: restore's LibBuf, 5: BytesNeeded, +10: after the callback */
static NTSTATUS LentSave(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    NTSTATUS status = SavePacket(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
    if (TouchIn == 1 && SaveBufSize == 0) Touch(SaveBuf);
    if (TouchIn == 2 && SaveBufSize != 0) Touch(SaveBuf);
    if (TouchIn == 5 && SaveBufSize != 0) Touch(BytesNeeded);
    if (TouchIn == 12 && SaveBufSize != 0) Kept = SaveBuf;
    if (TouchIn == 15) Kept = BytesNeeded;
    return status;
}
static NTSTATUS LentRestore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    if (TouchIn == 3) Touch(SaveBuf);
    if (TouchIn == 4) Touch(LibBuf);
    if (TouchIn == 13) Kept = SaveBuf;
    if (TouchIn == 14) Kept = LibBuf;
    return RestorePacket(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}
static VOID Lent(ULONG Where)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    PVSPLAB_STATE state;
    TouchIn = Where;
    VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, LentSave, LentRestore);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 16, 1));
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    if (Where > 10 && Kept != NULL) Touch(Kept);
    EndChannel(channel);
    CloseHandle_();
    channel = MakeChannel(TRUE);
    VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, LentSave, LentRestore);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    if (Where > 10 && Kept != NULL) Touch(Kept);
    VspLabFreeState(state);
    EndChannel(channel);
}
VSPLAB_TEST(QuerySaveBuf) { Lent(1); }
VSPLAB_TEST(WriteSaveBuf) { Lent(2); }
VSPLAB_TEST(RestoreSaveBuf) { Lent(3); }
VSPLAB_TEST(LibBuf) { Lent(4); }
VSPLAB_TEST(BytesNeeded) { Lent(5); }
VSPLAB_TEST(KeptSaveBuf) { Lent(12); }
VSPLAB_TEST(KeptRestoreBuf) { Lent(13); }
VSPLAB_TEST(KeptLibBuf) { Lent(14); }
VSPLAB_TEST(KeptBytesNeeded) { Lent(15); }

static VOID ProcessTouching(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 Length, UINT32 Flags)
{
    UNREFERENCED_PARAMETER(Channel); UNREFERENCED_PARAMETER(Length); UNREFERENCED_PARAMETER(Flags);
    if (TouchIn == 1) Touch(Buffer);
    VmbChannelPacketComplete(Packet, NULL, 0);
    if (TouchIn == 2) Touch(Buffer);
    if (TouchIn == 3) Touch(Packet);
}
static VOID Delivered(ULONG Where)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    static UINT8 bytes[40];
    TouchIn = Where;
    VmbChannelInitSetProcessPacketCallbacks(channel, ProcessTouching, NULL);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VspLabGuestSend(channel, bytes, 40, TRUE);
    EndChannel(channel);
}
VSPLAB_TEST(Buffer) { Delivered(1); }
VSPLAB_TEST(CompletedBuffer) { Delivered(2); }
VSPLAB_TEST(CompletedPacket) { Delivered(3); }

static PVOID AnswerKept;
static VOID CompletionTouching(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    UNREFERENCED_PARAMETER(Status); UNREFERENCED_PARAMETER(Length);
    if (TouchIn == 1 && Buffer != NULL) Touch(Buffer);
    AnswerKept = Buffer;
    VmbPacketFree(Packet);
}
static VOID Answered(ULONG Where)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    UINT8 bytes[40];
    UINT32 length;
    UINT64 id;
    TouchIn = Where;
    RtlZeroMemory(bytes, 40);
    VmbPacketSetCompletionRoutine(packet, CompletionTouching);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, bytes, 16, NULL, 1));
    VSPLAB_ASSERT(VspLabGuestReceive(channel, bytes, 40, &length, &id));
    VspLabGuestComplete(channel, id, bytes, 40);
    if (TouchIn == 2) Touch(AnswerKept);
    EndChannel(channel);
}
VSPLAB_TEST(Answer) { Answered(1); }
VSPLAB_TEST(KeptAnswer) { Answered(2); }
`;

type Language = 'c' | 'c++';

/** One access, as the driver's stubs answer it. */
interface Access {
  readonly offset: number;
  readonly size: number;
  readonly store: boolean;
}

/** An object: how findings name it, and which of its sides are guarded. */
interface Guarded {
  readonly test: string;
  readonly object: string;
  readonly allocated?: RegExp;
  readonly bytes: number;
}

const ALLOCATED = /^allocated here: \w*VspLabTest_/;
const GIVEN = /^given to the driver in this call: /;

/** Every live object that a driver can hold, OBJECT_BYTES long unless said otherwise. */
const OBJECTS: readonly Guarded[] = (
  [
    { test: 'Pool', object: "a block 'Ojet' of 40 bytes", allocated: ALLOCATED },
    { test: 'Paged', object: "a block 'Ojet' of 40 bytes", allocated: ALLOCATED },
    { test: 'Lookaside', object: "a block 'Ojet' of 40 bytes", allocated: ALLOCATED },
    { test: 'New', object: "a block ' New' of 40 bytes", allocated: /^allocated here: / },
    { test: 'GlobalZeroed', object: 'the global Zeroed of 40 bytes' },
    { test: 'GlobalSet', object: 'the global Set of 40 bytes' },
    { test: 'GlobalFirstZeroed', object: 'the global FirstZeroed of 40 bytes' },
    { test: 'GlobalFirstSet', object: 'the global FirstSet of 40 bytes' },
    { test: 'GlobalFirstConstant', object: 'the global FirstConstant of 40 bytes' },
    { test: 'StaticLocal', object: 'the static variable held of 40 bytes' },
    { test: 'Literal', object: 'the text "thirty-nine characters and the z"... of 40 bytes' },
    { test: 'Local', object: 'the local variable local of 40 bytes' },
    { test: 'Alloca', object: 'the local variable alloca of 40 bytes' },
    {
      test: 'PacketContext',
      object: "a packet's inline context of 40 bytes",
      allocated: /^allocated here: TouchContext/,
    },
    { test: 'WriteSaveBuf', object: 'SaveBuf of 8 bytes', bytes: 8, allocated: GIVEN },
    { test: 'RestoreSaveBuf', object: 'SaveBuf of 8 bytes', bytes: 8, allocated: GIVEN },
    { test: 'LibBuf', object: 'LibBuf of 32 bytes', bytes: 32, allocated: GIVEN },
    { test: 'BytesNeeded', object: '*BytesNeeded of 4 bytes', bytes: 4, allocated: GIVEN },
    { test: 'Buffer', object: "a guest packet's Buffer of 40 bytes", allocated: GIVEN },
    { test: 'Answer', object: "a completion routine's Buffer of 40 bytes", allocated: GIVEN },
  ] as const
).map((each) => ({ bytes: OBJECT_BYTES, ...each }));

/** Sizes with loads and stores of their own, and a copy of another. */
const SIZES_OF = { c: [1, 2, 4, 8, 13], 'c++': [1, 8, 13] } as const;
const STORES = [false, true] as const;

function touch(driver: TestDriver, test: string, { offset, size, store }: Access): TestRun {
  return driver.test(test, {
    modes: ['S-05=valid', 'S-10=exact'],
    stubValues: new Map([
      ['OffsetToTouch', offset >>> 0],
      ['BytesToTouch', size],
      ['StoresInstead', store ? 1 : 0],
    ]),
  });
}

/** What the fault says, its address left out: addresses are the simulator's affair. */
function said(run: TestRun): string {
  return (run.result.fault?.text ?? run.end).replace(/ at 0x[0-9A-F]+/, '');
}

function places(run: TestRun): readonly string[] {
  return (run.result.fault?.related ?? []).map(
    ({ message, frames }) => `${message}: ${run.stack(frames).find((frame) => frame.includes(':')) ?? 'nowhere'}`,
  );
}

function bytes(count: number): string {
  return `${count} byte${count === 1 ? '' : 's'}`;
}

function verb({ store, size }: Access): string {
  return `${store ? 'writes' : 'reads'} ${bytes(size)}`;
}

describe.each(['c', 'c++'] as const)('memory, byte by byte, in %s', (language: Language) => {
  const sizes = SIZES_OF[language];
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(SOURCE, { language });
  }, COMPILE_TIMEOUT);

  describe.each(OBJECTS)('$test', ({ test, object, allocated, bytes: length }) => {
    const accesses = sizes.flatMap((size) => STORES.map((store) => ({ size, store })));

    it.each(accesses.filter(({ size }) => size <= length))(
      '$size, store: $store: from the first to the last byte',
      (access) => {
        for (const offset of [0, length - access.size]) {
          const run = touch(driver, test, { ...access, offset });
          // A store into a record changes what is saved: no memory is touched wrongly.
          expect([run.result.fault?.text]).toEqual([undefined]);
        }
      },
    );

    it.each(accesses)('$size, store: $store: one byte before', (access) => {
      const run = touch(driver, test, { ...access, offset: -1 });
      expect(said(run)).toBe(`${verb({ ...access, offset: -1 })}, 1 byte before ${object}`);
    });

    it.each(accesses.filter(({ size }) => size <= length + 1))('$size, store: $store: one byte behind', (access) => {
      const offset = length - access.size + 1;
      const run = touch(driver, test, { ...access, offset });
      const inside = offset === 0 ? 'at the start of' : `${bytes(offset)} into`;
      expect(said(run)).toBe(
        access.size === 1
          ? `${verb({ ...access, offset })}, directly behind ${object}`
          : `${verb({ ...access, offset })}, ${inside} ${object}: the last one lies behind its end`,
      );
    });

    it('says where it comes from, and the whole call stack', () => {
      const run = touch(driver, test, { offset: length, size: 1, store: true });
      const stack = run.stack(run.result.fault?.frames ?? []);
      expect(stack[0]).toMatch(/^Touch:\d+$/);
      expect(stack.at(-1)).toMatch(new RegExp(`^VspLabTest_${test}:\\d+$`));
      if (allocated === undefined) expect(places(run)).toEqual([]);
      else expect(places(run)).toEqual([expect.stringMatching(allocated)]);
    });
  });

  /** Memory whose time is over: what is said of it, and where its time ended. */
  describe.each([
    ['Freed', "a block 'Ojet' of 40 bytes that was freed", ['freed here', 'allocated here']],
    ['FreedLookaside', "a block 'Ojet' of 40 bytes that was freed", ['freed here', 'allocated here']],
    ['FreedContext', "a packet's inline context of 40 bytes that was freed", ['freed here', 'allocated here']],
    ['KeptSaveBuf', 'SaveBuf of 8 bytes, whose callback has returned', ['taken back', 'given to the driver']],
    ['KeptRestoreBuf', 'SaveBuf of 8 bytes, whose callback has returned', ['taken back', 'given to the driver']],
    ['KeptLibBuf', 'LibBuf of 32 bytes, whose callback has returned', ['taken back', 'given to the driver']],
    ['KeptBytesNeeded', '*BytesNeeded of 4 bytes, whose callback has returned', ['taken back', 'given to the driver']],
    ['CompletedBuffer', "a guest packet's Buffer of 40 bytes, whose packet was completed", ['completed here', 'given']],
    [
      'KeptAnswer',
      "a completion routine's Buffer of 40 bytes, whose completion routine has returned",
      ['taken', 'given'],
    ],
  ] as const)('%s', (test, object, ends) => {
    it.each(sizes.flatMap((size) => STORES.map((store) => ({ size, store }))))('$size, store: $store', (access) => {
      const run = touch(driver, test, { ...access, offset: 0 });
      expect([said(run), run.result.fault?.kind]).toEqual([
        `${verb({ ...access, offset: 0 })}, at the start of ${object}`,
        FAULT.USE_AFTER_FREE,
      ]);
      expect(places(run).map((place) => ends.findIndex((end) => place.startsWith(end)))).toEqual([0, 1]);
      expect(places(run).filter((place) => place.endsWith('nowhere'))).toEqual([]);
    });
  });

  /** Handles are no memory of the driver's, live or not; nothing lies near NULL. */
  it.each([
    ['Packet', "at the start of a VMBPACKET, whose memory is the library's"],
    ['FreedPacket', "at the start of a VMBPACKET, whose memory is the library's"],
    ['Channel', "at the start of a VMBCHANNEL, whose memory is the library's"],
    ['CompletedPacket', "at the start of a VMBPACKETCOMPLETION, whose memory is the library's"],
    ['Null', 'through a NULL pointer'],
    ['Wild', 'outside everything that was handed out'],
  ])('%s: %s', (test, place) => {
    for (const size of sizes) {
      for (const store of STORES) {
        const access = { offset: 0, size, store };
        expect(said(touch(driver, test, access))).toBe(`${verb(access)}, ${place}`);
      }
    }
  });

  it.each([
    [1, 'through a NULL pointer, 1 byte behind it'],
    [4096, 'through a NULL pointer, 4096 bytes behind it'],
    [-1, 'through a NULL pointer, 1 byte before it'],
    [-64, 'through a NULL pointer, 64 bytes before it'],
  ])('NULL and %i bytes', (offset, place) => {
    const run = touch(driver, 'Null', { offset, size: 4, store: true });
    expect([said(run), run.result.fault?.kind]).toEqual([`writes 4 bytes, ${place}`, FAULT.NULL]);
  });

  it.each([
    ['DoubleFree', FAULT.DOUBLE_FREE, /^frees a block 'Ojet' of 40 bytes a second time$/, 2],
    ['WrongTag', FAULT.BAD_FREE, /^frees a block 'Ojet' of 40 bytes with tag 'Oher', not with its own$/, 1],
    [
      'FreesInside',
      FAULT.BAD_FREE,
      /^frees 0x[0-9A-F]+, which is no block of the pool: it is 16 bytes into a block 'Ojet' of 40 bytes$/,
      1,
    ],
    [
      'FreesGlobal',
      FAULT.BAD_FREE,
      /which is no block of the pool: it is at the start of the global Zeroed of 40 bytes$/,
      0,
    ],
    [
      'FreesLocal',
      FAULT.BAD_FREE,
      /which is no block of the pool: it is at the start of the local variable local of 40 bytes$/,
      0,
    ],
    ['FreesNull', FAULT.BAD_FREE, /^frees a NULL pointer$/, 0],
  ])('%s', (test, kind, text, related) => {
    const run = driver.test(test);
    expect(run.result.fault?.kind).toBe(kind);
    expect(said(run)).toMatch(text);
    expect(places(run)).toHaveLength(related);
  });

  it.each(sizes.flatMap((size) => STORES.map((store) => ({ size, store }))))(
    'SaveBuf of a query is not touched: $size, store: $store',
    (access) => {
      const run = touch(driver, 'QuerySaveBuf', { ...access, offset: 0 });
      const told = run.result.breaches.filter(({ rule }) => rule === 'savepkt-zero-size-no-write');
      expect([run.end, run.breaches.length > 0]).toEqual(['completed', told.length > 0]);
      expect(run.stack(told[0]?.frames ?? [])[0]).toMatch(/^Touch:/);
    },
  );
});
