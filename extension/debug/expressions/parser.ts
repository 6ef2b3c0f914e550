/** Recursive descent over C's expression grammar. */
import type { ArithmeticOperator, ComparisonOperator, Format, MemberPath, Node, Parsed } from './ast.js';
import { ExpressionError } from './errors.js';
import { type Token, tokensOf } from './lexer.js';
import { parseTypeName, startsType, type TypeNames } from './typeNames.js';
import type { Type } from './types.js';

const DEEPEST = 200;

/** Binary operators from the loosest to the tightest. */
const LEVELS: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '<=', '>', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];
const ASSIGNMENTS = new Set(['=', '+=', '-=', '*=', '/=', '%=', '&=', '|=', '^=', '<<=', '>>=']);
const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);
const NAMED_CASTS = new Set(['static_cast', 'reinterpret_cast', 'const_cast']);
const FORMATS: Readonly<Record<string, Format>> = {
  x: { radix: 'hexadecimal' },
  X: { radix: 'hexadecimal' },
  h: { radix: 'hexadecimal' },
  d: { radix: 'decimal' },
  u: { radix: 'decimal' },
  o: { radix: 'octal' },
  b: { radix: 'binary' },
  c: { radix: 'character' },
  s: { text: 'narrow' },
  su: { text: 'wide' },
};

/** Throws ExpressionError. */
export function parse(text: string, names: TypeNames): Parsed {
  return new Parser(text, names).whole();
}

export class Parser {
  readonly names: TypeNames;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string, names: TypeNames) {
    this.#tokens = tokensOf(text);
    this.names = names;
  }

  get token(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', at: 0 };
  }

  peek(ahead: number): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] ?? this.token;
  }

  next(): Token {
    const { token } = this;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  /** Takes the operator if it is the next token. */
  take(operator: string): Token | undefined {
    const { token } = this;
    if (token.kind !== 'operator' || token.text !== operator) return undefined;
    this.#at += 1;
    return token;
  }

  expect(operator: string, after: string): Token {
    const token = this.take(operator);
    if (token !== undefined) return token;
    throw new ExpressionError(`expected '${operator}' ${after}, not ${shown(this.token)}`, this.token.at);
  }

  whole(): Parsed {
    if (this.peek(0).kind === 'end') throw new ExpressionError('there is no expression', 0);
    const node = this.assignment();
    let format: Format = {};
    while (this.take(',') !== undefined) format = { ...format, ...this.#format() };
    if (this.peek(1).kind === 'end') this.take(';');
    if (this.peek(0).kind !== 'end') throw this.#unexpected();
    return { node, format };
  }

  assignment(): Node {
    return this.#nested(() => {
      const left = this.#conditional();
      const { token } = this;
      if (token.kind !== 'operator' || !ASSIGNMENTS.has(token.text)) return left;
      this.next();
      const operator = token.text === '=' ? '=' : (token.text.slice(0, -1) as ArithmeticOperator);
      return { kind: 'assignment', at: token.at, operator, left, right: this.assignment() };
    });
  }

  /** What stands in parentheses: the comma operator is allowed there. */
  #sequence(): Node {
    let node = this.assignment();
    for (let comma = this.take(','); comma !== undefined; comma = this.take(',')) {
      node = { kind: 'comma', at: comma.at, left: node, right: this.assignment() };
    }
    return node;
  }

  #conditional(): Node {
    const test = this.#binary(0);
    const question = this.take('?');
    if (question === undefined) return test;
    const yes = this.#sequence();
    this.expect(':', "after '?' and its value");
    return { kind: 'conditional', at: question.at, test, yes, no: this.#nested(() => this.#conditional()) };
  }

  #binary(level: number): Node {
    const operators = LEVELS[level];
    if (operators === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const { token } = this;
      if (token.kind !== 'operator' || !operators.includes(token.text)) return left;
      this.next();
      left = binaryNode(token, left, this.#binary(level + 1));
    }
  }

  #unary(): Node {
    const { token } = this;
    if (token.kind === 'name' && token.text === 'sizeof') return this.#sizeof();
    if (token.kind !== 'operator') return this.#postfix();
    switch (token.text) {
      case '++':
      case '--': {
        this.next();
        const operand = this.#nested(() => this.#unary());
        return { kind: 'step', at: token.at, operator: token.text, postfix: false, operand };
      }
      case '+':
      case '-':
      case '!':
      case '~': {
        this.next();
        return { kind: 'unary', at: token.at, operator: token.text, operand: this.#nested(() => this.#unary()) };
      }
      case '*':
        this.next();
        return { kind: 'dereference', at: token.at, operand: this.#nested(() => this.#unary()) };
      case '&':
        this.next();
        return { kind: 'address', at: token.at, operand: this.#nested(() => this.#unary()) };
      case '(':
        if (startsType(this, 1)) return this.#cast();
        return this.#postfix();
      default:
        return this.#postfix();
    }
  }

  #cast(): Node {
    const { at } = this.next();
    const type = parseTypeName(this);
    this.expect(')', `after the type '${type.name}'`);
    return { kind: 'cast', at, type, operand: this.#nested(() => this.#unary()) };
  }

  #sizeof(): Node {
    const { at } = this.next();
    if (this.token.text === '(' && startsType(this, 1)) {
      this.next();
      const of = parseTypeName(this);
      this.expect(')', `after the type '${of.name}'`);
      return { kind: 'sizeof', at, of };
    }
    return { kind: 'sizeof', at, of: this.#nested(() => this.#unary()) };
  }

  #postfix(): Node {
    let node = this.#primary();
    for (;;) {
      const { token } = this;
      if (token.kind !== 'operator') return node;
      if (token.text === '[') {
        this.next();
        const index = this.#sequence();
        this.expect(']', 'after the index');
        node = { kind: 'index', at: token.at, base: node, index };
      } else if (token.text === '.' || token.text === '->') {
        this.next();
        const name = this.#memberName(token.text);
        node = {
          kind: 'member',
          at: token.at,
          base: node,
          arrow: token.text === '->',
          name: name.text,
          nameAt: name.at,
        };
      } else if (token.text === '++' || token.text === '--') {
        this.next();
        node = { kind: 'step', at: token.at, operator: token.text, postfix: true, operand: node };
      } else if (token.text === '(') {
        const what = node.kind === 'member' ? node.name : 'a function pointer';
        throw new ExpressionError(`${what} cannot be called: an expression runs no code of the driver`, token.at);
      } else {
        return node;
      }
    }
  }

  #memberName(after: string): Token {
    const token = this.next();
    if (token.kind === 'name') return token;
    throw new ExpressionError(`expected a member's name after '${after}', not ${shown(token)}`, token.at);
  }

  #primary(): Node {
    const token = this.next();
    switch (token.kind) {
      case 'integer':
        return { kind: 'integer', at: token.at, text: token.text, value: token.value };
      case 'float':
        return { kind: 'float', at: token.at, text: token.text, value: token.value };
      case 'character':
        return { kind: 'character', at: token.at, value: token.value, wide: token.wide };
      case 'string':
        return { kind: 'string', at: token.at, value: token.value, wide: token.wide };
      case 'name':
        return this.#name(token);
      case 'operator':
        if (token.text === '(') return this.#parentheses();
        if (token.text === '::' && this.token.kind === 'name') return this.#name(this.next());
        throw new ExpressionError(`expected a value, not '${token.text}'`, token.at);
      case 'end':
        throw new ExpressionError('the expression ends where a value should follow', token.at);
    }
  }

  #parentheses(): Node {
    const node = this.#nested(() => this.#sequence());
    this.expect(')', 'to close the parenthesis');
    return node;
  }

  #name({ text, at }: Token): Node {
    if (NAMED_CASTS.has(text)) return this.#namedCast(at);
    const name = this.#qualified(text);
    if (this.token.kind !== 'operator' || this.token.text !== '(') return { kind: 'name', at, name };
    this.next();
    if (name === 'CONTAINING_RECORD') return this.#containing(at);
    if (name === 'FIELD_OFFSET' || name === 'offsetof') return this.#fieldOf(at, 'offset');
    if (name === 'RTL_FIELD_SIZE') return this.#fieldOf(at, 'size');
    const operands: Node[] = [];
    if (this.take(')') !== undefined) return { kind: 'call', at, name, operands };
    do operands.push(this.assignment());
    while (this.take(',') !== undefined);
    this.expect(')', `after the arguments of ${name}`);
    return { kind: 'call', at, name, operands };
  }

  /** `Space::Name`. */
  #qualified(first: string): string {
    let name = first;
    while (this.token.text === '::' && this.peek(1).kind === 'name') {
      this.next();
      name += `::${this.next().text}`;
    }
    return name;
  }

  #namedCast(at: number): Node {
    this.expect('<', 'before the type of the cast');
    const type = parseTypeName(this);
    this.expect('>', `after the type '${type.name}'`);
    this.expect('(', 'before what is cast');
    return { kind: 'cast', at, type, operand: this.#parentheses() };
  }

  #containing(at: number): Node {
    const operand = this.assignment();
    this.expect(',', 'after the address');
    const { type, path } = this.#typeAndPath();
    return { kind: 'containing', at, operand, type, path };
  }

  #fieldOf(at: number, tells: 'offset' | 'size'): Node {
    return { kind: 'field', at, tells, ...this.#typeAndPath() };
  }

  #typeAndPath(): { readonly type: Type; readonly path: MemberPath } {
    const type = parseTypeName(this);
    this.expect(',', `after the type '${type.name}'`);
    const path = [this.#memberName(',')];
    while (this.take('.') !== undefined) path.push(this.#memberName('.'));
    this.expect(')', 'after the member');
    return { type, path: path.map(({ text: name, at }) => ({ name, at })) };
  }

  #format(): Format {
    const token = this.next();
    if (token.kind === 'name') {
      const format = FORMATS[token.text];
      if (format !== undefined) return format;
    }
    if (token.kind === 'integer')
      return { count: { kind: 'integer', at: token.at, text: token.text, value: token.value } };
    if (token.kind === 'operator' && token.text === '!') return { raw: true };
    if (token.kind === 'operator' && token.text === '[') {
      const count = this.assignment();
      this.expect(']', 'after the number of elements');
      return { count };
    }
    const known = `${Object.keys(FORMATS).join(', ')}, [n] or !`;
    throw new ExpressionError(`${shown(token)} is no format: after ',' stand ${known}`, token.at);
  }

  #nested(parse: () => Node): Node {
    if (this.#depth >= DEEPEST) throw new ExpressionError('the expression is nested too deeply', this.token.at);
    this.#depth += 1;
    const node = parse();
    this.#depth -= 1;
    return node;
  }

  #unexpected(): ExpressionError {
    const { token } = this;
    const previous = this.#tokens[this.#at - 1];
    const word = token.kind === 'name' && previous?.kind === 'name';
    const hint = word ? ` ('${previous.text}' is no type here)` : '';
    return new ExpressionError(`${shown(token)} cannot stand here${hint}`, token.at);
  }
}

export function shown(token: Token): string {
  return token.kind === 'end' ? 'the end' : `'${token.text}'`;
}

function binaryNode({ text, at }: Token, left: Node, right: Node): Node {
  if (text === '&&' || text === '||') return { kind: 'logical', at, operator: text, left, right };
  if (COMPARISONS.has(text)) return { kind: 'comparison', at, operator: text as ComparisonOperator, left, right };
  return { kind: 'arithmetic', at, operator: text as ArithmeticOperator, left, right };
}
