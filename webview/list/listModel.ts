/** The list that is shown: kept up to date with what is selected, in slices short enough for typing to go on. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { type ChannelSummary, summarise } from '../figures/summary.js';
import type { Store } from '../store.js';
import { type Arrangement, type ArrangeOptions, arrange } from './arrange.js';
import { compileFilter } from './filter.js';
import { type Filter, parseFilter } from './filterParser.js';
import { type ChannelFacts, channelFacts } from './packetFacts.js';
import { Rows } from './rows.js';
import { atOnce, Superseded, slices, type Turn } from './turn.js';

export interface ListModel {
  readonly facts: ReadonlySignal<ChannelFacts | null>;
  readonly filter: ReadonlySignal<Filter>;
  /** Of the newest finished work: may lag behind the store by a few slices. */
  readonly rows: ReadonlySignal<Rows | null>;
  /** As above, for the overview. */
  readonly summary: ReadonlySignal<ChannelSummary | null>;
  readonly dispose: () => void;
}

/** Up to here all work of a change takes a frame at most. */
const fewPackets = 20_000;
const sliceMilliseconds = 10;

export function createListModel(store: Store): ListModel {
  const driverKey = computed(() => store.driver.value?.key ?? '');
  const facts = computed(() => {
    const run = store.run.value;
    const channel = store.channel.value;
    return run && channel && channelFacts(driverKey.value, run, channel);
  });
  const filter = computed(() => parseFilter(store.filter.value));
  const arrangement = signal<Arrangement | null>(null);
  const summary = signal<ChannelSummary | null>(null);

  const stopArranging = effect(() => {
    const shown = facts.value;
    if (shown === null) {
      arrangement.value = null;
      return;
    }
    const options: ArrangeOptions = {
      filter: compileFilter(filter.value, shown),
      sort: store.sort.value,
      grouped: store.grouped.value,
    };
    return settle(arrangement, shown, (turn) => arrange(shown, options, turn));
  });
  const stopSummarising = effect(() => {
    const shown = facts.value;
    if (shown === null) {
      summary.value = null;
      return;
    }
    const records = store.run.value?.records ?? [];
    return settle(summary, shown, (turn) => summarise(shown, records, turn));
  });
  const rows = computed(() => arrangement.value && new Rows(arrangement.value, store.collapsed.value));

  return {
    facts,
    filter,
    rows,
    summary,
    dispose() {
      stopArranging();
      stopSummarising();
    },
  };
}

/** Sets the signal when the work is done, unless what is returned was called before. */
function settle<T>(target: Signal<T>, { columns }: ChannelFacts, work: (turn: Turn) => Promise<T>): () => void {
  let isWanted = true;
  const turn = columns.count <= fewPackets ? atOnce : slices(sliceMilliseconds, () => isWanted);
  work(turn).then(
    (result) => {
      if (isWanted) target.value = result;
    },
    (error: unknown) => {
      if (!(error instanceof Superseded)) throw error;
    },
  );
  return () => {
    isWanted = false;
  };
}
