/**
 * Drops debug records, attachments and the metadata nodes nothing refers to any more: the location tables replace them.
 */

import type { PassContext } from './context.js';
import { outsideStrings } from './lexer.js';
import type { IrModule } from './module.js';

const withoutAttachments = outsideStrings(
  /,? !(?:dbg|llvm\.loop|srcloc|heapallocsite|prof|nosanitize|annotation|type|guid|implicit\.ref) ![0-9]+/,
  () => '',
);
const NAMED = /^!llvm\.(?:dbg\.|ident|linker)|^!llvm\.commandline/;

export function stripDebugInfo(module: IrModule, context: PassContext): void {
  if (context.options.keepDebugInfo === true) {
    return;
  }
  const strip = (text: string): string => (text.includes(' !') ? withoutAttachments(text) : text);
  const used: number[] = [];
  const note = (text: string): void => {
    if (text.includes('!')) {
      used.push(...references(text));
    }
  };
  for (const fn of module.functions) {
    fn.header = strip(fn.header);
    for (const block of fn.blocks) {
      const kept: string[] = [];
      for (const instruction of block.instructions) {
        if (instruction.charCodeAt(0) !== 35) {
          const text = strip(instruction);
          note(text);
          kept.push(text);
        }
      }
      block.instructions = kept;
    }
  }
  for (const global of module.globals) {
    global.rest = strip(global.rest);
    note(global.rest);
  }
  for (const declaration of module.declarations) {
    declaration.text = strip(declaration.text);
  }
  module.namedMetadata = module.namedMetadata.filter((line) => !NAMED.test(line));
  module.namedMetadata.forEach(note);
  keepReachable(module, used);
}

function references(text: string): number[] {
  return [...text.matchAll(/"[^"]*"|!(\d+)/g)].flatMap((m) => (m[1] === undefined ? [] : [Number(m[1])]));
}

function keepReachable(module: IrModule, roots: number[]): void {
  const kept: string[] = [];
  for (let next = roots.pop(); next !== undefined; next = roots.pop()) {
    const text = module.metadata[next];
    if (text !== undefined && kept[next] === undefined) {
      kept[next] = text;
      roots.push(...references(text));
    }
  }
  module.metadata = kept;
}
