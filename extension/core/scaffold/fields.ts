/**
 * What of a context a record can hold, and how: every member is offered, with the reason where it is not chosen by
 * itself (kmcl-facts 6.4).
 */
import { FREE_MUTEX, HANDLE, KERNEL_OBJECT, LIST_ENTRY, LOCK, UNICODE_STRING } from '../kmcl/fieldKinds.js';
import type { FieldType, StructField } from '../toolchain/structFacts.js';

/** How a member is kept in the record. */
export type Saved =
  /** As a number of fixed width; `cast` is what it becomes again where that is not the number itself. */
  | {
      readonly kind: 'number';
      readonly type: string;
      readonly bytes: number;
      readonly cast?: string;
      /** Values of `most` and below only: booleans and bit-fields. */
      readonly most?: number;
      /** C++ `bool`. */
      readonly isBool?: true;
      /** Narrower than the type it has in the context. */
      readonly isBits?: true;
      /** `.QuadPart` of a LARGE_INTEGER. */
      readonly member?: string;
    }
  /** Byte for byte: arrays of numbers, floating point (`count` absent), unions (`isUnion`: no array in the context). */
  | {
      readonly kind: 'bytes';
      readonly type: string;
      readonly bytes: number;
      readonly count?: number;
      readonly isUnion?: true;
    }
  | { readonly kind: 'guid' }
  | { readonly kind: 'structure'; readonly members: readonly SavedMember[] }
  | { readonly kind: 'structures'; readonly count: number; readonly members: readonly SavedMember[] }
  | Tail;

export interface SavedMember {
  readonly name: string;
  readonly saved: Saved;
}

/** What follows the record: as many elements as another member says. */
export interface Tail {
  readonly kind: 'tail';
  /** Where the elements are: behind a pointer, or at the end of the context. */
  readonly where: 'pointer' | 'flexible';
  /** Member of the context that holds the length. */
  readonly length: string;
  /** Whether it counts elements, not bytes. */
  readonly counts: boolean;
  /** Bytes of an element of numbers. */
  readonly elementBytes: number;
  /** Type of an element as C spells it, and what is kept of each where it is a structure. */
  readonly element: string;
  readonly members?: readonly SavedMember[];
}

export type FieldKind =
  | 'safe'
  | 'tail'
  | 'pointer'
  | 'handle'
  | 'lock'
  | 'list'
  | 'kernel object'
  | 'address'
  | 'union'
  | 'anonymous'
  | 'flexible array'
  | 'constant'
  | 'unknown';

export interface FieldChoice {
  /** As it is reached from the context: `Header.Id`. What `--fields` takes. */
  readonly path: string;
  /** As C spells it. */
  readonly type: string;
  readonly offset: number;
  /** Bytes; of a bit-field those of its storage. */
  readonly size: number;
  readonly kind: FieldKind;
  /** Chosen unless somebody chooses otherwise. */
  readonly selected: boolean;
  /** Why it is not chosen, or what choosing it means; '' for plain data. */
  readonly reason: string;
  /** Absent: no record can hold it. */
  readonly saved?: Saved;
  /** Member of an anonymous union or structure. */
  readonly isAnonymous?: true;
  /** The types it was declared by, for what initialises it. */
  readonly names: readonly string[];
}

/** Lengths that annotations tell: member → the member with its length. */
export type SizeHints = ReadonlyMap<string, { readonly length: string; readonly counts: boolean }>;

const ADDRESS = /^(?:U?LONG_PTR|U?INT_PTR|DWORD_PTR|u?intptr_t|ptrdiff_t|PHYSICAL_ADDRESS|PFN_NUMBER|KAFFINITY)$/;
const WIDE = /^(?:LARGE_INTEGER|ULARGE_INTEGER|_LARGE_INTEGER|_ULARGE_INTEGER)$/;
const GUIDS = /^_?(?:GUID|IID|CLSID)$/;
const STRINGS = /^_?(?:ANSI_|OEM_)?STRING$/;
const HANDLES = /^VMB[A-Z]+$/;
const COUNTS = /(?:Count|Elements|Entries)$/;
/** More leaves than that are nobody's context: the structure is offered as a whole, and not chosen. */
const MOST_LEAVES = 64;

const WIDTHS: Readonly<Record<number, string>> = { 1: '8', 2: '16', 4: '32', 8: '64' };

export function fieldChoices(fields: readonly StructField[], hints: SizeHints = new Map()): readonly FieldChoice[] {
  const tails = findTails(fields, hints);
  return fields.flatMap((field, index) => {
    const tail = tails.get(index);
    return tail === undefined ? choicesOf(field, '', 0, false) : [tailChoice(field, tail)];
  });
}

/** The structure as it stands in a record, every member of it; undefined where one of them cannot be kept. */
function savedMembers(fields: readonly StructField[], depth: number): readonly SavedMember[] | undefined {
  const members: SavedMember[] = [];
  for (const field of fields) {
    const [kind, saved] = judge(field, depth + 1);
    if (kind !== 'safe' || saved === undefined || field.name === '') return undefined;
    members.push({ name: field.name, saved });
  }
  return members.length === 0 ? undefined : members;
}

function choicesOf(field: StructField, before: string, offset: number, isAnonymous: boolean): readonly FieldChoice[] {
  const at = offset + field.offset;
  const { type } = field;
  if (field.name === '' && type.kind === 'record') {
    return type.fields.flatMap((inner) => choicesOf(inner, before, at, true));
  }
  if (field.name === '') return [];
  const path = `${before}${field.name}`;
  const [kind, saved, why] = judge(field, 0);
  const apart = kind === 'unknown' && type.kind === 'record' && !type.union ? type.fields : [];
  if (apart.length > 0 && countLeaves(apart) <= MOST_LEAVES) {
    return apart.flatMap((inner) => choicesOf(inner, `${path}.`, at, isAnonymous));
  }
  const hidden = isAnonymous && kind === 'safe';
  return [
    {
      path,
      type: field.spelled,
      offset: at,
      size: type.size,
      kind: hidden ? 'anonymous' : kind,
      selected: kind === 'safe' && !isAnonymous,
      reason: hidden ? 'member of an anonymous union or structure: whether it is the one in use is not known' : why,
      ...(saved === undefined ? {} : { saved }),
      ...(isAnonymous ? { isAnonymous: true as const } : {}),
      names: 'names' in type ? type.names : [],
    },
  ];
}

function countLeaves(fields: readonly StructField[]): number {
  return fields.reduce(
    (sum, { type }) => sum + (type.kind === 'record' && !type.union ? countLeaves(type.fields) : 1),
    0,
  );
}

type Judgement = readonly [kind: FieldKind, saved: Saved | undefined, reason: string];

function judge(field: StructField, depth: number): Judgement {
  const { type } = field;
  const named = (pattern: RegExp): boolean => type.names.some((name) => pattern.test(name));
  if (named(HANDLE) || named(HANDLES)) return ['handle', undefined, 'handle: means nothing on another host'];
  if (named(LOCK) || (type.kind === 'record' && type.names.some((name) => FREE_MUTEX.has(name)))) {
    return ['lock', undefined, 'lock: initialised anew when the packet is restored'];
  }
  if (type.kind === 'pointer') return ['pointer', undefined, 'pointer: an address of this host and boot'];
  if (type.kind === 'record') {
    if (type.names.some((name) => LIST_ENTRY.has(name))) return ['list', undefined, 'list entry: linked anew'];
    if (named(KERNEL_OBJECT)) return ['kernel object', undefined, 'kernel object: initialised anew'];
    if (type.names.some((name) => UNICODE_STRING.has(name)) || named(STRINGS)) {
      return ['pointer', undefined, 'string: its buffer is a pointer'];
    }
  }
  if (field.isConst) return ['constant', undefined, 'constant: set where the context is made'];
  if (named(ADDRESS)) return ['address', whole(field), 'as wide as a pointer: may hold an address of this host'];
  return judgeData(field, depth);
}

function judgeData(field: StructField, depth: number): Judgement {
  const { type } = field;
  switch (type.kind) {
    case 'integer':
    case 'enum':
      return ['safe', whole(field), ''];
    case 'float':
      return type.size === 4 || type.size === 8
        ? ['safe', { kind: 'bytes', type: `UINT${WIDTHS[type.size]}`, bytes: type.size }, '']
        : ['unknown', undefined, `${field.spelled}: no type of fixed width for it`];
    case 'array':
      return judgeArray(field, type, depth);
    case 'record':
      return judgeRecord(field, type, depth);
    default:
      return ['unknown', undefined, `${field.spelled}: what it holds is not known`];
  }
}

type RecordType = FieldType & { readonly kind: 'record' };

function judgeRecord(field: StructField, type: RecordType, depth: number): Judgement {
  if (type.names.some((name) => WIDE.test(name))) return ['safe', whole(field), ''];
  if (type.names.some((name) => GUIDS.test(name))) return ['safe', { kind: 'guid' }, ''];
  if (type.union) {
    const reason = 'union: which member is in use is not known';
    return holdsAddress(type)
      ? ['union', undefined, `${reason}, and one of them is a pointer`]
      : [
          'union',
          { kind: 'bytes', type: 'UINT8', bytes: 1, count: type.size, isUnion: true },
          `${reason}; saved byte for byte`,
        ];
  }
  const members = savedMembers(type.fields, depth);
  if (members === undefined) return ['unknown', undefined, `${field.spelled}: not all of its members are plain data`];
  return ['safe', { kind: 'structure', members }, ''];
}

function judgeArray(field: StructField, type: FieldType & { readonly kind: 'array' }, depth: number): Judgement {
  const { element, count } = innermost(type);
  if (count === 0) return ['flexible array', undefined, 'flexible array without a member that tells its length'];
  const inner: StructField = { ...field, spelled: elementName(field.spelled), type: element };
  const [kind, saved, why] = judge(inner, depth);
  if (kind !== 'safe' || saved === undefined) {
    const reason = kind === 'unknown' ? `${field.spelled}: not all of its members are plain data` : `array: ${why}`;
    return [kind, undefined, reason];
  }
  if (element.kind === 'record') {
    if (saved.kind !== 'structure') return ['safe', { kind: 'bytes', type: 'UINT8', bytes: 1, count: type.size }, ''];
    return depth > 0 || type.element.kind === 'array'
      ? ['unknown', undefined, 'structures in an array in an array: save them by hand']
      : ['safe', { kind: 'structures', count, members: saved.members }, ''];
  }
  return ['safe', { kind: 'bytes', type: fixed(element), bytes: element.size, count: type.size / element.size }, ''];
}

function innermost(type: FieldType & { readonly kind: 'array' }): {
  readonly element: FieldType;
  readonly count: number;
} {
  return type.element.kind === 'array'
    ? { element: innermost(type.element).element, count: type.count * innermost(type.element).count }
    : { element: type.element, count: type.count };
}

function elementName(spelled: string): string {
  return spelled.replace(/\s*(?:\[[^\]]*\])+$/, '');
}

function fixed(type: FieldType): string {
  const signed = (type.kind === 'integer' || type.kind === 'enum') && type.signed;
  return `${signed ? 'INT' : 'UINT'}${WIDTHS[type.size] ?? '8'}`;
}

/** A number of its own width; a bit-field takes the smallest that holds it. */
function whole({ type, width, spelled }: StructField): Saved | undefined {
  if (type.kind === 'record') {
    const signed = !type.names.some((name) => name.includes('ULARGE'));
    return { kind: 'number', type: signed ? 'INT64' : 'UINT64', bytes: 8, member: '.QuadPart' };
  }
  if (type.kind !== 'integer' && type.kind !== 'enum') return undefined;
  const bytes = width === undefined ? type.size : width <= 8 ? 1 : width <= 16 ? 2 : width <= 32 ? 4 : 8;
  const isBool = type.kind === 'integer' && type.boolean;
  const isBoolean = isBool || type.names.includes('BOOLEAN');
  const most = isBoolean ? 1 : width !== undefined && !type.signed && width < bytes * 8 ? 2 ** width - 1 : undefined;
  return {
    kind: 'number',
    type: `${type.signed && !isBool ? 'INT' : 'UINT'}${WIDTHS[bytes] ?? '64'}`,
    bytes,
    ...(type.kind === 'enum' ? { cast: spelled } : {}),
    ...(most === undefined ? {} : { most }),
    ...(isBool ? { isBool } : {}),
    ...(width === undefined ? {} : { isBits: true as const }),
  };
}

function holdsAddress(type: FieldType): boolean {
  if (type.kind === 'pointer' || type.kind === 'other') return true;
  if (type.kind === 'array') return holdsAddress(type.element);
  if (type.names.some((name) => LOCK.test(name) || HANDLE.test(name) || ADDRESS.test(name))) return true;
  return type.kind === 'record' && type.fields.some((field) => holdsAddress(field.type));
}

// ---- Variable tails

function isLength({ type, width, isConst }: StructField): boolean {
  return type.kind === 'integer' && !type.signed && !type.boolean && width === undefined && !isConst;
}

function lengthNames(name: string): ReadonlySet<string> {
  const stem = name.replace(/^p(?=[A-Z])/, '');
  const stems = new Set([name, stem, stem.replace(/s$/, '')]);
  const suffixes = [
    'Length',
    'Size',
    'Bytes',
    'ByteCount',
    'Count',
    'Len',
    'Cb',
    'Elements',
    '_length',
    '_size',
    '_count',
    '_len',
  ];
  const names = [...stems].flatMap((each) => [
    ...suffixes.map((suffix) => `${each}${suffix}`),
    `cb${each}`,
    `NumberOf${each}`,
  ]);
  return new Set(names);
}

const NEIGHBOUR = /^(?:Length|Size|Count|ByteCount|BufferLength|BufferSize|DataLength|length|size|count|len)$/;

/** Index of a pointer or flexible array → its tail. A length has one array: what two could mean is not guessed. */
function findTails(fields: readonly StructField[], hints: SizeHints): ReadonlyMap<number, Tail> {
  const tails = new Map<number, Tail>();
  const taken = new Set<string>();
  fields.forEach((field, index) => {
    const element = tailElement(field, index === fields.length - 1);
    if (element === undefined || field.isConst) return;
    const hint = hints.get(field.name);
    const names = lengthNames(field.name);
    const length =
      fields.find((each) => isLength(each) && each.name === hint?.length) ??
      fields.find((each) => isLength(each) && names.has(each.name)) ??
      [fields[index + 1], fields[index - 1]].find(
        (each) => each !== undefined && isLength(each) && NEIGHBOUR.test(each.name),
      );
    if (length === undefined || taken.has(length.name)) return;
    const counts =
      hint?.length === length.name ? hint.counts : COUNTS.test(length.name) || /^NumberOf|count$/.test(length.name);
    // Structures that a length in bytes tells of need not be whole ones.
    if (element.members !== undefined && !counts) return;
    taken.add(length.name);
    tails.set(index, { ...element, length: length.name, counts });
  });
  return tails;
}

function tailElement({ type, spelled }: StructField, isLast: boolean): Omit<Tail, 'length' | 'counts'> | undefined {
  if (type.kind === 'pointer') {
    const isHandle = type.names.some((name) => HANDLE.test(name) || HANDLES.test(name));
    if (type.elementSize === undefined || isHandle) return undefined;
    return { kind: 'tail', where: 'pointer', elementBytes: type.elementSize, element: spelled };
  }
  if (type.kind !== 'array' || !isLast || type.count > 1) return undefined;
  const { element } = type;
  const flexible = { kind: 'tail', where: 'flexible', element: elementName(spelled) } as const;
  if (element.kind === 'integer' || element.kind === 'enum' || element.kind === 'float') {
    return { ...flexible, elementBytes: element.size };
  }
  const members = element.kind === 'record' && !element.union ? savedMembers(element.fields, 0) : undefined;
  return members === undefined ? undefined : { ...flexible, elementBytes: element.size, members };
}

function tailChoice(field: StructField, tail: Tail): FieldChoice {
  const isPointer = tail.where === 'pointer';
  const unit = tail.counts ? 'elements' : 'bytes';
  const reason = isPointer
    ? `pointer; chosen, the ${unit} it leads to (${tail.length}) are saved behind the record`
    : `saved behind the record, ${tail.length} ${unit}`;
  return {
    path: field.name,
    type: field.spelled,
    offset: field.offset,
    size: field.type.size,
    kind: 'tail',
    selected: !isPointer,
    reason,
    saved: tail,
    names: field.type.names,
  };
}
