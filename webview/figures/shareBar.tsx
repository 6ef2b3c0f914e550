/** Saved bytes by what they are for, as one bar with its legend; the figures tab has them as a table. */
import { bytes, share } from '../format.js';
import type { Store } from '../store.js';
import { type FieldBytes, type Share, shares } from './fieldBytes.js';

export const shareNames: Readonly<Record<Share, { readonly label: string; readonly title: string }>> = {
  header: { label: 'header', title: 'The members a record begins with to say what it is' },
  field: { label: 'fields', title: "The records' other members" },
  padding: { label: 'padding', title: 'Bytes between members, and behind the last' },
  tail: { label: 'tail', title: 'What packets save beyond their record' },
  unknown: { label: 'no type', title: 'Of packets whose record could not be told' },
};

export function ShareBar({ store, fields }: { readonly store: Store; readonly fields: FieldBytes }) {
  const shown = shares.filter((each) => fields.byShare[each] > 0);
  return (
    <button
      type="button"
      class="share"
      title="Show bytes by field as a table"
      onClick={() => {
        store.tab.value = 'figures';
      }}
    >
      <span class="share-bar" aria-hidden="true">
        {shown.map((each) => (
          <span
            key={each}
            class={`share-part share-${each}`}
            style={{ flexGrow: String(fields.byShare[each]) }}
            title={`${shareNames[each].label}: ${bytes(fields.byShare[each])}, ${share(fields.byShare[each], fields.total)}`}
          />
        ))}
      </span>
      <span class="hidden">Bytes by field</span>
      <span class="share-legend">
        {shown.map((each) => (
          <span key={each} class="share-entry" title={shareNames[each].title}>
            <span class={`share-swatch share-${each}`} />
            {shareNames[each].label} <span class="dim">{bytes(fields.byShare[each])}</span>
          </span>
        ))}
      </span>
    </button>
  );
}
