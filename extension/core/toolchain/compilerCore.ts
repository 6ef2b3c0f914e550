/** Edits of the compiler core before the engine compiles it. Sizes stay, so they are done in place. */
import { limitMemory } from './wasmBinary.js';

/**
 * `raw_fd_ostream::preferred_buffer_size` of the core in @yowasp/clang 22.0.0-git20542-10 answers `statbuf.st_blksize`,
 * of which WASI knows nothing: 0, unbuffered. The IR of 350 lines then takes 100,000 writes of one or two bytes through
 * four layers (8 ms of 48 warm). Where that number is loaded there will be a constant: `local.get 1; i32.load
 * offset=56; local.set 3; end`.
 */
const BUFFER_SIZE_AT = 65_657_881;
const LOADED = [0x20, 0x01, 0x28, 0x02, 0x38, 0x21, 0x03, 0x0b];
/** `i32.const 32768; nop`. */
const CONSTANT = [0x41, 0x80, 0x80, 0x02, 0x01];

/** Limits the memory and buffers the output. False for a core of another version: it does the same, unbuffered. */
export function prepareCore(bytes: Uint8Array, pages: number): boolean {
  limitMemory(bytes, pages);
  const known = LOADED.every((byte, index) => bytes[BUFFER_SIZE_AT + index] === byte);
  if (known) {
    bytes.set(CONSTANT, BUFFER_SIZE_AT);
  }
  return known;
}
