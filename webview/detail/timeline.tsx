/** The channel's states and callbacks in their order: a list with the state drawn beside it. An order, not a time. */
import { useMemo, useState } from 'preact/hooks';
import type { Timeline as Events, Finding, TimelineEvent } from '../../extension/core/run/report.js';
import { plural } from '../format.js';
import { Icon, type IconName } from '../icons.js';
import type { Store } from '../store.js';
import { frameText } from './byteModel.js';
import { SourceLink } from './link.js';
import { Rows } from './rows.js';
import { LEVEL_NAMES, type TimelineRow, timelineRows } from './timelineModel.js';
import { ToneIcon } from './toneIcon.js';

export function Timeline({ store }: { readonly store: Store }) {
  const timeline = store.channel.value?.timeline;
  return (
    <section class="timeline" aria-label="Timeline">
      {timeline === undefined || timeline.events.length === 0 ? (
        <p class="empty">Nothing is known of this channel's states and callbacks.</p>
      ) : (
        <EventList store={store} timeline={timeline} />
      )}
    </section>
  );
}

const NO_FINDINGS: readonly Finding[] = [];

function EventList({ store, timeline }: { readonly store: Store; readonly timeline: Events }) {
  const findings = store.run.value?.findings ?? NO_FINDINGS;
  const rows = useMemo(() => timelineRows(timeline.events, findings), [timeline, findings]);
  const [active, setActive] = useState<number | null>(null);
  const { dropped } = timeline;

  const open = (index: number): void => store.openSource(rows[index]?.event.location ?? null);
  const select = (index: number): boolean => {
    const first = rows[index]?.event.first;
    if (first === undefined) return false;
    store.selectPacket(first);
    return true;
  };

  return (
    <>
      <Rows
        role="grid"
        regionStart
        class="event-rows"
        label="Events of the channel in their order. Enter opens the source, space selects the packet."
        count={rows.length}
        active={active}
        activate={setActive}
        keyPressed={({ key }, index) => {
          if (key === ' ') return select(index);
          if (key === 'Enter') open(index);
          return key === 'Enter';
        }}
        click={(index) => {
          setActive(index);
          open(index);
        }}
        attributes={(index) => ({ class: `event ${rows[index]?.event.kind ?? ''}` })}
        head={<Head />}
        row={(index) => {
          const row = rows[index];
          return row === undefined ? null : <Cells store={store} row={row} select={() => select(index)} />;
        }}
      />
      {dropped === 0 ? null : <p class="dim">{`${plural(dropped, 'later event')} not kept.`}</p>}
    </>
  );
}

function Head() {
  return (
    <>
      <span role="columnheader" aria-label="State" title={`From left to right: ${LEVEL_NAMES.join(', ')}`}>
        State
      </span>
      <span role="columnheader">Event</span>
      <span role="columnheader">Source</span>
    </>
  );
}

const ICONS: Readonly<Record<Exclude<TimelineEvent['kind'], 'finding'>, IconName>> = {
  state: 'pulse',
  call: 'arrow-right',
  callback: 'arrow-left',
  packets: 'layers',
};

const WORDS: Readonly<Record<TimelineEvent['kind'], string>> = {
  state: 'state',
  call: 'the driver calls',
  callback: 'the library calls back',
  packets: 'the library calls back for packets',
  finding: 'finding',
};

interface CellsProps {
  readonly store: Store;
  readonly row: TimelineRow;
  select(): void;
}

function Cells({ store, row, select }: CellsProps) {
  const { event, detail, status, tone } = row;
  return (
    <>
      <span role="gridcell" class="lane" aria-label={row.state}>
        <Lane row={row} />
      </span>
      <span role="gridcell" class="event-name">
        {event.kind === 'finding' ? (
          <ToneIcon tone={tone} />
        ) : (
          <Icon name={ICONS[event.kind]} label={WORDS[event.kind]} />
        )}
        <span class="name">{event.name}</span>
        {event.first === undefined || event.kind === 'finding' ? (
          <span class="dim">{detail}</span>
        ) : (
          <button
            type="button"
            class="link"
            tabIndex={-1}
            title={`Select packet ${event.first}`}
            onClick={(click) => {
              click.stopPropagation();
              select();
            }}
          >
            {detail}
          </button>
        )}
        {status === undefined ? null : (
          <span class={tone === 'good' ? 'dim' : `text-${tone}`} title={status.hex}>
            {tone === 'info' ? <ToneIcon tone={tone} /> : null} {status.name}
          </span>
        )}
      </span>
      <span role="gridcell" class="source">
        {event.location === null ? null : (
          <SourceLink store={store} place={event.location} focusable={false}>
            {frameText(event.location)}
          </SourceLink>
        )}
      </span>
    </>
  );
}

const STEP = 12;
const LEFT = 6;
const HEIGHT = 22;

/** The state as a line that moves right the further up the channel is. */
function Lane({ row: { event, before, level } }: { readonly row: TimelineRow }) {
  const x = (at: number): number => LEFT + at * STEP;
  const middle = HEIGHT / 2;
  const path = before === level ? `M${x(level)} 0V${HEIGHT}` : `M${x(before)} 0V${middle}H${x(level)}V${HEIGHT}`;
  return (
    <svg width={LEFT * 2 + STEP * (LEVEL_NAMES.length - 1)} height={HEIGHT} aria-hidden="true">
      {LEVEL_NAMES.map((name, at) => (
        <path key={name} class="guide" d={`M${x(at)} 0V${HEIGHT}`} />
      ))}
      <path class="trace" d={path} />
      {event.kind !== 'state' ? null : <circle class="turn" cx={x(level)} cy={middle} r="3.5" />}
    </svg>
  );
}
