import { describe, expect, it } from 'vitest';
import { isBinary, toUtf8 } from './encodings.js';

const TEXT = 'int caf\u00e9; // \u20ac\r\nint b;\n';
const utf8 = new TextEncoder().encode(TEXT);

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(2 + text.length * 2));
  view.setUint16(0, 0xfeff, littleEndian);
  for (let i = 0; i < text.length; i++) {
    view.setUint16(2 + i * 2, text.charCodeAt(i), littleEndian);
  }
  return new Uint8Array(view.buffer);
}

function cp1252(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => (c === '\u20ac' ? 0x80 : c.charCodeAt(0)));
}

describe('toUtf8', () => {
  it.each([
    ['UTF-8', utf8],
    ['UTF-8 with BOM', Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8)],
    ['UTF-16 LE with BOM', utf16(TEXT, true)],
    ['UTF-16 BE with BOM', utf16(TEXT, false)],
    ['CP-1252', cp1252(TEXT)],
  ])('%s gives the same text with the same lines', (_, bytes) => {
    expect(new TextDecoder().decode(toUtf8(bytes))).toBe(TEXT);
  });

  it('copies nothing when there is nothing to change', () => {
    expect(toUtf8(utf8)).toBe(utf8);
  });
});

describe('isBinary', () => {
  it.each([
    ['an object file', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 0), true],
    ['UTF-16 text, which is full of zeros', utf16('int a;', true), false],
    ['CP-1252 text', cp1252(TEXT), false],
    ['nothing', new Uint8Array(0), false],
  ])('%s', (_, bytes, expected) => {
    expect(isBinary(bytes)).toBe(expected);
  });
});
