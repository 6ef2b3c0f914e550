/**
 * Source positions and budget in user code (docs/architecture.md, "Instrumentation"; the state is vsp.h's). Helpers are
 * defined in each module, and inlined where code is optimised:
 *
 *   vsp.enter(location)        takes a frame, spends one unit, answers the frame's slot
 *   vsp.spend(slot, location)  spends one unit at a loop's back-edge; out of budget, the position becomes the loop's
 *                              head
 *   vsp.leave()                gives the frame back; the slot keeps what it held, so whoever called can read where it
 *                              returned
 *
 * Optimised code without checks gets a lean form, because a callback of a few loads otherwise takes twice its time
 * (measured on a save and restore pair with two short loops, 1 M packets: 16 ms bare, 37 ms with everything): positions
 * before calls only; a unit at entry only where a function may recurse; loops count down in a register and pay 64 units
 * at a time, the first 64 rounds of an invocation being free; loops that plainly end pay nothing. Endless loops and
 * endless recursion still end at the same place on every run.
 */

import { possiblyRecursive } from './callGraph.js';
import { parseCall } from './calls.js';
import type { PassContext } from './context.js';
import { addHelpers, BATCH } from './instrumentHelpers.js';
import type { IrBlock, IrFunction, IrModule } from './module.js';
import { attachment, opcodeOf, resultOf, targetsOf } from './module.js';
import { plainlyEnds } from './plainLoops.js';

export function instrument(module: IrModule, context: PassContext): void {
  if (!context.options.instrument) {
    return;
  }
  const { optimize, checked, differential } = context.options;
  // Differential runs want to know where a callback returned.
  const lean = optimize === 2 && !checked && differential !== true;
  const recursive = lean ? possiblyRecursive(module) : undefined;
  let any = false;
  for (const fn of module.functions) {
    if (attachment(fn.header, 'dbg') >= 0 && !fn.header.startsWith('define available_externally ')) {
      new FunctionInstrumenter(fn, context, recursive).run();
      any = true;
    }
  }
  if (any) {
    addHelpers(module, optimize === 2);
  }
}

/** Instructions that can fault, call, or be watched: those that must know where they are. */
const WATCHED = new Set([
  'load',
  'store',
  'call',
  'invoke',
  'sdiv',
  'udiv',
  'srem',
  'urem',
  'atomicrmw',
  'cmpxchg',
  'unreachable',
]);
const SILENT_CALL =
  /@llvm\.(?:lifetime|dbg|assume|localescape|localaddress|donothing|experimental\.noalias|stack|va_end)/;

/** The front end's name for the block all return statements branch to. */
const RETURN = /^return\d*$/;

/**
 * Whether more than one way leads to the function's end: a value or a jump is stored on each, or they branch to a block
 * made for it.
 */
function meetsInEnd(fn: IrFunction, end: IrBlock): boolean {
  const stored = (text: string): boolean =>
    text.startsWith('store ') &&
    (text.includes(', ptr %retval,') || text.startsWith('store i32 1, ptr %cleanup.dest.slot'));
  return RETURN.test(end.label) || isBareEnd(end) || fn.blocks.some((b) => b.instructions.some(stored));
}

/**
 * A block that does nothing but return: in a function that ends with a loop or a condition, the front end lets `return`
 * statements jump to what follows that instead of to a block of their own.
 */
function isBareEnd(end: IrBlock): boolean {
  return end.instructions.filter((text) => !text.startsWith('#')).length === 1;
}

class FunctionInstrumenter {
  readonly #fn: IrFunction;
  readonly #context: PassContext;
  readonly #base: number;
  /** Allocas of the entry block: a load or store of one cannot fault. */
  readonly #allocas = new Set<string>();
  readonly #order = new Map<string, number>();
  /** The block that returns, when `return` statements meet there: the statement taken is kept in `%vsp.returned`. */
  readonly #end: IrBlock | undefined;

  /** Functions that may recurse, in the lean form; undefined in the full one. */
  readonly #recursive: ReadonlySet<string> | undefined;

  constructor(fn: IrFunction, context: PassContext, recursive: ReadonlySet<string> | undefined) {
    this.#recursive = recursive;
    this.#fn = fn;
    this.#context = context;
    this.#base = context.options.unit << 20;
    fn.blocks.forEach((block, index) => {
      this.#order.set(block.label, index);
    });
    for (const instruction of fn.blocks[0]?.instructions ?? []) {
      if (opcodeOf(instruction) === 'alloca') {
        this.#allocas.add(resultOf(instruction) ?? '');
      }
    }
    const end = fn.blocks.find((b) => opcodeOf(b.instructions.at(-1) ?? '') === 'ret');
    this.#end = recursive === undefined && end !== undefined && meetsInEnd(fn, end) ? end : undefined;
  }

  run(): void {
    this.#fn.blocks.forEach((block, index) => {
      block.instructions = index === 0 ? this.#entry(block) : this.#block(block, index);
    });
  }

  /**
   * The frame is taken behind the entry block's allocas: an alloca behind a call that is inlined would be a dynamic
   * one.
   */
  #entry(block: IrBlock): string[] {
    let last = -1;
    block.instructions.forEach((text, i) => {
      if (opcodeOf(text) === 'alloca') {
        last = i;
      }
    });
    const head = block.instructions.slice(0, last + 1);
    if (this.#end !== undefined) {
      const end = this.#context.debug.of(this.#end.instructions.at(-1) ?? '');
      head.push('%vsp.returned = alloca i32, align 4', `store i32 ${this.#id(end)}, ptr %vsp.returned, align 4`);
    }
    const location = this.#context.debug.indexOfFunction(this.#fn);
    const free = this.#recursive?.has(this.#fn.name) === false;
    head.push(`%vsp.slot = call ptr @vsp.enter${free ? '.free' : ''}(i32 ${this.#id(location)})`);
    if (this.#recursive !== undefined) {
      head.splice(last + 1, 0, '%vsp.units = alloca i32, align 4', `store i32 ${BATCH}, ptr %vsp.units, align 4`);
    }
    return head.concat(this.#block({ label: block.label, instructions: block.instructions.slice(last + 1) }, 0));
  }

  #block(block: IrBlock, index: number): string[] {
    const out: string[] = [];
    const isCleanup = block.instructions.some((i) => i.includes(' = load i32, ptr %cleanup.dest.slot'));
    let position = -1;
    for (const text of block.instructions) {
      const opcode = opcodeOf(text);
      const location = this.#context.debug.of(text);
      if (opcode === 'ret') {
        out.push(...this.#return(block, location));
      } else if (opcode === 'br' || opcode === 'switch' || opcode === 'indirectbr') {
        out.push(...this.#branch(text, index, location, isCleanup, out.at(-1) ?? ''));
      } else if (location > 0 && location !== position && WATCHED.has(opcode) && this.#isWatched(text, opcode)) {
        out.push(`store i32 ${this.#id(location)}, ptr %vsp.slot, align 4`);
        position = location;
      }
      if (opcode === 'call') {
        out.push(...this.#indirectCall(text, location));
      }
      out.push(text);
      if (opcode === 'store') {
        out.push(...this.#returnStatement(text, block, location));
      }
    }
    return out;
  }

  #isWatched(text: string, opcode: string): boolean {
    if (opcode === 'call') {
      return this.#recursive === undefined ? !SILENT_CALL.test(text) : !text.includes('@llvm.');
    }
    if (this.#recursive !== undefined) {
      return false;
    }
    if (opcode === 'load' || opcode === 'store') {
      const pointer = /, ptr (%[^,]+)/.exec(text)?.[1];
      return pointer === undefined || !this.#allocas.has(pointer);
    }
    return true;
  }

  /**
   * A value stored for the caller, or a jump to the function's end through cleanups (destination 1 is always the
   * return).
   */
  #returnStatement(text: string, block: IrBlock, location: number): string[] {
    if (this.#end === undefined) {
      return [];
    }
    if (text.includes(', ptr %retval,') && location > 0) {
      return [`store i32 ${this.#id(location)}, ptr %vsp.returned, align 4`];
    }
    if (text.startsWith('store i32 1, ptr %cleanup.dest.slot')) {
      const jump = location > 0 ? location : this.#context.debug.of(block.instructions.at(-1) ?? '');
      return jump > 0 ? [`store i32 ${this.#id(jump)}, ptr %vsp.returned, align 4`] : [];
    }
    return [];
  }

  #branch(text: string, index: number, location: number, isCleanup: boolean, previous: string): string[] {
    const out: string[] = [];
    const targets = targetsOf(text);
    if (
      !isCleanup &&
      location > 0 &&
      targets.length === 1 &&
      targets[0] === this.#end?.label &&
      (RETURN.test(targets[0] ?? '') || this.#jumpsToEnd(index))
    ) {
      const keep = `store i32 ${this.#id(location)}, ptr %vsp.returned, align 4`;
      if (previous !== keep) {
        out.push(keep);
      }
    }
    const back = targets.find((t) => (this.#order.get(t) ?? Number.MAX_SAFE_INTEGER) <= index);
    const uncounted =
      back !== undefined && this.#recursive !== undefined && plainlyEnds(this.#fn, this.#order.get(back) ?? 0, index);
    if (back !== undefined && !uncounted) {
      const head = this.#id(this.#loopHead(text, back, location));
      out.push(
        this.#recursive === undefined
          ? `call void @vsp.spend(ptr %vsp.slot, i32 ${head})`
          : `call void @vsp.count(ptr %vsp.units, ptr %vsp.slot, i32 ${head})`,
      );
    }
    return out;
  }

  /** The block's way to a bare end is no mere falling through to the next block. */
  #jumpsToEnd(index: number): boolean {
    const end = this.#end;
    return end !== undefined && isBareEnd(end) && this.#fn.blocks[index + 1] !== end;
  }

  /**
   * Where the loop that a back-edge closes begins: its statement if the front end says so, else the target's first line
   * (`goto`).
   */
  #loopHead(branch: string, target: string, location: number): number {
    const { debug } = this.#context;
    const loop = attachment(branch, 'llvm.loop');
    if (loop >= 0) {
      const start = debug.reader
        .node(loop)
        .elements()
        .find((e) => e !== loop && e >= 0 && debug.indexOf(e) > 0);
      if (start !== undefined) {
        return debug.indexOf(start);
      }
    }
    const instructions = this.#fn.blocks[this.#order.get(target) ?? 0]?.instructions ?? [];
    const first = instructions.map((i) => debug.of(i)).find((l) => l > 0);
    return first ?? location;
  }

  #return(block: IrBlock, location: number): string[] {
    const out: string[] = [];
    if (this.#end !== undefined && block.label === this.#end.label) {
      out.push(
        '%vsp.statement = load i32, ptr %vsp.returned, align 4',
        'store i32 %vsp.statement, ptr %vsp.slot, align 4',
      );
    } else if (this.#recursive === undefined) {
      const at = this.#valueBeforeCleanups(block, location);
      if (at > 0) {
        out.push(`store i32 ${this.#id(at)}, ptr %vsp.slot, align 4`);
      }
    }
    out.push('call void @vsp.leave()');
    return out;
  }

  /**
   * A function with one return statement and something to clean up (destructors, lifetimes) has all of that, and the
   * `ret`, at the closing brace. The value was made right before it, at the statement.
   */
  #valueBeforeCleanups(block: IrBlock, location: number): number {
    const { debug } = this.#context;
    const code = block.instructions.filter((i) => !i.startsWith('#'));
    const value = /^ret \S+ %/.test(code.at(-1) ?? '');
    const cleanup = code.at(-2) ?? '';
    if (!value || opcodeOf(cleanup) !== 'call' || debug.of(cleanup) !== location) {
      return location;
    }
    return code.map((i) => debug.of(i)).findLast((l) => l > 0 && l !== location) ?? location;
  }

  /** A call through a pointer: its type is noted and the pointer kept, since the engine's trap tells neither. */
  #indirectCall(text: string, location: number): string[] {
    const call = text.includes('(') ? parseCall(text) : undefined;
    if (location === 0 || call === undefined || /^(?:@|asm\b)/.test(call.callee)) {
      return [];
    }
    const types = call.operands.map((o) => o.split(' ')[0] ?? '');
    const type = call.type.endsWith(')') ? call.type : `${call.type} (${types.join(', ')})`;
    this.#context.indirectCalls.push({ location, type });
    return [`store ptr ${call.callee}, ptr @vsp_called, align 8`];
  }

  #id(location: number): number {
    return location === 0 ? 0 : this.#base | location;
  }
}
