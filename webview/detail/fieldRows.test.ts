import { describe, expect, it } from 'vitest';
import type { RecordField } from '../../extension/core/run/report.js';
import { byteModel } from './byteModel.js';
import { fieldRows, foldedAtFirst, pathsAbove, spanOf } from './fieldRows.js';

const field = (name: string, offset: number, size: number): RecordField => ({
  name,
  type: 'ULONG',
  offset,
  size,
  format: 'unsigned',
});

const frames = (count: number): readonly RecordField[] => [
  field('Header.Version', 0, 4),
  ...Array.from({ length: count }, (_, index) => field(`Frames[${index}].Length`, 4 + index * 4, 4)),
];

const model = (saved: number, fields: readonly RecordField[], size = 4 * fields.length) =>
  byteModel(new Uint8Array(saved), { name: 'RECORD', size, fields }, [], []);

const ids = (rows: ReturnType<typeof fieldRows>) => rows.map(({ id }) => id);

describe('the lines of the field table', () => {
  it('unfolds groups and folds them again', () => {
    const small = model(12, frames(2));
    expect(ids(fieldRows(small, new Set()))).toEqual(['Header', 'f0', 'Frames', 'Frames[0]', 'f1', 'Frames[1]', 'f2']);
    expect(ids(fieldRows(small, new Set(['Frames'])))).toEqual(['Header', 'f0', 'Frames']);
  });

  it('leaves out what was not saved and counts it in one line', () => {
    const rows = fieldRows(model(10, frames(4)), new Set());
    expect(ids(rows)).toEqual(['Header', 'f0', 'Frames', 'Frames[0]', 'f1', 'Frames[1]', 'f2', 'unsaved']);
    expect(rows.at(-1)).toEqual({ kind: 'unsaved', id: 'unsaved', fields: 2, bytes: 10 });
    expect(rows.map((row) => spanOf(row, 10)).slice(-2)).toEqual([{ start: 8, end: 10 }, null]);
  });

  it('ends with the tail beyond the record', () => {
    expect(fieldRows(model(20, frames(2)), new Set()).at(-1)).toEqual({ kind: 'tail', id: 'tail', start: 12, end: 20 });
  });

  it('starts with long arrays of large records folded', () => {
    expect(foldedAtFirst(model(40, frames(9)))).toEqual(new Set());
    expect(foldedAtFirst(model(4004, frames(1000)))).toEqual(new Set(['Frames']));
  });

  it('finds the groups around a field', () => {
    const { map } = model(400, frames(12));
    const leaf = map?.leaves[12];
    expect(map && leaf ? pathsAbove(map.tree, leaf) : null).toEqual(['Frames', 'Frames[11]']);
  });
});
