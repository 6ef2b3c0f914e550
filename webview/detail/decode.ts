/** What a field's bytes mean, in the words of a C programmer. Everything is little endian. */

import type { RecordField } from '../../extension/core/run/report.js';
import { statusName } from '../../extension/core/run/statuses.js';
import { hexByte } from './text.js';

export interface Decoded {
  /** `24`, `NicOpen`, `"eth0"`, `{6B29FC40-CA47-1067-B31D-00DD010662DA}`. */
  readonly text: string;
  /** The same number in hex, at the field's width; absent where `text` says it all. */
  readonly hex?: string;
  /** A signature or pool tag as it stands in memory: `NICI`. */
  readonly letters?: string;
  /** Fewer bytes were saved than the field has. */
  readonly cut?: true;
}

/** Elements and bytes shown of an array; the grid has them all. */
const SHOWN_ELEMENTS = 8;
const SHOWN_BYTES = 16;
const SHOWN_CHARACTERS = 64;

/** `bytes` are the packet's saved bytes from their start: the field may reach beyond them. */
export function decodeField(field: RecordField, bytes: Uint8Array): Decoded {
  const slice = bytes.subarray(field.offset, field.offset + field.size);
  if (field.size === 0) return { text: '' };
  if (slice.length === 0) return { text: 'not saved', cut: true };
  if (field.format === 'bytes') return { text: byteText(slice), ...cutMark(field, slice) };
  if (field.format === 'text') return { text: stringText(slice, characterSize(field.type)), ...cutMark(field, slice) };
  if (field.format === 'padding') return { text: paddingText(slice) };
  if (slice.length < field.size) return { text: byteText(slice), cut: true };
  if (field.format === 'guid') return field.size === 16 ? { text: guidText(slice) } : { text: byteText(slice) };
  const count = elementCount(field);
  return count > 1 ? elements(field, slice, count) : scalar(field, slice);
}

const cutMark = (field: RecordField, slice: Uint8Array): { cut?: true } =>
  slice.length < field.size ? { cut: true } : {};

/** Product of the array bounds at the end of the type, where the field's size can hold so many. */
export function elementCount({ type, size }: Pick<RecordField, 'type' | 'size'>): number {
  const bounds = /(?:\[\d+\])+$/.exec(type.trimEnd())?.[0].match(/\d+/g) ?? [];
  const count = bounds.reduce((product, bound) => product * Number(bound), 1);
  return count > 0 && size % count === 0 ? count : 1;
}

function elements(field: RecordField, slice: Uint8Array, count: number): Decoded {
  const size = field.size / count;
  const one: RecordField = { ...field, size, type: field.type.replace(/\s*(?:\[\d+\])+$/, '') };
  const texts: string[] = [];
  for (let index = 0; index < Math.min(count, SHOWN_ELEMENTS); index += 1) {
    texts.push(scalar(one, slice.subarray(index * size, (index + 1) * size)).text);
  }
  if (count > SHOWN_ELEMENTS) texts.push('…');
  return { text: `[${texts.join(', ')}]` };
}

function scalar(field: RecordField, slice: Uint8Array): Decoded {
  if (field.format === 'float') return floatValue(slice);
  const raw = unsignedValue(slice);
  if (raw === undefined) return { text: byteText(slice) };
  const width = field.bits?.width ?? slice.length * 8;
  const value = field.bits === undefined ? raw : bitsOf(raw, field.bits);
  const hex = hexText(value, Math.ceil(width / 4));
  switch (field.format) {
    case 'pointer':
      return value === 0n ? { text: 'NULL', hex } : { text: hex };
    case 'enum':
      return { text: enumText(field, value, width), hex };
    case 'signed':
      return signedText(field.type, value, width, hex);
    default:
      return unsignedText(field.type, value, width, hex);
  }
}

function unsignedText(type: string, value: bigint, width: number, hex: string): Decoded {
  if (/^(?:BOOLEAN|bool|_Bool)$/.test(type) && value < 2n) return { text: value === 1n ? 'TRUE' : 'FALSE', hex };
  return width === 1 ? { text: `${value}` } : { text: `${value}`, hex, ...signature(value, width) };
}

/** Four bytes that are letters all four are rarely a number. */
function signature(value: bigint, width: number): { letters?: string } {
  if (width !== 32) return {};
  const codes = [0n, 8n, 16n, 24n].map((shift) => Number((value >> shift) & 0xffn));
  const letters = String.fromCharCode(...codes);
  return /^[A-Za-z0-9_]{3}[A-Za-z0-9_ ]$/.test(letters) && /[A-Za-z]/.test(letters) ? { letters } : {};
}

function signedText(type: string, value: bigint, width: number, hex: string): Decoded {
  if (type === 'NTSTATUS' && width === 32) return statusValue(Number(value), hex);
  if (type === 'BOOL' && value < 2n) return { text: value === 1n ? 'TRUE' : 'FALSE', hex };
  return { text: `${BigInt.asIntN(width, value)}`, hex };
}

function statusValue(status: number, hex: string): Decoded {
  const name = statusName(status);
  return name.startsWith('STATUS_') ? { text: name, hex } : { text: hex };
}

/** Little endian, any width up to eight bytes; undefined for wider ones. */
export function unsignedValue(slice: Uint8Array): bigint | undefined {
  if (slice.length === 0 || slice.length > 8) return undefined;
  let value = 0n;
  for (let index = slice.length - 1; index >= 0; index -= 1) value = (value << 8n) | BigInt(slice[index] ?? 0);
  return value;
}

function bitsOf(unit: bigint, { start, width }: NonNullable<RecordField['bits']>): bigint {
  return (unit >> BigInt(start)) & ((1n << BigInt(width)) - 1n);
}

function floatValue(slice: Uint8Array): Decoded {
  const view = new DataView(slice.buffer, slice.byteOffset, slice.byteLength);
  const raw = unsignedValue(slice);
  if (raw === undefined || (slice.length !== 4 && slice.length !== 8)) return { text: byteText(slice) };
  const value = slice.length === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
  const text = slice.length === 4 ? singleText(value) : `${value}`;
  return { text: Object.is(value, -0) ? '-0' : text, hex: hexText(raw, slice.length * 2) };
}

/** The shortest digits that give the same single: 0.1, not 0.10000000149011612. */
function singleText(value: number): string {
  for (let digits = 1; digits < 9; digits += 1) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return `${Number(text)}`;
  }
  return `${value}`;
}

/** A name, names joined where the value is a set of single bits, or the bare number where nobody named it. */
function enumText(field: RecordField, value: bigint, width: number): string {
  const names = (field.values ?? []).map((each) => ({
    name: each.name,
    bits: BigInt.asUintN(width, BigInt(each.value)),
  }));
  const exact = names.find((each) => each.bits === value);
  if (exact !== undefined) return exact.name;
  const flags = names.filter(({ bits }) => bits !== 0n && (bits & (bits - 1n)) === 0n && (value & bits) === bits);
  const together = flags.reduce((sum, { bits }) => sum | bits, 0n);
  if (flags.length > 1 && together === value) return flags.map(({ name }) => name).join(' | ');
  return `${BigInt.asIntN(width, value)} (no name)`;
}

export function hexText(value: bigint, digits: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;
}

function byteText(slice: Uint8Array): string {
  const shown = Array.from(slice.subarray(0, SHOWN_BYTES), hexByte).join(' ');
  return slice.length > SHOWN_BYTES ? `${shown} …` : shown;
}

function paddingText(slice: Uint8Array): string {
  return slice.every((byte) => byte === 0) ? 'zero' : byteText(slice);
}

/** Mixed endian, as the registry writes it. */
function guidText(slice: Uint8Array): string {
  const part = (...order: readonly number[]): string => order.map((at) => hexByte(slice[at] ?? 0)).join('');
  return `{${part(3, 2, 1, 0)}-${part(5, 4)}-${part(7, 6)}-${part(8, 9)}-${part(10, 11, 12, 13, 14, 15)}}`;
}

const characterSize = (type: string): 1 | 2 => (/\b(?:WCHAR|wchar_t|char16_t|CHAR16)\b/.test(type) ? 2 : 1);

/** In quotes, up to its zero; what a terminal cannot show is escaped as C does. */
function stringText(slice: Uint8Array, size: 1 | 2): string {
  const codes: number[] = [];
  for (let at = 0; at + size <= slice.length && codes.length <= SHOWN_CHARACTERS; at += size) {
    const code = (slice[at] ?? 0) | (size === 2 ? (slice[at + 1] ?? 0) << 8 : 0);
    if (code === 0) break;
    codes.push(code);
  }
  const shown = codes.slice(0, SHOWN_CHARACTERS).map((code) => character(code, size));
  return `${size === 2 ? 'L' : ''}"${shown.join('')}${codes.length > SHOWN_CHARACTERS ? '…' : ''}"`;
}

const ESCAPES: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' };

function character(code: number, size: 1 | 2): string {
  const known = ESCAPES[code];
  if (known !== undefined) return known;
  const text = String.fromCharCode(code);
  if (code >= 0x20 && code < 0x7f) return text;
  if (size === 2 && /[\p{L}\p{N}\p{P}\p{S}]/u.test(text)) return text;
  return `\\x${hexText(BigInt(code), size * 2).slice(2)}`;
}
