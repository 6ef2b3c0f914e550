/** Operators on operands that already have their common type. Integers wrap as on x64. */
import type { ArithmeticOperator, ComparisonOperator } from './ast.js';
import { ExpressionError } from './errors.js';
import type { Getter } from './memory.js';
import { integerShape, type Type } from './types.js';

type Small = (a: number, b: number) => number;
type Big = (a: bigint, b: bigint) => bigint;

function byZero(at: number): never {
  throw new ExpressionError('division by zero', at);
}

function overflow(at: number): never {
  throw new ExpressionError('the quotient does not fit its type: on x64 this faults', at);
}

function signedDivision(remainder: boolean, at: number): Small {
  return (a, b) => {
    if (b === 0) byZero(at);
    if (b === -1 && a === -0x80000000) overflow(at);
    return remainder ? (a % b) | 0 : (a / b) | 0;
  };
}

function unsignedDivision(remainder: boolean, at: number): Small {
  return (a, b) => {
    if (b === 0) byZero(at);
    return remainder ? a % b : Math.floor(a / b);
  };
}

function bigDivision(remainder: boolean, signed: boolean, at: number): Big {
  return (a, b) => {
    if (b === 0n) byZero(at);
    if (signed && b === -1n && a === -(1n << 63n)) overflow(at);
    return remainder ? a % b : a / b;
  };
}

/** Operators on 32-bit integers; results are cut by the caller's `fit`. */
function small(operator: ArithmeticOperator, signed: boolean, at: number): Small {
  switch (operator) {
    case '+':
      return (a, b) => a + b;
    case '-':
      return (a, b) => a - b;
    case '*':
      return Math.imul;
    case '/':
      return signed ? signedDivision(false, at) : unsignedDivision(false, at);
    case '%':
      return signed ? signedDivision(true, at) : unsignedDivision(true, at);
    case '&':
      return (a, b) => a & b;
    case '|':
      return (a, b) => a | b;
    case '^':
      return (a, b) => a ^ b;
    case '<<':
      return (a, b) => a << b;
    case '>>':
      return signed ? (a, b) => a >> b : (a, b) => a >>> b;
  }
}

function big(operator: ArithmeticOperator, signed: boolean, at: number): Big {
  switch (operator) {
    case '+':
      return (a, b) => a + b;
    case '-':
      return (a, b) => a - b;
    case '*':
      return (a, b) => a * b;
    case '/':
      return bigDivision(false, signed, at);
    case '%':
      return bigDivision(true, signed, at);
    case '&':
      return (a, b) => a & b;
    case '|':
      return (a, b) => a | b;
    case '^':
      return (a, b) => a ^ b;
    case '<<':
      return (a, b) => a << (b & 63n);
    case '>>':
      return (a, b) => a >> (b & 63n);
  }
}

function float(operator: ArithmeticOperator, at: number): Small {
  switch (operator) {
    case '+':
      return (a, b) => a + b;
    case '-':
      return (a, b) => a - b;
    case '*':
      return (a, b) => a * b;
    case '/':
      return (a, b) => a / b;
    default:
      throw new ExpressionError(`'${operator}' needs integers, not floating point`, at);
  }
}

/** Both operands have the type; of a shift the left one has it, and the right one is of the same width. */
export function arithmetic(operator: ArithmeticOperator, type: Type, left: Getter, right: Getter, at: number): Getter {
  if (type.shape.kind === 'float') {
    const apply = float(operator, at);
    const [a, b] = [numbers(left), numbers(right)];
    return { big: false, get: type.size === 4 ? () => Math.fround(apply(a(), b())) : () => apply(a(), b()) };
  }
  const { signed } = integerShape(type);
  if (left.big && right.big) {
    const apply = big(operator, signed, at);
    const [a, b] = [left.get, right.get];
    return {
      big: true,
      get: signed ? () => BigInt.asIntN(64, apply(a(), b())) : () => BigInt.asUintN(64, apply(a(), b())),
    };
  }
  const apply = small(operator, signed, at);
  const [a, b] = [numbers(left), numbers(right)];
  return { big: false, get: signed ? () => apply(a(), b()) | 0 : () => apply(a(), b()) >>> 0 };
}

export function numbers(value: Getter): () => number {
  if (!value.big) return value.get;
  const { get } = value;
  return () => Number(get());
}

export function bigints(value: Getter): () => bigint {
  if (value.big) return value.get;
  const { get } = value;
  return () => BigInt(Math.trunc(get()));
}

function compared<Value extends number | bigint>(
  operator: ComparisonOperator,
  a: () => Value,
  b: () => Value,
): () => number {
  switch (operator) {
    case '==':
      return () => (a() === b() ? 1 : 0);
    case '!=':
      return () => (a() !== b() ? 1 : 0);
    case '<':
      return () => (a() < b() ? 1 : 0);
    case '<=':
      return () => (a() <= b() ? 1 : 0);
    case '>':
      return () => (a() > b() ? 1 : 0);
    case '>=':
      return () => (a() >= b() ? 1 : 0);
  }
}

/** 1 or 0; both operands have the same type. */
export function comparison(operator: ComparisonOperator, left: Getter, right: Getter): Getter {
  if (left.big && right.big) return { big: false, get: compared(operator, left.get, right.get) };
  return { big: false, get: compared(operator, numbers(left), numbers(right)) };
}
