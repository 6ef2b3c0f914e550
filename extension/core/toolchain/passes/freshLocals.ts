/**
 * Fresh memory includes locals: each variable is filled when its scope is entered, with the byte that the run chose
 * (`vsp_vary.fresh`). Memory of a scope that is entered again is fresh again. What the compiler makes for itself, the
 * stack's own temporaries, is filled when the function begins.
 *
 * The front end places a variable's debug record before its initialiser, so a store that follows replaces the fill and
 * the optimiser removes what nobody can see. Runs after memory checking, which has joined variables into one object
 * whose address a debug record gives with an offset.
 */

import type { PassContext } from './context.js';
import { typeLength } from './lexer.js';
import type { MetadataReader } from './metadata.js';
import { attachment, declare, type IrFunction, type IrModule, opcodeOf, resultOf } from './module.js';
import { addVary } from './vary.js';

const MEMSET = '@llvm.memset.p0.i64';
const RECORD = /^#dbg_declare\(ptr (%[-\w$.]+|%"[^"]*"), !(\d+), !DIExpression\(([^)]*)\)/;
const ALLOCATION = /^%\S+ = alloca (?:inalloca )?/;
const LIFETIME = /^call void @llvm\.lifetime\.start\.p0\((?:i64 [^,]*, )?ptr (?:nonnull |noundef )*(%[-\w$.]+)\)/;

export function freshLocals(module: IrModule, context: PassContext): void {
  if (context.options.differential !== true) {
    return;
  }
  for (const fn of module.functions) {
    if (attachment(fn.header, 'dbg') >= 0 && !fn.header.startsWith('define available_externally ')) {
      new Filler(fn, context.debug.reader).run();
    }
  }
  declare(module, MEMSET, `declare void ${MEMSET}(ptr, i8, i64, i1)`);
  addVary(module);
}

class Filler {
  readonly #fn: IrFunction;
  readonly #reader: MetadataReader;
  /** Bytes of each variable on the stack, as a constant of the IR. */
  readonly #sizes = new Map<string, string>();
  #names = 0;

  constructor(fn: IrFunction, reader: MetadataReader) {
    this.#fn = fn;
    this.#reader = reader;
  }

  run(): void {
    this.#fn.blocks.forEach((block, index) => {
      const out = index === 0 ? ['%vsp.fresh = load i8, ptr @vsp_vary, align 8'] : [];
      for (const text of block.instructions) {
        out.push(text, ...this.#after(text));
      }
      block.instructions = out;
    });
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
    return started === undefined || size === undefined ? [] : [fill(started, size)];
  }

  /** A parameter's own variable is stored right behind it: no need. */
  #allocated(text: string): readonly string[] {
    const name = resultOf(text);
    const prefix = ALLOCATION.exec(text)?.[0];
    if (name === undefined || prefix === undefined || name.endsWith('.addr')) {
      return [];
    }
    const type = text.slice(prefix.length, prefix.length + typeLength(text.slice(prefix.length)));
    const one = `ptrtoint (ptr getelementptr (${type}, ptr null, i64 1) to i64)`;
    const [, width, count] = /^, (i\d+) (\S+?)(?:,|$)/.exec(text.slice(prefix.length + type.length)) ?? [];
    if (count === undefined) {
      this.#sizes.set(name, one);
      return [fill(name, one)];
    }
    if (width !== 'i64') {
      return [];
    }
    const total = this.#name();
    return [`${total} = mul i64 ${count}, ${one}`, fill(name, total)];
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
      return this.#sizes.has(pointer) ? [fill(pointer, String(size))] : [];
    }
    if (expression === 'DW_OP_deref') {
      // The variable is what the function answers: it lies where the caller wants it.
      return pointer === '%result.ptr' ? [fill('%agg.result', String(size))] : [];
    }
    const offset = /^DW_OP_plus_uconst, (\d+)$/.exec(expression)?.[1];
    if (offset === undefined || !this.#sizes.has(pointer)) {
      return [];
    }
    const at = this.#name();
    return [`${at} = getelementptr i8, ptr ${pointer}, i64 ${offset}`, fill(at, String(size))];
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
}

function fill(pointer: string, size: string): string {
  return `call void ${MEMSET}(ptr ${pointer}, i8 %vsp.fresh, i64 ${size}, i1 false)`;
}
