/** A small memory and table of types for tests of expressions and values. */
import type { TypeInfo } from '../../core/toolchain/module.js';
import { MemoryError } from './errors.js';
import type { Memory } from './memory.js';
import type { Found, Scope } from './scope.js';
import { type Type, Types } from './types.js';

const BASE = 0x1000;

/** 64 KiB from 0x1000 on. */
export class TestMemory implements Memory {
  readonly data = new Uint8Array(0x10000);
  readonly #view = new DataView(this.data.buffer);
  stores = 0;

  u8(address: number): number {
    return this.#view.getUint8(this.#at(address, 1));
  }

  u16(address: number): number {
    return this.#view.getUint16(this.#at(address, 2), true);
  }

  u32(address: number): number {
    return this.#view.getUint32(this.#at(address, 4), true);
  }

  u64(address: number): bigint {
    return this.#view.getBigUint64(this.#at(address, 8), true);
  }

  bytes(address: number, length: number): Uint8Array {
    const at = this.#at(address, length);
    return this.data.slice(at, at + length);
  }

  store(address: number, bytes: Uint8Array): void {
    this.stores += 1;
    this.data.set(bytes, this.#at(address, bytes.length));
  }

  put(address: number, size: 1 | 2 | 4 | 8, value: number | bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true);
    this.data.set(bytes.subarray(0, size), this.#at(address, size));
  }

  #at(address: number, length: number): number {
    const at = address - BASE;
    if (at >= 0 && at + length <= this.data.length) return at;
    throw new MemoryError(`there is no memory at 0x${address.toString(16)}`, address);
  }
}

/** Builds a type table; entries may be named before they are there. */
export class TestTypes {
  readonly table: TypeInfo[] = [];

  add(info: TypeInfo): number {
    return this.table.push(info) - 1;
  }

  integer(name: string, size: number, signed: boolean): number {
    return this.add({ kind: 'integer', name, size, signed });
  }

  typedef(name: string, target: number): number {
    return this.add({ kind: 'typedef', name, target });
  }

  pointer(name: string, target: number | null): number {
    return this.add({ kind: 'pointer', name, target });
  }

  types(): Types {
    return new Types(this.table);
  }
}

/** Variables at fixed addresses. */
export class TestScope implements Scope {
  readonly found = new Map<string, Found>();
  readonly macros = new Map<string, string>();

  variable(name: string, type: Type, address: number): void {
    this.found.set(name, { kind: 'variable', type, address: () => address });
  }

  value(name: string, type: Type, value: number | bigint): void {
    this.found.set(name, { kind: 'value', type, value: () => value });
  }

  find(name: string): Found | undefined {
    return this.found.get(name);
  }

  macro(name: string): string | undefined {
    return this.macros.get(name);
  }

  names(): readonly string[] {
    return [...this.found.keys()];
  }
}
