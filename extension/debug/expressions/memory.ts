/** How compiled expressions reach the driver's memory: inside the worker its own, outside a copy of what was asked for. */
import { integerShape, type RecordField, type Type } from './types.js';

/** Little-endian; every method throws MemoryError where there is no memory. */
export interface Memory {
  u8(address: number): number;
  u16(address: number): number;
  u32(address: number): number;
  u64(address: number): bigint;
  /** A copy. */
  bytes(address: number, length: number): Uint8Array;
  store(address: number, bytes: Uint8Array): void;
}

/** Integers of up to 4 bytes and floats are numbers, integers of 8 bytes and pointers bigints (pointers unsigned). */
export type Getter = { readonly big: false; get(): number } | { readonly big: true; get(): bigint };

export type Bits = NonNullable<RecordField['bits']>;

const scratch = new DataView(new ArrayBuffer(8));

function signExtended(value: number, bits: number): number {
  const shift = 32 - bits;
  return (value << shift) >> shift;
}

/** Reads a scalar of that type from where `address` says. */
export function loader(memory: Memory, type: Type, address: () => number, bits: Bits | undefined): Getter {
  const { shape } = type;
  if (shape.kind === 'float') return floatLoader(memory, shape.size, address);
  if (bits !== undefined) return bitLoader(memory, type, address, bits);
  const { size, signed } = integerShape(type);
  switch (size) {
    case 1:
      return signed
        ? { big: false, get: () => (memory.u8(address()) << 24) >> 24 }
        : { big: false, get: () => memory.u8(address()) };
    case 2:
      return signed
        ? { big: false, get: () => (memory.u16(address()) << 16) >> 16 }
        : { big: false, get: () => memory.u16(address()) };
    case 4:
      return signed
        ? { big: false, get: () => memory.u32(address()) | 0 }
        : { big: false, get: () => memory.u32(address()) };
    case 8:
      return signed
        ? { big: true, get: () => BigInt.asIntN(64, memory.u64(address())) }
        : { big: true, get: () => memory.u64(address()) };
  }
}

function floatLoader(memory: Memory, size: 4 | 8, address: () => number): Getter {
  return {
    big: false,
    get: () => {
      if (size === 4) {
        scratch.setUint32(0, memory.u32(address()), true);
        return scratch.getFloat32(0, true);
      }
      scratch.setBigUint64(0, memory.u64(address()), true);
      return scratch.getFloat64(0, true);
    },
  };
}

function bitLoader(memory: Memory, type: Type, address: () => number, { start, width }: Bits): Getter {
  const { size, signed } = integerShape(type);
  if (size === 8) {
    return {
      big: true,
      get: () => {
        const field = memory.u64(address()) >> BigInt(start);
        return signed ? BigInt.asIntN(width, field) : BigInt.asUintN(width, field);
      },
    };
  }
  const whole = unitLoader(memory, size, address);
  return {
    big: false,
    get: () => {
      const field = whole() >>> start;
      if (signed) return signExtended(field, width);
      return width === 32 ? field : field & ((1 << width) - 1);
    },
  };
}

function unitLoader(memory: Memory, size: 1 | 2 | 4, address: () => number): () => number {
  if (size === 1) return () => memory.u8(address());
  return size === 2 ? () => memory.u16(address()) : () => memory.u32(address());
}

/** Writes a scalar; the value is converted to the type before. */
export function storeScalar(
  memory: Memory,
  type: Type,
  address: number,
  bits: Bits | undefined,
  value: number | bigint,
): void {
  memory.store(
    address,
    scalarBytes(type, bits, value, bits === undefined ? undefined : memory.bytes(address, type.size)),
  );
}

/** The bytes of a value; a bit-field keeps the other bits of what was there. */
export function scalarBytes(
  { shape, size }: Type,
  bits: Bits | undefined,
  value: number | bigint,
  before: Uint8Array | undefined,
): Uint8Array {
  if (shape.kind === 'float') {
    if (size === 4) scratch.setFloat32(0, Number(value), true);
    else scratch.setFloat64(0, Number(value), true);
  } else if (bits === undefined) {
    scratch.setBigInt64(0, BigInt.asIntN(64, BigInt(value)), true);
  } else {
    const mask = ((1n << BigInt(bits.width)) - 1n) << BigInt(bits.start);
    const old = (before ?? new Uint8Array()).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    scratch.setBigUint64(0, (old & ~mask) | ((BigInt(value) << BigInt(bits.start)) & mask), true);
  }
  return new Uint8Array(scratch.buffer.slice(0, size));
}
