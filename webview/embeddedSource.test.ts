import { describe, expect, it, vi } from 'vitest';
import { packBytes, savedOf } from '../extension/core/run/reportPack.js';
import { samplePack } from '../extension/core/run/samplePack.testing.js';
import { EmbeddedSource } from './embeddedSource.js';
import type { SourceEvent } from './source.js';

const pack = samplePack(60);
const [run] = pack.runs;
const both = { ...pack, runs: [run!, { ...run!, driver: 'bus', name: 'Other' }] };
const base64 = Buffer.from(packBytes(both)).toString('base64');

function opened(copyText = vi.fn(() => Promise.resolve())) {
  const source = new EmbeddedSource(`\n${base64}\n`, copyText);
  const events: SourceEvent[] = [];
  source.listen((event) => events.push(event));
  return { source, events, copyText };
}

describe('an exported file', () => {
  it('has the report in it, driver by driver', () => {
    const { events } = opened();
    expect(events).toHaveLength(1);
    const [event] = events;
    const drivers = event?.kind === 'reports' ? event.drivers : [];
    expect(drivers.map(({ name, pack: { runs } }) => [name, runs.map((each) => each.name)])).toEqual([
      ['storage', ['SavesInFlightRequests']],
      ['bus', ['Other']],
    ]);
  });

  it('answers for the bytes of a packet', async () => {
    const { source } = opened();
    const answer = await source.call('packetBytes', { driver: 'bus', run: 0, channel: 0, packet: 11 });
    expect(answer).toEqual(savedOf(both, 1, 0, 11));
    const none = await source.call('packetBytes', { driver: 'bus', run: 0, channel: 9, packet: 0 });
    expect(none).toEqual({ bytes: null, writtenBy: [] });
  });

  it('copies, and says what it cannot do', async () => {
    const { source, copyText } = opened();
    await source.call('copy', { text: '00 01' });
    expect(copyText).toHaveBeenCalledWith('00 01');
    await expect(source.call('run', { driver: null })).rejects.toThrow('open the driver in VS Code');
  });

  it('refuses what is no report', () => {
    const damaged = Buffer.from(base64, 'base64');
    damaged[damaged.length - 1]! ^= 1;
    const open = (text: string) => () => new EmbeddedSource(text, () => Promise.resolve());
    expect(open(damaged.toString('base64'))).toThrow();
    expect(open('AAAA')).toThrow();
  });
});
