/**
 * Source files as people save them, turned into the UTF-8 that the compiler reads. Line numbers stay: no line break is
 * added or dropped.
 */

/**
 * UTF-8 (a BOM is dropped), UTF-16 LE or BE with BOM, and whatever is no valid UTF-8 as Windows code page 1252. Valid
 * UTF-8 is returned as it is, without a copy.
 */
export function toUtf8(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return toUtf8(bytes.subarray(3));
  }
  if (bytes[0] === 0xff && bytes[1] === 0xfe) {
    return encode(new TextDecoder('utf-16le').decode(bytes));
  }
  if (bytes[0] === 0xfe && bytes[1] === 0xff) {
    return encode(new TextDecoder('utf-16be').decode(bytes));
  }
  return isUtf8(bytes) ? bytes : encode(new TextDecoder('windows-1252').decode(bytes));
}

/**
 * A file that no compiler should be asked to read: a zero byte never occurs in source text once UTF-16 is accounted
 * for.
 */
export function isBinary(bytes: Uint8Array): boolean {
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  return !utf16 && bytes.includes(0);
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
