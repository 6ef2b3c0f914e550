/** Timelines of real runs, and their bounds. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';
import { emptyEvents } from '../kmcl/events.js';
import { EVENT, NONE } from '../kmcl/layout.js';
import { Allows } from '../rules/allow.js';
import type { Run, TimelineEvent } from './report.js';
import { buildRun } from './reportBuilder.js';
import { sampleResult } from './sampleReport.testing.js';
import { TIMELINE_LIMIT, timelinesOf } from './timeline.js';

const SOURCE = `${CHANNEL_DRIVER}
static ULONG Failing;
static VOID FailSome(VMBPACKET Packet) { Failing = (ULONG)(ULONG_PTR)VmbPacketGetPointer(Packet) == 3; }
static NTSTATUS SaveSome(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    NTSTATUS status = SavePacket(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
    return status == STATUS_SUCCESS && Failing ? STATUS_PENDING : status;
}
static VOID SendFour(VMBCHANNEL Channel)
{
    ULONG i;
    for (i = 0; i < 4; i++) VSPLAB_ASSERT_SUCCESS(SendPacket(Channel, i, 16, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));
    VmbChannelPause(Channel);
}

VSPLAB_TEST(RoundTrip)
{
    VMBCHANNEL channel = ActiveServer();
    PVSPLAB_STATE state;
    SendFour(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabRestartHost();
    channel = EnabledServer();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VspLabGuestCompleteAll(channel);
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(OneFails)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    PVSPLAB_STATE state;
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, SaveSome, RestorePacket));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    SendFour(channel);
    InSave = FailSome;
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    VspLabFreeState(state);
    EndChannel(channel);
}

VSPLAB_TEST(Crash)
{
    VMBCHANNEL channel = ActiveServer();
    VmbChannelStart(channel);
    InStarted = (VOID (*)(VMBCHANNEL))NULL;
    InSuspend = Crash_;
    VmbChannelPause(channel);
}
`.replace(
  'VSPLAB_TEST(Crash)',
  'static VOID Crash_(VMBCHANNEL Channel) { UNREFERENCED_PARAMETER(Channel); *(volatile ULONG *)NULL = 1; }\nVSPLAB_TEST(Crash)',
);

const allows = new Allows([], () => undefined);

function shown(event: TimelineEvent): string {
  const { kind, name, first, last, count, pass, status } = event;
  const range = first === undefined ? '' : ` #${first}${last === first ? '' : `-${last}`}`;
  const times = count === undefined ? '' : ` x${count}`;
  return `${kind} ${name}${pass === undefined ? '' : ` ${pass}`}${range}${times}${status === undefined ? '' : ` ${status}`}`;
}

describe('timelines', () => {
  let driver: TestDriver;
  beforeAll(async () => {
    driver = await compileText(SOURCE);
  }, COMPILE_TIMEOUT);

  function runOf(name: string): Run {
    const test = driver.driver.fixtures.find((each) => each.name === name);
    if (test === undefined) throw new Error(`no test ${name}`);
    const { result } = driver.test(name, { modes: ['S-05=null', 'S-14=once', 'S-10=exact'] });
    const planned = { name, file: '', line: 1, program: { kind: 'test', test } } as const;
    return buildRun(driver.driver, planned, { kind: 'result', result }, 'contract', allows, new Map()).run;
  }

  it("tell a channel's life, packets in groups, and go on where its packets were restored", () => {
    const { channels } = runOf('RoundTrip');
    const setUp = [
      'call VmbChannelAllocate 0x00000000',
      'call VmbChannelInitSetMaximumPacketSize 0x00000000',
      'call VmbChannelInitSetProcessPacketCallbacks 0x00000000',
      'call VmbChannelInitSetStateChangeCallbacks 0x00000000',
      'call VmbServerChannelInitSetTargetInterfaceId 0x00000000',
      'call VmbServerChannelInitSetSaveRestorePacketCallbacks 0x00000000',
      'call VmbServerChannelInitSetVmbusHandle 0x00000000',
      'call VmbChannelEnable 0x00000000',
      'state Enabled',
    ];
    const running = [
      'callback EvtVmbChannelOpened 0x00000000',
      'callback EvtVmbChannelStarted',
      'callback EvtVmbChannelPostStarted',
    ];
    const end = [
      'call VmbChannelDisable',
      'callback EvtVmbChannelSuspend',
      'callback EvtVmbChannelClosed',
      'state Disabled',
      'call VmbChannelCleanup',
    ];
    const restored = [
      ...setUp,
      'call VspLabRestore 0x00000000',
      'packets EvtVmbChannelRestorePacket restore #0-3 0x00000000',
      'call VmbChannelStart',
      'state Started',
      'call VspLabGuestOpenChannel 0x00000000',
      'state Active',
      ...running,
      'call VspLabGuestCompleteAll',
    ];
    expect(channels[0]?.timeline?.events.map(shown)).toEqual([
      ...setUp,
      'call VmbChannelStart',
      'state Started',
      'call VspLabGuestOpenChannel 0x00000000',
      'state Active',
      ...running,
      'call VmbPacketSend x4',
      'call VmbChannelPause',
      'state Paused',
      'callback EvtVmbChannelSuspend',
      'call VspLabSave 0x00000000',
      'packets EvtVmbChannelSavePacket query #0-3 0xC0000023',
      'packets EvtVmbChannelSavePacket write #0-3 0x00000000',
      'call VmbChannelSaveContinue 0x00000000',
      'call VspLabRestartHost',
      ...restored,
      'packets EvtVmbPacketCompletionRoutine #0-3 x4',
      ...end,
    ]);
    expect(channels[1]?.timeline?.events.map(shown)).toEqual([...restored, ...end]);
    const places = channels[0]?.timeline?.events.map(({ at }) => at) ?? [];
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(channels[0]?.timeline?.events.every(({ location }) => location?.file === 'driver.c')).toBe(true);
  });

  it('tell where callbacks are and which packets lie in a chunk', () => {
    const { channels } = runOf('RoundTrip');
    expect(channels[0]?.callbacks).toEqual({ save: null, restore: null });
    expect(channels[0]?.saveStream.chunks.map(({ packets }) => packets)).toEqual([{ first: 0, last: 3 }]);
    expect(channels[1]?.callbacks).toBeUndefined();
  });

  it('part the packets that answered otherwise, and place findings', () => {
    const run = runOf('OneFails');
    expect(run.findings.map(({ rule }) => rule)).toEqual(['savepkt-status-severity']);
    expect(
      run.channels[0]?.timeline?.events.map(shown).filter((text) => /packets|finding|Continue/.test(text)),
    ).toEqual([
      'packets EvtVmbChannelSavePacket query #0-3 0xC0000023',
      'packets EvtVmbChannelSavePacket write #0-1 0x00000000',
      'packets EvtVmbChannelSavePacket write #2 0x00000103',
      'finding savepkt-status-severity #2',
      'packets EvtVmbChannelSavePacket write #3 0x00000000',
      'call VmbChannelSaveContinue 0x00000000',
      'packets EvtVmbPacketCompletionRoutine #0-3 x4',
    ]);
  });

  it('end with what ended the run', () => {
    const run = runOf('Crash');
    expect(run.outcome).toBe('error');
    expect(run.channels[0]?.timeline?.events.slice(-3).map(shown)).toEqual([
      'state Paused',
      'callback EvtVmbChannelSuspend',
      'finding mem-null-dereference',
    ]);
  });

  it('keep the first 2000 events and count the rest', () => {
    const count = TIMELINE_LIMIT + 51;
    const events = emptyEvents(count, 7);
    events.kind.fill(EVENT.STATE);
    events.kind[0] = EVENT.CHANNEL;
    events.object.fill(0x1000n);
    events.b.fill(3n);
    events.channel.fill(NONE);
    events.packet.fill(NONE);
    const timeline = timelinesOf(sampleResult({ events }), [], []).get(0);
    expect([timeline?.events.length, timeline?.dropped, timeline?.events[0]?.name]).toEqual([
      TIMELINE_LIMIT,
      50 + 7,
      'Paused',
    ]);
  });

  it('are absent without events', () => {
    expect(timelinesOf(sampleResult(), [], []).size).toBe(0);
  });
});
