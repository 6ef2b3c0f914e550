/** Incoming packets: states and calls of kmcl-facts 5.4, external data 5.5, modes of 5.6, the guest's end of the rings. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { compileText, type TestDriver } from '../../../test/support/driver.js';

const SOURCE = `${CHANNEL_DRIVER}
static UCHAR Bytes[8192];
static UCHAR Data[10000];
static ULONG Delivered, Batches, BatchSize, LastLength, LastFlags, LastIrql, Contexts;
static UCHAR Seen[64];
static VMBPACKETCOMPLETION Last;
static VOID (*Process)(VMBCHANNEL, VMBPACKETCOMPLETION, PUCHAR, UINT32);

static VOID OnPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 Length, UINT32 Flags)
{
    Seen[Delivered % 64] = Length > 0 ? *(PUCHAR)Buffer : 0;
    Delivered++;
    LastLength = Length;
    LastFlags = Flags;
    LastIrql = VspLabIrql();
    Last = Packet;
    if (Process != NULL) {
        Process(Channel, Packet, (PUCHAR)Buffer, Length);
    } else {
        VmbChannelPacketComplete(Packet, NULL, 0);
    }
}
static VOID OnBatch(VMBCHANNEL Channel, UINT32 Count) { UNREFERENCED_PARAMETER(Channel); Batches++; BatchSize = Count; }
static PVOID ExContext;
static VOID OnPacketEx(VMBCHANNEL Channel, PVOID Context, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 Length, UINT32 Flags)
{
    ExContext = Context;
    OnPacket(Channel, Packet, Buffer, Length, Flags);
}
static VOID OnBatchEx(VMBCHANNEL Channel, PVOID Context, UINT32 Count) { UNREFERENCED_PARAMETER(Context); OnBatch(Channel, Count); }

static VMBCHANNEL Server(UINT32 ContextSize)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(channel, OnPacket, OnBatch));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumExternalData(channel, 16384, 4));
    if (ContextSize != 0) VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetClientContextSize(channel, ContextSize));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    return channel;
}
static VOID Keep(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UNREFERENCED_PARAMETER(B); UNREFERENCED_PARAMETER(L);
    Hold(C, P);
}

VSPLAB_TEST(Completes)
{
    VMBCHANNEL channel = Server(0);
    UINT64 first = VspLabGuestSend(channel, Bytes, 13, TRUE);
    UINT64 second = VspLabGuestSend(channel, Bytes, 16, FALSE);
    UINT32 length = 99;
    VSPLAB_ASSERT(first != 0 && second != 0 && first != second);
    VSPLAB_ASSERT_EQUAL(2, Delivered);
    VSPLAB_ASSERT_EQUAL(2, LastIrql);
    VSPLAB_ASSERT(VspLabGuestGetCompletion(channel, first, Bytes, sizeof(Bytes), &length));
    VSPLAB_ASSERT_EQUAL(0, length);
    VSPLAB_ASSERT(!VspLabGuestGetCompletion(channel, first, Bytes, sizeof(Bytes), &length));
    VSPLAB_ASSERT(!VspLabGuestGetCompletion(channel, second, Bytes, sizeof(Bytes), &length));
    EndChannel(channel);
}

static VOID AnswerBytes(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UNREFERENCED_PARAMETER(C); UNREFERENCED_PARAMETER(L);
    VmbChannelPacketComplete(P, B, 8); /* the packet's own buffer may be the answer */
}
VSPLAB_TEST(Answers)
{
    VMBCHANNEL channel = Server(0);
    UINT32 length = 0;
    UINT64 id;
    Process = AnswerBytes;
    Bytes[0] = 0x42;
    id = VspLabGuestSend(channel, Bytes, 8, TRUE);
    Bytes[0] = 0;
    VSPLAB_ASSERT(VspLabGuestGetCompletion(channel, id, Bytes, 4, &length));
    VSPLAB_ASSERT_EQUAL(8, length);
    VSPLAB_ASSERT_EQUAL(0x42, Bytes[0]);
    EndChannel(channel);
}

VSPLAB_TEST(A20)
{
    VMBCHANNEL channel = Server(0);
    VspLabGuestSend(channel, Bytes, 13, FALSE);
    VSPLAB_LOG("%u", LastLength);
    EndChannel(channel);
}

VSPLAB_TEST(Batch)
{
    VMBCHANNEL channel = Server(0);
    ULONG i;
    VmbChannelPause(channel);
    for (i = 0; i < 5; i++) { Bytes[0] = (UCHAR)i; VspLabGuestSend(channel, Bytes, 8, FALSE); }
    VSPLAB_ASSERT_EQUAL(0, Delivered);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_EQUAL(5, Delivered);
    VSPLAB_ASSERT_EQUAL(1, Batches);
    VSPLAB_ASSERT_EQUAL(5, BatchSize);
    for (i = 0; i < 5; i++) VSPLAB_ASSERT_EQUAL(i, Seen[i]);
    EndChannel(channel);
}

VSPLAB_TEST(Quota)
{
    VMBCHANNEL channel = Server(0);
    ULONG i;
    Process = Keep;
    VmbChannelSetTransactionQuota(channel, 2);
    for (i = 0; i < 5; i++) VspLabGuestSend(channel, Bytes, 8, TRUE);
    VSPLAB_ASSERT_EQUAL(2, Delivered);
    /* Raising it restarts nothing, completing does (2.3). */
    VmbChannelSetTransactionQuota(channel, 4);
    VspLabRunPending();
    VSPLAB_ASSERT_EQUAL(2, Delivered);
    VmbChannelPacketComplete(Held[--HeldCount], NULL, 0);
    VspLabRunPending();
    VSPLAB_ASSERT_EQUAL(5, Delivered);
    CompleteHeld();
    EndChannel(channel);
}

static VOID DeferOnce(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UNREFERENCED_PARAMETER(C); UNREFERENCED_PARAMETER(B); UNREFERENCED_PARAMETER(L);
    if (VspLabIrql() != PASSIVE_LEVEL) VmbChannelPacketDeferToPassive(P);
    else VmbChannelPacketComplete(P, NULL, 0);
}
VSPLAB_TEST(Defer)
{
    VMBCHANNEL channel = Server(0);
    Process = DeferOnce;
    VspLabGuestSend(channel, Bytes, 8, TRUE);
    VSPLAB_ASSERT_EQUAL(2, Delivered);
    VSPLAB_ASSERT_EQUAL(0, LastIrql);
    EndChannel(channel);
}
VSPLAB_TEST(Passive)
{
    VMBCHANNEL channel = Server(0);
    VmbChannelSetIncomingProcessingAtPassive(channel, TRUE);
    VspLabGuestSend(channel, Bytes, 8, TRUE);
    VSPLAB_ASSERT_EQUAL(1, Delivered);
    VSPLAB_ASSERT_EQUAL(0, LastIrql);
    EndChannel(channel);
}

VSPLAB_TEST(DeferHeld)
{
    VMBCHANNEL channel = Server(0);
    Process = Keep;
    VspLabGuestSend(channel, Bytes, 8, TRUE);
    VmbChannelPacketDeferToPassive(Held[0]);
    CompleteHeld();
    EndChannel(channel);
}
static VOID DeferAndComplete(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UNREFERENCED_PARAMETER(C); UNREFERENCED_PARAMETER(B); UNREFERENCED_PARAMETER(L);
    VmbChannelPacketDeferToPassive(P);
    VmbChannelPacketComplete(P, NULL, 0);
}
VSPLAB_TEST(DeferComplete) { VMBCHANNEL channel = Server(0); Process = DeferAndComplete; VspLabGuestSend(channel, Bytes, 8, TRUE); EndChannel(channel); }

static VOID Twice(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UNREFERENCED_PARAMETER(C); UNREFERENCED_PARAMETER(B); UNREFERENCED_PARAMETER(L);
    VmbChannelPacketComplete(P, NULL, 0);
    VmbChannelPacketComplete(P, NULL, 0);
}
VSPLAB_TEST(CompleteTwice) { VMBCHANNEL channel = Server(0); Process = Twice; VspLabGuestSend(channel, Bytes, 8, TRUE); EndChannel(channel); }

static VOID UseAfter(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UNREFERENCED_PARAMETER(C); UNREFERENCED_PARAMETER(L);
    VmbChannelPacketComplete(P, NULL, 0);
    Bytes[1] = B[0];
}
VSPLAB_TEST(BufferAfterComplete) { VMBCHANNEL channel = Server(0); Process = UseAfter; VspLabGuestSend(channel, Bytes, 8, TRUE); }

static VOID Overread(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UNREFERENCED_PARAMETER(C);
    Bytes[1] = B[L];
    VmbChannelPacketComplete(P, NULL, 0);
}
VSPLAB_TEST(BufferOverread) { VMBCHANNEL channel = Server(0); Process = Overread; VspLabGuestSend(channel, Bytes, 8, TRUE); }

static VOID Fails(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UNREFERENCED_PARAMETER(C); UNREFERENCED_PARAMETER(B); UNREFERENCED_PARAMETER(L);
    VmbChannelPacketFail(P);
}
VSPLAB_TEST(Fail)
{
    /* A-16: the queue stands until Pause and Start, Pause does not wait for the packet. */
    VMBCHANNEL channel = Server(0);
    Process = Fails;
    VspLabGuestSend(channel, Bytes, 8, TRUE);
    VspLabGuestSend(channel, Bytes, 8, TRUE);
    VSPLAB_ASSERT_EQUAL(1, Delivered);
    Process = NULL;
    VmbChannelPause(channel);
    VmbChannelStart(channel);
    VspLabRunPending();
    VSPLAB_ASSERT_EQUAL(2, Delivered);
    VSPLAB_LOG("complete");
    VmbChannelPacketFail(Last);
    EndChannel(channel);
}
static VOID FailThenComplete(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UNREFERENCED_PARAMETER(C); UNREFERENCED_PARAMETER(B); UNREFERENCED_PARAMETER(L);
    VmbChannelPacketFail(P);
    VmbChannelPacketComplete(P, NULL, 0);
}
VSPLAB_TEST(FailComplete) { VMBCHANNEL channel = Server(0); Process = FailThenComplete; VspLabGuestSend(channel, Bytes, 8, TRUE); EndChannel(channel); }

static VOID BadArguments(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UNREFERENCED_PARAMETER(C); UNREFERENCED_PARAMETER(B); UNREFERENCED_PARAMETER(L);
    VmbChannelPacketComplete(P, NULL, 8);
}
VSPLAB_TEST(CompletionArguments) { VMBCHANNEL channel = Server(0); Process = BadArguments; VspLabGuestSend(channel, Bytes, 8, TRUE); EndChannel(channel); }

static PMDL Mdls[2];
static NTSTATUS External;
static VOID TakeExternal(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    PMDL mdl = (PMDL)(ULONG_PTR)0x1111;
    UNREFERENCED_PARAMETER(C); UNREFERENCED_PARAMETER(B); UNREFERENCED_PARAMETER(L);
    External = VmbChannelPacketGetExternalData(P, 0, &mdl);
    VSPLAB_LOG("%08x %u", External, VspLabIrql());
    if (External == STATUS_PENDING) {
        VSPLAB_ASSERT(mdl == (PMDL)(ULONG_PTR)0x1111);
        return;
    }
    if (External == STATUS_SUCCESS) {
        PUCHAR mapped;
        VSPLAB_ASSERT_SUCCESS(VmbChannelPacketGetExternalData(P, VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY, &Mdls[1]));
        VSPLAB_ASSERT(mdl == Mdls[1]);
        VSPLAB_ASSERT(mdl->Next == NULL);
        VSPLAB_ASSERT_EQUAL(9000, MmGetMdlByteCount(mdl));
        mapped = (PUCHAR)MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
        VSPLAB_ASSERT_EQUAL(0x5A, mapped[0]);
        mapped[8999] = 0xA5;
        VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER_2, VmbChannelPacketGetExternalData(P, 0x10, &mdl));
    }
    VmbChannelPacketComplete(P, NULL, 0);
}
VSPLAB_TEST(ExternalData)
{
    VMBCHANNEL channel = Server(0);
    Process = TakeExternal;
    Data[100] = 0x5A;
    VSPLAB_ASSERT(VspLabGuestSendExternal(channel, Bytes, 8, Data + 100, 9000, TRUE) != 0);
    VSPLAB_ASSERT_EQUAL(1, LastFlags);
    if (External == STATUS_SUCCESS) VSPLAB_ASSERT_EQUAL(0xA5, Data[9099]);
    EndChannel(channel);
}
VSPLAB_TEST(NoExternalData)
{
    VMBCHANNEL channel = Server(0);
    Process = TakeExternal;
    VspLabGuestSend(channel, Bytes, 8, TRUE);
    EndChannel(channel);
}
VSPLAB_TEST(TooMuchExternal)
{
    VMBCHANNEL channel = Server(0);
    UINT32 length;
    UINT64 id;
    static UCHAR big[20000];
    id = VspLabGuestSendExternal(channel, Bytes, 8, big, sizeof(big), TRUE);
    VSPLAB_ASSERT_EQUAL(0, Delivered);
    VSPLAB_ASSERT(VspLabGuestGetCompletion(channel, id, NULL, 0, &length));
    EndChannel(channel);
}
static VOID CompletePending(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    PMDL mdl;
    UNREFERENCED_PARAMETER(C); UNREFERENCED_PARAMETER(B); UNREFERENCED_PARAMETER(L);
    VmbChannelPacketGetExternalData(P, 0, &mdl);
    VmbChannelPacketComplete(P, NULL, 0);
}
VSPLAB_TEST(PendingComplete) { VMBCHANNEL channel = Server(0); Process = CompletePending; VspLabGuestSendExternal(channel, Bytes, 8, Data, 16, TRUE); EndChannel(channel); }

static VOID TouchContext(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    PUCHAR context = (PUCHAR)VmbChannelPacketGetClientContext(P);
    UNREFERENCED_PARAMETER(B); UNREFERENCED_PARAMETER(L);
    context[0] = 1;
    context[23] = 2;
    Hold(C, P);
}
VSPLAB_TEST(ClientContext)
{
    VMBCHANNEL channel = Server(24);
    Process = TouchContext;
    VspLabGuestSend(channel, Bytes, 8, TRUE);
    VspLabGuestSend(channel, Bytes, 8, TRUE);
    VSPLAB_ASSERT(VmbChannelPacketGetClientContext(Held[0]) != VmbChannelPacketGetClientContext(Held[1]));
    VSPLAB_ASSERT_EQUAL(2, ((PUCHAR)VmbChannelPacketGetClientContext(Held[0]))[23]);
    CompleteHeld();
    VSPLAB_LOG("gone");
    VSPLAB_ASSERT(VmbChannelPacketGetClientContext(Held[0]) == NULL);
    EndChannel(channel);
}

static ULONG Changes;
static VOID Watch(VMBCHANNEL C, VMBPACKETCOMPLETION P, PUCHAR B, UINT32 L)
{
    UCHAR copy[64];
    ULONG i;
    UNREFERENCED_PARAMETER(L);
    RtlCopyMemory(copy, B, 64);
    for (i = 0; i < 16; i++) {
        VmbChannelGetPointer(C);
        if (RtlCompareMemory(copy, B, 64) != 64) Changes++;
    }
    VmbChannelPacketComplete(P, NULL, 0);
}
VSPLAB_TEST(A19)
{
    VMBCHANNEL channel = Server(0);
    Process = Watch;
    VspLabGuestSend(channel, Bytes, 64, TRUE);
    VSPLAB_LOG("%u", Changes != 0);
    EndChannel(channel);
}

VSPLAB_TEST(Ex)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacksEx(channel, Bytes, OnPacketEx, OnBatchEx));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VspLabGuestSend(channel, Bytes, 8, TRUE);
    VSPLAB_ASSERT(ExContext == (PVOID)Bytes);
    VSPLAB_ASSERT_EQUAL(1, Batches);
    EndChannel(channel);
}

VSPLAB_TEST(RingFull)
{
    VMBCHANNEL channel = EnabledServer();
    ULONG sent = 0;
    VspLabGuestSetRingSize(channel, 4096);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    while (VspLabGuestSend(channel, Bytes, 1000, FALSE) != 0) sent++;
    VSPLAB_ASSERT_EQUAL(3, sent);
    EndChannel(channel);
}

VSPLAB_TEST(A39)
{
    /* Completions that come while paused wait in the ring. */
    VMBCHANNEL channel = Server(0);
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 8, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VmbChannelPause(channel);
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT_EQUAL(0, CompletionCount);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_EQUAL(1, CompletionCount);
    EndChannel(channel);
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
});

const MODES = ['A-07=after'];

describe('incoming packets (5.4, 5.5)', () => {
  it.each<[string, readonly string[]]>([
    ['Completes', []],
    ['Answers', []],
    ['Batch', []],
    ['Quota', []],
    ['Defer', []],
    ['Passive', []],
    ['DeferHeld', ['in-defer-inline']],
    ['DeferComplete', ['in-defer-inline']],
    ['CompleteTwice', ['in-complete-once']],
    ['Fail', ['in-no-use-after-complete']],
    ['FailComplete', ['in-fail-terminal']],
    ['CompletionArguments', ['in-completion-args']],
    ['ExternalData', []],
    ['NoExternalData', ['in-external-flag']],
    ['TooMuchExternal', ['init-external-limits']],
    ['ClientContext', ['in-no-use-after-complete']],
    ['Ex', []],
    ['RingFull', []],
    ['A39', []],
  ])('%s', (test, breaches) => {
    const run = driver.test(test, { modes: MODES });
    expect([run.end, run.breaches.filter((rule) => /^(in|init-external|out)-/.test(rule))]).toEqual([
      'completed',
      breaches,
    ]);
  });

  it.each(['BufferAfterComplete', 'BufferOverread'])('%s faults (A-19: the buffer lives until Complete)', (test) => {
    expect(driver.test(test, { modes: MODES }).result.ended).toBe('fault');
  });
});

describe('modes of incoming packets', () => {
  it('A-19: a copy, or memory the guest still writes', () => {
    expect(driver.test('A19').output).toEqual(['0']);
    expect(driver.test('A19', { modes: ['A-19=hostile'] }).output).toEqual(['1']);
  });

  it("A-20: rounded up to 8, or the sender's length", () => {
    expect(driver.test('A20').output).toEqual(['16']);
    expect(driver.test('A20', { modes: ['A-20=exact'] }).output).toEqual(['13']);
  });

  it('external data at once, after STATUS_PENDING at another IRQL, or never', () => {
    expect(driver.test('ExternalData', { modes: MODES }).output).toEqual(['00000000 2']);
    const pending = driver.test('ExternalData', { modes: [...MODES, 'EXTERNAL=pending'] });
    expect([pending.end, pending.output]).toEqual(['completed', ['00000103 2', '00000000 0']]);
    expect(driver.test('ExternalData', { modes: [...MODES, 'EXTERNAL=fail'] }).output).toEqual(['c000009a 2']);
  });

  it('in-external-pending: nothing may be done with a pended packet', () => {
    const run = driver.test('PendingComplete', { modes: [...MODES, 'EXTERNAL=pending'] });
    expect(run.breaches).toContain('in-external-pending');
  });
});
