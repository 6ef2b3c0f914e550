/** Sub-channels, queries and run-time settings of a channel: kmcl-facts 2.3, 2.8 #57-63, 66, and the windows of 7.2. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';

const SOURCE = `${CHANNEL_DRIVER}
static VMBCHANNEL Sub(VMBCHANNEL Primary)
{
    VMBCHANNEL sub = MakeChannel(TRUE);
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetPrimaryChannel(sub, Primary, 1));
    return sub;
}

VSPLAB_TEST(SubChannelTooEarly)
{
    VMBCHANNEL primary = EnabledServer();
    VMBCHANNEL sub = Sub(primary);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_STATE, VmbChannelEnable(sub));
    VmbChannelCleanup(sub);
    EndChannel(primary);
}

VSPLAB_TEST(SubChannel)
{
    VMBCHANNEL primary = ActiveServer();
    VMBCHANNEL sub = Sub(primary);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(sub));
    VmbChannelStart(sub);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(sub));
    VSPLAB_LOG("pause");
    VmbChannelPause(primary);
    VSPLAB_LOG("start");
    VmbChannelStart(primary);
    VSPLAB_LOG("close");
    VspLabGuestCloseChannel(primary);
    VSPLAB_LOG("end");
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetFlags(sub, 0)); /* disabled by itself */
    VmbChannelCleanup(sub);
    EndChannel(primary);
}

VSPLAB_TEST(Queries)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    UINT64 address = 1;
    UINT64 size = 1;
    UINT16 latency = 9;
    GUID guid;
    PDEVICE_OBJECT device;
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetMmioMegabytes(channel, 8, 8));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VmbChannelGetMmioSpace(channel, &address, &size);
    VSPLAB_ASSERT(address != 0 && size == 16 * 1024 * 1024);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSetInterruptLatency(channel, 7, &latency));
    VSPLAB_ASSERT_EQUAL(0, latency);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSetInterruptLatency(channel, 8, &latency));
    VSPLAB_ASSERT_EQUAL(7, latency);
    VmbChannelGetInterfaceInstance(channel, &guid);
    VSPLAB_ASSERT_EQUAL(0x6e650002, guid.Data1);
    VmbChannelGetParentDeviceObject(channel, &device);
    VSPLAB_ASSERT_EQUAL(VspLabDevice(), device);
    VmbChannelGetTargetDeviceObject(channel, &device);
    VSPLAB_ASSERT(device != NULL && device != VspLabDevice());
    VSPLAB_ASSERT_STATUS(STATUS_NOT_SUPPORTED, VmbChannelAllocateBounceBuffer(channel, 4096));
    VmbChannelSetAllowableDpcCpuUsage(channel, 50);
    EndChannel(channel);
}

VSPLAB_TEST(QueriesTooEarly)
{
    VMBCHANNEL channel = EnabledServer();
    UINT64 address;
    UINT64 size;
    UINT16 latency;
    VmbChannelGetMmioSpace(channel, &address, &size);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_STATE, VmbChannelSetInterruptLatency(channel, 7, &latency));
    EndChannel(channel);
}

VSPLAB_TEST(BounceBuffer)
{
    VMBCHANNEL channel = MakeChannel(FALSE);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, VmbChannelAllocateBounceBuffer(channel, 100));
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocateBounceBuffer(channel, 4096));
    VmbChannelCleanup(channel);
}

VSPLAB_TEST(GuestNeverServed)
{
    VMBCHANNEL channel = EnabledServer();
    UCHAR byte = 1;
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_ASSERT(VspLabGuestSend(channel, &byte, 1, TRUE) != 0);
    EndChannel(channel);
}

static ULONG PassiveIrql;
static VOID NoteIrql(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet)
{
    UNREFERENCED_PARAMETER(Channel);
    PassiveIrql = KeGetCurrentIrql();
    VmbChannelPacketComplete(Packet, NULL, 0);
}

VSPLAB_TEST(PassiveProcessing)
{
    VMBCHANNEL channel = ActiveServer();
    UCHAR byte = 1;
    InProcess = NoteIrql;
    VspLabGuestSend(channel, &byte, 1, FALSE);
    VSPLAB_ASSERT_EQUAL(DISPATCH_LEVEL, PassiveIrql);
    VmbChannelSetIncomingProcessingAtPassive(channel, TRUE);
    VspLabGuestSend(channel, &byte, 1, FALSE);
    VSPLAB_ASSERT_EQUAL(PASSIVE_LEVEL, PassiveIrql);
    EndChannel(channel);
}

VSPLAB_TEST(Quota)
{
    VMBCHANNEL channel = ActiveServer();
    UCHAR byte = 1;
    ULONG i;
    InProcess = Hold;
    VmbChannelSetTransactionQuota(channel, 2);
    VmbChannelSetTransactionQuota(channel, 0); /* A-30: ignored */
    for (i = 0; i < 3; i++) {
        VSPLAB_ASSERT(VspLabGuestSend(channel, &byte, 1, FALSE) != 0);
    }
    VSPLAB_ASSERT_EQUAL(2, HeldCount);
    CompleteHeld();
    VspLabRunPending();
    VSPLAB_ASSERT_EQUAL(1, HeldCount);
    CompleteHeld();
    EndChannel(channel);
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

describe('channels that live', () => {
  it.each<readonly [string, readonly string[]]>([
    ['Queries', []],
    ['BounceBuffer', []],
    ['PassiveProcessing', []],
    ['Quota', []],
    ['SubChannelTooEarly', ['init-subchannel']],
    ['QueriesTooEarly', ['state-mmio-window', 'state-latency-window']],
    ['GuestNeverServed', ['state-server-start']],
  ])('%s', (name, breaches) => {
    const run = driver.test(name);
    expect([run.end, run.breaches]).toEqual(['completed', breaches]);
  });

  it('2.8 #63: a sub-channel pauses, resumes and ends with its primary', () => {
    const run = driver.test('SubChannel');
    expect([run.end, run.messages]).toEqual(['completed', []]);
    expect(run.callbacks).toEqual([
      ...['Opened', 'Started', 'PostStarted'],
      ...['Opened', 'Started', 'PostStarted'],
      ...['Suspend', 'Suspend'],
      ...['Started', 'PostStarted', 'Started', 'PostStarted'],
      ...['Suspend', 'Closed', 'Suspend', 'Closed'],
    ]);
  });
});
