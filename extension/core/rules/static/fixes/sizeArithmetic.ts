/** A sum of products, computed with functions that tell when it does not fit. */
import { bodyBefore, type Edits, guard, insert, linesInstead } from './edits.js';
import type { FixInput } from './fix.js';
import { closing, type Span, statementAt } from './statement.js';

export const NTINTSAFE = 'ntintsafe.h';

/** Prefix of the functions for each type: `RtlUIntAdd`. */
const FAMILIES: ReadonlyMap<string, string> = new Map([
  ['UINT32', 'UInt'],
  ['UINT', 'UInt'],
  ['unsigned int', 'UInt'],
  ['ULONG', 'ULong'],
  ['DWORD', 'ULong'],
  ['unsigned long', 'ULong'],
  ['SIZE_T', 'SizeT'],
  ['size_t', 'SizeT'],
]);

/** What takes the sum. */
interface Target {
  readonly value: string;
  readonly address: string;
  readonly family: string;
}

interface Assignment {
  readonly whole: Span;
  readonly value: Span;
}

/** The sum that `*BytesNeeded = ...;` stores, or that was given to the variable stored there. */
export function checkedSum(input: FixInput): Edits {
  const { text } = input;
  const stored = statementAt(text, input.offset);
  const head = stored === undefined ? null : /^\*(\w+)\s*=\s*(?=[^=])/.exec(text.slice(stored.start, stored.end));
  if (stored === undefined || head === null) return undefined;
  const value = { start: stored.start + head[0].length, end: stored.end - 1 };
  const name = text.slice(value.start, value.end);
  const isVariable = /^\w+$/.test(name);
  const computed = isVariable ? assignment(input, name, stored) : { whole: stored, value };
  const target = isVariable ? variableTarget(input, name) : pointedTarget(input, head[1] ?? '');
  const steps =
    computed === undefined || target === undefined
      ? undefined
      : stepsOf(text.slice(computed.value.start, computed.value.end), target);
  if (computed === undefined || steps === undefined) return undefined;
  const test = steps.map((step) => `!NT_SUCCESS(${step})`).join(' || ');
  const include = includeOf(text);
  const made = linesInstead(text, computed.whole, guard(test, ['return STATUS_INTEGER_OVERFLOW;']));
  return [...(include === undefined ? [] : [include]), made];
}

function variableTarget({ around }: FixInput, name: string): Target | undefined {
  const type = around.variables.find((each) => each.name === name)?.type ?? '';
  const family = FAMILIES.get(type);
  return family === undefined ? undefined : { value: name, address: `&${name}`, family };
}

function pointedTarget({ around }: FixInput, name: string): Target | undefined {
  const type = around.parameters.find((each) => each.name === name)?.target ?? '';
  const family = FAMILIES.get(type);
  return family === undefined ? undefined : { value: `*${name}`, address: name, family };
}

/** The last `name = ...;` before the store. */
function assignment(input: FixInput, name: string, stored: Span): Assignment | undefined {
  const body = bodyBefore({ ...input, offset: stored.start });
  if (body === undefined) return undefined;
  for (let at = input.text.lastIndexOf(name, body.end); at > body.start; at = input.text.lastIndexOf(name, at - 1)) {
    const whole = statementAt(input.text, at);
    const head = whole === undefined ? null : /^(\w+)\s*=\s*(?=[^=])/.exec(input.text.slice(whole.start, whole.end));
    if (whole === undefined || whole.start !== at || head?.[1] !== name) continue;
    return { whole, value: { start: whole.start + head[0].length, end: whole.end - 1 } };
  }
  return undefined;
}

/** Calls that leave `a + b * c` in the target, the product first. */
function stepsOf(sum: string, { value, address, family }: Target): readonly string[] | undefined {
  const terms = parts(sum, '+');
  const products = terms.map((term) => parts(term, '*'));
  const product = products.findIndex((factors) => factors.length === 2);
  if (terms.length > 3 || products.some((factors, index) => factors.length !== (index === product ? 2 : 1)))
    return undefined;
  const addends = terms.filter((_, index) => index !== product);
  const add = (each: string): string => `Rtl${family}Add(${value}, ${each}, ${address})`;
  if (product >= 0) {
    const [left = '', right = ''] = products[product] ?? [];
    return [`Rtl${family}Mult(${left}, ${right}, ${address})`, ...addends.map(add)];
  }
  const [first = '', second, ...others] = addends;
  if (second === undefined) return undefined;
  return [`Rtl${family}Add(${first}, ${second}, ${address})`, ...others.map(add)];
}

/** Separated by an operator outside brackets; a `*` or `+` that stands before a value is none. */
function parts(text: string, operator: string): readonly string[] {
  const found: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '(' || char === '[') at = closing(text, at);
    else if (char === operator && /[\w)\]]\s*$/.test(text.slice(from, at)) && text.charAt(at + 1) !== operator) {
      found.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...found, text.slice(from).trim()];
}

/** Nothing where the text has it already. */
function includeOf(text: string): ReturnType<typeof insert> | undefined {
  if (text.includes(NTINTSAFE)) return undefined;
  const last = [...text.matchAll(/^[ \t]*#[ \t]*include[^\n]*\n/gm)].at(-1);
  return last === undefined ? undefined : insert(last.index + last[0].length, `#include <${NTINTSAFE}>\n`);
}
