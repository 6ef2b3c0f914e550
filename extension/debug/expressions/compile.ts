/** From a parsed expression to closures: types are settled once, an evaluation only computes. */
import { arithmetic, bigints, comparison, numbers } from './arithmetic.js';
import type { ArithmeticOperator, Format, Node } from './ast.js';
import { commonType, convert, promoted, truth } from './convert.js';
import { ExpressionError } from './errors.js';
import { namedOperand, platformMacro } from './lookup.js';
import { type Getter, loader, type Memory, storeScalar } from './memory.js';
import { constantGetter, constantOperand, convertedTo, type Operand, placed, scalarOf, valued } from './operand.js';
import { parse } from './parser.js';
import { containing, fieldOffset, indexed, member, pathOf } from './places.js';
import { comparedPointers, pointerDifference, pointerSum } from './pointers.js';
import type { Scope } from './scope.js';
import {
  arrayOf,
  CHAR,
  DOUBLE,
  INT,
  INT64,
  integerShape,
  isArithmetic,
  isInteger,
  isPointer,
  isScalar,
  pointerTo,
  type Type,
  type Types,
  UINT,
  UINT64,
  VOID,
  WCHAR,
} from './types.js';

export interface Surroundings {
  readonly types: Types;
  readonly scope: Scope;
  readonly memory: Memory;
  /** Assignments and ++ are allowed: in the console, not in a hover. */
  readonly sideEffects: boolean;
}

/** A compiled expression. Evaluating it may throw ExpressionError (a division by zero) and MemoryError. */
export interface Compiled {
  readonly type: Type;
  readonly format: Format;
  /** Of scalars: integers up to 4 bytes and floats as numbers, others as bigints. */
  value?(): number | bigint;
  /** Of what lies in memory. */
  address?(): number;
  readonly bits?: Operand['bits'];
  /** Elements a `,[n]` asks for. */
  count?(): number;
  /** It assigns something. */
  readonly changes: boolean;
}

const DEEPEST_MACRO = 16;

/** Throws ExpressionError. */
export function compile(text: string, surroundings: Surroundings): Compiled {
  const compiler = new Compiler(surroundings);
  const { node, format } = compiler.parsed(text);
  const operand = compiler.operand(node);
  const { type, value, address, bits } = operand;
  const count = format.count === undefined ? undefined : compiler.integer(format.count);
  return {
    type,
    format,
    changes: compiler.changes,
    ...(value === undefined ? {} : { value: value.get }),
    ...(address === undefined ? {} : { address }),
    ...(bits === undefined ? {} : { bits }),
    ...(count === undefined ? {} : { count: numbers(count) }),
  };
}

/** A condition: is the value other than 0? Throws ExpressionError. */
export function compileCondition(text: string, surroundings: Surroundings): () => boolean {
  const compiler = new Compiler(surroundings);
  return truth(compiler.condition(compiler.parsed(text).node), true, false);
}

export class Compiler {
  readonly memory: Memory;
  readonly types: Types;
  readonly scope: Scope;
  changes = false;
  readonly #sideEffects: boolean;
  #macros = 0;

  constructor({ memory, types, scope, sideEffects }: Surroundings) {
    this.memory = memory;
    this.types = types;
    this.scope = scope;
    this.#sideEffects = sideEffects;
  }

  parsed(text: string): ReturnType<typeof parse> {
    return parse(text, {
      type: (name) => this.types.named(name),
      hides: (name) => this.scope.find(name) !== undefined,
    });
  }

  operand(node: Node): Operand {
    const { at } = node;
    switch (node.kind) {
      case 'integer':
        return integerConstant(node.text, node.value, at);
      case 'float':
        return constantOperand(DOUBLE, at, node.value);
      case 'character':
        return constantOperand(node.wide ? WCHAR : INT, at, node.value);
      case 'string':
        return { type: arrayOf(node.wide ? WCHAR : CHAR, node.value.length + 1), at };
      case 'name':
        return namedOperand(this, node.name, at);
      case 'unary':
        return this.#unary(node.operator, this.#decayed(node.operand), at);
      case 'dereference':
        return this.#dereference(this.#decayed(node.operand), at);
      case 'address':
        return this.#addressOf(node.operand, at);
      case 'step':
        return this.#step(node);
      case 'arithmetic':
        return this.#arithmetic(node.operator, this.#decayed(node.left), this.#decayed(node.right), at);
      case 'comparison':
        return this.#comparison(node);
      case 'logical':
        return this.#logical(node);
      case 'assignment':
        return this.#assignment(node);
      case 'conditional':
        return this.#conditional(node);
      case 'comma':
        return this.#comma(this.operand(node.left), this.#decayed(node.right));
      case 'cast':
        return this.#cast(node.type, this.#decayed(node.operand), at);
      case 'sizeof':
        return constantOperand(UINT64, at, BigInt(this.#sizeOf(node)));
      case 'index':
        return indexed(this.memory, this.#decayed(node.base), this.#decayed(node.index), at);
      case 'member':
        return member(this.memory, node.arrow ? this.#pointed(node) : this.operand(node.base), node);
      case 'call':
        return platformMacro(this, node.name, node.operands, at);
      case 'field':
        return this.#field(node);
      case 'containing':
        return containing(this.#decayed(node.operand), node);
    }
  }

  /** A scalar to be compared with 0. */
  condition(node: Node): Getter {
    return scalarOf(this.#decayed(node));
  }

  integer(node: Node): Getter {
    const operand = this.operand(node);
    if (!isInteger(operand.type)) throw new ExpressionError(`expected an integer, not '${operand.type.name}'`, node.at);
    return scalarOf(operand);
  }

  /** What a macro of the driver stands for, as an operand. */
  macro(name: string, text: string, at: number): Operand {
    if (this.#macros >= DEEPEST_MACRO) throw new ExpressionError(`the macro ${name} has no end`, at);
    this.#macros += 1;
    try {
      return { ...this.operand(this.parsed(text).node), at };
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      throw new ExpressionError(`the macro ${name} stands for '${text}': ${error.message}`, at);
    } finally {
      this.#macros -= 1;
    }
  }

  /** Arrays become pointers to their first element, functions pointers to themselves. */
  #decayed(node: Node): Operand {
    return decayed(this.operand(node));
  }

  #unary(operator: '+' | '-' | '!' | '~', operand: Operand, at: number): Operand {
    if (operator === '!') return valued(INT, at, { big: false, get: truth(scalarOf(operand), 0, 1) });
    const usable = operator === '~' ? isInteger(operand.type) : isArithmetic(operand.type);
    if (!usable) throw new ExpressionError(`'${operator}' cannot be applied to '${operand.type.name}'`, at);
    const type = promoted(operand.type);
    const value = convertedTo(operand, type);
    if (operator === '+') return valued(type, at, value);
    const other = convert(constantGetter(operator === '-' ? 0 : -1), INT, type);
    return valued(type, at, arithmetic(operator === '-' ? '-' : '^', type, other, value, at));
  }

  #dereference(operand: Operand, at: number): Operand {
    const { shape } = operand.type;
    if (shape.kind !== 'pointer') throw new ExpressionError(`'*' needs a pointer, not '${operand.type.name}'`, at);
    if (shape.target.shape.kind === 'function') return operand;
    if (shape.target.shape.kind === 'void') {
      throw new ExpressionError(`'${operand.type.name}' points to nothing of known type: cast it first`, at);
    }
    return placed(this.memory, shape.target, at, numbers(scalarOf(operand)));
  }

  #addressOf(node: Node, at: number): Operand {
    const operand = this.operand(node);
    if (operand.type.shape.kind === 'function' && operand.value !== undefined) return decayed(operand);
    const { address, bits, type } = operand;
    if (bits !== undefined) throw new ExpressionError('a bit-field has no address', at);
    if (address === undefined) throw new ExpressionError("'&' needs something that lies in memory", at);
    return valued(pointerTo(type), at, { big: true, get: () => BigInt(address()) });
  }

  #arithmetic(operator: ArithmeticOperator, left: Operand, right: Operand, at: number): Operand {
    if (isPointer(left.type) || isPointer(right.type)) {
      if (operator === '-' && isPointer(left.type) && isPointer(right.type)) return pointerDifference(left, right, at);
      if (operator === '+' || operator === '-') return pointerSum(operator, left, right, at);
    }
    if (!isArithmetic(left.type) || !isArithmetic(right.type)) {
      throw new ExpressionError(`'${operator}' cannot join '${left.type.name}' and '${right.type.name}'`, at);
    }
    const shift = operator === '<<' || operator === '>>';
    if (shift && !(isInteger(left.type) && isInteger(right.type))) {
      throw new ExpressionError(`'${operator}' needs integers, not floating point`, at);
    }
    const type = shift ? promoted(left.type) : commonType(left.type, right.type);
    const count = shift ? convertedTo(right, integerShape(type).size === 8 ? INT64 : INT) : convertedTo(right, type);
    return valued(type, at, arithmetic(operator, type, convertedTo(left, type), count, at));
  }

  #comparison({ operator, left, right, at }: Extract<Node, { kind: 'comparison' }>): Operand {
    const [a, b] = [this.#decayed(left), this.#decayed(right)];
    if (isPointer(a.type) || isPointer(b.type)) return comparedPointers(operator, a, b, at);
    if (!isArithmetic(a.type) || !isArithmetic(b.type)) {
      throw new ExpressionError(`'${operator}' cannot compare '${a.type.name}' with '${b.type.name}'`, at);
    }
    const type = commonType(a.type, b.type);
    return valued(INT, at, comparison(operator, convertedTo(a, type), convertedTo(b, type)));
  }

  #logical({ operator, left, right, at }: Extract<Node, { kind: 'logical' }>): Operand {
    const a = truth(this.condition(left), true, false);
    const b = truth(this.condition(right), true, false);
    const get = operator === '&&' ? () => (a() && b() ? 1 : 0) : () => (a() || b() ? 1 : 0);
    return valued(INT, at, { big: false, get });
  }

  #conditional({ test, yes, no, at }: Extract<Node, { kind: 'conditional' }>): Operand {
    const [condition, a, b] = [truth(this.condition(test), true, false), this.#decayed(yes), this.#decayed(no)];
    const type = this.#branchType(a, b, at);
    if (!isScalar(type)) {
      const [first, second] = [a.address, b.address];
      if (first === undefined || second === undefined) throw new ExpressionError("'?' has no value here", at);
      return { type, at, address: () => (condition() ? first() : second()) };
    }
    const [first, second] = [convertedTo(a, type), convertedTo(b, type)];
    if (first.big && second.big) {
      return valued(type, at, { big: true, get: () => (condition() ? first.get() : second.get()) });
    }
    const [x, y] = [numbers(first), numbers(second)];
    return valued(type, at, { big: false, get: () => (condition() ? x() : y()) });
  }

  #branchType(a: Operand, b: Operand, at: number): Type {
    if (isArithmetic(a.type) && isArithmetic(b.type)) return commonType(a.type, b.type);
    if (isPointer(a.type) && (isPointer(b.type) || b.zero === true)) {
      return b.zero !== true && a.zero === true ? b.type : a.type;
    }
    if (isPointer(b.type) && a.zero === true) return b.type;
    if (a.type.shape === b.type.shape) return a.type;
    throw new ExpressionError(`the values of '?' are '${a.type.name}' and '${b.type.name}'`, at);
  }

  #comma(left: Operand, right: Operand): Operand {
    const first = left.value?.get;
    const { value } = right;
    if (first === undefined || value === undefined) return right;
    const get = <Value>(last: () => Value): (() => Value) => {
      return () => {
        first();
        return last();
      };
    };
    return valued(
      right.type,
      right.at,
      value.big ? { big: true, get: get(value.get) } : { big: false, get: get(value.get) },
    );
  }

  #cast(type: Type, operand: Operand, at: number): Operand {
    if (type.shape.kind === 'void') return { type: VOID, at };
    if (type.shape.kind === 'record' && operand.address !== undefined && operand.type.size === type.size) {
      return placed(this.memory, type, at, operand.address);
    }
    if (!isScalar(type)) throw new ExpressionError(`nothing can be cast to '${type.name}'`, at);
    const crosses = (a: Type, b: Type): boolean => isPointer(a) && b.shape.kind === 'float';
    if (!isScalar(operand.type) || crosses(type, operand.type) || crosses(operand.type, type)) {
      throw new ExpressionError(`'${operand.type.name}' cannot be cast to '${type.name}'`, at);
    }
    return valued(type, at, convertedTo(operand, type), operand.zero === true);
  }

  #sizeOf({ of, at }: Extract<Node, { kind: 'sizeof' }>): number {
    const type = 'shape' in of ? of : this.operand(of).type;
    if (type.size > 0) return type.size;
    throw new ExpressionError(`the size of '${type.name}' is not known`, at);
  }

  #field({ tells, type, path, at }: Extract<Node, { kind: 'field' }>): Operand {
    const field = pathOf(type, path);
    if (tells === 'size') return constantOperand(UINT64, at, BigInt(field.type.size));
    return constantOperand(this.types.named('LONG') ?? INT, at, fieldOffset(field, path));
  }

  #pointed({ base, at }: Extract<Node, { kind: 'member' }>): Operand {
    const operand = this.#decayed(base);
    if (isPointer(operand.type)) return this.#dereference(operand, at);
    throw new ExpressionError(`'->' needs a pointer, not '${operand.type.name}'`, at);
  }

  #step({ operator, postfix, operand: node, at }: Extract<Node, { kind: 'step' }>): Operand {
    const place = this.#assignable(this.operand(node), operator, at);
    if (!isScalar(place.type)) throw new ExpressionError(`'${operator}' needs a number or a pointer`, at);
    return this.#stored(place, at, postfix, (before) =>
      this.#arithmetic(operator === '++' ? '+' : '-', before, constantOperand(INT, at, 1), at),
    );
  }

  #assignment({ operator, left, right, at }: Extract<Node, { kind: 'assignment' }>): Operand {
    const shownOperator = operator === '=' ? '=' : `${operator}=`;
    const place = this.#assignable(this.operand(left), shownOperator, at);
    const value = this.#decayed(right);
    if (!isScalar(place.type)) return this.#copied(place, value, at);
    if (operator === '=') return this.#stored(place, at, false, () => value);
    return this.#stored(place, at, false, (before) => this.#arithmetic(operator, before, value, at));
  }

  #assignable(operand: Operand, operator: string, at: number): Operand & { readonly address: () => number } {
    if (!this.#sideEffects) {
      throw new ExpressionError(`'${operator}' would change the driver: that is not allowed here`, at);
    }
    const { address } = operand;
    if (address === undefined) throw new ExpressionError(`what stands before '${operator}' cannot be changed`, at);
    if (operand.type.shape.kind === 'array') throw new ExpressionError('an array cannot be assigned to', at);
    this.changes = true;
    return { ...operand, address };
  }

  /** The place is found once, though it is read and written. */
  #stored(
    place: Operand & { readonly address: () => number },
    at: number,
    postfix: boolean,
    next: (before: Operand) => Operand,
  ): Operand {
    let found = 0;
    const { memory } = this;
    const { type, bits } = place;
    const before = placed(memory, type, at, () => found, bits);
    const wanted = next(before);
    this.#checkAssignment(type, wanted, at);
    const value = convertedTo(wanted, type);
    const old = scalarOf(before);
    const store = (): void => {
      found = place.address();
      storeScalar(memory, type, found, bits, value.get());
    };
    if (!postfix) {
      const stored = loader(memory, type, () => found, bits);
      return valued(type, at, after(store, stored));
    }
    const kept = <Value>(get: () => Value): (() => Value) => {
      return () => {
        found = place.address();
        const value = get();
        store();
        return value;
      };
    };
    return valued(type, at, old.big ? { big: true, get: kept(old.get) } : { big: false, get: kept(old.get) });
  }

  #checkAssignment(type: Type, value: Operand, at: number): void {
    const fits =
      (isArithmetic(type) && isArithmetic(value.type)) ||
      (isPointer(type) && (isPointer(value.type) || isInteger(value.type))) ||
      (isInteger(type) && isPointer(value.type));
    if (!fits) throw new ExpressionError(`'${value.type.name}' cannot be assigned to '${type.name}'`, at);
  }

  #copied(place: Operand & { readonly address: () => number }, value: Operand, at: number): Operand {
    const from = value.address;
    if (from === undefined || value.type.shape !== place.type.shape) {
      throw new ExpressionError(`'${value.type.name}' cannot be assigned to '${place.type.name}'`, at);
    }
    const { memory } = this;
    return {
      type: place.type,
      at,
      address: () => {
        const target = place.address();
        memory.store(target, memory.bytes(from(), place.type.size));
        return target;
      },
    };
  }
}

function after(first: () => void, { big, get }: Getter): Getter {
  const both = <Value>(last: () => Value): (() => Value) => {
    return () => {
      first();
      return last();
    };
  };
  return big ? { big, get: both(get) } : { big, get: both(get) };
}

export function decayed(operand: Operand): Operand {
  const { type, at, address, value } = operand;
  if (type.shape.kind === 'array' && address !== undefined) {
    return valued(pointerTo(type.shape.element), at, { big: true, get: () => BigInt(address()) });
  }
  if (type.shape.kind === 'array') {
    throw new ExpressionError("a string has no address: it is not in the driver's memory", at);
  }
  if (type.shape.kind === 'function' && value !== undefined) {
    return valued(pointerTo(type), at, { big: true, get: bigints(value) });
  }
  return operand;
}

/** The first type that holds the value (C17 6.4.4.1): decimal ones stay signed. */
function integerConstant(text: string, value: bigint, at: number): Operand {
  const suffix = /(?:[uUlL]|[iI]64)*$/.exec(text)?.[0].toLowerCase() ?? '';
  const unsigned = suffix.includes('u');
  const long = /ll|i64/.test(suffix);
  const decimal = !/^0/.test(text);
  if (!long && !unsigned && value < 1n << 31n) return constantOperand(INT, at, Number(value));
  if (!long && (unsigned || !decimal) && value < 1n << 32n) return constantOperand(UINT, at, Number(value));
  const fitsSigned = !unsigned && value < 1n << 63n;
  return constantOperand(fitsSigned ? INT64 : UINT64, at, value);
}
