/** Who may call what from where (kmcl-facts 4.6), and. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';

const CALLS = {
  Start: 'VmbChannelStart(Channel)',
  Pause: 'VmbChannelPause(Channel)',
  Disable: 'VmbChannelDisable(Channel)',
  Cleanup: 'VmbChannelCleanup(Channel)',
} as const;

/** Where the call is made: the driver's hook, and a script that gets there. */
const PLACES = {
  Opened: 'InOpened = Do; Run(FALSE);',
  Started: 'InStarted = Do; Run(FALSE);',
  PostStarted: 'InPostStarted = Do; Run(FALSE);',
  Suspend: 'InSuspend = Do; Run(FALSE);',
  Closed: 'InClosed = Do; Run(FALSE);',
} as const;

type Call = keyof typeof CALLS;

function callTests(): string {
  const tests: string[] = [];
  for (const [call, code] of Object.entries(CALLS)) {
    for (const place of Object.keys(PLACES)) {
      tests.push(
        `static VOID ${call}${place}(VMBCHANNEL Channel) { ${code}; In${place} = NULL; }`,
        `VSPLAB_TEST(${call}In${place}) { In${place} = ${call}${place}; EndChannel(ActiveServer()); }`,
      );
    }
    tests.push(
      `static VOID ${call}Process(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet) { VmbChannelPacketComplete(Packet, NULL, 0); ${code}; }`,
      `VSPLAB_TEST(${call}InProcessPacket) { UCHAR byte = 1; VMBCHANNEL channel = ActiveServer(); InProcess = ${call}Process; VspLabGuestSend(channel, &byte, 1, FALSE); EndChannel(channel); }`,
      `static VOID ${call}Complete(VMBPACKET Packet) { VMBCHANNEL Channel = VmbPacketGetChannel(Packet); VmbPacketFree(Packet); ${code}; }`,
      `VSPLAB_TEST(${call}InCompletion) { VMBCHANNEL channel = ActiveServer(); InCompletion = ${call}Complete; SendPacket(channel, 0, 16, 0); EndChannel(channel); }`,
      `static VOID ${call}Save(VMBPACKET Packet) { VMBCHANNEL Channel = VmbPacketGetChannel(Packet); ${code}; InSave = NULL; }`,
      `VSPLAB_TEST(${call}InSavePacket) { PVSPLAB_STATE state; VMBCHANNEL channel = ActiveServer(); SendPacket(channel, 0, 16, 1); VmbChannelPause(channel); InSave = ${call}Save; VspLabSave(channel, 0, &state); VspLabFreeState(state); EndChannel(channel); }`,
    );
  }
  return tests.join('\n');
}

const SOURCE = `${CHANNEL_DRIVER}
${callTests()}

VSPLAB_TEST(StartWhileDisabled)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VSPLAB_LOG("open");
    EndChannel(channel);
}

VSPLAB_TEST(StartClearsAutoPause)
{
    VMBCHANNEL channel = MakeChannel(FALSE);
    VmbChannelPause(channel);
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    EndChannel(channel);
}

VSPLAB_TEST(CleanupEnabled)
{
    VMBCHANNEL channel = ActiveServer();
    VmbChannelCleanup(channel);
}

VSPLAB_TEST(UseAfterCleanup)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VmbChannelCleanup(channel);
    VmbChannelPause(channel);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER_1, VmbChannelInitSetFlags(channel, 0));
    VmbChannelCleanup(channel);
}

VSPLAB_TEST(NullHandle)
{
    VmbChannelPause(NULL);
}

VSPLAB_TEST(PauseAtDispatch)
{
    VMBCHANNEL channel = ActiveServer();
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    VmbChannelPause(channel);
    KeLowerIrql(irql);
    EndChannel(channel);
}

VSPLAB_TEST(DisableWithLock)
{
    VMBCHANNEL channel = ActiveServer();
    KSPIN_LOCK lock;
    KIRQL irql;
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &irql);
    VmbChannelDisable(channel);
    KeReleaseSpinLock(&lock, irql);
    VmbChannelCleanup(channel);
}

VSPLAB_TEST(AllocateAtDispatch)
{
    VMBCHANNEL channel;
    KIRQL irql;
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &channel));
    KeLowerIrql(irql);
    VmbChannelCleanup(channel);
}

static VOID SendHere(VMBCHANNEL Channel) { SendPacket(Channel, 0, 16, 0); }

VSPLAB_TEST(SendInOpened) { InOpened = SendHere; EndChannel(ActiveServer()); }
VSPLAB_TEST(SendInStarted) { InStarted = SendHere; EndChannel(ActiveServer()); }
VSPLAB_TEST(SendInPostStarted) { InPostStarted = SendHere; EndChannel(ActiveServer()); }
VSPLAB_TEST(SendInSuspend) { InSuspend = SendHere; EndChannel(ActiveServer()); }
VSPLAB_TEST(SendWhilePaused)
{
    VMBCHANNEL channel = ActiveServer();
    VmbChannelPause(channel);
    SendPacket(channel, 0, 16, 0);
    EndChannel(channel);
}

static VOID LeaveRaised(VMBCHANNEL Channel) { UNREFERENCED_PARAMETER(Channel); KIRQL irql; KeRaiseIrql(DISPATCH_LEVEL, &irql); }
VSPLAB_TEST(IrqlLeftBehind) { InOpened = LeaveRaised; EndChannel(ActiveServer()); }

static KSPIN_LOCK Lock;
static VOID LeaveLocked(VMBCHANNEL Channel) { UNREFERENCED_PARAMETER(Channel); KIRQL irql; KeAcquireSpinLock(&Lock, &irql); }
VSPLAB_TEST(LockLeftBehind) { InClosed = LeaveLocked; EndChannel(ActiveServer()); }

static KEVENT Event;
static VOID WaitHere(VMBCHANNEL Channel)
{
    UNREFERENCED_PARAMETER(Channel);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
}
VSPLAB_TEST(WaitInStarted)
{
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    InStarted = WaitHere;
    EndChannel(ActiveServer());
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

const STATE_PLACES = Object.keys(PLACES);
const ALL_PLACES = [...STATE_PLACES, 'ProcessPacket', 'Completion', 'SavePacket'];
const REFUSED: Readonly<Record<Call, readonly string[]>> = {
  Start: [...STATE_PLACES, 'SavePacket'],
  Pause: [...STATE_PLACES, 'SavePacket'],
  Disable: ALL_PLACES,
  Cleanup: ALL_PLACES,
};
const CASES = (Object.keys(CALLS) as Call[]).flatMap((call) => REFUSED[call].map((place) => [call, place] as const));

describe('who may call what (4.6)', () => {
  it.each(CASES)('%s inside %s is refused', (call, place) => {
    const rule = call === 'Start' || call === 'Pause' ? 'state-no-startpause-in-cb' : 'state-no-disable-in-cb';
    const run = driver.test(`${call}In${place}`);
    expect(run.end).toBe('completed');
    expect([...new Set(run.breaches)]).toEqual([rule]);
    expect(run.result.breaches[0]?.context.callback).toContain(place.replace('Completion', 'CompletionRoutine'));
  });

  it.each([
    ['StartInProcessPacket', ['irql-call']],
    ['StartInCompletion', []],
  ])('%s is let through where the IRQL allows it, and does nothing on an active channel', (name, breaches) => {
    const run = driver.test(name);
    expect([run.end, run.breaches]).toEqual(['completed', breaches]);
  });

  it.each([['PauseInProcessPacket'], ['PauseInCompletion']])('%s waits for itself (A-03): a deadlock', (name) => {
    expect(driver.test(name).end).toMatch(/^fault: VmbChannelPause waits for something that nothing can bring about/);
  });

  it.each([
    ['SendInOpened', []],
    ['SendInStarted', []],
    ['SendInPostStarted', []],
    ['SendInSuspend', ['state-no-send-suspended']],
    ['SendWhilePaused', ['state-no-send-suspended']],
  ])('%s', (name, breaches) => {
    const run = driver.test(name);
    expect([run.end, run.breaches]).toEqual(['completed', breaches]);
  });
});

describe('the window of Start and Pause (A-02)', () => {
  it('Start while disabled is reported and does not start', () => {
    const run = driver.test('StartWhileDisabled');
    expect([run.end, run.breaches, run.callbacks]).toEqual([
      'completed',
      ['state-start-pause-window'],
      ['Opened', 'Closed'],
    ]);
  });

  it('Start while disabled clears the auto-pause of a client', () => {
    const run = driver.test('StartClearsAutoPause');
    expect([run.end, run.breaches]).toEqual(['completed', ['state-start-pause-window']]);
    expect(run.callbacks.slice(0, 3)).toEqual(['Opened', 'Started', 'PostStarted']);
  });
});

describe('the end of a channel, IRQL and locks', () => {
  it.each<readonly [string, readonly string[]]>([
    ['CleanupEnabled', ['state-disable-before-cleanup']],
    ['UseAfterCleanup', ['state-no-use-after-cleanup', 'state-no-use-after-cleanup', 'state-no-use-after-cleanup']],
    ['PauseAtDispatch', ['state-passive-blocking']],
    ['DisableWithLock', ['state-blocking-no-locks']],
    ['AllocateAtDispatch', ['init-alloc-passive']],
    ['IrqlLeftBehind', ['irql-call']],
    ['LockLeftBehind', ['lock-irql']],
  ])('%s', (name, breaches) => {
    const run = driver.test(name);
    expect([run.end, run.breaches]).toEqual(['completed', breaches]);
  });

  it('a NULL channel faults like an access', () => {
    expect(driver.test('NullHandle').result.fault?.text).toContain('through a NULL pointer');
  });

  it('what a callback leaves behind is told where it returned', () => {
    const run = driver.test('IrqlLeftBehind');
    expect(run.stack(run.result.breaches[0]?.frames ?? [])[0]).toMatch(/^Opened:/);
  });

  it('a wait in Started is state-started-nonblocking', () => {
    const run = driver.test('WaitInStarted');
    expect(run.breaches).toEqual(['state-started-nonblocking']);
    expect(run.end).toMatch(/^fault: KeWaitForSingleObject waits/);
  });
});
