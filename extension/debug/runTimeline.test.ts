import { beforeEach, describe, expect, it } from 'vitest';
import { changedEvents, type KnownEvents, NO_EVENTS, type RunEvent } from '../core/run/knownEvents.js';
import type { RunEvents } from '../core/run/runEvents.js';
import { RunTimeline } from './runTimeline.js';

const place = { file: 'Nic.c', line: 12, column: 5, function: 'Save' };

const event = (record: number, more: Partial<RunEvent> = {}): RunEvent => ({
  record,
  kind: 'packet',
  name: 'EvtVmbChannelSavePacket',
  channel: 0,
  depth: 0,
  packet: record,
  pass: 'write',
  ...more,
});

/** The run when its log has so many records, each an event that answers `status`. */
const until = (records: number, status?: string): RunEvents => ({
  events: Array.from({ length: records }, (_, at) => event(at, status === undefined ? {} : { status })),
  places: [place],
  dropped: 0,
  records,
});

let timeline: RunTimeline;
let known: KnownEvents;
beforeEach(() => {
  timeline = new RunTimeline();
  known = NO_EVENTS;
});

/** As a view has it, which is told changes alone. */
function told(): KnownEvents {
  const next = changedEvents(known, timeline.since(known.version));
  if (next === undefined) throw new Error('a change of another list');
  expect(next).toEqual(changedEvents(NO_EVENTS, timeline.since(0)));
  known = next;
  return known;
}

const records = (): readonly number[] => told().events.map(({ record }) => record);

describe('what is known of a run', () => {
  it('grows as it goes on, and stays when it goes back', () => {
    timeline.look(until(2), 20, undefined);
    expect([records(), known.here]).toEqual([[0, 1], 2]);
    timeline.look(until(5), 50, undefined);
    expect([records(), known.here]).toEqual([[0, 1, 2, 3, 4], 5]);
    timeline.look(until(1), 10, undefined);
    expect([records(), known.here]).toEqual([[0, 1, 2, 3, 4], 1]);
    timeline.look(until(6), 60, undefined);
    expect([records(), known.here]).toEqual([[0, 1, 2, 3, 4, 5], 6]);
  });

  it('tells of what has returned meanwhile by itself, and keeps it', () => {
    timeline.look(until(3), 30, undefined);
    told();
    timeline.look(until(3, '0x00000000'), 30, undefined);
    expect(timeline.since(known.version)).toMatchObject({
      keep: 3,
      added: [],
      changed: [{ at: 0 }, { at: 1 }, { at: 2 }],
    });
    expect(told().events[1]?.status).toBe('0x00000000');
    timeline.look(until(1), 10, undefined);
    expect(told().events[0]?.status).toBe('0x00000000');
  });

  it('is another from where the run went another way', () => {
    timeline.look(until(4, '0x00000000'), 40, undefined);
    told();
    timeline.look(until(3, '0xC000009A'), 30, undefined);
    expect(told().events.map(({ status }) => status)).toEqual(['0xC000009A', '0xC000009A', '0xC000009A']);
  });

  it('takes the place of the list of a run before it', () => {
    timeline.look(until(3), 30, undefined);
    told();
    timeline = new RunTimeline(timeline.version);
    timeline.look(until(2), 20, undefined);
    expect([records(), known.here]).toEqual([[0, 1], 2]);
  });

  it('is told whole to whoever has missed a change', () => {
    timeline.look(until(2), 20, undefined);
    timeline.look(until(3), 30, undefined);
    timeline.look(until(4), 40, undefined);
    expect(timeline.since(1)).toMatchObject({ since: 0, keep: 0, here: 4 });
    expect(timeline.since(3)).toMatchObject({ since: 3, keep: 4, added: [], changed: [] });
    expect(changedEvents({ ...NO_EVENTS, version: 9 }, timeline.since(2))).toBeUndefined();
  });
});

describe('a change of memory', () => {
  it('makes what lies ahead unknown', () => {
    timeline.look(until(5), 50, undefined);
    timeline.look(until(2), 20, undefined);
    timeline.edited();
    expect([records(), known.here]).toEqual([[0, 1], 2]);
  });

  it('is undone with what came of it by going to before it, not by going to after it', () => {
    timeline.look(until(2), 20, undefined);
    timeline.edited();
    timeline.look(until(6), 60, undefined);
    timeline.look(until(3), 30, undefined);
    expect(records()).toEqual([0, 1, 2, 3, 4, 5]);
    timeline.look(until(1), 10, undefined);
    expect([records(), known.here]).toEqual([[0, 1], 1]);
  });

  it('is undone by a single step that the log knows nothing of', () => {
    timeline.look(until(2), 25, undefined);
    timeline.edited();
    timeline.look(until(4), 40, undefined);
    timeline.look(until(2), 25, undefined);
    expect(records()).toEqual([0, 1, 2, 3]);
    timeline.look(until(2), 24, undefined);
    expect(records()).toEqual([0, 1]);
  });
});

describe('the way to an event', () => {
  it('is its record, its number as a finding, or the moment that ended the run', () => {
    const moment = { event: 90, incident: 1 };
    const finding = event(2, { kind: 'finding', name: 'savepkt-stable', finding: 0, message: 'differs' });
    const { events, ...rest } = until(2);
    timeline.look({ ...rest, events: [...events, finding], records: 3 }, 30, {
      rule: 'mem-leak',
      message: 'x',
      moment,
    });
    expect([0, 1, 2, 3, 4].map((at) => timeline.goalOf(at))).toEqual([
      { kind: 'travelToEvent', record: 0 },
      { kind: 'travelToEvent', record: 1 },
      { kind: 'travelToFinding', finding: 0 },
      { kind: 'travel', to: moment },
      undefined,
    ]);
    expect(told().here).toBe(4);
  });
});
