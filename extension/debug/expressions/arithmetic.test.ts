import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile, type Surroundings } from './compile.js';
import { ExpressionError } from './errors.js';
import { TestMemory, TestScope } from './testMemory.testing.js';
import { integerType, type Type, Types } from './types.js';

/** The model: every operand a mathematical integer, cut to its type after each step, as the C standard words it. */
interface Kind {
  readonly name: string;
  readonly size: 1 | 2 | 4 | 8;
  readonly signed: boolean;
}
interface Number_ {
  readonly kind: Kind;
  readonly value: bigint;
}

const KINDS: readonly Kind[] = [
  { name: 'char', size: 1, signed: true },
  { name: 'unsigned char', size: 1, signed: false },
  { name: 'short', size: 2, signed: true },
  { name: 'unsigned short', size: 2, signed: false },
  { name: 'int', size: 4, signed: true },
  { name: 'unsigned long', size: 4, signed: false },
  { name: 'long long', size: 8, signed: true },
  { name: 'unsigned long long', size: 8, signed: false },
];
const OPERATORS = ['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', '<', '<=', '==', '!=', '>', '>='] as const;

function cut(value: bigint, { size, signed }: Kind): bigint {
  return signed ? BigInt.asIntN(8 * size, value) : BigInt.asUintN(8 * size, value);
}

const INT_KIND: Kind = { name: 'int', size: 4, signed: true };

function promotedKind(kind: Kind): Kind {
  return kind.size < 4 ? INT_KIND : kind;
}

function commonKind(a: Kind, b: Kind): Kind {
  const [x, y] = [promotedKind(a), promotedKind(b)];
  if (x.size !== y.size) return x.size > y.size ? x : y;
  return x.signed ? y : x;
}

/** Undefined where x64 faults. */
function model(operator: (typeof OPERATORS)[number], a: Number_, b: Number_): Number_ | undefined {
  if (operator === '<<' || operator === '>>') {
    const kind = promotedKind(a.kind);
    const count = BigInt.asUintN(kind.size === 8 ? 6 : 5, b.value);
    return { kind, value: cut(operator === '<<' ? a.value << count : cut(a.value, kind) >> count, kind) };
  }
  const kind = commonKind(a.kind, b.kind);
  const [x, y] = [cut(a.value, kind), cut(b.value, kind)];
  const truth = (value: boolean): Number_ => ({ kind: INT_KIND, value: value ? 1n : 0n });
  switch (operator) {
    case '+':
      return { kind, value: cut(x + y, kind) };
    case '-':
      return { kind, value: cut(x - y, kind) };
    case '*':
      return { kind, value: cut(x * y, kind) };
    case '&':
      return { kind, value: cut(x & y, kind) };
    case '|':
      return { kind, value: cut(x | y, kind) };
    case '^':
      return { kind, value: cut(x ^ y, kind) };
    case '/':
    case '%': {
      if (y === 0n || cut(x / y, kind) !== x / y) return undefined;
      return { kind, value: operator === '/' ? x / y : x % y };
    }
    case '<':
      return truth(x < y);
    case '<=':
      return truth(x <= y);
    case '>':
      return truth(x > y);
    case '>=':
      return truth(x >= y);
    case '==':
      return truth(x === y);
    case '!=':
      return truth(x !== y);
  }
}

const number = fc
  .constantFrom(...KINDS)
  .chain((kind) =>
    fc
      .oneof(
        fc.bigInt({ min: -(1n << 64n), max: 1n << 64n }),
        fc.constantFrom(0n, 1n, -1n, 2n, -(1n << 31n), (1n << 31n) - 1n, -(1n << 63n), (1n << 32n) - 1n),
      )
      .map((value): Number_ => ({ kind, value: cut(value, kind) })),
  );

const memory = new TestMemory();
const scope = new TestScope();
const surroundings: Surroundings = { types: new Types([]), scope, memory, sideEffects: true };

function typeOf({ name, size, signed }: Kind): Type {
  return integerType(name, size, signed);
}

function put(name: string, address: number, { kind, value }: Number_): void {
  scope.variable(name, typeOf(kind), address);
  memory.put(address, kind.size, value);
}

function evaluate(text: string): { readonly value: bigint; readonly size: number } | 'fault' {
  try {
    const { value, type } = compile(text, surroundings);
    return { value: BigInt(value?.() ?? 0), size: type.size };
  } catch (error) {
    if (error instanceof ExpressionError) return 'fault';
    throw error;
  }
}

describe('integer arithmetic is that of MSVC x64', () => {
  it('for every operator and every pair of types', () => {
    fc.assert(
      fc.property(number, number, fc.constantFrom(...OPERATORS), (a, b, operator) => {
        put('a', 0x1000, a);
        put('b', 0x1010, b);
        const expected = model(operator, a, b);
        const got = evaluate(`a ${operator} b`);
        if (expected === undefined) expect(got).toBe('fault');
        else expect(got).toEqual({ value: expected.value, size: expected.kind.size });
      }),
      { numRuns: 5000, seed: 1 },
    );
  });

  it('for casts', () => {
    fc.assert(
      fc.property(number, fc.constantFrom(...KINDS), (a, kind) => {
        put('a', 0x1000, a);
        expect(evaluate(`(${kind.name})a`)).toEqual({ value: cut(a.value, kind), size: kind.size });
      }),
      { numRuns: 1000, seed: 2 },
    );
  });

  it('for what an assignment leaves behind', () => {
    fc.assert(
      fc.property(number, number, fc.constantFrom('=', '+=', '-=', '^=', '<<='), (a, b, operator) => {
        put('a', 0x1000, a);
        put('b', 0x1010, b);
        const arithmetic = operator === '=' ? undefined : operator.slice(0, -1);
        const result = arithmetic === undefined ? b : model(arithmetic as (typeof OPERATORS)[number], a, b);
        evaluate(`a ${operator} b`);
        expect(evaluate('a')).toEqual({ value: cut(result?.value ?? 0n, a.kind), size: a.kind.size });
      }),
      { numRuns: 2000, seed: 3 },
    );
  });

  it('for bit-fields: a store changes no other bit', () => {
    const fields = fc
      .record({ size: fc.constantFrom(1, 2, 4, 8), signed: fc.boolean(), start: fc.nat(63), width: fc.nat(63) })
      .map(({ size, signed, start, width }) => {
        const first = start % (8 * size);
        return { size, signed, start: first, width: 1 + (width % (8 * size - first)) };
      });
    fc.assert(
      fc.property(fields, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), number, (field, before, b) => {
        const { size, signed, start, width } = field as {
          size: 1 | 2 | 4 | 8;
          signed: boolean;
          start: number;
          width: number;
        };
        const unit = integerType(signed ? 'long long' : 'unsigned long long', size, signed);
        scope.variable(
          'r',
          {
            name: 'R',
            size,
            shape: {
              kind: 'record',
              tag: 'R',
              union: false,
              fields: [{ name: 'f', offset: 0, type: unit, bits: { start, width } }],
            },
          },
          0x1020,
        );
        memory.put(0x1020, 8, before);
        put('b', 0x1010, b);
        const got = evaluate('r.f = b');
        const value = signed ? BigInt.asIntN(width, b.value) : BigInt.asUintN(width, b.value);
        expect(got).toEqual({ value, size });
        const mask = ((1n << BigInt(width)) - 1n) << BigInt(start);
        const expected = (before & ~mask) | ((value << BigInt(start)) & mask);
        expect(memory.u64(0x1020)).toBe(BigInt.asUintN(64, expected));
      }),
      { numRuns: 2000, seed: 4 },
    );
  });

  it('never fails otherwise than with an error of its own, whatever is typed', () => {
    const words = fc.constantFrom(
      'a',
      'b',
      '+',
      '->',
      '.',
      '(',
      ')',
      '[',
      ']',
      '*',
      '&',
      '1',
      '?',
      ':',
      'sizeof',
      'int',
      ',',
      '=',
      '"',
      '0x',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string({ maxLength: 3 })), { maxLength: 12 }), (parts) => {
        put('a', 0x1000, { kind: INT_KIND, value: 1n });
        put('b', 0x1010, { kind: INT_KIND, value: 2n });
        evaluate(parts.join(' '));
      }),
      { numRuns: 3000, seed: 5 },
    );
  });
});
