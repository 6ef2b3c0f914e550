/**
 * The places of a source file that can be run: save and restore callbacks where they are defined, and tests. They are
 * found by service/languageService.ts; here is what a text tells without a tree.
 */
import { blankComments } from '../run/sourceNames.js';
import type { TextRange } from './textTracking.js';

export type AnchorKind = 'save' | 'restore' | 'test';

export interface Anchor {
  readonly kind: AnchorKind;
  /** Without the class or namespace it is in. */
  readonly name: string;
  /** From the start of the declaration (annotations and return type included) to the end of the name. */
  readonly range: TextRange;
}

/** Names that runs have shown to be callbacks: a role declared in another file makes one here. */
export interface KnownCallbacks {
  readonly save: ReadonlySet<string>;
  readonly restore: ReadonlySet<string>;
}

const OURS =
  /\bvmbuskernelmodeclientlibapi\.h\b|\bVMBCHANNEL\b|\bVMBPACKET\b|\bEVT_VMB_\w|\bVmb\w+\s*\(|\bVSPLAB_TEST\b/;

/** True for a file that names KMCL or a test: the only files an editor has anything to say about. */
export function namesKmcl(text: string): boolean {
  return OURS.test(text) && OURS.test(blankComments(text));
}

/** False while a comment, string, bracket or brace is open: the text is being typed, and what it lacks is no loss. */
export function looksWhole(text: string): boolean {
  const comment = text.lastIndexOf('/*');
  if (comment >= 0 && !text.includes('*/', comment + 2)) return false;
  const code = blankComments(text);
  let depth = 0;
  for (let at = 0; at < code.length; at += 1) {
    const char = code.charAt(at);
    if (char === '{' || char === '(') depth += 1;
    else if (char === '}' || char === ')') depth -= 1;
    if (char === '"' || depth < 0) return false;
  }
  return depth === 0;
}
