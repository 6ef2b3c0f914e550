/** What the driver printed, each line with the place it was printed from. */
import type { Store } from './store.js';

export function OutputList({ store }: { readonly store: Store }) {
  const lines = store.run.value?.output ?? [];
  return (
    <ul class="output" aria-label="What the driver printed">
      {lines.map(({ text, location }, index) => (
        <li key={index}>
          <span class="output-text">{text}</span>
          {location && (
            <button type="button" class="link" disabled={!store.source.live} onClick={() => store.openSource(location)}>
              {location.file}:{location.line}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
