/** A packet's saved bytes with everything known of each: its field, its writer, whether it is padding or tail. */
import type { RecordLayout, Writer } from '../../extension/core/run/report.js';
import { bandAt, type FieldMap, leavesAt, mapFields } from './fieldMap.js';
import type { LeafNode } from './fieldTree.js';
import { baseName, type Frame, hasSource, Provenance, sourceFrame, type WriterRuns } from './provenance.js';
import { hexByte } from './text.js';

export interface Span {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

export interface ByteModel {
  readonly bytes: Uint8Array;
  /** Null where nobody can tell the record's type. */
  readonly map: FieldMap | null;
  readonly provenance: Provenance;
  readonly writers: readonly Writer[];
}

/** What a cell of the grid shows of its byte; bits, so that a cell is repainted only when something changed. */
export const MARK = {
  ODD: 1,
  PADDING: 2,
  /** Beyond the record. */
  TAIL: 4,
  NEVER_WRITTEN: 8,
  /** First byte of its field, of padding or of the tail. */
  START: 16,
  SELECTED: 32,
  HOVERED: 64,
  CURSOR: 128,
  /** No byte at all: the rest of the last row. */
  VOID: 256,
} as const;

export function byteModel(
  bytes: Uint8Array,
  layout: RecordLayout | undefined,
  runs: WriterRuns,
  writers: readonly Writer[],
): ByteModel {
  return {
    bytes,
    map: layout === undefined ? null : mapFields(layout),
    provenance: new Provenance(runs),
    writers,
  };
}

/** Where the tail starts, as long as there is one. */
export function tailStart({ bytes, map }: ByteModel): number | null {
  return map !== null && bytes.length > map.layout.size ? map.layout.size : null;
}

/** The marks that do not depend on cursor and selection. */
export function marksAt(model: ByteModel, byte: number): number {
  let marks = model.provenance.neverWritten(byte) ? MARK.NEVER_WRITTEN : 0;
  if (model.map === null) return marks;
  const { size } = model.map.layout;
  if (byte >= size) return marks | MARK.TAIL | (byte === size ? MARK.START : 0);
  const band = bandAt(model.map, byte);
  if (band === undefined) return marks;
  if (band.tone === 'odd') marks |= MARK.ODD;
  if (band.tone === 'padding') marks |= MARK.PADDING;
  if (band.start === byte) marks |= MARK.START;
  return marks;
}

/** The field's bytes as far as they were saved; the tail's, beyond the record. */
export function spanAt(model: ByteModel, byte: number): Span | null {
  const tail = tailStart(model);
  if (tail !== null && byte >= tail) return { start: tail, end: model.bytes.length };
  const band = model.map === null ? undefined : bandAt(model.map, byte);
  return band === undefined ? null : { start: band.start, end: Math.min(band.end, model.bytes.length) };
}

/** `Header.Length`; `A or B` in a union, `A, B` for bit-fields of one byte. */
export function fieldText(model: ByteModel, byte: number): string | null {
  const { map } = model;
  if (map === null) return null;
  if (byte >= map.layout.size) return `tail, beyond ${map.layout.name}`;
  const leaves = leavesAt(map, byte);
  const first = leaves[0];
  if (first === undefined) return null;
  if (first.field.format === 'padding') return paddingText(first);
  const fields = leaves.filter(({ field }) => field.format !== 'padding');
  const bits = fields.filter(({ field }) => field.bits !== undefined).map(({ field }) => field.name);
  const others = fields.filter(({ field }) => field.bits === undefined).map(({ field }) => field.name);
  return [...(bits.length > 0 ? [bits.join(', ')] : []), ...others].join(' or ');
}

export const paddingText = ({ field: { name } }: LeafNode): string =>
  name === '' ? 'padding' : `padding after ${name}`;

/** The driver's frame that wrote the byte. Null: never written. Undefined: not measured. */
export function writerFrame(model: ByteModel, byte: number): Frame | null | undefined {
  const writer = model.provenance.writerAt(byte);
  return writer === null || writer === undefined ? writer : sourceFrame(model.writers[writer]);
}

/** The whole stack of the store that wrote the byte, innermost first. */
export function writerStack(model: ByteModel, byte: number): readonly Frame[] {
  const writer = model.provenance.writerAt(byte);
  return writer === null || writer === undefined ? [] : (model.writers[writer]?.callStack ?? []);
}

/** `Nic.c:88`, or the function's name where it has no source. */
export const frameText = (frame: Pick<Frame, 'file' | 'line' | 'function'>): string =>
  hasSource(frame) ? `${baseName(frame.file)}:${frame.line}` : frame.function;

/**
 * A byte for those who do not see the grid: `offset 12, hex 5A, Header.Length, written at Nic.c line 88`. What the cell
 * shows is a word of it, so that whoever speaks to the page can name the cell by what they see (WCAG 2.5.3).
 */
export function spokenByte(model: ByteModel, byte: number): string {
  const value = model.bytes[byte] ?? 0;
  const parts = [`offset ${byte}`, `hex ${hexByte(value)}`];
  const field = fieldText(model, byte);
  if (field !== null) parts.push(field);
  const frame = writerFrame(model, byte);
  if (frame === null) parts.push('never written');
  else if (frame !== undefined) {
    parts.push(
      hasSource(frame) ? `written at ${baseName(frame.file)} line ${frame.line}` : `written by ${frame.function}`,
    );
  }
  return parts.join(', ');
}

export interface NumberAt {
  readonly name: 'u8' | 'u16' | 'u32' | 'u64';
  readonly text: string;
}

/** The numbers that start at a byte, little endian; widths that would reach beyond the end are left out. */
export function numbersAt(bytes: Uint8Array, byte: number): readonly NumberAt[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const left = bytes.length - byte;
  const found: NumberAt[] = [];
  if (left >= 1) found.push({ name: 'u8', text: `${view.getUint8(byte)}` });
  if (left >= 2) found.push({ name: 'u16', text: `${view.getUint16(byte, true)}` });
  if (left >= 4) found.push({ name: 'u32', text: `${view.getUint32(byte, true)}` });
  if (left >= 8) found.push({ name: 'u64', text: `${view.getBigUint64(byte, true)}` });
  return found;
}
