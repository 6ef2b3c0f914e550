import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FieldFormat, RecordField } from '../../extension/core/run/report.js';
import { bandAt, leavesAt, mapFields } from './fieldMap.js';
import { type FieldNode, pathSteps } from './fieldTree.js';

type Bits = readonly [start: number, width: number];

const leaf = (
  name: string,
  offset: number,
  size: number,
  format: FieldFormat = 'unsigned',
  bits?: Bits,
): RecordField => ({
  name,
  type: format === 'padding' ? '' : 'ULONG',
  offset,
  size,
  format,
  ...(bits === undefined ? {} : { bits: { start: bits[0], width: bits[1] } }),
});

const record = (size: number, ...fields: RecordField[]) => mapFields({ name: 'RECORD', size, fields });

const outline = (node: FieldNode): unknown =>
  node.kind === 'leaf' ? node.label : { [node.label]: node.children.map(outline) };

describe('the tree of a record', () => {
  it('splits paths into members and elements', () => {
    expect(pathSteps('Entries[2].Header.Id')).toEqual(['Entries', '[2]', 'Header', 'Id']);
    expect(pathSteps('Flags')).toEqual(['Flags']);
  });

  it('groups nested members and elements below their parents', () => {
    const map = record(
      12,
      leaf('Header.Version', 0, 2),
      leaf('Header.Count', 2, 2),
      leaf('Frames[0].Length', 4, 2),
      leaf('Frames[0].Length', 6, 2, 'padding'),
      leaf('Frames[1].Length', 8, 2),
      leaf('Frames[1].Length', 10, 2, 'padding'),
    );
    expect(map.tree.children.map(outline)).toEqual([
      { Header: ['Version', 'Count'] },
      { Frames: [{ '[0]': ['Length', 'Length'] }, { '[1]': ['Length', 'Length'] }] },
    ]);
    const frames = map.tree.children[1];
    expect(frames).toMatchObject({ path: 'Frames', start: 4, end: 12, array: true, overlapping: false });
  });
});

describe('the field of a byte', () => {
  it('alternates tones over fields and keeps padding apart', () => {
    const map = record(8, leaf('A', 0, 1), leaf('A', 1, 1, 'padding'), leaf('B', 2, 2), leaf('C', 4, 4));
    expect(map.bands).toEqual([
      { start: 0, end: 1, leaf: 0, tone: 'even' },
      { start: 1, end: 2, leaf: 1, tone: 'padding' },
      { start: 2, end: 4, leaf: 2, tone: 'odd' },
      { start: 4, end: 8, leaf: 3, tone: 'even' },
    ]);
    expect(bandAt(map, 3)?.leaf).toBe(2);
    expect(bandAt(map, 8)).toBeUndefined();
  });

  it('shows the first declared variant of a union and names the others', () => {
    const map = record(
      12,
      leaf('Type', 0, 4),
      leaf('u.Init.Minimum', 4, 4),
      leaf('u.Done.Status', 4, 2),
      leaf('u.Raw', 4, 8),
      leaf('u.Done.Detail', 6, 2),
      leaf('u.Init.Maximum', 8, 4),
    );
    const names = (byte: number) => leavesAt(map, byte).map(({ field }) => field.name);
    expect(names(4)).toEqual(['u.Init.Minimum', 'u.Done.Status', 'u.Raw']);
    expect(names(6)).toEqual(['u.Init.Minimum', 'u.Done.Detail', 'u.Raw']);
    expect(names(8)).toEqual(['u.Init.Maximum', 'u.Raw']);
    expect(map.bands.map(({ start, leaf: index }) => [start, map.layout.fields[index]?.name])).toEqual([
      [0, 'Type'],
      [4, 'u.Init.Minimum'],
      [8, 'u.Init.Maximum'],
    ]);
  });

  it('prefers the parts of a union of plain members to the whole, in either order of declaration', () => {
    for (const fields of [
      [leaf('Quad', 0, 8), leaf('Low', 0, 4), leaf('High', 4, 4)],
      [leaf('Low', 0, 4), leaf('Quad', 0, 8), leaf('High', 4, 4)],
    ]) {
      const map = record(8, ...fields);
      const shown = (byte: number) => leavesAt(map, byte).map(({ field }) => field.name);
      expect([shown(0), shown(4)]).toEqual([
        ['Low', 'Quad'],
        ['High', 'Quad'],
      ]);
    }
  });

  it('keeps the bit-fields of one unit in one band and finds them by the bits in a byte', () => {
    const map = record(
      4,
      leaf('Open', 0, 4, 'unsigned', [0, 3]),
      leaf('Mode', 0, 4, 'unsigned', [3, 7]),
      leaf('Rest', 0, 4, 'unsigned', [10, 22]),
    );
    const names = (byte: number) => leavesAt(map, byte).map(({ field }) => field.name);
    expect(map.bands).toEqual([{ start: 0, end: 4, leaf: 0, tone: 'even' }]);
    expect([names(0), names(1), names(3)]).toEqual([['Open', 'Mode'], ['Mode', 'Rest'], ['Rest']]);
  });

  it('gives the bytes of a unit that no bit-field reaches to its first', () => {
    const map = record(8, leaf('Only', 0, 4, 'unsigned', [0, 2]), leaf('Next', 4, 4));
    expect(map.bands).toEqual([
      { start: 0, end: 4, leaf: 0, tone: 'even' },
      { start: 4, end: 8, leaf: 1, tone: 'odd' },
    ]);
  });

  it('sees past a flexible array to the padding that starts with it', () => {
    const map = record(8, leaf('Count', 0, 4), leaf('Count', 4, 4, 'padding'), leaf('Data', 4, 0, 'bytes'));
    expect(leavesAt(map, 5).map(({ leaf: index }) => index)).toEqual([1]);
  });

  it('covers every byte of any record without overlap exactly as a plain search does', () => {
    const sizes = fc.array(fc.record({ size: fc.integer({ min: 1, max: 9 }), padding: fc.boolean() }), {
      minLength: 1,
    });
    fc.assert(
      fc.property(sizes, (parts) => {
        let offset = 0;
        const fields = parts.map(({ size, padding }, index) => {
          const made = leaf(`F${index}`, offset, size, padding ? 'padding' : 'unsigned');
          offset += size;
          return made;
        });
        const map = record(offset, ...fields);
        for (let byte = 0; byte < offset; byte += 1) {
          const expected = fields.findIndex((each) => byte >= each.offset && byte < each.offset + each.size);
          expect(bandAt(map, byte)?.leaf).toBe(expected);
          expect(leavesAt(map, byte).map((each) => each.leaf)).toEqual([expected]);
        }
      }),
    );
  });

  it('maps a record of a hundred thousand fields', () => {
    const fields = Array.from({ length: 100_000 }, (_, index) =>
      leaf(`Entries[${index >> 1}].F${index & 1}`, index * 4, 4),
    );
    const map = record(400_000, ...fields);
    expect(map.bands).toHaveLength(100_000);
    expect(leavesAt(map, 399_999)[0]?.field.name).toBe('Entries[49999].F1');
  });
});
