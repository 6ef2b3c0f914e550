/** Init* contracts: kmcl-facts 2.2 statuses, 2.8, and the rules of 7.1. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';

interface Row {
  readonly row: string;
  /** Statements; `channel` is a fresh server channel unless `client` is set. Each call logs its status. */
  readonly calls: readonly string[];
  readonly statuses: readonly string[];
  readonly client?: boolean;
  readonly enabled?: boolean;
  readonly breaches?: readonly string[];
  readonly modes?: readonly string[];
}

const OK = '00000000';
const BAD_1 = 'c00000ef';
const BAD_2 = 'c00000f0';
const BAD_3 = 'c00000f1';
const BAD_4 = 'c00000f2';
const INVALID_REQUEST = 'c0000010';

/** Every Init* function with good arguments. */
const BOTH = [
  'VmbChannelInitSetMaximumPacketSize(channel, 100)',
  'VmbChannelInitSetMaximumExternalData(channel, 4096, 1)',
  'VmbChannelInitSetClientContextSize(channel, 16)',
  'VmbChannelInitSetProcessPacketCallbacks(channel, ProcessPacket, NULL)',
  'VmbChannelInitSetStateChangeCallbacks(channel, &callbacks)',
  'VmbChannelInitSetFriendlyName(channel, &name)',
  'VmbChannelInitSetFlags(channel, VMBUS_CHANNEL_INIT_FLAG_IS_PIPE)',
  'VmbChannelInitSetMaximumPacketCount(channel, 10)',
  'VmbChannelInitSetInlinePacketContextSize(channel, 32)',
  'VmbChannelInitSetProcessPacketCallbacksEx(channel, &callbacks, ProcessPacketEx, NULL)',
];
const SERVER = [
  'VmbServerChannelInitSetFlags(channel, 0x1F)',
  'VmbServerChannelInitSetMmioMegabytes(channel, 8, 0)',
  'VmbServerChannelInitSetTargetInterfaceId(channel, guid, guid)',
  'VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, SavePacket, RestorePacket)',
  'VmbServerChannelInitSetTargetVtl(channel, 0)',
  'VmbServerChannelInitSetVmbusHandle(channel, KernelHandle)',
  'VmbServerChannelInitSetSaveRestorePacketCallbacksEx(channel, NULL, SavePacketEx, RestorePacketEx)',
];
const CLIENT = [
  'VmbClientChannelInitSetRingBufferPageCount(channel, 2, 2)',
  'VmbClientChannelInitSetTargetPnp(channel, &guid, NULL, NULL)',
  'VmbChannelInitSetBounceBufferSizes(channel, 4096, 0, 0)',
  'VmbClientChannelInitSetTargetProcessorIndex(channel, 0)',
];

function times(status: string, count: number): readonly string[] {
  return Array.from({ length: count }, () => status);
}

const ROWS: readonly Row[] = [
  { row: '2.2 all setters on a disabled server', calls: [...BOTH, ...SERVER], statuses: times(OK, 17) },
  { row: '2.2 all setters on a disabled client', calls: [...BOTH, ...CLIENT], statuses: times(OK, 14), client: true },
  {
    row: '2.2, A-01: all setters on an enabled server',
    calls: [...BOTH, ...SERVER],
    statuses: times(BAD_1, 17),
    enabled: true,
    breaches: times('init-before-enable', 17),
  },
  {
    row: '2.2, A-01: client setters on an enabled client',
    calls: CLIENT,
    statuses: times(BAD_1, 4),
    client: true,
    enabled: true,
    breaches: times('init-before-enable', 4),
  },
  {
    row: '7.1 init-server-only-on-server',
    calls: SERVER,
    statuses: times(INVALID_REQUEST, 7),
    client: true,
    breaches: times('init-server-only-on-server', 7),
  },
  {
    row: '7.1 init-client-only-on-client',
    calls: CLIENT,
    statuses: times(INVALID_REQUEST, 4),
    breaches: times('init-client-only-on-client', 4),
  },
  {
    row: '2.2 a NULL channel',
    calls: [...BOTH, ...SERVER].map((call) => call.replace('(channel', '(NULL')),
    statuses: times(BAD_1, 17),
  },
  {
    row: '2.2 InitSetMaximumPacketSize: zero',
    calls: ['VmbChannelInitSetMaximumPacketSize(channel, 0)'],
    statuses: [BAD_2],
    breaches: ['init-packet-size'],
  },
  {
    row: '2.2 InitSetMaximumExternalData: zero size, zero chain',
    calls: [
      'VmbChannelInitSetMaximumExternalData(channel, 0, 1)',
      'VmbChannelInitSetMaximumExternalData(channel, 1, 0)',
    ],
    statuses: [BAD_2, BAD_3],
    breaches: ['init-external-limits', 'init-external-limits'],
  },
  {
    row: '2.2 InitSetStateChangeCallbacks: version and size (1.4, A-38)',
    calls: [
      'SetCallbacks(channel, 1, 48)',
      'SetCallbacks(channel, 5, 56)',
      'SetCallbacks(channel, 1, 56)',
      'SetCallbacks(channel, 5, 48)',
      'SetCallbacks(channel, 2, 48)',
      'SetCallbacks(channel, 0, 0)',
    ],
    statuses: [OK, OK, BAD_2, BAD_2, BAD_2, BAD_2],
  },
  {
    row: '2.2 InitSetFriendlyName: twice',
    calls: ['VmbChannelInitSetFriendlyName(channel, &name)', 'VmbChannelInitSetFriendlyName(channel, &name)'],
    statuses: [OK, BAD_2],
  },
  {
    row: '2.2 InitSetFlags: unknown bits',
    calls: ['VmbChannelInitSetFlags(channel, 2)', 'VmbServerChannelInitSetFlags(channel, 0x20)'],
    statuses: [BAD_2, BAD_2],
  },
  {
    row: '2.2 InitSetMmioMegabytes: both zero (A-27)',
    calls: [
      'VmbServerChannelInitSetMmioMegabytes(channel, 0, 0)',
      'VmbServerChannelInitSetMmioMegabytes(channel, 0, 4)',
    ],
    statuses: ['c000000d', OK],
  },
  {
    row: '2.2 InitSetMmioMegabytes: A-27=invalid-parameter-2',
    calls: ['VmbServerChannelInitSetMmioMegabytes(channel, 0, 0)'],
    statuses: [BAD_2],
    modes: ['A-27=invalid-parameter-2'],
  },
  {
    row: '2.2 InitSetTargetVtl: bad level',
    calls: ['VmbServerChannelInitSetTargetVtl(channel, 3)', 'VmbServerChannelInitSetTargetVtl(channel, 2)'],
    statuses: [BAD_2, OK],
  },
  {
    row: '2.2 InitSetVmbusHandle: a user handle',
    calls: ['VmbServerChannelInitSetVmbusHandle(channel, VspLabVmbusHandle())'],
    statuses: ['c0000008'],
    breaches: ['init-vmbus-handle'],
  },
  {
    row: '2.2 InitSetRingBufferPageCount: zero',
    calls: ['VmbClientChannelInitSetRingBufferPageCount(channel, 0, 1)'],
    statuses: ['c000000d'],
    client: true,
  },
  {
    row: '2.8 #59 bounce buffer sizes',
    calls: [
      'VmbChannelInitSetBounceBufferSizes(channel, 100, 0, 0)',
      'VmbChannelInitSetBounceBufferSizes(channel, 4096, 100, 0)',
      'VmbChannelInitSetBounceBufferSizes(channel, 4096, 4096, 100)',
      'VmbChannelInitSetBounceBufferSizes(channel, 4096, 4096, 8192)',
    ],
    statuses: [BAD_2, BAD_3, BAD_4, OK],
    client: true,
  },
  {
    row: '2.8 #61 maximum packet count: zero',
    calls: ['VmbChannelInitSetMaximumPacketCount(channel, 0)'],
    statuses: [BAD_2],
  },
  {
    row: '2.8 #63 primary channel: index zero, primary twice',
    calls: [
      'VmbChannelInitSetPrimaryChannel(channel, other, 0)',
      'VmbChannelInitSetPrimaryChannel(channel, other, 1)',
      'VmbChannelInitSetPrimaryChannel(channel, other, 2)',
    ],
    statuses: [BAD_3, OK, BAD_2],
    breaches: ['init-subchannel'],
  },
];

const SUPPORT = `
static VOID ProcessPacketEx(VMBCHANNEL Channel, PVOID Context, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 Length, UINT32 Flags)
{
    UNREFERENCED_PARAMETER(Context);
    ProcessPacket(Channel, Packet, Buffer, Length, Flags);
}
static NTSTATUS SavePacketEx(VMBCHANNEL Channel, PVOID Context, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    UNREFERENCED_PARAMETER(Context);
    return SavePacket(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
}
static NTSTATUS RestorePacketEx(VMBCHANNEL Channel, PVOID Context, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    UNREFERENCED_PARAMETER(Context);
    return RestorePacket(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}
static NTSTATUS SetCallbacks(VMBCHANNEL Channel, ULONG Version, ULONG Size)
{
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_V5 callbacks;
    RtlZeroMemory(&callbacks, sizeof(callbacks));
    callbacks.Version = Version;
    callbacks.Size = Size;
    return VmbChannelInitSetStateChangeCallbacks(Channel, (PVMB_CHANNEL_STATE_CHANGE_CALLBACKS)&callbacks);
}
`;

const MORE = `
static VMBCHANNEL Bare(VOID)
{
    VMBCHANNEL channel;
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &channel));
    return channel;
}

VSPLAB_TEST(NothingSet)
{
    VMBCHANNEL channel = Bare();
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    EndChannel(channel);
}

VSPLAB_TEST(EnableTwice)
{
    VMBCHANNEL channel = EnabledServer();
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_STATE, VmbChannelEnable(channel));
    EndChannel(channel);
}

VSPLAB_TEST(AllocationFails)
{
    VMBCHANNEL channel;
    VspLabFailAllocations(0, 1);
    VSPLAB_ASSERT_STATUS(STATUS_INSUFFICIENT_RESOURCES, VmbChannelAllocate(VspLabDevice(), TRUE, &channel));
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &channel));
    VmbChannelCleanup(channel);
}

VSPLAB_TEST(FriendlyName)
{
    VMBCHANNEL channel = Bare();
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Network");
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetFriendlyName(channel, &name));
    VmbChannelCleanup(channel);
}

static ULONG ExCalls;
static NTSTATUS OpenedEx(VMBCHANNEL Channel, PVOID Context) { UNREFERENCED_PARAMETER(Channel); ExCalls += *(PULONG)Context; return STATUS_SUCCESS; }
static VOID StartedEx(VMBCHANNEL Channel, PVOID Context) { UNREFERENCED_PARAMETER(Channel); ExCalls += *(PULONG)Context; }

VSPLAB_TEST(StateCallbacksV5)
{
    static ULONG ten = 10;
    VMBCHANNEL channel = MakeChannel(TRUE);
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_V5 callbacks;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT_V5(&callbacks);
    callbacks.CallbackContext = &ten;
    callbacks.EvtChannelOpenedEx = OpenedEx;
    callbacks.EvtChannelStartedEx = StartedEx;
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetStateChangeCallbacks(channel, (PVMB_CHANNEL_STATE_CHANGE_CALLBACKS)&callbacks));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_ASSERT_EQUAL(20, ExCalls);
    EndChannel(channel);
}

VSPLAB_TEST(CallerMemory)
{
    ULONG size = VmbSizeofChannel();
    PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, 'nahC');
    VMBCHANNEL channel = (VMBCHANNEL)memory;
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER_4, VmbChannelInitialize(VspLabDevice(), TRUE, channel, size - 1));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitialize(VspLabDevice(), TRUE, channel, size));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(channel, 100));
    VmbChannelCleanup(channel);
    RtlZeroMemory(memory, size);
    ExFreePoolWithTag(memory, 'nahC');
}
`;

const SOURCE = [
  CHANNEL_DRIVER,
  SUPPORT,
  ...ROWS.map(
    ({ calls, client, enabled }, index) => `
VSPLAB_TEST(Row${index})
{
    VMBCHANNEL channel = MakeChannel(${client ? 'FALSE' : 'TRUE'});
    VMBCHANNEL other = MakeChannel(TRUE);
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
    UNICODE_STRING name = RTL_CONSTANT_STRING(L"Name");
    GUID guid = {1};
    UNREFERENCED_PARAMETER(name);
    UNREFERENCED_PARAMETER(guid);
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
    ${enabled ? 'VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));' : ''}
${calls.map((call) => `    VSPLAB_LOG("%08x", ${call});`).join('\n')}
    EndChannel(channel);
    VmbChannelCleanup(other);
}`,
  ),
  MORE,
].join('\n');

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

describe('Init* functions', () => {
  it.each(ROWS.map((row, index) => ({ ...row, name: `Row${index}` })))(
    '$row',
    ({ name, statuses, breaches, modes }) => {
      const run = driver.test(name, { modes: modes ?? [] });
      expect(run.end).toBe('completed');
      expect(run.output).toEqual(statuses);
      expect(run.breaches).toEqual(breaches ?? []);
    },
  );

  it('7.1: what Enable wants set', () => {
    const run = driver.test('NothingSet');
    expect([run.end, run.breaches]).toEqual([
      'completed',
      ['init-process-callback', 'init-vmbus-handle', 'init-target-ids'],
    ]);
  });

  it.each([['EnableTwice'], ['AllocationFails'], ['StateCallbacksV5'], ['CallerMemory']])('%s', (name) => {
    const run = driver.test(name);
    expect([run.end, run.messages]).toEqual(['completed', []]);
  });

  it('2.2 InitSetFriendlyName: the name is the report’s', () => {
    expect(driver.test('FriendlyName').result.channels.map((channel) => channel.name)).toEqual(['Network']);
  });
});
