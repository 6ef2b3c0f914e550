import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cArray, hexLines, identifier } from './text.js';

describe('bytes for the clipboard', () => {
  it('writes hex sixteen a line', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, index) => index + 0xf0);
    expect(hexLines(bytes)).toBe('F0 F1 F2 F3 F4 F5 F6 F7 F8 F9 FA FB FC FD FE FF\n00 01');
    expect(hexLines(new Uint8Array())).toBe('');
  });

  it('writes a C array that reads back as the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), (bytes) => {
        const text = cArray(bytes, { name: 'State', comment: 'packet 3' });
        expect(text).toContain(`static const UCHAR State[${bytes.length}] = {`);
        expect([...text.matchAll(/0x([0-9A-F]{2})/g)].map(([, digits]) => Number.parseInt(digits ?? '', 16))).toEqual([
          ...bytes,
        ]);
      }),
    );
  });

  it('lets no name of a driver out of the comment or the identifier', () => {
    const text = cArray(Uint8Array.of(1), { name: '3 bad*/name', comment: 'evil */ int x;\n #include' });
    expect(text.split('\n')[0]).toBe('/* evil * / int x;  #include */');
    expect(text).toContain(' _3_bad__name[1] ');
    expect(identifier('')).toBe('_');
  });

  it('has no C array of nothing', () => {
    expect(cArray(new Uint8Array(), { name: 'State', comment: '' })).toBe('');
  });
});
