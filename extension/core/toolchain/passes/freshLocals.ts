/**
 * Fresh memory includes locals: each variable is filled when its scope is entered, with the byte that the run chose
 * (`vsp_vary.fresh`). Memory of a scope that is entered again is fresh again. What the compiler makes for itself, the
 * stack's own temporaries, is filled when the function begins.
 *
 * The front end places a variable's debug record before its initialiser, so a store that follows replaces the fill and
 * the optimiser removes what nobody can see. Runs after memory checking, which has joined variables into one object
 * whose address a debug record gives with an offset.
 *
 * Where nothing is optimised the back end takes a slow way for each `llvm.memset` (a third of its time for a driver of
 * 366 lines): numbers and pointers are stored as such there, all else is filled by a call.
 */

import type { PassContext } from './context.js';
import { typeLength } from './lexer.js';
import type { MetadataReader } from './metadata.js';
import { attachment, declare, type IrFunction, type IrModule, opcodeOf, resultOf } from './module.js';
import { addVary } from './vary.js';

const MEMSET = '@llvm.memset.p0.i64';
const FILL = '@vsp.fresh';
const RECORD = /^#dbg_declare\(ptr (%[-\w$.]+|%"[^"]*"), !(\d+), !DIExpression\(([^)]*)\)/;
const ALLOCATION = /^%\S+ = alloca (?:inalloca )?/;
const LIFETIME = /^call void @llvm\.lifetime\.start\.p0\((?:i64 [^,]*, )?ptr (?:nonnull |noundef )*(%[-\w$.]+)\)/;

export function freshLocals(module: IrModule, context: PassContext): void {
  if (context.options.differential !== true) {
    return;
  }
  for (const fn of module.functions) {
    if (attachment(fn.header, 'dbg') >= 0 && !fn.header.startsWith('define available_externally ')) {
      new Filler(fn, context.debug.reader, context.options.optimize === 2).run();
    }
  }
  if (context.options.optimize !== 2) {
    module.header.push(HELPER);
  }
  declare(module, MEMSET, `declare void ${MEMSET}(ptr, i8, i64, i1)`);
  addVary(module);
}

/** Bytes of the types of IR that one store fills. */
const SCALARS: ReadonlyMap<string, number> = new Map([
  ['i8', 1],
  ['i16', 2],
  ['i32', 4],
  ['i64', 8],
  ['float', 4],
  ['double', 8],
  ['ptr', 8],
]);

/** The integer of so many bytes, or undefined where there is none. */
const INTEGERS: ReadonlyMap<number, string> = new Map([
  [1, 'i8'],
  [2, 'i16'],
  [4, 'i32'],
  [8, 'i64'],
]);

class Filler {
  readonly #fn: IrFunction;
  readonly #reader: MetadataReader;
  /** Bytes of each variable on the stack, as a constant of the IR. */
  readonly #sizes = new Map<string, string>();
  /** Integer types that fresh memory is stored as, each loaded once when the function begins. */
  readonly #loaded = new Set<string>();
  readonly #optimised: boolean;
  #names = 0;

  constructor(fn: IrFunction, reader: MetadataReader, optimised: boolean) {
    this.#fn = fn;
    this.#reader = reader;
    this.#optimised = optimised;
  }

  run(): void {
    for (const block of this.#fn.blocks) {
      block.instructions = block.instructions.flatMap((text) => [text, ...this.#after(text)]);
    }
    const loads = [...this.#loaded].map((type) => `%vsp.fresh.${type} = load ${type}, ptr @vsp_vary, align 8`);
    this.#fn.blocks[0]?.instructions.unshift(...loads);
  }

  #after(text: string): readonly string[] {
    if (text.startsWith('#dbg_declare(')) {
      return this.#declared(text);
    }
    if (opcodeOf(text) === 'alloca') {
      return this.#allocated(text);
    }
    const started = LIFETIME.exec(text)?.[1];
    const size = started === undefined ? undefined : this.#sizes.get(started);
    return started === undefined || size === undefined ? [] : [this.#fill(started, size)];
  }

  /** A parameter's own variable and what our passes allocate are stored right behind it: no need. */
  #allocated(text: string): readonly string[] {
    const name = resultOf(text);
    const prefix = ALLOCATION.exec(text)?.[0];
    if (name === undefined || prefix === undefined || name.endsWith('.addr') || name.startsWith('%vsp.')) {
      return [];
    }
    const type = text.slice(prefix.length, prefix.length + typeLength(text.slice(prefix.length)));
    const bytes = SCALARS.get(type);
    const one = bytes === undefined ? `ptrtoint (ptr getelementptr (${type}, ptr null, i64 1) to i64)` : String(bytes);
    const [, width, count] = /^, (i\d+) (\S+?)(?:,|$)/.exec(text.slice(prefix.length + type.length)) ?? [];
    if (count === undefined) {
      this.#sizes.set(name, one);
      return [this.#fill(name, one)];
    }
    if (width !== 'i64') {
      return [];
    }
    if (bytes !== undefined && /^\d+$/.test(count)) {
      const size = String(bytes * Number(count));
      this.#sizes.set(name, size);
      return [this.#fill(name, size)];
    }
    const total = this.#name();
    return [`${total} = mul i64 ${count}, ${one}`, this.#fill(name, total)];
  }

  /** The scope of a variable of the source begins. */
  #declared(text: string): readonly string[] {
    const [, pointer, variable, expression = ''] = RECORD.exec(text) ?? [];
    if (pointer === undefined || variable === undefined) {
      return [];
    }
    const node = this.#reader.node(Number(variable));
    const size = node.fields.has('arg') ? 0 : this.#bytesOf(node.reference('type'));
    if (size === 0) {
      return [];
    }
    if (expression === '') {
      return this.#sizes.has(pointer) ? [this.#fill(pointer, String(size))] : [];
    }
    if (expression === 'DW_OP_deref') {
      // The variable is what the function answers: it lies where the caller wants it.
      return pointer === '%result.ptr' ? [this.#fill('%agg.result', String(size))] : [];
    }
    const offset = /^DW_OP_plus_uconst, (\d+)$/.exec(expression)?.[1];
    if (offset === undefined || !this.#sizes.has(pointer)) {
      return [];
    }
    const at = this.#name();
    return [`${at} = getelementptr i8, ptr ${pointer}, i64 ${offset}`, this.#fill(at, String(size))];
  }

  /** Size of a type node; 0 when it has none (a variable array: filled where it is allocated). */
  #bytesOf(type: number): number {
    for (let at = type, level = 0; at >= 0 && level < 64; level++) {
      const node = this.#reader.node(at);
      const bits = node.number('size');
      if (bits > 0) {
        return bits / 8;
      }
      at = node.reference('baseType');
    }
    return 0;
  }

  #name(): string {
    return `%vsp.fresh.${this.#names++}`;
  }

  /** `size` is a constant or a value of type i64. */
  #fill(pointer: string, size: string): string {
    if (this.#optimised) {
      return `call void ${MEMSET}(ptr ${pointer}, i8 ${this.#byte('i8')}, i64 ${size}, i1 false)`;
    }
    const type = INTEGERS.get(Number(size));
    return type === undefined
      ? `call void ${FILL}(ptr ${pointer}, i64 ${size})`
      : `store ${type} ${this.#byte(type)}, ptr ${pointer}, align 1`;
  }

  /** An integer whose bytes are the run's: all of the variable are. */
  #byte(type: string): string {
    this.#loaded.add(type);
    return `%vsp.fresh.${type}`;
  }
}

const HELPER = `define internal void ${FILL}(ptr %at, i64 %size) nounwind {
  %byte = load i8, ptr @vsp_vary, align 8
  call void ${MEMSET}(ptr %at, i8 %byte, i64 %size, i1 false)
  ret void
}`;
