/** A compiled part of an expression: what it is, and closures that read it. */
import { convert } from './convert.js';
import { ExpressionError } from './errors.js';
import { type Bits, type Getter, loader, type Memory } from './memory.js';
import { isScalar, type Type } from './types.js';

export interface Operand {
  readonly type: Type;
  /** Where it stands in the text. */
  readonly at: number;
  /** Scalars have one. */
  readonly value?: Getter;
  /** What lies in memory has one: it can be assigned to, and & applies. */
  readonly address?: () => number;
  readonly bits?: Bits;
  /** The integer constant 0 also is a null pointer. */
  readonly zero?: boolean;
}

/** Something in memory. A C++ reference is what it refers to. */
export function placed(memory: Memory, type: Type, at: number, address: () => number, bits?: Bits): Operand {
  if (type.shape.kind === 'pointer' && type.name.endsWith('&')) {
    return placed(memory, type.shape.target, at, () => Number(memory.u64(address())));
  }
  const place = bits === undefined ? { address } : { address, bits };
  return isScalar(type) ? { type, at, ...place, value: loader(memory, type, address, bits) } : { type, at, ...place };
}

export function constantOperand(type: Type, at: number, value: number | bigint): Operand {
  return valued(type, at, constantGetter(value), value === 0 || value === 0n);
}

export function constantGetter(value: number | bigint): Getter {
  return typeof value === 'bigint' ? { big: true, get: () => value } : { big: false, get: () => value };
}

export function valued(type: Type, at: number, value: Getter, zero = false): Operand {
  return { type, at, value, zero };
}

/** Its value, or an error that says why it has none. */
export function scalarOf(operand: Operand): Getter {
  if (operand.value !== undefined) return operand.value;
  throw new ExpressionError(`a value of type '${operand.type.name}' cannot be used here`, operand.at);
}

/** The operand's value in another scalar type. */
export function convertedTo(operand: Operand, type: Type): Getter {
  return convert(scalarOf(operand), operand.type, type);
}
