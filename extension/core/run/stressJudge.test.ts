/** Whose fault an injected run shows, and under which rule (kmcl-facts 6.3, 6.6, 6.8, 7.6, 7.7). */
import { describe, expect, it } from 'vitest';
import type { Resaved, StressObservation } from '../kmcl/stressing.js';
import type { RuleId } from '../rules/catalogue.js';
import { type Draft, draft, severityOf } from '../rules/draft.js';
import type { CompiledDriver } from '../toolchain/module.js';
import type { Injection } from './stressInjection.js';
import { judge, judgeLies } from './stressJudge.js';
import type { Shown, Stressed } from './stressRun.js';

const DRIVER = { fixtures: [], locations: [] } as unknown as CompiledDriver;

function ended(shown: readonly Shown[], observed: Partial<StressObservation> = {}): Stressed {
  const observation = {
    injected: 1,
    accepted: false,
    returned: 0,
    current: null,
    sites: [],
    records: [],
    outcomes: [],
    resaved: [],
    ...observed,
  };
  return { ended: 'completed', units: 1, shown, observation };
}

function shows(rule: RuleId, fault = false, pass: Draft['pass'] = 'restore'): Shown {
  return { draft: draft(rule, 'it happens', { pass }), fault };
}

function record(size: number, mask = 0): Injection & { readonly kind: 'record' } {
  return { kind: 'record', at: 0, saved: 16, change: { size, offset: 3, mask } };
}

function rules(injection: Injection, end: Stressed): readonly string[] {
  return judge(DRIVER, injection, end).map((each) => `${each.rule} ${severityOf(each)}`);
}

const TAKEN = { accepted: true };

describe('a damaged record', () => {
  it.each([
    ['faults', record(4), [shows('mem-out-of-bounds', true)], {}, ['restorepkt-validate error']],
    [
      'faults once it was taken',
      record(16, 1),
      [shows('mem-use-after-free', true)],
      TAKEN,
      ['restorepkt-validate error'],
    ],
    ['never ends', record(16, 1), [shows('run-timeout', true)], {}, ['restorepkt-validate error']],
    ['is taken and not restored', record(4), [shows('restorepkt-libbuf')], TAKEN, ['restorepkt-validate error']],
    [
      'R6: is refused and leaves something',
      record(4),
      [shows('restorepkt-free-on-failure')],
      {},
      ['restorepkt-free-on-failure error'],
    ],
    ['is refused under a lock', record(4), [shows('lock-irql')], {}, ['lock-irql error']],
    ['is refused, and the test does odd things', record(4), [shows('state-disable-before-cleanup')], {}, []],
    ['is taken, and what is in it differs', record(16, 1), [shows('roundtrip-differs'), shows('mem-leak')], TAKEN, []],
    ['S-10: was only larger', record(20), [shows('restorepkt-free-on-failure')], {}, []],
  ] as const)('%s', (_name, injection, shown, observed, expected) => {
    expect(rules(injection, ended(shown, observed))).toEqual(expected);
  });

  it('says which input it was, and what else that is called', () => {
    const [told] = judge(DRIVER, record(4), ended([shows('mem-out-of-bounds', true)]));
    expect(told?.message).toBe('it happens, when a record of 16 bytes is cut short to 4');
    expect(told?.related).toEqual([{ message: 'mem-out-of-bounds: it happens', location: null }]);
  });
});

describe('another injection', () => {
  it.each([
    [
      'M14: a store beyond a short buffer',
      { kind: 'write-buffer-smaller', bytes: 1 },
      [shows('savepkt-no-overrun', true, 'write')],
      ['savepkt-recheck-size error'],
    ],
    [
      'M13: a part of the record',
      { kind: 'write-buffer-smaller', bytes: 1 },
      [shows('savepkt-no-truncate', false, 'write')],
      ['savepkt-no-truncate warning'],
    ],
    [
      'M10: the tail of a buffer',
      { kind: 'mode', id: 'S-10', value: 'buffer' },
      [shows('savepkt-full-init')],
      ['savepkt-full-init warning'],
    ],
    [
      'S-05: a touched SaveBuf',
      { kind: 'mode', id: 'S-05', value: 'guard' },
      [shows('savepkt-zero-size-no-write', true, 'query')],
      ['savepkt-zero-size-no-write error'],
    ],
    ['S-04: another order', { kind: 'mode', id: 'S-04', value: 'shuffle' }, [shows('roundtrip-differs')], []],
    [
      'S-26, S-29: an early completion',
      { kind: 'mode', id: 'S-29', value: 'at-once' },
      [shows('mem-leak'), shows('out-no-touch-after-send')],
      ['out-no-touch-after-send info'],
    ],
    [
      'a less likely reading',
      { kind: 'mode', id: 'A-36', value: 'overlap' },
      [shows('mem-use-after-free', true)],
      ['mem-use-after-free warning'],
    ],
    [
      'S-08: a save without memory',
      { kind: 'failure', what: 'allocation', at: 0 },
      [shows('savepkt-stable', false, 'write')],
      [],
    ],
    [
      'R2: no packet',
      { kind: 'failure', what: 'packet-allocate', at: 0 },
      [shows('mem-null-dereference', true)],
      ['mem-null-dereference error'],
    ],
  ] as const)('%s', (_name, injection, shown, expected) => {
    expect(rules(injection, ended(shown))).toEqual(expected);
  });
});

const WHOLE: Resaved = { at: 0, status: 0, hash: 1n, size: 16 };

describe('a record that is taken', () => {
  function taken(size: number, hash: bigint, saved = 16): { injection: Injection & { kind: 'record' }; end: Stressed } {
    return { injection: record(size), end: ended([], { accepted: true, resaved: [{ ...WHOLE, hash, size: saved }] }) };
  }
  function refused(size: number): { injection: Injection & { kind: 'record' }; end: Stressed } {
    return { injection: record(size), end: ended([]) };
  }
  function lies(list: Parameters<typeof judgeLies>[1], inARow = true): readonly string[] {
    return judgeLies(DRIVER, list, WHOLE, inARow).map(
      (each) => `${each.injection.change.size} ${each.draft.rule} ${severityOf(each.draft)}`,
    );
  }

  it('is wrong where the bytes it lacks mattered', () => {
    expect(lies([taken(4, 2n), taken(5, 2n), taken(6, 1n)])).toEqual([
      '4 restorepkt-validate error',
      '5 restorepkt-validate error',
    ]);
  });

  it('is left aside where its length stands alone: an older version by its size', () => {
    expect(lies([taken(8, 2n), taken(10, 2n), refused(9)])).toEqual([]);
    expect(lies([taken(8, 2n)], false)).toEqual(['8 restorepkt-validate error']);
  });

  it('is left aside where nobody can tell', () => {
    const unsaved = { injection: record(4), end: ended([], { accepted: true }) };
    expect(lies([unsaved, { ...unsaved, injection: record(5) }])).toEqual([]);
  });

  it('S-17: is right when it is empty and saves nothing, and made of nothing when it saves bytes', () => {
    expect(lies([taken(0, 5n, 0)])).toEqual([]);
    expect(lies([taken(0, 2n)])).toEqual(['0 restorepkt-validate error']);
  });

  it('S-10: in a larger buffer must be taken, and be the same', () => {
    expect(lies([taken(20, 1n)])).toEqual([]);
    expect(lies([taken(20, 2n)])).toEqual(['20 restorepkt-validate warning']);
    expect(lies([refused(20)])).toEqual(['20 restorepkt-validate warning']);
  });

  it('that faulted is told by that', () => {
    const faulted = { injection: record(20), end: ended([shows('mem-out-of-bounds', true)]) };
    expect(lies([faulted])).toEqual([]);
  });
});
