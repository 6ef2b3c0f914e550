/** SaveBuf of the callback that runs: what is in it, and which line wrote it. */

import { hexByte } from '../detail/text.js';
import { baseName } from '../findings.js';
import { plural } from '../format.js';
import type { PausedBuffer as Buffer, Paused } from '../protocol.js';
import type { Store } from '../store.js';
import { passText } from './eventRows.js';

/** Bytes of one line; runs shown. */
const BYTES = 16;
const LINES = 64;

export function PausedBuffer({ store }: { readonly store: Store }) {
  const at = store.debugging.value?.at;
  if (at === undefined || at.buffer === null) return null;
  return <Shown store={store} at={at} buffer={at.buffer} />;
}

interface ShownProps {
  readonly store: Store;
  readonly at: Paused;
  readonly buffer: Buffer;
}

function Shown({ store, at, buffer }: ShownProps) {
  const { size, written, bytes, runs } = buffer;
  const isRead = written === null;
  const title = at.pass === null ? 'SaveBuf now' : `SaveBuf now, ${passText(at.pass)}`;
  return (
    <section class="paused-buffer" aria-label="SaveBuf now">
      <div class="paused-buffer-head">
        <h3>{title}</h3>
        <span class="dim">
          {isRead ? `${plural(size, 'byte')} saved` : `${written} of ${plural(size, 'byte')} written`}
        </span>
        {isRead ? null : <meter min={0} max={size} value={written} aria-label="Bytes written" />}
      </div>
      <table>
        <thead class="hidden">
          <tr>
            <th scope="col">Offset</th>
            <th scope="col">{isRead ? 'From' : 'Written by'}</th>
            <th scope="col">Bytes</th>
          </tr>
        </thead>
        <tbody>
          {runs.slice(0, LINES).map(({ offset, length, place }) => (
            <tr key={offset} class={place === null && !isRead ? 'unwritten' : ''}>
              <th scope="row">{length === 1 ? offset : `${offset}–${offset + length - 1}`}</th>
              <td>
                {place === null ? (
                  <span class="dim">{isRead ? 'saved before' : 'not written yet'}</span>
                ) : (
                  <button
                    type="button"
                    class="link"
                    title={`Open ${place.file}:${place.line}, ${place.function}`}
                    onClick={() => store.openDebugged(place)}
                  >
                    {baseName(place.file)}:{place.line}
                  </button>
                )}
              </td>
              <td class="number">{hexText(bytes, offset, length)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {runs.length > LINES ? <p class="dim">{plural(runs.length - LINES, 'more piece')}</p> : null}
    </section>
  );
}

function hexText(bytes: Uint8Array, offset: number, length: number): string {
  const shown = [...bytes.subarray(offset, offset + Math.min(length, BYTES))].map(hexByte).join(' ');
  return length > BYTES ? `${shown} …` : shown;
}
