/** The report as a table for spreadsheets: one row per packet (RFC 4180). Same report, same bytes. */
import type { Channel, Packet, Report, Run } from './report.js';

type Cell = string | number | null | undefined;

interface Column {
  readonly name: string;
  readonly of: (run: Run, channel: Channel, packet: Packet) => Cell;
}

const COLUMNS: readonly Column[] = [
  { name: 'run', of: (run) => run.name },
  { name: 'driver', of: (run) => run.driver },
  { name: 'outcome', of: (run) => run.outcome },
  { name: 'channel', of: (_, channel) => channel.index },
  { name: 'channelName', of: (_, channel) => channel.name },
  { name: 'packet', of: (_run, _channel, packet) => packet.index },
  { name: 'kind', of: (_run, _channel, packet) => packet.kind },
  { name: 'state', of: (_run, _channel, packet) => packet.state },
  { name: 'queryStatus', of: (_run, _channel, { query }) => query.status },
  { name: 'queryBytesNeeded', of: (_run, _channel, { query }) => query.bytesNeeded },
  { name: 'saveBufSize', of: (_run, _channel, { write }) => write?.saveBufSize },
  { name: 'writeStatus', of: (_run, _channel, { write }) => write?.status },
  { name: 'writeBytesNeeded', of: (_run, _channel, { write }) => write?.bytesNeeded },
  { name: 'bytesWritten', of: (_run, _channel, { write }) => write?.bytesWritten },
  { name: 'bytesUninitialised', of: (_run, _channel, { write }) => write?.bytesUninitialised },
  { name: 'stateBytes', of: (_run, _channel, packet) => packet.stateBytes },
  { name: 'libraryBytesSimulated', of: (_run, _channel, packet) => packet.libraryBytes },
  { name: 'record', of: (run, _channel, { record }) => (record === undefined ? '' : run.records?.[record]?.name) },
  { name: 'restoreStatus', of: (_run, _channel, { restore }) => restore?.status },
  { name: 'bytesRead', of: (_run, _channel, { restore }) => restore?.bytesRead },
];

/** Packets per piece. */
const BATCH = 256;

/**
 * Text that a spreadsheet would take for a formula begins with an apostrophe instead, as spreadsheets write it
 * themselves; what has a comma, a quote or a line end in it stands in quotes.
 */
function cellOf(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell === 'number') return String(cell);
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function lineOf(cells: readonly Cell[]): string {
  return `${cells.map(cellOf).join(',')}\r\n`;
}

/** Pieces of the CSV form, the line of names first; what was not measured is an empty cell. */
export function* reportCsv(report: Report): Generator<string> {
  yield lineOf(COLUMNS.map(({ name }) => name));
  for (const run of report.runs) {
    for (const channel of run.channels) {
      for (let from = 0; from < channel.packets.length; from += BATCH) {
        let piece = '';
        for (let index = from; index < Math.min(from + BATCH, channel.packets.length); index += 1) {
          const packet = channel.packets.at(index);
          piece += lineOf(COLUMNS.map(({ of }) => of(run, channel, packet)));
        }
        yield piece;
      }
    }
  }
}
