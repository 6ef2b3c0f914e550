/**
 * clang's own freestanding headers, out of the resources the compiler is packaged with; the rest of them speaks of
 * other systems.
 */

/**
 * What C says a freestanding implementation has, and the pieces clang builds them from. Processor headers are left out
 * on purpose.
 */
const HEADERS = [
  '__stdarg_\\w+|__stddef_\\w+|__float_\\w+',
  'stdarg|stddef|stdint|stdbool|stdalign|stdnoreturn|stdatomic|stdckdint|limits|float|iso646',
];
const NEEDED = new RegExp(`^(?:${HEADERS.join('|')})\\.h$`);

const BLOCK = 512;
const SIZE_AT = 124;
const SIZE_DIGITS = 12;
const NAME_DIGITS = 100;

/** The needed headers of a ustar archive, by name. */
export function clangHeaders(archive: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const headers = new Map<string, Uint8Array>();
  const text = new TextDecoder();
  const field = (at: number, length: number): string =>
    (text.decode(archive.subarray(at, at + length)).split('\0', 1)[0] ?? '').trim();
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const name = field(at, NAME_DIGITS);
    const size = Number.parseInt(field(at + SIZE_AT, SIZE_DIGITS) || '0', 8);
    const header = /^include\/([^/]+)$/.exec(name)?.[1];
    if (header !== undefined && NEEDED.test(header)) {
      headers.set(header, archive.slice(at + BLOCK, at + BLOCK + size));
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return headers;
}
