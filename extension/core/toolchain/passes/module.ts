/** A line-oriented model of one IR module: enough structure for the passes, everything else kept as text. */

import { nameTokenAt } from './lexer.js';

/**
 * A basic block. An instruction is one string without indentation; multi-line ones (`switch`, `invoke`) hold newlines.
 */
export interface IrBlock {
  /** Label as written, quotes included; '' for an unlabelled entry block. */
  readonly label: string;
  instructions: string[];
}

export interface IrFunction {
  /** Token: `@name` or `@"name"`. */
  name: string;
  /** The `define` line without its ` {`. */
  header: string;
  blocks: IrBlock[];
}

/** A global variable, alias or ifunc: `name = rest`. */
export interface IrGlobal {
  name: string;
  rest: string;
}

/** A `declare` line. */
export interface IrDeclaration {
  name: string;
  text: string;
}

export interface IrModule {
  /** `source_filename`, `target`, `module asm` and whatever else stands before the first entity. */
  header: string[];
  types: string[];
  comdats: string[];
  globals: IrGlobal[];
  functions: IrFunction[];
  declarations: IrDeclaration[];
  attributes: string[];
  namedMetadata: string[];
  /** Text behind ` = ` of each numbered node, by number. */
  metadata: string[];
}

const LABEL = /^("[^"]*"|[-a-zA-Z$._0-9]+):/;

/** Reads what `clang -emit-llvm` writes. */
export function parseModule(ir: string): IrModule {
  const module: IrModule = {
    header: [],
    types: [],
    comdats: [],
    globals: [],
    functions: [],
    declarations: [],
    attributes: [],
    namedMetadata: [],
    metadata: [],
  };
  const lines = ir.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    switch (line.charCodeAt(0)) {
      case 33: // !
        addMetadata(module, line);
        break;
      case 64: {
        const name = nameTokenAt(line, 0);
        module.globals.push({ name, rest: line.slice(name.length + 3) });
        break;
      }
      case 36: // $
        module.comdats.push(line);
        break;
      case 37: // %
        module.types.push(line);
        break;
      case 59: // ;
        break;
      default:
        if (line.startsWith('define ')) {
          i = addFunction(module, lines, i);
        } else if (line.startsWith('declare ')) {
          module.declarations.push({ name: nameTokenAt(line, symbolStart(line)), text: line });
        } else if (line.startsWith('attributes ')) {
          module.attributes.push(line);
        } else if (line.trim() !== '') {
          module.header.push(line);
        }
    }
  }
  return module;
}

/** Where the symbol of a `define` or `declare` line stands: no `@` can come before it outside strings. */
function symbolStart(line: string): number {
  let at = line.indexOf('@');
  const quote = line.indexOf('"');
  if (quote >= 0 && quote < at) {
    // A struct type with a quoted name may hold an `@`.
    for (let i = 0; i < line.length; i++) {
      if (line.charCodeAt(i) === 34) {
        i = line.indexOf('"', i + 1);
      } else if (line.charCodeAt(i) === 64) {
        at = i;
        break;
      }
    }
  }
  return at;
}

function addMetadata(module: IrModule, line: string): void {
  const equals = line.indexOf(' = ');
  const id = line.slice(1, equals);
  if (/^\d+$/.test(id)) {
    module.metadata[Number(id)] = line.slice(equals + 3);
  } else {
    module.namedMetadata.push(line);
  }
}

function addFunction(module: IrModule, lines: readonly string[], start: number): number {
  const first = lines[start] ?? '';
  const header = first.endsWith(' {') ? first.slice(0, -2) : first;
  const blocks: IrBlock[] = [];
  let block: IrBlock | undefined;
  let i = start + 1;
  for (; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line === '}') {
      break;
    }
    if (line === '') {
      continue;
    }
    if (line.charCodeAt(0) !== 32) {
      const label = LABEL.exec(line)?.[1] ?? '';
      block = { label, instructions: [] };
      blocks.push(block);
      continue;
    }
    if (block === undefined) {
      block = { label: '', instructions: [] };
      blocks.push(block);
    }
    const text = line.trim();
    if (continuesPrevious(line, text)) {
      const last = block.instructions.length - 1;
      block.instructions[last] = `${block.instructions[last] ?? ''}\n${line}`;
    } else if (!text.startsWith(';')) {
      block.instructions.push(text);
    }
  }
  module.functions.push({ name: nameTokenAt(header, symbolStart(header)), header, blocks });
  return i;
}

/**
 * Instructions are indented by two, debug records by four; a `switch` table by four, its `]` by two, `to label` by ten.
 */
function continuesPrevious(line: string, text: string): boolean {
  return (line.startsWith('    ') && !text.startsWith('#')) || text.startsWith(']');
}

/** The text of a module, fit for `clang -x ir`. */
export function printModule(module: IrModule): string {
  const out: string[] = [...module.header, ...module.types, ...module.comdats];
  for (const global of module.globals) {
    out.push(`${global.name} = ${global.rest}`);
  }
  for (const fn of module.functions) {
    out.push(`${fn.header} {`);
    for (const block of fn.blocks) {
      if (block.label !== '') {
        out.push(`${block.label}:`);
      }
      for (const instruction of block.instructions) {
        out.push(`  ${instruction}`);
      }
    }
    out.push('}');
  }
  for (const declaration of module.declarations) {
    out.push(declaration.text);
  }
  out.push(...module.attributes, ...module.namedMetadata);
  module.metadata.forEach((text, id) => {
    out.push(`!${id} = ${text}`);
  });
  out.push('');
  return out.join('\n');
}

const WORD = /[a-z_]*/y;

/** The operation of an instruction: `load`, `call`, `br`, ...; '' for a debug record. */
export function opcodeOf(instruction: string): string {
  let at = 0;
  if (instruction.charCodeAt(0) === 37) {
    at = nameTokenAt(instruction, 0).length + 3;
  }
  WORD.lastIndex = at;
  let opcode = WORD.exec(instruction)?.[0] ?? '';
  if (opcode === 'tail' || opcode === 'musttail' || opcode === 'notail') {
    opcode = 'call';
  }
  return opcode;
}

/** The token an instruction defines, or undefined. */
export function resultOf(instruction: string): string | undefined {
  return instruction.charCodeAt(0) === 37 ? nameTokenAt(instruction, 0) : undefined;
}

/** Metadata number attached as `!kind !N`, or -1. */
export function attachment(text: string, kind: string): number {
  const at = text.lastIndexOf(`!${kind} !`);
  return at < 0 ? -1 : Number.parseInt(text.slice(at + kind.length + 3), 10);
}

/** Labels a terminator may go to, in order, without `%`. */
export function targetsOf(terminator: string): string[] {
  const targets: string[] = [];
  for (let at = terminator.indexOf('label %'); at >= 0; at = terminator.indexOf('label %', at + 1)) {
    targets.push(nameTokenAt(terminator, at + 6).slice(1));
  }
  return targets;
}

/** Whether control may come back to a block it has left: a terminator goes to its own block or to one before it. */
export function hasLoop({ blocks }: IrFunction): boolean {
  const seen = new Set<string>();
  return blocks.some(({ label, instructions }) => {
    seen.add(label);
    return targetsOf(instructions.at(-1) ?? '').some((target) => seen.has(target));
  });
}

/** Adds a declaration unless the module declares or defines the symbol. */
export function declare(module: IrModule, name: string, text: string): void {
  const known = module.declarations.some((d) => d.name === name) || module.functions.some((f) => f.name === name);
  if (!known) {
    module.declarations.push({ name, text });
  }
}
