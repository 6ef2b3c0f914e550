/** The strip above the lists: what the channel's saved state is in figures, and what has changed. */
import type { ComponentChildren } from 'preact';
import type { PackedRun } from '../../extension/core/run/reportPack.js';
import { bytes, change, count, plural, rounded } from '../format.js';
import { Icon } from '../icons.js';
import type { ListModel } from '../list/listModel.js';
import { SeverityIcon } from '../outcome.js';
import type { RunFigures } from '../protocol.js';
import type { Store } from '../store.js';
import { Histogram } from './histogram.js';
import { ShareBar } from './shareBar.js';
import { runTotals } from './summary.js';

/** Fewer are better read in the list. */
const manyPackets = 24;

interface OverviewProps {
  readonly store: Store;
  readonly model: ListModel;
}

export function Overview({ store, model }: OverviewProps) {
  const run = store.run.value;
  const summary = model.summary.value;
  if (run === null || summary === null || run.channels.length === 0) return null;
  const { figures, libraryBytes, fields, buckets } = summary;
  const previous = store.driver.value?.previous[run.name];
  const isOld = (store.driver.value?.problems.length ?? 0) > 0;
  return (
    <section class={`overview ${isOld ? 'old' : ''}`} data-region aria-label="Overview">
      <Headline run={run} total={figures.total} previous={previous} isOld={isOld} />
      <dl class="figures">
        <Figure label="packets">{count(figures.count)}</Figure>
        {figures.count > 0 && (
          <>
            <Figure label="min">{bytes(figures.min)}</Figure>
            <Figure label="median">{bytes(figures.median)}</Figure>
            <Figure label="max">{bytes(figures.max)}</Figure>
            <Figure label="library" note="simulated">
              {bytes(libraryBytes)}
            </Figure>
          </>
        )}
      </dl>
      {fields.total > 0 && <ShareBar store={store} fields={fields} />}
      {buckets.length > 1 && figures.count >= manyPackets && <Histogram store={store} buckets={buckets} />}
      <FindingCount store={store} run={run} />
      <Callbacks store={store} />
    </section>
  );
}

interface HeadlineProps {
  readonly run: PackedRun;
  readonly total: number;
  readonly previous: RunFigures | undefined;
  /** The newest source did not compile. */
  readonly isOld: boolean;
}

/** Several channels with packets: the run's sum stands beside the channel's, and it is what the change is of. */
function Headline({ run, total, previous, isOld }: HeadlineProps) {
  const totals = runTotals(run);
  const short = rounded(total);
  return (
    <div class="headline">
      <span class="headline-figure">
        <b>{bytes(total)}</b> <span class="headline-label">VSP state</span>
      </span>
      <span class="headline-facts">
        {isOld && <span class="tag">before the error</span>}
        {short !== '' && <span class="dim rounded">{short}</span>}
        {totals.stateBytes !== total && <span class="dim">run {bytes(totals.stateBytes)}</span>}
        {previous && <Change packets={totals.packets} stateBytes={totals.stateBytes} previous={previous} />}
      </span>
    </div>
  );
}

interface ChangeProps {
  readonly packets: number;
  readonly stateBytes: number;
  readonly previous: RunFigures;
}

function Change({ packets, stateBytes, previous }: ChangeProps) {
  const byBytes = stateBytes - previous.stateBytes;
  const byPackets = packets - previous.packets;
  if (byBytes === 0 && byPackets === 0) return <span class="dim">as before</span>;
  const direction = byBytes > 0 ? 'more' : byBytes < 0 ? 'less' : 'same';
  const text = [
    byBytes === 0 ? '' : `${change(byBytes)} B`,
    byPackets === 0 ? '' : `${change(byPackets)} packet${Math.abs(byPackets) === 1 ? '' : 's'}`,
  ].filter((part) => part !== '');
  return (
    <span
      class={`change ${direction}`}
      title={`The run before: ${plural(previous.packets, 'packet')}, ${bytes(previous.stateBytes)}`}
    >
      {byBytes === 0 ? '' : byBytes > 0 ? '▲ ' : '▼ '}
      {text.join(', ')}
    </span>
  );
}

interface FigureProps {
  readonly label: string;
  readonly note?: string;
  readonly children: ComponentChildren;
}

function Figure({ label, note, children }: FigureProps) {
  return (
    <div class="figure">
      <dt>
        {label}
        {note && <i class="note"> {note}</i>}
      </dt>
      <dd>{children}</dd>
    </div>
  );
}

function FindingCount({ store, run }: { readonly store: Store; readonly run: PackedRun }) {
  const counts = (['error', 'warning', 'info'] as const)
    .map((severity) => ({
      severity,
      amount: run.findings.filter((finding) => finding.severity === severity && !finding.suppressed).length,
    }))
    .filter(({ amount }) => amount > 0);
  if (counts.length === 0) return null;
  return (
    <button
      type="button"
      class="finding-total"
      title="Show the findings"
      onClick={() => {
        store.tab.value = 'findings';
      }}
    >
      {counts.map(({ severity, amount }) => (
        <span key={severity}>
          <SeverityIcon severity={severity} />
          {count(amount)}
        </span>
      ))}
    </button>
  );
}

/** Where the figures come from: the callbacks' definitions. */
function Callbacks({ store }: { readonly store: Store }) {
  const { save = null, restore = null } = store.channel.value?.callbacks ?? {};
  const places = [save, restore].filter((place) => place !== null);
  if (places.length === 0 || !store.source.live) return null;
  return (
    <div class="callbacks">
      {places.map((place) => (
        <button
          type="button"
          class="link"
          key={place.function}
          title={`Open ${place.function}, ${place.file}:${place.line}`}
          aria-label={`Open ${place.function}`}
          onClick={() => store.openSource(place)}
        >
          <Icon name="go-to-file" />
          <span class="callback-name">{place.function}</span>
        </button>
      ))}
    </div>
  );
}
