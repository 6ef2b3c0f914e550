/** RestoreFromBuffer, RestorePacket, VmbPacketRestore: kmcl-facts 6.5 and 6.6 with S-17 to S-38, and states of fixtures. */
import { beforeAll, describe, expect, it } from 'vitest';
import { compileText, type TestDriver, type TestRun } from '../../../test/support/driver.js';
import { SOURCE, type Wrong } from '../../../test/support/restoreDriver.js';
import { EVENT, PACKET_RECORD, PACKET_RECORD_SIZE, RECORD_FLAGS } from './layout.js';

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
});

const EXACT = ['S-05=null', 'S-10=exact', 'S-14=once'];

function restoreBreaches(run: TestRun): readonly string[] {
  return run.breaches.filter(
    (rule) => rule.startsWith('restore') || rule.startsWith('out-') || rule.startsWith('save'),
  );
}

describe('channel restore (6.5)', () => {
  it.each<[string, readonly string[]]>([
    ['S31', []],
    ['Twice', []],
    ['FromBytes', []],
    ['DirectBytes', ['restore-finish']],
    ['LeftOut', ['restore-order']],
    ['StartUnfinished', ['restore-finish']],
    ['StartFailed', ['restore-unwind']],
    ['S23', ['restore-before-active']],
    ['S23Disabled', []],
    ['S24', []],
    ['S27', []],
    ['S38', ['restore-same-config']],
    ['Answers', []],
    ['OutsideCallback', ['restorepkt-libbuf']],
  ])('%s', (test, breaches) => {
    const run = driver.test(test, { modes: EXACT });
    expect([run.end, restoreBreaches(run)]).toEqual(['completed', breaches]);
  });

  it('S-21: whole chunks only, nothing else is consumed', () => {
    const run = driver.test('S21', { modes: EXACT });
    expect(run.end).toBe('completed');
    expect(new Set(restoreBreaches(run))).toEqual(new Set(['restore-order']));
  });

  it('detects every flipped bit of its own bytes', () => {
    const run = driver.test('Flips', { modes: EXACT });
    expect([run.end, run.output, restoreBreaches(run)]).toEqual(['completed', [], []]);
  });

  it('tells in the records of the first save what became of its packets', () => {
    const run = driver.test('S31', { modes: EXACT });
    const view = new DataView(run.result.records.buffer, run.result.records.byteOffset, run.result.records.byteLength);
    expect(view.byteLength).toBe(8 * PACKET_RECORD_SIZE);
    const rows = Array.from({ length: 8 }, (_, index) => {
      const word = (field: keyof typeof PACKET_RECORD) =>
        view.getUint32(index * PACKET_RECORD_SIZE + PACKET_RECORD[field], true);
      const flags = word('flags');
      const restored = (flags & RECORD_FLAGS.RESTORED) !== 0;
      return [(flags & RECORD_FLAGS.IN_FLIGHT) !== 0, word('library_bytes'), restored, word('restore_status')];
    });
    // Four packets of 16 + 904 + 8 bytes fit the ring; a queued packet's inline bytes are the library's.
    expect(rows).toEqual([...Array(4).fill([true, 32, true, 0]), ...Array(4).fill([false, 932, true, 0])]);
    expect(run.result.channels.map(({ saves }) => saves.length)).toEqual([
      1,
      ...run.result.channels.slice(1).map(() => 0),
    ]);
  });
});

describe('RestorePacket (6.6)', () => {
  it.each<[Wrong, readonly string[], string]>([
    ['Nothing', ['restorepkt-libbuf'], '00000000 0'],
    ['Twice', ['restorepkt-libbuf'], '00000000 1'],
    ['Changed', ['restorepkt-libbuf'], 'c00000f0 0'],
    ['Short', ['restorepkt-libbuf'], 'c00000f0 0'],
    ['Swallowed', ['restorepkt-libbuf', 'restorepkt-propagate'], '00000000 0'],
    ['Leaks', ['restorepkt-free-on-failure'], 'c000009a 0'],
    ['NoRoutine', ['restorepkt-routine'], '00000000 1'],
    ['Sent', ['restorepkt-no-send'], '00000000 1'],
    ['Initialized', ['restorepkt-allocate'], 'c00000ef 0'],
    ['InPlace', ['restorepkt-copy'], '00000000 1'],
    ['Late', [], '00000000 1'],
  ])('%s', (name, breaches, answer) => {
    const run = driver.test(`Wrong${name}`, { modes: EXACT });
    expect(run.end).toBe('completed');
    expect(restoreBreaches(run)).toEqual(breaches);
    expect(run.output).toEqual([answer]);
  });

  it.each(['UseAfter', 'StateFreedTwice'])('%s faults (S-28)', (test) => {
    expect(driver.test(test, { modes: EXACT }).result.ended).toBe('fault');
  });

  it('runs at PASSIVE_LEVEL below RestoreFromBuffer, packet by packet', () => {
    const run = driver.test('S31', { modes: EXACT });
    const calls = run
      .events()
      .filter(({ kind, api }) => kind === EVENT.CALLBACK && api === 'EvtVmbChannelRestorePacket')
      .map(({ packet }) => packet);
    expect(calls).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
});

describe('modes of restore (6.8)', () => {
  it('S-10: N and the buffer in turn, the whole buffer, or N', () => {
    const sizes = (mode: string) => {
      const run = driver.test('S10', { modes: ['S-05=null', 'S-14=once', mode] });
      expect(run.end).toBe('completed');
      return run.output.map(Number);
    };
    expect(sizes('S-10=exact')).toEqual(Array(6).fill(8));
    const alternate = sizes('S-10=alternate');
    expect(alternate.filter((_, index) => index % 2 === 0)).toEqual([8, 8, 8]);
    expect(Math.max(...alternate)).toBeGreaterThan(8);
    expect(Math.max(...sizes('S-10=buffer'))).toBeGreaterThan(8);
  });

  it('S-17: a packet without state comes with NULL and not NULL in turn', () => {
    expect(driver.test('S17', { modes: EXACT }).output).toEqual(['0101']);
    expect(driver.test('S17', { modes: [...EXACT, 'S-17=null'] }).output).toEqual(['0000']);
    expect(driver.test('S17', { modes: [...EXACT, 'S-17=valid'] }).output).toEqual(['1111']);
  });

  it('S-25: shuffled calls, but queued packets keep their order (S-31)', () => {
    const run = driver.test('Order', { modes: [...EXACT, 'S-25-ORDER=shuffle'] });
    expect([run.end, restoreBreaches(run)]).toEqual(['completed', []]);
    const calls = run
      .events()
      .filter(({ kind, api }) => kind === EVENT.CALLBACK && api === 'EvtVmbChannelRestorePacket')
      .map(({ packet }) => packet);
    expect(calls).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('S-29: completions wait, or come at once', () => {
    expect(driver.test('S29', { modes: EXACT }).output).toEqual(['0 2']);
    expect(driver.test('S29', { modes: [...EXACT, 'S-29=at-once'] }).output).toEqual(['2 0']);
  });

  it('S-32: FORCE_NEW_CHANNEL drops the packets, or not', () => {
    expect(driver.test('S32', { modes: EXACT }).output).toEqual(['0']);
    expect(driver.test('S32', { modes: [...EXACT, 'S-32=keep'] }).output).toEqual(['2']);
  });

  it('S-35: records are cut, flipped or emptied', () => {
    expect(driver.test('Mutated', { modes: [...EXACT, 'S-35=empty'] }).output).toEqual(['c000000d 0']);
    expect(driver.test('Mutated', { modes: [...EXACT, 'S-35=truncate'] }).output[0]).toMatch(/^c000000d [0-7]$/);
    expect(driver.test('Mutated', { modes: [...EXACT, 'S-35=flip'] }).output).toEqual(['00000000 8']);
  });
});
