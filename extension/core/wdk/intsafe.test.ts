import { describe, expect, it } from 'vitest';
import { buildRuntimeModule } from '../../../test/support/runtimeModule.js';

/** Name in the functions, C type, bits, signed. */
const FROM = [
  ['Int8', 'INT8', 8, true],
  ['UInt8', 'UINT8', 8, false],
  ['Short', 'SHORT', 16, true],
  ['UShort', 'USHORT', 16, false],
  ['Int', 'INT', 32, true],
  ['UInt', 'UINT', 32, false],
  ['Long', 'LONG', 32, true],
  ['ULong', 'ULONG', 32, false],
  ['LongLong', 'LONGLONG', 64, true],
  ['ULongLong', 'ULONGLONG', 64, false],
  ['LongPtr', 'LONG_PTR', 64, true],
  ['ULongPtr', 'ULONG_PTR', 64, false],
  ['UIntPtr', 'UINT_PTR', 64, false],
  ['SizeT', 'size_t', 64, false],
] as const;
const TO = [...FROM, ['UChar', 'UCHAR', 8, false], ['Byte', 'BYTE', 8, false], ['Word', 'WORD', 16, false]] as const;
const ARITHMETIC = [...FROM, ['SSizeT', 'SSIZE_T', 64, true]] as const;
const OPERATIONS = ['Add', 'Sub', 'Mult'] as const;
const PAIRS = FROM.flatMap((from) => TO.flatMap((to) => (from[0] === to[0] ? [] : [[from, to] as const])));

const STATUS_INTEGER_OVERFLOW = 0xc0000095 | 0;

const module = buildRuntimeModule({
  'driver.c': `
    #include <ntddk.h>
    #include <ntintsafe.h>
    UINT64 Result;
    UINT64 ResultBits(void) { return Result; }
    ${ARITHMETIC.flatMap(([name, type]) =>
      OPERATIONS.map(
        (operation) => `NTSTATUS ${name}${operation}(UINT64 a, UINT64 b) {
          ${type} r; NTSTATUS s = Rtl${name}${operation}((${type})a, (${type})b, &r); Result = (UINT64)r; return s; }`,
      ),
    ).join('\n')}
    ${PAIRS.map(
      ([[from, fromType], [to, toType]]) => `NTSTATUS ${from}To${to}(UINT64 a) {
        ${toType} r; NTSTATUS s = Rtl${from}To${to}((${fromType})a, &r); Result = (UINT64)r; return s; }`,
    ).join('\n')}`,
});
const run = module.start();

/** The limits of a type, what lies around them, and what makes products overflow. */
function edges(bits: number, signed: boolean): readonly bigint[] {
  const wrap = (value: bigint) => (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
  const half = 1n << BigInt(bits - 1);
  const root = 1n << BigInt(bits / 2);
  const near = [0n, half, root, -root, half >> 1n, 3n, half / 3n];
  return [...new Set(near.flatMap((value) => [value - 1n, value, value + 1n]).map(wrap))];
}

function range(bits: number, signed: boolean): readonly [bigint, bigint] {
  return signed ? [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n] : [0n, (1n << BigInt(bits)) - 1n];
}

/** Status and result as exact arithmetic has them; on overflow all bits of the result are ones. */
function expected(exact: bigint, bits: number, signed: boolean): readonly [number, bigint] {
  const [least, most] = range(bits, signed);
  const fits = exact >= least && exact <= most;
  const value = fits ? exact : signed ? -1n : most;
  return [fits ? 0 : STATUS_INTEGER_OVERFLOW, BigInt.asUintN(64, value)];
}

function answer(name: string, ...parameters: bigint[]): readonly [number, bigint] {
  const status = run.call(name, ...parameters.map((value) => BigInt.asUintN(64, value))) as number;
  return [status, BigInt.asUintN(64, run.call('ResultBits') as bigint)];
}

describe('checked arithmetic (8.6 rows 50 and 51, and their family)', () => {
  it.each(ARITHMETIC)('Rtl%sAdd, Sub and Mult', (name, _type, bits, signed) => {
    for (const a of edges(bits, signed)) {
      for (const b of edges(bits, signed)) {
        const exact = { Add: a + b, Sub: a - b, Mult: a * b };
        for (const operation of OPERATIONS) {
          expect([a, b, answer(`${name}${operation}`, a, b)]).toEqual([a, b, expected(exact[operation], bits, signed)]);
        }
      }
    }
  });
});

describe('checked conversions', () => {
  it.each(PAIRS)('Rtl%sTo%s', ([from, , bits, signed], [to, , toBits, toSigned]) => {
    const values = [...edges(bits, signed), ...edges(toBits, toSigned)].map((value) =>
      signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value),
    );
    for (const value of values) {
      expect([value, answer(`${from}To${to}`, value)]).toEqual([value, expected(value, toBits, toSigned)]);
    }
  });
});
