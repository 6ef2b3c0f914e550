/** The state tables of kmcl-facts 4.3 and 4.4, row by row, through a real driver. */
import { beforeAll, describe, expect, it } from 'vitest';
import { afterMark, scriptDriver } from '../../../test/support/channelScript.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';
import { CLIENT_TRANSITIONS, findTransition, SERVER_TRANSITIONS, stateName } from './stateMachine.js';

interface Row {
  readonly row: string;
  /** Script up to the mark, then the trigger. */
  readonly script: string;
  readonly callbacks: readonly string[];
  /** Axes after it; null where the channel is gone. */
  readonly axes: string | null;
}

const RUN = ['Opened', 'Started', 'PostStarted'];
const START = ['Started', 'PostStarted'];
const CLOSE = ['Suspend', 'Closed'];

const SERVER_ROWS: readonly Row[] = [
  { row: '4.3 (none), Allocate', script: '|', callbacks: [], axes: 'disabled closed paused' },
  { row: '4.3 Disabled, Pause', script: '|P', callbacks: [], axes: 'disabled closed paused' },
  { row: '4.3 Disabled, Pause, then Enable', script: 'P|E', callbacks: [], axes: 'enabled closed paused' },
  { row: '4.3 Disabled, Enable', script: '|E', callbacks: [], axes: 'enabled closed paused' },
  { row: '4.3 Enabled Closed Paused, Start', script: 'E|S', callbacks: [], axes: 'enabled closed started' },
  { row: '4.3 Enabled Closed Paused, open', script: 'E|o', callbacks: ['Opened'], axes: 'enabled open paused' },
  { row: '4.3 Started, open', script: 'ES|o', callbacks: RUN, axes: 'enabled open started' },
  { row: '4.3 Started, Pause', script: 'ES|P', callbacks: [], axes: 'enabled closed paused' },
  { row: '4.3 Paused, Start', script: 'Eo|S', callbacks: START, axes: 'enabled open started' },
  { row: '4.3 Active, Pause', script: 'ESo|P', callbacks: ['Suspend'], axes: 'enabled open paused' },
  {
    row: '4.3 Active, Pause with a held packet',
    script: 'EhSosw|P',
    callbacks: ['Suspend'],
    axes: 'enabled open paused',
  },
  { row: '4.3 Paused again, Start', script: 'ESoP|S', callbacks: START, axes: 'enabled open started' },
  { row: '4.3 Active, close', script: 'ESo|c', callbacks: CLOSE, axes: 'enabled closed started' },
  { row: '4.3 Active, close, reopen', script: 'ESoc|o', callbacks: RUN, axes: 'enabled open started' },
  { row: '4.3 Paused, close', script: 'Eo|c', callbacks: ['Closed'], axes: 'enabled closed paused' },
  { row: '4.3 Paused, close, reopen', script: 'Eoc|o', callbacks: ['Opened'], axes: 'enabled open paused' },
  { row: '4.3 Active, Disable', script: 'ESo|D', callbacks: CLOSE, axes: 'disabled closed paused' },
  { row: '4.3 Paused, Disable', script: 'Eo|D', callbacks: ['Closed'], axes: 'disabled closed paused' },
  { row: '4.3 Enabled Closed, Disable', script: 'E|D', callbacks: [], axes: 'disabled closed paused' },
  { row: '4.3 Started Closed, Disable', script: 'ES|D', callbacks: [], axes: 'disabled closed paused' },
  { row: '4.3 Closed Started, Opened fails', script: 'ESf|o', callbacks: ['Opened'], axes: 'enabled closed started' },
  { row: '4.3 Closed Paused, Opened fails', script: 'Ef|o', callbacks: ['Opened'], axes: 'enabled closed paused' },
  { row: '4.3 Opened failed, opens again', script: 'ESfoF|o', callbacks: RUN, axes: 'enabled open started' },
  { row: '4.3 Opened failed, Disable', script: 'ESfo|D', callbacks: [], axes: 'disabled closed paused' },
  { row: '4.3 Disabled, Cleanup', script: '|X', callbacks: [], axes: null },
  { row: '4.3 Disabled, Disable (A-11)', script: '|D', callbacks: [], axes: 'disabled closed paused' },
  { row: '4.3 disabled after use, Enable', script: 'ESoD|E', callbacks: [], axes: 'enabled closed paused' },
  { row: '4.3 Active, Start', script: 'ESo|S', callbacks: [], axes: 'enabled open started' },
  { row: '4.3 Active, open', script: 'ESo|o', callbacks: [], axes: 'enabled open started' },
  { row: '4.3 Enabled, close', script: 'ES|c', callbacks: [], axes: 'enabled closed started' },
];

const CLIENT_ROWS: readonly Row[] = [
  { row: '4.4 (none), Allocate', script: '|', callbacks: [], axes: null },
  { row: '4.4 Disabled, Enable without an offer', script: '|E', callbacks: [], axes: 'enabled closed started' },
  { row: '4.4 Enabled, offer', script: 'E|o', callbacks: RUN, axes: 'enabled open started' },
  { row: '4.4 Disabled, Pause, Enable, offer', script: 'PE|o', callbacks: ['Opened'], axes: 'enabled open paused' },
  { row: '4.4 Paused, Start', script: 'PEo|S', callbacks: START, axes: 'enabled open started' },
  { row: '4.4 Active, Pause', script: 'Eo|P', callbacks: ['Suspend'], axes: 'enabled open paused' },
  { row: '4.4 Active, rescind', script: 'Eo|c', callbacks: CLOSE, axes: 'disabled closed started' },
  { row: '4.4 Active, Disable', script: 'Eo|D', callbacks: CLOSE, axes: 'disabled closed started' },
  { row: '4.4 Paused, rescind', script: 'PEo|c', callbacks: ['Closed'], axes: 'disabled closed started' },
  { row: '4.4 Paused, Disable', script: 'PEo|D', callbacks: ['Closed'], axes: 'disabled closed started' },
  { row: '4.4 Enabled waiting, Disable', script: 'E|D', callbacks: [], axes: 'disabled closed started' },
  {
    row: '4.4 Disabled after a rescind, Enable and offer',
    script: 'Eoc|Eo',
    callbacks: RUN,
    axes: 'enabled open started',
  },
  {
    row: '4.4 Disabled after a close, Disable (A-11)',
    script: 'Eoc|D',
    callbacks: [],
    axes: 'disabled closed started',
  },
  { row: '4.4 Disabled, Cleanup', script: 'Eoc|X', callbacks: [], axes: null },
];

const CASES = [
  ...SERVER_ROWS.map((row, index) => ({ ...row, server: true, name: `Server${index}`, letters: row.script })),
  ...CLIENT_ROWS.map((row, index) => ({ ...row, server: false, name: `Client${index}`, letters: row.script })),
];

const CLIENT_EXTRA = `
static NTSTATUS FailureStatus;
static VOID PnpFailed(VMBCHANNEL Channel, NTSTATUS Status) { UNREFERENCED_PARAMETER(Channel); FailureStatus = Status; }

VSPLAB_TEST(PnpFailure)
{
    static const GUID type = {1};
    VMBCHANNEL channel = MakeChannel(FALSE);
    VSPLAB_ASSERT_SUCCESS(VmbClientChannelInitSetTargetPnp(channel, &type, NULL, PnpFailed));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VspLabFailNext("VspLabGuestOpenChannel", STATUS_DEVICE_NOT_READY);
    VSPLAB_ASSERT_STATUS(STATUS_DEVICE_NOT_READY, VspLabGuestOpenChannel(channel));
    VSPLAB_ASSERT_STATUS(STATUS_DEVICE_NOT_READY, FailureStatus);
    EndChannel(channel);
}

VSPLAB_TEST(OfferWaits)
{
    VMBCHANNEL channel = MakeChannel(FALSE);
    VspLabGuestOpenChannel(channel);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    VSPLAB_LOG("enabled");
    VspLabRunPending();
    EndChannel(channel);
}

VSPLAB_TEST(EnableFails)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VspLabFailNext("VmbChannelEnable", STATUS_INSUFFICIENT_RESOURCES);
    VSPLAB_ASSERT_STATUS(STATUS_INSUFFICIENT_RESOURCES, VmbChannelEnable(channel));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(channel, 100));
    VmbChannelCleanup(channel);
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(scriptDriver(CASES, CLIENT_EXTRA));
}, COMPILE_TIMEOUT);

describe('state tables', () => {
  it.each(CASES)('$row', ({ name, callbacks, axes }) => {
    const run = driver.test(name);
    expect([run.end, run.messages]).toEqual(['completed', []]);
    const after = afterMark(run);
    expect(after.callbacks).toEqual(callbacks);
    if (axes !== null) {
      expect(after.axes).toBe(axes);
    }
  });

  it('4.4 Enabled waiting, late connection failure: PnpFailure, still enabled', () => {
    const run = driver.test('PnpFailure');
    expect([run.end, run.messages, run.callbacks]).toEqual(['completed', [], ['PnpFailure']]);
  });

  it('4.4 Disabled, Enable with the offer there: Opened comes after Enable has returned (O8)', () => {
    const run = driver.test('OfferWaits');
    expect(run.end).toBe('completed');
    const log = run
      .events()
      .filter((event) => event.kind === 3 || (event.kind === 2 && event.api === 'VmbChannelEnable'));
    expect(log.map((event) => event.api)).toEqual([
      'VmbChannelEnable',
      'EvtVmbChannelOpened',
      'EvtVmbChannelStarted',
      'EvtVmbChannelPostStarted',
      'EvtVmbChannelSuspend',
      'EvtVmbChannelClosed',
    ]);
  });

  it('4.3 Disabled, Enable fails: still disabled', () => {
    const run = driver.test('EnableFails');
    expect([run.end, run.messages]).toEqual(['completed', []]);
  });
});

describe('the tables as data', () => {
  const ALL = [
    ...SERVER_TRANSITIONS.map((row) => ({ ...row, server: true })),
    ...CLIENT_TRANSITIONS.map((row) => ({ ...row, server: false })),
  ];

  it.each(ALL)('$row is found from its own state, alone', ({ row, server, from, trigger }) => {
    const axes = { enabled: from.enabled ?? true, open: from.open ?? false, started: from.started ?? false };
    expect(findTransition(server, axes, trigger)?.row).toBe(row);
  });

  it.each([
    [true, false, false, false, 'Disabled'],
    [true, true, false, false, 'Enabled'],
    [true, true, false, true, 'Started'],
    [true, true, true, false, 'Paused'],
    [true, true, true, true, 'Active'],
    [false, true, false, true, 'Enabled'],
  ])('4.2: server %s, enabled %s, open %s, started %s is %s', (server, enabled, open, started, name) => {
    expect(stateName(server, { enabled, open, started })).toBe(name);
  });
});
