import { describe, expect, it } from 'vitest';
import type { FieldInfo, TypeInfo } from '../toolchain/module.js';
import { layoutOf, recordName } from './recordLayout.js';

const BYTE = 0;
const LONG = 1;
const BASIC: readonly TypeInfo[] = [
  { kind: 'integer', name: 'unsigned char', size: 1, signed: false },
  { kind: 'integer', name: 'unsigned long', size: 4, signed: false },
];

function record(name: string, size: number, ...fields: readonly FieldInfo[]): TypeInfo {
  return { kind: 'record', name, size, union: false, fields };
}

function array(name: string, size: number, element: number, count: number): TypeInfo {
  return { kind: 'array', name, size, element, count };
}

function texts(types: readonly TypeInfo[], type: number, extent: number): readonly string[] {
  return layoutOf(types, [{ type, base: 0, count: 1, extent }]).fields.map(
    ({ name, offset, size, type: spelled, format }) => `${offset}+${size} ${name} ${spelled} ${format}`,
  );
}

describe('a layout', () => {
  it('shows 64 records of an array and the rest as bytes', () => {
    const types = [
      ...BASIC,
      record('P', 4, { name: 'v', offset: 0, type: LONG }),
      array('P[100]', 400, 2, 100),
      record('R', 400, { name: 'a', offset: 0, type: 3 }),
    ];
    const fields = texts(types, 4, 400);
    expect(fields).toHaveLength(65);
    expect(fields.at(63)).toBe('252+4 a[63].v unsigned long unsigned');
    expect(fields.at(64)).toBe('256+144 a[64..99] P[36] bytes');
  });

  it('ends in one field of bytes when there are more than 1024', () => {
    const many = Array.from({ length: 2000 }, (_, at) => ({ name: `f${at}`, offset: 4 * at, type: LONG }));
    const fields = texts([...BASIC, record('R', 8000, ...many)], 2, 8000);
    expect(fields).toHaveLength(1025);
    expect(fields.at(-1)).toBe('4096+3904 …  bytes');
  });

  it('gives an array that goes on as many whole elements as there is room for', () => {
    const types = [
      ...BASIC,
      array('ULONG[1]', 4, LONG, 1),
      record('R', 8, { name: 'n', offset: 0, type: LONG }, { name: 'v', offset: 4, type: 2 }),
    ];
    expect(texts(types, 3, 15)).toEqual(['0+4 n unsigned long unsigned', '4+8 v ULONG[2] unsigned']);
    expect(texts(types, 3, 8)).toEqual(['0+4 n unsigned long unsigned', '4+4 v ULONG[1] unsigned']);
  });

  it('follows an array at the end of the last member', () => {
    const types = [
      ...BASIC,
      array('UCHAR[]', 0, BYTE, 0),
      record('Inner', 4, { name: 'n', offset: 0, type: LONG }, { name: 'data', offset: 4, type: 2 }),
      record('R', 8, { name: 'a', offset: 0, type: LONG }, { name: 'i', offset: 4, type: 3 }),
    ];
    expect(texts(types, 4, 20).at(-1)).toBe('8+12 i.data UCHAR[12] bytes');
  });

  it('cuts what lies beyond the bytes that are there', () => {
    const types = [
      ...BASIC,
      record('R', 12, { name: 'a', offset: 0, type: LONG }, { name: 'b', offset: 8, type: LONG }),
    ];
    expect(texts(types, 2, 9)).toEqual(['0+4 a unsigned long unsigned', '4+4 a  padding', '8+1 b unsigned long bytes']);
  });

  it('ends for types that contain themselves', () => {
    const types: TypeInfo[] = [...BASIC, { kind: 'typedef', name: 'T', target: 2 }];
    expect(texts(types, 2, 4)).toEqual([]);
    expect(recordName(types, 2)).toBe('(unnamed)');
  });

  it('is called by its typedef, else by its tag', () => {
    const types = [...BASIC, record('_R', 4), { kind: 'typedef', name: 'R', target: 2 } as const, record('S', 4)];
    expect([recordName(types, 2), recordName(types, 3), recordName(types, 4)]).toEqual(['R', 'R', 'S']);
  });
});
