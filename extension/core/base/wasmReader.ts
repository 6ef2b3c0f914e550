/** Reads on through a WebAssembly binary: bytes, LEB128 numbers, names. */
export class WasmReader {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    const value = this.#bytes[this.at];
    if (value === undefined) throw new Error('the module ends within a section');
    this.at += 1;
    return value;
  }

  /** Unsigned LEB128. Indices and addresses of a module stay below 2^53. */
  number(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.#bytes.subarray(this.at - length, this.at));
  }
}

/** Behind the magic number and the version. */
const FIRST_SECTION = 8;

export interface WasmSection {
  readonly id: number;
  /** At the content's first byte. */
  readonly content: WasmReader;
  readonly end: number;
}

/** In order. */
export function* wasmSections(bytes: Uint8Array): Generator<WasmSection> {
  for (let at = FIRST_SECTION; at < bytes.length; ) {
    const content = new WasmReader(bytes, at);
    const id = content.byte();
    const size = content.number();
    at = content.at + size;
    yield { id, content, end: at };
  }
}
