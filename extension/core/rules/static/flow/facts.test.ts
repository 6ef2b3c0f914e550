import { describe, expect, it } from 'vitest';
import { Facts } from './facts.js';
import { type Value, Values } from './values.js';

function setting(): { values: Values; facts: Facts; size: Value; limit: Value; number: (value: bigint) => Value } {
  const values = new Values();
  const unknown = { kind: 'unknown' } as const;
  return {
    values,
    facts: new Facts(),
    size: values.symbol(32, unknown),
    limit: values.symbol(32, unknown),
    number: (value) => values.constant(value, 32),
  };
}

describe('facts', () => {
  it('narrow a value by each condition, and refuse what cannot be', () => {
    const { facts, values, size, number } = setting();
    expect(facts.assumeCompare('uge', size, number(8n), true, values)).toBe(true);
    expect(facts.assumeCompare('ult', size, number(64n), true, values)).toBe(true);
    expect(facts.rangeOf(size)).toEqual([[8n, 63n]]);
    expect(facts.decide('ne', size, number(0n))).toBe(true);
    expect(facts.decide('ugt', size, number(63n))).toBe(false);
    expect(facts.decide('eq', size, number(10n))).toBeUndefined();
    expect(facts.assumeCompare('eq', size, number(100n), true, values)).toBe(false);
  });

  it('reach through widening, narrowing and constant sums', () => {
    const { facts, values, size } = setting();
    const wide = values.cast('zext', 64, size);
    const sum = values.operation('add', 64, wide, values.constant(16n, 64));
    expect(facts.assumeCompare('ule', sum, values.constant(48n, 64), true, values)).toBe(true);
    expect(facts.rangeOf(size)).toEqual([[0n, 32n]]);
    expect(values.cast('trunc', 32, wide)).toBe(size);
  });

  it.each([
    ['udiv', 12n],
    ['lshr', 3n],
  ])('know from a number of records (%s) how many bytes there are', (operation, by) => {
    const { facts, values, size, number } = setting();
    const count = values.operation(operation, 32, size, number(by));
    const bytes = operation === 'udiv' ? by : 1n << by;
    expect(facts.assumeCompare('ugt', count, number(1n), true, values)).toBe(true);
    expect(facts.assumeCompare('ule', count, number(4n), true, values)).toBe(true);
    expect(facts.rangeOf(size)).toEqual([[2n * bytes, 5n * bytes - 1n]]);
  });

  it('know a sum that goes around its width', () => {
    const { facts, values, size, number } = setting();
    expect(facts.assumeCompare('uge', size, number(0xfffffff8n), true, values)).toBe(true);
    expect(facts.rangeOf(values.operation('add', 32, size, number(8n)))).toEqual([[0n, 7n]]);
  });

  it('order two values that are no numbers, whichever is named first', () => {
    const { facts, values, size, limit } = setting();
    expect(facts.isTied(size)).toBe(false);
    expect(facts.assumeCompare('ule', size, limit, true, values)).toBe(true);
    expect(facts.isTied(size)).toBe(true);
    expect(facts.decide('uge', limit, size)).toBe(true);
    expect(facts.decide('ult', limit, size)).toBe(false);
    expect(facts.decide('eq', limit, size)).toBeUndefined();
    expect(facts.assumeCompare('uge', size, limit, true, values)).toBe(true);
    expect(facts.decide('eq', limit, size)).toBe(true);
  });

  it('take a condition of several apart', () => {
    const { facts, values, size, limit, number } = setting();
    const both = values.operation(
      'and',
      1,
      values.operation('cmp.ult', 1, size, number(4n)),
      values.operation('cmp.eq', 1, limit, number(9n)),
    );
    const other = facts.copy();
    expect(facts.assume(both, true, values)).toBe(true);
    expect([facts.rangeOf(size), facts.rangeOf(limit)]).toEqual([[[0n, 3n]], [[9n, 9n]]]);
    expect(other.assume(both, false, values)).toBe(true);
    expect(other.rangeOf(size)).toEqual([[0n, 0xffffffffn]]);
  });

  it('tell addresses of different things apart, and NULL from all that are there', () => {
    const { facts, values } = setting();
    const a = values.pointer(values.region('local', { name: 'a' }), 0);
    const b = values.pointer(values.region('local', { name: 'b' }), 0);
    const maybe = values.unknownPointer('heap', { kind: 'address' });
    const nothing = values.constant(0n, 64);
    expect(facts.decide('eq', a, b)).toBe(false);
    expect(facts.decide('eq', a, nothing)).toBe(false);
    expect(facts.decide('eq', maybe, nothing)).toBeUndefined();
    expect(facts.assumeCompare('ne', maybe, nothing, true, values)).toBe(true);
    expect(facts.decide('eq', maybe, nothing)).toBe(false);
  });
});
