/** The list that is shown: kept up to date with what is selected, in slices short enough for typing to go on. */
import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Store } from '../store.js';
import { type Arrangement, type ArrangeOptions, arrange } from './arrange.js';
import { compileFilter } from './filter.js';
import { type Filter, parseFilter } from './filterParser.js';
import { type ChannelFacts, channelFacts } from './packetFacts.js';
import { Rows } from './rows.js';
import { type Bucket, histogram } from './statistics.js';
import { atOnce, Superseded, slices } from './turn.js';

export interface ListModel {
  readonly facts: ReadonlySignal<ChannelFacts | null>;
  readonly filter: ReadonlySignal<Filter>;
  /** Of the newest finished work: may lag behind the store by a few slices. */
  readonly rows: Signal<Rows | null>;
  /** Sizes of the packets that pass the filter; empty where all have one size. */
  readonly buckets: ReadonlySignal<readonly Bucket[]>;
  readonly dispose: () => void;
}

/** Below this an arrangement takes a frame at most. */
const fewPackets = 20_000;
const sliceMilliseconds = 10;
const mostBuckets = 24;

export function createListModel(store: Store): ListModel {
  const facts = computed(() => (store.run.value ? channelFacts(store.run.value, store.channelIndex.value) : null));
  const filter = computed(() => parseFilter(store.filter.value));
  const arrangement = signal<Arrangement | null>(null);
  const rows = signal<Rows | null>(null);
  let newest = 0;

  const stopArranging = effect(() => {
    const shown = facts.value;
    newest += 1;
    const mine = newest;
    if (shown === null) {
      arrangement.value = null;
      return;
    }
    const options: ArrangeOptions = {
      filter: compileFilter(filter.value, shown),
      sort: store.sort.value,
      grouped: store.grouped.value,
    };
    const isNewest = () => mine === newest;
    const turn = shown.columns.count <= fewPackets ? atOnce : slices(sliceMilliseconds, isNewest);
    arrange(shown, options, turn).then(
      (result) => {
        if (isNewest()) arrangement.value = result;
      },
      (error: unknown) => {
        if (!(error instanceof Superseded)) throw error;
      },
    );
  });
  const stopListing = effect(() => {
    rows.value = arrangement.value && new Rows(arrangement.value, store.collapsed.value);
  });
  const buckets = computed(() => {
    if (arrangement.value === null) return [];
    const { bySize, facts: shown, figures } = arrangement.value;
    return figures.min === figures.max ? [] : histogram(shown.columns.stateBytes, bySize, mostBuckets);
  });

  return {
    facts,
    filter,
    rows,
    buckets,
    dispose() {
      newest += 1;
      stopArranging();
      stopListing();
    },
  };
}
