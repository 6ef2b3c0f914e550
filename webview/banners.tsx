/** What went wrong, where it is looked for: above the figures it concerns. */
import { plural } from './format.js';
import { Icon } from './icons.js';
import type { Store } from './store.js';

export function Banners({ store }: { readonly store: Store }) {
  return (
    <>
      <Problems store={store} />
      <Failure store={store} />
    </>
  );
}

/** Does not compile: what is below is older. */
function Problems({ store }: { readonly store: Store }) {
  const problems = store.driver.value?.problems ?? [];
  const [first] = problems;
  if (first === undefined) return null;
  const more = problems.length - 1;
  const hasFigures = (store.run.value?.channels.length ?? 0) > 0;
  return (
    <div class="banner banner-error" role="group" aria-label="Compile errors">
      <Icon name="error" label="error" class="severity-error" />
      <span class="banner-text">
        Does not compile:{' '}
        <button type="button" class="link" onClick={() => store.openSource(first)}>
          {first.file}:{first.line}:{first.column}
        </button>{' '}
        {first.message}
        {more > 0 && ` (and ${plural(more, 'more error')})`}
        {hasFigures && <b class="mark-old"> Figures below are of the last source that did.</b>}
      </span>
    </div>
  );
}

/** A call of the page that failed: said here, until dismissed. */
function Failure({ store }: { readonly store: Store }) {
  if (store.failure.value === '') return null;
  return (
    <div class="banner banner-warning" role="alert">
      <Icon name="warning" label="warning" class="severity-warning" />
      <span class="banner-text">{store.failure.value}</span>
      <button
        type="button"
        class="tool"
        aria-label="Dismiss"
        title="Dismiss"
        onClick={() => {
          store.failure.value = '';
        }}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}
