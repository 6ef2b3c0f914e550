/** C's conversions between scalar types, as closures over closures. */
import type { Getter } from './memory.js';
import { INT, INT64, integerShape, isArithmetic, type Type, UINT, UINT64 } from './types.js';

/** What a conversion out of range gives on x64: the most negative number. */
const INDEFINITE = -(1n << 63n);

/** A number cut to an integer of up to 4 bytes. */
function fitted(value: number, size: 1 | 2 | 4, signed: boolean): number {
  if (size === 4) return signed ? value | 0 : value >>> 0;
  const shift = 32 - 8 * size;
  return signed ? (value << shift) >> shift : (value << shift) >>> shift;
}

function wide(value: bigint, signed: boolean): bigint {
  return signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value);
}

function truncated(value: number): bigint {
  const whole = Math.trunc(value);
  return Number.isFinite(whole) && Math.abs(whole) < 2 ** 63 ? BigInt(whole) : INDEFINITE;
}

/** Both are scalars; to pointers as to 8-byte integers. */
export function convert(value: Getter, from: Type, to: Type): Getter {
  if (to.shape.kind === 'float') return toFloat(value, to.shape.size);
  if (to.shape.kind === 'integer' && to.shape.boolean) return { big: false, get: truth(value, 1, 0) };
  const { size, signed } = integerShape(to);
  if (from.shape.kind === 'float' && !value.big) return fromFloat(value.get, size, signed);
  if (size === 8) {
    if (!value.big) {
      const { get } = value;
      return { big: true, get: signed ? () => BigInt(get()) : () => BigInt.asUintN(64, BigInt(get())) };
    }
    const same = integerShape(from);
    if (same.signed === signed) return value;
    const { get } = value;
    return { big: true, get: () => wide(get(), signed) };
  }
  if (value.big) {
    const { get } = value;
    return { big: false, get: () => fitted(Number(BigInt.asIntN(32, get())), size, signed) };
  }
  const own = integerShape(from);
  if (own.size === size && own.signed === signed) return value;
  const { get } = value;
  return { big: false, get: () => fitted(get(), size, signed) };
}

function toFloat(value: Getter, size: 4 | 8): Getter {
  const { get } = value;
  return { big: false, get: size === 4 ? () => Math.fround(Number(get())) : () => Number(get()) };
}

function fromFloat(get: () => number, size: 1 | 2 | 4 | 8, signed: boolean): Getter {
  if (size === 8) return { big: true, get: () => wide(truncated(get()), signed) };
  return { big: false, get: () => fitted(Number(BigInt.asIntN(32, truncated(get()))), size, signed) };
}

/** A closure of what stands for true or for false. */
export function truth<Answer>(value: Getter, yes: Answer, no: Answer): () => Answer {
  if (value.big) {
    const { get } = value;
    return () => (get() !== 0n ? yes : no);
  }
  const { get } = value;
  return () => (get() !== 0 ? yes : no);
}

/** Integer promotion: what is smaller than int becomes int. A type of at least that size keeps its name. */
export function promoted(type: Type): Type {
  if (type.shape.kind === 'float') return type;
  const { size, signed } = integerShape(type);
  if (size < 4) return INT;
  if (type.shape.kind === 'enum') return size === 8 ? (signed ? INT64 : UINT64) : signed ? INT : UINT;
  return type;
}

/** The usual arithmetic conversions (C17 6.3.1.8); both types are arithmetic. */
export function commonType(left: Type, right: Type): Type {
  const [a, b] = [promoted(left), promoted(right)];
  if (a.shape.kind === 'float' || b.shape.kind === 'float') {
    if (a.shape.kind !== 'float') return b;
    return b.shape.kind !== 'float' || a.size >= b.size ? a : b;
  }
  if (a.name === b.name) return a;
  const [first, second] = [integerShape(a), integerShape(b)];
  if (first.size !== second.size) return first.size > second.size ? plain(a) : plain(b);
  return first.signed ? plain(b) : plain(a);
}

/** Without the name of a typedef that only one of two operands has. */
function plain(type: Type): Type {
  if (!isArithmetic(type) || type.shape.kind === 'float') return type;
  const { size, signed } = integerShape(type);
  return size === 8 ? (signed ? INT64 : UINT64) : signed ? INT : UINT;
}
