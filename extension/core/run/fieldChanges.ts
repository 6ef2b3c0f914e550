/**
 * Which context fields survive a save and a restore: the test runs again with one field of all contexts changed before
 * they are saved, and what is saved and what is restored is compared with a run that changed nothing.
 */
import type { ContextField, ContextTable } from '../kmcl/differences.js';
import type { FieldChange, Observation, SeenContext, WrittenRecord } from '../kmcl/vary.js';
import { type Change, type ContextType, contextTypes, type Leaf } from './contextFields.js';
import type { Observed } from './divergence.js';
import { differingRuns, pairsOf } from './recordDifferences.js';

export { type ContextType, contextTypes };

/** Longer fields are arrays and unions. */
const LARGEST_SCALAR = 8;

/** Packets of one context type, before and after. */
interface Taken {
  readonly original: SeenContext;
  readonly restored: SeenContext;
}

function keyOf({ channel, packet }: { readonly channel: number; readonly packet: number }): string {
  return `${channel}.${packet}`;
}

/** Contexts that were saved and restored, by packet. */
function takenOf({ contexts }: Observation, type: number): ReadonlyMap<string, Taken> {
  const restored = new Map(
    contexts.filter((each) => each.restored && each.type === type).map((each) => [keyOf(each), each]),
  );
  const taken = new Map<string, Taken>();
  for (const original of contexts) {
    const after = restored.get(keyOf(original));
    if (!original.restored && original.type === type && after !== undefined && !taken.has(keyOf(original)))
      taken.set(keyOf(original), { original, restored: after });
  }
  return taken;
}

/** The records of the channels' first saves: those that contexts are taken of. */
function firstSaves({ kept }: Observation): readonly WrittenRecord[] {
  return kept.filter(({ save }) => save === 0);
}

function overlaps(leaf: Leaf, a: Uint8Array, b: Uint8Array): boolean {
  for (let at = leaf.offset; at < leaf.offset + leaf.size; at += 1) if (a[at] !== b[at]) return true;
  return false;
}

/** Whether all bytes of a field are zero in all contexts: a buffer, or an entry, that no packet of the test uses. */
function isEmpty({ offset, size }: Leaf, taken: ReadonlyMap<string, Taken>): boolean {
  return [...taken.values()].every(({ original }) =>
    original.bytes.subarray(offset, offset + size).every((byte) => byte === 0),
  );
}

/** One attempt: what a change of a field did. */
interface Attempt {
  /** Packets that were changed, saved and restored. */
  readonly packets: number;
  /** The first of them in which the field did not come through. */
  readonly firstLost: string | undefined;
  readonly kept: boolean;
  readonly saved: ContextField['saved'];
  readonly restored: readonly string[];
}

/** Runs the test with these changes; undefined when the variants have used up what they may spend. */
export type ChangedRun = (changes: readonly FieldChange[]) => Observed | undefined;

export class FieldChanges {
  readonly #types: readonly ContextType[];
  readonly #reference: Observation;
  readonly #rerun: ChangedRun;

  constructor(types: readonly ContextType[], reference: Observation, rerun: ChangedRun) {
    this.#types = types;
    this.#reference = reference;
    this.#rerun = rerun;
  }

  /** A table per context type that was saved and restored at all. */
  tables(): readonly ContextTable[] {
    return this.#types.flatMap((type, index) => {
      const taken = takenOf(this.#reference, index);
      if (taken.size === 0) return [];
      const fields = type.leaves.map((leaf) => this.#field(type, index, leaf, taken));
      return [{ record: type.name, callbacks: this.#callbacks(taken), fields }];
    });
  }

  #callbacks(taken: ReadonlyMap<string, Taken>): ContextTable['callbacks'] {
    const [first] = taken.keys();
    const isFirst = (each: { readonly channel: number; readonly packet: number }): boolean => keyOf(each) === first;
    const { location: save = 0 } = firstSaves(this.#reference).find(isFirst) ?? {};
    const { location: restore = 0 } = this.#reference.restored.find(isFirst) ?? {};
    return [save, restore];
  }

  #field(type: ContextType, index: number, leaf: Leaf, taken: ReadonlyMap<string, Taken>): ContextField {
    const { name, offset, size, skipped } = leaf;
    const row = { name, type: leaf.type, offset, size, saved: [], restored: [] } as const;
    if (skipped !== undefined) return { ...row, outcome: 'skipped', kind: skipped };
    const isUsedAsNeeded = size > LARGEST_SCALAR || leaf.element === true;
    if (isUsedAsNeeded && isEmpty(leaf, taken)) return { ...row, outcome: 'unknown' };
    let lost: Attempt | undefined;
    for (const change of leaf.changes) {
      const attempt = this.#attempt(type, index, leaf, change, taken);
      if (attempt === undefined || attempt.packets === 0) continue;
      if (attempt.kept) return { ...row, outcome: 'kept', saved: attempt.saved, restored: attempt.restored };
      // The attempt that reached the record says most.
      if (lost === undefined || lost.saved.length < attempt.saved.length) lost = attempt;
    }
    if (lost === undefined) return { ...row, outcome: 'unknown' };
    const { saved, restored } = lost;
    return { ...row, outcome: 'lost', saved, restored, ...this.#place(lost) };
  }

  #attempt(
    type: ContextType,
    index: number,
    leaf: Leaf,
    change: Change,
    taken: ReadonlyMap<string, Taken>,
  ): Attempt | undefined {
    const changes: readonly FieldChange[] = [{ type: index, ...change }];
    const changed = this.#rerun(changes);
    if (changed === undefined) return undefined;
    const others = takenOf(changed.observation, index);
    const savedBytes = this.#savedRuns(changed.observation);
    const restored = new Set<string>();
    const result = { packets: 0, kept: false, firstLost: undefined as string | undefined };
    for (const [key, { restored: before }] of taken) {
      const after = others.get(key)?.restored;
      if (after === undefined) continue;
      result.packets += 1;
      if (overlaps(leaf, before.bytes, after.bytes)) result.kept = true;
      else result.firstLost ??= key;
      for (const other of type.leaves)
        if (other.skipped === undefined && overlaps(other, before.bytes, after.bytes)) restored.add(other.name);
    }
    const saved = [...taken.keys()].map((key) => savedBytes.get(key) ?? []).find((runs) => runs.length > 0) ?? [];
    return { ...result, saved, restored: [...restored] };
  }

  /** Saved bytes that differ from the reference's, by packet. */
  #savedRuns(changed: Observation): ReadonlyMap<string, ContextField['saved']> {
    const pairs = pairsOf(firstSaves(this.#reference), firstSaves(changed));
    return new Map(pairs.map(([record, other]) => [keyOf(record), differingRuns(record.bytes, other.bytes)]));
  }

  /** The restore callback dropped what reached the record, the save callback what did not. */
  #place({ saved, firstLost }: Attempt): Pick<ContextField, 'lost'> {
    const isPacket = (each: { readonly channel: number; readonly packet: number }): boolean =>
      keyOf(each) === firstLost;
    const record = firstSaves(this.#reference).find(isPacket);
    const restored = this.#reference.restored.find(isPacket);
    const at = saved.length === 0 ? (record ?? restored) : (restored ?? record);
    if (at === undefined) return {};
    const { channel, packet, location } = at;
    return { lost: { channel, packet, pass: at === record ? 'write' : 'restore', location } };
  }
}
