/** Bytes as the protocol carries them. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Map([...ALPHABET].map((character, value) => [character, value]));

export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const left = bytes.length - at;
    parts.push(
      (ALPHABET[word >>> 18] ?? '') +
        (ALPHABET[(word >>> 12) & 63] ?? '') +
        (left > 1 ? (ALPHABET[(word >>> 6) & 63] ?? '') : '=') +
        (left > 2 ? (ALPHABET[word & 63] ?? '') : '='),
    );
  }
  return parts.join('');
}

/** Undefined for what is no base64. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let at = 0, to = 0; at < text.length; at += 4, to += 3) {
    const value = (offset: number): number => VALUES.get(text[at + offset] ?? '') ?? 0;
    const word = (value(0) << 18) | (value(1) << 12) | (value(2) << 6) | value(3);
    bytes.set([word >>> 16, (word >>> 8) & 255, word & 255].slice(0, bytes.length - to), to);
  }
  return bytes;
}
