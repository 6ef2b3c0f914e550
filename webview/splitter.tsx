/** The bar between list and detail pane: dragged, or moved by arrow keys. */
import { useRef } from 'preact/hooks';
import type { Store } from './store.js';

const least = 0.15;
const most = 0.85;
const keyStep = 0.02;
const start = 0.42;

const clamp = (share: number): number => Math.min(most, Math.max(least, share));

export function Splitter({ store, beside }: { readonly store: Store; readonly beside: boolean }) {
  const bar = useRef<HTMLDivElement>(null);

  function onPointerDown(event: PointerEvent): void {
    if (event.button !== 0 || bar.current === null) return;
    event.preventDefault();
    bar.current.setPointerCapture(event.pointerId);
  }

  function onPointerMove(event: PointerEvent): void {
    const parent = bar.current?.parentElement;
    if (!parent || !bar.current?.hasPointerCapture(event.pointerId)) return;
    const { left, top, width, height } = parent.getBoundingClientRect();
    store.split.value = clamp(beside ? 1 - (event.clientX - left) / width : 1 - (event.clientY - top) / height);
  }

  /** An arrow moves the bar its own way: left and up make the detail pane larger. */
  function onKeyDown(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, number>> = beside
      ? { ArrowLeft: keyStep, ArrowRight: -keyStep, Home: 1, End: -1 }
      : { ArrowUp: keyStep, ArrowDown: -keyStep, Home: 1, End: -1 };
    const move = moves[event.key];
    if (move !== undefined) store.split.value = clamp(store.split.value + move);
    else if (event.key === 'Enter') store.split.value = start;
    else return;
    event.preventDefault();
  }

  return (
    <div
      class="splitter"
      ref={bar}
      role="separator"
      tabIndex={0}
      aria-label="Resize the packet's pane"
      aria-orientation={beside ? 'vertical' : 'horizontal'}
      aria-valuemin={least * 100}
      aria-valuemax={most * 100}
      aria-valuenow={Math.round(store.split.value * 100)}
      aria-valuetext={`${Math.round(store.split.value * 100)} % for the packet`}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onDblClick={() => {
        store.split.value = start;
      }}
      onKeyDown={onKeyDown}
    />
  );
}
