/** Edits of WebAssembly binaries. */
import { wasmSections } from '../base/wasmReader.js';

const MEMORY_SECTION = 5;
const HAS_MAXIMUM = 1;

/**
 * Sets the maximum of a module's first memory, in 64 KiB pages, in place: the encoded number keeps its length, so the
 * new value may not be larger than what that length holds. The compiler then runs out of memory by itself, with a
 * message, before the machine does.
 */
export function limitMemory(bytes: Uint8Array, pages: number): void {
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at];
    const [size, content] = readNumber(bytes, at + 1);
    if (id === MEMORY_SECTION) {
      const [, flagsAt] = readNumber(bytes, content);
      if (((bytes[flagsAt] ?? 0) & HAS_MAXIMUM) === 0) {
        throw new Error('the memory has no maximum to set');
      }
      const [, maximumAt] = readNumber(bytes, flagsAt + 1);
      const [, end] = readNumber(bytes, maximumAt);
      writeNumber(bytes, maximumAt, end, pages);
      return;
    }
    at = content + size;
  }
  throw new Error('the module has no memory of its own');
}

/** Unsigned LEB128: the value and where it ends. */
function readNumber(bytes: Uint8Array, from: number): readonly [value: number, end: number] {
  let value = 0;
  let scale = 1;
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (byte < 0x80) {
      return [value, at + 1];
    }
  }
  throw new Error('the module ends within a number');
}

function writeNumber(bytes: Uint8Array, from: number, end: number, value: number): void {
  let rest = value;
  for (let at = from; at < end; at++) {
    bytes[at] = (rest & 0x7f) | (at < end - 1 ? 0x80 : 0);
    rest = Math.floor(rest / 128);
  }
  if (rest !== 0) {
    throw new Error('the maximum does not fit where the old one stood');
  }
}

const IMPORT_SECTION = 2;

/** Names of the functions a module imports, whatever module they come from. */
export function importedFunctions(bytes: Uint8Array): readonly string[] {
  const names: string[] = [];
  for (const { id, content } of wasmSections(bytes)) {
    for (let left = id === IMPORT_SECTION ? content.number() : 0; left > 0; left--) {
      content.text();
      names.push(content.text());
      if (content.byte() !== 0) {
        // Our link exports memory, table and globals; only functions are imported.
        throw new Error('the module imports something that is no function');
      }
      content.number();
    }
  }
  return names;
}
