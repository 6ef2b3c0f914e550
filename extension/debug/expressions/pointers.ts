/** Arithmetic and comparison of pointers. */
import { bigints, comparison } from './arithmetic.js';
import type { ComparisonOperator } from './ast.js';
import { ExpressionError } from './errors.js';
import { convertedTo, type Operand, scalarOf, valued } from './operand.js';
import { INT, INT64, isInteger, isPointer, type Type, targetOf, UINT64 } from './types.js';

/** Bytes from one element to the next; those of void count as bytes, as debuggers have it. */
function stride(type: Type, at: number): bigint {
  const target = targetOf(type);
  if (target === undefined || target.shape.kind === 'void') return 1n;
  if (target.size === 0) throw new ExpressionError(`'${type.name}' points to elements of no known size`, at);
  return BigInt(target.size);
}

export function pointerSum(operator: '+' | '-', left: Operand, right: Operand, at: number): Operand {
  const [pointer, count] = operator === '+' && isPointer(right.type) ? [right, left] : [left, right];
  if (!isPointer(pointer.type) || !isInteger(count.type)) {
    throw new ExpressionError(`'${operator}' cannot join '${left.type.name}' and '${right.type.name}'`, at);
  }
  const size = operator === '+' ? stride(pointer.type, at) : -stride(pointer.type, at);
  const [start, number] = [bigints(scalarOf(pointer)), bigints(convertedTo(count, INT64))];
  return valued(pointer.type, at, { big: true, get: () => BigInt.asUintN(64, start() + number() * size) });
}

export function pointerDifference(left: Operand, right: Operand, at: number): Operand {
  const size = stride(left.type, at);
  if (size !== stride(right.type, at)) {
    throw new ExpressionError(`'-' cannot join '${left.type.name}' and '${right.type.name}'`, at);
  }
  const [a, b] = [bigints(scalarOf(left)), bigints(scalarOf(right))];
  return valued(INT64, at, { big: true, get: () => BigInt.asIntN(64, a() - b()) / size });
}

/** With another pointer, or with an integer: handles and addresses are compared with numbers. */
export function comparedPointers(operator: ComparisonOperator, left: Operand, right: Operand, at: number): Operand {
  for (const { type } of [left, right]) {
    if (!isPointer(type) && !isInteger(type)) {
      throw new ExpressionError(`'${operator}' cannot compare '${left.type.name}' with '${right.type.name}'`, at);
    }
  }
  return valued(INT, at, comparison(operator, convertedTo(left, UINT64), convertedTo(right, UINT64)));
}
