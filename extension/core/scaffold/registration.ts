/** Where a driver configures its channel: the place beside its other Init calls. */
import { type Call, callsIn, closing, type Item, lineSpan, type Outline, type Span } from './outline.js';
import { REGISTER } from './registerText.js';

export interface InitPlace {
  /** Function it is in. */
  readonly function: string;
  /** Offset behind the last complete call with its check. */
  readonly offset: number;
  /** Expression for the channel. */
  readonly channel: string;
  /** What the statement is written in: `@` is the call. */
  readonly statement: string;
}

const INIT = /^Vmb(?:Server)?ChannelInit(?:Set)?[A-Z]\w*$/;

/** Undefined when no function configures a server channel in a way that can be continued. */
export function initPlace(outline: Outline): InitPlace | undefined {
  const functions = outline.items.filter(({ kind }) => kind === 'function');
  for (const item of functions) {
    const place = placeIn(outline, item);
    if (place !== undefined) return place;
  }
  return undefined;
}

/** Functions that register save and restore callbacks, whichever. */
export function registersIn(outline: Outline): readonly string[] {
  return outline.items
    .filter((item) => item.body !== undefined && item.kind === 'function')
    .filter((item) => callsIn(outline, item).some(({ name }) => name === REGISTER || name === `${REGISTER}Ex`))
    .map(({ name }) => name);
}

function placeIn(outline: Outline, item: Item): InitPlace | undefined {
  const { text } = outline;
  if (item.body === undefined) return undefined;
  const calls = callsIn(outline, item.body).filter(({ name }) => INIT.test(name));
  if (!calls.some(({ name }) => name.startsWith('VmbServerChannel'))) return undefined;
  for (const call of calls.toReversed()) {
    const channel = call.operands[0] ?? '';
    const unit = FORMS.map((form) => form(outline, call)).find((each) => each !== undefined);
    if (unit === undefined) continue;
    const indent = /^[ \t]*/.exec(text.slice(lineSpan(text, unit.start).start))?.[0] ?? '';
    return { function: item.name, offset: unit.end, channel, statement: `\n${indent}${repeated(outline, call, unit)}` };
  }
  return undefined;
}

/** A statement with its call and what looks at the status: what is repeated with another call. */
type Form = (outline: Outline, call: Call) => Span | undefined;

/** How drivers check their Init calls, each form with the span that stands for one call. */
const FORMS: readonly Form[] = [checkedAssignment, chained, chainedBlock, checkedInCondition, wrapped];

/** `status = Call(...); if (!NT_SUCCESS(status)) { return status; }`, or the same with a declaration. */
function checkedAssignment({ code }: Outline, call: Call): Span | undefined {
  const from = statementStart(code, call.start);
  const [whole = '', type = '', status] =
    /^(\s*(?:NTSTATUS\s+)?)(\w+)\s*=\s*$/.exec(code.slice(from, call.start)) ?? [];
  if (whole === '' || status === undefined || code.charAt(call.end) !== ';') return undefined;
  const end = exitEnd(code, call.end + 1, status);
  return end === undefined ? undefined : { start: from + type.length, end };
}

/** `if (NT_SUCCESS(status)) status = Call(...);` */
function chained({ code }: Outline, call: Call): Span | undefined {
  const from = statementStart(code, call.start);
  const before = code.slice(from, call.start);
  const [, blanks = '', asked, status] =
    /^(\s*)if\s*\(\s*NT_SUCCESS\s*\(\s*(\w+)\s*\)\s*\)\s*(\w+)\s*=\s*$/.exec(before) ?? [];
  if (asked === undefined || asked !== status || code.charAt(call.end) !== ';' || hasElse(code, call.end + 1))
    return undefined;
  return { start: from + blanks.length, end: call.end + 1 };
}

/** The same with the assignment alone in braces. */
function chainedBlock({ code }: Outline, call: Call): Span | undefined {
  const open = statementStart(code, call.start) - 1;
  const status = /^\s*(\w+)\s*=\s*$/.exec(code.slice(open + 1, call.start))?.[1];
  const close = /^;\s*\}/.exec(code.slice(call.end));
  if (status === undefined || close === null || code.charAt(open) !== '{') return undefined;
  const from = statementStart(code, open);
  const [, blanks = '', asked] =
    /^(\s*)if\s*\(\s*NT_SUCCESS\s*\(\s*(\w+)\s*\)\s*\)\s*$/.exec(code.slice(from, open)) ?? [];
  const end = call.end + close[0].length;
  return asked === status && !hasElse(code, end) ? { start: from + blanks.length, end } : undefined;
}

/** `if (!NT_SUCCESS(status = Call(...))) { goto Exit; }` */
function checkedInCondition({ code }: Outline, call: Call): Span | undefined {
  const from = statementStart(code, call.start);
  const [head = '', blanks = ''] = /^(\s*)if\s*\(/.exec(code.slice(from, call.start)) ?? [];
  if (head === '') return undefined;
  const open = from + head.length - 1;
  const close = closing(code, open);
  if (close === undefined || close < call.end) return undefined;
  const condition = `${code.slice(open, call.start)}#${code.slice(call.end, close + 1)}`;
  if (
    !/^\(\s*(?:!\s*NT_SUCCESS\s*\(\s*(?:\w+\s*=\s*)?#\s*\)|\(\s*\w+\s*=\s*#\s*\)\s*!=\s*STATUS_SUCCESS|(?:const\s+)?(?:auto|NTSTATUS)\s+(\w+)\s*=\s*#\s*;\s*!\s*NT_SUCCESS\s*\(\s*\1\s*\))\s*\)$/.test(
      condition,
    )
  ) {
    return undefined;
  }
  const end = jumpEnd(code, close + 1);
  return end === undefined ? undefined : { start: from + blanks.length, end };
}

/** `RETURN_IF_FAILED(Call(...));` */
function wrapped({ code }: Outline, call: Call): Span | undefined {
  const from = statementStart(code, call.start);
  const [, blanks = '', wrapper] = /^(\s*)([A-Za-z_]\w*)\s*\(\s*$/.exec(code.slice(from, call.start)) ?? [];
  const after = /^\s*\)\s*;/.exec(code.slice(call.end))?.[0];
  if (wrapper === undefined || after === undefined || ['if', 'while', 'return', 'switch', 'for'].includes(wrapper)) {
    return undefined;
  }
  return { start: from + blanks.length, end: call.end + after.length };
}

/** The span's text with `@` for the call; what it tells about the call in words is told about the other one. */
function repeated({ text }: Outline, call: Call, { start, end }: Span): string {
  const literals = /(?:L|u8)?"((?:[^"\\]|\\.)*)"/g;
  const check = text
    .slice(call.end, end)
    .replaceAll(call.name, REGISTER)
    .replaceAll(literals, (literal, said: string) => {
      if (said.includes(REGISTER) || !/[a-z]{3}/i.test(said.replace(/%!\w+!/g, ''))) return literal;
      const values = /(?:0x)?%[^%].*$/.exec(said)?.[0];
      const lineEnd = /\\n$/.exec(said)?.[0] ?? '';
      return `"save and restore callbacks not registered${values === undefined ? lineEnd : `: ${values}`}"`;
    });
  return `${text.slice(start, call.start)}@${check}`;
}

function statementStart(code: string, offset: number): number {
  let at = offset;
  while (at > 0 && !/[;{}]/.test(code.charAt(at - 1))) at -= 1;
  // A label or case is no part of the statement.
  const label = /^\s*(?:case\b[^:]*|\w+)\s*:(?!:)/.exec(code.slice(at, offset));
  return at + (label?.[0].length ?? 0);
}

/** Behind the `if` that follows, asks whether the call failed, and leaves; undefined where nothing does. */
function exitEnd(code: string, offset: number, status: string): number | undefined {
  const head = /^\s*if\s*\(/.exec(code.slice(offset));
  if (head === null) return undefined;
  const open = offset + head[0].length - 1;
  const close = closing(code, open);
  if (close === undefined) return undefined;
  const failed = new RegExp(
    `!\\s*(?:NT_SUCCESS|SUCCEEDED)\\s*\\(\\s*${status}\\s*\\)|\\b${status}\\s*(?:!=|<)|\\b(?:NT_ERROR|FAILED)\\b`,
  );
  return failed.test(code.slice(open, close)) ? jumpEnd(code, close + 1) : undefined;
}

const JUMP = /^(?:return|goto|break|__leave|throw|co_return)\b/;

/** Behind the statement or block at the offset that ends in a jump and has no `else`. */
function jumpEnd(code: string, offset: number): number | undefined {
  const brace = /^\s*\{/.exec(code.slice(offset));
  const open = brace === null ? offset - 1 : offset + brace[0].length - 1;
  const end = brace === null ? code.indexOf(';', offset) : closing(code, open);
  if (end === undefined || end < 0 || hasElse(code, end + 1)) return undefined;
  const statements = code
    .slice(open + 1, end)
    .split(';')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return JUMP.test(statements.at(-1) ?? '') ? end + 1 : undefined;
}

function hasElse(code: string, offset: number): boolean {
  return /^\s*else\b/.test(code.slice(offset));
}
