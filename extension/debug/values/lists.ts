/** Linked lists of the kernel as the records they link. */
import type { StoppedView } from '../../core/debug/view.js';
import type { Type, Types } from '../expressions/types.js';
import type { MemoryReader } from './memoryView.js';
import { typeNames } from './scalars.js';

/** Entries looked at: enough for any list a person reads, and an end for one that has none. */
const MOST_ENTRIES = 10_000;

export interface ListFound {
  /** Addresses of the entries' LIST_ENTRY, the head's own left out. */
  readonly entries: readonly number[];
  /** Why it does not come back to its head. */
  readonly broken?: string;
}

export function isListEntry(type: Type): boolean {
  return typeNames(type).some((name) => name === 'LIST_ENTRY' || name === '_LIST_ENTRY');
}

/** Follows Flink from the head; undefined where the head was never initialised. */
export function listFrom(memory: MemoryReader, head: number): ListFound | undefined {
  const entries: number[] = [];
  const seen = new Set<number>([head]);
  let previous = head;
  for (;;) {
    const next = memory.readable(previous, 16) ? Number(memory.u64(previous)) : 0;
    if (next === head) return { entries };
    if (next === 0 && entries.length === 0) return undefined;
    if (!memory.readable(next, 16)) return { entries, broken: 'Flink leads to no memory' };
    if (seen.has(next)) return { entries, broken: 'it runs in a circle that misses its head' };
    if (Number(memory.u64(next + 8)) !== previous)
      return { entries: [...entries, next], broken: 'a Blink does not lead back' };
    if (entries.length >= MOST_ENTRIES) return { entries, broken: `more than ${MOST_ENTRIES} entries` };
    seen.add(next);
    entries.push(next);
    previous = next;
  }
}

export interface Member {
  readonly record: Type;
  /** Name of the LIST_ENTRY in it. */
  readonly field: string;
  readonly offset: number;
}

/** Records of the driver that can be members of a list. */
export class ListMembers {
  readonly #members: readonly Member[];

  constructor(view: StoppedView, types: Types) {
    const seen = new Set<string>();
    const members: Member[] = [];
    for (const [id, info] of view.driver.types.entries()) {
      if (info.kind !== 'record' || info.name === '') continue;
      for (const { name, offset, type } of info.fields) {
        const key = `${info.name}.${name}`;
        if (!isListEntry(types.byId(type)) || seen.has(key)) continue;
        seen.add(key);
        members.push({ record: preferred(types, types.byId(id)), field: name, offset });
      }
    }
    this.#members = members;
  }

  /**
   * The record an entry is in: told by the block or variable it lies in, which must begin with the record and hold it,
   * or be an array of them. Undefined where none or several fit.
   */
  of(view: StoppedView, entry: number): Member | undefined {
    const { kind, offset, size } = view.describe(entry);
    if (kind !== 'block' && kind !== 'global' && kind !== 'stack') return this.#only();
    const fits = this.#members.filter((member) => member.offset === offset && member.record.size <= size);
    const exact = fits.filter(({ record }) => record.size === size);
    const elements = this.#members.filter(
      (member) => size % member.record.size === 0 && offset % member.record.size === member.offset,
    );
    const best = exact.length > 0 ? exact : fits.length > 0 ? fits : elements;
    return best.length === 1 ? best[0] : undefined;
  }

  /** Where nothing tells blocks apart, a driver with one kind of member has that. */
  #only(): Member | undefined {
    return this.#members.length === 1 ? this.#members[0] : undefined;
  }
}

/** `NIC_INDICATION` rather than `_NIC_INDICATION`, where a typedef says so. */
function preferred(types: Types, record: Type): Type {
  const short = record.name.replace(/^_/, '');
  const named = short === record.name ? undefined : types.named(short);
  return named !== undefined && named.shape === record.shape ? named : record;
}
