/**
 * From the x64 (or ARM64) Windows front end to the wasm64 back end (toolchain-facts section 1): both are little-endian
 * with 64-bit pointers, and every size and offset is already fixed in the IR.
 */

import type { PassContext } from './context.js';
import { outsideStrings } from './lexer.js';
import type { IrModule } from './module.js';

export const WASM_TRIPLE = 'wasm64-unknown-unknown';
export const WASM_DATA_LAYOUT = 'e-m:e-p:64:64-p10:8:8-p20:8:8-i64:64-i128:128-n32:64-S128-ni:1:10:20';

const drop = (): string => '';
const withoutPrefixes = outsideStrings(/(?<![-%@\w.$])(?:dllimport|dllexport|dso_local|dso_preemptable) /, drop);
const withoutThreadLocal = outsideStrings(/(?<![-%@\w.$])thread_local(?:\([a-z]+\))? /, drop);
/** Conventions that only choose registers; all calls are the same in WebAssembly. */
const withoutConventions = outsideStrings(
  /(?<![-%@\w.$])(?:x86_[a-z0-9]+cc|win64cc|cfguard_checkcc|aarch64_[a-z_]+cc) /,
  drop,
);
const withoutSection = outsideStrings(/,? section "[^"]*"/, drop);
const TARGET_ATTRIBUTES =
  / ?"(?:target-cpu|target-features|tune-cpu|stack-protector-buffer-size|min-legal-vector-width)"="[^"]*"/g;
const withoutTargetWords = outsideStrings(
  /(?<![-\w."])(?:ssp|sspstrong|sspreq|uwtable(?:\([a-z]+\))?|nocf_check|safestack) /,
  drop,
);

export function retarget(module: IrModule, _context: PassContext): void {
  module.header = module.header
    .filter((line) => !line.startsWith('target '))
    .concat(`target datalayout = "${WASM_DATA_LAYOUT}"`, `target triple = "${WASM_TRIPLE}"`);
  module.comdats = module.comdats.map((line) =>
    line.replace(/comdat (?:largest|nodeduplicate|samesize|exactmatch)$/, 'comdat any'),
  );
  module.attributes = module.attributes.map((line) => withoutTargetWords(line.replace(TARGET_ATTRIBUTES, drop)));
  module.namedMetadata = module.namedMetadata.filter(
    (line) => !line.startsWith('!llvm.linker.options') && !line.startsWith('!llvm.dependent-libraries'),
  );
  for (const declaration of module.declarations) {
    declaration.text = withoutWindowsWords(declaration.text);
  }
  retargetGlobals(module);
  for (const fn of module.functions) {
    fn.header = withoutSection(withoutWindowsWords(fn.header));
    for (const block of fn.blocks) {
      for (let i = 0; i < block.instructions.length; i++) {
        const text = block.instructions[i] ?? '';
        if (text.includes('cc ') || text.includes('musttail ') || text.includes('@llvm.threadlocal.address')) {
          block.instructions[i] = retargetInstruction(text);
        }
      }
    }
  }
}

function withoutWindowsWords(header: string): string {
  return withoutConventions(withoutPrefixes(header));
}

/**
 * `musttail` needs an extension of WebAssembly that the module does not ask for; one thread has one copy of each
 * variable.
 */
function retargetInstruction(text: string): string {
  const local = /^(%\S+|%"[^"]*") = call .*@llvm\.threadlocal\.address\.p0\(ptr (?:align \d+ )?(.*)\)(.*)$/.exec(text);
  if (local !== null) {
    return `${local[1]} = getelementptr i8, ptr ${local[2]}, i64 0${/, !dbg !\d+/.exec(local[3] ?? '')?.[0] ?? ''}`;
  }
  return withoutConventions(text.replace(/^((?:%\S+ = )?)musttail call /, '$1call '));
}

/** Sections are dropped; a pointer the user put among the C++ constructors (`.CRT$XC?`) becomes one. */
function retargetGlobals(module: IrModule): void {
  const constructors: string[] = [];
  for (const global of module.globals) {
    const section = /, section "([^"]*)"/.exec(global.rest)?.[1];
    global.rest = withoutThreadLocal(withoutWindowsWords(global.rest));
    if (section !== undefined && !global.name.startsWith('@llvm.')) {
      global.rest = withoutSection(global.rest);
      const target = /(?:constant|global) ptr (@"[^"]*"|@[-\w.$]+)/.exec(global.rest)?.[1];
      if (target !== undefined && section.startsWith('.CRT$XC')) {
        constructors.push(target);
      }
    }
  }
  addConstructors(module, constructors);
}

function addConstructors(module: IrModule, functions: readonly string[]): void {
  if (functions.length === 0) {
    return;
  }
  const entries = functions.map((f) => `{ i32, ptr, ptr } { i32 65535, ptr ${f}, ptr null }`);
  const existing = module.globals.find((g) => g.name === '@llvm.global_ctors');
  if (existing !== undefined) {
    entries.unshift(existing.rest.slice(existing.rest.indexOf('] [') + 3, existing.rest.lastIndexOf(']')));
    module.globals.splice(module.globals.indexOf(existing), 1);
  }
  const count = entries.join(', ').split('{ i32, ptr, ptr } {').length - 1;
  module.globals.push({
    name: '@llvm.global_ctors',
    rest: `appending global [${count} x { i32, ptr, ptr }] [${entries.join(', ')}]`,
  });
}
