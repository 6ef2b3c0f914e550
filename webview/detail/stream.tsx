/** The channel's save stream: chunks, their buffers and the packets in each. Each row is a bar and its figures at once. */
import { useMemo, useState } from 'preact/hooks';
import type { SaveStream } from '../../extension/core/run/report.js';
import type { PackedChannel } from '../../extension/core/run/reportPack.js';
import { bytes, count, plural } from '../format.js';
import type { Store } from '../store.js';
import { Rows } from './rows.js';
import { type ChunkRow, packetAtByte, rangeText, type StreamTable, segmentsOf, streamTable } from './streamModel.js';

export function Stream({ store }: { readonly store: Store }) {
  const channel = store.channel.value;
  return (
    <section class="stream" aria-label="Save stream">
      {channel === null || channel.saveStream.chunks.length === 0 ? (
        <p class="empty">This channel was not saved in this run.</p>
      ) : (
        <Saves store={store} channel={channel} />
      )}
    </section>
  );
}

function Saves({ store, channel }: { readonly store: Store; readonly channel: PackedChannel }) {
  const [chosen, setChosen] = useState(0);
  const save: SaveStream = (chosen === 0 ? undefined : channel.laterSaves[chosen - 1]) ?? channel.saveStream;
  return (
    <>
      <header class="stream-head">
        <span>{`${bytes(save.bytes)} in ${plural(save.chunks.length, 'chunk')}`}</span>
        <span
          class="chip"
          title="The library's format is not public: where chunks and packets lie is the simulator's own"
        >
          simulated
        </span>
        {channel.laterSaves.length === 0 ? null : (
          <label class="choice">
            <span class="dim">Save</span>
            <select value={chosen} onChange={(event) => setChosen(Number(event.currentTarget.value))}>
              <option value={0}>{`first, ${plural(channel.packets.count, 'packet')}`}</option>
              {channel.laterSaves.map(({ packets }, index) => (
                <option key={index} value={index + 1}>{`later ${index + 1}, ${plural(packets, 'packet')}`}</option>
              ))}
            </select>
          </label>
        )}
        {save === channel.saveStream ? (
          <BarLegend />
        ) : (
          <span class="dim">Places of packets are known for the first save.</span>
        )}
      </header>
      <Chunks key={chosen} store={store} save={save} channel={channel} />
    </>
  );
}

interface ChunksProps {
  readonly store: Store;
  readonly save: SaveStream;
  readonly channel: PackedChannel;
}

function Chunks({ store, save, channel }: ChunksProps) {
  const places = save === channel.saveStream ? channel.packets : null;
  const table = useMemo(() => streamTable(save, places), [save, places]);
  const [active, setActive] = useState<number | null>(null);
  const selected = store.packetIndex.value;
  const row = active === null || active >= table.count ? null : table.at(active);

  const select = (packet: number | undefined): void => {
    if (packet === undefined || places === null) return;
    store.selectPacket(packet);
    store.announcement.value = `Packet ${packet}`;
  };

  /** Along the packets of the chunk. */
  const key = ({ key: name }: KeyboardEvent): boolean => {
    const packets = row?.packets ?? null;
    if (packets === null || places === null) return false;
    const inside = selected !== null && selected >= packets.first && selected <= packets.last;
    if (name === 'Enter' || (!inside && (name === 'ArrowRight' || name === 'ArrowLeft'))) select(packets.first);
    else if (name === 'ArrowRight') select(Math.min(packets.last, (selected ?? 0) + 1));
    else if (name === 'ArrowLeft') select(Math.max(packets.first, (selected ?? 0) - 1));
    else return false;
    return true;
  };

  const click = (index: number, event: MouseEvent): void => {
    setActive(index);
    const bar = event.target instanceof Element ? event.target.closest('.chunk-bar') : null;
    if (bar === null) return;
    const { left, width } = bar.getBoundingClientRect();
    select(packetAtByte(table.at(index), places, Math.floor(((event.clientX - left) / width) * table.widest)));
  };

  return (
    <Rows
      role="grid"
      regionStart
      class="chunk-rows"
      label="Chunks of the save stream. Left and right select the packets of a chunk."
      count={table.count}
      active={active}
      activate={setActive}
      keyPressed={key}
      click={click}
      head={<Head />}
      row={(index) => <Cells table={table} row={table.at(index)} places={places} selected={selected} select={select} />}
    />
  );
}

const BarLegend = () => (
  <span class="legend">
    <span class="legend-key">
      <span class="bar-key part" aria-hidden="true" />
      packets
    </span>
    <span class="legend-key">
      <span class="bar-key" aria-hidden="true" />
      of the library
    </span>
  </span>
);

function Head() {
  return (
    <>
      <span role="columnheader" class="quantity">
        Chunk
      </span>
      <span role="columnheader">Buffer</span>
      <span role="columnheader" class="quantity">
        Filled
      </span>
      <span role="columnheader" class="quantity" title="BytesRequired: what the next call was told to bring">
        Required
      </span>
      <span role="columnheader">Status</span>
      <span role="columnheader">Packets</span>
    </>
  );
}

interface CellsProps {
  readonly table: StreamTable;
  readonly row: ChunkRow;
  readonly places: PackedChannel['packets'] | null;
  readonly selected: number | null;
  select(packet: number): void;
}

function Cells({ table, row, places, selected, select }: CellsProps) {
  const { index, start, bufferSize, filled, required, status, meaning, failed, packets } = row;
  return (
    <>
      <span role="gridcell" class="quantity dim">
        {index + 1}
      </span>
      <span
        role="gridcell"
        class="chunk-bar"
        aria-hidden="true"
        title={`Bytes ${count(start)} to ${count(start + filled)} of the stream`}
      >
        <Bar table={table} row={row} places={places} selected={selected} />
      </span>
      <span role="gridcell" class="quantity">
        {count(filled)} <span class="dim">of {bytes(bufferSize)}</span>
      </span>
      <span role="gridcell" class="quantity">
        {required === 0 ? '' : count(required)}
      </span>
      <span role="gridcell" class={failed ? 'text-error' : ''} title={`${status.name} ${status.hex}`}>
        {meaning} <span class="number">{status.name}</span>
      </span>
      <span role="gridcell" class="chunk-packets">
        {packets === null ? null : places === null ? (
          rangeText(packets)
        ) : (
          <>
            <PacketButton packet={packets.first} select={select} />
            {packets.first === packets.last ? null : (
              <>
                –<PacketButton packet={packets.last} select={select} />
              </>
            )}
            {row.splitFirst || row.splitLast ? (
              <span class="flag flag-cut" title={splitText(row)}>
                split
              </span>
            ) : null}
          </>
        )}
      </span>
    </>
  );
}

function splitText({ packets, splitFirst, splitLast }: ChunkRow): string {
  if (packets === null) return '';
  const before = `Packet ${packets.first} began in an earlier chunk`;
  const after = `Packet ${packets.last} goes on in a later chunk`;
  return [...(splitFirst ? [before] : []), ...(splitLast ? [after] : [])].join('. ');
}

interface PacketButtonProps {
  readonly packet: number;
  select(packet: number): void;
}

/** Reached by pointer; keys go through the row. */
const PacketButton = ({ packet, select }: PacketButtonProps) => (
  <button type="button" class="link" tabIndex={-1} title={`Select packet ${packet}`} onClick={() => select(packet)}>
    {packet}
  </button>
);

interface BarProps {
  readonly table: StreamTable;
  readonly row: ChunkRow;
  readonly places: PackedChannel['packets'] | null;
  readonly selected: number | null;
}

/** The buffer as an outline, what was filled of it, and in it the packets; the rest is the library's own. */
function Bar({ table, row, places, selected }: BarProps) {
  const share = (length: number): string => `${(100 * length) / table.widest}%`;
  return (
    <svg width="100%" height="14" aria-hidden="true">
      <rect class="buffer" x="0.5" y="0.5" style={{ width: `calc(${share(row.bufferSize)} - 1px)` }} height="13" />
      <rect class="filled" y="2" width={share(row.filled)} height="10" />
      {segmentsOf(row, places).map(({ first, last, from, to }) => (
        <rect
          key={first}
          class={`part ${first === selected && first === last ? 'selected' : first % 2 === 0 ? '' : 'odd'}`}
          x={share(from)}
          y="2"
          width={share(to - from)}
          height="10"
        >
          <title>
            {first === last
              ? `Packet ${first}, ${plural(to - from, 'byte')} here`
              : `Packets ${rangeText({ first, last })}, ${plural(to - from, 'byte')} here`}
          </title>
        </rect>
      ))}
    </svg>
  );
}
