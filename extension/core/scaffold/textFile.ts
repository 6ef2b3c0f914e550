/** Bytes of a source as text and back, in the encoding it was saved in. */

export type Encoding = 'utf-8' | 'utf-8 with mark' | 'utf-16le' | 'utf-16be' | 'windows-1252';

export interface TextFile {
  readonly text: string;
  readonly encoding: Encoding;
}

export function decodeText(bytes: Uint8Array): TextFile {
  const [first, second, third] = bytes;
  if (first === 0xef && second === 0xbb && third === 0xbf)
    return { text: utf8(bytes.subarray(3)), encoding: 'utf-8 with mark' };
  if (first === 0xff && second === 0xfe) return { text: wide(bytes.subarray(2), true), encoding: 'utf-16le' };
  if (first === 0xfe && second === 0xff) return { text: wide(bytes.subarray(2), false), encoding: 'utf-16be' };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), encoding: 'utf-8' };
  } catch {
    return { text: new TextDecoder('windows-1252').decode(bytes), encoding: 'windows-1252' };
  }
}

/** `text` is made of what the file had and of ASCII. */
export function encodeText({ encoding }: TextFile, text: string): Uint8Array {
  switch (encoding) {
    case 'utf-8':
      return new TextEncoder().encode(text);
    case 'utf-8 with mark':
      return new TextEncoder().encode(`\ufeff${text}`);
    case 'utf-16le':
      return units(text, true);
    case 'utf-16be':
      return units(text, false);
    case 'windows-1252':
      return single(text);
  }
}

function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes);
}

function wide(bytes: Uint8Array, little: boolean): string {
  return new TextDecoder(little ? 'utf-16le' : 'utf-16be').decode(bytes);
}

function units(text: string, little: boolean): Uint8Array {
  const bytes = new Uint8Array(2 + 2 * text.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xfeff, little);
  for (let index = 0; index < text.length; index += 1) view.setUint16(2 + 2 * index, text.charCodeAt(index), little);
  return bytes;
}

function single(text: string): Uint8Array {
  const all = new TextDecoder('windows-1252').decode(Uint8Array.from({ length: 256 }, (_, index) => index));
  const codes = new Map([...all].map((char, index) => [char, index]));
  return Uint8Array.from(text, (char) => codes.get(char) ?? 0x3f);
}
