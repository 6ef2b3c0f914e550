/** How instructions and memory functions of the driver reach memory, and who is told. */
import type { Access, Check, LibraryCall } from './check.js';
import type { Instruction } from './code.js';
import type { Path } from './path.js';
import { maximum } from './ranges.js';
import type { Origin, Pointer, Value } from './values.js';

type Atomic = Instruction & { readonly op: 'atomic' };

/** Atomic operations that are arithmetic as well. */
const PLAIN = new Set(['add', 'sub', 'and', 'or', 'xor']);

export class Accesses {
  readonly #checks: readonly Check[];

  constructor(checks: readonly Check[]) {
    this.#checks = checks;
  }

  /** Address of an access; undefined when the path ends there. */
  at(value: Value, place: number, path: Path): Pointer | undefined {
    const pointer = path.pointer(value);
    return pointer !== undefined && this.#dereference(pointer, place, path) ? pointer : undefined;
  }

  /** Answers whether the path goes on; so do the others. */
  load(instruction: Instruction & { op: 'load' }, from: Value, path: Path): boolean {
    const { size, place, to } = instruction;
    const pointer = this.at(from, place, path);
    if (pointer === undefined) return false;
    const access = { pointer, size, length: undefined, value: undefined, other: undefined, by: '', place };
    const value = read(pointer, instruction, path);
    path.state.frame.values[to] = value;
    for (const check of this.#checks) check.read?.({ ...access, value }, path);
    return true;
  }

  store({ size, place }: Instruction & { op: 'store' }, value: Value, to: Value, path: Path): boolean {
    const pointer = this.at(to, place, path);
    if (pointer === undefined) return false;
    this.#write({ pointer, size, length: undefined, value, other: undefined, by: '', place }, path);
    const { region, offset, index } = pointer;
    const { state } = path;
    if (region.kind !== 'local') state.use(value);
    if (index !== undefined) {
      state.memory.fill(region, offset, 'unknown');
      if (value.kind === 'pointer') state.escaped.add(value.region.id);
    } else {
      state.memory.write(region, offset, size, value.bits === 0 ? 'unknown' : value, place);
    }
    return true;
  }

  /** An atomic operation. Nobody else is on this path: counters go up and down as it says. */
  change({ operation, bits, size, to, place, at: from }: Atomic, operand: Value, at: Value, path: Path): boolean {
    if (!this.load({ op: 'load', to, size, bits, isPointer: false, from, place }, at, path)) return false;
    const before = path.state.frame.values[to];
    const isPlain = before !== undefined && PLAIN.has(operation);
    const after = isPlain ? path.values.operation(operation, bits, before, operand) : undefined;
    const value = operation === 'xchg' ? operand : (after ?? path.values.symbol(bits, { kind: 'unknown' }));
    return this.store({ op: 'store', value: from, size, to: from, place }, value, at, path);
  }

  /** What a copying, filling or comparing function reads and writes. */
  touch({ name, operands, place }: LibraryCall, path: Path): boolean {
    const [to, from, length] = operands;
    const number = path.number(length);
    if (!isMemory(name) || to === undefined || number === 0n) return true;
    const target = path.pointer(to);
    if (target === undefined) return path.isNull(to) !== true;
    if (!this.#dereference(target, place, path)) return false;
    const size = number === undefined ? undefined : Number(number);
    const source = name === 'memset' ? undefined : path.pointer(from);
    const access = { size, length, value: undefined, by: name, place };
    if (source !== undefined) {
      if (!this.#dereference(source, place, path)) return false;
      for (const check of this.#checks) check.read?.({ ...access, pointer: source, other: target }, path);
    }
    if (name === 'memcmp')
      for (const check of this.#checks) check.read?.({ ...access, pointer: target, other: source }, path);
    else this.#write({ ...access, pointer: target, other: source }, path);
    return true;
  }

  #write(access: Access, path: Path): void {
    for (const check of this.#checks) check.write?.(access, path);
  }

  /** What is NULL here faults; what may be is told to the checks, and is not NULL from then on. */
  #dereference(pointer: Pointer, place: number, path: Path): boolean {
    const { address } = pointer.region;
    if (address === undefined) return true;
    const isNull = path.isNull(address);
    if (isNull === false) return true;
    for (const check of this.#checks) check.mayBeNull?.(pointer, place, path);
    return isNull === undefined && path.state.facts.restrict(address, [[1n, maximum(64)]], path.values);
  }
}

function read(pointer: Pointer, { size, bits, isPointer }: Instruction & { op: 'load' }, path: Path): Value {
  const { region, offset, index } = pointer;
  const { values, state } = path;
  const fresh = (origin: Origin): Value => {
    const symbol = values.symbol(bits, origin);
    return isPointer ? (path.pointer(symbol) ?? symbol) : symbol;
  };
  const origin = { kind: 'memory', region, offset, size } as const;
  if (index !== undefined || bits === 0) return fresh(origin);
  const known = state.memory.read(region, offset, size, values, bits);
  if (known === 'uninitialised') return values.symbol(bits, { kind: 'uninitialised', region, offset });
  if (known !== undefined) return isPointer ? (path.pointer(known) ?? known) : known;
  const made = fresh(origin);
  // Read again it is the same.
  state.memory.write(region, offset, size, made, 0);
  return made;
}

/** Functions over plain memory; each takes target, source or byte, length. */
const MEMORY = new Set(['memcpy', 'memmove', 'memset', 'memcmp']);

export function isMemory(name: string): boolean {
  return MEMORY.has(name);
}
