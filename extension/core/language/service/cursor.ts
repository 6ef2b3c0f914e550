/** What stands around a place of a text that may be half typed: the call it is an operand of, the expression before it. */
import type { SourceTree } from '../tree/sourceTree.js';

export interface CallAround {
  readonly callee: string;
  /** From 0. */
  readonly operand: number;
  /** Of the operand the place is in, up to the place. */
  readonly written: string;
}

/** The innermost call whose parentheses are open at the offset, by the brackets before it. */
export function callAround(tree: SourceTree, offset: number): CallAround | undefined {
  const code = quiet(tree, offset);
  let depth = 0;
  let operand = 0;
  let operandEnd: number | undefined;
  for (let at = code.length - 1; at >= 0; at -= 1) {
    const char = code.charAt(at);
    if (char === ')' || char === ']') depth += 1;
    else if (char === '[') depth -= 1;
    else if (char === '(') {
      depth -= 1;
      if (depth >= 0) continue;
      const callee = /([A-Za-z_]\w*)\s*$/.exec(code.slice(Math.max(0, at - 200), at))?.[1];
      if (callee === undefined || KEYWORDS.has(callee)) {
        // A parenthesis of its own: look further out.
        depth = 0;
        operand = 0;
        operandEnd = undefined;
        continue;
      }
      const start = at + 1;
      const written = code.slice(operandEnd ?? start);
      return { callee, operand, written: operandEnd === undefined ? code.slice(start) : written };
    } else if (depth === 0 && char === ',') {
      operandEnd ??= at + 1;
      operand += 1;
    } else if (char === ';' || char === '{' || char === '}') return undefined;
    if (depth < 0) depth = 0;
  }
  return undefined;
}

const KEYWORDS = new Set(['if', 'for', 'while', 'switch', 'return', 'sizeof', 'case', 'do', 'else']);

/** `Context->Inner.` → `['Context', 'Inner']`: the members before the one that is being typed. */
export function membersBefore(tree: SourceTree, offset: number): readonly string[] | undefined {
  const code = quiet(tree, offset).slice(-400);
  const chain = /((?:[A-Za-z_]\w*(?:\[[^\]]*\])?\s*(?:->|\.)\s*)+)[A-Za-z_]?\w*$/.exec(code)?.[1];
  if (chain === undefined) return undefined;
  return chain
    .split(/->|\./)
    .slice(0, -1)
    .map((part) => part.replace(/\[[^\]]*\]/g, '').trim());
}

/** The word that ends at the offset. */
export function wordBefore(tree: SourceTree, offset: number): string {
  return /[A-Za-z_]\w*$/.exec(tree.text.slice(Math.max(0, offset - 200), offset))?.[0] ?? '';
}

export interface Word {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** The word the offset is in or at the end of; none in comments and literals. */
export function wordAt(tree: SourceTree, offset: number): Word | undefined {
  const before = /[A-Za-z_]?\w*$/.exec(tree.text.slice(Math.max(0, offset - 200), offset))?.[0] ?? '';
  const after = /^\w*/.exec(tree.text.slice(offset, offset + 200))?.[0] ?? '';
  const name = before + after;
  if (!/^[A-Za-z_]/.test(name) || isQuiet(tree, offset)) return undefined;
  return { name, start: offset - before.length, end: offset + after.length };
}

const QUIET = ['comment', 'string_literal', 'char_literal', 'raw_string_literal', 'system_lib_string'];

export function isQuiet(tree: SourceTree, offset: number): boolean {
  const node = tree.root.descendantForIndex(Math.max(0, offset - 1), offset);
  return node !== null && (QUIET.includes(node.type) || QUIET.includes(node.parent?.type ?? ''));
}

/** The code of the last lines before the offset, comments and literals made spaces. */
function quiet(tree: SourceTree, offset: number): string {
  const from = Math.max(0, offset - 4000);
  return tree.code.slice(from, offset).replace(LOUD, (found) => ' '.repeat(found.length));
}

const LOUD = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;
