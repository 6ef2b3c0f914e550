/** The debugged run from event to event: where it stands, what was before, what is known of later. Each can be gone to. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { RunEvent } from '../../extension/core/run/knownEvents.js';
import { frameText } from '../detail/byteModel.js';
import { Rows } from '../detail/rows.js';
import { count, plural } from '../format.js';
import { Icon, type IconName } from '../icons.js';
import type { Store } from '../store.js';
import type { Debugging } from './debugging.js';
import {
  bufferText,
  type Choice,
  detailOf,
  type EventRow,
  lineText,
  nameOf,
  outcomeOf,
  type Row,
  rowsOf,
  spokenStop,
  travelTitle,
  whereText,
} from './eventRows.js';

interface RunTimelineProps {
  readonly store: Store;
  readonly debugging: Debugging;
}

export function RunTimeline({ store, debugging }: RunTimelineProps) {
  const { at, known, isPaused } = debugging;
  const [choice, setChoice] = useState<Choice>('all');
  const [active, setActive] = useState<number | null>(null);
  const rows = useMemo(() => rowsOf(known, choice, at), [known, choice, at]);
  const hasChannels = useMemo(() => known.events.some(({ channel }) => (channel ?? 0) > 0), [known]);
  const here = rows.findIndex(({ kind }) => kind === 'here');

  // The list moves to where the run has come to; whoever listens to this page hears it.
  useEffect(() => {
    setActive(here);
    if (document.hasFocus()) store.announcement.value = spokenStop(at, known, hasChannels);
  }, [at]);
  useEffect(() => setActive(here), [choice]);

  const travel = (index: number): void => {
    const row = rows[index];
    if (row?.kind === 'event') store.travel(row.at);
  };
  return (
    <section class={`run-timeline ${isPaused ? '' : 'going-on'}`} aria-label="Timeline of the debugged run">
      <div class="run-timeline-head">
        <Choices choice={choice} packet={at.packet} choose={setChoice} />
        <span class="dim">{progressText(debugging)}</span>
      </div>
      <Rows
        role="grid"
        regionStart
        class="run-events"
        label="Events of the debugged run in their order. Enter goes to the event."
        count={rows.length}
        active={active === null ? null : Math.min(active, rows.length - 1)}
        activate={setActive}
        keyPressed={({ key }, index) => {
          if (key !== 'Enter' && key !== ' ') return false;
          travel(index);
          return true;
        }}
        click={(index) => setActive(index)}
        attributes={(index) => attributesOf(rows[index])}
        head={<Head />}
        row={(index) => {
          const row = rows[index];
          if (row === undefined) return null;
          return row.kind === 'here' ? (
            <Here debugging={debugging} hasChannels={hasChannels} />
          ) : (
            <Cells store={store} debugging={debugging} row={row} hasChannels={hasChannels} />
          );
        }}
      />
    </section>
  );
}

/** `after event 14 of 40`, and what the list does not hold. */
function progressText({ known: { here, events, dropped } }: Debugging): string {
  const place =
    here === events.length ? plural(here, 'event') : `event ${count(here)} of ${count(events.length)} known`;
  return dropped === 0 ? place : `${place}, ${plural(dropped, 'later event')} not kept`;
}

function attributesOf(row: Row | undefined): Readonly<Record<string, string | undefined>> {
  if (row === undefined) return {};
  if (row.kind === 'here') return { class: 'here', 'aria-current': 'step' };
  return { class: `run-event ${row.event.kind} ${row.isPast ? 'past' : 'ahead'}` };
}

interface ChoicesProps {
  readonly choice: Choice;
  /** Whose callback runs. */
  readonly packet: number | null;
  choose(choice: Choice): void;
}

function Choices({ choice, packet, choose }: ChoicesProps) {
  return (
    <select
      class="picker"
      aria-label="Events shown"
      value={choice}
      onChange={(event) => choose(event.currentTarget.value as Choice)}
    >
      <option value="all">All events</option>
      <option value="packets">Passes of packets</option>
      <option value="findings">Findings</option>
      <option value="packet" disabled={packet === null}>
        {packet === null ? 'This packet' : `Packet ${count(packet)} only`}
      </option>
    </select>
  );
}

function Head() {
  return (
    <>
      <span role="columnheader">Event</span>
      <span role="columnheader">Source</span>
    </>
  );
}

const ICONS: Readonly<Record<Exclude<RunEvent['kind'], 'finding'>, IconName>> = {
  state: 'pulse',
  call: 'arrow-right',
  callback: 'arrow-left',
  packet: 'package',
};

const INDENT = 12;
/** Deeper ones stay below each other. */
const DEEPEST = 5;

interface CellsProps {
  readonly store: Store;
  readonly debugging: Debugging;
  readonly row: EventRow;
  readonly hasChannels: boolean;
}

function Cells({ store, debugging: { known, isPaused }, row, hasChannels }: CellsProps) {
  const { event, at } = row;
  const detail = detailOf(event);
  const outcome = outcomeOf(event);
  const place = event.place === undefined ? undefined : known.places[event.place];
  return (
    <>
      <span
        role="gridcell"
        class="event-name"
        style={{ paddingInlineStart: `${Math.min(event.depth, DEEPEST) * INDENT}px` }}
      >
        <button
          type="button"
          class="travel"
          tabIndex={-1}
          title={travelTitle(row)}
          disabled={!isPaused}
          onClick={() => store.travel(at)}
        >
          <span class="hidden">Go to {event.kind === 'finding' ? 'finding ' : ''}</span>
          {event.kind === 'finding' ? (
            <Icon name="warning" class="severity-warning" />
          ) : (
            <Icon name={ICONS[event.kind]} />
          )}
          <span class="name">{nameOf(event)}</span>
          {detail === '' ? null : <span class="says dim"> {detail}</span>}
          {hasChannels && event.channel !== null ? <span class="dim"> channel {event.channel}</span> : null}
          {outcome === undefined ? null : (
            <span class={outcome.tone === 'good' ? 'dim' : `text-${outcome.tone}`} title={outcome.status.hex}>
              {' '}
              {outcome.status.name}
            </span>
          )}
          {row.isPast ? null : <span class="hidden">, ahead</span>}
        </button>
      </span>
      <span role="gridcell" class="source">
        {place === undefined ? null : (
          <button
            type="button"
            class="link"
            tabIndex={-1}
            title={`Open ${place.file}:${place.line}`}
            onClick={(click) => {
              click.stopPropagation();
              store.openDebugged(place);
            }}
          >
            {frameText(place)}
          </button>
        )}
      </span>
    </>
  );
}

function Here({ debugging: { at }, hasChannels }: { readonly debugging: Debugging; readonly hasChannels: boolean }) {
  const bytes = bufferText(at);
  return (
    <>
      <span role="gridcell" class="event-name">
        <Icon name="debug-stackframe" />
        <b>You are here</b>
        <span class="says">{whereText(at, hasChannels)}</span>
        {bytes === null ? null : <span class="dim">{bytes}</span>}
      </span>
      <span role="gridcell" class="source">
        {lineText(at)}
      </span>
    </>
  );
}
