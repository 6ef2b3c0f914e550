/**
 * For a debugger: each statement of user code tells that it begins (wdk/runtime/debug.h), each call that it has come
 * back, each function where its variables are. Runs when everything that a normal run has is in place, adds no variable
 * and no memory of its own, so that a run is the same with and without a debugger.
 *
 * A statement begins wherever control comes to it from another one, or once more on a loop's way back. Code of our own
 * headers inlined into the driver belongs to the statement that uses it.
 */

import type { PassContext } from './context.js';
import { TableBuilder } from './debugTables.js';
import {
  attachment,
  declare,
  type IrBlock,
  type IrFunction,
  type IrModule,
  opcodeOf,
  resultOf,
  targetsOf,
} from './module.js';

const EVENT = '@vsp_debug_event';
const ENTER = '@vsp_debug_enter';
const VARIABLE = '@vsp_debug_variable';
const RETURN = '@vsp_debug_return';
const GLOBAL = '@vsp_debug_global';
/** VSP_DEBUG_RESUME. */
const RESUME = 0x80000000;
/** Calls that never lead into the driver's code, or are no calls of the source. */
const OWN_CALL = /@(?:llvm\.|__asan_|vsp\.|vsp_|mem(?:cpy|set|move|cmp)\b|strlen\b)/;
/** Statements that are nothing but a jump. */
const JUMPS = new Set(['break', 'continue', 'goto', 'return']);
const RECORD = /^#dbg_declare\(ptr (%[-\w$.]+|%"[^"]*"), !(\d+), !DIExpression\(([^)]*)\)/;

export function debugHooks(module: IrModule, context: PassContext): void {
  const { types } = context;
  if (context.options.debug !== true || types === undefined) {
    return;
  }
  const tables = new TableBuilder(context, types);
  for (const fn of module.functions) {
    if (attachment(fn.header, 'dbg') >= 0 && !fn.header.startsWith('define available_externally ')) {
      new FunctionHooks(fn, context, tables).run();
    }
  }
  const globals = tables.globals(module);
  declare(module, EVENT, `declare void ${EVENT}(i32)`);
  declare(module, ENTER, `declare i32 ${ENTER}(i32, ptr)`);
  declare(module, VARIABLE, `declare void ${VARIABLE}(i32, i32, ptr)`);
  declare(module, RETURN, `declare void ${RETURN}(i32, i32)`);
  declare(module, GLOBAL, `declare void ${GLOBAL}(i32, i32, ptr)`);
  const { unit } = context.options;
  module.functions.push({
    name: `@${globalsFunction(unit)}`,
    header: `define void @${globalsFunction(unit)}()`,
    blocks: [
      {
        label: '',
        instructions: [
          ...globals.map((name, index) => `call void ${GLOBAL}(i32 ${unit}, i32 ${index}, ptr ${name})`),
          'ret void',
        ],
      },
    ],
  });
  context.tables = tables.unit();
}

/** Export that tells the addresses of a unit's global variables. */
export function globalsFunction(unit: number): string {
  return `vsp_debug_globals_${unit}`;
}

/** What is known of the statement control is in: several, none yet, or one. */
const SEVERAL = -1;
const UNKNOWN = 0;

class FunctionHooks {
  readonly #fn: IrFunction;
  readonly #context: PassContext;
  readonly #tables: TableBuilder;
  readonly #id: number;
  readonly #base: number;
  readonly #keys = new Map<string, number>();
  readonly #jumps = new Set<number>();
  /** Statements that have code of other functions inlined, and those begun so far. */
  readonly #hosts = new Set<number>();
  readonly #begun = new Set<number>();
  #hasEntry = false;

  constructor(fn: IrFunction, context: PassContext, tables: TableBuilder) {
    this.#fn = fn;
    this.#context = context;
    this.#tables = tables;
    this.#base = context.options.unit << 20;
    this.#id = tables.defined(fn);
  }

  run(): void {
    const first = this.#fn.blocks[0];
    if (first === undefined || this.#id < 0 || this.#isOurs()) {
      this.#enterOnly();
      return;
    }
    const begins = this.#settle();
    this.#fn.blocks.forEach((block, index) => {
      block.instructions = this.#hooked(block, begins[index] ?? SEVERAL, index === 0);
    });
    this.#breakSilence();
    this.#split(first);
  }

  /** A loop without a statement of its own (`for (;;);`) tells each turn, or nothing could stop it. */
  #breakSilence(): void {
    const order = new Map(this.#fn.blocks.map((block, index) => [block.label, index]));
    this.#fn.blocks.forEach((block, index) => {
      const end = block.instructions.at(-1) ?? '';
      const head = Math.min(...targetsOf(end).map((label) => order.get(label) ?? index + 1));
      const loop = this.#fn.blocks.slice(head, index + 1);
      if (head <= index && !loop.some(({ instructions }) => instructions.some((text) => text.includes(EVENT)))) {
        const location = this.#location(end);
        const at = location > 0 ? location : this.#context.debug.indexOfFunction(this.#fn);
        block.instructions.splice(-1, 0, this.#event(this.#site(at, 'statement')));
      }
    });
  }

  /** A function of our headers that was not inlined: its frames are told, its statements are not the user's. */
  #isOurs(): boolean {
    const node = attachment(this.#fn.header, 'dbg');
    return this.#context.debug.file(this.#context.debug.reader.node(node).reference('file')).startsWith('<');
  }

  #enterOnly(): void {
    const first = this.#fn.blocks[0];
    if (first !== undefined && this.#id >= 0) {
      this.#split(first);
    }
  }

  // ---- Statements

  /** The user's location of an instruction: code of our headers counts for whoever it was inlined into. */
  #location(text: string): number {
    const { debug } = this.#context;
    let location = debug.of(text);
    while (location > 0 && debug.location(location).file.startsWith('<')) {
      location = debug.places[location]?.inlinedAt ?? 0;
    }
    return location;
  }

  /** A number for the statement that an instruction belongs to; UNKNOWN for what belongs to none. */
  #statement(text: string): number {
    const opcode = opcodeOf(text);
    if (text.charCodeAt(0) === 35 || opcode === 'phi' || opcode === 'alloca') {
      return UNKNOWN;
    }
    const location = this.#location(text);
    if (location === 0) {
      return UNKNOWN;
    }
    const id = this.#statementAt(location);
    return (opcode === 'br' && !this.#jumps.has(id)) || opcode === 'unreachable' ? UNKNOWN : id;
  }

  #statementAt(location: number): number {
    const { debug } = this.#context;
    const { file, line } = debug.location(location);
    const statement = this.#tables.statement(location);
    const place = statement === undefined ? `${line}` : `${statement.line}:${statement.column}`;
    const key = `${place}|${debug.places[location]?.inlinedAt ?? 0}|${file}`;
    const known = this.#keys.get(key);
    const id = known ?? this.#keys.size + 1;
    if (known === undefined) {
      this.#keys.set(key, id);
      if (JUMPS.has(statement?.first ?? '')) {
        this.#jumps.add(id);
      }
    }
    return id;
  }

  /** The statement control is in where each block begins. */
  #settle(): number[] {
    const { blocks } = this.#fn;
    const order = new Map(blocks.map((block, index) => [block.label, index]));
    const own = blocks.map((block) => block.instructions.map((text) => this.#statement(text)).filter((id) => id > 0));
    const before: number[][] = blocks.map(() => []);
    blocks.forEach((block, index) => {
      for (const target of targetsOf(block.instructions.at(-1) ?? '')) {
        before[order.get(target) ?? 0]?.push(index);
      }
    });
    const begins: number[] = blocks.map((_, index) => (index === 0 ? SEVERAL : UNKNOWN));
    const ends: number[] = blocks.map((_, index) => own[index]?.at(-1) ?? UNKNOWN);
    for (let changed = true; changed; ) {
      changed = false;
      blocks.forEach((_, index) => {
        const ways = (before[index] ?? []).map((from) => (from >= index ? SEVERAL : (ends[from] ?? UNKNOWN)));
        const known = [...new Set(ways.filter((id) => id !== UNKNOWN))];
        const begin = index === 0 || known.length > 1 ? SEVERAL : (known[0] ?? UNKNOWN);
        if (begin !== begins[index]) {
          begins[index] = begin;
          changed = true;
        }
        if ((own[index] ?? []).length === 0) {
          ends[index] = begin;
        }
      });
    }
    return begins;
  }

  #hooked(block: IrBlock, begin: number, isEntry: boolean): string[] {
    const out: string[] = [];
    let current = begin;
    const { instructions } = block;
    instructions.forEach((text, index) => {
      const statement = this.#statement(text);
      const isLast = index === instructions.length - 1;
      const location = this.#location(text);
      if (statement > 0 && statement !== current) {
        const isBegun = this.#isBegun(statement, location);
        const kind = isEntry && !this.#hasEntry ? 'entry' : isBegun ? 'resume' : 'statement';
        this.#insert(out, this.#site(location, kind), kind === 'resume' ? RESUME : 0);
        this.#hasEntry ||= isEntry;
        current = statement;
      } else if (isEntry && isLast && !this.#hasEntry) {
        const at = location > 0 ? location : this.#context.debug.indexOfFunction(this.#fn);
        this.#insert(out, this.#site(at, 'entry'));
        this.#hasEntry = true;
      }
      if (opcodeOf(text) === 'ret') {
        out.splice(this.#beforeLeave(out), 0, ...this.#returned(text, location));
      }
      out.push(text);
      if (this.#comesBack(text) && location > 0 && opcodeOf(instructions[index + 1] ?? '') !== 'unreachable') {
        out.push(this.#event(this.#site(location, 'resume'), RESUME));
      }
    });
    return out;
  }

  #site(location: number, kind: 'entry' | 'statement' | 'resume'): number {
    return this.#tables.site(location, kind, this.#id);
  }

  #event(site: number, bits = 0): string {
    return `call void ${EVENT}(i32 ${this.#base | site | bits | 0})`;
  }

  /** Before what the instrumentation has put right before the instruction to come: its position, the frame's end. */
  #insert(out: string[], site: number, bits = 0): void {
    out.splice(this.#beforeLeave(out), 0, this.#event(site, bits));
  }

  /** What is inlined into a statement ends in the middle of it: as a call, it comes back. */
  #isBegun(statement: number, location: number): boolean {
    const { places } = this.#context.debug;
    const isBegun = this.#hosts.has(statement) && this.#begun.has(statement);
    this.#begun.add(statement);
    for (let at = places[location]?.inlinedAt ?? 0; at > 0; at = places[at]?.inlinedAt ?? 0) {
      this.#hosts.add(this.#statementAt(at));
    }
    return isBegun;
  }

  #beforeLeave(out: readonly string[]): number {
    let at = out.length;
    while (at > 0 && isOwn(out[at - 1] ?? '')) {
      at--;
    }
    return at;
  }

  /** A call through which the driver's own code, or a library function that takes a while, may have run. */
  #comesBack(text: string): boolean {
    return opcodeOf(text) === 'call' && !OWN_CALL.test(text) && !/ asm (?:sideeffect )?"/.test(text);
  }

  /** A callback that fails is worth a look; only the debugger knows whether it is one. */
  #returned(text: string, location: number): readonly string[] {
    const value = /^ret i32 (%\S+?)(?:,|$)/.exec(text)?.[1];
    const node = this.#context.debug.reader.node(attachment(this.#fn.header, 'dbg'));
    if (value === undefined || this.#context.types === undefined) {
      return [];
    }
    const { returns } = this.#context.types.signature(node.reference('type'));
    return this.#context.types.spell(returns) === 'NTSTATUS'
      ? [`call void ${RETURN}(i32 ${location === 0 ? 0 : this.#base | location}, i32 ${value})`]
      : [];
  }

  // ---- Variables

  /**
   * The entry block ends behind its frame: a first run of the function tells where the variables are. They keep their
   * distances in all its frames, since all of them are of a fixed size.
   */
  #split(entry: IrBlock): void {
    const frame = entry.instructions.findIndex((text) => text.startsWith('%vsp.slot = '));
    if (frame < 0) {
      return;
    }
    const allocas = entry.instructions.filter((text) => isFixed(text)).map((text) => resultOf(text) ?? '');
    const told = this.#variables(new Set(allocas));
    const head = entry.instructions.slice(0, frame + 1);
    const rest = entry.instructions.slice(frame + 1);
    const function_ = this.#base | this.#id;
    head.push(`%vsp.untold = call i32 ${ENTER}(i32 ${function_}, ptr ${allocas[0] ?? 'null'})`);
    if (told.length === 0) {
      entry.instructions = [...head, ...rest];
      return;
    }
    head.push('%vsp.first = icmp ne i32 %vsp.untold, 0', 'br i1 %vsp.first, label %vsp.variables, label %vsp.body');
    entry.instructions = head;
    this.#renameInPhis(entry.label);
    const tell = told.map(
      ({ index, storage }) => `call void ${VARIABLE}(i32 ${function_}, i32 ${index}, ptr ${storage})`,
    );
    this.#fn.blocks.splice(
      1,
      0,
      { label: 'vsp.variables', instructions: [...tell, 'br label %vsp.body'] },
      { label: 'vsp.body', instructions: rest },
    );
  }

  #renameInPhis(label: string): void {
    const old = `, %${label} ]`;
    for (const block of this.#fn.blocks) {
      block.instructions = block.instructions.map((text) =>
        opcodeOf(text) === 'phi' ? text.replaceAll(old, ', %vsp.body ]') : text,
      );
    }
  }

  #variables(allocas: ReadonlySet<string>): readonly { readonly index: number; readonly storage: string }[] {
    const told: { index: number; storage: string }[] = [];
    for (const block of this.#fn.blocks) {
      for (const text of block.instructions) {
        const [, storage = '', node, expression = ''] = RECORD.exec(text) ?? [];
        const place = node === undefined ? undefined : storageOf(expression);
        if (place !== undefined && allocas.has(storage)) {
          const index = this.#tables.variable(
            this.#id,
            Number(node),
            this.#context.debug.of(recordAsText(text)),
            place,
          );
          if (index >= 0) {
            told.push({ index, storage });
          }
        }
      }
    }
    return told;
  }
}

/** `#dbg_declare(..., !12)`: its last operand is the location. */
function recordAsText(record: string): string {
  const node = /!(\d+)\)$/.exec(record)?.[1];
  return node === undefined ? '' : `x !dbg !${node}`;
}

/** Where the variable is, seen from the memory its record names; undefined for what is more than an offset or a pointer. */
function storageOf(expression: string): { readonly offset: number; readonly indirect: boolean } | undefined {
  const parts = /^(?:DW_OP_plus_uconst, (\d+))?(?:, )?(DW_OP_deref)?$/.exec(expression);
  return parts === null ? undefined : { offset: Number(parts[1] ?? 0), indirect: parts[2] !== undefined };
}

/** An alloca of a size that is known: one of the entry block with no count or a constant one. */
function isFixed(text: string): boolean {
  return opcodeOf(text) === 'alloca' && !/, i(?:32|64) %/.test(text);
}

/** Put there by instrument.ts and flow.ts, without a location of the source. */
function isOwn(text: string): boolean {
  return (
    / @vsp[._](?:leave|spend|flow)\b/.test(text) ||
    /, ptr %vsp\.(?:slot|returned), align 4$/.test(text) ||
    /^store ptr \S+, ptr @vsp_called/.test(text) ||
    /^%vsp\.(?:statement|way)/.test(text)
  );
}
