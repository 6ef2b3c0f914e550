/** One fault, one finding: which inputs go together, which of them is told. */
import { describe, expect, it } from 'vitest';
import type { NotedRecord } from '../kmcl/stressing.js';
import { type Draft, draft } from '../rules/draft.js';
import { type Input, Inputs } from './stressFindings.js';
import { changedBytes, type Injection, injectionText, kindOf, smallerFirst } from './stressInjection.js';
import { singleBits } from './stressSearch.js';

const RECORD: NotedRecord = { at: 0, channel: 0, packet: 0, status: 0, callback: 7, bytes: new Uint8Array(16) };

function at(line: number): Draft['location'] {
  return { file: 'a.c', line, column: 1, function: 'Restore' };
}

function changed(size: number, offset = 0, mask = 0): Injection {
  return { kind: 'record', at: 0, saved: 16, change: { size, offset, mask } };
}

function validate(line: number, fault = 'mem-out-of-bounds'): Draft {
  return draft('restorepkt-validate', `told at ${line}`, {
    location: at(line),
    callback: 'EvtVmbChannelRestorePacket',
    pass: 'restore',
    related: [{ message: `${fault}: it faults`, location: at(line) }],
  });
}

function input(injection: Injection, told: Draft, run = 0): Input {
  return { run, injection, draft: told, record: RECORD };
}

function findings(list: readonly Input[], known: (draft: Draft) => boolean = () => false) {
  const inputs = new Inputs((_run, each) => known(each));
  for (const each of list) inputs.add(each);
  return inputs.findings().map((each) => ({
    line: each.draft.location?.line,
    inputs: each.inputs,
    injection: each.injection,
    text: each.draft.repeated,
    places: each.draft.related
      .filter(({ message }) => message.startsWith('other'))
      .map(({ location }) => location?.line),
  }));
}

describe('inputs of one fault', () => {
  const cuts = [input(changed(4), validate(10)), input(changed(0), validate(9)), input(changed(12), validate(12))];

  it('are one missing check where a callback reads short records, wherever it reads first', () => {
    expect(findings(cuts)).toEqual([
      { line: 9, inputs: 3, injection: changed(0), text: ' (3 inputs show it)', places: [10, 12] },
    ]);
  });

  it('are the same whatever the order in which runs end', () => {
    expect(findings(cuts.toReversed())).toEqual(findings(cuts));
  });

  it('take in a changed byte that leads to the same place', () => {
    expect(findings([...cuts, input(changed(16, 2, 255), validate(10))])).toMatchObject([{ line: 9, inputs: 4 }]);
  });

  it('stay apart where different bytes do harm at different places', () => {
    const list = [input(changed(16, 2, 255), validate(20)), input(changed(16, 9, 255), validate(30))];
    expect(findings(list)).toMatchObject([
      { line: 20, inputs: 1 },
      { line: 30, inputs: 1 },
    ]);
  });

  it('go together where one byte does harm at two places', () => {
    const list = [
      input(changed(16, 2, 255), validate(20)),
      input(changed(16, 2, 1), validate(20)),
      input(changed(16, 2, 128), validate(30)),
    ];
    expect(findings(list)).toMatchObject([{ line: 20, inputs: 3, injection: changed(16, 2, 1), places: [30] }]);
  });

  it('go together where a wild store ends in a broken pool', () => {
    const list = [input(changed(16, 5, 255), validate(20)), input(changed(16, 4, 255), validate(21, 'mem-free-once'))];
    expect(findings(list)).toMatchObject([{ line: 20, inputs: 2 }]);
  });

  it('count in all runs, and are told in the first', () => {
    expect(findings([input(changed(4), validate(10), 2), input(changed(4), validate(10), 1)])).toMatchObject([
      { inputs: 2 },
    ]);
  });

  it('are nothing where the run finds it without them', () => {
    expect(findings(cuts, ({ location }) => location?.line === 9)).toMatchObject([{ line: 10, inputs: 2 }]);
  });
});

describe('the smallest input', () => {
  it('has fewest bytes, then fewest changed bits, then the earliest byte', () => {
    const list = [changed(16, 1, 255), changed(16, 3, 1), changed(16, 2, 1), changed(8), changed(0)];
    expect([...list].sort(smallerFirst)).toEqual([
      changed(0),
      changed(8),
      changed(16, 2, 1),
      changed(16, 3, 1),
      changed(16, 1, 255),
    ]);
  });

  it('is sought among the single bits of a change', () => {
    expect(singleBits({ size: 16, offset: 3, mask: 0x81 })).toEqual([
      { size: 16, offset: 3, mask: 1 },
      { size: 16, offset: 3, mask: 0x80 },
    ]);
    expect(singleBits({ size: 16, offset: 3, mask: 4 })).toEqual([]);
    expect(singleBits({ size: 3 })).toEqual([]);
  });
});

describe('an injection', () => {
  it.each([
    [changed(0), 'record-empty', 'when a record of 16 bytes arrives empty'],
    [changed(4), 'record-truncated', 'when a record of 16 bytes is cut short to 4'],
    [changed(16, 3, 0x80), 'record-flipped', 'when byte 3 of a record of 16 bytes is another (^ 0x80)'],
    [changed(17), 'record-enlarged', 'when a record of 16 bytes arrives in a buffer of 17'],
    [{ kind: 'mode', id: 'S-05', value: 'null' }, 'query-buffer', 'with --mode S-05=null'],
    [{ kind: 'mode', id: 'S-03', value: 'begin' }, 'mode', 'with --mode S-03=begin'],
    [{ kind: 'chunk-buffer', bytes: 1 }, 'chunk-buffer', 'when SaveContinue gets buffers of 1 byte'],
    [{ kind: 'failure', what: 'packet-restore', at: 0 }, 'packet-restore', 'when VmbPacketRestore fails'],
  ] as const)('%j is counted and told', (injection, kind, text) => {
    expect(kindOf(injection)).toBe(kind);
    expect(injectionText(injection)).toBe(text);
  });

  it('says which bytes the callback gets', () => {
    const saved = Uint8Array.of(1, 2, 3, 4);
    expect([...changedBytes(saved, { size: 2 })]).toEqual([1, 2]);
    expect([...changedBytes(saved, { size: 6 })]).toEqual([1, 2, 3, 4, 0, 0]);
    expect([...changedBytes(saved, { size: 4, offset: 1, mask: 0xff })]).toEqual([1, 0xfd, 3, 4]);
  });
});
