/** What a run hands out besides findings: events as columns, saves, chunks, records, state bytes. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';
import { emptyEvents, eventAt } from './events.js';
import { EVENT, NONE, PACKET_RECORD, PACKET_RECORD_SIZE } from './layout.js';

const SOURCE = `${CHANNEL_DRIVER}
VSPLAB_TEST(TwoSaves)
{
    VMBCHANNEL channel = ActiveServer();
    VMBCHANNEL other = EnabledServer();
    PVSPLAB_STATE state;
    ULONG i;
    for (i = 0; i < 3; i++) {
        SendPacket(channel, i, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    }
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabFreeState(state);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 64, &state));
    VspLabFreeState(state);
    EndChannel(channel);
    EndChannel(other);
}

/* More events than one block of the log holds. */
VSPLAB_TEST(TooManyEvents)
{
    VMBCHANNEL channel = EnabledServer();
    ULONG i;
    for (i = 0; i < 2100000; i++) {
        VmbChannelSetPointer(channel, NULL);
    }
    EndChannel(channel);
}

VSPLAB_TEST(ManyEvents)
{
    VMBCHANNEL channel = EnabledServer();
    ULONG i;
    for (i = 0; i < 5000; i++) {
        VmbChannelSetPointer(channel, NULL);
        VmbChannelStart(channel);
    }
    EndChannel(channel);
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

describe('results of a run', () => {
  it('has one entry per channel, its saves in order, the records of the first', () => {
    const { result } = driver.test('TwoSaves', { chunkBuffer: 4096 });
    expect(result.channels.map((channel) => [channel.index, channel.name, channel.saves.length])).toEqual([
      [0, 'channel 0', 2],
      [1, 'channel 1', 0],
    ]);
    const [first, second] = result.channels[0]?.saves ?? [];
    expect([first?.packets, second?.packets]).toEqual([3, 3]);
    expect(first?.chunks.map((chunk) => chunk.status)).toEqual([0]);
    expect(first?.bytes).toBe(first?.chunks[0]?.bytesFilled);
    expect(second?.chunks.length).toBeGreaterThan(1);
    expect(second?.chunks.at(-1)?.status).toBe(0);
    expect(result.records.length).toBe(3 * PACKET_RECORD_SIZE);
    const view = new DataView(result.records.buffer, result.records.byteOffset);
    expect(view.getUint32(PACKET_RECORD_SIZE + PACKET_RECORD.query_needed, true)).toBe(8);
    expect(result.states.map((bytes) => bytes[0])).toEqual([1, 2, 3]);
  });

  it('keeps as many states as asked for', () => {
    expect(driver.test('TwoSaves', { captureLimit: 1 }).result.states.length).toBe(1);
  });

  it('reads the whole log, in order', () => {
    const { events } = driver.test('ManyEvents').result;
    const starts = Array.from({ length: events.count }, (_, index) => eventAt(events, index)).filter(
      (event) => event.kind === EVENT.CALL && event.api === 'VmbChannelStart',
    );
    expect(starts.length).toBe(5000);
    expect(events.kind.length).toBe(events.count);
  });

  it('stops at 2,000,000 events and counts the rest', () => {
    const { events } = driver.test('TooManyEvents', { budget: 1_000_000_000 }).result;
    expect([events.count, events.kind.length]).toEqual([2_000_000, 2_000_000]);
    expect(events.dropped).toBeGreaterThan(100_000);
  });

  it('has no events with checks off', () => {
    expect(driver.test('ManyEvents', { checks: 'off' }).result.events.count).toBe(0);
  });

  it('is the same again with the same seed', () => {
    const summary = (seed: number): string => {
      const { result } = driver.test('TwoSaves', { seed });
      return JSON.stringify([
        [...result.records],
        result.channels,
        [...result.events.kind],
        [...result.events.location],
      ]);
    };
    expect(summary(5)).toBe(summary(5));
  });
});

describe('eventAt', () => {
  it('has null where there is no channel and no packet', () => {
    const events = emptyEvents(1);
    events.kind[0] = EVENT.CALL;
    events.api[0] = 1;
    events.channel[0] = NONE;
    events.packet[0] = 4;
    expect(eventAt(events, 0)).toMatchObject({ kind: EVENT.CALL, api: 'VmbChannelAllocate', channel: null, packet: 4 });
  });
});
