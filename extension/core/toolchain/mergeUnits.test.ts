import { describe, expect, it } from 'vitest';
import { mergeUnits } from './mergeUnits.js';
import type { TypeInfo } from './module.js';
import type { UnitFacts } from './unit.js';

const types: readonly TypeInfo[] = [
  { kind: 'integer', name: 'int', size: 4, signed: true },
  { kind: 'pointer', name: '', target: 3 },
  { kind: 'array', name: '', size: 8, element: 0, count: 2 },
  { kind: 'record', name: 'S', size: 8, union: false, fields: [{ name: 'a', offset: 0, type: 2 }] },
  { kind: 'typedef', name: 'T', target: 3 },
  { kind: 'pointer', name: '', target: null },
];
const unit = {
  locations: [{ file: 'a.c', line: 1, column: 1, function: 'f' }],
  types,
  functions: [],
  fixtures: [],
  pointerUses: [{ function: 'f', api: 'VmbPacketGetPointer', type: 3 }],
  bufferUses: [{ kind: 'record', function: 'f', parameter: 0, type: 3, at: 0 }],
  recordUses: [
    { kind: 'write', location: 1, type: 3, offset: 4 },
    { kind: 'relay', location: 1, parameter: 1 },
  ],
  indirectCalls: [{ location: 1, type: 'i32 (ptr)' }],
  transients: [{ record: 'S', field: 'a' }],
  notes: [],
  warnings: [],
} as unknown as UnitFacts;

describe('mergeUnits', () => {
  const merged = mergeUnits([
    { unit: 0, facts: unit },
    { unit: 2, facts: unit },
  ]);

  it('keeps location tables at their unit, with a hole for a source that was included', () => {
    expect(merged.locations.map((table) => table.length)).toEqual([1, 0, 1]);
  });

  it('keeps calls through pointers by location id, and transient fields', () => {
    expect(merged.indirectCalls.map(({ location }) => location)).toEqual([1, (2 << 20) | 1]);
    expect(merged.transients).toEqual([
      { record: 'S', field: 'a' },
      { record: 'S', field: 'a' },
    ]);
  });

  it('keeps what places say about records', () => {
    expect(merged.recordUses.slice(2)).toEqual([
      { kind: 'write', location: (2 << 20) | 1, type: 9, offset: 4 },
      { kind: 'relay', location: (2 << 20) | 1, parameter: 1 },
    ]);
  });

  it('moves every type id of the later unit', () => {
    expect(merged.types.slice(6)).toEqual([
      types[0],
      { kind: 'pointer', name: '', target: 9 },
      { kind: 'array', name: '', size: 8, element: 6, count: 2 },
      { kind: 'record', name: 'S', size: 8, union: false, fields: [{ name: 'a', offset: 0, type: 8 }] },
      { kind: 'typedef', name: 'T', target: 9 },
      types[5],
    ]);
    expect(merged.pointerUses.map((use) => use.type)).toEqual([3, 9]);
  });
});
