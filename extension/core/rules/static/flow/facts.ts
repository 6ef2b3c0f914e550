/** What a path has learned of its unknown values: the numbers each may be, and how pairs compare. */

import type { Ranges } from './ranges.js';
import * as ranges from './ranges.js';
import { core, type Operation, type Value, type Values } from './values.js';

const LESS = 1;
const EQUAL = 2;
const GREATER = 4;
const ANY = LESS | EQUAL | GREATER;

/** Outcomes under which a predicate holds. */
const OUTCOMES: Readonly<Record<string, number>> = {
  eq: EQUAL,
  ne: LESS | GREATER,
  lt: LESS,
  le: LESS | EQUAL,
  gt: GREATER,
  ge: GREATER | EQUAL,
};

export class Facts {
  readonly #ranges: Map<number, Ranges>;
  /** Outcomes left of comparing two values, unsigned or signed: `u:12:40`. */
  readonly #relations: Map<string, number>;

  constructor(from?: Facts) {
    this.#ranges = new Map(from === undefined ? [] : from.#ranges);
    this.#relations = new Map(from === undefined ? [] : from.#relations);
  }

  copy(): Facts {
    return new Facts(this);
  }

  /** Numbers the value may be. */
  rangeOf(value: Value): Ranges {
    switch (value.kind) {
      case 'constant':
        return ranges.only(value.value);
      case 'symbol':
        return this.#ranges.get(value.id) ?? ranges.full(value.bits);
      case 'pointer':
        return this.#addressRange(value);
      case 'operation': {
        const computed = this.#computed(value);
        const own = this.#ranges.get(value.id);
        return own === undefined ? computed : ranges.intersect(own, computed);
      }
    }
  }

  #addressRange(value: Value & { kind: 'pointer' }): Ranges {
    const { region, offset, index } = value;
    if (region.address === undefined || offset !== 0 || index !== undefined) return [[1n, ranges.maximum(64)]];
    return this.#ranges.get(region.address.id) ?? ranges.full(64);
  }

  #computed({ operation, bits, left, right }: Operation): Ranges {
    const all = ranges.full(bits);
    const number = right.kind === 'constant' ? right.value : undefined;
    switch (operation) {
      case 'zext':
        return this.rangeOf(left);
      case 'sext':
      case 'trunc': {
        const inner = this.rangeOf(left);
        const limit = operation === 'trunc' ? ranges.maximum(bits) : ranges.maximum(left.bits - 1);
        return ranges.highest(inner) <= limit ? inner : all;
      }
      case 'and':
        return number === undefined ? all : [[0n, number]];
      case 'urem':
        return number === undefined || number === 0n ? all : [[0n, number - 1n]];
      case 'lshr':
        return number === undefined ? all : [[0n, ranges.highest(this.rangeOf(left)) >> number]];
      case 'udiv':
        return number === undefined || number === 0n ? all : [[0n, ranges.highest(this.rangeOf(left)) / number]];
      case 'add':
      case 'mul':
        return this.#arithmetic(operation, bits, left, right);
      case 'sub':
        return number === undefined ? all : ranges.shifted(this.rangeOf(left), -number, bits);
      default:
        return all;
    }
  }

  #arithmetic(operation: 'add' | 'mul', bits: number, left: Value, right: Value): Ranges {
    const [a, b] = [this.rangeOf(left), this.rangeOf(right)];
    const join = (x: bigint, y: bigint): bigint => (operation === 'add' ? x + y : x * y);
    const high = join(ranges.highest(a), ranges.highest(b));
    if (high <= ranges.maximum(bits)) return ranges.between(join(ranges.lowest(a), ranges.lowest(b)), high);
    return operation === 'add' && right.kind === 'constant' ? ranges.shifted(a, right.value, bits) : ranges.full(bits);
  }

  /** Whether `left predicate right` holds; undefined where this path leaves it open. */
  decide(predicate: string, left: Value, right: Value): boolean | undefined {
    const direct = decideSame(predicate, left, right) ?? this.#decidePointers(predicate, left, right);
    if (direct !== undefined) return direct;
    const [a, b] = [this.rangeOf(left), this.rangeOf(right)];
    const limit = ranges.single(b);
    if (limit !== undefined) return verdict(a, ranges.holding(predicate, limit, left.bits));
    const other = ranges.single(a);
    if (other !== undefined) return verdict(b, ranges.holding(mirrored(predicate), other, left.bits));
    const known = this.#relation(predicate, left, right);
    const wanted = OUTCOMES[orderOf(predicate)] ?? ANY;
    if ((known & ~wanted) === 0) return true;
    return (known & wanted) === 0 ? false : undefined;
  }

  /** Makes it so that the condition, a value of one bit, is `truth`; false when this path cannot have that. */
  assume(condition: Value, truth: boolean, values: Values): boolean {
    if (condition.kind === 'constant') return (condition.value !== 0n) === truth;
    if (condition.kind === 'operation') {
      const { operation, left, right } = condition;
      if (operation.startsWith('cmp.')) return this.assumeCompare(operation.slice(4), left, right, truth, values);
      if (operation === 'xor' && right.kind === 'constant')
        return this.assume(left, (right.value !== 0n) !== truth, values);
      if (operation === 'and' && truth) return this.assume(left, true, values) && this.assume(right, true, values);
      if (operation === 'or' && !truth) return this.assume(left, false, values) && this.assume(right, false, values);
    }
    return this.restrict(condition, ranges.only(truth ? 1n : 0n), values);
  }

  assumeCompare(predicate: string, left: Value, right: Value, truth: boolean, values: Values): boolean {
    const wanted = truth ? predicate : negated(predicate);
    const known = this.decide(wanted, left, right);
    if (known !== undefined) return known && this.#narrow(wanted, left, right, values);
    if (!this.#narrow(wanted, left, right, values)) return false;
    if (left.kind === 'constant' || right.kind === 'constant') return true;
    const outcomes = this.#relation(wanted, left, right) & (OUTCOMES[orderOf(wanted)] ?? ANY);
    this.#relate(wanted, left, right, outcomes);
    return outcomes !== 0;
  }

  /** Leaves the value only those numbers; false when none is left. */
  restrict(value: Value, to: Ranges, values: Values): boolean {
    const left = ranges.intersect(this.rangeOf(value), to);
    if (left.length === 0) return false;
    switch (value.kind) {
      case 'constant':
        return true;
      case 'symbol':
        this.#ranges.set(value.id, left);
        return true;
      case 'pointer':
        if (value.region.address !== undefined && value.offset === 0 && value.index === undefined)
          this.#ranges.set(value.region.address.id, left);
        return true;
      case 'operation':
        this.#ranges.set(value.id, left);
        return this.#restrictOperands(value, left, values);
    }
  }

  /** True once something on this path has compared the value with another one that is no number. */
  isTied(value: Value): boolean {
    const own = String(core(value).id);
    return [...this.#relations.keys()].some((key) => key.split(':').slice(1).includes(own));
  }

  #restrictOperands(value: Operation, left: Ranges, values: Values): boolean {
    const { operation, bits } = value;
    switch (operation) {
      case 'zext':
        return this.restrict(value.left, left, values);
      case 'trunc':
        // Only where nothing was cut off does the narrow value say all of the wide one.
        return ranges.highest(this.rangeOf(value.left)) <= ranges.maximum(bits)
          ? this.restrict(value.left, left, values)
          : true;
      case 'add':
        return value.right.kind === 'constant'
          ? this.restrict(value.left, ranges.shifted(left, -value.right.value, bits), values)
          : true;
      case 'sub':
        return value.right.kind === 'constant'
          ? this.restrict(value.left, ranges.shifted(left, value.right.value, bits), values)
          : true;
      case 'udiv':
        return value.right.kind === 'constant' ? this.#restrictDividend(value, left, value.right.value, values) : true;
      case 'lshr':
        return value.right.kind === 'constant'
          ? this.#restrictDividend(value, left, 1n << value.right.value, values)
          : true;
      default: {
        const truth = bits === 1 ? ranges.single(left) : undefined;
        return truth === undefined || !operation.startsWith('cmp.') ? true : this.assume(value, truth !== 0n, values);
      }
    }
  }

  /** How many records a length holds tells how many bytes it is at least. */
  #restrictDividend(value: Operation, quotient: Ranges, divisor: bigint, values: Values): boolean {
    if (divisor === 0n) return true;
    const last = ranges.highest(quotient) * divisor + divisor - 1n;
    const limit = ranges.maximum(value.left.bits);
    return this.restrict(value.left, [[ranges.lowest(quotient) * divisor, last < limit ? last : limit]], values);
  }

  #narrow(predicate: string, left: Value, right: Value, values: Values): boolean {
    const limit = ranges.single(this.rangeOf(right));
    if (limit !== undefined) return this.restrict(left, ranges.holding(predicate, limit, left.bits), values);
    const other = ranges.single(this.rangeOf(left));
    if (other !== undefined) return this.restrict(right, ranges.holding(mirrored(predicate), other, left.bits), values);
    if (predicate === 'eq') {
      const both = ranges.intersect(this.rangeOf(left), this.rangeOf(right));
      return this.restrict(left, both, values) && this.restrict(right, both, values);
    }
    if (!predicate.startsWith('u')) return true;
    const upper = ranges.highest(this.rangeOf(right));
    const lower = ranges.lowest(this.rangeOf(right));
    const isLess = predicate === 'ult' || predicate === 'ule';
    const edge = isLess ? upper : lower;
    const mine = ranges.holding(predicate, edge, left.bits);
    const own = this.rangeOf(left);
    const others = ranges.holding(mirrored(predicate), isLess ? ranges.lowest(own) : ranges.highest(own), left.bits);
    return this.restrict(left, mine, values) && this.restrict(right, others, values);
  }

  #decidePointers(predicate: string, left: Value, right: Value): boolean | undefined {
    if (left.kind !== 'pointer' || right.kind !== 'pointer' || (predicate !== 'eq' && predicate !== 'ne'))
      return undefined;
    if (left.region === right.region) {
      if (left.index !== right.index) return undefined;
      return (left.offset === right.offset) === (predicate === 'eq');
    }
    const apart = [left, right].every(({ region }) => DISTINCT.has(region.kind));
    return apart ? predicate === 'ne' : undefined;
  }

  #relation(predicate: string, left: Value, right: Value): number {
    const { key, swapped } = keyOf(predicate, left, right);
    const known = this.#relations.get(key) ?? ANY;
    const equality = this.#relations.get(keyOf('eq', left, right).key) ?? ANY;
    const same = equality === EQUAL ? EQUAL : (equality & EQUAL) === 0 ? LESS | GREATER : ANY;
    return (swapped ? mirror(known) : known) & same;
  }

  #relate(predicate: string, left: Value, right: Value, outcomes: number): void {
    const { key, swapped } = keyOf(predicate, left, right);
    this.#relations.set(key, swapped ? mirror(outcomes) : outcomes);
  }
}

/** Regions that are never one another. */
const DISTINCT = new Set(['local', 'global', 'function', 'heap']);

/** Predicates that hold between a value and itself. */
const REFLEXIVE = new Set(['eq', 'ule', 'uge', 'sle', 'sge']);

function decideSame(predicate: string, left: Value, right: Value): boolean | undefined {
  return left === right ? REFLEXIVE.has(predicate) : undefined;
}

function verdict(have: Ranges, wanted: Ranges): boolean | undefined {
  if (ranges.isSubset(have, wanted)) return true;
  return ranges.isDisjoint(have, wanted) ? false : undefined;
}

/** `ult` → `lt`. */
function orderOf(predicate: string): string {
  return predicate.length === 3 ? predicate.slice(1) : predicate;
}

/** Signed and unsigned order are things apart; equality belongs to both. */
function keyOf(predicate: string, left: Value, right: Value): { readonly key: string; readonly swapped: boolean } {
  const kind = predicate.length === 3 ? predicate.charAt(0) : 'u';
  const [a, b] = [core(left).id, core(right).id];
  return a <= b ? { key: `${kind}:${a}:${b}`, swapped: false } : { key: `${kind}:${b}:${a}`, swapped: true };
}

function mirror(outcomes: number): number {
  return (outcomes & EQUAL) | ((outcomes & LESS) === 0 ? 0 : GREATER) | ((outcomes & GREATER) === 0 ? 0 : LESS);
}

/** The predicate with its operands exchanged. */
export function mirrored(predicate: string): string {
  const order = orderOf(predicate);
  const other = { lt: 'gt', le: 'ge', gt: 'lt', ge: 'le' }[order];
  return other === undefined ? predicate : `${predicate.charAt(0)}${other}`;
}

/** The predicate that holds when this one does not. */
export function negated(predicate: string): string {
  if (predicate === 'eq') return 'ne';
  if (predicate === 'ne') return 'eq';
  const order = orderOf(predicate);
  const other = { lt: 'ge', le: 'gt', gt: 'le', ge: 'lt' }[order] ?? order;
  return `${predicate.charAt(0)}${other}`;
}
