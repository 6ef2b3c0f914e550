/**
 * What a unit's debug metadata and IR say about its source: functions, types, variables, calls, and what packet
 * contexts look like.
 */

import type { CallUse, LocalVariable, UnitFacts } from './debugInfoFacts.js';
import { recordUses } from './debugInfoRecords.js';
import { TypeReader } from './debugInfoTypes.js';
import { pointerUses, trackMember } from './debugInfoUses.js';
import type { FunctionInfo } from './module.js';
import { parseCall } from './passes/calls.js';
import { nameOf, nameTokenAt } from './passes/lexer.js';
import type { DebugInfo } from './passes/locations.js';
import type { IrFunction, IrModule } from './passes/module.js';
import { attachment, opcodeOf } from './passes/module.js';

/** Reads a module whose `invoke`s are lowered and whose debug metadata is still there. */
export function readDebugInfo(module: IrModule, debug: DebugInfo, types = typeReader(debug)): UnitFacts {
  types.addNamedTypes();
  const functions: FunctionInfo[] = [];
  const variables: LocalVariable[] = [];
  const calls: CallUse[] = [];
  const known = new Set([...module.functions.map((f) => f.name), ...module.declarations.map((d) => d.name)]);
  for (const fn of module.functions) {
    const node = attachment(fn.header, 'dbg');
    if (node < 0) {
      continue;
    }
    const info = functionInfo(fn, node, debug, types);
    if (info !== undefined) {
      functions.push(info);
    }
    const name = debug.functionName(node);
    readBody(fn, name, { debug, types, known, variables, calls });
  }
  return {
    functions,
    pointerUses: pointerUses(module, debug, types),
    ...recordUses(module, debug, types),
    types: types.types,
    variables,
    calls,
  };
}

/** The unit's types by their metadata. */
export function typeReader(debug: DebugInfo): TypeReader {
  return new TypeReader(debug, isCpp(debug));
}

export function isCpp(debug: DebugInfo): boolean {
  for (let i = 0; i < Math.min(debug.reader.count, 64); i++) {
    if (debug.reader.text(i).includes('!DICompileUnit(')) {
      return debug.reader.text(i).includes('DW_LANG_C_plus_plus');
    }
  }
  return false;
}

/** Undefined for compiler-made functions: `__finally` blocks, filters, initialisers. */
function functionInfo(fn: IrFunction, node: number, debug: DebugInfo, types: TypeReader): FunctionInfo | undefined {
  const program = debug.reader.node(node);
  if (program.string('name') === '' || program.fields.get('flags')?.includes('DIFlagArtificial') === true) {
    return undefined;
  }
  const { returns, parameters } = types.signature(program.reference('type'));
  const spelled = parameters
    .filter((p) => p < 0 || debug.reader.node(p).fields.get('flags')?.includes('DIFlagObjectPointer') !== true)
    .map((p, i, all) => (p < 0 && i === all.length - 1 ? '...' : types.spell(p)));
  return {
    name: debug.functionName(node),
    symbol: nameOf(fn.name),
    file: debug.file(program.reference('file')),
    line: program.number('line'),
    parameters: spelled,
    returns: types.spell(returns),
  };
}

interface Reading {
  readonly debug: DebugInfo;
  readonly types: TypeReader;
  readonly known: ReadonlySet<string>;
  readonly variables: LocalVariable[];
  readonly calls: CallUse[];
}

function readBody(fn: IrFunction, name: string, { debug, types, known, variables, calls }: Reading): void {
  const members = new Map<string, string>();
  for (const block of fn.blocks) {
    for (const text of block.instructions) {
      if (text.startsWith('#dbg_declare(')) {
        const variable = readVariable(text, name, debug, types);
        if (variable !== undefined) {
          variables.push(variable);
        }
        continue;
      }
      const opcode = opcodeOf(text);
      if (opcode === 'load' || opcode === 'getelementptr') {
        trackMember(text, opcode, members, types);
      } else if (opcode === 'call') {
        const use = readCall(text, name, debug, known, members);
        if (use !== undefined) {
          calls.push(use);
        }
      }
    }
  }
}

function readVariable(text: string, fn: string, debug: DebugInfo, types: TypeReader): LocalVariable | undefined {
  const parts = /^#dbg_declare\(ptr (%"[^"]*"|%[-\w.$]+), !(\d+)/.exec(text);
  if (parts === null) {
    return undefined;
  }
  const meta = debug.reader.node(Number(parts[2]));
  const type = types.id(meta.reference('type'));
  const name = meta.string('name');
  if (type === null || name === '') {
    return undefined;
  }
  return {
    function: fn,
    name,
    type,
    line: meta.number('line'),
    parameter: meta.number('arg'),
    storage: nameOf(parts[1] ?? '%'),
  };
}

function readCall(
  text: string,
  fn: string,
  debug: DebugInfo,
  known: ReadonlySet<string>,
  members: ReadonlyMap<string, string>,
): CallUse | undefined {
  if (text.includes('@llvm.') || text.includes('@__asan_')) {
    return undefined;
  }
  const call = parseCall(text);
  if (call === undefined) {
    return undefined;
  }
  const member = members.get(call.callee);
  const callee = call.callee.startsWith('@') ? nameOf(call.callee) : member === undefined ? '' : `->${member}`;
  const functions = call.operands.flatMap((text, operand) => {
    const at = text.indexOf('@');
    const token = at < 0 || text.includes('(') ? '' : nameTokenAt(text, at);
    return known.has(token) ? [{ operand, symbol: nameOf(token) }] : [];
  });
  return { function: fn, callee, location: debug.of(text), functions };
}
