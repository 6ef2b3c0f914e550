/** One row of the list: a packet, or the heading of a kind. */
import type { Severity } from '../../extension/core/run/report.js';
import { ABSENT, PACKET_FLAG } from '../../extension/core/run/reportPack.js';
import { statusName, statusText, succeeded } from '../../extension/core/run/statuses.js';
import { bytes, count, plural } from '../format.js';
import { Icon } from '../icons.js';
import { SeverityIcon } from '../outcome.js';
import type { Group } from './arrange.js';
import { barParts, barText } from './bar.js';
import { Bar } from './barView.js';
import { type ChannelFacts, findingsOf, isInFlight, restoreStatus, saveStatus } from './packetFacts.js';

export interface RowProps {
  /** Place in the list, from 0. */
  readonly row: number;
  /** Pixels from the top of the content. */
  readonly top: number;
  /** It has the focus when the list has it. */
  readonly isActive: boolean;
}

export interface PacketRowProps extends RowProps {
  readonly facts: ChannelFacts;
  readonly packet: number;
  readonly scale: number;
  readonly isSelected: boolean;
  readonly isGrouped: boolean;
}

/** A header row comes first, and rows count from 1. */
const ariaIndex = (row: number): number => row + 2;

export function PacketRow({ row, top, isActive, facts, packet, scale, isSelected, isGrouped }: PacketRowProps) {
  const { columns } = facts;
  const parts = barParts(columns, packet);
  const words = barText(parts);
  return (
    <div
      class={`row packet ${isSelected ? 'selected' : ''}`}
      role="row"
      aria-rowindex={ariaIndex(row)}
      aria-level={isGrouped ? 2 : undefined}
      aria-selected={isSelected}
      tabIndex={isActive ? 0 : -1}
      data-region-start={isActive ? '' : undefined}
      data-packet={packet}
      style={{ top: `${top}px` }}
    >
      <span class="cell c-index" role="gridcell" aria-colindex={1}>
        {count(packet)}
      </span>
      <span class="cell c-kind" role="gridcell" aria-colindex={2} title={columns.kinds[columns.kind[packet]!]}>
        {columns.kinds[columns.kind[packet]!]}
        {(columns.flags[packet]! & PACKET_FLAG.STUBBED) !== 0 && (
          <span class="tag" title="A stub was called in its callbacks: its figures rest on what nobody simulated">
            stub
          </span>
        )}
      </span>
      <span class="cell c-state" role="gridcell" aria-colindex={3}>
        {isInFlight(columns, packet) ? 'in flight' : 'queued'}
      </span>
      <span class="cell c-needed" role="gridcell" aria-colindex={4} aria-label={words} title={words}>
        <Bar parts={parts} scale={scale} />
      </span>
      <span class="cell c-bytes" role="gridcell" aria-colindex={5}>
        {bytes(parts.state)}
      </span>
      <StatusCell class="c-status" column={6} status={saveStatus(columns, packet)} none="" />
      <StatusCell class="c-restore" column={7} status={restoreStatus(columns, packet)} none="not restored" />
      <FindingsCell facts={facts} packet={packet} />
    </div>
  );
}

interface StatusCellProps {
  readonly class: string;
  readonly column: number;
  readonly status: number;
  /** What is said where there is no status. */
  readonly none: string;
}

function StatusCell({ class: own, column, status, none }: StatusCellProps) {
  if (status === ABSENT) {
    return (
      <span class={`cell ${own} dim`} role="gridcell" aria-colindex={column}>
        <span aria-hidden="true">–</span>
        <span class="hidden">{none}</span>
      </span>
    );
  }
  const name = statusName(status);
  const isFine = succeeded(status);
  return (
    <span class={`cell ${own}`} role="gridcell" aria-colindex={column} title={`${name} (${statusText(status)})`}>
      <Icon name={isFine ? 'check' : 'error'} class={isFine ? 'fine' : 'severity-error'} />
      <span class="status-word">{status === 0 ? 'success' : name.replace(/^STATUS_/, '')}</span>
    </span>
  );
}

function severest(flags: number): Severity | null {
  if (flags & PACKET_FLAG.ERROR) return 'error';
  if (flags & PACKET_FLAG.WARNING) return 'warning';
  return flags & PACKET_FLAG.INFO ? 'info' : null;
}

function FindingsCell({ facts, packet }: { readonly facts: ChannelFacts; readonly packet: number }) {
  const severity = severest(facts.columns.flags[packet]!);
  const found = findingsOf(facts, packet);
  return (
    <span
      class="cell c-findings"
      role="gridcell"
      aria-colindex={8}
      title={found.map(({ rule }) => rule).join('\n') || undefined}
    >
      {severity !== null && (
        <>
          <SeverityIcon severity={severity} />
          <span class="finding-count">{count(Math.max(1, found.length))}</span>
        </>
      )}
    </span>
  );
}

export interface GroupRowProps extends RowProps {
  readonly group: Group;
  readonly isOpen: boolean;
}

export function GroupRow({ row, top, isActive, group, isOpen }: GroupRowProps) {
  const { count: packets, min, median, p95, max, total } = group.figures;
  return (
    <div
      class="row group"
      role="row"
      aria-rowindex={ariaIndex(row)}
      aria-level={1}
      aria-expanded={isOpen}
      tabIndex={isActive ? 0 : -1}
      data-region-start={isActive ? '' : undefined}
      data-group={group.name}
      style={{ top: `${top}px` }}
    >
      <span class="cell group-head" role="gridcell" aria-colindex={1} aria-colspan={3}>
        <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
        <span class="group-name" title={group.name}>
          {group.name}
        </span>
        <span class="group-count">{plural(packets, 'packet')}</span>
      </span>
      <span class="cell group-sizes" role="gridcell" aria-colindex={4}>
        <span class="dim">min</span> {count(min)} <span class="dim">median</span> {count(median)}{' '}
        <span class="optional">
          <span class="dim">p95</span> {count(p95)}{' '}
        </span>
        <span class="dim">max</span> {count(max)}
      </span>
      <span class="cell c-bytes" role="gridcell" aria-colindex={5}>
        {bytes(total)}
      </span>
    </div>
  );
}
