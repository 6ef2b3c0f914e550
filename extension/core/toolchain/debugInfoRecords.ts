/**
 * Through which records a function writes memory: what each store, copy and call says about the bytes it writes. Whose
 * memory that is, only a run can tell; it brings the place, this the record.
 */

import type { Place } from './debugInfoAddresses.js';
import { Places } from './debugInfoPlaces.js';
import type { TypeReader } from './debugInfoTypes.js';
import { UnitTypes } from './debugInfoUnit.js';
import type { BufferUse, RecordUse } from './module.js';
import { parseCall, parseOperand } from './passes/calls.js';
import { nameOf } from './passes/lexer.js';
import type { DebugInfo } from './passes/locations.js';
import type { IrFunction, IrModule } from './passes/module.js';
import { attachment, hasLoop, opcodeOf } from './passes/module.js';

/** Functions that copy: operand numbers of target and source. */
const COPIES: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['memcpy', [0, 1]],
  ['memmove', [0, 1]],
  ['memcpy_s', [0, 2]],
  ['memmove_s', [0, 2]],
]);

/** Both kinds of facts, each once. */
export interface RecordFacts {
  readonly recordUses: readonly RecordUse[];
  readonly bufferUses: readonly BufferUse[];
}

export function recordUses(module: IrModule, debug: DebugInfo, types: TypeReader): RecordFacts {
  const unit = new UnitTypes(module, debug, types);
  const found = new FoundUses();
  const names = new Map<string, string>();
  for (const fn of module.functions) {
    const node = attachment(fn.header, 'dbg');
    if (node >= 0) {
      names.set(fn.name, debug.functionName(node));
    }
  }
  for (const fn of module.functions) {
    const name = names.get(fn.name);
    if (name !== undefined) {
      new FunctionReader(name, new Places(fn, unit), names, found).read(fn, debug);
    }
  }
  return { recordUses: [...found.records.values()], bufferUses: [...found.buffers.values()] };
}

class FoundUses {
  readonly records = new Map<string, RecordUse>();
  readonly buffers = new Map<string, BufferUse>();

  record(use: RecordUse): void {
    this.records.set(JSON.stringify(use), use);
  }

  buffer(use: BufferUse): void {
    this.buffers.set(JSON.stringify(use), use);
  }
}

class FunctionReader {
  readonly #name: string;
  readonly #places: Places;
  /** Source names of the unit's functions by their token. */
  readonly #names: ReadonlyMap<string, string>;
  readonly #found: FoundUses;

  constructor(name: string, places: Places, names: ReadonlyMap<string, string>, found: FoundUses) {
    this.#name = name;
    this.#places = places;
    this.#names = names;
    this.#found = found;
  }

  read(fn: IrFunction, debug: DebugInfo): void {
    const instructions = fn.blocks.flatMap((block) =>
      block.instructions.map((text) => [opcodeOf(text), text] as const),
    );
    // Twice where there is one: what a loop's end stores, its begin loads.
    for (let round = hasLoop(fn) ? 0 : 1; round < 2; round++) {
      for (const [opcode, text] of instructions) {
        this.#places.see(opcode, text);
      }
    }
    for (const [opcode, text] of instructions) {
      if (opcode === 'store') {
        this.#written(this.#places.of(text), debug.of(text));
      } else if (opcode === 'load') {
        this.#touched(this.#places.of(text.slice(text.indexOf(','))));
      } else if (opcode === 'call') {
        this.#call(text, debug.of(text));
      }
    }
  }

  /** Bytes written at a place: they belong to each record around it. */
  #written(place: Place, location: number): void {
    this.#touched(place);
    if (place.local === undefined && location > 0) {
      for (const { type, offset } of place.layers) {
        this.#found.record({ kind: 'write', location, type, offset });
      }
    }
  }

  /** A place that a parameter leads to: which records lie there. */
  #touched({ layers, local, parameter }: Place): void {
    if (local !== undefined || parameter === undefined || parameter.offset === null) {
      return;
    }
    for (const { type, offset } of layers) {
      const at = parameter.offset - offset;
      this.#found.buffer({ kind: 'record', function: this.#name, parameter: parameter.number, type, at });
    }
  }

  /** `object` is copied to or from where the parameter leads. */
  #copied({ parameter, layers }: Place, { object }: Place): void {
    const at = parameter?.offset ?? null;
    if (parameter !== undefined && at !== null && object !== null && layers.length === 0) {
      this.#found.buffer({ kind: 'record', function: this.#name, parameter: parameter.number, type: object, at });
    }
  }

  #call(text: string, location: number): void {
    const call = parseCall(text);
    const callee = call?.callee.startsWith('@') === true ? nameOf(call.callee) : '';
    if (call === undefined || callee.startsWith('__asan_')) {
      return;
    }
    const intrinsic = /^llvm\.(mem(?:cpy|move|set))\./.exec(callee)?.[1];
    if (callee.startsWith('llvm.') && intrinsic === undefined) {
      return;
    }
    const placeOf = (operand: number): Place => {
      const { type, value } = parseOperand(call.operands[operand] ?? '');
      return this.#places.of(type === 'ptr' ? `ptr ${value}` : '');
    };
    const copied = COPIES.get(intrinsic ?? callee);
    if (copied !== undefined) {
      this.#copy(placeOf(copied[0]), placeOf(copied[1]), location);
    } else if ((intrinsic ?? callee) === 'memset') {
      this.#written(placeOf(0), location);
    } else if (location > 0) {
      for (const argument of call.operands.keys()) {
        this.#argument(placeOf(argument), argument, this.#names.get(call.callee) ?? callee, location);
      }
    }
  }

  #copy(to: Place, from: Place, location: number): void {
    this.#written(to, location);
    this.#copied(to, from);
    this.#copied(from, to);
    const { object, layers, parameter } = from;
    if (location > 0 && object !== null) {
      this.#found.record({ kind: 'copy', location, type: object });
    } else if (location > 0 && layers.length === 0 && parameter?.offset === 0) {
      this.#found.record({ kind: 'relay', location, parameter: parameter.number });
    }
  }

  #argument(place: Place, argument: number, callee: string, location: number): void {
    const { object, layers, parameter } = place;
    if (object !== null) {
      this.#found.record({ kind: 'pass', location, argument, type: object });
    } else if (layers.length === 0 && parameter?.offset === 0) {
      this.#found.record({ kind: 'hand', location, argument, parameter: parameter.number });
    }
    const at = parameter?.offset ?? null;
    if (parameter !== undefined && at !== null && callee !== '') {
      const { number } = parameter;
      this.#found.buffer({ kind: 'call', function: this.#name, parameter: number, callee, argument, at });
    }
  }
}
