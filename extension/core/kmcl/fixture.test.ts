/** Assertions, planned failures, host restarts, leaks, expected findings (interfaces 4 and 5). */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';

const SOURCE = `${CHANNEL_DRIVER}
VSPLAB_SETUP() { VSPLAB_LOG("setup"); }

static VOID Helper(VOID) { VSPLAB_ASSERT(1 == 2); }
VSPLAB_TEST(Assert) { Helper(); VSPLAB_LOG("not reached"); }
VSPLAB_TEST(AssertEqual) { VSPLAB_ASSERT_EQUAL(3, 2 + 2); }
VSPLAB_TEST(AssertEqualBig) { VSPLAB_ASSERT_EQUAL(0x10, 32); }
VSPLAB_TEST(AssertStatus) { VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, STATUS_PENDING); }
VSPLAB_TEST(AssertSuccess) { NTSTATUS status = STATUS_UNSUCCESSFUL; VSPLAB_ASSERT_SUCCESS(status); }
VSPLAB_TEST(AssertBytes) { static const UCHAR a[4] = {1, 2, 3, 4}, b[4] = {1, 2, 9, 4}; VSPLAB_ASSERT_BYTES(a, b, 4); }
VSPLAB_TEST(AllHold)
{
    static const UCHAR a[4] = {1, 2, 3, 4}, b[4] = {1, 2, 3, 5};
    VSPLAB_ASSERT(TRUE);
    VSPLAB_ASSERT_EQUAL(4, 2 + 2);
    VSPLAB_ASSERT_STATUS(STATUS_PENDING, STATUS_PENDING);
    VSPLAB_ASSERT_SUCCESS(STATUS_PENDING);
    VSPLAB_ASSERT_BYTES(a, b, 3);
}
static VOID Fails(VMBCHANNEL Channel) { UNREFERENCED_PARAMETER(Channel); VSPLAB_ASSERT(FALSE); }
VSPLAB_TEST(AssertInCallback) { InOpened = Fails; ActiveServer(); }
VSPLAB_TEST(ExpectFinding)
{
    VSPLAB_EXPECT_FINDING(state-start-pause-window);
    VMBCHANNEL channel = MakeChannel(TRUE);
    VmbChannelStart(channel);
    VmbChannelCleanup(channel);
}

VSPLAB_TEST(FailNextServed)
{
    VMBCHANNEL channel;
    VspLabFailNext("VmbChannelAllocate", STATUS_NO_MEMORY);
    VspLabFailNext("VmbChannelAllocate", STATUS_DEVICE_BUSY);
    VSPLAB_ASSERT_STATUS(STATUS_NO_MEMORY, VmbChannelAllocate(VspLabDevice(), TRUE, &channel));
    VSPLAB_ASSERT_STATUS(STATUS_DEVICE_BUSY, VmbChannelAllocate(VspLabDevice(), TRUE, &channel));
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &channel));
    VmbChannelCleanup(channel);
}

VSPLAB_TEST(FailNextNative)
{
    VMBCHANNEL channel = ActiveServer();
    VspLabFailNext("VmbPacketSend", STATUS_DEVICE_NOT_CONNECTED);
    VSPLAB_ASSERT_STATUS(STATUS_DEVICE_NOT_CONNECTED, SendPacket(channel, 0, 16, 0));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 16, 0));
    VspLabFailNext("VmbPacketAllocate", STATUS_UNSUCCESSFUL);
    VSPLAB_ASSERT(VmbPacketAllocate(channel) == NULL);
    EndChannel(channel);
}

VSPLAB_TEST(FailNextKernel)
{
    ERESOURCE resource;
    ANSI_STRING narrow = RTL_CONSTANT_STRING("text");
    UNICODE_STRING wide = {0};
    VspLabFailNext("RtlAnsiStringToUnicodeString", STATUS_NO_MEMORY);
    VspLabFailNext("ExInitializeResourceLite", STATUS_INSUFFICIENT_RESOURCES);
    VSPLAB_ASSERT_STATUS(STATUS_INSUFFICIENT_RESOURCES, ExInitializeResourceLite(&resource));
    VSPLAB_ASSERT_STATUS(STATUS_NO_MEMORY, RtlAnsiStringToUnicodeString(&wide, &narrow, TRUE));
    VSPLAB_ASSERT_SUCCESS(RtlAnsiStringToUnicodeString(&wide, &narrow, TRUE));
    VSPLAB_ASSERT(wide.Length == 8);
    RtlFreeUnicodeString(&wide);
}
VSPLAB_TEST(FailNextUnknown) { VspLabFailNext("VmbChannelFrobnicate", STATUS_UNSUCCESSFUL); }

VSPLAB_TEST(FailAllocations)
{
    PVOID a, b, c;
    VspLabFailAllocations(1, 1);
    a = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tseT');
    b = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tseT');
    c = ExAllocatePool2(POOL_FLAG_NON_PAGED, 16, 'tseT');
    VSPLAB_ASSERT(a != NULL && b == NULL && c != NULL);
    ExFreePoolWithTag(a, 'tseT');
    ExFreePoolWithTag(c, 'tseT');
}

static ULONG Initialised = 5;
static ULONG Zero;
static PVOID Block;
VSPLAB_TEST(Restart)
{
    VMBCHANNEL channel = ActiveServer();
    ULONG local = 77;
    PVSPLAB_STATE state;
    ULONGLONG time;
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    Initialised = 6;
    Zero = 7;
    Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT');
    VspLabAdvanceTime(1000);
    time = KeQueryInterruptTime();
    VspLabRestartHost();
    VSPLAB_ASSERT_EQUAL(5, Initialised);
    VSPLAB_ASSERT_EQUAL(0, Zero);
    VSPLAB_ASSERT(Block == NULL && KernelHandle == NULL);
    VSPLAB_ASSERT_EQUAL(77, local);
    VSPLAB_ASSERT_EQUAL(time, KeQueryInterruptTime());
    VSPLAB_ASSERT(VspLabStateSize(state) != 0);
    VspLabFreeState(state);
    channel = ActiveServer();
    EndChannel(channel);
}

static VOID RestartHere(VMBCHANNEL Channel) { UNREFERENCED_PARAMETER(Channel); VspLabRestartHost(); }
VSPLAB_TEST(RestartInCallback) { InOpened = RestartHere; ActiveServer(); }

static VMBCHANNEL GlobalChannel;
VSPLAB_TEST(ChannelInGlobal) { GlobalChannel = MakeChannel(TRUE); }
VSPLAB_TEST(ChannelLost) { MakeChannel(TRUE); }
typedef struct _EXTENSION {
    LIST_ENTRY Links;
    ULONGLONG Channel[1000];
    ULONG Last;
} EXTENSION, *PEXTENSION;
static PEXTENSION MakeEmbedded(VOID)
{
    PEXTENSION extension = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(EXTENSION), 'tseT');
    VSPLAB_ASSERT(VmbSizeofChannel() <= sizeof extension->Channel);
    VSPLAB_ASSERT_SUCCESS(
        VmbChannelInitialize(VspLabDevice(), TRUE, (VMBCHANNEL)extension->Channel, sizeof extension->Channel));
    return extension;
}
static PVOID Kept;
VSPLAB_TEST(ChannelInBlock) { Kept = MakeEmbedded(); }
VSPLAB_TEST(ChannelByHandle) { Kept = MakeEmbedded()->Channel; }
VSPLAB_TEST(ChannelByMember) { Kept = &MakeEmbedded()->Last; }
VSPLAB_TEST(ChannelAfterKept) { Kept = MakeEmbedded(); MakeEmbedded(); }
VSPLAB_TEST(BlockInGlobal) { Block = ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT'); }
VSPLAB_TEST(BlockLost) { ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT'); }
VSPLAB_TEST(BlockOfChannel)
{
    GlobalChannel = MakeChannel(TRUE);
    VmbChannelSetPointer(GlobalChannel, ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT'));
}
VSPLAB_TEST(StateLost)
{
    VMBCHANNEL channel = ActiveServer();
    PVSPLAB_STATE state;
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    EndChannel(channel);
}
VSPLAB_TEST(PacketLost)
{
    GlobalChannel = ActiveServer();
    VmbPacketAllocate(GlobalChannel);
}
VSPLAB_TEST(PacketLostAtCleanup)
{
    VMBCHANNEL channel = ActiveServer();
    VmbPacketAllocate(channel);
    EndChannel(channel);
}
static VOID KeepPacket(VMBPACKET Packet) { UNREFERENCED_PARAMETER(Packet); }
VSPLAB_TEST(SentPacketNeverFreed)
{
    VMBCHANNEL channel = ActiveServer();
    InCompletion = KeepPacket;
    SendPacket(channel, 0, 16, 0);
    EndChannel(channel);
}
static HANDLE OtherHandle;
VSPLAB_TEST(HandleLost) { VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &OtherHandle); }
VSPLAB_TEST(HandleTwice)
{
    VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &OtherHandle);
    VSPLAB_ASSERT_SUCCESS(ZwClose(OtherHandle));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_HANDLE, ZwClose(OtherHandle));
}
VSPLAB_TEST(HandleClosedEarly)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    CloseHandle_();
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    EndChannel(channel);
}
VSPLAB_TEST(HandleClosedWithoutEnable)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    CloseHandle_();
    VmbChannelCleanup(channel);
}
VSPLAB_TEST(HandleOfNobody) { VSPLAB_ASSERT_STATUS(STATUS_INVALID_HANDLE, VmbConvertVmbusHandleToKernelHandle((HANDLE)0x99, &OtherHandle)); }

static IO_WORKITEM_ROUTINE Convert;
static VOID Convert(PDEVICE_OBJECT Device, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device); UNREFERENCED_PARAMETER(Context);
    VSPLAB_ASSERT(!NT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &OtherHandle)));
}
VSPLAB_TEST(ConvertInWorkItem)
{
    PIO_WORKITEM item = IoAllocateWorkItem(VspLabDevice());
    IoQueueWorkItem(item, Convert, DelayedWorkQueue, NULL);
    VspLabRunPending();
    IoFreeWorkItem(item);
}
VSPLAB_TEST(LeakAfterAssertion) { ExAllocatePool2(POOL_FLAG_NON_PAGED, 100, 'tseT'); VSPLAB_ASSERT(FALSE); }

VSPLAB_TEST(RingSize)
{
    VMBCHANNEL channel = EnabledServer();
    VspLabGuestSetRingSize(channel, 5000);
}
VSPLAB_TEST(OpenDisabled)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_STATE, VspLabGuestOpenChannel(channel));
    VmbChannelCleanup(channel);
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

describe('assertions', () => {
  it.each([
    ['Assert', '1 == 2 does not hold'],
    ['AssertEqual', '2 + 2 is 4, expected 3'],
    ['AssertEqualBig', '32 is 32 (0x20), expected 16 (0x10)'],
    ['AssertStatus', '((NTSTATUS)0x00000103L) is 0x00000103, expected 0x00000000'],
    ['AssertSuccess', 'status is 0xC0000001, expected success'],
    ['AssertBytes', 'b differs from a at byte 2: 09 04, expected 03 04'],
    ['AssertInCallback', 'FALSE does not hold'],
  ])('%s', (name, message) => {
    const run = driver.test(name);
    expect(run.result.ended).toBe('assertion');
    expect(run.result.assertion?.message.replace('STATUS_PENDING', '((NTSTATUS)0x00000103L)')).toBe(message);
    expect(run.output).toEqual(['setup']);
  });

  it('that hold do nothing', () => {
    expect(driver.test('AllHold').end).toBe('completed');
  });

  it('tell where they stand', () => {
    const run = driver.test('Assert');
    expect(run.stack(run.result.assertion?.frames ?? []).map((frame) => frame.replace(/:.*/, ''))).toEqual([
      'Helper',
      'VspLabTest_Assert',
    ]);
  });

  it('in a callback: the library stands between', () => {
    const run = driver.test('AssertInCallback');
    const names = run.stack(run.result.assertion?.frames ?? []).map((frame) => frame.replace(/:.*/, ''));
    expect(names).toEqual(['Fails', 'Opened', 'VspLabGuestOpenChannel', 'ActiveServer', 'VspLabTest_AssertInCallback']);
  });

  it('VSPLAB_EXPECT_FINDING is handed out with what was found', () => {
    const run = driver.test('ExpectFinding');
    expect([run.result.expected.map(({ rule }) => rule), run.breaches]).toEqual([
      ['state-start-pause-window'],
      ['state-start-pause-window'],
    ]);
  });
});

describe('planned failures', () => {
  it.each([['FailNextServed'], ['FailNextNative'], ['FailNextKernel'], ['FailAllocations']])('%s', (name) => {
    const run = driver.test(name);
    expect([run.end, run.messages]).toEqual(['completed', []]);
  });

  it('of a function that does not exist are unsupported', () => {
    expect(driver.test('FailNextUnknown').end).toMatch(/VmbChannelFrobnicate is no function/);
  });
});

describe('VspLabRestartHost', () => {
  it('begins globals, pool, channels and handles afresh; states, time and locals live on', () => {
    const run = driver.test('Restart');
    expect([run.end, run.messages]).toEqual(['completed', []]);
  });

  it('is refused from driver code', () => {
    expect(driver.test('RestartInCallback').end).toMatch(/only a test itself/);
  });
});

describe('what is left at the end', () => {
  it.each<readonly [string, readonly string[]]>([
    ['ChannelInGlobal', []],
    ['ChannelLost', ['mem-leak: channel 0 was never cleaned up']],
    ['BlockInGlobal', []],
    ['ChannelInBlock', []],
    ['ChannelByHandle', []],
    ['ChannelByMember', []],
    [
      'ChannelAfterKept',
      ['mem-leak: channel 1 was never cleaned up', "mem-leak: 8024 bytes of pool with tag 'Test' were never freed"],
    ],
    ['BlockLost', ["mem-leak: 100 bytes of pool with tag 'Test' were never freed"]],
    ['BlockOfChannel', []],
    ['StateLost', ['mem-leak: the saved state was never freed (VspLabFreeState)']],
    ['PacketLost', ['mem-leak: the packet was allocated and never sent or freed']],
    ['PacketLostAtCleanup', ['mem-leak: the packet was allocated and never sent or freed']],
    ['SentPacketNeverFreed', ['out-free-custom: the packet was sent and completed, but never freed']],
    ['HandleLost', ['init-close-kernel-handle: the handle was never closed']],
    ['HandleTwice', ['init-close-kernel-handle: the VMBus handle is closed a second time']],
    ['HandleClosedEarly', ['init-vmbus-handle: the VMBus handle was closed before VmbChannelEnable']],
    ['HandleClosedWithoutEnable', []],
    ['HandleOfNobody', []],
    ['ConvertInWorkItem', ['init-convert-context: called from a work item, which runs in the system process']],
  ])('%s', (name, messages) => {
    const run = driver.test(name);
    expect([run.end, run.messages]).toEqual(['completed', messages]);
  });

  it('a lost state is told where it was made', () => {
    expect(driver.test('StateLost').result.breaches.map(({ frames }) => frames.length)).toEqual([1]);
  });

  it('is told where it was allocated', () => {
    const run = driver.test('BlockLost');
    expect(run.stack(run.result.breaches[0]?.frames ?? [])[0]).toMatch(/^VspLabTest_BlockLost:/);
    const channel = driver.test('ChannelLost');
    expect(channel.stack(channel.result.breaches[0]?.frames ?? [])[0]).toMatch(/^MakeChannel:/);
  });

  it('is not looked for after a failed assertion', () => {
    expect(driver.test('LeakAfterAssertion').breaches).toEqual([]);
  });

  it('is not looked for with checks off', () => {
    expect(driver.test('BlockLost', { checks: 'off' }).breaches).toEqual([]);
  });
});

describe('the guest', () => {
  it('has rings of whole pages', () => {
    expect(driver.test('RingSize').end).toMatch(/5000 is no ring size/);
  });

  it('cannot open what is not offered', () => {
    expect(driver.test('OpenDisabled').end).toBe('completed');
  });
});
