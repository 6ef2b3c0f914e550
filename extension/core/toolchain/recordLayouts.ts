/** Reads what clang prints for `-fdump-record-layouts-complete`: the layouts its front end really uses. */

export interface RecordLayout {
  /** Tag, qualified in C++; `(unnamed at file:line:column)` for a record without one. */
  readonly name: string;
  readonly kind: 'struct' | 'union' | 'class';
  /** Bytes. */
  readonly size: number;
  readonly align: number;
  /** Direct members, base classes and vftable pointers, in memory order as printed; unnamed bit-fields are left out. */
  readonly fields: readonly LayoutField[];
}

export interface LayoutField {
  /** '' for an anonymous struct or union, and for a base class or vftable pointer. */
  readonly name: string;
  readonly type: string;
  /** Bytes from the record's start; of a bit-field, the byte its first bit lies in. */
  readonly offset: number;
  /** Bit-fields: first bit within that byte, and width. */
  readonly bits?: { readonly start: number; readonly width: number };
}

const HEADER = /^\s*0 \| (struct|union|class) (.*?)(?: \(empty\))?$/;
const FIELD = /^\s*(\d+)(?::(\d+)-(\d+))? \| ( +)(\S.*)$/;
const ZERO_WIDTH = /^\s*\d+:- \|/;
const SIZE = /\[sizeof=(\d+),.*?\balign=(\d+)/;

export function parseRecordLayouts(dump: string): RecordLayout[] {
  const layouts: RecordLayout[] = [];
  for (const section of dump.split('*** Dumping AST Record Layout').slice(1)) {
    const layout = parseSection(section);
    if (layout !== undefined) {
      layouts.push(layout);
    }
  }
  return layouts;
}

function parseSection(section: string): RecordLayout | undefined {
  const lines = section.split('\n').filter((line) => line.trim() !== '');
  const header = HEADER.exec(lines[0] ?? '');
  const size = SIZE.exec(section);
  if (header === null || size === null) {
    return undefined;
  }
  const fields: LayoutField[] = [];
  for (const line of lines.slice(1)) {
    const found = FIELD.exec(line);
    // Members of members are indented further; records of their own have a section of their own.
    if (found?.[4]?.length === 2 && !ZERO_WIDTH.test(line)) {
      const field = readField(found);
      if (field !== undefined) {
        fields.push(field);
      }
    }
  }
  const kind = header[1] === 'union' ? 'union' : header[1] === 'class' ? 'class' : 'struct';
  return { name: header[2] ?? '', kind, size: Number(size[1]), align: Number(size[2]), fields };
}

function readField(found: RegExpExecArray): LayoutField | undefined {
  const text = found[5] ?? '';
  const offset = Number(found[1]);
  const isBase = /\((?:primary |virtual )*base\)|\bvftable pointer\)|\bvbtable pointer\)/.test(text);
  const cut = isBase ? -1 : text.lastIndexOf(' ');
  const name = cut < 0 ? '' : text.slice(cut + 1);
  const type = cut < 0 ? text : text.slice(0, cut);
  if (found[2] === undefined) {
    return { name, type, offset };
  }
  return name === '' ? undefined : { name, type, offset, bits: bitsOf(Number(found[2]), Number(found[3])) };
}

function bitsOf(first: number, last: number): { readonly start: number; readonly width: number } {
  return { start: first, width: last - first + 1 };
}
