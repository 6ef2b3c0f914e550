import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compilerFile } from '../../worker/toolchainFiles.js';
import { prepareCore } from './compilerCore.js';

describe('prepareCore', () => {
  it('knows the installed core: its output will be buffered', () => {
    const bytes = readFileSync(compilerFile('gen/llvm.core.wasm'));
    expect(prepareCore(bytes, 1024)).toBe(true);
    // Once more there is nothing left to edit.
    expect(prepareCore(bytes, 1024)).toBe(false);
  });

  it('leaves another core as it is, but for the limit of its memory', () => {
    const other = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 6, 1, 1, 1, 0x80, 0x80, 0x04);
    expect(prepareCore(other, 3)).toBe(false);
    expect([...other.subarray(13)]).toEqual([0x83, 0x80, 0x00]);
  });
});
