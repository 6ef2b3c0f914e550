/** The overview's charts as tables, and what else is counted: bytes by field, by kind, by size; stubs. */
import type { ComponentChildren } from 'preact';
import { Empty } from '../empty.js';
import { bytes, count, plural, share } from '../format.js';
import type { BarParts } from '../list/bar.js';
import { Bar } from '../list/barView.js';
import { withTerm } from '../list/filterParser.js';
import type { ListModel } from '../list/listModel.js';
import type { Store } from '../store.js';
import type { FieldBytes, FieldSum } from './fieldBytes.js';
import { rangeTerm, rangeText } from './histogram.js';
import { shareNames } from './shareBar.js';
import type { ChannelSummary } from './summary.js';

interface PanelProps {
  readonly store: Store;
  readonly model: ListModel;
}

export function FiguresPanel({ store, model }: PanelProps) {
  const summary = model.summary.value;
  const stubs = store.driver.value?.pack.stubs ?? [];
  if (summary === null) return null;
  if (summary.figures.count === 0 && stubs.length === 0) {
    return (
      <Empty icon="graph" title="No figures">
        This run saved no packets.
      </Empty>
    );
  }
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be reached.
    <div class="tables" tabIndex={0} role="group" aria-label="Figures">
      {summary.fields.total > 0 && <FieldTable fields={summary.fields} />}
      {summary.buckets.length > 1 && <SizeTable store={store} summary={summary} />}
      <LaterSaves store={store} />
      {summary.figures.count > 0 && <BarSigns />}
      {stubs.length > 0 && (
        <Table
          caption="Stubs: functions nobody simulates, called by the driver"
          heads={['Function', 'Calls']}
          rows={stubs.map(({ name, calls }) => [<code key="name">{name}</code>, count(calls)])}
        />
      )}
    </div>
  );
}

function fieldName({ share: kind, name }: FieldSum): ComponentChildren {
  if (kind === 'header' || kind === 'field') return <code>{name}</code>;
  return shareNames[kind].label;
}

/** Sums side by side of the same record; several layouts may have one name. */
function byRecord(sums: readonly FieldSum[]): readonly (readonly FieldSum[])[] {
  const groups: FieldSum[][] = [];
  for (const sum of sums) {
    const last = groups.at(-1);
    if (last?.[0]?.record === sum.record) last.push(sum);
    else groups.push([sum]);
  }
  return groups;
}

function FieldTable({ fields }: { readonly fields: FieldBytes }) {
  const most = Math.max(...fields.sums.map((sum) => sum.bytes));
  const heads = ['Field', 'Type', 'Part', 'Bytes', 'Share'];
  return (
    <table class="figures-table field-table">
      <caption>{`Saved bytes by field, over all packets: ${bytes(fields.total)}`}</caption>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col" class={`of-${head.toLowerCase()}`}>
              {head}
            </th>
          ))}
        </tr>
      </thead>
      {byRecord(fields.sums).map((sums, group) => (
        <tbody key={group}>
          {sums[0]?.record !== '' && (
            <tr>
              <th scope="rowgroup" colSpan={heads.length}>
                <code>{sums[0]?.record}</code>
              </th>
            </tr>
          )}
          {sums.map((sum, row) => (
            <FieldRow key={row} sum={sum} most={most} total={fields.total} />
          ))}
        </tbody>
      ))}
    </table>
  );
}

interface FieldRowProps {
  readonly sum: FieldSum;
  /** Bytes of the largest sum. */
  readonly most: number;
  /** Bytes of all sums. */
  readonly total: number;
}

function FieldRow({ sum, most, total }: FieldRowProps) {
  return (
    <tr>
      <td>{fieldName(sum)}</td>
      <td class="of-type">{sum.type !== '' && <code>{sum.type}</code>}</td>
      <td class="of-part">
        <span class="share-entry">
          <span class={`share-swatch share-${sum.share}`} />
          {shareNames[sum.share].label}
        </span>
      </td>
      <td>
        <MeteredBytes amount={sum.bytes} most={most} share={sum.share} />
      </td>
      <td class="of-share">{share(sum.bytes, total)}</td>
    </tr>
  );
}

interface MeteredBytesProps {
  readonly amount: number;
  readonly most: number;
  readonly share: FieldSum['share'];
}

function MeteredBytes({ amount, most, share: kind }: MeteredBytesProps) {
  return (
    <span class="metered">
      <span class="meter" aria-hidden="true">
        <span class={`share-${kind}`} style={{ width: `${(100 * amount) / most}%` }} />
      </span>
      {bytes(amount)}
    </span>
  );
}

function SizeTable({ store, summary }: { readonly store: Store; readonly summary: ChannelSummary }) {
  return (
    <Table
      caption={`Packets by state size: ${plural(summary.figures.count, 'packet')}`}
      heads={['Size', 'Packets', 'Share']}
      rows={summary.buckets
        .filter((bucket) => bucket.count > 0)
        .map((bucket) => [
          <button
            type="button"
            class="link"
            key="size"
            title="Filter the packets"
            onClick={() => {
              store.filter.value = withTerm(store.filter.value, 'size', rangeTerm(bucket));
              store.tab.value = 'packets';
            }}
          >
            {rangeText(bucket)}
          </button>,
          count(bucket.count),
          share(bucket.count, summary.figures.count),
        ])}
    />
  );
}

const noParts: BarParts = {
  needed: null,
  given: null,
  initialised: 0,
  uninitialised: 0,
  unread: 0,
  state: 0,
  library: 0,
};

/** Each sign alone, as it is drawn in the list. */
const signs: readonly { readonly parts: Partial<BarParts>; readonly name: string; readonly meaning: string }[] = [
  { parts: { given: 8 }, name: 'Frame', meaning: 'the buffer given on the write pass' },
  { parts: { initialised: 6 }, name: 'Filling', meaning: 'bytes written in it' },
  { parts: { uninitialised: 6 }, name: 'Hatched', meaning: 'bytes left uninitialised' },
  { parts: { state: 6, unread: 6 }, name: 'Hatched the other way', meaning: 'saved bytes the restore did not read' },
  { parts: { needed: 5 }, name: 'Upright line', meaning: 'BytesNeeded, as the query answered it' },
  { parts: { library: 8 }, name: 'Dots below', meaning: "the library's own record of the packet (simulated)" },
];

function BarSigns() {
  return (
    <Table
      caption="What the bars of the list show"
      heads={['Sign', 'Drawn', 'Meaning']}
      rows={signs.map(({ parts, name, meaning }) => [
        name,
        <span key="sign" class="sign">
          <Bar parts={{ ...noParts, ...parts }} scale={8} />
        </span>,
        meaning,
      ])}
    />
  );
}

function LaterSaves({ store }: { readonly store: Store }) {
  const saves = store.channel.value?.laterSaves ?? [];
  if (saves.length === 0) return null;
  return (
    <Table
      caption="Later saves of this channel"
      heads={['Save', 'Packets', 'Save stream (simulated)']}
      rows={saves.map(({ packets, bytes: streamBytes }, at) => [count(at + 2), count(packets), bytes(streamBytes)])}
    />
  );
}

interface TableProps {
  readonly caption: string;
  readonly heads: readonly string[];
  readonly rows: readonly (readonly ComponentChildren[])[];
}

function Table({ caption, heads, rows }: TableProps) {
  return (
    <table class="figures-table">
      <caption>{caption}</caption>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells, row) => (
          <tr key={row}>
            {cells.map((cell, column) => (
              <td key={heads[column]}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
