/**
 * Walks the paths of a function. Functions of the driver are walked into, loops twice and then once more with all that
 * changed in them unknown; conditions that what is known does not decide are followed both ways. A path that is walked
 * can be taken as far as the analysis can tell, so what a check sees on it is evidence; paths that are given up only
 * leave things unseen.
 */
import { Accesses, isMemory } from './accesses.js';
import type { Check, LibraryCall, Reported } from './check.js';
import type { Call, FlowFunction, Instruction, Operand } from './code.js';
import { answerUnknown, ENDS, MODELS } from './library.js';
import { parametersOf, suppose } from './parameters.js';
import { type Pass, Path, type Walk } from './path.js';
import type { Program } from './program.js';
import type { Entry } from './roles.js';
import { type Frame, State } from './state.js';
import { type Pointer, type Region, type Value, Values } from './values.js';

/** Instructions of all paths of one walk, paths at a time, and depth of calls. */
export interface Limits {
  readonly instructions: number;
  readonly paths: number;
  readonly depth: number;
}

export const LIMITS: Limits = { instructions: 60_000, paths: 600, depth: 10 };

const LOOP_ROUNDS = 3;

export class Machine {
  readonly #program: Program;
  readonly #checks: readonly Check[];
  readonly #report: (found: Reported) => void;
  readonly #limits: Limits;
  /** Functions that some walk has gone through. */
  readonly walked = new Set<string>();
  /** Instructions so far. */
  spent = 0;

  constructor(program: Program, checks: readonly Check[], report: (found: Reported) => void, limits: Limits = LIMITS) {
    this.#program = program;
    this.#checks = checks;
    this.#report = report;
    this.#limits = limits;
  }

  walk(entry: Entry, pass: Pass): void {
    const walk = new Walking(this.#program, this.#checks, this.#report, this.#limits, this.walked);
    walk.run(entry, pass);
    this.spent += walk.spent;
  }
}

class Walking {
  readonly #program: Program;
  readonly #checks: readonly Check[];
  readonly #report: (found: Reported) => void;
  readonly #limits: Limits;
  readonly #walked: Set<string>;
  readonly #values = new Values();
  readonly #accesses: Accesses;
  readonly #globals = new Map<string, Region>();
  readonly #pointers = new Map<number, Pointer>();
  readonly #work: State[] = [];
  /** How often each block was entered: the least known ways are gone first. */
  readonly #visits = new Map<string, number>();
  #walk: Walk | undefined;
  #path: Path | undefined;
  spent = 0;

  constructor(
    program: Program,
    checks: readonly Check[],
    report: (found: Reported) => void,
    limits: Limits,
    walked: Set<string>,
  ) {
    this.#program = program;
    this.#checks = checks;
    this.#report = report;
    this.#limits = limits;
    this.#walked = walked;
    this.#accesses = new Accesses(checks);
  }

  run(entry: Entry, pass: Pass): void {
    const fn = this.#program.function(entry.routine);
    const state = new State();
    const { parameters, listed } = parametersOf(entry, fn, this.#program, this.#values);
    const walk: Walk = {
      program: this.#program,
      values: this.#values,
      entry,
      pass,
      parameters: listed,
      reported: this.#report,
    };
    this.#walk = walk;
    this.#enter(state, fn, parameters, undefined, 0);
    const path = this.#pathOf(state);
    this.#path = path;
    suppose(walk, state);
    for (const check of this.#checks) check.begin?.(path);
    this.#work.push(state);
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      this.#path = this.#pathOf(next);
      this.#follow(next);
    }
  }

  #pathOf(state: State): Path {
    if (this.#walk === undefined) throw new Error('no walk');
    return new Path(state, this.#walk, this.#pointers);
  }

  get #current(): Path {
    if (this.#path === undefined) throw new Error('no path');
    return this.#path;
  }

  /** The waiting path whose next block was seen least. */
  #take(): State | undefined {
    if (this.spent >= this.#limits.instructions) return undefined;
    let best = -1;
    let fewest = Number.POSITIVE_INFINITY;
    for (let at = this.#work.length - 1; at >= 0; at--) {
      const state = this.#work[at];
      const seen = state === undefined ? 0 : (this.#visits.get(blockKey(state.frame)) ?? 0);
      if (seen < fewest) {
        fewest = seen;
        best = at;
      }
    }
    return best < 0 ? undefined : this.#work.splice(best, 1)[0];
  }

  #enter(
    state: State,
    fn: FlowFunction,
    operands: readonly Value[],
    result: number | undefined,
    calledAt: number,
  ): void {
    this.#walked.add(fn.key);
    const values: (Value | undefined)[] = new Array(fn.slots).fill(undefined);
    fn.parameters.forEach(({ slot, bits }, index) => {
      values[slot] = operands[index] ?? this.#values.symbol(bits, { kind: 'unknown' });
    });
    state.frames.push({
      fn,
      values,
      block: 0,
      previous: -1,
      next: 0,
      jumped: 0,
      loops: new Map(),
      result,
      calledAt,
    });
  }

  /** Goes on with one path until it ends or splits. */
  #follow(state: State): void {
    for (;;) {
      if (this.spent++ >= this.#limits.instructions) return;
      const { frame } = state;
      const instruction = frame.fn.blocks[frame.block]?.instructions[frame.next];
      if (instruction === undefined) return;
      frame.next++;
      if (!this.#step(instruction, state)) return;
    }
  }

  /** Answers whether this path goes on from here by itself. */
  #step(instruction: Instruction, state: State): boolean {
    const { frame } = state;
    switch (instruction.op) {
      case 'alloca': {
        const { name, size, place } = instruction;
        const region = this.#values.region('local', { name, size, fresh: 'uninitialised', place });
        frame.values[instruction.to] = this.#values.pointer(region, 0);
        return true;
      }
      case 'load':
        return this.#accesses.load(instruction, this.#value(instruction.from, frame), this.#current);
      case 'store':
        return this.#accesses.store(
          instruction,
          this.#value(instruction.value, frame),
          this.#value(instruction.to, frame),
          this.#current,
        );
      case 'atomic':
        return this.#accesses.change(
          instruction,
          this.#value(instruction.value, frame),
          this.#value(instruction.at, frame),
          this.#current,
        );
      case 'address':
        frame.values[instruction.to] = this.#address(instruction, frame);
        return true;
      case 'binary': {
        const { operation, bits, left, right } = instruction;
        frame.values[instruction.to] = this.#values.operation(
          operation,
          bits,
          this.#value(left, frame),
          this.#value(right, frame),
        );
        return true;
      }
      case 'compare':
        frame.values[instruction.to] = this.#compare(instruction, frame);
        return true;
      case 'cast':
        frame.values[instruction.to] = this.#values.cast(
          instruction.operation,
          instruction.bits,
          this.#value(instruction.value, frame),
        );
        return true;
      case 'phi': {
        const from = instruction.incoming.find(({ block }) => block === frame.previous);
        if (from !== undefined) frame.values[instruction.to] = this.#value(from.value, frame);
        return true;
      }
      case 'select':
        return this.#select(instruction, state);
      case 'call':
        return this.#call(instruction, state);
      case 'branch':
        return this.#branch(instruction, state);
      case 'switch':
        return this.#switch(instruction, state);
      case 'return':
        return this.#return(
          instruction.value === undefined ? undefined : this.#value(instruction.value, frame),
          instruction.place,
          state,
        );
      case 'stop':
        return false;
      case 'other':
        return this.#other(instruction, state);
    }
  }

  #value(operand: Operand, frame: Frame): Value {
    switch (operand.kind) {
      case 'slot': {
        const known = frame.values[operand.slot];
        if (known !== undefined) return known;
        const made = this.#values.symbol(operand.bits, { kind: 'unknown' });
        frame.values[operand.slot] = made;
        return made;
      }
      case 'constant':
        return this.#values.constant(operand.value, operand.bits);
      case 'global':
        return this.#values.pointer(this.#global(operand.name, frame.fn.unit), operand.offset);
      case 'unknown':
        return this.#values.symbol(operand.bits, { kind: 'unknown' });
    }
  }

  #global(name: string, unit: number): Region {
    const routine = this.#program.routine(unit, name);
    const key = routine?.key ?? name;
    const known = this.#globals.get(key);
    if (known !== undefined) return known;
    const isFunction = routine !== undefined || this.#program.isLibrary(name);
    const made = this.#values.region(isFunction ? 'function' : 'global', { name: key });
    this.#globals.set(key, made);
    return made;
  }

  #address(instruction: Instruction & { op: 'address' }, frame: Frame): Value {
    const base = this.#current.pointer(this.#value(instruction.base, frame));
    if (base === undefined) return this.#values.symbol(64, { kind: 'unknown' });
    let offset = base.offset + instruction.constant;
    let index = base.index;
    for (const { index: operand, stride } of instruction.scaled) {
      const value = this.#value(operand, frame);
      if (value.kind === 'constant') {
        offset += Number(BigInt.asIntN(value.bits, value.value)) * stride;
        continue;
      }
      const wide = this.#values.cast('zext', 64, value);
      const distance = this.#values.operation('mul', 64, wide, this.#values.constant(BigInt(stride), 64));
      index = index === undefined ? distance : this.#values.operation('add', 64, index, distance);
    }
    return this.#values.pointer(base.region, offset, index);
  }

  #compare(instruction: Instruction & { op: 'compare' }, frame: Frame): Value {
    const path = this.#current;
    const left = this.#value(instruction.left, frame);
    const right = this.#value(instruction.right, frame);
    const { predicate } = instruction;
    for (const check of this.#checks) check.compare?.(predicate, left, right, instruction.place, path);
    const known = path.decide(predicate, left, right);
    if (known !== undefined) {
      path.state.use(left);
      path.state.use(right);
      return this.#values.constant(known ? 1n : 0n, 1);
    }
    return this.#values.operation(`cmp.${predicate}`, 1, left, right);
  }

  #other(instruction: Instruction & { op: 'other' }, state: State): boolean {
    if (instruction.writes !== undefined) {
      const pointer = this.#accesses.at(this.#value(instruction.writes, state.frame), instruction.place, this.#current);
      if (pointer === undefined) return false;
      state.memory.write(pointer.region, pointer.offset, 8, 'unknown', instruction.place);
    }
    if (instruction.to !== undefined)
      state.frame.values[instruction.to] = this.#values.symbol(instruction.bits, { kind: 'unknown' });
    return true;
  }

  #select({ condition, yes, no, to }: Instruction & { op: 'select' }, state: State): boolean {
    const choice = this.#value(condition, state.frame);
    state.use(choice);
    const { truth, other } = this.#split(choice, state);
    if (other !== undefined) {
      other.frame.values[to] = this.#value(no, other.frame);
      this.#wait(other);
    }
    state.frame.values[to] = this.#value(truth ? yes : no, state.frame);
    return true;
  }

  /** Decides the condition for this path; where it is open, `other` is the path on which it does not hold. */
  #split(condition: Value, state: State): { readonly truth: boolean; readonly other: State | undefined } {
    if (condition.kind === 'constant') return { truth: condition.value !== 0n, other: undefined };
    const [held, failed] = [state.facts.copy(), state.facts.copy()];
    const holds = held.assume(condition, true, this.#values);
    const fails = failed.assume(condition, false, this.#values);
    if (!holds || !fails) {
      state.facts = holds ? held : failed;
      return { truth: holds, other: undefined };
    }
    state.decisions++;
    const other = state.copy();
    state.facts = held;
    other.facts = failed;
    return { truth: true, other };
  }

  #wait(state: State): void {
    if (this.#work.length < this.#limits.paths) this.#work.push(state);
  }

  #branch({ condition, targets, place }: Instruction & { op: 'branch' }, state: State): boolean {
    const [yes = -1, no = -1] = targets;
    if (condition === undefined) return this.#jump(state, yes, place);
    const choice = this.#value(condition, state.frame);
    state.use(choice);
    const { truth, other } = this.#split(choice, state);
    if (other !== undefined && this.#jump(other, no, place)) this.#wait(other);
    return this.#jump(state, truth ? yes : no, place);
  }

  #switch({ value, otherwise, cases, place }: Instruction & { op: 'switch' }, state: State): boolean {
    const chosen = this.#value(value, state.frame);
    state.use(chosen);
    for (const { value: number } of cases) {
      const constant = this.#values.constant(number, chosen.bits);
      for (const check of this.#checks) check.compare?.('eq', chosen, constant, place, this.#current);
    }
    const open = cases.filter(
      (each) => state.facts.decide('eq', chosen, this.#values.constant(each.value, chosen.bits)) !== false,
    );
    for (const each of open) {
      const constant = this.#values.constant(each.value, chosen.bits);
      if (state.facts.decide('eq', chosen, constant) === true) return this.#jump(state, each.block, place);
      const other = state.copy();
      other.decisions++;
      if (other.facts.assumeCompare('eq', chosen, constant, true, this.#values) && this.#jump(other, each.block, place))
        this.#wait(other);
    }
    const left = open.every((each) =>
      state.facts.assumeCompare('ne', chosen, this.#values.constant(each.value, chosen.bits), true, this.#values),
    );
    if (open.length > 0) state.decisions++;
    return left && this.#jump(state, otherwise, place);
  }

  /** Answers false for a path that has been round the loop often enough. */
  #jump(state: State, block: number, place: number): boolean {
    const { frame } = state;
    frame.previous = frame.block;
    frame.block = block;
    frame.next = 0;
    frame.jumped = place;
    const key = blockKey(frame);
    this.#visits.set(key, (this.#visits.get(key) ?? 0) + 1);
    if (frame.fn.blocks[block]?.isLoopHead !== true) return block >= 0;
    const before = frame.loops.get(block);
    const count = (before?.count ?? 0) + 1;
    if (count > LOOP_ROUNDS) return false;
    const memory = before?.memory ?? state.memory.copy();
    frame.loops.set(block, { count, memory });
    if (count === LOOP_ROUNDS) state.widen(memory, (value) => this.#another(value));
    return true;
  }

  #another(value: Value): Value {
    const symbol = this.#values.symbol(value.bits, { kind: 'unknown' });
    return value.kind === 'pointer' ? (this.#current.pointer(symbol) ?? symbol) : symbol;
  }

  #return(value: Value | undefined, place: number, state: State): boolean {
    const { frame } = state;
    const caller = state.frames.at(-2);
    if (caller === undefined) {
      if (value !== undefined) state.use(value);
      state.exit = this.#exit(frame, place, state);
      for (const check of this.#checks) check.end?.(value, this.#current);
      return false;
    }
    state.frames.pop();
    if (frame.result !== undefined && value !== undefined) caller.values[frame.result] = value;
    return true;
  }

  /** The `return` statement taken: it stored the answer, or jumped to the one exit. */
  #exit(frame: Frame, place: number, state: State): number {
    const answer = frame.fn.answer === undefined ? undefined : frame.values[frame.fn.answer];
    const stored = answer?.kind === 'pointer' ? state.memory.of(answer.region).cells[0]?.place : undefined;
    const isCommon = frame.fn.blocks[frame.block]?.isExit === true && frame.jumped !== 0;
    return stored || (isCommon ? frame.jumped : place);
  }

  #call(instruction: Call, state: State): boolean {
    const { frame } = state;
    const operands = instruction.operands.map((operand) => this.#value(operand, frame));
    const name = this.#callee(instruction, frame);
    if (name === undefined) return this.#outside('', operands, instruction, state);
    if (name.startsWith('llvm.')) return this.#intrinsic(name, operands, instruction, state);
    const routine = this.#program.routine(frame.fn.unit, name) ?? this.#program.routines.get(name);
    const isOpen = state.frames.some(({ fn }) => fn.key === routine?.key);
    if (routine !== undefined && !isOpen && state.frames.length < this.#limits.depth) {
      const fn = this.#program.function(routine);
      this.#enter(state, fn, operands, instruction.to, instruction.place);
      return true;
    }
    return this.#outside(routine === undefined ? name : '', operands, instruction, state);
  }

  /** Name of the function, its key if it is the driver's own; a member's name for a call through a table. */
  #callee({ callee }: Call, frame: Frame): string | undefined {
    if (typeof callee === 'string') return callee;
    const value = this.#value(callee, frame);
    if (value.kind === 'pointer' && value.region.kind === 'function') return value.region.name;
    return callee.kind === 'slot' ? frame.fn.members.get(callee.slot) : undefined;
  }

  #intrinsic(name: string, operands: readonly Value[], call: Call, state: State): boolean {
    const known = /^llvm\.(memcpy|memmove|memset)\./.exec(name)?.[1];
    if (known !== undefined) return this.#outside(known, operands.slice(0, 3), call, state);
    if (ENDS.has(name)) return false;
    if (call.to !== undefined) state.frame.values[call.to] = this.#values.symbol(call.bits, { kind: 'unknown' });
    return true;
  }

  #outside(name: string, operands: readonly Value[], { bits, isPointer, place, to }: Call, state: State): boolean {
    if (ENDS.has(name)) return false;
    const path = this.#current;
    const call: LibraryCall = {
      name,
      operands,
      place,
      bits,
      isPointer,
      isLibrary: isMemory(name) || this.#program.isLibrary(name),
    };
    for (const check of this.#checks) check.call?.(call, path);
    if (!this.#accesses.touch(call, path)) return false;
    for (const operand of operands) state.use(operand);
    const model = MODELS.get(name);
    const known = model === undefined ? answerUnknown(call, path) : model(call, path);
    const answer =
      known ?? (bits === 0 ? undefined : this.#values.symbol(bits, { kind: 'result', callee: name, place }));
    if (to !== undefined && answer !== undefined) state.frame.values[to] = answer;
    for (const check of this.#checks) check.returned?.(call, answer, path);
    return true;
  }
}

function blockKey({ fn, block }: Frame): string {
  return `${fn.key}:${block}`;
}
