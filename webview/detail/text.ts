/** Bytes as text for the clipboard. */

/** Most bytes that are made into text at once: a clipboard of some megabytes is of no use to anyone. */
export const COPY_LIMIT = 1 << 20;

const PER_LINE = 16;

/** `0A`. */
export const hexByte = (byte: number): string => byte.toString(16).toUpperCase().padStart(2, '0');

function lines(bytes: Uint8Array, line: (slice: Uint8Array) => string): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += PER_LINE) found.push(line(bytes.subarray(at, at + PER_LINE)));
  return found;
}

/** `4E 49 43 49 01 00`, sixteen a line. */
export function hexLines(bytes: Uint8Array): string {
  return lines(bytes, (slice) => Array.from(slice, hexByte).join(' ')).join('\n');
}

export interface ArrayHeading {
  /** What the array is called: made a C identifier. */
  readonly name: string;
  /** Said in a comment above it. */
  readonly comment: string;
}

/** A definition that compiles as C and C++. No bytes have no C array: empty text. */
export function cArray(bytes: Uint8Array, { name, comment }: ArrayHeading): string {
  if (bytes.length === 0) return '';
  const body = lines(bytes, (slice) => `    ${Array.from(slice, (byte) => `0x${hexByte(byte)}`).join(', ')},`);
  const safe = comment.replaceAll('*/', '* /').replaceAll(/[\r\n]+/g, ' ');
  return `/* ${safe} */\nstatic const UCHAR ${identifier(name)}[${bytes.length}] = {\n${body.join('\n')}\n};\n`;
}

/** Letters, digits and underscores only, no digit first. */
export function identifier(text: string): string {
  const plain = text.replaceAll(/[^A-Za-z0-9_]/g, '_');
  return /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`;
}
