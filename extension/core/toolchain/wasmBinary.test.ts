import { describe, expect, it } from 'vitest';
import { importedFunctions, limitMemory } from './wasmBinary.js';

const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
/** One memory of 1 to 65536 pages, the maximum in three bytes as linkers write it. */
const MEMORY = [5, 6, 1, 1, 1, 0x80, 0x80, 0x04];
/** Type () -> (), imports env.a and env.bc of that type. */
const IMPORTS = [
  1, 4, 1, 0x60, 0, 0, 2, 18, 2, 3, 0x65, 0x6e, 0x76, 1, 0x61, 0, 0, 3, 0x65, 0x6e, 0x76, 2, 0x62, 0x63, 0, 0,
];
const bytesOf = (...parts: number[][]): Uint8Array => Uint8Array.from([...HEADER, ...parts.flat()]);

describe('limitMemory', () => {
  it('sets the maximum in place; the engine then refuses to grow beyond it', () => {
    const bytes = bytesOf(MEMORY, [7, 5, 1, 1, 0x6d, 2, 0]);
    limitMemory(bytes, 3);
    const { m: memory } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as { m: WebAssembly.Memory };
    expect(memory.grow(2)).toBe(1);
    expect(() => memory.grow(1)).toThrow(RangeError);
  });

  it.each([
    ['without memory', bytesOf(IMPORTS)],
    ['whose memory has no maximum', bytesOf([5, 3, 1, 0, 1])],
    ['that is cut off', bytesOf([5, 6, 1, 1, 1, 0x80])],
  ])('refuses a module %s', (_, bytes) => {
    expect(() => limitMemory(bytes, 3)).toThrow(Error);
  });
});

describe('importedFunctions', () => {
  it('names them in order', () => {
    expect(importedFunctions(bytesOf(IMPORTS, MEMORY))).toEqual(['a', 'bc']);
    expect(importedFunctions(bytesOf(MEMORY))).toEqual([]);
  });
});
