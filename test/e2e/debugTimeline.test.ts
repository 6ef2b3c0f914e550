/** The timeline of a debugged run over the protocol: what it tells at each stop, and the way to each of its events. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  changedEvents,
  type KnownEvents,
  NO_EVENTS,
  type RunEvent,
  type TimelineChange,
} from '../../extension/core/run/knownEvents.js';
import type { StandingPlace } from '../../extension/debug/standingPlace.js';
import { at } from '../../scripts/lib/project.mjs';
import { Debugger } from '../support/debugger.js';

const folder = at('examples/synthetic-nic');
const TEST = 'IndicationsInFlightSurviveMigration';

let debug: Debugger;
/** As a view keeps it: by changes alone. */
let known: KnownEvents;

beforeEach(async () => {
  known = NO_EVENTS;
  debug = await Debugger.start();
});
afterEach(() => debug.stop());

async function look(): Promise<KnownEvents> {
  const change = (await debug.ask('vspTimeline', { since: known.version })) as unknown as TimelineChange;
  const next = changedEvents(known, change);
  if (next === undefined) throw new Error(`version ${known.version} is not ${change.since}`);
  const whole = (await debug.ask('vspTimeline', { since: 0 })) as unknown as TimelineChange;
  expect(next).toEqual(changedEvents(NO_EVENTS, whole));
  known = next;
  return next;
}

const place = async (): Promise<StandingPlace> => (await debug.ask('vspPlace')) as unknown as StandingPlace;

const passes = (events: readonly RunEvent[], wanted: string): readonly RunEvent[] =>
  events.filter(({ pass }) => pass === wanted);

const indexOf = (events: readonly RunEvent[], pass: string, packet: number): number =>
  events.findIndex((each) => each.pass === pass && each.packet === packet);

async function atPass(pass: string, packet: number): Promise<void> {
  await debug.launch({ program: folder, test: TEST, stopAt: { pass, packet } });
  await debug.stopped();
}

describe('a timeline', () => {
  it('has each pass of each packet, up to where the run stands', async () => {
    await atPass('write', 1);
    const { events, here } = await look();
    expect(here).toBe(events.length);
    expect(new Set(passes(events, 'query').map(({ packet }) => packet))).toEqual(new Set([0, 1]));
    const writes = passes(events, 'write').map(({ packet, status }) => [packet, status]);
    expect([writes[0], writes.at(-1)]).toEqual([
      [0, '0x00000000'],
      [1, undefined],
    ]);
    expect(events.map(({ record }) => record)).toEqual(events.map(({ record }) => record).toSorted((a, b) => a - b));
    expect(events.some(({ kind, name }) => kind === 'state' && name === 'Active')).toBe(true);
    expect(events.at(-1)).toMatchObject({ kind: 'packet', name: 'EvtVmbChannelSavePacket', channel: 0 });
  });

  it('keeps what is ahead when the run goes back, and leads there again', async () => {
    await atPass('restore', 1);
    const { events: seen } = await look();
    await debug.go('vspTravel', { event: indexOf(seen, 'write', 1) });
    expect(await place()).toMatchObject({ pass: 'write', packet: 1, callback: 'EvtVmbChannelSavePacket' });
    const { events, here } = await look();
    expect(events.length).toBe(seen.length);
    expect(here).toBe(indexOf(seen, 'write', 1) + 1);
    expect(events[here]?.status ?? seen[here]?.status).toBe(seen[here]?.status);
    await debug.go('vspTravel', { event: indexOf(events, 'restore', 1) });
    expect(await place()).toMatchObject({ pass: 'restore', packet: 1 });
    expect((await look()).here).toBe(seen.length);
    await debug.go('stepBack');
    expect((await look()).events.length).toBe(seen.length);
  });

  it('forgets what was ahead once a variable is changed, and what came of it when that is undone', async () => {
    await atPass('restore', 0);
    const { events: seen } = await look();
    const { frameId } = await debug.go('vspTravel', { event: indexOf(seen, 'write', 1) });
    await look();
    await debug.ask('evaluate', { expression: '*BytesNeeded = 4711', frameId, context: 'repl' });
    const edited = await look();
    expect(edited.events.length).toBe(edited.here);
    await debug.go('vspTravel', { event: edited.here - 1 });
    await debug.go('next');
    await look();
    await debug.go('stepOut');
    expect((await look()).events.length).toBeGreaterThanOrEqual(edited.here);
    await debug.go('vspTravel', { event: indexOf(seen, 'write', 0) });
    const back = await look();
    expect(back.events.length).toBe(edited.here);
    expect(back.events.length).toBeGreaterThan(back.here);
    const again = await debug.go('vspStopAt', { pass: 'write', packet: 1 });
    expect(await debug.value('*BytesNeeded', again.frameId)).not.toBe('4711');
  });

  it('refuses what is no event of it', async () => {
    await atPass('query', 0);
    await look();
    for (const event of [-1, 1e6, 0.5, 'last', null]) {
      expect(await debug.refused('vspTravel', { event })).toMatch(/The timeline has no event/);
    }
  });
});

describe('where the run stands', () => {
  it('has SaveBuf with the lines that wrote it', async () => {
    await atPass('write', 0);
    const first = await place();
    expect(first).toMatchObject({ reason: 'Paused at the write pass of packet 0', pass: 'write', packet: 0 });
    expect(first.buffer).toMatchObject({ written: 0, runs: [{ offset: 0, place: null }] });
    let now = first;
    while (now.buffer?.written === 0 && now.pass === 'write') {
      await debug.go('next');
      now = await place();
    }
    expect(now.buffer?.written).toBeGreaterThan(0);
    const [run] = now.buffer?.runs ?? [];
    expect(run?.place).toMatchObject({ file: expect.stringMatching(/\.c$/), line: expect.any(Number) });
    await debug.go('stepBack');
    expect((await place()).buffer?.written).toBeLessThan(now.buffer?.written ?? 0);
  });

  it('has none in a query, and what was saved in a restore', async () => {
    await atPass('query', 1);
    expect(await place()).toMatchObject({ pass: 'query', packet: 1, buffer: null });
    await debug.go('vspStopAt', { pass: 'restore', packet: 1 });
    const { buffer } = await place();
    expect(buffer).toMatchObject({ written: null });
    expect(buffer?.runs).toEqual([{ offset: 0, length: buffer?.size, place: null }]);
  });
});

describe('a finding', () => {
  it('is an event at which the run can stand', async () => {
    await debug.launch({ program: at('test/corpus/save/SavePacket.c'), test: 'QueryThatSucceeds' }, [], ['finding']);
    expect((await debug.stopped()).reason).toBe('exception');
    const { events, here } = await look();
    const finding = events.findIndex(({ kind }) => kind === 'finding');
    expect(events[finding]).toMatchObject({
      name: expect.stringMatching(/^savepkt-/),
      finding: 0,
      message: expect.stringMatching(/\w/),
    });
    const { location } = await place();
    const first = await debug.go('vspTravel', { event: 0 });
    expect((await look()).here).toBeLessThan(here);
    expect(first.line).not.toBe(location?.line);
    expect(await debug.go('vspTravel', { event: finding })).toMatchObject({ line: location?.line });
    expect((await look()).here).toBe(here);
  });

  it('that ends the run is its last event', async () => {
    await debug.launch({ test: 'Overruns' }, [], ['finding']);
    await debug.stopped();
    const { events } = await look();
    expect(events.at(-1)).toMatchObject({ kind: 'finding', name: 'mem-out-of-bounds' });
    await debug.go('stepBack');
    const back = await look();
    expect([back.events.length, back.here < events.length]).toEqual([events.length, true]);
    await debug.go('vspTravel', { event: events.length - 1 });
    expect((await look()).here).toBe(events.length);
  });
});
