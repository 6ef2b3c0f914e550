/**
 * Through which records a function writes memory: what each store, copy and call says about the bytes it writes. Whose
 * memory that is, only a run can tell; it brings the place, this the record.
 */

import type { Place } from './debugInfoAddresses.js';
import { Places } from './debugInfoPlaces.js';
import type { TypeReader } from './debugInfoTypes.js';
import { UnitTypes } from './debugInfoUnit.js';
import type { RecordUse } from './module.js';
import { parseCall, parseOperand } from './passes/calls.js';
import { nameOf } from './passes/lexer.js';
import type { DebugInfo } from './passes/locations.js';
import type { IrFunction, IrModule } from './passes/module.js';
import { attachment, opcodeOf } from './passes/module.js';

/** Functions that copy: operand numbers of target and source. */
const COPIES: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['memcpy', [0, 1]],
  ['memmove', [0, 1]],
  ['memcpy_s', [0, 2]],
  ['memmove_s', [0, 2]],
]);

export function recordUses(module: IrModule, debug: DebugInfo, types: TypeReader): RecordUse[] {
  const unit = new UnitTypes(module, debug, types);
  const uses = new Map<string, RecordUse>();
  for (const fn of module.functions) {
    if (attachment(fn.header, 'dbg') >= 0) {
      readFunction(fn, new Places(fn, unit), debug, (use) => uses.set(JSON.stringify(use), use));
    }
  }
  return [...uses.values()];
}

type Report = (use: RecordUse) => void;

function readFunction(fn: IrFunction, places: Places, debug: DebugInfo, report: Report): void {
  const instructions = fn.blocks.flatMap((block) => block.instructions);
  // Twice: what a loop's end stores, its begin loads.
  for (let round = 0; round < 2; round++) {
    for (const text of instructions) {
      places.see(text);
    }
  }
  for (const text of instructions) {
    const opcode = opcodeOf(text);
    const location = opcode === 'store' || opcode === 'call' ? debug.of(text) : 0;
    if (location === 0) {
      continue;
    }
    if (opcode === 'store') {
      reportWrites(places.of(text), location, report);
    } else {
      readCall(text, location, places, report);
    }
  }
}

/** Bytes written at a place: they belong to each record around it. */
function reportWrites({ layers, local }: Place, location: number, report: Report): void {
  if (local === undefined) {
    for (const { type, offset } of layers) {
      report({ kind: 'write', location, type, offset });
    }
  }
}

function readCall(text: string, location: number, places: Places, report: Report): void {
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
    return places.of(type === 'ptr' ? `ptr ${value}` : '');
  };
  const copied = COPIES.get(intrinsic ?? callee);
  if (copied !== undefined || (intrinsic ?? callee) === 'memset') {
    reportWrites(placeOf(copied?.[0] ?? 0), location, report);
  }
  if (copied !== undefined) {
    const { object, layers, parameter } = placeOf(copied[1]);
    if (object !== null) {
      report({ kind: 'copy', location, type: object });
    } else if (layers.length === 0 && parameter?.offset === 0) {
      report({ kind: 'relay', location, parameter: parameter.number });
    }
  } else if (intrinsic === undefined && callee !== 'memset') {
    for (const argument of call.operands.keys()) {
      const { object, layers, parameter } = placeOf(argument);
      if (object !== null) {
        report({ kind: 'pass', location, argument, type: object });
      } else if (layers.length === 0 && parameter?.offset === 0) {
        report({ kind: 'hand', location, argument, parameter: parameter.number });
      }
    }
  }
}
