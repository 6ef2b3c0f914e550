/** The grid of bytes with its keys: cursor and selection go through `ByteView`, commands through the callbacks. */
import { effect } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { spokenByte } from './byteModel.js';
import type { ByteView } from './byteView.js';
import { moved } from './gridKeys.js';
import { HexGrid } from './hexGrid.js';

export interface HexPaneProps {
  readonly view: ByteView;
  readonly label: string;
  /** Of whom the bytes are: those of another packet start at their first row. */
  readonly packet: string;
  readonly grid: RefObject<HexGrid | null>;
  /** Opens the source line that wrote the byte. */
  open(byte: number): void;
  copyArray(): void;
  copyHex(): void;
  toField(byte: number): void;
  /** Says a byte to those who hear the page. */
  speak(text: string): void;
}

export function HexPane(props: HexPaneProps) {
  const { view, label, packet, grid } = props;
  const host = useRef<HTMLDivElement>(null);
  const calls = useRef(props);
  calls.current = props;
  const shown = useRef('');

  useEffect(() => {
    if (host.current === null) return undefined;
    const made = new HexGrid(host.current, {
      press: (byte, extend) => view.place(byte, extend),
      hover: (byte) => view.hoverByte(byte),
      open: (byte) => calls.current.open(byte),
    });
    grid.current = made;
    shown.current = '';
    const stop = effect(() => {
      const { value: cursor } = view.cursor;
      made.update({ cursor, selection: view.selection.value, hovered: view.hovered.value });
    });
    return () => {
      stop();
      made.dispose();
      grid.current = null;
    };
  }, [view, grid]);

  const model = view.model.value;
  useEffect(() => {
    if (model === null) return;
    grid.current?.show(model, shown.current === packet);
    if (shown.current !== packet && view.cursor.peek() !== null) grid.current?.reveal(view.cursor.peek() ?? 0);
    shown.current = packet;
  }, [model, packet, view, grid]);

  const pressed = (event: KeyboardEvent): void => {
    if (grid.current === null || model === null || event.altKey) return;
    if (command(event, calls.current)) event.preventDefault();
    else if (move(event, calls.current, grid.current)) event.preventDefault();
  };

  return (
    <div
      class={model?.map == null ? 'hex' : 'hex typed'}
      role="grid"
      aria-label={label}
      aria-multiselectable="true"
      aria-readonly="true"
      ref={host}
      onKeyDown={pressed}
      onFocusIn={() => {
        if (view.cursor.peek() === null && model !== null && model.bytes.length > 0) view.place(0, false);
      }}
    />
  );
}

/** Keys that do something with the bytes; true when it was one. */
function command(event: KeyboardEvent, { view, open, copyArray, copyHex, toField }: HexPaneProps): boolean {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const control = event.ctrlKey || event.metaKey;
  const byte = view.cursor.peek() ?? 0;
  if (control) {
    if (key === 'c') copyHex();
    else if (key === 'a') selectAll(view);
    else return false;
    return true;
  }
  if (key === 'Enter') open(byte);
  else if (key === 'c') copyArray();
  else if (key === 'f') toField(byte);
  else if (key === 'Escape' && view.anchor.peek() !== null) view.anchor.value = null;
  else return false;
  return true;
}

function selectAll(view: ByteView): void {
  const length = view.model.peek()?.bytes.length ?? 0;
  if (length > 0) view.select({ start: 0, end: length });
}

function move(event: KeyboardEvent, { view, speak }: HexPaneProps, grid: HexGrid): boolean {
  const model = view.model.peek();
  const key = { key: event.key, control: event.ctrlKey || event.metaKey };
  const to = model === null ? undefined : moved(view.cursor.peek() ?? 0, key, grid.shape);
  if (model === null || to === undefined) return false;
  view.place(to, event.shiftKey);
  const selection = view.selection.peek();
  speak(selection === null ? spokenByte(model, to) : `${selection.end - selection.start} bytes selected`);
  return true;
}
