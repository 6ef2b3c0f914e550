/** The packet list: a grid of which only the rows in sight are there, with one row in turn for the keyboard. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { RowScroller } from '../detail/window.js';
import { Empty } from '../empty.js';
import { bytes, count } from '../format.js';
import { useSize } from '../size.js';
import type { Store } from '../store.js';
import { HeaderRow } from './headerRow.js';
import { targetRow } from './listKeys.js';
import type { ListModel } from './listModel.js';
import { GroupRow, PacketRow } from './packetRow.js';
import type { Row, Rows } from './rows.js';

const rowHeight = 22;
/** Rows drawn beyond those in sight, on both sides: what a wheel's next step brings. */
const overscan = 8;
/** Scrolling is remembered when it rests. */
const restMilliseconds = 150;

interface ListProps {
  readonly store: Store;
  readonly model: ListModel;
}

export function PacketList({ store, model }: ListProps) {
  const rows = model.rows.value;
  if (rows === null) return model.facts.value === null ? <NoPackets /> : null;
  // Another list begins at its own place, with its own row for the keyboard.
  if (rows.length > 0) return <Grid key={rows.arrangement.facts.name} store={store} model={model} rows={rows} />;
  if (rows.arrangement.facts.columns.count > 0) {
    return (
      <Empty
        icon="filter"
        title="No packet matches the filter"
        action={{
          text: 'Clear filter',
          run: () => {
            store.filter.value = '';
          },
        }}
      >
        None of this channel's packets is {store.filter.value}
      </Empty>
    );
  }
  return <NoPackets />;
}

function NoPackets() {
  return (
    <Empty icon="package" title="This run saved no packets">
      Packets show up when a channel is saved while some are queued or in flight.
    </Empty>
  );
}

/** The row that has the focus in turn: a packet's or a group's, which stay the same when the list is arranged anew. */
type Active = { readonly packet: number } | { readonly group: string };

function rowOf(rows: Rows, active: Active | null): number {
  if (active === null) return 0;
  return Math.max(0, 'packet' in active ? rows.rowOf(active.packet) : rows.rowOfGroup(active.group));
}

const keyOf = (row: Row): string => (row.type === 'group' ? `group ${row.group.name}` : `packet ${row.packet}`);

function Grid({ store, model, rows }: ListProps & { readonly rows: Rows }) {
  const grid = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const window = useMemo(() => new RowScroller(), []);
  const { height } = useSize(scroller);
  const [, redraw] = useState({});
  const [active, setActive] = useState<Active | null>(() => {
    const packet = store.packetIndex.peek();
    return packet === null ? null : { packet };
  });
  const activeRow = useMemo(() => rowOf(rows, active), [rows, active]);
  const wantsFocus = useRef(false);
  const hadFocus = grid.current?.contains(document.activeElement) ?? false;

  window.resize(rows.length, rowHeight, height);
  useRestoredScroll(store, window, height);
  const selected = store.packetIndex.value;
  // A packet selected elsewhere comes into sight.
  useEffect(() => {
    if (selected === null || (active && 'packet' in active && active.packet === selected)) return;
    setActive({ packet: selected });
    const row = rows.rowOf(selected);
    if (row >= 0 && window.reveal(row)) redraw({});
  }, [selected]);

  useLayoutEffect(() => {
    const { current } = scroller;
    if (current && Math.abs(current.scrollTop - window.real) >= 1) current.scrollTop = window.real;
    const isLost = hadFocus && !grid.current?.contains(document.activeElement);
    if (!wantsFocus.current && !isLost) return;
    wantsFocus.current = false;
    grid.current?.querySelector<HTMLElement>('.row[tabindex="0"]')?.focus({ preventScroll: true });
  });

  function onScroll(): void {
    if (scroller.current === null) return;
    window.scrolled(scroller.current.scrollTop);
    redraw({});
    if (!store.isChosen.peek()) return;
    rest(() => {
      store.scroll.value = window.position;
    });
  }

  function activate(row: number, isFocused: boolean): void {
    const shown = rows.at(row);
    setActive(shown.type === 'group' ? { group: shown.group.name } : { packet: shown.packet });
    window.reveal(row);
    wantsFocus.current = isFocused;
    // With the pane open the selection follows, as in a list of messages.
    if (shown.type === 'packet' && store.packetIndex.value !== null) store.selectPacket(shown.packet);
    redraw({});
  }

  function toggle(name: string, isOpen: boolean): void {
    const others = store.collapsed.value.filter((each) => each !== name);
    store.collapsed.value = isOpen ? others : [...others, name];
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.altKey || event.defaultPrevented) return;
    const shown = rows.at(activeRow);
    const { key } = event;
    if (key === 'ArrowUp' && activeRow === 0) {
      grid.current?.querySelector<HTMLElement>('.header-row [tabindex="0"]')?.focus();
    } else if (shown.type === 'group' && (key === 'Enter' || key === ' ')) {
      toggle(shown.group.name, !shown.open);
    } else if (shown.type === 'group' && key === 'ArrowRight' && !shown.open) {
      toggle(shown.group.name, true);
    } else if (shown.type === 'group' && key === 'ArrowLeft' && shown.open) {
      toggle(shown.group.name, false);
    } else if (shown.type === 'packet' && key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      store.openSource(store.channel.value?.callbacks?.save ?? null);
    } else if (shown.type === 'packet' && (key === 'Enter' || key === ' ')) {
      store.selectPacket(shown.packet);
    } else {
      const row = targetRow(event, { rows, active: activeRow, page: window.rowsInSight });
      if (row === null) {
        if (key === 'Escape' && store.filter.value !== '') store.filter.value = '';
        else return;
      } else activate(row, true);
    }
    event.preventDefault();
  }

  function onClick(event: MouseEvent): void {
    const element = (event.target as HTMLElement).closest<HTMLElement>('.row');
    const { packet, group } = element?.dataset ?? {};
    if (packet !== undefined) {
      const chosen = Number(packet);
      setActive({ packet: chosen });
      store.selectPacket(chosen);
    } else if (group !== undefined) {
      setActive({ group });
      const row = rows.at(rows.rowOfGroup(group));
      if (row.type === 'group') toggle(group, !row.open);
    }
  }

  const { first, end } = window.window(overscan);
  const drawn = Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at);
  // The row in turn stays, wherever the list is scrolled to: it holds the focus.
  if (activeRow < first) drawn.unshift(activeRow);
  else if (activeRow >= end && activeRow < rows.length) drawn.push(activeRow);
  const isGrouped = rows.arrangement.groups !== null;
  const scale = model.summary.value?.scale ?? 1;

  return (
    <div
      class={`grid ${isGrouped ? 'grouped' : ''}`}
      ref={grid}
      role={isGrouped ? 'treegrid' : 'grid'}
      aria-label="Packets"
      aria-rowcount={rows.length + 1}
      aria-colcount={8}
      style={columnWidths(rows)}
    >
      <HeaderRow
        store={store}
        scale={scale}
        onLeave={() => {
          wantsFocus.current = true;
          window.reveal(activeRow);
          redraw({});
        }}
      />
      <div
        class="scroller"
        role="rowgroup"
        ref={scroller}
        tabIndex={-1}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onDblClick={(event) => {
          const packet = (event.target as HTMLElement).closest('.packet');
          if (packet) store.openSource(store.channel.value?.callbacks?.save ?? null);
        }}
      >
        <div class="content" role="presentation" style={{ height: `${window.height}px` }}>
          {drawn.map((row) => {
            const shown = rows.at(row);
            const place = { row, top: window.top(row), isActive: row === activeRow };
            if (shown.type === 'group') {
              return <GroupRow key={keyOf(shown)} {...place} group={shown.group} isOpen={shown.open} />;
            }
            return (
              <PacketRow
                key={keyOf(shown)}
                {...place}
                facts={rows.arrangement.facts}
                packet={shown.packet}
                scale={scale}
                isSelected={shown.packet === selected}
                isGrouped={isGrouped}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

/** Columns of figures are as wide as their longest. */
function columnWidths({ arrangement }: Rows): Readonly<Record<string, string>> {
  const { facts, groups, figures } = arrangement;
  const largest = Math.max(figures.max, ...(groups ?? []).map((group) => group.figures.total));
  const index = count(Math.max(0, facts.columns.count - 1)).length;
  return { '--index': `calc(${Math.max(3, index)}ch + 20px)`, '--bytes': `calc(${bytes(largest).length}ch + 18px)` };
}

/** Where the list stood when the page was left; once there is a height to scroll in. */
function useRestoredScroll(store: Store, window: RowScroller, height: number): void {
  const isDone = useRef(false);
  if (isDone.current || height === 0) return;
  isDone.current = true;
  if (!store.isChosen.peek()) return;
  window.scrollTo(store.scroll.peek() * rowHeight);
}

let resting: ReturnType<typeof setTimeout> | undefined;

function rest(then: () => void): void {
  clearTimeout(resting);
  resting = setTimeout(then, restMilliseconds);
}
