/** Records that two variants saved with different bytes. */
import type { ByteRun, RecordDifference } from '../kmcl/differences.js';
import { NONE } from '../kmcl/layout.js';
import type { Range, WrittenRecord } from '../kmcl/vary.js';
import { type Observation, WRITE_WINDOW } from '../kmcl/vary.js';

/** Records whose bytes a comparison keeps; of a run that saves more, those behind are compared by hash. */
export const KEPT_RECORDS = 10_000;
export const FIRST_RECORDS: Range = { from: 0, to: KEPT_RECORDS };
/** Differences told of one place: the rest adds nothing. */
const MOST_AT_ONE_PLACE = 100;

/** A record by its place in the test, whatever the order in which variants save. */
function keysOf(records: readonly WrittenRecord[]): readonly string[] {
  const unnamed = new Map<string, number>();
  return records.map(({ channel, save, packet }) => {
    if (packet !== NONE) return `${channel}.${save}.${packet}`;
    const key = `${channel}.${save}`;
    const number = unnamed.get(key) ?? 0;
    unnamed.set(key, number + 1);
    return `${key}#${number}`;
  });
}

/** Runs of bytes that differ; what only one of them has differs. */
export function differingRuns(a: Uint8Array, b: Uint8Array): readonly ByteRun[] {
  const runs: { offset: number; length: number }[] = [];
  const size = Math.max(a.length, b.length);
  for (let at = 0; at < size; at += 1) {
    if (a[at] === b[at]) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.offset + last.length === at) last.length += 1;
    else runs.push({ offset: at, length: 1 });
  }
  return runs;
}

/** Pairs of the same record in both, in the first one's order. */
export function pairsOf(
  a: readonly WrittenRecord[],
  b: readonly WrittenRecord[],
): readonly (readonly [WrittenRecord, WrittenRecord])[] {
  const keys = keysOf(b);
  const others = new Map(b.map((record, index) => [keys[index], record]));
  return keysOf(a).flatMap((key, index) => {
    const [record, other] = [a[index], others.get(key)];
    return record === undefined || other === undefined ? [] : [[record, other] as const];
  });
}

/** Collects what several variants show of the records of one reference. */
export class RecordDifferences {
  readonly #on: RecordDifference['on'];
  /** Bytes that are told by it are not told again. */
  readonly #known: RecordDifferences | undefined;
  readonly #found = new Map<WrittenRecord, RecordDifference>();
  readonly #places = new Map<string, number>();

  constructor(on: RecordDifference['on'], known?: RecordDifferences) {
    this.#on = on;
    this.#known = known;
  }

  get all(): readonly RecordDifference[] {
    return [...this.#found.values()];
  }

  of(record: WrittenRecord): RecordDifference | undefined {
    return this.#found.get(record);
  }

  /** Compares records of the reference with another variant's; `isTold` leaves out those that show nothing. */
  add(
    reference: readonly WrittenRecord[],
    other: readonly WrittenRecord[],
    isTold: (record: WrittenRecord) => boolean = () => true,
  ): void {
    for (const [record, changed] of pairsOf(reference, other)) {
      const known = this.#known?.of(record)?.runs ?? [];
      const runs = isTold(record) ? without(differingRuns(record.bytes, changed.bytes), known) : [];
      if (runs.length > 0) this.#add(record, runs);
    }
  }

  #add(record: WrittenRecord, runs: readonly ByteRun[]): void {
    const earlier = this.#found.get(record);
    const place = `${record.channel} ${record.location}`;
    const count = this.#places.get(place) ?? 0;
    if (earlier === undefined && count >= MOST_AT_ONE_PLACE) return;
    if (earlier === undefined) this.#places.set(place, count + 1);
    this.#found.set(record, {
      on: this.#on,
      channel: record.channel,
      packet: record.packet === NONE ? null : record.packet,
      save: record.save,
      location: record.location,
      size: record.bytes.length,
      runs: earlier === undefined ? runs : united(earlier.runs, runs),
    });
  }
}

/** Bytes of `runs` that are in none of `others`. */
function without(runs: readonly ByteRun[], others: readonly ByteRun[]): readonly ByteRun[] {
  return others.reduce<readonly ByteRun[]>(
    (left, other) =>
      left.flatMap(({ offset, length }) => {
        const end = offset + length;
        const before = { offset, length: Math.min(end, other.offset) - offset };
        const from = Math.max(offset, other.offset + other.length);
        return [before, { offset: from, length: end - from }].filter((part) => part.length > 0);
      }),
    runs,
  );
}

function united(a: readonly ByteRun[], b: readonly ByteRun[]): readonly ByteRun[] {
  const all: { offset: number; length: number }[] = [];
  for (const run of [...a, ...b].sort((x, y) => x.offset - y.offset)) {
    const last = all.at(-1);
    if (last !== undefined && run.offset <= last.offset + last.length)
      last.length = Math.max(last.length, run.offset + run.length - last.offset);
    else all.push({ ...run });
  }
  return all;
}

/** Where records behind those that were kept differ first; undefined when none does. */
export function laterRange(a: Observation, b: Observation): Range | undefined {
  const kept = Math.floor(KEPT_RECORDS / WRITE_WINDOW);
  const common = Math.min(a.windows.length, b.windows.length);
  for (let window = kept; window < common; window += 1) {
    if (a.windows[window] !== b.windows[window])
      return { from: window * WRITE_WINDOW, to: (window + 1) * WRITE_WINDOW };
  }
  return undefined;
}
