/** Where a driver configures its channel: the place beside its other Init calls. */
import { callsIn, closing, type Item, lineSpan, type Outline } from './outline.js';
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
  const { code, text } = outline;
  if (item.body === undefined) return undefined;
  const calls = callsIn(outline, item.body).filter(({ name }) => INIT.test(name));
  if (!calls.some(({ name }) => name.startsWith('VmbServerChannel'))) return undefined;
  for (const call of calls.toReversed()) {
    const channel = call.operands[0] ?? '';
    const before = code.slice(statementStart(code, call.start), call.start);
    const indent = /^\s*/.exec(text.slice(lineSpan(text, call.start).start))?.[0] ?? '';
    const status = /^\s*(\w+)\s*=\s*$/.exec(before)?.[1];
    if (status !== undefined && code.charAt(call.end) === ';') {
      const end = checkEnd(code, call.end + 1, status);
      if (end === undefined) continue;
      const check = text.slice(call.end + 1, end);
      return { function: item.name, offset: end, channel, statement: `\n${indent}${status} = @;${check}` };
    }
    const wrapper = /^\s*([A-Za-z_]\w*)\s*\(\s*$/.exec(before)?.[1];
    const after = /^\s*\)\s*;/.exec(code.slice(call.end))?.[0];
    if (wrapper !== undefined && after !== undefined && !['if', 'while', 'return'].includes(wrapper)) {
      const end = call.end + after.length;
      return { function: item.name, offset: end, channel, statement: `\n${indent}${wrapper}(@);` };
    }
  }
  return undefined;
}

function statementStart(code: string, offset: number): number {
  let at = offset;
  while (at > 0 && !/[;{}]/.test(code.charAt(at - 1))) at -= 1;
  // A label or case is no part of the statement.
  const label = /^\s*(?:case\b[^:]*|\w+)\s*:(?!:)/.exec(code.slice(at, offset));
  return at + (label?.[0].length ?? 0);
}

/** Behind the `if` that follows and looks at the status; undefined where nothing does. */
function checkEnd(code: string, offset: number, status: string): number | undefined {
  const head = /^\s*if\s*\(/.exec(code.slice(offset));
  if (head === null) return undefined;
  const open = offset + head[0].length - 1;
  const close = closing(code, open);
  if (close === undefined || !new RegExp(`\\b${status}\\b`).test(code.slice(open, close))) return undefined;
  const brace = /^\s*\{/.exec(code.slice(close + 1));
  const end = brace === null ? code.indexOf(';', close) : closing(code, close + brace[0].length);
  if (end === undefined || end < 0) return undefined;
  return /^\s*else\b/.test(code.slice(end + 1)) ? undefined : end + 1;
}
