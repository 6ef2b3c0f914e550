/** The linear memory of a run as code beside it reads it. */
import type { Machine } from '../kmcl/machine.js';
import type { DebugMemory } from './view.js';

/**
 * Reads through one view that is kept while the run is in one of its stops: taking it anew for each read costs more
 * than the read. `refresh` when the run may have gone on.
 */
export class StageMemory implements DebugMemory {
  readonly #machine: Machine;
  #view: DataView;

  constructor(machine: Machine) {
    this.#machine = machine;
    this.#view = machine.view;
  }

  refresh(): void {
    this.#view = this.#machine.view;
  }

  get size(): number {
    return this.#view.byteLength;
  }

  u8(address: number): number {
    return this.#view.getUint8(address);
  }

  u16(address: number): number {
    return this.#view.getUint16(address, true);
  }

  u32(address: number): number {
    return this.#view.getUint32(address, true);
  }

  u64(address: number): bigint {
    return this.#view.getBigUint64(address, true);
  }

  i32(address: number): number {
    return this.#view.getInt32(address, true);
  }

  pointer(address: number): number {
    return Number(this.#view.getBigUint64(address, true));
  }

  slice(address: number, length: number): Uint8Array {
    if (!this.isReadable(address, length)) {
      throw new RangeError(`0x${address.toString(16)} lies beyond the end of memory`);
    }
    return this.#machine.slice(address, length);
  }

  isReadable(address: number, length: number): boolean {
    return address >= 0 && length >= 0 && address + length <= this.size;
  }
}
