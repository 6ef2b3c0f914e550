/** Of what quick fixes are made: each answers the edits, or nothing where the text is not of the kind it mends. */
import type { FixInput, FixRow, TextEdit } from './fix.js';
import { type CallText, callIn, indentAt, type Span, statementAt } from './statement.js';

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

/** The statement of the finding, if it stands by itself between others. */
export function own({ text, offset }: FixInput): Span | undefined {
  const found = statementAt(text, offset);
  if (found === undefined) return undefined;
  // What only an `if` without braces guards cannot take a second statement before it.
  return /^(?:if|for|while|else|do|switch|case|default)\b/.test(text.slice(found.start, found.end)) ? undefined : found;
}

/** `lines` before the statement, each on a line of its own with its indentation. */
export function before(input: FixInput, lines: (call: Span) => readonly string[] | undefined): Edits {
  const statement = own(input);
  const made = statement === undefined ? undefined : lines(statement);
  if (statement === undefined || made === undefined) return undefined;
  const indent = indentAt(input.text, statement.start);
  return [insert(statement.start, made.map((line) => `${line}\n${indent}`).join(''))];
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

export function parameter({ around }: FixInput, index: number): string | undefined {
  return around.parameters[index]?.name;
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
      if (rest !== '' || input.text.slice(call.end, statement.end).trim() !== ';') return undefined;
      const line = input.text.lastIndexOf('\n', statement.start - 1) + 1;
      const isAlone = input.text.slice(line, statement.start).trim() === '';
      const next = input.text.indexOf('\n', statement.end);
      const isLast = next >= 0 && /^[ \t]*(?:\/\/[^\n]*)?$/.test(input.text.slice(statement.end, next));
      return [isAlone && isLast ? { start: line, end: next + 1, insert: '' } : { ...statement, insert: '' }];
    },
  };
}

/** Another status in a `return` that names one. */
export function answer(title: string, status: string): FixRow {
  return {
    title,
    edits: ({ text, offset }) => {
      const statement = statementAt(text, offset);
      const at = statement === undefined ? -1 : text.indexOf('return', statement.start);
      if (statement === undefined || at < 0 || at >= statement.end) return undefined;
      const value = text.slice(at + 'return'.length, statement.end - 1);
      const lead = value.length - value.trimStart().length;
      const start = at + 'return'.length + lead;
      return /^\w+$/.test(value.trim()) ? [{ start, end: start + value.trim().length, insert: status }] : undefined;
    },
  };
}

/** Zeroes a local variable right behind its declaration. */
export function zeroed(fits: (name: string) => boolean, index: number): FixRow['edits'] {
  return ({ text, offset }) => {
    const statement = statementAt(text, offset);
    const call = statement === undefined ? undefined : callIn(text, statement, fits);
    const name = /^&(\w+)$/.exec(call?.operands[index]?.text ?? '')?.[1];
    const declared =
      name === undefined || statement === undefined ? undefined : declaration(text, name, statement.start);
    if (name === undefined || declared === undefined) return undefined;
    const indent = indentAt(text, declared.start);
    return [insert(declared.end, `\n${indent}RtlZeroMemory(&${name}, sizeof(${name}));`)];
  };
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
export function bodyOf({ text, offset }: FixInput): number | undefined {
  for (let at = text.lastIndexOf('\n{', offset); at >= 0; at = text.lastIndexOf('\n{', at - 1)) {
    const open = at + 1;
    const rest = text.slice(open + 1, open + 2);
    if (rest === '\n' || rest === '\r') return open + 1;
  }
  return undefined;
}

export const PACKET_CALL = (name: string): boolean => name.startsWith('VmbPacket');
