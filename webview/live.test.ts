import { expect, it } from 'vitest';
import { samplePack } from '../extension/core/run/samplePack.testing.js';
import { arrange } from './list/arrange.js';
import { channelFacts } from './list/packetFacts.js';
import { atOnce } from './list/turn.js';
import { resultText } from './live.js';

const [run] = samplePack(120).runs;
const facts = channelFacts('storage', run!, run!.channels[0]!);
const sort = { column: 'index', descending: false } as const;
const sum = (packets: readonly number[]) =>
  packets.reduce((total, packet) => total + facts.columns.stateBytes[packet]!, 0);

it('tells a result in one sentence', async () => {
  const all = await arrange(facts, { filter: null, sort, grouped: true }, atOnce);
  const bytes = sum(Array.from({ length: 120 }, (_, packet) => packet)).toLocaleString('en-US');
  expect(resultText(all, run!)).toBe(`120 packets, ${bytes} bytes, 2 findings`);
  const few = await arrange(facts, { filter: (packet) => packet < 2, sort, grouped: false }, atOnce);
  expect(resultText(few, run!)).toBe(`2 of 120 packets, ${sum([0, 1]).toLocaleString('en-US')} bytes`);
});
