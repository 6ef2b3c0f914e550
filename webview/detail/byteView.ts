/** What grid, field table and status line share: the packet's bytes, the cursor in them, what is selected and hovered. */
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Store } from '../store.js';
import { type ByteModel, type Span, spanAt } from './byteModel.js';

export interface ByteView {
  readonly model: Signal<ByteModel | null>;
  /** The one cursor there is: also a finding's place and what a click in the list reveals. */
  readonly cursor: Signal<number | null>;
  /** The other end of the selection; null while only the cursor's byte is meant. */
  readonly anchor: Signal<number | null>;
  /** Bytes under the pointer, in the grid or as a field. */
  readonly hovered: Signal<Span | null>;
  /** Several bytes, or null. */
  readonly selection: ReadonlySignal<Span | null>;
  place(byte: number, extend: boolean): void;
  select(span: Span): void;
  hoverByte(byte: number | null): void;
}

export function createByteView({ byte: cursor }: Pick<Store, 'byte'>): ByteView {
  const model = signal<ByteModel | null>(null);
  const anchor = signal<number | null>(null);
  const hovered = signal<Span | null>(null);
  const selection = computed((): Span | null => {
    if (anchor.value === null || cursor.value === null || anchor.value === cursor.value) return null;
    return { start: Math.min(anchor.value, cursor.value), end: Math.max(anchor.value, cursor.value) + 1 };
  });
  return {
    model,
    cursor,
    anchor,
    hovered,
    selection,
    place(byte, extend) {
      anchor.value = extend ? (anchor.value ?? cursor.value) : null;
      cursor.value = byte;
    },
    select({ start, end }) {
      anchor.value = end - 1;
      cursor.value = start;
    },
    hoverByte(byte) {
      hovered.value = byte === null || model.value === null ? null : spanAt(model.value, byte);
    },
  };
}

/** What a copy takes: the selection, else everything. */
export function copied({ selection }: ByteView, model: ByteModel): Span {
  return selection.value ?? { start: 0, end: model.bytes.length };
}
