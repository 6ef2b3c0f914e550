/**
 * How a driver names its callbacks, read from its source text: role declarations and registering calls, in both calling
 * styles.
 */
import { blankComments } from '../run/sourceNames.js';
import type { CallbackFacts } from './module.js';

type Writable<T> = { -readonly [Key in keyof T]: T[Key] extends readonly (infer Item)[] ? Item[] : T[Key] };

const ROLE = /\b(EVT_VMB_[A-Z_]+)\s+(\w+(?:\s*,\s*\w+)*)\s*;/g;
const REGISTRATION = /\b(\w*SetSaveRestorePacketCallbacks(?:Ex)?)\s*\(([^;{}]*)\)/g;

export function callbackFacts(files: readonly { readonly file: string; readonly text: string }[]): CallbackFacts {
  const facts: Writable<CallbackFacts> = { roles: [], registrations: [] };
  for (const { file, text } of files) {
    if (!/EVT_VMB_|SetSaveRestorePacketCallbacks/.test(text)) {
      continue;
    }
    const code = blankComments(text);
    const lineAt = lineCounter(code);
    for (const match of code.matchAll(ROLE)) {
      for (const name of (match[2] ?? '').split(',')) {
        facts.roles.push({ type: match[1] ?? '', function: name.trim(), file, line: lineAt(match.index) });
      }
    }
    for (const match of code.matchAll(REGISTRATION)) {
      // Save and restore come last, the Ex form's context before them (kmcl-facts 8.4, rows 13 and 72).
      const [save, restore] = (match[2] ?? '').split(',').slice(-2).map(functionName);
      if (save !== undefined && restore !== undefined) {
        facts.registrations.push({ api: match[1] ?? '', save, restore, file, line: lineAt(match.index) });
      }
    }
  }
  return facts;
}

/** `Name`, `&Name` or `(TYPE)Name`; a declaration's parameter (`PFN_... Save`) is no name of a function. */
function functionName(operand: string): string | undefined {
  return /^\s*(?:\(\s*\w+\s*\)\s*)?&?\s*(\w+)\s*$/.exec(operand)?.[1];
}

/** Lines of ascending offsets; going back starts again. */
function lineCounter(text: string): (offset: number) => number {
  let at = 0;
  let line = 1;
  return (offset) => {
    if (offset < at) {
      at = 0;
      line = 1;
    }
    for (; at < offset; at++) {
      line += text.charCodeAt(at) === 10 ? 1 : 0;
    }
    return line;
  };
}
