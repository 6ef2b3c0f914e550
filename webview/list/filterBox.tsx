/** The filter over the packet list, with what is wrong in it and what it can say. */
import { useRef, useState } from 'preact/hooks';
import { count } from '../format.js';
import { Icon } from '../icons.js';
import type { Store } from '../store.js';
import { keyHelp } from './filterParser.js';
import type { ListModel } from './listModel.js';

export function FilterBox({ store, model }: { readonly store: Store; readonly model: ListModel }) {
  const input = useRef<HTMLInputElement>(null);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const { errors } = model.filter.value;
  const text = store.filter.value;

  function setText(value: string): void {
    store.filter.value = value;
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'Escape' && isHelpOpen) {
      setHelpOpen(false);
      input.current?.focus();
    } else if (event.key === 'Escape' && text !== '') setText('');
    else if (event.key === 'ArrowDown' || (event.key === 'Escape' && text === '')) {
      document.querySelector<HTMLElement>('.grid [data-region-start]')?.focus();
    } else return;
    event.preventDefault();
  }

  function onFocusOut(event: FocusEvent & { currentTarget: HTMLElement }): void {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setHelpOpen(false);
  }

  return (
    <div class="filter" role="search" aria-label="Filter packets" onKeyDown={onKeyDown} onFocusOut={onFocusOut}>
      <div class={`filter-box ${errors.length > 0 ? 'invalid' : ''}`}>
        <Icon name="filter" />
        <input
          class="filter-text"
          ref={input}
          type="text"
          spellcheck={false}
          autocomplete="off"
          value={text}
          placeholder="Filter (e.g. size:>512 state:queued)"
          aria-label="Filter packets"
          aria-invalid={errors.length > 0}
          aria-describedby="filter-feedback"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <FilterCount store={store} model={model} />
        {text !== '' && (
          <button
            type="button"
            class="tool"
            title="Clear filter (Escape)"
            aria-label="Clear filter"
            onClick={() => {
              setText('');
              input.current?.focus();
            }}
          >
            <Icon name="close" />
          </button>
        )}
        <button
          type="button"
          class="tool"
          title="What a filter can say"
          aria-label="What a filter can say"
          aria-expanded={isHelpOpen}
          onClick={() => setHelpOpen(!isHelpOpen)}
        >
          <Icon name="question" />
        </button>
      </div>
      <div id="filter-feedback" class={errors.length > 0 && !isHelpOpen ? 'filter-feedback' : 'hidden'}>
        {errors.map(({ term, message }) => (
          <p key={term}>
            <Icon name="error" class="severity-error" /> <code>{term}</code> left out: {message}
          </p>
        ))}
      </div>
      {isHelpOpen && (
        <FilterHelp
          onChoose={(key) => {
            setHelpOpen(false);
            setText(`${text}${text === '' || text.endsWith(' ') ? '' : ' '}${key}:`);
            input.current?.focus();
          }}
        />
      )}
    </div>
  );
}

function FilterCount({ store, model }: { readonly store: Store; readonly model: ListModel }) {
  const arrangement = model.rows.value?.arrangement;
  if (!arrangement || store.filter.value.trim() === '') return null;
  return (
    <span class="filter-count">
      {count(arrangement.figures.count)} of {count(arrangement.facts.columns.count)}
    </span>
  );
}

function FilterHelp({ onChoose }: { readonly onChoose: (key: string) => void }) {
  return (
    <div class="filter-help" role="group" aria-label="What a filter can say" tabIndex={-1}>
      <p>
        Words are searched in kind, type, rules and statuses. Terms must all hold; <code>-</code> before one turns it
        round, <code>,</code> between values means or.
      </p>
      <ul>
        {Object.entries(keyHelp).map(([key, help]) => (
          <li key={key}>
            <button type="button" class="link" onClick={() => onChoose(key)}>
              {key}:
            </button>
            <span>{help}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function GroupToggle({ store }: { readonly store: Store }) {
  return (
    <button
      type="button"
      class="tool"
      aria-pressed={store.grouped.value}
      title="Group by kind"
      aria-label="Group by kind"
      onClick={() => {
        store.grouped.value = !store.grouped.value;
      }}
    >
      <Icon name="group-by-ref-type" />
    </button>
  );
}
