/** SaveBegin, SaveContinue, SaveEnd: call grammar and chunk semantics of kmcl-facts 6.2, with S-02 to S-04, S-18 to S-22, S-34, S-37. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { compileText, type TestDriver } from '../../../test/support/driver.js';
import { EVENT, FAULT } from './layout.js';

const SOURCE = `${CHANNEL_DRIVER}
static UCHAR Buffer[8192];
static ULONG Filled, Required;

static VMBCHANNEL Paused(ULONG Packets)
{
    VMBCHANNEL channel = ActiveServer();
    ULONG i;
    for (i = 0; i < Packets; i++) {
        VSPLAB_ASSERT_SUCCESS(SendPacket(channel, i, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    }
    VmbChannelPause(channel);
    return channel;
}

static NTSTATUS SaveHuge(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    *BytesNeeded = 0xFFFFFFF0;
    return STATUS_BUFFER_TOO_SMALL;
}

static NTSTATUS Continue(VMBCHANNEL Channel, ULONG Size)
{
    Filled = Required = 0xEEEEEEEE;
    return VmbChannelSaveContinue(Channel, Buffer, Size, &Filled, &Required);
}

VSPLAB_TEST(StatusRows)
{
    VMBCHANNEL channel = Paused(3);
    ULONG total = 0;
    ULONG small = 0;
    ULONG size = 1;
    NTSTATUS status;
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, VmbChannelSaveBegin(channel));
    do {
        status = Continue(channel, size);
        if (status == STATUS_BUFFER_TOO_SMALL) {
            VSPLAB_ASSERT_EQUAL(0, Filled);
            VSPLAB_ASSERT(Required > size);
            small++;
        } else if (status == STATUS_BUFFER_OVERFLOW) {
            VSPLAB_ASSERT(Filled > 0 && Filled <= size && Required > 0);
        } else {
            VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, status);
            VSPLAB_ASSERT_EQUAL(0, Required);
        }
        total += Filled;
        size = Required;
    } while (status != STATUS_SUCCESS);
    VmbChannelSaveEnd(channel);
    VSPLAB_LOG("%u bytes, %u too small", total, small);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, Continue(channel, sizeof(Buffer)));
    VSPLAB_ASSERT_EQUAL(total, Filled);
    VmbChannelSaveEnd(channel);
    EndChannel(channel);
}

VSPLAB_TEST(WholeChunksOnly)
{
    /* Whatever the buffer, the same stream comes out, in pieces that each parse alone. */
    VMBCHANNEL channel = Paused(5);
    static UCHAR whole[8192];
    ULONG size;
    ULONG length;
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, VmbChannelSaveContinue(channel, whole, sizeof(whole), &length, &Required));
    VmbChannelSaveEnd(channel);
    for (size = 104; size < 700; size += 7) {
        ULONG at = 0;
        NTSTATUS status;
        VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
        do {
            status = Continue(channel, size);
            VSPLAB_ASSERT(status == STATUS_SUCCESS || status == STATUS_BUFFER_OVERFLOW);
            if (at != 0) VSPLAB_ASSERT_BYTES(whole + at, Buffer, Filled);
            at += Filled;
        } while (status != STATUS_SUCCESS);
        VmbChannelSaveEnd(channel);
        VSPLAB_ASSERT_EQUAL(length, at);
    }
    EndChannel(channel);
}

VSPLAB_TEST(S19)
{
    VMBCHANNEL channel = Paused(1);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    Filled = Required = 0;
    VSPLAB_ASSERT_STATUS(STATUS_BUFFER_TOO_SMALL, VmbChannelSaveContinue(channel, NULL, 0, &Filled, &Required));
    VSPLAB_ASSERT(Required > 0 && Filled == 0);
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, Continue(channel, sizeof(Buffer)));
    VSPLAB_LOG("again");
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_STATE, Continue(channel, sizeof(Buffer)));
    VmbChannelSaveEnd(channel);
    EndChannel(channel);
}

static NTSTATUS SaveFails(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    UNREFERENCED_PARAMETER(Channel); UNREFERENCED_PARAMETER(Packet); UNREFERENCED_PARAMETER(SaveBuf);
    *BytesNeeded = 8;
    return SaveBufSize == 0 ? STATUS_BUFFER_TOO_SMALL : STATUS_DATA_ERROR;
}

VSPLAB_TEST(HardError)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, SaveFails, RestorePacket);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    VSPLAB_ASSERT_STATUS(STATUS_DATA_ERROR, Continue(channel, sizeof(Buffer)));
    VSPLAB_LOG("again");
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_STATE, Continue(channel, sizeof(Buffer)));
    VmbChannelSaveEnd(channel);
    EndChannel(channel);
}

VSPLAB_TEST(NotGrown)
{
    VMBCHANNEL channel = Paused(1);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    VSPLAB_ASSERT_STATUS(STATUS_BUFFER_TOO_SMALL, Continue(channel, 8));
    VSPLAB_ASSERT_STATUS(STATUS_BUFFER_TOO_SMALL, Continue(channel, 8));
    VmbChannelSaveEnd(channel);
    EndChannel(channel);
}

VSPLAB_TEST(S22)
{
    VMBCHANNEL channel = Paused(0);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_STATE, Continue(channel, sizeof(Buffer)));
    VmbChannelSaveEnd(channel);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_STATE, VmbChannelSaveBegin(channel));
    VmbChannelSaveEnd(channel);
    VmbChannelSaveEnd(channel);
    EndChannel(channel);
}

VSPLAB_TEST(NeverEnded)
{
    VMBCHANNEL channel = Paused(1);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, Continue(channel, sizeof(Buffer)));
    EndChannel(channel);
}

VSPLAB_TEST(StartWhileSaving)
{
    VMBCHANNEL channel = Paused(0);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    VmbChannelStart(channel);
    VmbChannelSaveEnd(channel);
    EndChannel(channel);
}

VSPLAB_TEST(Huge)
{
    PVSPLAB_STATE state;
    VMBCHANNEL channel = MakeChannel(TRUE);
    VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, SaveHuge, RestorePacket);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    SendPacket(channel, 0, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    VmbChannelPause(channel);
    VspLabSave(channel, 0, &state);
}

VSPLAB_TEST(S02)
{
    VMBCHANNEL channel = ActiveServer();
    VSPLAB_LOG("%08x", VmbChannelSaveBegin(channel));
}

VSPLAB_TEST(S34)
{
    VMBCHANNEL channel = ActiveServer();
    InProcess = Hold;
    VspLabGuestSend(channel, Buffer, 8, TRUE);
    VSPLAB_ASSERT_EQUAL(1, HeldCount);
    VSPLAB_LOG("%08x", VmbChannelSaveBegin(channel));
}

VSPLAB_TEST(S18)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, NULL, NULL);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VSPLAB_ASSERT_STATUS(STATUS_NOT_SUPPORTED, VmbChannelSaveBegin(channel));
}

VSPLAB_TEST(S37)
{
    VMBCHANNEL channel = MakeChannel(FALSE);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_DEVICE_REQUEST, VmbChannelSaveBegin(channel));
}

VSPLAB_TEST(AtDispatch)
{
    VMBCHANNEL channel = Paused(0);
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    KeLowerIrql(old);
    VmbChannelSaveEnd(channel);
    EndChannel(channel);
}

VSPLAB_TEST(SendWhileSaving)
{
    VMBCHANNEL channel = Paused(0);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
    VSPLAB_ASSERT_SUCCESS(SendPacket(channel, 0, 16, 0));
    VmbChannelSaveEnd(channel);
    EndChannel(channel);
}

VSPLAB_TEST(Order)
{
    VMBCHANNEL channel = Paused(8);
    PVSPLAB_STATE state;
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(S15)
{
    /* A checkpoint: the channel goes on, the packets complete, a second save has none. */
    VMBCHANNEL channel = Paused(3);
    PVSPLAB_STATE first, second;
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 64, &first));
    VmbChannelStart(channel);
    VspLabGuestCompleteAll(channel);
    VSPLAB_ASSERT_EQUAL(3, CompletionCount);
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &second));
    VSPLAB_ASSERT(VspLabStateSize(second) < VspLabStateSize(first));
    VspLabFreeState(first);
    VspLabFreeState(second);
    EndChannel(channel);
}

VSPLAB_TEST(FailNext)
{
    VMBCHANNEL channel = Paused(1);
    PVSPLAB_STATE state;
    VspLabFailNext("VmbChannelSaveBegin", STATUS_INSUFFICIENT_RESOURCES);
    VSPLAB_ASSERT_STATUS(STATUS_INSUFFICIENT_RESOURCES, VmbChannelSaveBegin(channel));
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabFreeState(state);
    EndChannel(channel);
}
`;

const EXACT = ['S-05=null', 'S-10=exact', 'S-14=once'];

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
});

describe('call grammar (6.2)', () => {
  it('SUCCESS, BUFFER_OVERFLOW and BUFFER_TOO_SMALL with the outputs of S-20', () => {
    const run = driver.test('StatusRows', { modes: EXACT });
    expect([run.end, run.breaches, run.output]).toEqual(['completed', [], ['216 bytes, 1 too small']]);
    expect(run.result.channels[0]?.saves.map(({ packets, bytes }) => ({ packets, bytes }))).toEqual([
      { packets: 3, bytes: 216 },
      { packets: 3, bytes: 216 },
    ]);
    expect(run.result.channels[0]?.saves[0]?.chunks[0]).toEqual({
      bufferSize: 1,
      bytesFilled: 0,
      bytesRequired: 48,
      status: 0xc0000023,
    });
  });

  it('C1 to C4: the same whole chunks for every buffer size', () => {
    const run = driver.test('WholeChunksOnly', { modes: EXACT });
    expect([run.end, run.breaches]).toEqual(['completed', []]);
  });

  it.each([
    ['S19', ['save-continue-statuses']],
    ['HardError', ['savepkt-stable', 'save-continue-statuses']],
    ['NotGrown', ['save-grow']],
    ['S22', ['save-begin-checked', 'save-begin-checked', 'save-end-always', 'save-end-always']],
    ['NeverEnded', ['save-end-always']],
    ['StartWhileSaving', ['save-quiesced']],
    ['S18', ['save-callbacks-registered']],
    ['S37', ['init-server-only-on-server']],
    ['AtDispatch', ['save-passive']],
    ['SendWhileSaving', ['save-quiesced']],
    ['S15', []],
    ['FailNext', []],
  ])('%s', (test, breaches) => {
    const run = driver.test(test, { modes: EXACT });
    expect(run.end).toBe('completed');
    expect(run.breaches.filter((rule) => rule.startsWith('save') || rule.startsWith('init-server'))).toEqual(breaches);
  });

  it('names the packet that asked for more than there is', () => {
    const { fault } = driver.test('Huge', { modes: EXACT }).result;
    expect(fault?.kind).toBe(FAULT.OUT_OF_MEMORY);
    expect(fault?.context).toEqual({ channel: 0, packet: 0, pass: 'query', callback: 'EvtVmbChannelSavePacket' });
  });

  it('S-02: an active channel is a rule hit, and a failure where the mode is strict', () => {
    expect(driver.test('S02')).toMatchObject({ output: ['00000000'] });
    expect(driver.test('S02').breaches).toContain('save-quiesced');
    expect(driver.test('S02', { modes: ['S-02=strict'] }).output).toEqual(['c0000184']);
  });

  it('S-34: so are outstanding incoming packets', () => {
    expect(driver.test('S34').breaches).toContain('save-quiesced');
  });
});

describe('order of callbacks', () => {
  function order(modes: readonly string[]): { api: string | undefined; packet: number | null; pass: string }[] {
    const run = driver.test('Order', { modes: [...EXACT, ...modes] });
    expect(run.end).toBe('completed');
    return run
      .events()
      .filter(({ kind, api }) => kind === EVENT.CALLBACK && api === 'EvtVmbChannelSavePacket')
      .map(({ api, packet, b }) => ({ api, packet, pass: Number(b) === 0 ? 'query' : 'write' }));
  }

  it('S-03: query and write per packet, or all queries at SaveBegin', () => {
    // Each write pass runs twice while checks are on: its bytes are measured with two fills.
    expect(order([]).map(({ pass }) => pass)).toEqual(
      Array.from({ length: 24 }, (_, i) => (i % 3 ? 'write' : 'query')),
    );
    expect(order(['S-03=begin']).map(({ pass }) => pass)).toEqual([
      ...Array(8).fill('query'),
      ...Array(16).fill('write'),
    ]);
  });

  it('S-04: send order, or shuffled by the seed', () => {
    const packets = (modes: readonly string[]) => {
      const run = driver.test('Order', { modes: [...EXACT, ...modes] });
      return run.result.states.map((state) => state[0]);
    };
    expect(packets([])).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const shuffled = packets(['S-04=shuffle']);
    expect(shuffled).not.toEqual(packets([]));
    expect([...shuffled].sort()).toEqual(packets([]));
  });
});
