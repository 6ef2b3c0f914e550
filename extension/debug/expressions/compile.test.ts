import { beforeEach, describe, expect, it } from 'vitest';
import { compile, compileCondition, type Surroundings } from './compile.js';
import { ExpressionError, MemoryError } from './errors.js';
import { TestMemory, TestScope, TestTypes } from './testMemory.testing.js';
import { INT, INT64, integerType, pointerTo, type Type, type Types, UINT, UINT64, VOID } from './types.js';

let memory: TestMemory;
let scope: TestScope;
let types: Types;
let surroundings: Surroundings;

/** One of each kind of type the driver's debug information holds. */
function tableOfTypes(): Types {
  const table = new TestTypes();
  const uint = table.integer('unsigned int', 4, false);
  const ulong = table.typedef('ULONG', table.integer('unsigned long', 4, false));
  const ushort = table.typedef('UINT16', table.integer('unsigned short', 2, false));
  const uchar = table.integer('unsigned char', 1, false);
  const long = table.integer('long', 4, true);
  const status = table.typedef('NTSTATUS', long);
  const wide = table.integer('unsigned long long', 8, false);
  const kind = table.add({
    kind: 'enum',
    name: '_KIND',
    size: 4,
    values: [
      { name: 'KindRead', value: 1 },
      { name: 'KindWrite', value: 2 },
    ],
  });
  table.typedef('KIND', kind);
  const bytes = table.add({ kind: 'array', name: 'unsigned char[8]', size: 8, element: uchar, count: 8 });
  const anonymous = table.add({
    kind: 'record',
    name: '',
    size: 4,
    union: true,
    fields: [
      { name: 'Whole', offset: 0, type: ulong },
      { name: 'Half', offset: 0, type: ushort },
    ],
  });
  // 0 Next, 8 Length, 12 flags, 16 Kind, 20 union, 24 Bytes, 32 Wide, 40 Status
  const request = table.table.length;
  const pointer = request + 1;
  table.add({
    kind: 'record',
    name: '_REQUEST',
    size: 48,
    union: false,
    fields: [
      { name: 'Next', offset: 0, type: pointer },
      { name: 'Length', offset: 8, type: ulong },
      { name: 'Low', offset: 12, type: uint, bits: { start: 0, width: 3 } },
      { name: 'Signed', offset: 12, type: long, bits: { start: 3, width: 5 } },
      { name: 'High', offset: 12, type: uint, bits: { start: 8, width: 24 } },
      { name: 'Kind', offset: 16, type: kind },
      { name: '', offset: 20, type: anonymous },
      { name: 'Bytes', offset: 24, type: bytes },
      { name: 'Wide', offset: 32, type: wide },
      { name: 'Status', offset: 40, type: status },
    ],
  });
  table.pointer('struct _REQUEST *', request);
  table.typedef('REQUEST', request);
  table.typedef('PREQUEST', pointer);
  return table.types();
}

const REQUEST = 0x2000;
const OTHER = 0x3000;
const FUNCTION: Type = { name: 'NTSTATUS (PVOID)', size: 0, shape: { kind: 'function' } };

function named(name: string): Type {
  const type = types.named(name);
  if (type === undefined) throw new Error(name);
  return type;
}

beforeEach(() => {
  memory = new TestMemory();
  scope = new TestScope();
  types = tableOfTypes();
  surroundings = { types, scope, memory, sideEffects: true };
  scope.variable('Local', named('REQUEST'), REQUEST);
  scope.variable('Request', named('PREQUEST'), 0x1100);
  scope.variable('i', INT, 0x1108);
  scope.variable('u', UINT, 0x110c);
  scope.variable('s', integerType('short', 2, true), 0x1110);
  scope.variable('c', integerType('unsigned char', 1, false), 0x1112);
  scope.variable('Big', INT64, 0x1118);
  scope.variable('Ubig', UINT64, 0x1120);
  scope.variable('Pointer', pointerTo(VOID), 0x1128);
  scope.variable('Nothing', named('PREQUEST'), 0x1130);
  scope.variable('Status', named('NTSTATUS'), 0x1138);
  scope.variable('Reference', { name: 'REQUEST &', size: 8, shape: pointerTo(named('REQUEST')).shape }, 0x1140);
  scope.variable('Flag', integerType('bool', 1, false), 0x1148);
  scope.found.set('Routine', { kind: 'function', type: FUNCTION, value: () => 7 });
  scope.value('$irql', integerType('unsigned char', 1, false), 2);
  scope.macros.set('LIMIT', '(4 * sizeof(ULONG))');
  scope.macros.set('LOOP', 'LOOP2');
  scope.macros.set('LOOP2', 'LOOP');
  scope.macros.set('BROKEN', '4 +');
  memory.put(0x1100, 8, OTHER);
  memory.put(0x1108, 4, -5);
  memory.put(0x110c, 4, 0xfffffff0);
  memory.put(0x1110, 2, -2);
  memory.put(0x1112, 1, 200);
  memory.put(0x1118, 8, -(1n << 62n));
  memory.put(0x1120, 8, (1n << 64n) - 1n);
  memory.put(0x1128, 8, OTHER);
  memory.put(0x1138, 4, 0xc0000023);
  memory.put(0x1140, 8, REQUEST);
  memory.put(REQUEST, 8, OTHER);
  memory.put(REQUEST + 8, 4, 48);
  memory.put(REQUEST + 12, 4, 5 | (0b11111 << 3) | (0xabcdef << 8));
  memory.put(REQUEST + 16, 4, 2);
  memory.put(REQUEST + 20, 4, 0x12345678);
  for (let i = 0; i < 8; i++) memory.put(REQUEST + 24 + i, 1, i * 10);
  memory.put(REQUEST + 32, 8, 0x1122334455667788n);
  memory.put(REQUEST + 40, 4, 0xc000000d);
  memory.put(OTHER + 8, 4, 99);
});

function value(text: string): number | bigint | undefined {
  return compile(text, surroundings).value?.();
}

function refusal(text: string, sideEffects = true): string {
  try {
    compile(text, { ...surroundings, sideEffects }).value?.();
  } catch (error) {
    if (error instanceof ExpressionError) return `${error.message} @${error.offset}`;
    if (error instanceof MemoryError) return error.message;
    throw error;
  }
  return 'no error';
}

describe('values of C expressions', () => {
  it.each<[string, number | bigint]>([
    // Constants
    ['42', 42],
    ['0x7fffffff', 0x7fffffff],
    ['0x80000000', 0x80000000],
    ['2147483648', 2147483648n],
    ['0xffffffffffffffff', 0xffffffffffffffffn],
    ['010', 8],
    ['0b101', 5],
    ["1'000", 1000],
    ['1u - 2', 0xffffffff],
    ['1 - 2', -1],
    ["'A'", 65],
    ["'\\n'", 10],
    ["'\\x41'", 65],
    ["'ciNV'", 0x63694e56],
    ["L'A'", 65],
    ['TRUE', 1],
    ['STATUS_BUFFER_TOO_SMALL', 0xc0000023 | 0],
    ['DISPATCH_LEVEL', 2],
    ['KindWrite', 2],
    ['NULL', 0n],
    // Precedence and association
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['10 - 4 - 3', 3],
    ['1 << 2 + 1', 8],
    ['1 | 2 ^ 3 & 2', 1 | (2 ^ (3 & 2))],
    ['1 < 2 == 1', 1],
    ['0 ? 1 : 1 ? 2 : 3', 2],
    ['-2 * -3', 6],
    ['!0 + !5', 1],
    ['~0', -1],
    ['~0u', 0xffffffff],
    ['(1, 2)', 2],
    // Integers of x64
    ['i', -5],
    ['u', 0xfffffff0],
    ['i + u', 0xffffffeb],
    ['i < u', 0],
    ['i < 1u', 0],
    ['s + 0', -2],
    ['c + 100', 300],
    ['(UCHAR)(c + 100)', 44],
    ['(char)200', -56],
    ['-c', -200],
    ['i / 2', -2],
    ['i % 2', -1],
    ['i >> 1', -3],
    ['u >> 1', 0x7ffffff8],
    ['u * 2', 0xffffffe0],
    ['0x7fffffff + 1', -0x80000000],
    ['Big * 4', 0n],
    ['Big + i', -(1n << 62n) - 5n],
    ['Ubig + 1', 0n],
    ['Ubig + i', 0xfffffffffffffffan],
    ['Ubig > i', 1],
    ['(int)Ubig', -1],
    ['(ULONG)Big', 0],
    ['(USHORT)0x12345678', 0x5678],
    ['1 << 33', 2],
    ['(INT64)1 << 33', 1n << 33n],
    ['(bool)256', 1],
    ['Flag = 7', 1],
    // Floating point
    ['1.5 + 1', 2.5],
    ['(int)2.9', 2],
    ['(int)-2.9', -2],
    ['(float)0.1 == 0.1', 0],
    ['3 / 2.0', 1.5],
    // Places
    ['Local.Length', 48],
    ['Local.Low', 5],
    ['Local.Signed', -1],
    ['Local.High', 0xabcdef],
    ['Local.Whole', 0x12345678],
    ['Local.Half', 0x5678],
    ['Local.Kind == KindWrite', 1],
    ['Local.Bytes[3]', 30],
    ['3[Local.Bytes]', 30],
    ['*(Local.Bytes + 2)', 20],
    ['Local.Wide', 0x1122334455667788n],
    ['Local.Next->Length', 99],
    ['Request->Length', 99],
    ['(*Request).Length', 99],
    ['(&Local)->Length', 48],
    ['&Local == (PVOID)0x2000', 1],
    ['&Local.Bytes[2]', BigInt(REQUEST + 26)],
    ['((PREQUEST)Pointer)->Length', 99],
    ['((struct _REQUEST *)Pointer)->Length', 99],
    ['*(unsigned short *)&Local.Length', 48],
    ['((UCHAR *)&Local.Wide)[7]', 0x11],
    ['Reference.Length', 48],
    ['Request - 1 == (PREQUEST)(0x3000 - sizeof(REQUEST))', 1],
    ['(&Local.Bytes[5]) - &Local.Bytes[1]', 4n],
    ['Request && !Nothing', 1],
    ['Request ? Request->Length : 0', 99],
    ['Nothing && Nothing->Length == 1', 0],
    ['Routine', 7],
    ['&Routine == *Routine', 1],
    // Sizes and macros
    ['sizeof(REQUEST)', 48n],
    ['sizeof Local', 48n],
    ['sizeof(Local.Bytes)', 8n],
    ['sizeof(Request->Bytes) / sizeof Request->Bytes[0]', 8n],
    ['sizeof(unsigned long)', 4n],
    ['sizeof(long long int)', 8n],
    ['sizeof(void *)', 8n],
    ['sizeof(UINT16[3])', 6n],
    ['sizeof("abc")', 4n],
    ['sizeof(L"abc")', 8n],
    ['FIELD_OFFSET(REQUEST, Kind)', 16],
    ['FIELD_OFFSET(REQUEST, Half)', 20],
    ['RTL_FIELD_SIZE(REQUEST, Wide)', 8n],
    ['RTL_NUMBER_OF(Local.Bytes)', 8n],
    ['CONTAINING_RECORD(&Local.Kind, REQUEST, Kind)->Length', 48],
    ['NT_SUCCESS(Status)', 0],
    ['NT_ERROR(Status)', 1],
    ['NT_SUCCESS(0)', 1],
    ['NT_SUCCESS(0x40000000)', 1],
    ['NT_WARNING(0x80000005)', 1],
    ['Status == STATUS_BUFFER_TOO_SMALL', 1],
    ['Local.Status == 0xC000000D', 1],
    ['FlagOn(6, 3)', 2],
    ['min(i, 3)', -5],
    ['max(i, 3)', 3],
    ['LIMIT', 16n],
    ['$irql == DISPATCH_LEVEL', 1],
    ['static_cast<ULONG>(-1)', 0xffffffff],
    ['reinterpret_cast<PREQUEST>(Pointer)->Length', 99],
    ['/* a comment */ 1 // and one more', 1],
    ['1;', 1],
  ])('%s = %s', (text, expected) => {
    expect(value(text)).toBe(expected);
  });

  it.each([
    ['i + s', 'int'],
    ['u + i', 'unsigned int'],
    ['Big + u', 'long long'],
    ['c', 'unsigned char'],
    ['Local', 'REQUEST'],
    ['Local.Next', 'struct _REQUEST *'],
    ['&Local', 'REQUEST *'],
    ['Local.Bytes', 'unsigned char[8]'],
    ['*Local.Bytes', 'unsigned char'],
    ['Status', 'NTSTATUS'],
    ['i == 1', 'int'],
    ['Local.Length', 'ULONG'],
    ['(PVOID *)0', 'PVOID *'],
    ['sizeof i', 'unsigned long long'],
  ])('%s has type %s', (text, expected) => {
    scope.value('unused', INT, 0);
    const withPvoid = new TestTypes();
    withPvoid.typedef('PVOID', withPvoid.pointer('void *', null));
    const known = text.includes('PVOID') ? withPvoid.types() : types;
    expect(compile(text, { ...surroundings, types: known }).type.name).toBe(expected);
  });

  it('gives records an address and no value', () => {
    const local = compile('*Request', surroundings);
    expect(local.value).toBeUndefined();
    expect(local.address?.()).toBe(OTHER);
  });

  it('reads anew each time it is evaluated', () => {
    const { value: get } = compile('Request->Length + i', surroundings);
    expect(get?.()).toBe(94);
    memory.put(0x1108, 4, 1);
    memory.put(0x1100, 8, REQUEST);
    expect(get?.()).toBe(49);
  });
});

describe('assignments', () => {
  it.each<[string, number | bigint, string, number | bigint]>([
    ['i = 7', 7, 'i', 7],
    ['i = 0x1ffffffff', -1, 'i', -1],
    ['c = 300', 44, 'c', 44],
    ['i += 2', -3, 'i', -3],
    ['u <<= 4', 0xffffff00, 'u', 0xffffff00],
    ['i++', -5, 'i', -4],
    ['++i', -4, 'i', -4],
    ['i--', -5, 'i', -6],
    ['Big -= 1', -(1n << 62n) - 1n, 'Big', -(1n << 62n) - 1n],
    ['Local.Low = 9', 1, 'Local.High', 0xabcdef],
    ['Local.Signed = 15', 15, 'Local.Low', 5],
    ['Local.High = -1', 0xffffff, 'Local.Signed', -1],
    ['Local.Kind = KindRead', 1, 'Local.Kind', 1],
    ['Request = &Local', BigInt(REQUEST), 'Request->Length', 48],
    ['Request++', BigInt(OTHER), '(UINT64)Request', BigInt(OTHER + 48)],
    ['Local.Bytes[i + 6] = 1', 1, 'Local.Bytes[1]', 1],
    ['i = u = 3', 3, 'i', 3],
    ['(i = 2, i * 2)', 4, 'i', 2],
  ])('%s is %s, afterwards %s is %s', (text, result, place, afterwards) => {
    expect(value(text)).toBe(result);
    expect(value(place)).toBe(afterwards);
  });

  it('copies records', () => {
    compile('*Request = Local', surroundings).address?.();
    expect(memory.bytes(OTHER, 48)).toEqual(memory.bytes(REQUEST, 48));
  });

  it('says whether it changes anything', () => {
    expect(compile('i + 1', surroundings).changes).toBe(false);
    expect(compile('i = 1', surroundings).changes).toBe(true);
    expect(memory.stores).toBe(0);
  });
});

describe('formats', () => {
  it.each([
    ['i,x', { radix: 'hexadecimal' }],
    ['i , d', { radix: 'decimal' }],
    ['Local.Bytes,s', { text: 'narrow' }],
    ['Local,!', { raw: true }],
  ])('%s', (text, format) => {
    expect(compile(text, surroundings).format).toEqual(format);
  });

  it.each([
    ['Request,[4]', 4],
    ['Request,3', 3],
    ['Request,[c / 100]', 2],
  ])('%s asks for %s elements', (text, count) => {
    expect(compile(text, surroundings).count?.()).toBe(count);
  });
});

describe('errors name the token', () => {
  it.each([
    ['', 'there is no expression @0'],
    ['1 +', 'the expression ends where a value should follow @3'],
    ['1 2', "'2' cannot stand here @2"],
    ['(1', "expected ')' to close the parenthesis, not the end @2"],
    ['Lokal', "there is no 'Lokal' here (did you mean 'Local'?) @0"],
    ['Zebra', "there is no 'Zebra' here @0"],
    ['Local.Lenght', "'REQUEST' has no member 'Lenght' (did you mean 'Length'?) @6"],
    ['Request.Length', "'PREQUEST' has no members: it is a pointer, use '->' @7"],
    ['Local->Length', "'->' needs a pointer, not 'REQUEST' @5"],
    ['*i', "'*' needs a pointer, not 'int' @0"],
    ['*Pointer', "'void *' points to nothing of known type: cast it first @0"],
    ['Pointer[1]', "'void *' points to elements of no known size: cast it first @7"],
    ['Local + 1', "'+' cannot join 'REQUEST' and 'int' @6"],
    ['Local == Local', "'==' cannot compare 'REQUEST' with 'REQUEST' @6"],
    ['1 = 2', "what stands before '=' cannot be changed @2"],
    ['&1', "'&' needs something that lies in memory @0"],
    ['&Local.Low', 'a bit-field has no address @0'],
    ['i / 0', 'division by zero @2'],
    ['i % (u - u)', 'division by zero @2'],
    ['(-0x7fffffff - 1) / -1', 'the quotient does not fit its type: on x64 this faults @18'],
    ['1.0 % 2', "'%' needs integers, not floating point @4"],
    ['Routine(1)', 'Routine cannot be called: an expression runs no code of the driver @0'],
    ['Local.Next(1)', 'Next cannot be called: an expression runs no code of the driver @10'],
    ['NT_SUCCESS', 'NT_SUCCESS needs its arguments in parentheses @0'],
    ['NT_SUCCESS(1, 2)', 'NT_SUCCESS takes one argument, not 2 @0'],
    ['REQUEST', "'REQUEST' is a type, not a value @0"],
    ['UNKNOWN * 3', "there is no 'UNKNOWN' here @0"],
    ['(struct Nope *)0', "there is no type 'Nope' @8"],
    ['unsigned', "there is no 'unsigned' here @0"],
    ['(unsigned signed)1', "'unsigned signed' is no type @1"],
    ['0x', "'0x' is not a number @0"],
    ['12abc', "'12abc' is not a number @0"],
    ['09', "'09' is not an octal number @0"],
    ['0x10000000000000000', '0x10000000000000000 does not fit into 64 bits @0'],
    ["'a", "' is not closed @0"],
    ["''", "'' holds no character @0"],
    ['i @ 2', "'@' is not part of any C expression @2"],
    ['i, q', "'q' is no format: after ',' stand x, X, h, d, u, o, b, c, s, su, [n] or ! @3"],
    ['Nothing->Length', 'there is no memory at 0x8'],
    ['"abc" + 1', "a string has no address: it is not in the driver's memory @0"],
    ['LOOP', /the macro LOOP stands for 'LOOP2': .*has no end/],
    ['BROKEN', "the macro BROKEN stands for '4 +': the expression ends where a value should follow @0"],
    ['(REQUEST)1', "nothing can be cast to 'REQUEST' @0"],
    ['i ? Local : 1', "the values of '?' are 'REQUEST' and 'int' @2"],
    ['Local = 1', "'int' cannot be assigned to 'REQUEST' @6"],
    ['Local.Bytes = 0', 'an array cannot be assigned to @12'],
    ['1.5.x', "'double' has no members @3"],
  ])('%s: %s', (text, message) => {
    if (typeof message === 'string') expect(refusal(text)).toBe(message);
    else expect(refusal(text)).toMatch(message);
  });

  it.each(['i = 1', 'i++', '--u', 'Local.Length += 1', 'i ? (i = 2) : 0'])('%s is refused in a hover', (text) => {
    expect(refusal(text, false)).toMatch(/would change the driver: that is not allowed here/);
    expect(memory.stores).toBe(0);
  });

  it('refuses what is nested too deeply or is too long, instead of ending in a stack overflow', () => {
    expect(refusal(`${'('.repeat(1000)}1${')'.repeat(1000)}`)).toMatch(/nested too deeply/);
    expect(refusal(`${'-'.repeat(1)}${'- '.repeat(1500)}1`)).toMatch(/nested too deeply/);
    expect(refusal(`1${'+1'.repeat(5000)}`)).toMatch(/at most 4096 characters/);
  });
});

describe('conditions', () => {
  it('are true for anything but 0', () => {
    expect(compileCondition('Request->Length == 99', surroundings)()).toBe(true);
    expect(compileCondition('Nothing', surroundings)()).toBe(false);
    expect(compileCondition('0.5', surroundings)()).toBe(true);
    expect(() => compileCondition('Local', surroundings)).toThrow("a value of type 'REQUEST' cannot be used here");
  });

  it('are evaluated a million times in a blink', () => {
    const condition = compileCondition('Request->Length == 98 && Local.Kind == KindRead || i > 0', surroundings);
    let hits = 0;
    for (let n = 0; n < 1_000_000; n++) hits += condition() ? 1 : 0;
    expect(hits).toBe(0);
  });
});
