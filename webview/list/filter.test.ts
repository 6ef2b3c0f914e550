import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PackedPackets } from '../../extension/core/run/packedPackets.js';
import type { Packet } from '../../extension/core/run/report.js';
import { statusName } from '../../extension/core/run/statuses.js';
import { factsOf, packetSpec, records } from '../../test/support/channelFacts.js';
import { compileFilter } from './filter.js';
import { parseFilter } from './filterParser.js';
import { findingsOf } from './packetFacts.js';

type Naive = (packet: Packet, rules: readonly string[]) => boolean;

const fails = (status: string): boolean => Number.parseInt(status, 16) >= 0x80000000;
const saved = ({ write, query }: Packet): string => (write ?? query).status;
const nameOf = (status: string): string => statusName(Number.parseInt(status, 16));

/** What each filter means, in the words of the report's own packets. */
const meanings: readonly (readonly [string, Naive])[] = [
  ['', () => true],
  ['state:queued', ({ state }) => state === 'queued'],
  ['-state:queued', ({ state }) => state === 'inFlight'],
  ['size:>48', ({ stateBytes }) => stateBytes > 48],
  ['size:..100', ({ stateBytes }) => stateBytes <= 100],
  ['size:8,100..200', ({ stateBytes }) => stateBytes === 8 || (stateBytes >= 100 && stateBytes <= 200)],
  ['needed:>=0', ({ query }) => query.bytesNeeded !== null],
  ['buffer:<1k', ({ write }) => write !== null && write.saveBufSize < 1024],
  [
    'unread:>0',
    ({ restore, stateBytes }) => restore !== null && restore.bytesRead !== null && stateBytes - restore.bytesRead > 0,
  ],
  ['status:ok', (packet) => !fails(saved(packet))],
  ['status:fail', (packet) => fails(saved(packet))],
  ['status:0xC0000023', (packet) => saved(packet) === '0xC0000023'],
  ['status:TOO_SMALL', (packet) => nameOf(saved(packet)).includes('TOO_SMALL')],
  ['restore:none', ({ restore }) => restore === null],
  ['restore:fail', ({ restore }) => restore !== null && fails(restore.status)],
  ['finding:any', (_packet, rules) => rules.length > 0],
  ['finding:none', (_packet, rules) => rules.length === 0],
  ['finding:error', (_packet, rules) => rules.includes('savepkt-size-exact')],
  ['finding:mem,savepkt', (_packet, rules) => rules.length > 0],
  ['kind:nic', ({ kind }) => kind.toLowerCase().includes('nic')],
  ['kind:bus,default', ({ kind }) => kind === 'BusComplete' || kind === '(default)'],
  ['type:bus', ({ record }) => record !== undefined && records[record] === 'BUS_RECORD'],
  ['stub:yes', ({ stubbed }) => stubbed === true],
  ['packet:3..5', ({ index }) => index >= 3 && index <= 5],
  ['#4', ({ index }) => index === 4],
  ['complete -kind:bus', ({ kind }) => kind === 'NicSendComplete'],
  ['leak', (_packet, rules) => rules.includes('mem-leak')],
];

describe('a filter', () => {
  it.each(meanings)('%s', (text, means) => {
    fc.assert(
      fc.property(fc.array(packetSpec, { maxLength: 12 }), (specs) => {
        const facts = factsOf(specs);
        const packets = new PackedPackets(facts.columns);
        const passes = compileFilter(parseFilter(text), facts) ?? (() => true);
        for (let index = 0; index < specs.length; index += 1) {
          const rules = findingsOf(facts, index).map(({ rule }) => rule);
          expect(passes(index)).toBe(means(packets.at(index), rules));
        }
      }),
      { numRuns: 60 },
    );
  });
});
