/** Type names as casts and sizeof write them: `const struct _PAIR *`, `unsigned long long`, `ULONG[4]`. */
import { ExpressionError } from './errors.js';
import type { Token } from './lexer.js';
import { arrayOf, pointerTo, type Type } from './types.js';

/** What the parser asks whoever knows the names. */
export interface TypeNames {
  type(name: string): Type | undefined;
  /** A variable or function of that name hides the type. */
  hides(name: string): boolean;
}

/** The parser, as far as type names need it. */
export interface TokenReader {
  readonly names: TypeNames;
  readonly token: Token;
  peek(ahead: number): Token;
  next(): Token;
  take(operator: string): Token | undefined;
  expect(operator: string, after: string): Token;
}

const QUALIFIERS = new Set(['const', 'volatile', 'UNALIGNED', '__unaligned', 'CONST', '__ptr64']);
const TAGS = new Set(['struct', 'union', 'enum', 'class']);
const WORDS = new Set(['unsigned', 'signed', 'long', 'short', 'int', 'char', 'double', 'float', '__int64', '_Bool']);

/** Does a type name begin `ahead` tokens from here? */
export function startsType(reader: TokenReader, ahead: number): boolean {
  const { kind, text } = reader.peek(ahead);
  if (kind !== 'name') return false;
  if (QUALIFIERS.has(text) || TAGS.has(text) || WORDS.has(text)) return true;
  if (reader.names.hides(text)) return false;
  return reader.names.type(qualifiedName(reader, ahead).name) !== undefined;
}

/** Throws ExpressionError. */
export function parseTypeName(reader: TokenReader): Type {
  skipQualifiers(reader);
  let type = baseType(reader);
  skipQualifiers(reader);
  while (reader.take('*') !== undefined || reader.take('&') !== undefined) {
    type = pointerTo(type);
    skipQualifiers(reader);
  }
  return arraySuffix(reader, type);
}

function skipQualifiers(reader: TokenReader): void {
  while (reader.token.kind === 'name' && QUALIFIERS.has(reader.token.text)) reader.next();
}

function arraySuffix(reader: TokenReader, element: Type): Type {
  if (reader.take('[') === undefined) return element;
  const count = reader.next();
  if (count.kind !== 'integer') throw new ExpressionError('expected the number of elements in []', count.at);
  reader.expect(']', 'after the number of elements');
  return arrayOf(arraySuffix(reader, element), Number(count.value));
}

function qualifiedName(reader: TokenReader, ahead: number): { readonly name: string; readonly tokens: number } {
  let name = reader.peek(ahead).text;
  let tokens = 1;
  while (reader.peek(ahead + tokens).text === '::' && reader.peek(ahead + tokens + 1).kind === 'name') {
    name += `::${reader.peek(ahead + tokens + 1).text}`;
    tokens += 2;
  }
  return { name, tokens };
}

function baseType(reader: TokenReader): Type {
  const { token } = reader;
  if (token.kind === 'name' && WORDS.has(token.text)) return wordType(reader);
  if (token.kind === 'name' && TAGS.has(token.text)) reader.next();
  const { name, tokens } = qualifiedName(reader, 0);
  const type = reader.names.type(name);
  if (reader.token.kind !== 'name' || type === undefined) {
    throw new ExpressionError(`there is no type '${name}'`, reader.token.at);
  }
  for (let i = 0; i < tokens; i++) reader.next();
  return type;
}

/** `unsigned long int` and the like, in any order. */
function wordType(reader: TokenReader): Type {
  const { at } = reader.token;
  const words: string[] = [];
  while (reader.token.kind === 'name' && WORDS.has(reader.token.text)) words.push(reader.next().text);
  const name = wordName(words);
  const type = name === undefined ? undefined : reader.names.type(name);
  if (type === undefined) throw new ExpressionError(`'${words.join(' ')}' is no type`, at);
  return type;
}

function wordName(words: readonly string[]): string | undefined {
  const count = (word: string): number => words.filter((each) => each === word).length;
  const unsigned = count('unsigned') > 0;
  if (unsigned && count('signed') > 0) return undefined;
  const prefix = unsigned ? 'unsigned ' : '';
  const rest = words.filter((word) => !['unsigned', 'signed', 'int'].includes(word));
  switch (rest.join(' ')) {
    case '':
      return unsigned ? 'unsigned int' : 'int';
    case 'char':
      return unsigned ? 'unsigned char' : count('signed') > 0 ? 'signed char' : 'char';
    case 'short':
    case 'long':
    case 'long long':
      return `${prefix}${rest.join(' ')}`;
    case '__int64':
      return `${prefix}long long`;
    case 'double':
    case 'float':
    case 'long double':
    case '_Bool':
      return rest.join(' ');
    default:
      return undefined;
  }
}
