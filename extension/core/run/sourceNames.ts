/**
 * What a source file names, read from its text alone: which folders are drivers is decided before anything is compiled.
 */
import { lineCounter } from '../base/lineCounter.js';
import { toUtf8 } from '../toolchain/encodings.js';

export interface NamedTest {
  readonly name: string;
  readonly line: number;
}

export interface SourceNames {
  /** Names a save or restore callback: by role type, registering call or signature. */
  readonly callbacks: boolean;
  readonly tests: readonly NamedTest[];
  /** Operands of `#include "..."` and `#include <...>` with `/`. */
  readonly includes: readonly string[];
}

const COMMENTS = /\/\*(?:[\s\S]*?\*\/|[\s\S]*$)|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;

/** Comments become spaces, line ends stay; strings and characters too unless `keepStrings`. */
export function blankComments(text: string, keepStrings = false): string {
  return text.replace(COMMENTS, (found) =>
    keepStrings && !found.startsWith('/') ? found : found.replace(/[^\n]/g, ' '),
  );
}

/** Source bytes in whatever encoding people save them, as text. */
export function sourceText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(toUtf8(bytes));
}

const ROLE = /\bEVT_VMB_CHANNEL_(?:SAVE|RESTORE)_PACKET(?:_EX)?\b/;
const REGISTRATION = /\bVmbServerChannelInitSetSaveRestorePacketCallbacks(?:Ex)?\s*\(/;
/** SAL annotations with arguments, whose parentheses would hide the end of a parameter list. */
const ANNOTATION = /\b_[A-Z]\w*_\s*\([^()]*\)/g;
const WITHIN = '[^(){};]*';
const UINT32_POINTER = '(?:PUINT32|UINT32\\s*\\*|PULONG|ULONG\\s*\\*)';
const SAVE_SIGNATURE = new RegExp(
  `\\(\\s*${WITHIN}\\bVMBCHANNEL\\b${WITHIN}\\bVMBPACKET\\b${WITHIN}\\b${UINT32_POINTER}${WITHIN}\\)\\s*\\{`,
);
const TEST = /\bVSPLAB_TEST\s*\(\s*(\w+)\s*\)/g;
const INCLUDE = /^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)/gm;

/** Words without which nothing above can match: most files of a tree are done after this look. */
const HINT = /EVT_VMB_CHANNEL_|SetSaveRestorePacketCallbacks|VSPLAB_TEST|VMBPACKET/;

export function namesOf(text: string): SourceNames {
  const includes = [...(text.includes('include') ? blankComments(text, true).matchAll(INCLUDE) : [])].map((match) =>
    (match[1] ?? match[2] ?? '').replaceAll('\\', '/'),
  );
  if (!HINT.test(text)) return { callbacks: false, tests: [], includes };
  const code = blankComments(text);
  const callbacks = ROLE.test(code) || REGISTRATION.test(code) || SAVE_SIGNATURE.test(code.replace(ANNOTATION, ' '));
  const tests: NamedTest[] = [];
  const lineOf = lineCounter(code);
  for (const match of code.matchAll(TEST)) {
    const line = lineOf(match.index);
    if (!/#[ \t]*define[ \t]*$/.test(code.slice(code.lastIndexOf('\n', match.index) + 1, match.index))) {
      tests.push({ name: match[1] ?? '', line });
    }
  }
  return { callbacks, tests, includes };
}
