import { describe, expect, it } from 'vitest';
import { clangHeaders } from './clangHeaders.js';

function entry(name: string, text: string): number[] {
  const block = new Uint8Array(512 + Math.ceil(text.length / 512) * 512);
  const put = (at: number, value: string) => block.set(new TextEncoder().encode(value), at);
  put(0, name);
  put(124, text.length.toString(8).padStart(11, '0'));
  put(512, text);
  return [...block];
}

describe('clangHeaders', () => {
  it('takes the freestanding headers and nothing that speaks of a processor', () => {
    const archive = Uint8Array.from([
      ...entry('include/', ''),
      ...entry('include/immintrin.h', 'x86'),
      ...entry('include/stddef.h', 'x'.repeat(600)),
      ...entry('include/cuda_wrappers/stddef.h', 'no'),
      ...entry('include/__stdarg_va_arg.h', 'arg'),
      ...new Array<number>(1024).fill(0),
    ]);
    const headers = clangHeaders(archive);
    expect([...headers.keys()]).toEqual(['stddef.h', '__stdarg_va_arg.h']);
    expect(headers.get('stddef.h')).toHaveLength(600);
  });
});
