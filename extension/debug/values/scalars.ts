/** Text of integers, characters, enums, statuses and floats. */
import { statusName } from '../../core/kmcl/statusNames.js';
import type { Format } from '../expressions/ast.js';
import type { EnumShape, Type } from '../expressions/types.js';
import { hexText } from './addresses.js';
import { flagNames, flagSetFor } from './flagSets.js';

export interface ScalarContext {
  readonly format: Format;
  /** The client asks for hexadecimal. */
  readonly hexadecimal: boolean;
  /** Of the variable or member, and the function it is in: some names tell what flags mean. */
  readonly name?: string;
  readonly function?: string;
}

const IRQLS: Readonly<Record<number, string>> = { 0: 'PASSIVE_LEVEL', 1: 'APC_LEVEL', 2: 'DISPATCH_LEVEL' };
const ESCAPES: Readonly<Record<number, string>> = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/** A character of a string, so that it can be read and typed. */
export function characterText(code: number): string {
  const known = ESCAPES[code];
  if (known !== undefined) return known;
  if (code >= 32 && code < 127) return String.fromCharCode(code);
  return code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : String.fromCharCode(code);
}

/** All names a type goes by, its own first. */
export function typeNames(type: Type): readonly string[] {
  return type.alias === undefined ? [type.name] : [type.name, ...typeNames(type.alias)];
}

export function isBoolean(type: Type): boolean {
  return typeNames(type).some((name) => /^(?:BOOLEAN|BOOL|bool|_Bool)$/.test(name));
}

/** `value` is that of the type: signed or not, a bigint for 8 bytes. */
export function scalarText(type: Type, value: number | bigint, context: ScalarContext): string {
  if (type.shape.kind === 'float') return floatText(Number(value));
  const radix = context.format.radix ?? (context.hexadecimal ? 'hexadecimal' : undefined);
  if (radix !== undefined) return inRadix(type, value, radix);
  if (type.shape.kind === 'enum') return enumText(type.shape, Number(value), type);
  const names = typeNames(type);
  if (names.includes('NTSTATUS')) return statusText(Number(value));
  if (names.includes('KIRQL')) return named(IRQLS[Number(value)], value);
  if (isBoolean(type)) return booleanText(Number(value));
  const flags = flagSetFor(context.name, context.function);
  if (flags !== undefined && type.size === 4) return named(flagNames(flags, Number(value)), hexText(value, 4));
  // UCHAR and UINT8 are numbers of one byte.
  const { shape, size } = type;
  const character = shape.kind === 'integer' && shape.character && (size > 1 || shape.signed);
  if (character) return `${value} '${characterOf(type, Number(value))}'`;
  return String(value);
}

function named(name: string | undefined, value: number | bigint | string): string {
  return name === undefined ? String(value) : `${name} (${value})`;
}

function characterOf({ size }: Type, value: number): string {
  const code = size === 1 ? value & 0xff : value;
  return code === 39 ? "\\'" : code === 34 ? '"' : characterText(code);
}

export function statusText(status: number): string {
  const name = statusName(status);
  const number = hexText(status, 4);
  return name.startsWith('0x') ? number : `${name} (${number})`;
}

function booleanText(value: number): string {
  if (value === 0) return 'FALSE';
  return value === 1 ? 'TRUE' : `TRUE (${value})`;
}

function floatText(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toFixed(1) : String(value);
}

function inRadix(type: Type, value: number | bigint, radix: NonNullable<Format['radix']>): string {
  const unsigned = BigInt.asUintN(type.size * 8, BigInt(value));
  switch (radix) {
    case 'hexadecimal':
      return hexText(value, type.size);
    case 'decimal':
      return String(value);
    case 'octal':
      return `0${unsigned.toString(8)}`;
    case 'binary':
      return `0b${unsigned.toString(2).padStart(type.size * 8, '0')}`;
    case 'character':
      return [...Array(type.size).keys()]
        .reverse()
        .map((index) => characterText(Number((unsigned >> BigInt(8 * index)) & 0xffn)))
        .join('')
        .replace(/^(?:\\0)+(?=.)/, '')
        .replace(/^(.*)$/, "'$1'");
  }
}

/** Its name; of an enum of single bits the names of those that are set. */
function enumText({ values }: EnumShape, value: number, type: Type): string {
  const own = values.find((each) => each.value === value);
  if (own !== undefined) return `${own.name} (${value})`;
  const bits = values.filter((each) => each.value > 0 && (each.value & (each.value - 1)) === 0);
  const set = bits.filter((each) => (value & each.value) !== 0);
  const rest = set.reduce((left, each) => left & ~each.value, value);
  if (bits.length >= 2 && set.length > 0 && rest === 0) return `${set.map(({ name }) => name).join(' | ')} (${value})`;
  return `${value} (no ${type.name})`;
}
