/** What the analysis knows of a value: a number, an address, or a name for something unknown. */
import { maximum } from './ranges.js';

/** Where an unknown value came from. */
export type Origin =
  | { readonly kind: 'parameter'; readonly index: number }
  /** Answer of a function. */
  | { readonly kind: 'result'; readonly callee: string; readonly place: number }
  /** Read from memory nobody wrote on this path. */
  | { readonly kind: 'memory'; readonly region: Region; readonly offset: number; readonly size: number }
  /** Address of a region of which nobody knows whether it is there. */
  | { readonly kind: 'address' }
  /** Read from memory that was made fresh and never written. */
  | { readonly kind: 'uninitialised'; readonly region: Region; readonly offset: number }
  | { readonly kind: 'unknown' };

export interface Constant {
  readonly kind: 'constant';
  readonly id: number;
  readonly bits: number;
  readonly value: bigint;
}

export interface Symbol_ {
  readonly kind: 'symbol';
  readonly id: number;
  readonly bits: number;
  readonly origin: Origin;
}

export interface Operation {
  readonly kind: 'operation';
  readonly id: number;
  readonly bits: number;
  readonly operation: string;
  readonly left: Value;
  readonly right: Value;
}

export interface Pointer {
  readonly kind: 'pointer';
  readonly id: number;
  readonly bits: 64;
  readonly region: Region;
  /** Bytes into the region, `index` apart. */
  readonly offset: number;
  /** A further, unknown distance. */
  readonly index: Value | undefined;
}

export type Value = Constant | Symbol_ | Operation | Pointer;

export type RegionKind =
  /** A variable of a frame. */
  | 'local'
  | 'global'
  | 'function'
  /** Memory allocated on this path. */
  | 'heap'
  /** What a parameter of the analysed function points to. */
  | 'parameter'
  /** What another pointer nobody explains points to. */
  | 'unknown'
  /** An object of the library that only its handle stands for. */
  | 'object';

export interface Region {
  readonly id: number;
  readonly kind: RegionKind;
  /** Name of the variable, parameter, function or allocating call. */
  readonly name: string;
  readonly size: number | undefined;
  /** Stands for the region's address: its facts say whether it is NULL. Absent where there is no doubt. */
  readonly address: Symbol_ | undefined;
  /** What memory that nobody wrote holds. */
  readonly fresh: 'uninitialised' | 'zero' | 'unknown';
  /** Location it was made at, 0 for none. */
  readonly place: number;
  /** The memory that the pointer to it was read from. */
  readonly source: { readonly region: Region; readonly offset: number } | undefined;
}

export type RegionFacts = Partial<Pick<Region, 'name' | 'size' | 'address' | 'fresh' | 'place' | 'source'>>;

/** Makes values; equal ones are the same object, so they compare by identity. */
export class Values {
  readonly #known = new Map<string, Value>();
  #next = 1;

  constant(value: bigint, bits: number): Constant {
    const trimmed = bits > 0 ? value & maximum(bits) : value;
    return this.#interned(`${trimmed}:${bits}`, (id) => ({ kind: 'constant', id, bits, value: trimmed })) as Constant;
  }

  symbol(bits: number, origin: Origin): Symbol_ {
    return { kind: 'symbol', id: this.#next++, bits, origin };
  }

  region(kind: RegionKind, facts: RegionFacts = {}): Region {
    return {
      id: this.#next++,
      kind,
      name: facts.name ?? '',
      size: facts.size,
      address: facts.address,
      fresh: facts.fresh ?? 'unknown',
      place: facts.place ?? 0,
      source: facts.source,
    };
  }

  /** An address that may be NULL, into a region of its own. */
  unknownPointer(kind: RegionKind, origin: Origin, facts: RegionFacts = {}): Pointer {
    const address = this.symbol(64, origin);
    return this.pointer(this.region(kind, { ...facts, address }), 0);
  }

  pointer(region: Region, offset: number, index?: Value): Pointer {
    const key = `&${region.id}+${offset}+${index?.id ?? ''}`;
    return this.#interned(key, (id) => ({ kind: 'pointer', id, bits: 64, region, offset, index })) as Pointer;
  }

  operation(operation: string, bits: number, left: Value, right: Value): Value {
    const folded = fold(operation, bits, left, right);
    if (folded !== undefined) return typeof folded === 'bigint' ? this.constant(folded, bits) : folded;
    const key = `${operation}:${bits}:${left.id}:${right.id}`;
    return this.#interned(key, (id) => ({ kind: 'operation', id, bits, operation, left, right }));
  }

  cast(operation: string, bits: number, value: Value): Value {
    if (value.bits === bits || operation === 'bitcast' || operation === 'freeze') return value;
    if (operation === 'inttoptr' || operation === 'ptrtoint')
      return value.bits === bits ? value : this.operation('trunc', bits, value, value);
    if (value.kind === 'constant') {
      const number = operation === 'sext' ? BigInt.asIntN(value.bits, value.value) : value.value;
      return this.constant(number, bits);
    }
    // What was widened and is narrowed again is what it was.
    if (
      operation === 'trunc' &&
      value.kind === 'operation' &&
      (value.operation === 'zext' || value.operation === 'sext')
    ) {
      if (value.left.bits === bits) return value.left;
      if (value.left.bits < bits) return this.cast(value.operation, bits, value.left);
    }
    if (operation === 'zext' && value.kind === 'operation' && value.operation === 'zext')
      return this.cast('zext', bits, value.left);
    const key = `${operation}:${bits}:${value.id}`;
    return this.#interned(key, (id) => ({ kind: 'operation', id, bits, operation, left: value, right: value }));
  }

  #interned(key: string, make: (id: number) => Value): Value {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = make(this.#next++);
    this.#known.set(key, made);
    return made;
  }
}

function fold(operation: string, bits: number, left: Value, right: Value): Value | bigint | undefined {
  if (left.kind === 'constant' && right.kind === 'constant') return compute(operation, bits, left.value, right.value);
  const zeroRight = right.kind === 'constant' && right.value === 0n;
  switch (operation) {
    case 'add':
    case 'or':
    case 'xor':
      if (zeroRight) return left;
      return left.kind === 'constant' && left.value === 0n ? right : undefined;
    case 'sub':
      return zeroRight ? left : left === right ? 0n : undefined;
    case 'shl':
    case 'lshr':
    case 'ashr':
      return zeroRight ? left : undefined;
    case 'mul':
      return right.kind === 'constant' && right.value === 1n ? left : zeroRight ? 0n : undefined;
    case 'and':
      if (zeroRight) return 0n;
      return right.kind === 'constant' && right.value === maximum(bits) ? left : undefined;
    default:
      return undefined;
  }
}

function compute(operation: string, bits: number, left: bigint, right: bigint): bigint | undefined {
  const mask = maximum(bits);
  const signed = (value: bigint): bigint => BigInt.asIntN(bits, value);
  switch (operation) {
    case 'add':
      return (left + right) & mask;
    case 'sub':
      return (left - right) & mask;
    case 'mul':
      return (left * right) & mask;
    case 'and':
      return left & right;
    case 'or':
      return left | right;
    case 'xor':
      return left ^ right;
    case 'shl':
      return right < BigInt(bits) ? (left << right) & mask : 0n;
    case 'lshr':
      return right < BigInt(bits) ? left >> right : 0n;
    case 'ashr':
      return right < BigInt(bits) ? (signed(left) >> right) & mask : undefined;
    case 'udiv':
      return right === 0n ? undefined : left / right;
    case 'urem':
      return right === 0n ? undefined : left % right;
    case 'sdiv':
      return right === 0n ? undefined : (signed(left) / signed(right)) & mask;
    case 'srem':
      return right === 0n ? undefined : (signed(left) % signed(right)) & mask;
    default:
      return undefined;
  }
}

/** The value behind widening and narrowing that keeps it: what two spellings of one number have in common. */
export function core(value: Value): Value {
  return value.kind === 'operation' && value.operation === 'zext' ? core(value.left) : value;
}

export function isNull(value: Value | undefined): boolean {
  return value?.kind === 'constant' && value.value === 0n;
}
