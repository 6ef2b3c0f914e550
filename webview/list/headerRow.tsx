/** The list's headings: each sorts by its column, and again the other way round. */
import { useRef, useState } from 'preact/hooks';
import { bytes } from '../format.js';
import { Icon } from '../icons.js';
import type { SortColumn } from '../savedState.js';
import type { Store } from '../store.js';
import { listColumns } from './columnsOfList.js';

export interface HeaderRowProps {
  readonly store: Store;
  /** Bytes that a bar of full width stands for. */
  readonly scale: number;
  /** The keyboard goes down into the rows. */
  readonly onLeave: () => void;
}

export function HeaderRow({ store, scale, onLeave }: HeaderRowProps) {
  const row = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<SortColumn>('index');
  const { column, descending } = store.sort.value;

  function onKeyDown(event: KeyboardEvent): void {
    // A narrow list hides some.
    const shown = Array.from(row.current?.querySelectorAll<HTMLElement>('button') ?? []).filter(
      (button) => button.offsetParent !== null,
    );
    const at = shown.indexOf(document.activeElement as HTMLElement);
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: Math.min(at + 1, shown.length - 1),
      ArrowLeft: Math.max(at - 1, 0),
      Home: 0,
      End: shown.length - 1,
    };
    const next = shown[moves[event.key] ?? -1];
    if (next) next.focus();
    else if (event.key === 'ArrowDown') onLeave();
    else return;
    event.preventDefault();
  }

  return (
    <div class="header-row" role="rowgroup">
      <div class="row-cells" role="row" aria-rowindex={1} ref={row} onKeyDown={onKeyDown} tabIndex={-1}>
        {listColumns.map(({ id, label, title }, index) => (
          <span
            key={id}
            class={`cell c-${id}`}
            role="columnheader"
            aria-colindex={index + 1}
            aria-sort={column === id ? (descending ? 'descending' : 'ascending') : 'none'}
          >
            <button
              type="button"
              tabIndex={id === active ? 0 : -1}
              title={`${title}. Sort`}
              onFocus={() => setActive(id)}
              onClick={() => {
                store.sort.value = { column: id, descending: column === id && !descending };
              }}
            >
              <span class="heading">{label}</span>
              {id === 'needed' && <span class="scale">{bytes(scale)}</span>}
              {column === id && <Icon name={descending ? 'triangle-down' : 'triangle-up'} />}
            </button>
          </span>
        ))}
      </div>
    </div>
  );
}
