/** Typed access to the linear memory of an instance. */

export class LinearMemory {
  readonly #memory: WebAssembly.Memory;
  #view: DataView;
  #bytes: Uint8Array;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  /** Taken anew whenever the memory has grown: never keep it across a call into the module. */
  get view(): DataView {
    if (this.#view.buffer !== this.#memory.buffer) {
      this.#view = new DataView(this.#memory.buffer);
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    return this.#view;
  }

  get bytes(): Uint8Array {
    return this.view.buffer === this.#bytes.buffer ? this.#bytes : new Uint8Array(this.#memory.buffer);
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  u8(address: number): number {
    return this.view.getUint8(address);
  }

  u16(address: number): number {
    return this.view.getUint16(address, true);
  }

  u32(address: number): number {
    return this.view.getUint32(address, true);
  }

  i32(address: number): number {
    return this.view.getInt32(address, true);
  }

  u64(address: number): bigint {
    return this.view.getBigUint64(address, true);
  }

  i64(address: number): bigint {
    return this.view.getBigInt64(address, true);
  }

  pointer(address: number): number {
    return Number(this.view.getBigUint64(address, true));
  }

  setU8(address: number, value: number): void {
    this.view.setUint8(address, value);
  }

  setU16(address: number, value: number): void {
    this.view.setUint16(address, value, true);
  }

  setU32(address: number, value: number): void {
    this.view.setUint32(address, value, true);
  }

  setU64(address: number, value: bigint): void {
    this.view.setBigUint64(address, BigInt.asUintN(64, value), true);
  }

  setPointer(address: number, value: number): void {
    this.view.setBigUint64(address, BigInt(value), true);
  }

  /** A copy. */
  slice(address: number, length: number): Uint8Array {
    return this.bytes.slice(address, address + length);
  }

  /** A zero-terminated string, at most `limit` bytes of it; invalid UTF-8 becomes U+FFFD. */
  text(address: number, limit = 65536): string {
    const bytes = this.bytes;
    let end = address;
    while (end < address + limit && end < bytes.length && bytes[end] !== 0) {
      end++;
    }
    return new TextDecoder().decode(bytes.subarray(address, end));
  }

  /** `length` bytes of UTF-8. */
  utf8(address: number, length: number): string {
    return new TextDecoder().decode(this.bytes.subarray(address, address + length));
  }

  /** `length` bytes of UTF-16. */
  utf16(address: number, length: number): string {
    return new TextDecoder('utf-16le').decode(this.bytes.subarray(address, address + length));
  }
}
