/** GPADLs (kmcl-facts 2.5, 2.8 #62, #73, #74, A-35) and synchronous requests (2.6, A-33). */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';

const SOURCE = `${CHANNEL_DRIVER}
VSPLAB_TEST(MapAndUnmap)
{
    VMBCHANNEL channel = ActiveServer();
    UINT32 gpadl = VspLabGuestCreateGpadl(channel, 3, FALSE);
    PMDL mdl;
    PUCHAR address;
    VSPLAB_ASSERT(gpadl != 0);
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, 0, gpadl, &mdl));
    VSPLAB_ASSERT_EQUAL(3 * PAGE_SIZE, MmGetMdlByteCount(mdl));
    VSPLAB_ASSERT_EQUAL(0, MmGetMdlByteOffset(mdl));
    VSPLAB_ASSERT_EQUAL(MmGetMdlPfnArray(mdl)[0] + 2, MmGetMdlPfnArray(mdl)[2]);
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    VSPLAB_ASSERT(address != NULL);
    VSPLAB_ASSERT_EQUAL(0x67, address[3 * PAGE_SIZE - 1]);
    address[0] = 5;
    VmbChannelUnmapGpadl(channel, gpadl);
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, 0, gpadl, &mdl));
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    VSPLAB_ASSERT_EQUAL(5, address[0]);
    VmbChannelUnmapGpadl(channel, gpadl);
    EndChannel(channel);
}

VSPLAB_TEST(Statuses)
{
    VMBCHANNEL channel = ActiveServer();
    UINT32 writable = VspLabGuestCreateGpadl(channel, 1, FALSE);
    UINT32 readOnly = VspLabGuestCreateGpadl(channel, 1, TRUE);
    PMDL mdl;
    VSPLAB_ASSERT_STATUS(STATUS_NOT_FOUND, VmbChannelMapGpadl(channel, 0, 999, &mdl));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER_2, VmbChannelMapGpadl(channel, 2, writable, &mdl));
    VSPLAB_ASSERT_STATUS(STATUS_ACCESS_DENIED, VmbChannelMapGpadl(channel, 0, readOnly, &mdl));
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, readOnly, &mdl));
    VmbChannelUnmapGpadl(channel, readOnly);
    VspLabFailNext("VmbChannelMapGpadl", STATUS_INSUFFICIENT_RESOURCES);
    VSPLAB_ASSERT_STATUS(STATUS_INSUFFICIENT_RESOURCES, VmbChannelMapGpadl(channel, 0, writable, &mdl));
    EndChannel(channel);
}

VSPLAB_TEST(MapTwice)
{
    VMBCHANNEL channel = ActiveServer();
    UINT32 gpadl = VspLabGuestCreateGpadl(channel, 1, FALSE);
    PMDL mdl;
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, 0, gpadl, &mdl));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_STATE, VmbChannelMapGpadl(channel, 0, gpadl, &mdl));
    VmbChannelUnmapGpadl(channel, gpadl);
    EndChannel(channel);
}

VSPLAB_TEST(UnmapTwice)
{
    VMBCHANNEL channel = ActiveServer();
    UINT32 gpadl = VspLabGuestCreateGpadl(channel, 1, FALSE);
    PMDL mdl;
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, 0, gpadl, &mdl));
    VmbChannelUnmapGpadl(channel, gpadl);
    VmbChannelUnmapGpadl(channel, gpadl);
    EndChannel(channel);
}

VSPLAB_TEST(MapTooEarly)
{
    VMBCHANNEL channel = EnabledServer();
    UINT32 gpadl = VspLabGuestCreateGpadl(channel, 1, FALSE);
    PMDL mdl;
    VSPLAB_ASSERT(!NT_SUCCESS(VmbChannelMapGpadl(channel, 0, gpadl, &mdl)));
    EndChannel(channel);
}

VSPLAB_TEST(LeftMapped)
{
    VMBCHANNEL channel = ActiveServer();
    UINT32 gpadl = VspLabGuestCreateGpadl(channel, 1, FALSE);
    PMDL mdl;
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, 0, gpadl, &mdl));
    EndChannel(channel);
}

static UINT32 Mapped;
static VOID UnmapInClosed(VMBCHANNEL Channel) { VmbChannelUnmapGpadl(Channel, Mapped); }
static VOID MapInOpened(VMBCHANNEL Channel)
{
    PMDL mdl;
    Mapped = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(Channel, 0, Mapped, &mdl));
}
VSPLAB_TEST(OpenedToClosed)
{
    InOpened = MapInOpened;
    InClosed = UnmapInClosed;
    EndChannel(ActiveServer());
}

VSPLAB_TEST(RefusedOpenLeavesMapping)
{
    VMBCHANNEL channel = EnabledServer();
    InOpened = MapInOpened;
    OpenedStatus = STATUS_UNSUCCESSFUL;
    VSPLAB_ASSERT_STATUS(STATUS_UNSUCCESSFUL, VspLabGuestOpenChannel(channel));
    EndChannel(channel);
}

VSPLAB_TEST(UseAfterUnmap)
{
    VMBCHANNEL channel = ActiveServer();
    UINT32 gpadl = VspLabGuestCreateGpadl(channel, 1, FALSE);
    PMDL mdl;
    volatile UCHAR *address;
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, 0, gpadl, &mdl));
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    VmbChannelUnmapGpadl(channel, gpadl);
    address[5] = 1;
}

VSPLAB_TEST(SurvivesRestart)
{
    VMBCHANNEL channel = ActiveServer();
    UINT32 gpadl = VspLabGuestCreateGpadl(channel, 1, FALSE);
    PMDL mdl;
    PUCHAR address;
    PVSPLAB_STATE state;
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, 0, gpadl, &mdl));
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    address[7] = 42;
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabRestartHost();
    channel = EnabledServer();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_ASSERT_SUCCESS(VmbChannelMapGpadl(channel, 0, gpadl, &mdl));
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    VSPLAB_ASSERT_EQUAL(42, address[7]);
    VmbChannelUnmapGpadl(channel, gpadl);
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(WrongEnd)
{
    VMBCHANNEL server = ActiveServer();
    VMBCHANNEL client = MakeChannel(FALSE);
    PMDL mdl;
    UINT32 gpadl;
    UCHAR bytes[16];
    VSPLAB_ASSERT(!NT_SUCCESS(VmbChannelMapGpadl(client, 0, 1, &mdl)));
    VmbChannelUnmapGpadl(client, 1);
    VSPLAB_ASSERT(!NT_SUCCESS(VmbChannelCreateGpadlFromBuffer(server, 0, bytes, sizeof(bytes), &gpadl)));
    VmbChannelDeleteGpadl(server, 1);
    VmbChannelCleanup(client);
    EndChannel(server);
}

static VMBCHANNEL ActiveClient(VOID)
{
    VMBCHANNEL channel = MakeChannel(FALSE);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    return channel;
}

VSPLAB_TEST(ClientGpadls)
{
    VMBCHANNEL channel = ActiveClient();
    UCHAR *bytes = ExAllocatePool2(POOL_FLAG_NON_PAGED, 6000, 'tseT');
    PMDL mdl = IoAllocateMdl(bytes, 6000, FALSE, FALSE, NULL);
    UINT32 gpadl[4];
    PVOID address;
    PFN_NUMBER pages[2] = {1, 2};
    MmBuildMdlForNonPagedPool(mdl);
    VSPLAB_ASSERT_SUCCESS(VmbChannelCreateGpadlFromBuffer(channel, 0, bytes, 6000, &gpadl[0]));
    VSPLAB_ASSERT_SUCCESS(VmbChannelCreateGpadlFromMdl(channel, VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, mdl, 0, 0, &gpadl[1]));
    VSPLAB_ASSERT_SUCCESS(VmbChannelCreateGpadlFromPfnList(channel, 0, pages, 2, &gpadl[2]));
    VSPLAB_ASSERT_SUCCESS(VmbChannelCreateGpadl(channel, 0, 2, &gpadl[3]));
    VSPLAB_ASSERT(gpadl[0] != gpadl[1] && gpadl[2] != gpadl[3]);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER_2, VmbChannelCreateGpadlFromBuffer(channel, 4, bytes, 16, &gpadl[0]));
    VSPLAB_ASSERT_SUCCESS(VmbChannelGetSystemAddressForGpadl(channel, 0, gpadl[3], &address));
    RtlZeroMemory(address, 2 * PAGE_SIZE);
    VSPLAB_ASSERT_STATUS(STATUS_NOT_FOUND, VmbChannelGetSystemAddressForGpadl(channel, 0, 12345, &address));
    for (ULONG i = 0; i < 4; i++) {
        VmbChannelDeleteGpadl(channel, gpadl[i]);
    }
    IoFreeMdl(mdl);
    ExFreePoolWithTag(bytes, 'tseT');
    EndChannel(channel);
}

VSPLAB_TEST(ClientGpadlLeft)
{
    VMBCHANNEL channel = ActiveClient();
    static UCHAR bytes[64];
    UINT32 gpadl;
    VSPLAB_ASSERT_SUCCESS(VmbChannelCreateGpadlFromBuffer(channel, 0, bytes, sizeof(bytes), &gpadl));
    EndChannel(channel);
}

/* ---- Synchronous requests ---- */

static NTSTATUS Request(VMBCHANNEL Channel, LONGLONG Timeout, UINT32 Flags, PVOID Answer, PUINT32 AnswerSize)
{
    LARGE_INTEGER timeout;
    UCHAR byte = 9;
    timeout.QuadPart = Timeout;
    return VmbChannelSendSynchronousRequest(Channel, &byte, 1, NULL, Flags, Answer, AnswerSize, Timeout == 1 ? NULL : &timeout);
}

VSPLAB_TEST(RootMayNotWait)
{
    VMBCHANNEL channel = ActiveServer();
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_REQUEST, Request(channel, 1, 0, NULL, NULL));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_REQUEST, Request(channel, -100, 0, NULL, NULL));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_REQUEST, Request(channel, 0, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, NULL, NULL));
    EndChannel(channel);
}

VSPLAB_TEST(RootSendsNow)
{
    VMBCHANNEL channel = ActiveServer();
    UCHAR buffer[16];
    UINT32 length;
    UINT64 transaction;
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    VSPLAB_ASSERT_SUCCESS(Request(channel, 0, 0, NULL, NULL));
    KeLowerIrql(irql);
    VSPLAB_ASSERT(VspLabGuestReceive(channel, buffer, sizeof(buffer), &length, &transaction));
    VSPLAB_ASSERT_EQUAL(9, buffer[0]);
    EndChannel(channel);
}

VSPLAB_TEST(RingFull)
{
    VMBCHANNEL channel = EnabledServer();
    ULONG i;
    VspLabGuestSetRingSize(channel, 4096);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    for (i = 0; i < 1000 && NT_SUCCESS(Request(channel, 0, 0, NULL, NULL)); i++) {
    }
    VSPLAB_LOG("%u", i);
    VSPLAB_ASSERT_STATUS(STATUS_BUFFER_OVERFLOW, Request(channel, 0, 0, NULL, NULL));
    EndChannel(channel);
}

VSPLAB_TEST(OddAnswerSize)
{
    VMBCHANNEL channel = ActiveServer();
    UCHAR answer[16];
    UINT32 size = 12;
    VSPLAB_ASSERT(!NT_SUCCESS(Request(channel, 0, 0, answer, &size)));
    EndChannel(channel);
}

VSPLAB_TEST(NotOpen)
{
    VMBCHANNEL channel = EnabledServer();
    VSPLAB_ASSERT_STATUS(STATUS_DEVICE_REMOVED, Request(channel, 0, 0, NULL, NULL));
    EndChannel(channel);
}

VSPLAB_TEST(AtDispatch)
{
    VMBCHANNEL channel = ActiveClient();
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    Request(channel, -100, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, NULL, NULL);
    KeLowerIrql(irql);
    EndChannel(channel);
}

static VMBCHANNEL ClientChannel;
static IO_WORKITEM_ROUTINE Answer;
static VOID Answer(PDEVICE_OBJECT Device, PVOID Context)
{
    UCHAR buffer[16];
    UINT32 length;
    UINT64 transaction;
    UINT64 answer = 0x1122334455667788;
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    VSPLAB_ASSERT(VspLabGuestReceive(ClientChannel, buffer, sizeof(buffer), &length, &transaction));
    VspLabGuestComplete(ClientChannel, transaction, &answer, sizeof(answer));
}

VSPLAB_TEST(ClientWaits)
{
    PIO_WORKITEM item = IoAllocateWorkItem(VspLabDevice());
    UINT64 answer = 0;
    UINT32 size = sizeof(answer);
    ClientChannel = ActiveClient();
    IoQueueWorkItem(item, Answer, DelayedWorkQueue, NULL);
    VSPLAB_ASSERT_SUCCESS(Request(ClientChannel, 1, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, &answer, &size));
    VSPLAB_ASSERT_EQUAL(0x1122334455667788, answer);
    VSPLAB_ASSERT_EQUAL(8, size);
    IoFreeWorkItem(item);
    EndChannel(ClientChannel);
}

VSPLAB_TEST(ClientTimesOut)
{
    VMBCHANNEL channel = ActiveClient();
    ULONGLONG start = KeQueryInterruptTime();
    VSPLAB_ASSERT_STATUS(STATUS_CANCELLED, Request(channel, -5000, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, NULL, NULL));
    VSPLAB_ASSERT_EQUAL(5000, KeQueryInterruptTime() - start);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(channel));
    EndChannel(channel);
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

function check(name: string, breaches: readonly string[]): void {
  const run = driver.test(name);
  expect([run.end, run.breaches]).toEqual(['completed', breaches]);
}

describe('GPADLs', () => {
  it.each<readonly [string, readonly string[]]>([
    ['MapAndUnmap', []],
    ['Statuses', []],
    ['MapTwice', ['gpadl-single-map']],
    ['UnmapTwice', ['gpadl-pair']],
    ['MapTooEarly', ['gpadl-window']],
    ['LeftMapped', ['state-closed-releases-gpadls']],
    ['OpenedToClosed', []],
    ['RefusedOpenLeavesMapping', ['state-opened-unwind']],
    ['SurvivesRestart', []],
    [
      'WrongEnd',
      [
        'init-server-only-on-server',
        'init-server-only-on-server',
        'init-client-only-on-client',
        'init-client-only-on-client',
      ],
    ],
    ['ClientGpadls', []],
    ['ClientGpadlLeft', ['state-closed-releases-gpadls']],
  ])('%s', check);

  it('are out of reach after Unmap', () => {
    expect(driver.test('UseAfterUnmap').end).toMatch(/^fault: writes 1 byte at /);
  });
});

describe('synchronous requests (2.6)', () => {
  it.each<readonly [string, readonly string[]]>([
    ['RootMayNotWait', ['out-sync-root', 'out-sync-root', 'out-sync-root']],
    ['RootSendsNow', []],
    ['RingFull', []],
    ['OddAnswerSize', ['out-sync-size8']],
    ['NotOpen', []],
    ['AtDispatch', ['out-sync-irql']],
    ['ClientWaits', []],
    ['ClientTimesOut', []],
  ])('%s', check);
});
