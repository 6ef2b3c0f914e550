/** What a name means: a variable, a member of `this`, an enumerator, a status, a macro, and macros with arguments. */
import { closest } from '../../core/base/closest.js';
import { arithmetic, comparison } from './arithmetic.js';
import type { Node } from './ast.js';
import { commonType, truth } from './convert.js';
import { ExpressionError } from './errors.js';
import type { Memory } from './memory.js';
import { PLATFORM_MACROS, platformConstant, platformNames } from './names.js';
import { constantOperand, convertedTo, type Operand, placed, valued } from './operand.js';
import type { Scope } from './scope.js';
import { INT, isArithmetic, memberOf, type Type, type Types, UINT64 } from './types.js';

/** The compiler, as far as names need it. */
export interface NameContext {
  readonly memory: Memory;
  readonly types: Types;
  readonly scope: Scope;
  operand(node: Node): Operand;
  macro(name: string, text: string, at: number): Operand;
}

export function namedOperand(context: NameContext, name: string, at: number): Operand {
  const found = context.scope.find(name);
  if (found !== undefined) {
    if (found.kind === 'variable') return placed(context.memory, found.type, at, () => found.address());
    // Not asked for its value here: a breakpoint's expression is compiled before anything runs.
    const value =
      found.kind === 'value' && found.type.size === 8
        ? ({ big: true, get: () => BigInt(found.value()) } as const)
        : ({ big: false, get: () => Number(found.value()) } as const);
    return { type: found.type, at, value };
  }
  return memberOfThis(context, name, at) ?? constantNamed(context, name, at) ?? unknownName(context, name, at);
}

/** In a C++ method members have no prefix. */
function memberOfThis({ scope, memory }: NameContext, name: string, at: number): Operand | undefined {
  const found = scope.find('this');
  if (found?.kind !== 'variable' || found.type.shape.kind !== 'pointer') return undefined;
  const field = memberOf(found.type.shape.target, name);
  if (field === undefined) return undefined;
  const address = (): number => Number(memory.u64(found.address())) + field.offset;
  return placed(memory, field.type, at, address, field.bits);
}

function constantNamed(context: NameContext, name: string, at: number): Operand | undefined {
  const enumerator = context.types.constant(name);
  if (enumerator !== undefined) {
    const { type, value } = enumerator;
    return constantOperand(type, at, type.size === 8 ? BigInt(value) : value);
  }
  const macro = context.scope.macro?.(name);
  if (macro !== undefined && macro !== name) return context.macro(name, macro, at);
  const constant = platformConstant(name, context.types);
  return constant === undefined ? undefined : constantOperand(constant.type, at, constant.value);
}

function unknownName({ scope, types }: NameContext, name: string, at: number): never {
  if (PLATFORM_MACROS.has(name)) throw new ExpressionError(`${name} needs its arguments in parentheses`, at);
  if (types.named(name) !== undefined) throw new ExpressionError(`'${name}' is a type, not a value`, at);
  const guess = closest(name, [...(scope.names?.() ?? []), ...types.names(), ...platformNames()]);
  const hint = guess === undefined ? '' : ` (did you mean '${guess}'?)`;
  throw new ExpressionError(`there is no '${name}' here${hint}`, at);
}

/** NT_SUCCESS(Status) and its like: what the platform's headers define. */
export function platformMacro(context: NameContext, name: string, operands: readonly Node[], at: number): Operand {
  const count = PLATFORM_MACROS.get(name);
  if (count === undefined) {
    throw new ExpressionError(`${name} cannot be called: an expression runs no code of the driver`, at);
  }
  const [first, second] = operands;
  if (first === undefined || operands.length !== count) {
    const words = count === 1 ? 'one argument' : `${count} arguments`;
    throw new ExpressionError(`${name} takes ${words}, not ${operands.length}`, at);
  }
  const operand = context.operand(first);
  if (name === 'RTL_NUMBER_OF' || name === 'ARRAYSIZE') return elementCount(name, operand.type, at);
  if (name.startsWith('NT_')) return statusTest(context, name, operand, at);
  return second === undefined ? operand : pairMacro(name, operand, context.operand(second), at);
}

function elementCount(name: string, { shape, name: type }: Type, at: number): Operand {
  if (shape.kind !== 'array') throw new ExpressionError(`${name} needs an array, not '${type}'`, at);
  return constantOperand(UINT64, at, BigInt(shape.count));
}

/** The two top bits of a status are its severity; success and information count as success. */
function statusTest({ types }: NameContext, name: string, operand: Operand, at: number): Operand {
  const status = convertedTo(operand, INT);
  const get = (): number => Number(status.get()) >>> 30;
  const type = types.named('BOOLEAN') ?? INT;
  const severities = { NT_SUCCESS: [0, 1], NT_INFORMATION: [1], NT_WARNING: [2], NT_ERROR: [3] };
  const wanted = severities[name as keyof typeof severities];
  return valued(type, at, { big: false, get: () => (wanted.includes(get()) ? 1 : 0) });
}

function pairMacro(name: string, left: Operand, right: Operand, at: number): Operand {
  if (!isArithmetic(left.type) || !isArithmetic(right.type)) {
    throw new ExpressionError(`${name} cannot join '${left.type.name}' and '${right.type.name}'`, at);
  }
  const type = commonType(left.type, right.type);
  const [a, b] = [convertedTo(left, type), convertedTo(right, type)];
  if (name === 'FlagOn' || name === 'BooleanFlagOn') {
    const both = arithmetic('&', type, a, b, at);
    return name === 'FlagOn' ? valued(type, at, both) : valued(INT, at, { big: false, get: truth(both, 1, 0) });
  }
  const smaller = truth(comparison('<', a, b), true, false);
  const first = name === 'min';
  if (a.big && b.big) return valued(type, at, { big: true, get: () => (smaller() === first ? a.get() : b.get()) });
  return valued(type, at, { big: false, get: () => Number(smaller() === first ? a.get() : b.get()) });
}
