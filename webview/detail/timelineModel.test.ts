import { describe, expect, it } from 'vitest';
import type { Finding, TimelineEvent } from '../../extension/core/run/report.js';
import { findingOf, timelineRows } from './timelineModel.js';

const event = (kind: TimelineEvent['kind'], name: string, over: Partial<TimelineEvent> = {}): TimelineEvent => ({
  at: 0,
  kind,
  name,
  location: null,
  ...over,
});

const finding = (rule: string, packetIndex: number | null): Finding => ({
  rule,
  severity: 'error',
  message: `${rule} of ${packetIndex}`,
  location: null,
  channel: 0,
  packetIndex,
  callback: null,
  pass: null,
  callStack: [],
  related: [],
  suppressed: false,
});

const rows = (...events: TimelineEvent[]) =>
  timelineRows(events, [finding('savepkt-stable', null), finding('savepkt-stable', 3)]);

describe('the channel from event to event', () => {
  it('follows its state from disabled on', () => {
    const all = rows(
      event('call', 'VmbChannelEnable'),
      event('state', 'Enabled'),
      event('state', 'Active'),
      event('callback', 'EvtVmbChannelStarted'),
      event('state', 'Paused'),
      event('state', 'Disabled'),
    );
    expect(all.map(({ before, level }) => [before, level])).toEqual([
      [0, 0],
      [0, 1],
      [1, 3],
      [3, 3],
      [3, 2],
      [2, 0],
    ]);
    expect(all.map(({ state }) => state)).toEqual(['Disabled', 'Enabled', 'Active', 'Active', 'Paused', 'Disabled']);
  });

  it('says which packets a line stands for', () => {
    const details = rows(
      event('packets', 'EvtVmbChannelSavePacket', { first: 0, last: 39, pass: 'query' }),
      event('call', 'VmbPacketSend', { first: 4 }),
      event('callback', 'EvtVmbChannelRestorePacket', { first: 4, pass: 'restore' }),
      event('call', 'VmbChannelPause'),
      event('call', 'VmbPacketSend', { count: 24 }),
      event('packets', 'EvtVmbPacketCompletionRoutine', { first: 0, last: 23, count: 24 }),
      event('packets', 'EvtVmbPacketCompletionRoutine', { first: 0, last: 3, count: 1200 }),
    ).map(({ detail }) => detail);
    expect(details).toEqual([
      'query of 40 packets 0–39',
      'packet 4',
      'restore of packet 4',
      '',
      '24 times',
      '24 packets 0–23',
      '4 packets 0–3, 1,200 times',
    ]);
  });

  it('leaves success unsaid and marks a failure, but not the statuses that only ask for more', () => {
    const status = (name: string, value: string, over: Partial<TimelineEvent> = {}) =>
      rows(event('call', name, { status: value, ...over }))[0];
    expect(status('VmbChannelEnable', '0x00000000')).not.toHaveProperty('status');
    expect(status('VmbChannelEnable', '0xC000000D')).toMatchObject({
      tone: 'info',
      status: { name: 'STATUS_INVALID_PARAMETER' },
    });
    expect(status('VmbChannelSaveContinue', '0x80000005')?.tone).toBe('good');
    expect(status('VmbChannelSaveContinue', '0xC0000023')?.tone).toBe('good');
    expect(status('VmbChannelRestoreFromBuffer', '0xC0000016')?.tone).toBe('good');
    expect(status('VmbChannelRestoreFromBuffer', '0xC0000023')?.tone).toBe('info');
    expect(status('EvtVmbChannelSavePacket', '0xC0000023', { pass: 'query' })?.tone).toBe('good');
    expect(status('EvtVmbChannelSavePacket', '0xC0000023', { pass: 'write' })?.tone).toBe('info');
  });

  it('tells a finding by its rule and its packet', () => {
    const [ofPacket, ofChannel, unknown] = rows(
      event('finding', 'savepkt-stable', { first: 3 }),
      event('finding', 'savepkt-stable'),
      event('finding', 'no-such-rule'),
    );
    expect(ofPacket).toMatchObject({ detail: 'savepkt-stable of 3', tone: 'error' });
    expect(ofChannel).toMatchObject({ detail: 'savepkt-stable of null' });
    expect(unknown).toMatchObject({ detail: '', tone: 'warning' });
    expect(
      findingOf(event('finding', 'savepkt-stable', { first: 9 }), [finding('savepkt-stable', 3)])?.packetIndex,
    ).toBe(3);
  });
});
