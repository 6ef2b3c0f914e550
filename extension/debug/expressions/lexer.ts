/** Tokens of a C expression. */
import { ExpressionError } from './errors.js';

export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly at: number }
  | { readonly kind: 'integer'; readonly text: string; readonly at: number; readonly value: bigint }
  | { readonly kind: 'float'; readonly text: string; readonly at: number; readonly value: number }
  /** A character or a string: `wide` with L in front. */
  | {
      readonly kind: 'character';
      readonly text: string;
      readonly at: number;
      readonly value: number;
      readonly wide: boolean;
    }
  | {
      readonly kind: 'string';
      readonly text: string;
      readonly at: number;
      readonly value: string;
      readonly wide: boolean;
    }
  | { readonly kind: 'operator'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

const OPERATORS = [
  ...['<<=', '>>=', '...'],
  ...['->', '++', '--', '<<', '>>', '<=', '>=', '==', '!=', '&&', '||', '::'],
  ...['+=', '-=', '*=', '/=', '%=', '&=', '|=', '^='],
  ...['+', '-', '*', '/', '%', '&', '|', '^', '~', '!', '<', '>', '=', '?', ':', '(', ')', '[', ']', '.', ',', ';'],
  ...['{', '}'],
];
const NAME = /[A-Za-z_$][\w$]*/y;
const FLOAT = /(?:\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)[fFlL]?/y;
const INTEGER = /(?:0[xX][0-9a-fA-F']+|0[bB][01']+|\d[\d']*)(?:[uU]?(?:ll|LL|[lL]|i64|I64)?[uU]?)/y;
const SPACE = /\s+|\/\*[\s\S]*?\*\/|\/\/[^\n]*/y;
const QUOTED = /(L|u8|u|U)?(['"])((?:\\.|(?!\2)[^\\\n])*)\2/y;
const LONGEST = 4096;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** Throws ExpressionError. The last token is `end`. */
export function tokensOf(text: string): readonly Token[] {
  if (text.length > LONGEST) throw new ExpressionError(`an expression has at most ${LONGEST} characters`, LONGEST);
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const space = match(SPACE, text, at);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

function tokenAt(text: string, at: number): Token {
  const quoted = match(QUOTED, text, at);
  if (quoted !== null) return quotedToken(quoted, at);
  const name = match(NAME, text, at);
  if (name !== null) return { kind: 'name', text: name[0], at };
  const float = match(FLOAT, text, at);
  if (float !== null) {
    return { kind: 'float', text: float[0], at, value: Number(float[0].replace(/[fFlL]$/, '')) };
  }
  const integer = match(INTEGER, text, at);
  if (integer !== null) return integerToken(integer[0], text, at);
  const operator = OPERATORS.find((each) => text.startsWith(each, at));
  if (operator !== undefined) return { kind: 'operator', text: operator, at };
  if (text[at] === '"' || text[at] === "'") throw new ExpressionError(`${text[at]} is not closed`, at);
  const symbol = String.fromCodePoint(text.codePointAt(at) ?? 0);
  throw new ExpressionError(`'${symbol}' is not part of any C expression`, at);
}

function integerToken(word: string, text: string, at: number): Token {
  const rest = match(/[\w$]+/y, text, at + word.length);
  if (rest !== null) throw new ExpressionError(`'${word}${rest[0]}' is not a number`, at);
  const digits = word.replace(/(?:[uU]|[lL]|[iI]64)+$/, '').replaceAll("'", '');
  const octal = /^0\d+$/.test(digits);
  if (octal && /[89]/.test(digits)) throw new ExpressionError(`'${word}' is not an octal number`, at);
  const value = BigInt(octal ? `0o${digits.slice(1)}` : digits);
  if (value >= 1n << 64n) throw new ExpressionError(`${word} does not fit into 64 bits`, at);
  return { kind: 'integer', text: word, at, value };
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  0: '\0',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function unescaped(body: string): string {
  return body.replace(/\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|(.))/g, (_all, hex, octal, other: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16) & 0xffff);
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
    return ESCAPES[other] ?? other;
  });
}

function quotedToken([all, prefix, quote, body = '']: RegExpExecArray, at: number): Token {
  const wide = prefix === 'L' || prefix === 'u';
  const value = unescaped(body);
  if (quote === '"') return { kind: 'string', text: all, at, value, wide };
  if (value.length === 0) throw new ExpressionError(`${all} holds no character`, at);
  return { kind: 'character', text: all, at, value: characterValue(value, wide), wide };
}

/** `'ciNV'` is a number of four bytes, the first the highest: pool tags are written that way. */
function characterValue(text: string, wide: boolean): number {
  if (wide) return text.charCodeAt(0);
  const codes = [...text].slice(-4).map((character) => character.charCodeAt(0) & 0xff);
  const value = codes.reduce((sum, code) => (sum << 8) | code, 0);
  return codes.length === 1 ? (value << 24) >> 24 : value;
}
