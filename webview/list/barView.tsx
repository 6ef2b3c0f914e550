/** A packet's bar, drawn. */
import type { BarParts } from './bar.js';

const percent = (part: number, scale: number): string => `${Math.min(100, (100 * part) / scale).toFixed(3)}%`;

/** `scale`: bytes that the full width stands for; what is longer is cut. */
export function Bar({ parts, scale }: { readonly parts: BarParts; readonly scale: number }) {
  const { needed, given, initialised, uninitialised, unread, state, library } = parts;
  const isCut = library > scale || (needed ?? 0) > scale;
  return (
    <span class="bar" aria-hidden="true">
      {given !== null && <span class="bar-given" style={{ width: percent(given, scale) }} />}
      {initialised > 0 && <span class="bar-written" style={{ width: percent(initialised, scale) }} />}
      {uninitialised > 0 && (
        <span
          class="bar-uninitialised"
          style={{ left: percent(initialised, scale), width: percent(uninitialised, scale) }}
        />
      )}
      {unread > 0 && (
        <span class="bar-unread" style={{ left: percent(state - unread, scale), width: percent(unread, scale) }} />
      )}
      {needed !== null && needed > 0 && <span class="bar-needed" style={{ left: percent(needed, scale) }} />}
      <span class={`bar-library ${isCut ? 'cut' : ''}`} style={{ width: percent(library, scale) }} />
    </span>
  );
}
