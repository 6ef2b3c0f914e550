/** Of what quick fixes are made: each answers the edits, or nothing where the text is not of the kind it mends. */
import type { FixInput, FixRow, TextEdit } from './fix.js';
import {
  type CallText,
  callIn,
  conditionAt,
  indentAt,
  offsetAt,
  type Span,
  statementAt,
  statementStart,
} from './statement.js';

export type Edits = readonly TextEdit[] | undefined;

export const COPIES = new Set([
  'RtlCopyMemory',
  'RtlMoveMemory',
  'RtlZeroMemory',
  'RtlFillMemory',
  'memcpy',
  'memset',
  'memmove',
]);

export function insert(at: number, text: string): TextEdit {
  return { start: at, end: at, insert: text };
}

export function replace({ start, end }: Span, text: string): TextEdit {
  return { start, end, insert: text };
}

/** The statement of the finding, if it stands by itself between others. */
export function own({ text, offset }: FixInput): Span | undefined {
  const found = statementAt(text, offset);
  if (found === undefined) return undefined;
  // What only an `if` without braces guards cannot take a second statement before it.
  return /^(?:if|for|while|else|do|switch|case|default)\b/.test(text.slice(found.start, found.end)) ? undefined : found;
}

/** As `own`, or the condition of an `if` or `switch` that holds the finding: lines can be put before it, too. */
export function ownOrCondition(input: FixInput): Span | undefined {
  const start = statementStart(input.text, input.offset);
  const condition = conditionAt(input.text, start);
  if (condition === undefined || input.text.startsWith('while', start)) return own(input);
  return input.offset < condition.end ? { start, end: condition.end } : undefined;
}

/** `lines` before the statement, each on a line of its own with its indentation. */
export function before(input: FixInput, lines: (call: Span) => readonly string[] | undefined): Edits {
  const statement = ownOrCondition(input);
  const made = statement === undefined ? undefined : lines(statement);
  return statement === undefined || made === undefined ? undefined : [linesBefore(input.text, statement.start, made)];
}

export function linesBefore(text: string, start: number, lines: readonly string[]): TextEdit {
  const indent = indentAt(text, start);
  return insert(start, lines.map((line) => `${indented(line, indent)}\n${indent}`).join(''));
}

export function linesBehind(text: string, { start, end }: Span, lines: readonly string[]): TextEdit {
  const indent = indentAt(text, start);
  return insert(end, lines.map((line) => `\n${indent}${indented(line, indent)}`).join(''));
}

export function linesInstead(text: string, span: Span, lines: readonly string[]): TextEdit {
  const indent = indentAt(text, span.start);
  return replace(span, lines.map((line) => indented(line, indent)).join(`\n${indent}`));
}

/** A line that is indented by itself, in tabs where the text uses them. */
function indented(line: string, indent: string): string {
  return indent.startsWith('\t') ? line.replaceAll('    ', '\t') : line;
}

/** What of the function stands before the finding. */
export function bodyBefore(input: FixInput): Span | undefined {
  const start = bodyOf(input);
  return start === undefined ? undefined : { start, end: input.offset };
}

/** Leaves the function with a failure, if that can be said in it. */
export function leave({ around }: FixInput, status: string): string | undefined {
  if (/^(?:NTSTATUS|LONG|long)$/.test(around.returns)) return `return ${status};`;
  return around.returns === 'void' || around.returns === 'VOID' ? 'return;' : undefined;
}

export function guard(condition: string, body: readonly string[]): readonly string[] {
  return [`if (${condition}) {`, ...body.map((line) => `    ${line}`), '}'];
}

/** A test in front of a call, made of one of its operands. */
export function guarded(
  fits: (name: string) => boolean,
  condition: (call: CallText, input: FixInput) => string | undefined,
  status: string,
): FixRow['edits'] {
  return (input) =>
    before(input, (statement) => {
      const call = callIn(input.text, statement, fits);
      const test = call === undefined ? undefined : condition(call, input);
      const exit = leave(input, status);
      return test === undefined || exit === undefined ? undefined : guard(test, [exit]);
    });
}

/** Name of a parameter of the callback the rule speaks of, by its number in the plain form. */
export function parameter({ around }: FixInput, index: number): string | undefined {
  const name = around.callback?.[index];
  return name === '' ? undefined : name;
}

/** The variable that takes the answer of the call at that place. */
export function answerOf(text: string, place: number): string | undefined {
  return /(\w+)\s*=\s*$/.exec(text.slice(statementStart(text, place), place))?.[1];
}

/** A place the finding refers to that stands before it in the same function. */
export function earlier(input: FixInput): number | undefined {
  const body = bodyBefore(input);
  return input.related.find((place) => body !== undefined && body.start <= place && place <= body.end);
}

/** The operand as something that may stand before a comparison. */
export function isSimple(text: string): boolean {
  return /^[\w.>\-[\]]+$/.test(text);
}

export function firstIsNull(call: CallText): string | undefined {
  const name = call.operands[0]?.text;
  return name !== undefined && isSimple(name) ? `${name} == NULL` : undefined;
}

export function lengthCheck(index: number, status: string, title: string): FixRow {
  return {
    title,
    edits: guarded(
      (name) => COPIES.has(name),
      (call, input) => {
        const size = parameter(input, index);
        const length = call.operands.at(-1)?.text;
        return size === undefined || length === undefined ? undefined : `${size} < ${length}`;
      },
      status,
    ),
  };
}

/** Takes a call away that stands as a statement of its own. */
export function without(title: string, fits: (name: string) => boolean): FixRow {
  return {
    title,
    edits: (input) => {
      const statement = own(input);
      const call = statement === undefined ? undefined : callIn(input.text, statement, fits);
      if (statement === undefined || call === undefined) return undefined;
      const rest = input.text.slice(statement.start, call.start).replace(/^\((?:VOID|void)\)\s*/, '');
      // The call may go through a table: `Device->Interface->Vmb...`.
      if (!/^(?:\w+(?:->|\.))*$/.test(rest) || input.text.slice(call.end, statement.end).trim() !== ';')
        return undefined;
      return [removal(input.text, statement)];
    },
  };
}

/** Takes a statement away, and its line where nothing else stands in it. */
export function removal(text: string, statement: Span): TextEdit {
  const line = text.lastIndexOf('\n', statement.start - 1) + 1;
  const isAlone = text.slice(line, statement.start).trim() === '';
  const next = text.indexOf('\n', statement.end);
  const isLast = next >= 0 && /^[ \t]*(?:\/\/[^\n]*)?\r?$/.test(text.slice(statement.end, next));
  return isAlone && isLast ? { start: line, end: next + 1, insert: '' } : replace(statement, '');
}

export interface Returned extends Span {
  readonly value: Span & { readonly text: string };
}

/** The `return` with a value that stands at the finding. */
export function returnAt({ text, offset }: FixInput): Returned | undefined {
  const statement = statementAt(text, offset);
  if (statement === undefined || !/^return\b/.test(text.slice(statement.start, statement.end))) return undefined;
  const raw = text.slice(statement.start + 'return'.length, statement.end - 1);
  const start = statement.start + 'return'.length + raw.length - raw.trimStart().length;
  return { ...statement, value: { start, end: start + raw.trim().length, text: raw.trim() } };
}

/** A status by name, or a macro that stands for one. */
export function isConstant(text: string): boolean {
  return /^[A-Z][A-Z0-9_]*$/.test(text);
}

/** Another status in a `return` that names one. */
export function answer(title: string, status: (old: string, input: FixInput) => string | undefined): FixRow {
  return {
    title,
    edits: (input) => {
      const value = returnAt(input)?.value;
      const made = value === undefined || !isConstant(value.text) ? undefined : status(value.text, input);
      return value === undefined || made === undefined ? undefined : [replace(value, made)];
    },
  };
}

/** Zeroes the local variable that a call takes the address of, behind its declaration. */
export function zeroed(fits: (name: string) => boolean, index: number): FixRow['edits'] {
  return ({ text, offset }) => {
    const statement = statementAt(text, offset);
    const call = statement === undefined ? undefined : callIn(text, statement, fits);
    const name = /^&(\w+)$/.exec(call?.operands[index]?.text ?? '')?.[1];
    return name === undefined || statement === undefined ? undefined : zeroedVariable(text, name, statement.start);
  };
}

/** Zeroes a local variable behind its declaration, and those that follow it. */
export function zeroedVariable(text: string, name: string, before: number): Edits {
  const declared = declaration(text, name, before);
  if (declared === undefined) return undefined;
  let last = declared;
  for (let next = nextStatement(text, last.end); next !== undefined; next = nextStatement(text, last.end)) {
    const code = text.slice(next.start, next.end);
    if (!/^(?:const\s+)?[A-Za-z_]\w*(?:\s+|\s*\*+\s*)\w+\s*(?:[=;[])/.test(code) || /^return\b/.test(code)) break;
    if (new RegExp(`\\b${name}\\b`).test(code)) break;
    last = next;
  }
  return [linesBehind(text, last, [`RtlZeroMemory(&${name}, sizeof(${name}));`])];
}

function nextStatement(text: string, end: number): Span | undefined {
  const rest = /^\s*(?=[A-Za-z_])/.exec(text.slice(end))?.[0].length;
  return rest === undefined ? undefined : statementAt(text, end + rest);
}

/** The last `TYPE name;` before an offset. */
export function declaration(text: string, name: string, before: number): Span | undefined {
  for (let at = text.lastIndexOf(name, before - 1); at >= 0; at = text.lastIndexOf(name, at - 1)) {
    const statement = statementAt(text, at);
    const is =
      statement !== undefined &&
      new RegExp(`^[A-Za-z_]\\w*\\s+${name};$`).test(text.slice(statement.start, statement.end));
    if (is && !/^return\b/.test(text.slice(statement.start))) return statement;
    if (at === 0) break;
  }
  return undefined;
}

/** Replaces an operand of the call. */
export function operand(
  title: string,
  fits: (name: string) => boolean,
  index: number,
  change: (text: string, call: CallText) => string | undefined,
): FixRow {
  return {
    title,
    edits: ({ text, offset }) => {
      const statement = statementAt(text, offset);
      const call = statement === undefined ? undefined : callIn(text, statement, fits);
      const old = call?.operands.at(index);
      const made = old === undefined || call === undefined ? undefined : change(old.text, call);
      return old === undefined || made === undefined ? undefined : [{ start: old.start, end: old.end, insert: made }];
    },
  };
}

/** Behind the `{` of the function around the place. */
export function bodyOf({ text, around }: FixInput): number | undefined {
  const open = text.indexOf('{', offsetAt(text, around.bodyLine, 1));
  return open < 0 ? undefined : open + 1;
}

export const PACKET_CALL = (name: string): boolean => name.startsWith('VmbPacket');
