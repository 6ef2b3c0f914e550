/** Takes `call` and `invoke` instructions apart. */

import { closingBracket, nameTokenAt, splitList, typeLength } from './lexer.js';
import { opcodeOf } from './module.js';

export interface CallSite {
  /** Up to and including `call ` or `invoke ` and what stands before the type: convention, return attributes. */
  readonly prefix: string;
  /** Return type, or whole function type where the callee is variadic: `i32 (ptr, ...)`. */
  readonly type: string;
  /** `@f`, `%p`, `asm sideeffect "..."`, or a constant expression. */
  readonly callee: string;
  /** Operands with type and attributes: `i32 noundef %x`. */
  readonly operands: readonly string[];
  /** Behind the closing parenthesis: attribute group, bundles, metadata, labels of an invoke. */
  readonly suffix: string;
}

const ATTRIBUTE_WORDS = [
  'fast|nnan|ninf|nsz|arcp|contract|afn|reassoc|cc ?\\d+|[a-z0-9_]+cc',
  'zeroext|signext|inreg|noalias|nonnull|noundef|dereferenceable(?:_or_null)?\\(\\d+\\)|align(?: |\\()\\d+\\)?',
  '(?:range|nofpclass)\\([^)]*\\)|addrspace\\(\\d+\\)',
];
const WORDS = new RegExp(`(?:${ATTRIBUTE_WORDS.join('|')}) `, 'y');

/** Parts of a call or invoke; undefined for any other instruction. */
export function parseCall(instruction: string): CallSite | undefined {
  const opcode = opcodeOf(instruction);
  if (opcode !== 'call' && opcode !== 'invoke') {
    return undefined;
  }
  let at = instruction.indexOf(`${opcode} `, instruction.charCodeAt(0) === 37 ? nameTokenAt(instruction, 0).length : 0);
  at += opcode.length + 1;
  for (;;) {
    WORDS.lastIndex = at;
    const word = WORDS.exec(instruction);
    if (word === null) {
      break;
    }
    at += word[0].length;
  }
  const typeStart = at;
  at += typeLength(instruction.slice(at));
  if (instruction.charAt(at) === ' ' && instruction.charAt(at + 1) === '(') {
    at = closingBracket(instruction, at + 1) + 1;
  }
  const type = instruction.slice(typeStart, at);
  const calleeStart = at + 1;
  const open = openOfOperands(instruction, calleeStart);
  const close = closingBracket(instruction, open);
  return {
    prefix: instruction.slice(0, typeStart),
    type,
    callee: instruction.slice(calleeStart, open),
    operands: splitList(instruction.slice(open + 1, close)),
    suffix: instruction.slice(close + 1),
  };
}

function openOfOperands(text: string, start: number): number {
  const first = text.charAt(start);
  if (first === '@' || first === '%') {
    return start + nameTokenAt(text, start).length;
  }
  if (text.startsWith('asm ', start)) {
    let at = start;
    while (at < text.length && text.charAt(at) !== '(') {
      at = text.charAt(at) === '"' ? text.indexOf('"', at + 1) + 1 : at + 1;
    }
    return at;
  }
  const open = text.indexOf('(', start);
  return text.charAt(open - 1) === ' ' ? closingBracket(text, open) + 1 : open;
}

/** The text of a call again. */
export function printCall(call: CallSite): string {
  return `${call.prefix}${call.type} ${call.callee}(${call.operands.join(', ')})${call.suffix}`;
}

/**
 * An operand or parameter apart: `i32 noundef signext %x` → type, attributes, value ('' in a declaration without
 * names).
 */
export function parseOperand(operand: string): {
  readonly type: string;
  readonly attributes: string;
  readonly value: string;
} {
  const length = typeLength(operand);
  const type = operand.slice(0, length);
  const rest = operand.slice(length).trim();
  let at = 0;
  const word = /(?:align \d+|[a-z_]+(?:\([^()]*(?:\([^()]*\)[^()]*)*\))?) ?/y;
  for (;;) {
    word.lastIndex = at;
    const found = word.exec(rest);
    if (found === null || CONSTANTS.test(found[0])) {
      break;
    }
    at += found[0].length;
  }
  return { type, attributes: rest.slice(0, at).trim(), value: rest.slice(at).trim() };
}

/** Words that begin a value, not an attribute. */
const CONSTANT_WORDS = [
  'true|false|null|undef|poison|zeroinitializer|none|c"',
  'inttoptr|ptrtoint|ptrtoaddr|getelementptr|bitcast|addrspacecast|trunc|add|sub|xor|splat',
  'blockaddress|dso_local_equivalent|no_cfi|asm',
];
const CONSTANTS = new RegExp(`^(?:${CONSTANT_WORDS.join('|')})\\b`);
