/**
 * Which records lie where in what a packet saved: the stores that wrote its bytes tell where, the places in the source
 * they came from tell which record.
 */
import { LIBRARY_FRAME } from '../kmcl/layout.js';
import type { StoreRuns } from '../kmcl/simulation.js';
import type { RecordUse, TypeId, TypeInfo } from '../toolchain/module.js';
import { openEnd, type Piece, recordAt } from './recordLayout.js';
import { type StoreRun, storeRunsOf } from './writers.js';

/** A record is said to begin at `base`, at least `extent` bytes of it. */
interface Claim {
  readonly type: TypeId;
  readonly base: number;
  readonly extent: number;
}

type Evidence =
  | { readonly kind: 'write'; readonly type: TypeId; readonly offset: number }
  | { readonly kind: 'copy'; readonly type: TypeId };

/** Records in one packet beyond which nothing is gained by naming them. */
const MOST_PIECES = 64;

export class RecordClaims {
  readonly #types: readonly TypeInfo[];
  readonly #stores: StoreRuns;
  readonly #uses = new Map<number, RecordUse[]>();
  readonly #evidence: (readonly Evidence[] | undefined)[] = [];
  /** One id for the same record declared in several units. */
  readonly #canonical = new Map<string, TypeId>();

  constructor(types: readonly TypeInfo[], uses: readonly RecordUse[], stores: StoreRuns) {
    this.#types = types;
    this.#stores = stores;
    for (const use of uses) {
      const known = this.#uses.get(use.location);
      if (known === undefined) this.#uses.set(use.location, [use]);
      else known.push(use);
    }
  }

  /** Records of `size` bytes saved as record `record`, by base; none where nothing is known. */
  piecesOf(record: number, size: number): readonly Piece[] {
    const claims = new Map<string, Claim>();
    for (const run of storeRunsOf(this.#stores, record) ?? []) {
      for (const claim of this.#claimsOf(run)) {
        if (claim.base < 0 || claim.base >= size) continue;
        const key = `${claim.type} ${claim.base}`;
        const known = claims.get(key);
        if (known === undefined || known.extent < claim.extent) claims.set(key, claim);
      }
    }
    const chosen = this.#chosen([...claims.values()]);
    return chosen.length > MOST_PIECES ? [] : this.#joined(chosen);
  }

  #claimsOf({ stack, storeOffset, storeSize }: StoreRun): readonly Claim[] {
    return this.#evidenceOf(stack).flatMap((evidence) => {
      const type = this.#idOf(evidence.type);
      const size = recordAt(this.#types, type)?.size ?? 0;
      if (size === 0) return [];
      if (evidence.kind === 'write')
        return [{ type, base: storeOffset - evidence.offset, extent: this.#extentOf(type) }];
      const count = storeSize % size === 0 ? Math.min(storeSize / size, MOST_PIECES + 1) : 1;
      const extent = Math.min(storeSize, size);
      return Array.from({ length: count }, (_, index) => ({ type, base: storeOffset + index * size, extent }));
    });
  }

  #evidenceOf(stack: number): readonly Evidence[] {
    const known = this.#evidence[stack];
    if (known !== undefined) return known;
    const found = this.#readEvidence(this.#stores.stacks[stack] ?? []);
    this.#evidence[stack] = found;
    return found;
  }

  /** Of the store's own place; of a copy made for a caller, what that caller handed in. */
  #readEvidence(frames: readonly number[]): readonly Evidence[] {
    const own = this.#usesAt(frames.at(-1));
    const written = own.filter((use) => use.kind === 'write' || use.kind === 'copy');
    const relayed = own.find((use) => use.kind === 'relay');
    const copied =
      written.some(({ kind }) => kind === 'copy') || relayed === undefined
        ? undefined
        : this.#handedIn(frames, relayed.parameter);
    return copied === undefined ? written : [...written, { kind: 'copy', type: copied }];
  }

  /** The record that the innermost function's parameter points to, as its callers have it. */
  #handedIn(frames: readonly number[], parameter: number): TypeId | undefined {
    let argument = parameter;
    for (const frame of frames.slice(0, -1).reverse()) {
      if ((frame & LIBRARY_FRAME) !== 0) return undefined;
      const uses = this.#usesAt(frame);
      const passed = uses.find((use) => use.kind === 'pass' && use.argument === argument);
      if (passed?.kind === 'pass') return passed.type;
      const handed = uses.find((use) => use.kind === 'hand' && use.argument === argument);
      if (handed?.kind !== 'hand') return undefined;
      argument = handed.parameter;
    }
    return undefined;
  }

  #usesAt(frame: number | undefined): readonly RecordUse[] {
    return this.#uses.get(frame ?? 0) ?? [];
  }

  #idOf(type: TypeId): TypeId {
    const record = recordAt(this.#types, type);
    const key = `${record?.name ?? ''} ${record?.size ?? 0} ${record?.fields.map(({ name }) => name).join(' ') ?? ''}`;
    const known = this.#canonical.get(key);
    if (known === undefined) this.#canonical.set(key, type);
    return known ?? type;
  }

  /** Bytes that are surely the record's own: in an array that goes on other records may lie. */
  #extentOf(type: TypeId): number {
    const record = recordAt(this.#types, type);
    const open = record === undefined ? undefined : openEnd(this.#types, record);
    return open === undefined ? (record?.size ?? 0) : Math.max(1, open.offset);
  }

  /** The outermost records: a member's record lies in its owner's. A union is what lies in it if that is known. */
  #chosen(claims: readonly Claim[]): readonly Claim[] {
    const isUnion = ({ type }: Claim): boolean => recordAt(this.#types, type)?.union === true;
    const ranked = claims.toSorted(
      (a, b) => Number(isUnion(a)) - Number(isUnion(b)) || b.extent - a.extent || a.base - b.base,
    );
    const chosen: Claim[] = [];
    for (const claim of ranked) {
      const free = chosen.every(
        (other) => claim.base + claim.extent <= other.base || claim.base >= other.base + other.extent,
      );
      if (free) chosen.push(claim);
    }
    return chosen.sort((a, b) => a.base - b.base);
  }

  /** Equal records side by side are one piece; elements of the array that a record ends in are part of it. */
  #joined(claims: readonly Claim[]): readonly Piece[] {
    const pieces: { type: TypeId; base: number; count: number; extent: number }[] = [];
    for (const { type, base, extent } of claims) {
      const last = pieces.at(-1);
      const size = recordAt(this.#types, type)?.size ?? 0;
      if (last !== undefined && last.type === type && last.extent === size && base === last.base + last.count * size) {
        last.count += 1;
      } else if (last !== undefined && last.count === 1 && this.#goesOn(last.type, type, base - last.base)) {
        last.extent = base - last.base + extent;
      } else {
        pieces.push({ type, base, count: 1, extent });
      }
    }
    return pieces;
  }

  #goesOn(owner: TypeId, element: TypeId, offset: number): boolean {
    const record = recordAt(this.#types, owner);
    const open = record === undefined ? undefined : openEnd(this.#types, record);
    return (
      open !== undefined &&
      recordAt(this.#types, open.array.element) === recordAt(this.#types, element) &&
      (offset - open.offset) % open.elementSize === 0
    );
  }
}
