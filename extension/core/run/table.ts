/**
 * The report for a terminal: one table per channel, findings below with their source line. At most 80 columns; paths
 * are never cut.
 */

import type { Channel, Packet, Report, Run } from './report.js';
import { paint, type Style, type TableOptions, WIDTH } from './style.js';
import { contextLines } from './tableContexts.js';
import { findingPieces, wrap } from './tableFindings.js';
import { stressLines } from './tableStress.js';

/** Up to this many packets are all shown; of more the first and the last. The JSON form has every one. */
const ALL_ROWS = 40;
const FIRST_ROWS = 30;
const LAST_ROWS = 5;

interface Column {
  readonly head: readonly [string, string];
  readonly width: number;
  readonly left?: true;
  readonly cell: (packet: Packet) => string;
}

function orDash(value: number | null | undefined): string {
  return value === null || value === undefined ? '-' : String(value);
}

/** BytesNeeded of the last pass that gave one. */
function needed(packet: Packet): string {
  return orDash(packet.write?.bytesNeeded ?? packet.query.bytesNeeded);
}

const SUCCESS = '0x00000000';

function restored(packet: Packet): string {
  if (packet.restore === null) return '-';
  return packet.restore.status === SUCCESS ? 'success' : packet.restore.status;
}

const COLUMNS: readonly Omit<Column, 'width'>[] = [
  { head: ['', '#'], cell: (packet) => `${packet.index}${packet.stubbed ? '*' : ''}` },
  { head: ['', 'kind'], left: true, cell: (packet) => packet.kind },
  { head: ['', 'state'], left: true, cell: (packet) => packet.state },
  { head: ['Bytes', 'Needed'], cell: needed },
  { head: ['buffer', 'given'], cell: (packet) => orDash(packet.write?.saveBufSize) },
  { head: ['bytes', 'written'], cell: (packet) => orDash(packet.write?.bytesWritten) },
  { head: ['library', 'simulated'], cell: (packet) => String(packet.libraryBytes) },
  { head: ['restore', 'status'], cell: restored },
];
/** Position of the column that takes, and gives, room: kind. */
const FLEXIBLE = 1;
const LEAST_KIND = 6;
const GAP = 2;

/** Each column is as wide as its widest cell; kind takes what they leave of the line. */
function columnsFor(packets: readonly Packet[]): readonly Column[] {
  const widths = COLUMNS.map(({ head, cell }, at) =>
    at === FLEXIBLE ? 0 : Math.max(...head.map((text) => text.length), ...packets.map((packet) => cell(packet).length)),
  );
  const rest = WIDTH - widths.reduce((sum, width) => sum + width + GAP, 0);
  return COLUMNS.map((column, at) => ({
    ...column,
    width: at === FLEXIBLE ? Math.max(LEAST_KIND, rest) : (widths[at] ?? 0),
  }));
}

/** Cut in the middle: beginnings and ends of names tell more. */
function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const end = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - end)}…${text.slice(text.length - end)}`;
}

function row(columns: readonly Column[], cell: (column: Column) => string): string {
  const cells = columns.map((column) => {
    const text = column.left ? shorten(cell(column), column.width) : cell(column);
    return column.left ? text.padEnd(column.width) : text.padStart(column.width);
  });
  return `  ${cells.join('  ')}`.trimEnd();
}

/** Indices of the packets shown, with a gap where the middle is left out. */
function* shownPackets(length: number): Generator<number | 'gap'> {
  for (let index = 0; index < length; index += 1) {
    if (length > ALL_ROWS && index === FIRST_ROWS) {
      yield 'gap';
      index = length - LAST_ROWS;
    }
    yield index;
  }
}

function* channelLines(channel: Channel, style: Style): Generator<string> {
  const { packets } = channel;
  const number = `channel ${channel.index}`;
  yield `  ${style.strong(channel.name === number ? number : `${number} ${channel.name}`.trimEnd())}`;
  const rows = [...shownPackets(packets.length)].map((index) => (index === 'gap' ? index : packets.at(index)));
  const columns = columnsFor(rows.filter((each) => each !== 'gap'));
  yield style.quiet(row(columns, ({ head }) => head[0]));
  yield style.quiet(row(columns, ({ head }) => head[1]));
  for (const each of rows) {
    yield each === 'gap'
      ? style.quiet(`  … ${packets.length - FIRST_ROWS - LAST_ROWS} more (--format json has all of them)`)
      : row(columns, (column) => column.cell(each));
  }
  if (rows.some((each) => each !== 'gap' && each.stubbed)) yield style.warn('  * a stub answered in its callbacks');
  yield* channelTotals(channel, style);
}

function plural(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}

function* channelTotals({ packets, saveStream, laterSaves }: Channel, style: Style): Generator<string> {
  const { stateBytes, libraryBytes } = packets.totals();
  yield `  ${plural(packets.length, 'packet')}, ${plural(stateBytes, 'byte')} of state`;
  const calls = plural(saveStream.chunks.length, 'SaveContinue call');
  const stream = `save stream of ${plural(saveStream.bytes, 'byte')} in ${calls}`;
  yield* wrap(`simulated: ${libraryBytes} library bytes, ${stream}`, WIDTH - 2, 2).map((line) =>
    style.quiet(`  ${line}`),
  );
  for (const later of laterSaves) {
    yield style.quiet(`  simulated: saved again, ${plural(later.packets, 'packet')} in ${plural(later.bytes, 'byte')}`);
  }
}

/** A channel that saved nothing is not worth a line where others saved. */
function savedText(channels: number, saved: number): string {
  const told = saved === 0 ? 'no packets saved' : `${saved} of them saved packets`;
  return channels === 1 ? told : `${plural(channels, 'channel')}, ${told}`;
}

const OUTCOME_STYLE = { passed: 'good', failed: 'bad', error: 'bad', timeout: 'bad' } as const;

function* runLines(run: Run, options: TableOptions, style: Style): Generator<string> {
  const outcome = style[OUTCOME_STYLE[run.outcome]](run.outcome);
  yield `${style.strong(run.name)}  ${outcome}`;
  yield style.quiet(`  ${run.driver}  ${run.file}${run.line === 0 ? '' : `:${run.line}`}`);
  const told = run.findings.some(({ rule, message }) => run.message === `${rule}: ${message}`);
  if (run.message !== undefined && !told) {
    for (const line of run.message.split('\n')) yield* wrap(line, WIDTH - 2).map((text) => `  ${text}`);
  }
  for (const { text } of run.output ?? []) {
    for (const line of text.split('\n')) yield* wrap(line, WIDTH - 4).map((part) => style.quiet(`  | ${part}`));
  }
  const saved = run.channels.filter(({ packets }) => packets.length > 0);
  if (run.channels.length > saved.length) yield style.quiet(`  ${savedText(run.channels.length, saved.length)}`);
  for (const channel of saved) yield* channelLines(channel, style);
  for (const context of run.contexts ?? []) yield* contextLines(context, style);
  if (run.stress !== undefined) yield* stressLines(run.stress, style);
  for (const finding of run.findings) yield* findingPieces(finding, options, style);
}

function* summaryLines(report: Report, style: Style): Generator<string> {
  const { runs, passed, packets, stateBytes, findings } = report.summary;
  const verdict = passed === runs ? style.good : style.bad;
  yield `${verdict(`${passed} of ${plural(runs, 'run')} passed`)}, ${plural(packets, 'packet')}`;
  if (packets > 0) {
    const { total, min, median, p95, max } = stateBytes;
    yield `state: ${plural(total, 'byte')} (min ${min}, median ${median}, p95 ${p95}, max ${max})`;
  }
  const { error, warning, info } = findings;
  if (error + warning + info > 0) {
    const counts = [plural(error, 'error'), plural(warning, 'warning'), ...(info > 0 ? [`${info} info`] : [])];
    yield `findings: ${counts.join(', ')}`;
  }
  for (const stub of report.stubs.filter(({ calls }) => calls > 0)) {
    yield style.warn(
      `stub ${stub.name}: called ${stub.calls === 1 ? 'once' : `${stub.calls} times`}, first at line ${stub.line}`,
    );
  }
}

/** Lines of the table, without line ends. */
export function* reportTable(report: Report, options: TableOptions): Generator<string> {
  const style = paint(options.colour);
  for (const run of report.runs) {
    yield* runLines(run, options, style);
    yield '';
  }
  yield* summaryLines(report, style);
}
