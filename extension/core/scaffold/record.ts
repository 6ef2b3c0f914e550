/**
 * The saved record of a context: where each chosen member lies. Natural: every member at a multiple of its own size,
 * what is left between them is explicit; packed: one behind the other.
 */
import type { FieldChoice, Saved, SavedMember, Tail } from './fields.js';
import { wordsOf } from './names.js';

export type Packing = 'natural' | 'packed';

/** What a line of the record holds besides structures: those lie flat in it. */
export type Held = Exclude<Saved, Tail | { readonly kind: 'structure' }>;

export interface RecordMember {
  readonly name: string;
  /** As reached from the context. */
  readonly path: string;
  readonly held: Held;
  /** As declared; for structures the name of the element. */
  readonly type: string;
  /** Absent: no array. */
  readonly count?: number;
  readonly offset: number;
  readonly bytes: number;
}

/** What fills a gap: a number that is zero. */
export interface Reserved {
  readonly name: string;
  readonly type: string;
  readonly offset: number;
}

export interface RecordTail {
  readonly path: string;
  readonly tail: Tail;
  /** Member of the record with its length. */
  readonly length: RecordMember;
  /** What an element is in the record, where it is a structure. */
  readonly element?: RecordLayout;
}

/** One structure of the record: itself, or an element of it. */
export interface RecordLayout {
  readonly name: string;
  readonly members: readonly RecordMember[];
  readonly reserved: readonly Reserved[];
  readonly size: number;
  /** Elements it has arrays of, by the path of the array. */
  readonly elements: ReadonlyMap<string, RecordLayout>;
}

export interface SavedRecord extends RecordLayout {
  readonly tails: readonly RecordTail[];
}

/** Bytes before the first member of a context: signature, version, length, checksum. */
export const HEADER_BYTES = 16;
export const HEADER = [
  { name: 'Signature', type: 'UINT32', offset: 0 },
  { name: 'Version', type: 'UINT16', offset: 4 },
  { name: 'Reserved0', type: 'UINT16', offset: 6 },
  { name: 'RecordLength', type: 'UINT32', offset: 8 },
  { name: 'Checksum', type: 'UINT32', offset: 12 },
] as const;

const GUID_BYTES = 16;

export function savedRecord(name: string, chosen: readonly FieldChoice[], packing: Packing): SavedRecord {
  const plain = chosen.flatMap(({ path, saved }) =>
    saved === undefined || saved.kind === 'tail' ? [] : flattened(path, path.replaceAll('.', ''), saved),
  );
  const layout = place(name, plain, HEADER_BYTES, packing);
  const tails = chosen.flatMap(({ path, saved }): readonly RecordTail[] => {
    const length = saved?.kind === 'tail' ? layout.members.find((each) => each.path === saved.length) : undefined;
    if (saved?.kind !== 'tail' || length === undefined) return [];
    const members = saved.members?.flatMap((each) => flattened(each.name, each.name, each.saved));
    const element = members === undefined ? undefined : place(elementName(name, path), members, 0, packing);
    return [{ path, tail: saved, length, ...(element === undefined ? {} : { element }) }];
  });
  return { ...layout, tails };
}

/** Bytes of a fixed element behind the record. */
export function tailElementBytes({ tail, element }: RecordTail): number {
  return element?.size ?? tail.elementBytes;
}

interface Flat {
  readonly name: string;
  readonly path: string;
  readonly held: Held;
}

function flattened(path: string, name: string, saved: Saved): readonly Flat[] {
  if (saved.kind === 'tail') return [];
  if (saved.kind !== 'structure') return [{ name, path, held: saved }];
  return saved.members.flatMap((each: SavedMember) =>
    flattened(`${path}.${each.name}`, `${name}${each.name}`, each.saved),
  );
}

/** `NIC_RX_SAVED` and `Frames` → NIC_RX_SAVED_FRAME. */
function elementName(record: string, path: string): string {
  const word = wordsOf(path.split('.').at(-1) ?? path).join('_');
  const single = word.length > 3 ? word.replace(/s$/, '') : word;
  if (!/[a-z]/.test(record)) return `${record}_${single.toUpperCase()}`;
  return /[A-Z]/.test(record) ? `${record}${single.replaceAll('_', '')}` : `${record}_${single.toLowerCase()}`;
}

class Placer {
  readonly members: RecordMember[] = [];
  readonly reserved: Reserved[] = [];
  readonly elements = new Map<string, RecordLayout>();
  readonly #packing: Packing;
  readonly #names: Set<string>;
  #at: number;
  #align = 1;
  #gaps: number;

  constructor(start: number, packing: Packing) {
    this.#at = start;
    this.#packing = packing;
    this.#names = new Set(start === 0 ? [] : HEADER.map(({ name }) => name));
    this.#gaps = start === 0 ? 0 : 1;
    if (start > 0) this.#align = 4;
  }

  add(record: string, { name, path, held }: Flat): void {
    const element =
      held.kind === 'structures' ? place(elementName(record, path), flatOf(held.members), 0, this.#packing) : undefined;
    if (element !== undefined) this.elements.set(path, element);
    const unit =
      element === undefined ? unitOf(held) : { type: element.name, bytes: element.size, align: alignOf(element) };
    this.#reserve(unit.align);
    const count = held.kind === 'structures' ? held.count : held.kind === 'bytes' ? held.count : undefined;
    const bytes = unit.bytes * (count ?? 1);
    const free = this.#free(name);
    const { type } = unit;
    this.members.push({
      name: free,
      path,
      held,
      type,
      ...(count === undefined ? {} : { count }),
      offset: this.#at,
      bytes,
    });
    this.#at += bytes;
  }

  size(): number {
    this.#reserve(this.#align);
    return this.#at;
  }

  /** Fills up to a multiple of `align`. */
  #reserve(align: number): void {
    if (this.#packing === 'packed') return;
    this.#align = Math.max(this.#align, align);
    while (this.#at % align !== 0) {
      const bytes = this.#at % 2 !== 0 ? 1 : this.#at % 4 !== 0 ? 2 : 4;
      this.reserved.push({ name: this.#free(`Reserved${this.#gaps}`), type: `UINT${bytes * 8}`, offset: this.#at });
      this.#gaps += 1;
      this.#at += bytes;
    }
  }

  #free(name: string): string {
    let free = name;
    while (this.#names.has(free)) free = `Context${free}`;
    this.#names.add(free);
    return free;
  }
}

function flatOf(members: readonly SavedMember[]): readonly Flat[] {
  return members.flatMap((each) => flattened(each.name, each.name, each.saved));
}

function place(name: string, flat: readonly Flat[], start: number, packing: Packing): RecordLayout {
  const placer = new Placer(start, packing);
  for (const each of flat) placer.add(name, each);
  const size = placer.size();
  const { members, reserved, elements } = placer;
  return { name, members, reserved, size, elements };
}

function unitOf(held: Held): { readonly type: string; readonly bytes: number; readonly align: number } {
  if (held.kind === 'guid') return { type: 'GUID', bytes: GUID_BYTES, align: 4 };
  if (held.kind === 'structures') return { type: '', bytes: 0, align: 1 };
  return { type: held.type, bytes: held.bytes, align: held.bytes };
}

function alignOf({ members, elements }: RecordLayout): number {
  return Math.max(
    1,
    ...members.map(({ held, path }) => {
      const element = elements.get(path);
      return element === undefined ? unitOf(held).align : alignOf(element);
    }),
  );
}
