/**
 * Which record receives the pointer that VmbPacketGetPointer or one of its kin answers: casts leave no trace in
 * the IR, so the value is followed to the first place that has a type: a variable, a parameter, a return, a member that
 * is accessed. It is followed into functions of the unit that take it as PVOID, and out of those that return it so.
 */

import type { TypeReader } from './debugInfoTypes.js';
import type { PointerUse, TypeId } from './module.js';
import { parseCall } from './passes/calls.js';
import { nameOf, nameTokenAt, splitList } from './passes/lexer.js';
import type { DebugInfo } from './passes/locations.js';
import type { IrFunction, IrModule } from './passes/module.js';
import { attachment, opcodeOf, resultOf } from './passes/module.js';

type Api = PointerUse['api'];
const APIS: readonly Api[] = ['VmbPacketGetPointer', 'VmbChannelGetPointer', 'VmbPacketGetInlinePacketContextPointer'];
const VALUE = /%"[^"]*"|%[-\w.$]+/g;

export function pointerUses(module: IrModule, debug: DebugInfo, types: TypeReader): PointerUse[] {
  const uses: PointerUse[] = [];
  const mayCall = (text: string): boolean =>
    APIS.some((api) => text.includes(api)) || text.includes('load ptr, ptr getelementptr');
  const mentions = (fn: IrFunction): boolean => fn.blocks.some((b) => b.instructions.some(mayCall));
  const ways = new Ways(module);
  for (const fn of module.functions) {
    if (mentions(fn)) ways.follow(fn);
  }
  for (let fn = ways.next(); fn !== undefined; fn = ways.next()) {
    if (attachment(fn.header, 'dbg') >= 0) {
      new Follower(fn, module, debug, types, uses, ways).run();
    }
  }
  return uses;
}

/** Between functions of the unit: which untyped parameters and results are such a pointer, and who is to be followed. */
class Ways {
  readonly #functions: ReadonlyMap<string, IrFunction>;
  readonly #waiting: IrFunction[] = [];
  readonly #parameters = new Map<string, Map<number, Api>>();
  readonly #results = new Map<string, Api>();

  constructor(module: IrModule) {
    this.#functions = new Map(module.functions.map((fn) => [fn.name, fn]));
  }

  next(): IrFunction | undefined {
    return this.#waiting.shift();
  }

  follow(fn: IrFunction): void {
    if (!this.#waiting.includes(fn)) this.#waiting.push(fn);
  }

  passed(callee: string, index: number, api: Api): void {
    const fn = this.#functions.get(callee);
    const known = this.#parameters.get(callee) ?? new Map<number, Api>();
    if (fn === undefined || known.has(index)) return;
    this.#parameters.set(callee, known.set(index, api));
    this.follow(fn);
  }

  returned(name: string, api: Api): void {
    if (this.#results.has(name)) return;
    this.#results.set(name, api);
    for (const fn of this.#functions.values()) {
      if (fn.blocks.some(({ instructions }) => instructions.some((text) => text.includes(`${name}(`)))) this.follow(fn);
    }
  }

  result(callee: string): Api | undefined {
    return this.#results.get(callee);
  }

  /** Names of the parameters of a function that are such a pointer. */
  parametersOf(fn: IrFunction): readonly (readonly [string, Api])[] {
    const known = this.#parameters.get(fn.name);
    if (known === undefined) return [];
    const open = fn.header.indexOf('(', fn.header.indexOf(fn.name));
    const names = splitList(fn.header.slice(open + 1, fn.header.lastIndexOf(')'))).map((each) =>
      each.match(VALUE)?.at(-1),
    );
    return [...known].flatMap(([index, api]) => {
      const name = names[index];
      return name === undefined ? [] : [[name, api] as const];
    });
  }
}

const CONSTANT_ADDRESS =
  /, ptr getelementptr (?:inbounds |nuw |nusw )*\((%"[^"]*"|%[-\w.$]+), ptr .*, i32 0, i32 (\d+)\)/;

/**
 * Debug info describes no record of which a unit only uses an external variable; so the members we need of the
 * library's interface table are known by number (kmcl-facts 1.5: behind the INTERFACE come the functions by name).
 */
const TABLE = '_KMCL_CLIENT_INTERFACE_V1';
const TABLE_MEMBERS: ReadonlyMap<number, Api> = new Map([
  [10, 'VmbChannelGetPointer'],
  [35, 'VmbPacketGetPointer'],
]);

/** Name of a record's member by its number in the IR. */
function memberNumbered(record: string, index: number, types: TypeReader): string | undefined {
  return types.memberNumber(record, index) ?? (record === TABLE ? TABLE_MEMBERS.get(index) : undefined);
}

/**
 * Remembers which member a loaded function pointer came from. The front end names a computed address after the member;
 * of a constant address (a table in a global) the member's number is in the text.
 */
export function trackMember(text: string, opcode: string, members: Map<string, string>, types: TypeReader): void {
  const result = nameTokenAt(text, 0);
  if (opcode === 'getelementptr') {
    if (!/^%\d/.test(result)) {
      members.set(result, nameOf(result).replace(/\d+$/, ''));
    }
    return;
  }
  const source = /, ptr (%"[^"]*"|%[-\w.$]+)/.exec(text)?.[1];
  const constant = source === undefined && text.includes('getelementptr') ? CONSTANT_ADDRESS.exec(text) : null;
  const member =
    constant === null
      ? members.get(source ?? '')
      : memberNumbered(recordOf(nameOf(constant[1] ?? '%')), Number(constant[2]), types);
  if (member !== undefined) {
    members.set(result, member);
  }
}

/** Follows the pointers of one function, in program order; a second round sees what a loop carries back. */
class Follower {
  readonly #fn: IrFunction;
  readonly #module: IrModule;
  readonly #debug: DebugInfo;
  readonly #types: TypeReader;
  readonly #uses: PointerUse[];
  readonly #ways: Ways;
  #viaHelper = false;
  /** Values that are such a pointer. */
  readonly #values = new Map<string, Api>();
  /** Untyped variables (PVOID) that hold one. */
  readonly #slots = new Map<string, Api>();
  /** Type nodes of the function's variables, by alloca. */
  readonly #variables = new Map<string, number>();
  /** Member addresses: record as named in the IR, and member. */
  readonly #addresses = new Map<string, { readonly record: string; readonly member: string }>();
  readonly #members = new Map<string, string>();
  readonly #name: string;
  readonly #returns: number;

  constructor(fn: IrFunction, module: IrModule, debug: DebugInfo, types: TypeReader, uses: PointerUse[], ways: Ways) {
    this.#fn = fn;
    this.#ways = ways;
    for (const [name, api] of ways.parametersOf(fn)) {
      this.#values.set(name, api);
      this.#viaHelper = true;
    }
    this.#module = module;
    this.#debug = debug;
    this.#types = types;
    this.#uses = uses;
    const node = attachment(fn.header, 'dbg');
    this.#name = debug.functionName(node);
    this.#returns = types.signature(debug.reader.node(node).reference('type')).returns;
  }

  run(): void {
    for (let round = 0; round < 2; round++) {
      for (const block of this.#fn.blocks) {
        for (const text of block.instructions) {
          this.#step(text);
        }
      }
    }
  }

  #step(text: string): void {
    if (text.startsWith('#dbg_declare(')) {
      const parts = /^#dbg_declare\(ptr (%"[^"]*"|%[-\w.$]+), !(\d+)/.exec(text);
      if (parts !== null) {
        this.#variables.set(parts[1] ?? '', this.#debug.reader.node(Number(parts[2])).reference('type'));
      }
      return;
    }
    const opcode = opcodeOf(text);
    switch (opcode) {
      case 'call':
        this.#call(text);
        break;
      case 'load':
        this.#load(text, opcode);
        break;
      case 'store':
        this.#store(text);
        break;
      case 'getelementptr':
        this.#address(text, opcode);
        break;
      case 'phi':
      case 'select':
        this.#merge(text);
        break;
      case 'ret':
        this.#return(this.#tracked(/^ret ptr (\S+?),?(?: |$)/.exec(text)?.[1]));
        break;
    }
  }

  #return(api: Api | undefined): void {
    if (api !== undefined && !this.#meet(api, this.#returns)) {
      this.#ways.returned(this.#fn.name, api);
    }
  }

  #tracked(value: string | undefined): Api | undefined {
    return value === undefined ? undefined : this.#values.get(value);
  }

  /** A value arrives where a type is known: true when that settles it. */
  #meet(api: Api | undefined, typeNode: number): boolean {
    const type = api === undefined ? null : this.#types.pointee(typeNode);
    if (api === undefined || type === null) {
      return false;
    }
    this.#record(api, type);
    return true;
  }

  #record(api: Api, type: TypeId): void {
    const same = (u: PointerUse): boolean => u.function === this.#name && u.api === api && u.type === type;
    if (!this.#uses.some(same)) {
      this.#uses.push({ function: this.#name, api, type, ...(this.#viaHelper ? { viaHelper: true } : {}) });
    }
  }

  #call(text: string): void {
    const call = parseCall(text);
    if (call === undefined) {
      return;
    }
    const callee = call.callee.startsWith('@') ? nameOf(call.callee) : this.#members.get(call.callee);
    const returned = this.#ways.result(call.callee);
    this.#viaHelper ||= returned !== undefined;
    const api = APIS.find((a) => a === callee) ?? returned;
    const result = resultOf(text);
    if (api !== undefined && result !== undefined) {
      this.#values.set(result, api);
      return;
    }
    call.operands.forEach((operand, index) => {
      const passed = this.#tracked(/(%"[^"]*"|%[-\w.$]+)$/.exec(operand)?.[1]);
      if (passed !== undefined && !this.#meet(passed, this.#parameter(call.callee, index, call.operands.length))) {
        this.#ways.passed(call.callee, index, passed);
      }
    });
  }

  /**
   * Type node of a parameter of a function defined here; -1 when operands and declared parameters do not match one to
   * one.
   */
  #parameter(callee: string, index: number, count: number): number {
    const fn = this.#module.functions.find((f) => f.name === callee);
    const node = fn === undefined ? -1 : attachment(fn.header, 'dbg');
    const parameters =
      node < 0 ? [] : this.#types.signature(this.#debug.reader.node(node).reference('type')).parameters;
    return parameters.length === count ? (parameters[index] ?? -1) : -1;
  }

  #load(text: string, opcode: string): void {
    trackMember(text, opcode, this.#members, this.#types);
    const slot = /, ptr (%"[^"]*"|%[-\w.$]+|@"[^"]*"|@[-\w.$]+)/.exec(text)?.[1];
    const api = slot === undefined ? undefined : this.#slots.get(slot);
    if (api !== undefined) {
      this.#values.set(nameTokenAt(text, 0), api);
    }
  }

  #store(text: string): void {
    const parts = /^store (?:volatile )?ptr (%"[^"]*"|%[-\w.$]+), ptr (%"[^"]*"|%[-\w.$]+|@"[^"]*"|@[-\w.$]+)/.exec(
      text,
    );
    const api = this.#tracked(parts?.[1]);
    const slot = parts?.[2] ?? '';
    if (api === undefined || this.#meet(api, this.#typeOfSlot(slot))) {
      return;
    }
    this.#slots.set(slot, api);
  }

  /** Declared type of what a store writes to: a local, the return value, a global, a member. */
  #typeOfSlot(slot: string): number {
    if (slot === '%retval') {
      return this.#returns;
    }
    if (slot.startsWith('@')) {
      const rest = this.#module.globals.find((g) => g.name === slot)?.rest ?? '';
      const expression = attachment(rest, 'dbg');
      const variable = expression < 0 ? -1 : this.#debug.reader.node(expression).reference('var');
      return variable < 0 ? -1 : this.#debug.reader.node(variable).reference('type');
    }
    const address = this.#addresses.get(slot);
    return (
      this.#variables.get(slot) ??
      (address === undefined ? -1 : this.#types.memberType(recordOf(address.record), address.member))
    );
  }

  #address(text: string, opcode: string): void {
    trackMember(text, opcode, this.#members, this.#types);
    const result = nameTokenAt(text, 0);
    const parts = /getelementptr (?:inbounds |nuw |nusw )*(%"[^"]*"|%[-\w.$]+), ptr (%"[^"]*"|%[-\w.$]+)/.exec(text);
    if (parts === null) {
      return;
    }
    const record = nameOf(parts[1] ?? '%');
    this.#addresses.set(result, { record, member: nameOf(result).replace(/\d+$/, '') });
    const api = this.#tracked(parts[2]);
    const type = api === undefined ? null : this.#types.recordNamed(recordOf(record));
    if (api !== undefined && type !== null) {
      this.#record(api, type);
    }
  }

  #merge(text: string): void {
    const [result = '', ...operands] = text.match(VALUE) ?? [];
    const api = operands.map((o) => this.#values.get(o)).find((a) => a !== undefined);
    if (api !== undefined) {
      this.#values.set(result, api);
    }
  }
}

/** `struct._PACKET.3` → `_PACKET`. */
function recordOf(name: string): string {
  return name.replace(/^(?:struct|class|union)\./, '').replace(/\.\d+$/, '');
}
