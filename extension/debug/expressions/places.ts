/** Parts of what lies in memory: elements, members, the record around a member. */

import { closest } from '../../core/base/closest.js';
import { bigints, numbers } from './arithmetic.js';
import type { MemberPath, Node } from './ast.js';
import { ExpressionError } from './errors.js';
import type { Memory } from './memory.js';
import { type Operand, placed, scalarOf, valued } from './operand.js';
import { isInteger, isPointer, memberNames, memberOf, pointerTo, type RecordField, type Type } from './types.js';

/** `Array[i]`, and as C has it `i[Array]`. */
export function indexed(memory: Memory, base: Operand, index: Operand, at: number): Operand {
  if (isInteger(base.type) && isPointer(index.type)) return indexed(memory, index, base, at);
  if (base.type.shape.kind !== 'pointer') {
    throw new ExpressionError(`'[]' needs an array or a pointer, not '${base.type.name}'`, at);
  }
  if (!isInteger(index.type)) throw new ExpressionError(`an index is an integer, not '${index.type.name}'`, index.at);
  const { target } = base.type.shape;
  if (target.size === 0) {
    throw new ExpressionError(`'${base.type.name}' points to elements of no known size: cast it first`, at);
  }
  const [start, number] = [numbers(scalarOf(base)), numbers(scalarOf(index))];
  return placed(memory, target, at, () => start() + number() * target.size);
}

/** `.` on a record, or on what an arrow's pointer leads to. */
export function member(memory: Memory, base: Operand, node: Extract<Node, { kind: 'member' }>): Operand {
  const { type, address } = base;
  const { name, nameAt } = node;
  if (type.shape.kind !== 'record') {
    const arrow = isPointer(type) ? `: it is a pointer, use '->'` : '';
    throw new ExpressionError(`'${type.name}' has no members${arrow}`, node.at);
  }
  const field = fieldOf(type, name, nameAt);
  if (address === undefined) throw new ExpressionError(`'${type.name}' is not in memory`, node.at);
  return placed(memory, field.type, nameAt, () => address() + field.offset, field.bits);
}

function fieldOf(type: Type, name: string, at: number): RecordField {
  const field = memberOf(type, name);
  if (field !== undefined) return field;
  const guess = closest(name, memberNames(type));
  const hint = guess === undefined ? '' : ` (did you mean '${guess}'?)`;
  throw new ExpressionError(`'${type.name}' has no member '${name}'${hint}`, at);
}

/** The field that a path ends in, its offset counted from the outermost record. */
export function pathOf(type: Type, path: MemberPath): RecordField {
  let field: RecordField = { name: '', offset: 0, type };
  for (const { name, at } of path) {
    if (field.type.shape.kind !== 'record') throw new ExpressionError(`'${field.type.name}' has no members`, at);
    const inner = fieldOf(field.type, name, at);
    field = { ...inner, offset: field.offset + inner.offset };
  }
  return field;
}

export function fieldOffset({ offset, bits }: RecordField, path: MemberPath): number {
  if (bits === undefined) return offset;
  throw new ExpressionError('a bit-field has no offset', path.at(-1)?.at ?? 0);
}

/** CONTAINING_RECORD: a pointer to the record whose member lies at an address. */
export function containing(operand: Operand, node: Extract<Node, { kind: 'containing' }>): Operand {
  const offset = BigInt(fieldOffset(pathOf(node.type, node.path), node.path));
  const address = bigints(scalarOf(operand));
  return valued(pointerTo(node.type), node.at, { big: true, get: () => BigInt.asUintN(64, address() - offset) });
}
