/** The paused driver's memory for expressions: reads are checked, writes become edits that time travel knows. */
import type { DebugMemory, StoppedView } from '../../core/debug/view.js';
import { MemoryError } from '../expressions/errors.js';
import type { Memory } from '../expressions/memory.js';
import { addressText } from './addresses.js';

/** Below it nothing is valid: NULL and what is reached through it. */
export const NULL_ZONE = 65536;

function refusal(address: number, length: number, size: number): MemoryError {
  const what = `${length === 1 ? '1 byte' : `${length} bytes`} at ${addressText(Math.max(0, Math.trunc(address)))}`;
  if (address >= 0 && address < NULL_ZONE) {
    const through = address === 0 ? 'this is NULL' : `this is NULL + ${address}`;
    return new MemoryError(`cannot read ${what}: ${through}`, address);
  }
  return new MemoryError(`cannot read ${what}: memory ends at ${addressText(size)}`, address);
}

/** Reads only. */
export class MemoryReader implements Memory {
  memory: DebugMemory;

  constructor(memory: DebugMemory) {
    this.memory = memory;
  }

  u8(address: number): number {
    this.check(address, 1);
    return this.memory.u8(address);
  }

  u16(address: number): number {
    this.check(address, 2);
    return this.memory.u16(address);
  }

  u32(address: number): number {
    this.check(address, 4);
    return this.memory.u32(address);
  }

  u64(address: number): bigint {
    this.check(address, 8);
    return this.memory.u64(address);
  }

  bytes(address: number, length: number): Uint8Array {
    this.check(address, length);
    return this.memory.slice(address, length);
  }

  store(address: number, _bytes: Uint8Array): void {
    throw new MemoryError('nothing may be changed here', address);
  }

  /** Throws MemoryError. */
  check(address: number, length: number): void {
    if (address >= NULL_ZONE && address + length <= this.memory.size) return;
    throw refusal(address, length, this.memory.size);
  }

  readable(address: number, length: number): boolean {
    return address >= NULL_ZONE && address + length <= this.memory.size;
  }
}

/** Reads, and writes as the user's edits. */
export class EditableMemory extends MemoryReader {
  readonly #view: StoppedView;

  constructor(view: StoppedView) {
    super(view.memory);
    this.#view = view;
  }

  override store(address: number, bytes: Uint8Array): void {
    this.check(address, bytes.length);
    if (!this.#view.write(address, bytes)) {
      throw new MemoryError(`cannot write ${bytes.length} bytes at ${addressText(address)}`, address);
    }
  }
}
