/** The parts scaffolding is made of, one by one. */
import { describe, expect, it } from 'vitest';
import type { FieldType, StructField } from '../toolchain/structFacts.js';
import { codeStyleOf, DEFAULT_STYLE, inStyle } from './codeStyle.js';
import { fieldChoices } from './fields.js';
import { namesFor, poolTag, signatureOf } from './names.js';
import { callsIn, outlineOf } from './outline.js';
import { savedRecord } from './record.js';
import { decodeText, encodeText } from './textFile.js';

const integer = (size: number, ...names: readonly string[]): FieldType => ({
  kind: 'integer',
  names,
  size,
  signed: false,
  boolean: false,
});
const field = (name: string, type: FieldType, more: Partial<StructField> = {}): StructField => ({
  name,
  offset: 0,
  spelled: 'names' in type ? (type.names[0] ?? 'int') : 'int',
  type,
  isConst: false,
  ...more,
});
const pointer = (name: string, elementSize?: number): FieldType => ({
  kind: 'pointer',
  names: [name],
  size: 8,
  ...(elementSize === undefined ? {} : { elementSize }),
});

describe('names', () => {
  it.each([
    ['NIC_RX_CONTEXT', 'NIC_RX_SAVED', 'NicRxSavePacket', "'rCiN'"],
    ['RxContext', 'RxSaved', 'RxSavePacket', "'sSxR'"],
    ['struct nic_rx_ctx', 'nic_rx_saved', 'nic_rx_save_packet', "'rCiN'"],
    ['storage::Request', 'RequestSaved', 'RequestSavePacket', "'uQeR'"],
    ['CONTEXT', 'CONTEXT_SAVED', 'ContextSavePacket', "'tNoC'"],
  ])('%s', (context, record, save, tag) => {
    const names = namesFor(context);
    expect([names.record, names.save]).toEqual([record, save]);
    expect(poolTag(names.constant).toLowerCase()).toBe(tag.toLowerCase());
  });

  it('tell a record in a dump', () => {
    const { text, value } = signatureOf('NIC_RX_SAVED');
    expect(text).toBe('NICR');
    expect(String.fromCharCode(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24)).toBe('NICR');
  });
});

describe('outline', () => {
  const text = `#include <a.h>
#define TWO(a) \\
    { a }
extern "C" {
_IRQL_requires_(PASSIVE_LEVEL) NTSTATUS Read(_In_ ULONG Size) /* } */
{
    return Kmcl->VmbPacketSend(Packet, Sum(1, 2), "a, (b");
}
}
typedef struct _A {
    struct { int B; } C;
} A, *PA;
static const int Table[] = { 1, 2 };
#if 0
void Never(void) {
#else
struct Other { int D; };
#endif
`;
  const outline = outlineOf(text);

  it('finds what a file consists of', () => {
    expect(outline.items.map(({ kind, name, declares }) => [kind, name, ...declares])).toEqual([
      ['directive', 'include'],
      ['directive', 'define'],
      ['function', 'Read'],
      ['structure', '_A', 'A', '*PA'],
      ['declaration', ''],
      ['directive', 'if'],
      ['directive', 'else'],
      ['structure', 'Other'],
      ['directive', 'endif'],
    ]);
  });

  it('finds calls with their operands, tables included', () => {
    const calls = callsIn(outline, { start: 0, end: text.length }).map(({ callee, operands }) => [
      callee,
      operands.length,
    ]);
    expect(calls).toContainEqual(['Kmcl->VmbPacketSend', 3]);
    expect(calls).toContainEqual(['Sum', 2]);
  });

  it('ends on what is half typed', () => {
    for (const half of ['struct A {', 'int f(', 'f(x) { if (', '#if', '"', '/*', '{ } } )']) {
      expect(() => outlineOf(half)).not.toThrow();
    }
  });
});

describe('members', () => {
  const kinds = (fields: readonly StructField[], hints?: Parameters<typeof fieldChoices>[1]) =>
    fieldChoices(fields, hints).map(({ path, kind, selected }) => [path, kind, selected]);

  it('are judged by their types and the names of those', () => {
    const fields = [
      field('Id', integer(4, 'UINT32')),
      field('Lock', integer(8, 'KSPIN_LOCK')),
      field('Where', integer(8, 'ULONG_PTR')),
      field('File', pointer('HANDLE', 1)),
      field('Channel', pointer('VMBCHANNEL')),
      field('Next', pointer('PVOID')),
      field('Fixed', integer(4, 'UINT32'), { isConst: true }),
      field('Link', {
        kind: 'record',
        names: ['LIST_ENTRY', '_LIST_ENTRY'],
        tag: '_LIST_ENTRY',
        size: 16,
        union: false,
        fields: [],
      }),
    ];
    expect(kinds(fields)).toEqual([
      ['Id', 'safe', true],
      ['Lock', 'lock', false],
      ['Where', 'address', false],
      ['File', 'handle', false],
      ['Channel', 'handle', false],
      ['Next', 'pointer', false],
      ['Fixed', 'constant', false],
      ['Link', 'list', false],
    ]);
  });

  it('with a length beside them are tails, each length of one only', () => {
    const data = field('Data', pointer('PVOID', 1));
    expect(kinds([data, field('DataLength', integer(4))])[0]).toEqual(['Data', 'tail', false]);
    expect(kinds([field('Length', integer(4)), data])[1]).toEqual(['Data', 'tail', false]);
    expect(kinds([data, field('Cookie', integer(4))])[0]).toEqual(['Data', 'pointer', false]);
    const hints = new Map([['Data', { length: 'Cookie', counts: false }]]);
    expect(kinds([data, field('Cookie', integer(4))], hints)[0]).toEqual(['Data', 'tail', false]);
    const signed: FieldType = { kind: 'integer', names: [], size: 4, signed: true, boolean: false };
    expect(kinds([data, field('DataLength', signed)])[0]).toEqual(['Data', 'pointer', false]);
    const array = (count: number): FieldType => ({ kind: 'array', names: [], size: count, count, element: integer(1) });
    expect(kinds([field('Bytes', array(0))])).toEqual([['Bytes', 'flexible array', false]]);
    expect(kinds([field('ByteCount', integer(2)), field('Byte', array(0))])[1]).toEqual(['Byte', 'tail', true]);
  });
});

describe('record', () => {
  const chosen = fieldChoices([
    field('A', integer(1, 'UINT8')),
    field('B', integer(8, 'UINT64')),
    field('Version', integer(2, 'UINT16')),
    field('Flag', integer(4, 'UINT32'), { width: 9 }),
  ]);

  it('is naturally aligned, its gaps explicit, its names unique', () => {
    const { members, reserved, size } = savedRecord('R', chosen, 'natural');
    expect(members.map(({ name, type, offset }) => [name, type, offset])).toEqual([
      ['A', 'UINT8', 16],
      ['B', 'UINT64', 24],
      ['ContextVersion', 'UINT16', 32],
      ['Flag', 'UINT16', 34],
    ]);
    expect(reserved.map(({ type, offset }) => [type, offset])).toEqual([
      ['UINT8', 17],
      ['UINT16', 18],
      ['UINT32', 20],
      ['UINT32', 36],
    ]);
    expect(size).toBe(40);
  });

  it('is packed where asked', () => {
    const { reserved, size } = savedRecord('R', chosen, 'packed');
    expect([reserved.length, size]).toEqual([0, 29]);
  });
});

describe('style', () => {
  it('is the default of a file without functions', () => {
    expect(codeStyleOf(outlineOf('typedef struct { int A; } B;\n'))).toEqual(DEFAULT_STYLE);
  });

  it('turns braces and levels, also of a condition over two lines', () => {
    const style = { ...DEFAULT_STYLE, indent: '  ', controlBraceApart: true, functionBraceApart: false };
    const text =
      'int f(void)\n{\n    if (a ||\n        b) {\n        c();\n    } else {\n        d();\n    }\n<Exit:\n    return 0;\n}';
    expect(inStyle(text, style)).toBe(
      'int f(void) {\n  if (a ||\n    b)\n  {\n    c();\n  }\n  else\n  {\n    d();\n  }\nExit:\n  return 0;\n}',
    );
  });
});

it.each([
  ['utf-8', [0x61, 0xc3, 0xa4]],
  ['utf-8 with mark', [0xef, 0xbb, 0xbf, 0x61]],
  ['utf-16le', [0xff, 0xfe, 0x61, 0x00]],
  ['utf-16be', [0xfe, 0xff, 0x00, 0x61]],
  ['windows-1252', [0x61, 0xe4, 0x80]],
])('text in %s is written as it was read', (encoding, bytes) => {
  const file = decodeText(Uint8Array.from(bytes));
  expect(file.encoding).toBe(encoding);
  expect([...encodeText(file, file.text)]).toEqual(bytes);
});
