/**
 * Replies on their way through a pipe between processes, where columns cannot be handed over: large ones travel in
 * pieces, each small enough that the host never works on one for long.
 */
import type { EngineReply } from './engineProtocol.js';

/** Columns of fewer bytes stay in their message. */
const LARGE = 1 << 16;
/** Reading one takes the host a millisecond or two. */
const PIECE = 1 << 20;

const COLUMNS = { Uint8Array, Uint16Array, Uint32Array } as const;
type Column = Uint8Array | Uint16Array | Uint32Array;
type ColumnKind = keyof typeof COLUMNS;

/** Stands in a message where a large column stood: the next one that was begun. */
interface Stand {
  readonly vspLabColumn: number;
}

/** What goes through the pipe: the columns of a reply first, then the reply. */
export type PipeMessage =
  | { readonly kind: 'column'; readonly type: ColumnKind; readonly bytes: number }
  /** The next bytes of the column begun last. */
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | { readonly kind: 'reply'; readonly reply: unknown };

/** The messages one reply travels in. */
export function* toPipe(reply: EngineReply): Generator<PipeMessage> {
  const large: Column[] = [];
  const light = replaceColumns(reply, large);
  for (const column of large) {
    yield { kind: 'column', type: kindOf(column), bytes: column.byteLength };
    for (let at = 0; at < column.byteLength; at += PIECE) {
      const length = Math.min(PIECE, column.byteLength - at);
      yield { kind: 'piece', bytes: new Uint8Array(column.buffer, column.byteOffset + at, length) };
    }
  }
  yield { kind: 'reply', reply: light };
}

function replaceColumns(value: unknown, large: Column[]): unknown {
  if (isColumn(value)) {
    if (value.byteLength < LARGE) return value;
    return { vspLabColumn: large.push(value) - 1 } satisfies Stand;
  }
  if (Array.isArray(value)) return value.map((item) => replaceColumns(item, large));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, replaceColumns(item, large)]));
}

function isColumn(value: unknown): value is Column {
  return value instanceof Uint8Array || value instanceof Uint16Array || value instanceof Uint32Array;
}

function kindOf(column: Column): ColumnKind {
  return column instanceof Uint8Array ? 'Uint8Array' : column instanceof Uint16Array ? 'Uint16Array' : 'Uint32Array';
}

/** Puts replies together again, in the order of their messages. */
export class PipeReader {
  #columns: { readonly column: Column; filled: number }[] = [];

  /** A reply that is complete now. */
  take(message: PipeMessage): EngineReply | undefined {
    switch (message.kind) {
      case 'column': {
        const Type = COLUMNS[message.type];
        this.#columns.push({ column: new Type(message.bytes / Type.BYTES_PER_ELEMENT), filled: 0 });
        return undefined;
      }
      case 'piece': {
        const last = this.#columns.at(-1);
        if (last === undefined) throw new Error('a piece of no column');
        new Uint8Array(last.column.buffer).set(message.bytes, last.filled);
        last.filled += message.bytes.length;
        return undefined;
      }
      case 'reply': {
        const columns = this.#columns.map(({ column }) => column);
        this.#columns = [];
        return restoreColumns(message.reply, columns) as EngineReply;
      }
    }
  }
}

function restoreColumns(value: unknown, columns: readonly Column[]): unknown {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) return value.map((item) => restoreColumns(item, columns));
  if ('vspLabColumn' in value) return columns[(value as Stand).vspLabColumn];
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, restoreColumns(item, columns)]));
}
