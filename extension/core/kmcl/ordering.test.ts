/** The ordering guarantees of kmcl-facts 4.5, and A-07. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver, type TestRun } from '../../../test/support/driver.js';
import { EVENT } from './layout.js';

const SOURCE = `${CHANNEL_DRIVER}
static UCHAR Byte;
static BOOLEAN SentFromOpened;

static VOID GuestSends(VMBCHANNEL Channel)
{
    VSPLAB_ASSERT(VspLabGuestSend(Channel, &Byte, 1, TRUE) != 0);
}

/* A packet of the guest waits in the ring while the channel starts. */
VSPLAB_TEST(PacketWaits)
{
    VMBCHANNEL channel = EnabledServer();
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    GuestSends(channel);
    VSPLAB_LOG("start");
    VmbChannelStart(channel);
    EndChannel(channel);
}

/* The same, sent while Started runs. */
VSPLAB_TEST(SentInStarted)
{
    VMBCHANNEL channel = EnabledServer();
    VmbChannelStart(channel);
    InStarted = GuestSends;
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    EndChannel(channel);
}

static VOID LogPostStarted(VMBCHANNEL Channel)
{
    UINT64 address;
    UINT64 size;
    VSPLAB_LOG("begin");
    VmbChannelGetMmioSpace(Channel, &address, &size);
    VSPLAB_LOG("end");
}

VSPLAB_TEST(DuringPostStarted)
{
    VMBCHANNEL channel = EnabledServer();
    InPostStarted = LogPostStarted;
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    GuestSends(channel);
    VmbChannelStart(channel);
    EndChannel(channel);
}

static VOID SendInSuspend(VMBCHANNEL Channel)
{
    GuestSends(Channel);
}

/* O4: what the guest sends from Suspend on waits for the next Started. */
VSPLAB_TEST(SentInSuspend)
{
    VMBCHANNEL channel = ActiveServer();
    InSuspend = SendInSuspend;
    VmbChannelPause(channel);
    InSuspend = NULL;
    GuestSends(channel);
    VSPLAB_LOG("start");
    VmbChannelStart(channel);
    EndChannel(channel);
}

static IO_WORKITEM_ROUTINE CompleteLater;
static VOID CompleteLater(PDEVICE_OBJECT Device, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device);
    UNREFERENCED_PARAMETER(Context);
    VSPLAB_LOG("complete");
    CompleteHeld();
}

static VMBCHANNEL WithHeldPacket(PIO_WORKITEM *Item)
{
    VMBCHANNEL channel = ActiveServer();
    *Item = IoAllocateWorkItem(VspLabDevice());
    InProcess = Hold;
    GuestSends(channel);
    VSPLAB_ASSERT_EQUAL(1, HeldCount);
    IoQueueWorkItem(*Item, CompleteLater, DelayedWorkQueue, NULL);
    return channel;
}

VSPLAB_TEST(PauseWaits)
{
    PIO_WORKITEM item;
    VMBCHANNEL channel = WithHeldPacket(&item);
    VmbChannelPause(channel);
    VSPLAB_LOG("paused");
    IoFreeWorkItem(item);
    EndChannel(channel);
}

VSPLAB_TEST(DisableWaits)
{
    PIO_WORKITEM item;
    VMBCHANNEL channel = WithHeldPacket(&item);
    VmbChannelDisable(channel);
    VSPLAB_LOG("disabled");
    IoFreeWorkItem(item);
    VmbChannelCleanup(channel);
}

VSPLAB_TEST(CloseWaits)
{
    PIO_WORKITEM item;
    VMBCHANNEL channel = WithHeldPacket(&item);
    VspLabGuestCloseChannel(channel);
    VSPLAB_LOG("closed");
    IoFreeWorkItem(item);
    EndChannel(channel);
}

static VOID QueueSend(VMBCHANNEL Channel)
{
    VSPLAB_ASSERT_SUCCESS(SendPacket(Channel, 0, 16, 0));
    VSPLAB_ASSERT_EQUAL(0, CompletionCount);
}

/* O9: sends before Opened and inside it, sent from Started on. */
VSPLAB_TEST(QueuedBeforeOpen)
{
    VMBCHANNEL channel = EnabledServer();
    UCHAR buffer[64];
    UINT32 length;
    UINT64 transaction;
    QueueSend(channel);
    InOpened = QueueSend;
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_ASSERT(!VspLabGuestReceive(channel, buffer, sizeof(buffer), &length, &transaction));
    VSPLAB_ASSERT_EQUAL(2, VspLabInFlight(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT(VspLabGuestReceive(channel, buffer, sizeof(buffer), &length, &transaction));
    VSPLAB_ASSERT(VspLabGuestReceive(channel, buffer, sizeof(buffer), &length, &transaction));
    VSPLAB_ASSERT_EQUAL(2, CompletionCount);
    EndChannel(channel);
}

/* O9: sends inside Closed wait for the next open. */
VSPLAB_TEST(QueuedAfterClose)
{
    VMBCHANNEL channel = ActiveServer();
    UCHAR buffer[64];
    UINT32 length;
    UINT64 transaction;
    InClosed = QueueSend;
    VspLabGuestCloseChannel(channel);
    InClosed = NULL;
    VSPLAB_ASSERT_EQUAL(1, VspLabInFlight(channel));
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_ASSERT(VspLabGuestReceive(channel, buffer, sizeof(buffer), &length, &transaction));
    VSPLAB_ASSERT_EQUAL(1, CompletionCount);
    EndChannel(channel);
}

VSPLAB_TEST(CancelledOnDisable)
{
    VMBCHANNEL channel = ActiveServer();
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 1, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VmbChannelDisable(channel);
    VSPLAB_LOG("%08x %08x", CompletionStatus[0], CompletionStatus[1]);
    VmbChannelCleanup(channel);
}

/* A-39: a completion that arrives while the channel is paused. */
VSPLAB_TEST(CompletionWhilePaused)
{
    VMBCHANNEL channel = ActiveServer();
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VmbChannelPause(channel);
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT_EQUAL(0, CompletionCount);
    VSPLAB_ASSERT_EQUAL(1, VspLabInFlight(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_EQUAL(1, CompletionCount);
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, CompletionStatus[0]);
    EndChannel(channel);
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

function good(name: string, modes: readonly string[] = []): TestRun {
  const run = driver.test(name, { modes });
  expect([run.end, run.messages]).toEqual(['completed', []]);
  return run;
}

/** Begin and end of each callback. */
function spans(run: TestRun): readonly string[] {
  return run.events().flatMap((event) => {
    const name = (event.api ?? '').replace(/^EvtVmb(Channel|Packet)/, '');
    if (name === 'ProcessingComplete') {
      return [];
    }
    return event.kind === EVENT.CALLBACK ? [`${name}(`] : event.kind === EVENT.CALLBACK_RETURN ? [`${name})`] : [];
  });
}

const HEAD = ['Opened(', 'Opened)', 'Started(', 'Started)'];
const PACKET = ['ProcessPacket(', 'ProcessPacket)'];
const POST = ['PostStarted(', 'PostStarted)'];
const TAIL = ['Suspend(', 'Suspend)', 'Closed(', 'Closed)'];

describe('ordering guarantees (4.5)', () => {
  it('O1, O2: Opened, then Started; no packet before Started has returned', () => {
    expect(spans(good('PacketWaits', ['A-07=before']))).toEqual([...HEAD, ...PACKET, ...POST, ...TAIL]);
    expect(spans(good('SentInStarted', ['A-07=before']))).toEqual([...HEAD, ...PACKET, ...POST, ...TAIL]);
  });

  it.each([
    ['before', [...HEAD, ...PACKET, ...POST, ...TAIL]],
    ['after', [...HEAD, ...POST, ...PACKET, ...TAIL]],
  ])('O3, A-07=%s', (mode, expected) => {
    expect(spans(good('PacketWaits', [`A-07=${mode}`]))).toEqual(expected);
  });

  it('O3, A-07=during: inside PostStarted, at its first library call', () => {
    expect(spans(good('DuringPostStarted', ['A-07=during']))).toEqual([
      ...HEAD,
      'PostStarted(',
      ...PACKET,
      'PostStarted)',
      ...TAIL,
    ]);
  });

  it('A-07=random: the seed decides, and all orders occur', () => {
    const orders = new Set(
      [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => driver.test('DuringPostStarted', { seed }).callbacks.join(' ')),
    );
    const again = driver.test('DuringPostStarted', { seed: 3 }).callbacks.join(' ');
    expect(orders.size).toBe(2);
    expect(orders).toContain(again);
  });

  it('O4: nothing is delivered from Suspend until the next Started', () => {
    expect(spans(good('SentInSuspend', ['A-07=after']))).toEqual([
      ...HEAD,
      ...POST,
      'Suspend(',
      'Suspend)',
      'Started(',
      'Started)',
      ...POST,
      ...PACKET,
      ...PACKET,
      ...TAIL,
    ]);
  });

  it.each([
    ['PauseWaits', 'paused'],
    ['DisableWaits', 'disabled'],
    ['CloseWaits', 'closed'],
  ])('O5, O6, O7: %s for held packets', (name, word) => {
    const run = good(name);
    expect(run.output).toEqual(['complete', word]);
    const order = run.events().flatMap((event) => {
      const interesting = ['EvtVmbChannelSuspend', 'VmbChannelPacketComplete', 'EvtVmbChannelClosed'].includes(
        event.api ?? '',
      );
      return interesting && (event.kind === EVENT.CALL || event.kind === EVENT.CALLBACK) ? [event.api] : [];
    });
    expect(order.slice(0, 2)).toEqual(['EvtVmbChannelSuspend', 'VmbChannelPacketComplete']);
    expect(order[2]).toBe('EvtVmbChannelClosed');
  });

  it('O8: Enable returns without waiting for the peer', () => {
    const events = good('PacketWaits').events();
    const enable = events.findIndex((event) => event.api === 'VmbChannelEnable' && event.kind === EVENT.RETURN);
    const opened = events.findIndex((event) => event.api === 'EvtVmbChannelOpened');
    expect(enable).toBeLessThan(opened);
  });

  it.each([['QueuedBeforeOpen'], ['QueuedAfterClose']])('O9: %s', (name) => {
    good(name);
  });

  it.each([
    ['cancelled', 'c0000120 c0000120'],
    ['device-removed', 'c00002b6 c00002b6'],
  ])('A-05=%s: outgoing packets complete after Suspend, before Closed', (mode, statuses) => {
    const run = good('CancelledOnDisable', [`A-05=${mode}`]);
    expect(run.output).toEqual([statuses]);
    expect(run.callbacks.slice(-4)).toEqual(['Suspend', 'CompletionRoutine', 'CompletionRoutine', 'Closed']);
  });

  it('A-39: completions that arrive while paused wait for Start', () => {
    good('CompletionWhilePaused');
  });
});
