/** Outgoing packet objects: facts K1 to K14 of kmcl-facts 5.2, the completion matrix 5.3, limits, flags and misuse of section 7.4. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { compileText, type TestDriver } from '../../../test/support/driver.js';

const SOURCE = `${CHANNEL_DRIVER}
#define WAIT VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION
static UCHAR Bytes[8192];
static ULONG Custom;
static VOID KeepPacket(VMBPACKET Packet) { UNREFERENCED_PARAMETER(Packet); Custom++; }
static VOID Ignore(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    UNREFERENCED_PARAMETER(Packet); UNREFERENCED_PARAMETER(Status); UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(Length);
    Custom++;
}
static PVOID ExContext;
static VOID CompletionEx(VMBPACKET Packet, PVOID Context, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    UNREFERENCED_PARAMETER(Status); UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(Length);
    ExContext = Context;
    VmbPacketFree(Packet);
}

VSPLAB_TEST(K1)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet;
    VspLabFailAllocations(0, 1);
    VSPLAB_ASSERT(VmbPacketAllocate(channel) == NULL);
    packet = VmbPacketAllocate(channel);
    VspLabFailAllocations(0, 1000);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, WAIT));
    VspLabFailAllocations(0, 0);
    VspLabGuestCompleteAll(channel);
    EndChannel(channel);
}

static ULONG Left;
static VOID SendAgain(VMBPACKET Packet)
{
    if (Left-- > 0) {
        VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, NULL, WAIT));
    } else {
        VmbPacketFree(Packet);
    }
}

VSPLAB_TEST(K2)
{
    VMBCHANNEL channel = ActiveServer();
    InCompletion = SendAgain;
    Left = 5;
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 8, WAIT));
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT_EQUAL(6, CompletionCount);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(channel));
    EndChannel(channel);
}

VSPLAB_TEST(K3)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET first = VmbPacketAllocate(channel);
    VmbPacketSetPointer(first, Bytes);
    VmbPacketFree(first);
    VSPLAB_ASSERT(VmbPacketAllocate(channel) == first);
    VSPLAB_ASSERT(VmbPacketGetPointer(first) == NULL);
    VSPLAB_ASSERT(VmbPacketGetChannel(first) == channel);
    VmbPacketFree(first);
    EndChannel(channel);
}

VSPLAB_TEST(K4)
{
    VMBCHANNEL channel = EnabledServer();
    ULONG i;
    UINT64 id;
    UINT32 length;
    VspLabGuestSetRingSize(channel, 4096);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    for (i = 0; i < 10; i++) {
        VSPLAB_ASSERT_SUCCESS(SendPacket(channel, i, 1000, 0));
    }
    VSPLAB_ASSERT_EQUAL(3, CompletionCount);
    VSPLAB_ASSERT_EQUAL(7, VspLabInFlight(channel));
    for (i = 0; i < 10; i++) {
        VSPLAB_ASSERT(VspLabGuestReceive(channel, Bytes, sizeof(Bytes), &length, &id));
        VSPLAB_ASSERT_EQUAL(i, Bytes[0]);
        VSPLAB_ASSERT_EQUAL(1000, length);
    }
    VSPLAB_ASSERT(!VspLabGuestReceive(channel, Bytes, sizeof(Bytes), &length, &id));
    VSPLAB_ASSERT_EQUAL(10, CompletionCount);
    EndChannel(channel);
}

VSPLAB_TEST(K5)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, WAIT));
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT(VmbPacketAllocate(channel) == packet);
    VmbPacketFree(packet);
    EndChannel(channel);
}

VSPLAB_TEST(FreeAfterDefault)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, 0));
    VmbPacketFree(packet);
    EndChannel(channel);
}

VSPLAB_TEST(FreeTwice)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    VmbPacketFree(packet);
    VmbPacketFree(packet);
    EndChannel(channel);
}

VSPLAB_TEST(TouchAfterSend)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, 0));
    VmbPacketGetPointer(packet);
    EndChannel(channel);
}

VSPLAB_TEST(UseInFlight)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    VmbPacketSetCompletionRoutine(packet, Completion);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, WAIT));
    VSPLAB_ASSERT(!NT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, WAIT)));
    VmbPacketSetPointer(packet, Bytes);
    VmbPacketSetCompletionRoutine(packet, Completion);
    VmbPacketFree(packet);
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT_EQUAL(1, CompletionCount);
    EndChannel(channel);
}

static VMBPACKET Initialized(VMBCHANNEL Channel)
{
    UINT32 size = VmbChannelSizeofPacket(Channel);
    VMBPACKET packet = (VMBPACKET)ExAllocatePool2(POOL_FLAG_NON_PAGED, size, 'tkPI');
    VSPLAB_ASSERT_SUCCESS(VmbPacketInitialize(Channel, packet, size));
    return packet;
}

VSPLAB_TEST(K7)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = Initialized(channel);
    VSPLAB_ASSERT(!NT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, 0)));
    ExFreePoolWithTag(packet, 'tkPI');
    EndChannel(channel);
}

VSPLAB_TEST(K8)
{
    VMBCHANNEL channel = ActiveServer();
    UINT32 size = VmbChannelSizeofPacket(channel);
    PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, 'tkPI');
    VSPLAB_ASSERT(size > 4096 + sizeof(PVOID));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER_3, VmbPacketInitialize(channel, (VMBPACKET)memory, size - 1));
    ExFreePoolWithTag(memory, 'tkPI');
    EndChannel(channel);
}

VSPLAB_TEST(InitializedFreedInFlight)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = Initialized(channel);
    VmbPacketSetCompletionRoutine(packet, Completion);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, "sent", 4, NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    ExFreePool(packet);
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT_EQUAL(0, CompletionCount);
    EndChannel(channel);
}

VSPLAB_TEST(InitializedPaged)
{
    VMBCHANNEL channel = ActiveServer();
    UINT32 size = VmbChannelSizeofPacket(channel);
    VMBPACKET packet = ExAllocatePool2(POOL_FLAG_PAGED, size, 'tkPI');
    VSPLAB_ASSERT_SUCCESS(VmbPacketInitialize(channel, packet, size));
    ExFreePool(packet);
    EndChannel(channel);
}

VSPLAB_TEST(PagedBuffer)
{
    VMBCHANNEL channel = ActiveServer();
    PVOID memory = ExAllocatePool2(POOL_FLAG_PAGED, 16, 'fuBP');
    VmbPacketSend(VmbPacketAllocate(channel), memory, 16, NULL, VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER);
    VmbPacketSend(VmbPacketAllocate(channel), memory, 16, NULL, 0);
    ExFreePool(memory);
    EndChannel(channel);
}

VSPLAB_TEST(InitializedMatrix)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = Initialized(channel);
    VmbPacketSetCompletionRoutine(packet, Ignore);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, WAIT));
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT_EQUAL(1, Custom);
    VSPLAB_LOG("free");
    VmbPacketFree(packet);
    ExFreePoolWithTag(packet, 'tkPI');
    EndChannel(channel);
}

VSPLAB_TEST(External)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    PMDL mdl = IoAllocateMdl(Bytes, 16, FALSE, FALSE, NULL);
    PFN_NUMBER pfn = 1;
    MmBuildMdlForNonPagedPool(mdl);
    VSPLAB_ASSERT(!NT_SUCCESS(VmbPacketSend(packet, Bytes, 8, mdl, WAIT)));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, VmbPacketSendWithExternalMdl(packet, Bytes, 8, mdl, 0, 0, WAIT));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, VmbPacketSendWithExternalPfns(packet, Bytes, 8, &pfn, 1, WAIT));
    VmbPacketFree(packet);
    IoFreeMdl(mdl);
    EndChannel(channel);
}

VSPLAB_TEST(Flags)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    VSPLAB_ASSERT(!NT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, 0x20)));
    VSPLAB_ASSERT(!NT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH)));
    VmbPacketFree(packet);
    EndChannel(channel);
}

VSPLAB_TEST(K11)
{
    VMBCHANNEL channel = ActiveServer();
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 4096, 0));
    VSPLAB_LOG("one more");
    VMBPACKET packet = VmbPacketAllocate(channel);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER_3, VmbPacketSend(packet, Bytes, 4097, NULL, 0));
    VmbPacketFree(packet);
    EndChannel(channel);
}

VSPLAB_TEST(K11Ring)
{
    /* 32 + length has to stay below the ring's size. */
    VMBCHANNEL channel = EnabledServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    VspLabGuestSetRingSize(channel, 4096);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER_3, VmbPacketSend(packet, Bytes, 4096 - 32, NULL, 0));
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, Bytes, 4096 - 33, NULL, 0));
    EndChannel(channel);
}

VSPLAB_TEST(K12)
{
    VMBCHANNEL channel = ActiveServer();
    UINT64 id;
    UINT32 length;
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 8, WAIT));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 1, 8, WAIT));
    VSPLAB_ASSERT(VspLabGuestReceive(channel, NULL, 0, &length, &id));
    Bytes[0] = 0x77;
    VspLabGuestComplete(channel, id, Bytes, 16);
    VSPLAB_ASSERT_EQUAL(1, CompletionCount);
    VSPLAB_ASSERT_EQUAL(0x77, CompletionBytes[0]);
    VSPLAB_ASSERT_EQUAL(16, CompletionLength[0]);
    VspLabGuestComplete(channel, id, NULL, 0);
    VspLabGuestComplete(channel, 12345, NULL, 0);
    VSPLAB_ASSERT_EQUAL(1, CompletionCount);
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT_EQUAL(2, CompletionCount);
    VSPLAB_ASSERT_EQUAL(0, CompletionLength[1]);
    EndChannel(channel);
}

VSPLAB_TEST(K14)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketCount(channel, 2));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 8, WAIT));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 1, 8, WAIT));
    VSPLAB_ASSERT_STATUS(STATUS_INSUFFICIENT_RESOURCES, SendPacket(channel, 2, 8, WAIT));
    EndChannel(channel);
}

VSPLAB_TEST(Ex)
{
    VMBCHANNEL channel = ActiveServer();
    VMBPACKET packet = VmbPacketAllocate(channel);
    VmbPacketSetCompletionRoutineEx(packet, Bytes, CompletionEx);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, Bytes, 8, NULL, 0));
    VSPLAB_ASSERT(ExContext == (PVOID)Bytes);
    EndChannel(channel);
}

VSPLAB_TEST(A05)
{
    VMBCHANNEL channel = ActiveServer();
    ULONG i;
    for (i = 0; i < 3; i++) {
        VSPLAB_ASSERT_SUCCESS(SendPacket(channel, i, 8, WAIT));
    }
    VmbChannelDisable(channel);
    VSPLAB_ASSERT_EQUAL(3, CompletionCount);
    for (i = 0; i < 3; i++) {
        VSPLAB_LOG("%u %08x %u", CompletionTag[i], CompletionStatus[i], CompletionLength[i]);
    }
    VmbChannelCleanup(channel);
}

VSPLAB_TEST(A13)
{
    VMBCHANNEL channel = ActiveServer();
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 8, 0));
    VSPLAB_LOG("%u", CompletionCount);
    VspLabRunPending();
    VSPLAB_ASSERT_EQUAL(1, CompletionCount);
    EndChannel(channel);
}

VSPLAB_TEST(A14)
{
    VMBCHANNEL channel = ActiveServer();
    PUCHAR buffer = (PUCHAR)ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, 'fuBS');
    VMBPACKET packet = VmbPacketAllocate(channel);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, buffer, 64, NULL, 0));
    buffer[3] = 1;
}

VSPLAB_TEST(A08)
{
    VMBCHANNEL channel = EnabledServer();
    VSPLAB_LOG("%08x", SendPacket(channel, 0, 8, WAIT));
    VSPLAB_LOG("%u", VspLabInFlight(channel));
    EndChannel(channel);
}

VSPLAB_TEST(Wild)
{
    VMBCHANNEL channel = ActiveServer();
    VmbPacketFree((VMBPACKET)channel);
}

VSPLAB_TEST(Null)
{
    VmbPacketFree(NULL);
}

VSPLAB_TEST(Many)
{
    /* Slots of the transaction table are used again, ids are not, and the order of a save stays the order of sending. */
    VMBCHANNEL channel = ActiveServer();
    ULONG round;
    ULONG i;
    UINT64 last = 0;
    InCompletion = NULL;
    for (round = 0; round < 40; round++) {
        for (i = 0; i < 16; i++) {
            UINT64 id;
            UINT32 length;
            VSPLAB_ASSERT_SUCCESS(SendPacket(channel, i, 8, WAIT));
            VSPLAB_ASSERT(VspLabGuestReceive(channel, NULL, 0, &length, &id));
            VSPLAB_ASSERT(id > last);
            last = id;
        }
        CompletionCount = 0;
        VspLabGuestCompleteAll(channel);
        VSPLAB_ASSERT_EQUAL(16, CompletionCount);
        for (i = 0; i < 16; i++) {
            VSPLAB_ASSERT_EQUAL(i + 1, CompletionTag[i]);
        }
    }
    EndChannel(channel);
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
});

describe('facts about outgoing packets (5.2, 5.3)', () => {
  it.each<[string, readonly string[]]>([
    ['K1', []],
    ['K2', []],
    ['K4', []],
    ['FreeAfterDefault', ['out-no-free-default']],
    ['FreeTwice', ['out-free-custom']],
    ['TouchAfterSend', ['out-no-touch-after-send']],
    ['UseInFlight', Array(4).fill('out-no-reuse-in-use')],
    ['K7', ['out-init-routine']],
    ['K8', ['out-init-size']],
    ['InitializedMatrix', ['out-init-not-freed']],
    ['InitializedFreedInFlight', ['out-init-not-freed']],
    ['InitializedPaged', ['out-init-size']],
    ['PagedBuffer', ['out-paged-flag']],
    ['External', Array(3).fill('out-server-no-external')],
    ['Flags', ['out-flags', 'out-flags']],
    ['K11', ['out-size-limit']],
    ['K11Ring', ['out-size-limit']],
    ['K12', []],
    ['K14', []],
    ['Ex', []],
    ['Many', []],
  ])('%s', (test, breaches) => {
    const run = driver.test(test);
    expect([run.end, run.breaches]).toEqual(['completed', breaches]);
  });

  it.each(['K3', 'K5'])('%s: without a quarantine the memory of a freed packet is the next one', (test) => {
    const run = driver.test(test, { checks: 'off' });
    expect([run.end, run.breaches]).toEqual(['completed', []]);
  });

  it.each([
    ['Wild', /.+/],
    ['Null', /null/i],
  ])('%s faults', (test, text) => {
    const run = driver.test(test);
    expect(run.result.ended).toBe('fault');
    expect(run.result.fault?.text).toMatch(text);
  });
});

describe('modes of packets (5.6)', () => {
  it('A-05: in send order, after Suspend, before Disable returns, without bytes', () => {
    expect(driver.test('A05').output).toEqual(['1 c0000120 0', '2 c0000120 0', '3 c0000120 0']);
    expect(driver.test('A05', { modes: ['A-05=device-removed'] }).output[0]).toBe('1 c00002b6 0');
    const { callbacks } = driver.test('A05');
    expect(callbacks.slice(callbacks.indexOf('Suspend'))).toEqual([
      'Suspend',
      ...Array(3).fill('CompletionRoutine'),
      'Closed',
    ]);
  });

  it('A-08: kept for the next open, or refused', () => {
    expect(driver.test('A08').output).toEqual(['00000000', '1']);
    expect(driver.test('A08', { modes: ['A-08=fail'] }).output).toEqual(['c000009d', '0']);
  });

  it('A-13: before Send returns, or later', () => {
    expect(driver.test('A13').output).toEqual(['1']);
    expect(driver.test('A13', { modes: ['A-13=deferred'] }).output).toEqual(['0']);
  });

  it("A-14: the caller's buffer is its own again, or poisoned", () => {
    expect(driver.test('A14').result.ended).toBe('completed');
    expect(driver.test('A14', { modes: ['A-14=strict'] }).result.ended).toBe('fault');
  });
});
