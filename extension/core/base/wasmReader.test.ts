import { expect, it } from 'vitest';
import { WasmReader, wasmSections } from './wasmReader.js';

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

it('numbers, bytes and names, one after the other', () => {
  const reader = new WasmReader(Uint8Array.of(9, 0x80, 0x80, 0x04, 7, 3, 0xc3, 0xa4, 0x62), 1);
  expect([reader.number(), reader.byte(), reader.text(), reader.at]).toEqual([65536, 7, 'äb', 9]);
  expect(() => reader.byte()).toThrow('the module ends within a section');
});

it('sections, wherever the reader of one is left', () => {
  const sections = [...wasmSections(Uint8Array.from([...HEADER, 5, 2, 1, 0, 0, 1, 9]))];
  expect(sections.map(({ id, content, end }) => [id, content.at, end])).toEqual([
    [5, 10, 12],
    [0, 14, 15],
  ]);
  expect([...wasmSections(Uint8Array.from(HEADER))]).toEqual([]);
});
