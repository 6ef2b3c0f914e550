/** Reference traces of kmcl-facts 9.6. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';
import { EVENT } from './layout.js';

const SOURCE = `${CHANNEL_DRIVER}
VSPLAB_TEST(T1)
{
    EndChannel(ActiveServer());
}

VSPLAB_TEST(T2)
{
    VMBCHANNEL channel = ActiveServer();
    VspLabGuestCloseChannel(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
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

VSPLAB_TEST(T3)
{
    VMBCHANNEL channel = ActiveServer();
    PIO_WORKITEM item = IoAllocateWorkItem(VspLabDevice());
    UCHAR byte = 1;
    InProcess = Hold;
    VSPLAB_ASSERT(VspLabGuestSend(channel, &byte, 1, TRUE) != 0);
    IoQueueWorkItem(item, CompleteLater, DelayedWorkQueue, NULL);
    VSPLAB_LOG("pause");
    VmbChannelPause(channel);
    VSPLAB_LOG("paused");
    IoFreeWorkItem(item);
    EndChannel(channel);
}

VSPLAB_TEST(T4)
{
    VMBCHANNEL channel = EnabledServer();
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_LOG("start");
    VmbChannelStart(channel);
    EndChannel(channel);
}

VSPLAB_TEST(T5)
{
    VMBCHANNEL channel = EnabledServer();
    VmbChannelStart(channel);
    OpenedStatus = STATUS_INSUFFICIENT_RESOURCES;
    VSPLAB_ASSERT_STATUS(STATUS_INSUFFICIENT_RESOURCES, VspLabGuestOpenChannel(channel));
    EndChannel(channel);
}

VSPLAB_TEST(T6)
{
    VMBCHANNEL channel = ActiveServer();
    VmbChannelDisable(channel);
    VSPLAB_LOG("disabled");
    VmbChannelCleanup(channel);
}

/* Packets of 1,000 bytes fill a ring of 4,096 bytes after three. */
static VMBCHANNEL FullRing(VOID)
{
    VMBCHANNEL channel = EnabledServer();
    ULONG i;
    VspLabGuestSetRingSize(channel, 4096);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    for (i = 0; i < 3; i++) {
        VSPLAB_ASSERT_SUCCESS(SendPacket(channel, i, 1000, 0));
    }
    VSPLAB_ASSERT_EQUAL(3, CompletionCount);
    CompletionCount = 0;
    for (i = 0; i < 3; i++) {
        VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 10 + i, 1000, 0));
    }
    VSPLAB_ASSERT_EQUAL(0, CompletionCount);
    VSPLAB_ASSERT_EQUAL(3, VspLabInFlight(channel));
    return channel;
}

static VOID CheckThreeCompletions(VOID)
{
    ULONG i;
    VSPLAB_ASSERT_EQUAL(3, CompletionCount);
    for (i = 0; i < 3; i++) {
        VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, CompletionStatus[i]);
        VSPLAB_ASSERT_EQUAL(10 + i + 1, CompletionTag[i]);
    }
}

VSPLAB_TEST(T7)
{
    VMBCHANNEL channel = FullRing();
    VspLabGuestCompleteAll(channel);
    CheckThreeCompletions();
    EndChannel(channel);
}

VSPLAB_TEST(T8)
{
    VMBCHANNEL channel = FullRing();
    PVSPLAB_STATE state;
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VSPLAB_ASSERT_EQUAL(3, VspLabInFlight(channel));
    VSPLAB_ASSERT_EQUAL(0, CompletionCount);
    VmbChannelStart(channel);
    VspLabGuestCompleteAll(channel);
    CheckThreeCompletions();
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(T9)
{
    VMBCHANNEL channel = FullRing();
    PVSPLAB_STATE state;
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VmbChannelDisable(channel);
    VmbChannelCleanup(channel);
    CloseHandle_();
    VspLabRestartHost();
    VSPLAB_LOG("restarted");
    VSPLAB_ASSERT_EQUAL(0, CompletionCount);
    channel = EnabledServer();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VSPLAB_ASSERT_EQUAL(3, VspLabInFlight(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VspLabGuestCompleteAll(channel);
    CheckThreeCompletions();
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(T10)
{
    VMBCHANNEL channel = ActiveServer();
    PVSPLAB_STATE state;
    UINT64 transaction = 0;
    UCHAR buffer[64];
    UCHAR answer = 0x5A;
    UINT32 length = 0;
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 6, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VSPLAB_ASSERT(VspLabGuestReceive(channel, buffer, sizeof(buffer), &length, &transaction));
    VSPLAB_ASSERT(transaction != 0);
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VmbChannelDisable(channel);
    VmbChannelCleanup(channel);
    CloseHandle_();
    VspLabRestartHost();
    VSPLAB_LOG("restarted");
    channel = EnabledServer();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_ASSERT_EQUAL(0, CompletionCount);
    VspLabGuestComplete(channel, transaction, &answer, 1);
    VSPLAB_ASSERT_EQUAL(1, CompletionCount);
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, CompletionStatus[0]);
    VSPLAB_ASSERT_EQUAL(0x5A, CompletionBytes[0]);
    VSPLAB_ASSERT_EQUAL(7, CompletionTag[0]);
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(T11)
{
    VMBCHANNEL channel = ActiveServer();
    UCHAR byte;
    ULONG filled = 77;
    ULONG required = 0;
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    VSPLAB_ASSERT_STATUS(STATUS_BUFFER_TOO_SMALL, VmbChannelSaveContinue(channel, &byte, 1, &filled, &required));
    VSPLAB_ASSERT_EQUAL(0, filled);
    VSPLAB_ASSERT(required > 1);
    VmbChannelSaveEnd(channel);
    EndChannel(channel);
}

static UCHAR Pieces[8][4096];
static ULONG PieceLength[8];

VSPLAB_TEST(T12)
{
    VMBCHANNEL channel = ActiveServer();
    ULONG i;
    ULONG pieces = 0;
    ULONG size = 1;
    ULONG required = 0;
    NTSTATUS status;
    for (i = 0; i < 3; i++) {
        VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 10 + i, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    }
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    do {
        status = VmbChannelSaveContinue(channel, Pieces[pieces], size, &PieceLength[pieces], &required);
        VSPLAB_ASSERT(status == STATUS_SUCCESS || status == STATUS_BUFFER_OVERFLOW || status == STATUS_BUFFER_TOO_SMALL);
        if (status != STATUS_BUFFER_TOO_SMALL) {
            pieces++;
        }
        size = required;
    } while (status != STATUS_SUCCESS);
    VmbChannelSaveEnd(channel);
    /* The stream's head and the first packet go together: whole chunks may be joined (S-21). */
    VSPLAB_ASSERT_EQUAL(4, pieces);
    RtlCopyMemory(Pieces[0] + PieceLength[0], Pieces[1], PieceLength[1]);
    PieceLength[0] += PieceLength[1];
    EndChannel(channel);
    CompletionCount = 0;
    channel = EnabledServer();
    for (i = 0; i < pieces; i += i == 0 ? 2 : 1) {
        status = VmbChannelRestoreFromBuffer(channel, Pieces[i], PieceLength[i]);
        VSPLAB_LOG("%08x", status);
    }
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VspLabGuestCompleteAll(channel);
    CheckThreeCompletions();
    EndChannel(channel);
}
`;

const RUN = ['Opened', 'Started', 'PostStarted'];
const DISABLE = ['Suspend', 'Closed'];

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

/** Queries may be repeated at random (S-14), the position against PostStarted too. */
const MODES = ['S-14=once', 'A-07=after', 'S-04=send-order'];

describe('reference traces (9.6)', () => {
  it.each<readonly [string, string, readonly string[]]>([
    ['T1', 'open of a started server', [...RUN, ...DISABLE]],
    ['T2', 'close and reopen', [...RUN, 'Suspend', 'Closed', ...RUN, ...DISABLE]],
    ['T3', 'Pause waits for a held packet', [...RUN, 'ProcessPacket', 'Suspend', 'Closed']],
    ['T4', 'Start after the open', [...RUN, ...DISABLE]],
    ['T5', 'Opened fails', ['Opened']],
    ['T6', 'Disable, Cleanup', [...RUN, ...DISABLE]],
    ['T7', 'completions in send order', [...RUN, ...completions(6), ...DISABLE]],
    [
      'T8',
      'save leaves packets alone',
      [...RUN, ...completions(3), 'Suspend', 'SavePacket', 'Started', 'PostStarted', ...completions(3), ...DISABLE],
    ],
    [
      'T9',
      'restore into a new server',
      [
        ...RUN,
        ...completions(3),
        'Suspend',
        'SavePacket',
        ...completions(3),
        'Closed',
        ...restores(3),
        ...RUN,
        ...completions(3),
        ...DISABLE,
      ],
    ],
    [
      'T10',
      'a transaction lives on',
      [
        ...RUN,
        'Suspend',
        'SavePacket',
        ...completions(1),
        'Closed',
        ...restores(1),
        ...RUN,
        ...completions(1),
        ...DISABLE,
      ],
    ],
    ['T11', 'a buffer of one byte', [...RUN, 'Suspend', ...completions(1), 'Closed']],
  ])('%s: %s', (name, _title, callbacks) => {
    const run = driver.test(name, { modes: MODES });
    expect([run.end, run.messages]).toEqual(['completed', []]);
    const seen = run.callbacks.filter((callback) => callback !== 'ProcessingComplete');
    // how often a save callback is repeated is not the traces' matter (S-14)
    expect(seen.filter((callback, index) => callback !== 'SavePacket' || seen[index - 1] !== callback)).toEqual(
      callbacks,
    );
  });

  it.each([
    ['T8', 3],
    ['T10', 1],
  ])('%s: each of %i packets is queried, then written', (name, packets) => {
    const saves = driver
      .test(name, { modes: MODES })
      .events()
      .filter((event) => event.kind === EVENT.CALLBACK && event.api === 'EvtVmbChannelSavePacket');
    for (let packet = 0; packet < packets; packet++) {
      const sizes = saves.filter((event) => event.packet === packet).map((event) => Number(event.b));
      expect(sizes[0]).toBe(0);
      expect(sizes.at(-1)).toBeGreaterThanOrEqual(8);
    }
    expect(new Set(saves.map((event) => event.packet)).size).toBe(packets);
  });

  it('T3: Suspend at once, Pause returns after the completion', () => {
    expect(driver.test('T3').output).toEqual(['pause', 'complete', 'paused']);
  });

  it('T4: only Opened before Start', () => {
    const run = driver.test('T4');
    const started = run.events().findIndex((event) => event.api === 'VmbChannelStart');
    const before = run
      .events()
      .slice(0, started)
      .filter((event) => event.kind === EVENT.CALLBACK);
    expect(before.map((event) => event.api)).toEqual(['EvtVmbChannelOpened']);
  });

  it('T12: three pieces, the last one ends the restore', () => {
    const run = driver.test('T12', { modes: MODES });
    expect([run.end, run.messages]).toEqual(['completed', []]);
    expect(run.output).toEqual(['c0000016', 'c0000016', '00000000']);
  });
});

function completions(count: number): readonly string[] {
  return Array.from({ length: count }, () => 'CompletionRoutine');
}

function restores(count: number): readonly string[] {
  return Array.from({ length: count }, () => 'RestorePacket');
}
