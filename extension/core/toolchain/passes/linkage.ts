/**
 * What a unit defines, what it needs, and the entries of fixtures. Runs before anything of ours is added to the module.
 */

import type { FixtureEntry } from '../module.js';
import type { PassContext } from './context.js';
import { nameOf, outsideStrings, symbolsIn, tokenOf } from './lexer.js';
import type { IrFunction, IrModule } from './module.js';
import { attachment } from './module.js';

const KINDS: ReadonlyMap<string, FixtureEntry['kind']> = new Map([
  ['Test', 'test'],
  ['Setup', 'setup'],
  ['Teardown', 'teardown'],
  ['Context', 'context'],
]);
const ENTRY = /^VspLab(Test|Setup|Teardown|Context)_(\w*)$/;
/** `VSPLAB_TRANSIENT(StructName, Field)` defines a text `StructName.Field`. */
const TRANSIENT = /^VspLabTransient_\w+$/;
const TRANSIENT_TEXT = /c"(\w+)\.(\w+)\\00"/;
/** The sanitizer's second symbol per variable, by which two definitions would collide in the linker. */
const ODR_INDICATOR = '__odr_asan_gen_';
const INTERNAL = /^(?:internal|private) /;
const WEAK = /^(?:weak|weak_odr|linkonce|linkonce_odr|available_externally|common|extern_weak) /;

export function linkage(module: IrModule, context: PassContext): void {
  renameEntries(module, context);
  defined(module, context);
  undefinedSymbols(module, context);
}

/**
 * A fixture's entry gets a name of its own per unit (two files may both have a VSPLAB_SETUP) and is exported under it,
 * whatever the command line of the linker says.
 */
function renameEntries(module: IrModule, context: PassContext): void {
  const renamed = new Map<string, string>();
  for (const fn of module.functions) {
    const entry = ENTRY.exec(nameOf(fn.name));
    const kind = KINDS.get(entry?.[1] ?? '');
    if (entry === null || kind === undefined) {
      continue;
    }
    const symbol = `${entry[0]}.${context.options.unit}`;
    renamed.set(fn.name, tokenOf('@', symbol));
    const { file, line } = context.debug.location(context.debug.indexOfFunction(fn));
    context.fixtures.push({ kind, name: entry[2] ?? '', symbol, file, line });
  }
  if (renamed.size > 0) {
    rename(module, renamed);
    for (const fn of module.functions) {
      if ([...renamed.values()].includes(fn.name)) {
        fn.header = fn.header.replace(
          /(?= (?:personality|!dbg|comdat|align|section|#)|$)/,
          ` "wasm-export-name"="${nameOf(fn.name)}"`,
        );
      }
    }
  }
  context.fixtures.sort((a, b) => a.line - b.line);
}

function rename(module: IrModule, names: ReadonlyMap<string, string>): void {
  const any = outsideStrings(
    /@VspLab(?:Test|Setup|Teardown|Context)_\w*(?![-.$\w])/,
    (token) => names.get(token) ?? token,
  );
  const apply = (text: string): string => (text.includes('@VspLab') ? any(text) : text);
  for (const fn of module.functions) {
    fn.header = apply(fn.header);
    fn.name = names.get(fn.name) ?? fn.name;
    for (const block of fn.blocks) {
      block.instructions = block.instructions.map(apply);
    }
  }
  for (const global of module.globals) {
    global.rest = apply(global.rest);
  }
}

function defined(module: IrModule, context: PassContext): void {
  const weaken = context.options.weakSymbols;
  for (const fn of module.functions) {
    const words = fn.header.slice('define '.length);
    const symbol = nameOf(fn.name);
    let kind: 'external' | 'weak' | 'internal' = 'external';
    if (INTERNAL.test(words)) {
      kind = 'internal';
    } else if (WEAK.test(words)) {
      kind = 'weak';
    } else if (weaken?.has(symbol) === true) {
      kind = 'weak';
      fn.header = `define weak ${words}`;
    }
    context.definedFunctions.push({ symbol, linkage: kind });
  }
  for (const global of module.globals) {
    const symbol = nameOf(global.name);
    if (TRANSIENT.test(symbol)) {
      const [, record = '', field = ''] = TRANSIENT_TEXT.exec(global.rest) ?? [];
      context.transients.push({ record, field });
    }
    // Two files may name the same field, and a fixture may define a variable of the driver once more.
    if ((TRANSIENT.test(symbol) || symbol.startsWith(ODR_INDICATOR)) && !INTERNAL.test(global.rest)) {
      global.rest = `internal ${global.rest.replace(WEAK, '').replace(/, comdat(?:\([^)]*\))?/, '')}`;
    }
    if (symbol.startsWith('llvm.') || INTERNAL.test(global.rest) || isExternal(global.rest)) {
      continue;
    }
    context.definedData.push(symbol);
    if (weaken?.has(symbol) === true && !WEAK.test(global.rest)) {
      global.rest = `weak ${global.rest}`;
    }
  }
}

function isExternal(rest: string): boolean {
  return /^(?:external|extern_weak) /.test(rest) || rest.startsWith('available_externally ');
}

/** Names used and not defined here, each with the first place that uses it. */
function undefinedSymbols(module: IrModule, context: PassContext): void {
  const wanted = new Map<string, 'data' | 'function'>();
  for (const declaration of module.declarations) {
    if (!declaration.name.startsWith('@llvm.')) {
      wanted.set(declaration.name, 'function');
    }
  }
  for (const global of module.globals) {
    if (isExternal(global.rest) && !global.name.startsWith('@llvm.')) {
      wanted.set(global.name, 'data');
    }
  }
  const found = (token: string, file: string, line: number): void => {
    const kind = wanted.get(token);
    if (kind !== undefined) {
      wanted.delete(token);
      (kind === 'data' ? context.undefinedData : context.undefinedFunctions).push({ name: nameOf(token), file, line });
    }
  };
  for (const fn of module.functions) {
    usesOf(fn, context, found);
  }
  for (const global of module.globals) {
    if (!isExternal(global.rest) && global.rest.includes('@')) {
      const place = placeOfVariable(attachment(global.rest, 'dbg'), context);
      for (const token of symbolsIn(global.rest)) {
        found(token, place.file, place.line);
      }
    }
  }
}

function usesOf(
  fn: IrFunction,
  context: PassContext,
  found: (token: string, file: string, line: number) => void,
): void {
  for (const block of fn.blocks) {
    for (const text of block.instructions) {
      if (!text.includes('@') || text.startsWith('#')) {
        continue;
      }
      const tokens = symbolsIn(text);
      if (tokens.length > 0) {
        const location = context.debug.location(context.debug.of(text) || context.debug.indexOfFunction(fn));
        for (const token of tokens) {
          found(token, location.file, location.line);
        }
      }
    }
  }
}

function placeOfVariable(expression: number, context: PassContext): { readonly file: string; readonly line: number } {
  const { reader } = context.debug;
  const variable = expression < 0 ? -1 : reader.node(expression).reference('var');
  if (variable < 0) {
    return { file: '', line: 0 };
  }
  const node = reader.node(variable);
  return { file: context.debug.file(node.reference('file')), line: node.number('line') };
}
