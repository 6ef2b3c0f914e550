/** How many packets have which size: bars that filter the list. The figures tab has them as a table. */
import { useRef, useState } from 'preact/hooks';
import { bytes, count, plural } from '../format.js';
import { withTerm } from '../list/filterParser.js';
import type { Bucket } from '../list/statistics.js';
import type { Store } from '../store.js';

interface HistogramProps {
  readonly store: Store;
  readonly buckets: readonly Bucket[];
}

export const rangeText = ({ from, to }: Bucket): string => (from === to ? bytes(from) : `${count(from)}–${bytes(to)}`);
export const rangeTerm = ({ from, to }: Bucket): string => (from === to ? `${from}` : `${from}..${to}`);

/** The bucket's range as the filter's only size, or no size when it was that already. */
export function toggleBucket(filter: string, bucket: Bucket): string {
  return withTerm(filter, 'size', isChosen(filter, bucket) ? '' : rangeTerm(bucket));
}

export const isChosen = (filter: string, bucket: Bucket): boolean =>
  filter.split(/\s+/).includes(`size:${rangeTerm(bucket)}`);

export function Histogram({ store, buckets }: HistogramProps) {
  const bars = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const most = Math.max(...buckets.map((bucket) => bucket.count));
  const filter = store.filter.value;
  const last = buckets.length - 1;
  const start = Math.min(active, last);

  function onKeyDown(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, number>> = {
      ArrowRight: Math.min(start + 1, last),
      ArrowLeft: Math.max(start - 1, 0),
      Home: 0,
      End: last,
    };
    const next = moves[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setActive(next);
    (bars.current?.children[next] as HTMLElement | undefined)?.focus();
  }

  return (
    <div class="histogram">
      <div class="histogram-bars" role="group" aria-label="Packets by size" ref={bars} onKeyDown={onKeyDown}>
        {buckets.map((bucket, at) => (
          <button
            type="button"
            key={bucket.from}
            class="histogram-bar"
            tabIndex={at === start ? 0 : -1}
            aria-pressed={isChosen(filter, bucket)}
            aria-label={`${rangeText(bucket)}: ${plural(bucket.count, 'packet')}. Filter`}
            title={`${rangeText(bucket)}: ${plural(bucket.count, 'packet')}`}
            onFocus={() => setActive(at)}
            onClick={() => {
              store.filter.value = toggleBucket(filter, bucket);
              store.tab.value = 'packets';
            }}
          >
            {/* A few among many are still to be seen. */}
            <span style={{ height: bucket.count === 0 ? '0' : `${Math.max(8, (100 * bucket.count) / most)}%` }} />
          </button>
        ))}
      </div>
      <div class="histogram-axis" aria-hidden="true">
        <span>{count(buckets[0]!.from)}</span>
        <span>{bytes(buckets[last]!.to)}</span>
      </div>
    </div>
  );
}
