/**
 * What the pointers of a function point to, as far as the IR and debug info tell: casts leave no trace in the IR, so a
 * pointer is known by the variable it was loaded from, the variable it is the address of, or the record through which a
 * member of it is reached.
 */

import { address, irName, type Layer, type Place } from './debugInfoAddresses.js';
import type { TypeReader } from './debugInfoTypes.js';
import type { UnitTypes } from './debugInfoUnit.js';
import type { TypeId } from './module.js';
import { splitList, typeLength } from './passes/lexer.js';
import type { DebugInfo } from './passes/locations.js';
import type { IrFunction } from './passes/module.js';
import { opcodeOf, resultOf } from './passes/module.js';

const NOWHERE: Place = { layers: [], object: null };
const POINTER = /(?:^|, )ptr (%"[^"]*"|%[-\w.$]+|@"[^"]*"|@[-\w.$]+|getelementptr )/;
const DECLARE = /^#dbg_declare\(ptr (%"[^"]*"|%[-\w.$]+), !(\d+), !DIExpression\(([^)]*)\)/;
const GEP = /getelementptr (?:inbounds |nuw |nusw |inrange\([^)]*\) )*\(?/;
const VALUE = /%"[^"]*"|%[-\w.$]+/g;

/** A variable of the function, by where its memory lies. */
interface Variable {
  readonly offset: number;
  /** Node of its type. */
  readonly type: number;
}

export class Places {
  readonly #unit: UnitTypes;
  readonly #debug: DebugInfo;
  readonly #types: TypeReader;
  readonly #values = new Map<string, Place>();
  /** By allocation: memory checking joins many variables in one. */
  readonly #variables = new Map<string, Variable[]>();
  /** IR types of allocations: temporaries have no debug record. */
  readonly #allocations = new Map<string, string>();
  /** What untyped pointer variables hold, by `allocation+offset`. */
  readonly #held = new Map<string, Place>();

  constructor(fn: IrFunction, unit: UnitTypes) {
    this.#unit = unit;
    this.#debug = unit.debug;
    this.#types = unit.types;
    this.#readVariables(fn);
    this.#readParameters(fn);
  }

  /** Takes notice of an instruction; all of a function's are to be seen in order before places are asked for. */
  see(opcode: string, text: string): void {
    switch (opcode) {
      case 'getelementptr':
        this.#set(resultOf(text), this.#address(text));
        break;
      case 'load':
        if (/^%\S+ = load (?:volatile )?ptr,/.test(text)) {
          this.#set(resultOf(text), this.#loaded(text));
        }
        break;
      case 'store':
        this.#store(text);
        break;
      case 'phi':
      case 'select':
        this.#set(resultOf(text), this.#merged(text));
        break;
      case 'call':
        this.#set(resultOf(text), this.#returned(text));
        break;
    }
  }

  /** Of the first pointer operand: what a load or store goes to; of a call's operand, where that points. */
  of(text: string): Place {
    const operand = POINTER.exec(text);
    if (operand === null) {
      return NOWHERE;
    }
    const value = operand[1] ?? '';
    return value.startsWith('get') ? this.#address(text) : this.at(value);
  }

  at(value: string): Place {
    const known = this.#values.get(value);
    if (known !== undefined) {
      return known;
    }
    if (value.startsWith('@')) {
      const variable = this.#typed(this.#unit.global(value));
      this.#values.set(value, variable);
      return variable;
    }
    const place = this.#allocations.has(value) ? this.#inLocal(value, 0) : NOWHERE;
    this.#values.set(value, place);
    return place;
  }

  #set(result: string | undefined, place: Place | undefined): void {
    if (result !== undefined && place !== undefined) {
      this.#values.set(result, place);
    }
  }

  // ---- Variables

  #readVariables(fn: IrFunction): void {
    for (const { instructions } of fn.blocks) {
      for (const text of instructions) {
        const [, allocation = '', node = '', expression = ''] = DECLARE.exec(text) ?? [];
        if (allocation !== '') {
          const offset = Number(/^DW_OP_plus_uconst, (\d+)$/.exec(expression)?.[1] ?? '0');
          const type = this.#debug.reader.node(Number(node)).reference('type');
          const known = this.#variables.get(allocation) ?? [];
          this.#variables.set(allocation, [...known, { offset, type }]);
        } else if (opcodeOf(text) === 'alloca') {
          const type = text.slice(text.indexOf(' = alloca ') + 10);
          this.#allocations.set(resultOf(text) ?? '', type.slice(0, typeLength(type)));
        }
      }
    }
  }

  #readParameters(fn: IrFunction): void {
    const open = fn.header.indexOf('(', fn.header.indexOf(fn.name));
    const list = fn.header.slice(open + 1, fn.header.lastIndexOf(')'));
    for (const [number, parameter] of splitList(list).entries()) {
      const value = /(%"[^"]*"|%[-\w.$]+)$/.exec(parameter)?.[1];
      if (value !== undefined && parameter.startsWith('ptr ')) {
        this.#values.set(value, { layers: [], object: null, parameter: { number, offset: 0 } });
      }
    }
  }

  /** The declared type of the variable that begins there, -1 when none does. */
  #variableAt({ allocation, offset }: NonNullable<Place['local']>): number {
    return this.#variables.get(allocation)?.find((variable) => variable.offset === offset)?.type ?? -1;
  }

  #inLocal(allocation: string, offset: number): Place {
    const local = { allocation, offset };
    const declared = this.#variableAt(local);
    const named = this.#types.recordNamed(irName(this.#allocations.get(allocation) ?? ''));
    const type = declared >= 0 ? this.#types.record(declared) : offset === 0 ? named : null;
    return { ...this.#object(type), local };
  }

  #typed(node: number): Place {
    return this.#object(node < 0 ? null : this.#types.record(node));
  }

  #object(type: TypeId | null): Place {
    return type === null ? NOWHERE : { layers: [{ type, offset: 0 }], object: type };
  }

  // ---- Loads and stores of pointers

  #loaded(text: string): Place {
    const from = this.of(text.slice(text.indexOf(',')));
    if (from.local !== undefined) {
      const declared = this.#types.pointee(this.#variableAt(from.local));
      const held = this.#held.get(slotOf(from.local)) ?? NOWHERE;
      const own = this.#object(declared);
      return held.parameter === undefined
        ? declared === null
          ? held
          : own
        : { ...(declared === null ? held : own), parameter: held.parameter };
    }
    const layer = from.layers.at(-1);
    return this.#object(layer === undefined ? null : this.#unit.pointerAt(layer.type, layer.offset));
  }

  #store(text: string): void {
    const [, value = '', target = ''] =
      /^store (?:volatile )?ptr (%"[^"]*"|%[-\w.$]+|@"[^"]*"|@[-\w.$]+|null), (.*)$/s.exec(text) ?? [];
    const slot = target === '' ? undefined : this.of(target).local;
    if (slot === undefined || value === 'null') {
      return;
    }
    const key = slotOf(slot);
    const before = this.#held.get(key);
    const place = this.at(value);
    this.#held.set(key, before === undefined ? place : joined(before, place));
  }

  #merged(text: string): Place | undefined {
    const [, ...operands] = text.match(VALUE) ?? [];
    const places = operands.map((operand) => this.at(operand)).filter((place) => place !== NOWHERE);
    return places.reduce<Place | undefined>(
      (all, place) => (all === undefined ? place : joined(all, place)),
      undefined,
    );
  }

  /** What a function defined here returns by its declared type. */
  #returned(text: string): Place | undefined {
    const callee = /(@"[^"]*"|@[-\w.$]+)\(/.exec(text)?.[1];
    const type = callee === undefined ? null : this.#unit.returned(callee);
    return type === null ? undefined : this.#object(type);
  }

  // ---- Addresses

  #address(text: string): Place {
    const found = GEP.exec(text);
    if (found === null) {
      return NOWHERE;
    }
    const parts = splitList(upToEnd(text.slice(found.index + found[0].length)));
    const [type = '', base = '', ...indices] = parts;
    const place = address(this.of(base), type, indices, this.#unit);
    return place.local === undefined ? place : this.#nowIn(place, place.local);
  }

  /** Plain bytes of joined variables: what begins there by its declaration. */
  #nowIn(place: Place, { allocation, offset }: NonNullable<Place['local']>): Place {
    return place.layers.length > 0 ? place : this.#inLocal(allocation, offset);
  }
}

/** Up to where an expression's operands end: its bracket, or the metadata of an instruction. */
function upToEnd(text: string): string {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      at = text.indexOf('"', at + 1);
    } else if (code === 40 || code === 123 || code === 91) {
      depth++;
    } else if (code === 41 || code === 125 || code === 93) {
      if (depth-- === 0) {
        return text.slice(0, at);
      }
    } else if (code === 33 && depth === 0) {
      return text.slice(0, text.lastIndexOf(',', at));
    }
  }
  return text;
}

function slotOf({ allocation, offset }: NonNullable<Place['local']>): string {
  return `${allocation}+${offset}`;
}

function same(a: Layer | undefined, b: Layer | undefined): boolean {
  return a?.type === b?.type && a?.offset === b?.offset;
}

/** What holds of both. */
function joined(a: Place, b: Place): Place {
  const known = a.layers.length === 0 ? b : b.layers.length === 0 ? a : undefined;
  const layers = known?.layers ?? a.layers.filter((layer) => b.layers.some((other) => same(layer, other)));
  const object = known === undefined ? (a.object === b.object ? a.object : null) : known.object;
  const [one, other] = [a.parameter, b.parameter];
  const parameter =
    one === undefined || other === undefined
      ? (one ?? other)
      : one.number === other.number
        ? { number: one.number, offset: one.offset === other.offset ? one.offset : null }
        : undefined;
  return { layers, object, ...(parameter === undefined ? {} : { parameter }) };
}
