/** The records of a run's packets: each layout once, packets by index. */
import type { TypeId, TypeInfo } from '../toolchain/module.js';
import type { RecordClaims } from './recordClaims.js';
import { layoutOf, openEnd, type Piece, recordAt } from './recordLayout.js';
import type { RecordLayout } from './report.js';

/** Layouts of one run: a driver has a few, one whose records cannot be told apart must not have a million. */
const MOST_LAYOUTS = 256;
/** Of an array that goes on. */
const MOST_BYTES = 65_536;

/** Packets whose records lie alike, sizes of what goes on at the end aside. */
interface Shape {
  readonly pieces: readonly Piece[];
  /** Most records of the last piece, and most bytes of it. */
  count: number;
  extent: number;
}

export class PacketLayouts {
  readonly #types: readonly TypeInfo[];
  readonly #shapes = new Map<string, number>();
  readonly #list: Shape[] = [];
  readonly #byRecord: (number | undefined)[] = [];
  /** By completion routine: the shape that all its packets have; null when they differ. */
  readonly #byKind = new Map<number, number | null>();

  constructor(types: readonly TypeInfo[]) {
    this.#types = types;
  }

  /** Takes notice of a packet whose stores were noted. */
  add(claims: RecordClaims, record: number, kind: number, size: number): void {
    if (size === 0) return;
    const shape = this.#shapeOf(this.#settled(claims.piecesOf(record, size), size));
    this.#byRecord[record] = shape;
    const known = this.#byKind.get(kind);
    this.#byKind.set(kind, known === undefined || known === shape ? (shape ?? null) : null);
  }

  /** Index of the layout of a packet that saved something. Of those nobody looked at: that of all others of their kind. */
  readonly of = (record: number, kind: number): number | undefined =>
    this.#byRecord[record] ?? (record < this.#byRecord.length ? undefined : (this.#byKind.get(kind) ?? undefined));

  get list(): readonly RecordLayout[] {
    return this.#list.map(({ pieces, count, extent }) =>
      layoutOf(
        this.#types,
        pieces.map((piece, index) => (index === pieces.length - 1 ? { ...piece, count, extent } : piece)),
      ),
    );
  }

  /** How far each record reaches: up to the next one, the last as far as it is known to. */
  #settled(pieces: readonly Piece[], size: number): readonly Piece[] {
    return pieces.map((piece, index) => {
      const next = pieces[index + 1];
      return next === undefined
        ? { ...piece, extent: this.#reach(piece, size) }
        : { ...piece, extent: Math.min(piece.extent, next.base - piece.base) };
    });
  }

  /** Of the last record: whole unless something unknown follows its first bytes, more than whole if it goes on. */
  #reach({ type, base, count, extent }: Piece, size: number): number {
    const whole = recordAt(this.#types, type)?.size ?? 0;
    if (count > 1) return whole;
    if (this.#goesOn(type)) return Math.min(MOST_BYTES, Math.max(whole, size - base));
    return base + extent >= size ? whole : extent;
  }

  #goesOn(type: TypeId): boolean {
    const record = recordAt(this.#types, type);
    return record !== undefined && openEnd(this.#types, record) !== undefined;
  }

  #shapeOf(pieces: readonly Piece[]): number | undefined {
    const last = pieces.at(-1);
    if (last === undefined) return undefined;
    const end = last.count > 1 ? '*' : this.#goesOn(last.type) ? '+' : `:${last.extent}`;
    const before = pieces.slice(0, -1).map(({ type, base, count, extent }) => `${type}@${base}x${count}:${extent} `);
    const key = `${before.join('')}${last.type}@${last.base}${end}`;
    const known = this.#shapes.get(key);
    const shape = known === undefined ? undefined : this.#list[known];
    if (shape !== undefined) {
      shape.count = Math.max(shape.count, last.count);
      shape.extent = Math.max(shape.extent, last.extent);
      return known;
    }
    if (this.#list.length >= MOST_LAYOUTS) return undefined;
    this.#shapes.set(key, this.#list.length);
    return this.#list.push({ pieces, count: last.count, extent: last.extent }) - 1;
  }
}
