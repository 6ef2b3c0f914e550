/**
 * Objects nobody made: contexts of fixture-less runs, from the driver's own types (interfaces 4). Deterministic; list
 * entries link to themselves, locks are free, pointers lead to blocks of 4 KiB, unpaired integers are at most 64, X and
 * XLength pairs are exact, enums are in range.
 */
import type { CompiledDriver, FieldInfo, TypeId, TypeInfo } from '../toolchain/module.js';
import { FREE_MUTEX, HANDLE, KERNEL_OBJECT, LIST_ENTRY, LOCK, UNICODE_STRING } from './fieldKinds.js';
import { ARENA } from './layout.js';
import type { Machine } from './machine.js';

/** enum vsp_fixup_kind of kmcl.h. */
export const FIXUP = { LIST: 1, INDEX32: 2, INDEX64: 3, SELF: 4 } as const;

export interface Fixup {
  readonly offset: number;
  readonly kind: number;
  readonly value: number;
}

/** One invented object: bytes to clone, and what each clone needs set anew. */
export interface Template {
  readonly address: number;
  readonly size: number;
  readonly fixups: readonly Fixup[];
}

/** A field and what it got: for findings that rest on it. */
export interface InventedBlock {
  readonly field: string;
  readonly start: number;
  readonly size: number;
}

const BLOCK_SIZE = 4096;
const MAX_INTEGER = 64;
const INVENTED_TAG = 0x746e7649;
/** Levels of records behind pointers; deeper ones get blocks without a shape. */
const MAX_DEPTH = 4;
const MUTEX = '_KMUTANT';
/** Its header begins with the kind of object; 4 bytes on stands SignalState, 1 when nobody owns it. */
const MUTANT_OBJECT = 2;
/** What all lookaside lists begin with; initialised as runtime/lookaside.c does it, for entries of a block each. */
const LOOKASIDE = /^_GENERAL_LOOKASIDE(?:_POOL)?$/;
const LOOKASIDE_VALUES: Readonly<Record<string, number>> = {
  Depth: 4,
  MaximumDepth: 256,
  Size: BLOCK_SIZE,
  Future: 0x5652534c,
};
const LENGTH_SUFFIX = /(Length|Size|Bytes|ByteCount|Count|Len|Cb)$/;

export class Inventor {
  /** Blocks behind pointers, by field. */
  readonly blocks: InventedBlock[] = [];
  /** The channel that VMBCHANNEL fields get. */
  channel = 0;
  readonly #machine: Machine;
  readonly #types: readonly TypeInfo[];
  readonly #shared = new Map<TypeId, number>();
  #state: number;

  constructor(machine: Machine, driver: CompiledDriver, seed: number) {
    this.#machine = machine;
    this.#types = driver.types;
    this.#state = seed >>> 0 || 1;
  }

  /** A new host has none of the old one's memory. */
  forget(): void {
    this.#shared.clear();
    this.blocks.length = 0;
  }

  /** An object of a type, in memory of its own; undefined for what is no record. */
  template(type: TypeId): Template | undefined {
    const record = this.#record(type);
    if (record === undefined) {
      return undefined;
    }
    const size = record.size + trailingRoom(record, (id) => this.#resolve(id));
    const address = this.#allocate(Math.max(8, size));
    const fixups: Fixup[] = [];
    this.#fillRecord(record, address, record.name, 0, (offset) =>
      fixups.push({ offset: offset - address, kind: FIXUP.LIST, value: 0 }),
    );
    return { address, size: Math.max(8, size), fixups };
  }

  // ---- Types

  #resolve(id: TypeId): TypeInfo | undefined {
    let type = this.#types[id];
    for (let level = 0; type?.kind === 'typedef' && level < 64; level++) {
      type = this.#types[type.target];
    }
    return type;
  }

  #record(id: TypeId): (TypeInfo & { kind: 'record' }) | undefined {
    const type = this.#resolve(id);
    return type?.kind === 'record' && type.size > 0 ? type : undefined;
  }

  /** An integer fit for its typedef: locks are free, booleans are one. */
  #scalar(id: TypeId): number {
    for (let at = id, level = 0; level < 64; level++) {
      const type = this.#types[at];
      if (type?.kind !== 'typedef') {
        break;
      }
      if (LOCK.test(type.name)) {
        return 0;
      }
      if (type.name === 'BOOLEAN') {
        return this.#next() % 2;
      }
      at = type.target;
    }
    return this.#small();
  }

  /** Name as written in the source: `HANDLE`, `VMBCHANNEL`. */
  #spelled(id: TypeId): string {
    return this.#types[id]?.name ?? '';
  }

  // ---- Filling

  #fillRecord(
    record: TypeInfo & { kind: 'record' },
    address: number,
    path: string,
    depth: number,
    list: (offset: number) => void,
  ): void {
    if (LIST_ENTRY.has(record.name)) {
      this.#machine.setPointer(address, address);
      this.#machine.setPointer(address + 8, address);
      list(address);
      return;
    }
    if (UNICODE_STRING.has(record.name)) {
      this.#unicodeString(address, path);
      return;
    }
    if (KERNEL_OBJECT.test(record.name) || FREE_MUTEX.has(record.name)) {
      this.#fillObject(record, address, list);
      return;
    }
    const fields = record.union ? record.fields.slice(0, 1) : record.fields;
    const paired = this.#pairs(record, address, path, depth);
    for (const field of fields) {
      if (!paired.has(field.name)) {
        this.#fillField(field, address + field.offset, `${path}.${field.name}`, depth, list);
      }
    }
  }

  /** An object of the kernel as its initialisation leaves it: free, not signaled, waited for by nobody. */
  #fillObject(record: TypeInfo & { kind: 'record' }, address: number, list: (offset: number) => void): void {
    if (LIST_ENTRY.has(record.name)) {
      this.#fillRecord(record, address, '', 0, list);
      return;
    }
    if (FREE_MUTEX.has(record.name)) {
      this.#machine.setU32(address, 1);
    }
    for (const field of record.union ? record.fields.slice(0, 1) : record.fields) {
      const inner = this.#resolve(field.type);
      if (inner?.kind === 'record') {
        this.#fillObject(inner, address + field.offset, list);
      }
    }
    for (const { name, offset } of LOOKASIDE.test(record.name) ? record.fields : []) {
      const value = LOOKASIDE_VALUES[name];
      if (value !== undefined) this.#integer(address + offset, name.endsWith('Depth') ? 2 : 4, value);
    }
    if (record.name === MUTEX) {
      this.#machine.setU8(address, MUTANT_OBJECT);
      this.#machine.setU32(address + 4, 1);
    }
  }

  #fillField(field: FieldInfo, at: number, path: string, depth: number, list: (offset: number) => void): void {
    if (field.bits !== undefined) {
      this.#bitField(at, field.bits.start, field.bits.width);
      return;
    }
    this.#fillValue(field.type, at, path, depth, list);
  }

  #fillValue(id: TypeId, at: number, path: string, depth: number, list: (offset: number) => void): void {
    const type = this.#resolve(id);
    switch (type?.kind) {
      case 'integer':
        this.#integer(at, type.size, this.#scalar(id));
        break;
      case 'enum':
        this.#integer(at, type.size, type.values[this.#next() % Math.max(1, type.values.length)]?.value ?? 0);
        break;
      case 'float':
        if (type.size === 4) {
          this.#machine.view.setFloat32(at, this.#small(), true);
        } else {
          this.#machine.view.setFloat64(at, this.#small(), true);
        }
        break;
      case 'pointer':
        this.#machine.setPointer(at, this.#pointer(id, type.target, path, depth));
        break;
      case 'array':
        this.#fillArray(type, at, path, depth, list);
        break;
      case 'record':
        this.#fillRecord(type, at, path, depth, list);
        break;
      default:
        break;
    }
  }

  #fillArray(
    type: TypeInfo & { kind: 'array' },
    at: number,
    path: string,
    depth: number,
    list: (offset: number) => void,
  ): void {
    const element = type.count === 0 ? 0 : type.size / type.count;
    for (let index = 0; index < type.count; index++) {
      this.#fillValue(type.element, at + index * element, `${path}[${index}]`, depth, list);
    }
  }

  /**
   * Fields `X` and `XLength` (or Size, Bytes, Count): the length says exactly what there is. Answers the names dealt
   * with.
   */
  #pairs(record: TypeInfo & { kind: 'record' }, address: number, path: string, depth: number): Map<string, number> {
    const done = new Map<string, number>();
    for (const length of record.fields) {
      const stem = LENGTH_SUFFIX.exec(length.name);
      const integer = this.#resolve(length.type);
      if (stem === null || stem.index === 0 || integer?.kind !== 'integer' || length.bits !== undefined) {
        continue;
      }
      const name = length.name.slice(0, stem.index);
      const data = record.fields.find(
        (field) => field.name === name || field.name === `${name}s` || field.name === `p${name}`,
      );
      const target = data === undefined ? undefined : this.#resolve(data.type);
      if (data === undefined || done.has(data.name) || (target?.kind !== 'pointer' && target?.kind !== 'array')) {
        continue;
      }
      const counts = /Count$/.test(length.name) && !/ByteCount$/.test(length.name);
      const units = this.#pair(target, address + data.offset, `${path}.${data.name}`, counts, depth);
      this.#integer(address + length.offset, integer.size, units);
      done.set(length.name, units);
      done.set(data.name, units);
    }
    return done;
  }

  /** Fills one side of a pair; answers the length to store at the other, in elements or bytes. */
  #pair(
    type: TypeInfo & { kind: 'pointer' | 'array' },
    at: number,
    path: string,
    counts: boolean,
    depth: number,
  ): number {
    const elementType = type.kind === 'array' ? type.element : type.target;
    const element = this.#sizeOf(elementType);
    const most = type.kind === 'array' ? type.count : MAX_INTEGER;
    const elements = Math.max(1, Math.min(most, this.#small()));
    if (type.kind === 'array') {
      this.#fillArray({ ...type, size: elements * element, count: elements }, at, path, depth, () => {});
    } else {
      const block = this.#allocate(elements * element);
      this.#pattern(block, elements * element);
      this.blocks.push({ field: path, start: block, size: elements * element });
      this.#machine.setPointer(at, block);
    }
    return counts ? elements : elements * element;
  }

  #sizeOf(id: TypeId | null): number {
    const type = id === null ? undefined : this.#resolve(id);
    return type !== undefined && 'size' in type && type.size > 0 ? type.size : type?.kind === 'pointer' ? 8 : 1;
  }

  #pointer(spelled: TypeId, target: TypeId | null, path: string, depth: number): number {
    const name = this.#spelled(spelled);
    if (name === 'VMBCHANNEL') {
      return this.channel;
    }
    const resolved = target === null ? undefined : this.#resolve(target);
    if (HANDLE.test(name) || resolved?.kind === 'function') {
      return 0;
    }
    const record = target === null ? undefined : this.#record(target);
    if (record === undefined || target === null || depth >= MAX_DEPTH) {
      return this.#block(path);
    }
    const known = this.#shared.get(target);
    if (known !== undefined) {
      return known;
    }
    const block = this.#block(path);
    this.#shared.set(target, block);
    if (record.size <= BLOCK_SIZE) {
      this.#fillRecord(record, block, `${path}->`, depth + 1, () => {});
    }
    return block;
  }

  #block(path: string): number {
    const block = this.#allocate(BLOCK_SIZE);
    this.#pattern(block, BLOCK_SIZE);
    this.blocks.push({ field: path, start: block, size: BLOCK_SIZE });
    return block;
  }

  #unicodeString(address: number, path: string): void {
    const characters = 1 + (this.#next() % 16);
    const buffer = this.#allocate(2 * characters);
    for (let index = 0; index < characters; index++) {
      this.#machine.setU16(buffer + 2 * index, 0x61 + (index % 26));
    }
    this.blocks.push({ field: `${path}.Buffer`, start: buffer, size: 2 * characters });
    this.#machine.setU16(address, 2 * characters);
    this.#machine.setU16(address + 2, 2 * characters);
    this.#machine.setPointer(address + 8, buffer);
  }

  #bitField(at: number, start: number, width: number): void {
    const byte = at + (start >> 3);
    const shift = start & 7;
    const mask = ((1 << Math.min(width, 8 - shift)) - 1) << shift;
    const value = (this.#next() << shift) & mask;
    this.#machine.setU8(byte, (this.#machine.u8(byte) & ~mask) | value);
  }

  #integer(at: number, size: number, value: number): void {
    for (let byte = 0, rest = BigInt(value); byte < size; byte++, rest >>= 8n) {
      this.#machine.setU8(at + byte, Number(rest & 0xffn));
    }
  }

  #pattern(address: number, size: number): void {
    for (let index = 0; index < size; index++) {
      this.#machine.setU8(address + index, 1 + (index % MAX_INTEGER));
    }
  }

  #allocate(size: number): number {
    const address = this.#machine.native.vsp_user_allocate(ARENA.HOST, size, INVENTED_TAG);
    this.#machine.bytes.fill(0, address, address + size);
    return address;
  }

  #small(): number {
    return 1 + (this.#next() % MAX_INTEGER);
  }

  /** xorshift32. */
  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state >>> 8;
  }
}

/** Room behind a record that ends in `Data[1]` or `Data[]`: its length field may say up to 64. */
function trailingRoom(record: TypeInfo & { kind: 'record' }, resolve: (id: TypeId) => TypeInfo | undefined): number {
  const last = record.fields.at(-1);
  const type = last === undefined ? undefined : resolve(last.type);
  if (type?.kind !== 'array' || type.count > 1) {
    return 0;
  }
  const element = resolve(type.element);
  return MAX_INTEGER * (element !== undefined && 'size' in element ? element.size : 8);
}
