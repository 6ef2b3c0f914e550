/** Why and where the debugged run stands: one line above everything that follows it. */
import { Icon } from '../icons.js';
import type { Store } from '../store.js';
import { bufferText, lineText, whereText } from './eventRows.js';

export function PausedBar({ store }: { readonly store: Store }) {
  const debugging = store.debugging.value;
  if (debugging === null) return null;
  const { at, isPaused, known } = debugging;
  const line = lineText(at);
  const bytes = bufferText(at);
  return (
    <div class={`paused ${isPaused ? '' : 'going-on'}`} role="group" aria-label="Debugging">
      <Icon name={isPaused ? 'debug-stackframe' : 'debug-alt'} />
      <span class="paused-text">
        <b>{isPaused ? at.reason : 'Running'}</b>
        {isPaused && (
          <span>
            {whereText(
              at,
              known.events.some(({ channel }) => (channel ?? 0) > 0),
            )}
          </span>
        )}
        {isPaused && line !== null && (
          <button
            type="button"
            class="link"
            title={`Open ${at.location?.file}:${at.location?.line}`}
            onClick={() => at.location && store.openDebugged(at.location)}
          >
            {line}
          </button>
        )}
        {isPaused && bytes !== null && <span>{bytes}</span>}
      </span>
      {at.shown === null && <span class="dim">{at.run} has no report yet</span>}
    </div>
  );
}
