/** C records as the report shows them: fields flattened to leaves, padding named, arrays bounded. */
import type { FieldInfo, TypeId, TypeInfo } from '../toolchain/module.js';
import type { FieldFormat, RecordField, RecordLayout } from './report.js';

/** Elements of an array of records that are shown one by one. */
const MOST_RECORDS = 64;
/** Leaves of one layout; what is left is one field of bytes. */
const MOST_FIELDS = 1024;

type Types = readonly TypeInfo[];
type RecordInfo = Extract<TypeInfo, { kind: 'record' }>;
type ArrayInfo = Extract<TypeInfo, { kind: 'array' }>;

/** The type behind typedefs. */
export function behind(types: Types, id: TypeId): TypeInfo | undefined {
  let type = types[id];
  for (let left = 32; type?.kind === 'typedef' && left > 0; left -= 1) type = types[type.target];
  return type;
}

export function recordAt(types: Types, id: TypeId): RecordInfo | undefined {
  const type = behind(types, id);
  return type?.kind === 'record' ? type : undefined;
}

/** Bytes of a type. */
function sizeOf(types: Types, id: TypeId): number {
  const type = behind(types, id);
  if (type?.kind === 'pointer') return 8;
  return type === undefined || type.kind === 'function' || type.kind === 'typedef' ? 0 : type.size;
}

// ---- Arrays that go on behind the record's end

/** The array a record ends in, and where it begins, if it is declared with one element or none: it goes on. */
export interface OpenEnd {
  readonly offset: number;
  readonly array: ArrayInfo;
  readonly elementSize: number;
}

export function openEnd(types: Types, record: RecordInfo): OpenEnd | undefined {
  const last = record.union ? undefined : record.fields.at(-1);
  const type = last === undefined ? undefined : behind(types, last.type);
  if (last === undefined || type === undefined) return undefined;
  if (type.kind === 'record') {
    const inner = openEnd(types, type);
    return inner === undefined ? undefined : { ...inner, offset: last.offset + inner.offset };
  }
  const elementSize = type.kind === 'array' ? sizeOf(types, type.element) : 0;
  if (type.kind !== 'array' || type.count > 1 || elementSize === 0) return undefined;
  return { offset: last.offset, array: type, elementSize };
}

/** Bytes of a record whose array has as many whole elements as `extent` bytes hold. */
function grown({ offset, elementSize }: OpenEnd, extent: number): number {
  return offset + Math.floor((extent - offset) / elementSize) * elementSize;
}

// ---- Fields

const TEXT = /^(?:char|wchar_t|WCHAR|char8_t|char16_t)$/;

/** Characters: a type that the source calls so, wherever in its chain of names. */
function isText(types: Types, id: TypeId): boolean {
  for (let at: TypeId | undefined = id, left = 32; at !== undefined && left > 0; left -= 1) {
    const type: TypeInfo | undefined = types[at];
    if (type !== undefined && TEXT.test(type.name)) return true;
    at = type?.kind === 'typedef' ? type.target : undefined;
  }
  return false;
}

function isGuid(type: TypeInfo | undefined): boolean {
  return type?.kind === 'record' && type.size === 16 && /^_?GUID$/.test(type.name);
}

/** Format of a type that is one leaf; undefined for a record or an array. */
function leafFormat(type: TypeInfo): FieldFormat | undefined {
  switch (type.kind) {
    case 'integer':
      return type.signed ? 'signed' : 'unsigned';
    case 'float':
    case 'enum':
    case 'pointer':
      return type.kind;
    default:
      return isGuid(type) ? 'guid' : undefined;
  }
}

/** Bytes that an open array's record takes; Infinity: as declared. */
interface Place {
  readonly name: string;
  readonly offset: number;
  readonly inUnion: boolean;
  readonly room: number;
}

class Leaves {
  readonly fields: RecordField[] = [];
  readonly #types: Types;

  constructor(types: Types) {
    this.#types = types;
  }

  get full(): boolean {
    return this.fields.length >= MOST_FIELDS;
  }

  type(id: TypeId, place: Place): void {
    const type = behind(this.#types, id);
    if (type === undefined || this.full) return;
    const format = leafFormat(type);
    if (format !== undefined) this.#leaf(id, type, place, format);
    else if (type.kind === 'record') this.record(type, place);
    else if (type.kind === 'array') this.#array(this.#types[id]?.name ?? type.name, type, place);
  }

  record(record: RecordInfo, { name, offset, inUnion, room }: Place): void {
    for (const [index, field] of record.fields.entries()) {
      const path = [name, field.name].filter((step) => step !== '').join('.');
      const last = index === record.fields.length - 1 && !record.union;
      const place = {
        name: path,
        offset: offset + field.offset,
        inUnion: inUnion || record.union,
        room: last ? room - field.offset : Number.POSITIVE_INFINITY,
      };
      if (field.bits === undefined) this.type(field.type, place);
      else this.#bits(field, field.bits, place);
    }
  }

  #add(place: Place, type: string, size: number, format: FieldFormat, more: Partial<RecordField> = {}): void {
    const name = place.inUnion ? `${place.name} (union)` : place.name;
    if (size > 0 && !this.full) this.fields.push({ name, type, offset: place.offset, size, format, ...more });
  }

  #leaf(id: TypeId, type: TypeInfo, place: Place, format: FieldFormat): void {
    const values = type.kind === 'enum' && type.values.length > 0 ? { values: type.values } : {};
    this.#add(place, spelled(this.#types, id), sizeOf(this.#types, id), format, values);
  }

  #bits(field: FieldInfo, bits: NonNullable<FieldInfo['bits']>, place: Place): void {
    const type = behind(this.#types, field.type);
    const format = type === undefined ? undefined : leafFormat(type);
    if (type === undefined || format === undefined || bits.width === 0) return;
    const values = type.kind === 'enum' ? { values: type.values } : {};
    this.#add(place, spelled(this.#types, field.type), sizeOf(this.#types, field.type), format, { bits, ...values });
  }

  #array(declared: string, array: ArrayInfo, place: Place): void {
    const element = behind(this.#types, array.element);
    const elementSize = sizeOf(this.#types, array.element);
    if (element === undefined || elementSize === 0) {
      this.#add(place, declared, Number.isFinite(place.room) ? place.room : array.size, 'bytes');
      return;
    }
    const goesOn = array.count <= 1 && Number.isFinite(place.room);
    const count = goesOn ? Math.max(array.count, Math.floor(place.room / elementSize)) : array.count;
    const flat = flatFormat(this.#types, array.element);
    if (flat === undefined) {
      this.#elements(array.element, elementSize, count, place);
    } else {
      const type = count === array.count ? declared : declared.replace(/\[\d*\]/, `[${count}]`);
      this.#add(place, type, count * elementSize, flat.format, flat.values);
    }
  }

  #elements(id: TypeId, size: number, count: number, place: Place): void {
    const shown = Math.min(count, MOST_RECORDS);
    for (let index = 0; index < shown; index += 1) {
      const offset = place.offset + index * size;
      this.type(id, { ...place, name: `${place.name}[${index}]`, offset, room: Number.POSITIVE_INFINITY });
    }
    const rest = { ...place, name: `${place.name}[${shown}..${count - 1}]`, offset: place.offset + shown * size };
    if (count > shown)
      this.#add(rest, `${spelled(this.#types, id)}[${count - shown}]`, (count - shown) * size, 'bytes');
  }
}

/** Format of an array that is one field: of numbers, characters or bytes, whatever its dimensions. */
function flatFormat(
  types: Types,
  element: TypeId,
): { readonly format: FieldFormat; readonly values: Partial<RecordField> } | undefined {
  const type = behind(types, element);
  if (type?.kind === 'array') return flatFormat(types, type.element);
  const format = type === undefined ? undefined : leafFormat(type);
  if (type === undefined || format === undefined || format === 'guid') return undefined;
  if (isText(types, element)) return { format: 'text', values: {} };
  if (type.kind === 'integer' && type.size <= 1) return { format: 'bytes', values: {} };
  return { format, values: type.kind === 'enum' ? { values: type.values } : {} };
}

/** A type's name as the source has it: a typedef's where it was declared by one. */
function spelled(types: Types, id: TypeId): string {
  return types[id]?.name ?? '';
}

/** Bytes of [start, end) that no leaf covers, each run named after the leaf before it. */
function padding(leaves: readonly RecordField[], start: number, end: number): readonly RecordField[] {
  const gaps: RecordField[] = [];
  const sorted = leaves.toSorted((a, b) => a.offset - b.offset);
  let covered = start;
  let before = '';
  for (const { name, offset, size } of [...sorted, { name: '', offset: end, size: 0 }]) {
    if (offset > covered) {
      gaps.push({ name: before, type: '', offset: covered, size: offset - covered, format: 'padding' });
    }
    if (offset + size >= covered) before = name;
    covered = Math.max(covered, offset + size);
  }
  return gaps;
}

// ---- Layouts

/** A record that lies at an offset of what a packet saved. */
export interface Piece {
  readonly type: TypeId;
  readonly base: number;
  /** Records of this type side by side. */
  readonly count: number;
  /** Bytes of it that are there; what lies beyond is something else's. */
  readonly extent: number;
}

/** What a record is called: by its typedef, else by its tag. */
export function recordName(types: Types, id: TypeId): string {
  const record = recordAt(types, id);
  const names = types.filter((type) => type.kind === 'typedef' && behind(types, type.target) === record);
  const direct = names.find(({ kind }) => kind === 'typedef')?.name;
  const own = record?.name ?? '';
  return direct ?? (own === '' ? '(unnamed)' : own);
}

/** A field that ends behind the bytes that are there is so many bytes. */
function cutAt(field: RecordField, end: number): RecordField {
  const { name, type, offset, size } = field;
  return offset + size <= end ? field : { name, type, offset, size: end - offset, format: 'bytes' };
}

function fieldsOf(types: Types, { type, base, extent }: Piece, prefix: string): readonly RecordField[] {
  const record = recordAt(types, type);
  if (record === undefined) return [];
  const open = openEnd(types, record);
  const room = open !== undefined && extent > record.size ? extent : Number.POSITIVE_INFINITY;
  const leaves = new Leaves(types);
  leaves.record(record, { name: prefix, offset: base, inUnion: false, room });
  const whole =
    base + (open !== undefined && extent > record.size ? grown(open, extent) : Math.min(extent, record.size));
  const inside = leaves.fields.filter(({ offset }) => offset < whole);
  const end = inside.reduce((most, { offset, size }) => Math.max(most, offset + size), base);
  if (leaves.full && whole > end) {
    inside.push({ name: `${prefix}…`, type: '', offset: end, size: whole - end, format: 'bytes' });
  }
  const kept = inside.map((field) => cutAt(field, whole));
  return [...kept, ...padding(kept, base, whole)];
}

function byOffset(a: RecordField, b: RecordField): number {
  return a.offset - b.offset;
}

/** One layout of the records that lie one behind the other; bytes between them are one field each. */
export function layoutOf(types: Types, pieces: readonly Piece[]): RecordLayout {
  const alone = pieces.length === 1 && pieces[0]?.base === 0 && pieces[0].count === 1;
  const names: string[] = [];
  const fields: RecordField[] = [];
  let end = 0;
  for (const piece of pieces) {
    const name = recordName(types, piece.type);
    names.push(piece.count > 1 ? `${name}[]` : name);
    if (piece.base > end) {
      const size = piece.base - end;
      fields.push({ name: `bytes at ${end}`, type: `UCHAR[${size}]`, offset: end, size, format: 'bytes' });
    }
    const stride = recordAt(types, piece.type)?.size ?? 0;
    for (let index = 0; index < piece.count && fields.length < MOST_FIELDS; index += 1) {
      const prefix = alone ? '' : piece.count > 1 ? `${name}[${index}]` : name;
      fields.push(...fieldsOf(types, { ...piece, base: piece.base + index * stride }, prefix));
    }
    end = fields.reduce((most, { offset, size }) => Math.max(most, offset + size), end);
  }
  return { name: names.join(' + '), size: end, fields: fields.sort(byOffset) };
}
