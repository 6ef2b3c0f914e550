/** What bytes of a saved record are, in the names of the record they were written through. */
import type { ByteRun } from '../kmcl/differences.js';
import { byChannel, type PacketRecords } from './packetRecords.js';
import type { RecordField, RecordLayout } from './report.js';

/** Fields named in one message. */
const MOST_NAMES = 4;

/** Of packet `packet` in the first save of channel `channel`: undefined where nobody knows the record. */
export type DescribeBytes = (channel: number, packet: number, runs: readonly ByteRun[]) => string | undefined;

function isTouched({ offset, size }: RecordField, runs: readonly ByteRun[]): boolean {
  return runs.some((run) => run.offset < offset + size && offset < run.offset + run.length);
}

function nameOf({ name, format }: RecordField): string {
  if (format !== 'padding') return name;
  return name === '' ? 'padding' : `padding after ${name}`;
}

/** `RECORD: Id and padding after Priority`. */
function described({ name, fields }: RecordLayout, runs: readonly ByteRun[]): string | undefined {
  const names = [...new Set(fields.filter((field) => isTouched(field, runs)).map(nameOf))];
  if (names.length === 0) return undefined;
  const more = names.length - MOST_NAMES;
  const shown = more > 0 ? [...names.slice(0, MOST_NAMES), `${more} more`] : names;
  return `${name}: ${shown.length < 2 ? shown[0] : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`}`;
}

export interface KnownLayouts {
  readonly list: readonly RecordLayout[];
  readonly of: (record: number, kind: number) => number | undefined;
}

/** Layouts are made when the first finding asks. */
export function describeBytes(records: PacketRecords, layouts: KnownLayouts): DescribeBytes {
  let known: { readonly split: ReturnType<typeof byChannel>; readonly list: readonly RecordLayout[] } | undefined;
  return (channel, packet, runs) => {
    known ??= { split: byChannel(records), list: layouts.list };
    const indices = known.split.get(channel);
    if (indices === undefined || packet >= indices.length) return undefined;
    const record = indices.at(packet);
    const layout = known.list[layouts.of(record, records.get(record, 'kind')) ?? -1];
    return layout === undefined ? undefined : described(layout, runs);
  };
}
