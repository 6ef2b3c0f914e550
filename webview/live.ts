/** What the live region says: the outcome of a run or of a filter, in one sentence. */
import { effect } from '@preact/signals';
import type { PackedRun } from '../extension/core/run/reportPack.js';
import { count, plural } from './format.js';
import type { Arrangement } from './list/arrange.js';
import type { ListModel } from './list/listModel.js';
import type { Store } from './store.js';

/** Returns what ends it. */
export function announceResults(store: Store, model: ListModel): () => void {
  let told: Arrangement['facts'] | null = null;
  return effect(() => {
    const arrangement = model.rows.value?.arrangement;
    const run = store.run.peek();
    if (!arrangement || run === null || arrangement.facts !== model.facts.value) return;
    const text = resultText(arrangement, run);
    // A run that came to the same is told too: a space more makes it another text.
    const isRepeated = told !== arrangement.facts && store.announcement.peek() === text;
    told = arrangement.facts;
    store.announcement.value = isRepeated ? `${text}\u00a0` : text;
  });
}

/** `32 packets, 1,560 bytes, 2 findings`; with a filter `12 of 32 packets, 576 bytes`. */
export function resultText({ facts, figures }: Arrangement, run: PackedRun): string {
  const all = facts.columns.count;
  const sum = plural(figures.total, 'byte');
  if (figures.count < all) return `${count(figures.count)} of ${plural(all, 'packet')}, ${sum}`;
  const findings = run.findings.filter(({ suppressed }) => !suppressed).length;
  return `${plural(all, 'packet')}, ${sum}, ${plural(findings, 'finding')}`;
}
