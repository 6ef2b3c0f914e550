/** What enters the page from outside is checked here once; everything behind trusts its types. */
import * as v from 'valibot';
import { COLUMN_NAMES, COLUMNS } from '../extension/core/run/packetColumns.js';
import { type PacketColumns, parsePack } from '../extension/core/run/reportPack.js';
import type { Answer } from './protocol.js';
import type { SourceEvent } from './source.js';

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

function isColumns(value: unknown): value is PacketColumns {
  if (typeof value !== 'object' || value === null) return false;
  const columns = value as Readonly<Record<string, unknown>>;
  const { count, kinds } = columns;
  if (typeof count !== 'number' || !Array.isArray(kinds) || !kinds.every((kind) => typeof kind === 'string')) {
    return false;
  }
  return COLUMN_NAMES.every((name) => {
    const column = columns[name];
    return column instanceof COLUMNS[name] && column.length === count;
  });
}

const position = v.object({ file: v.string(), line: v.number(), column: v.number(), function: v.string() });
const finding = v.looseObject({
  rule: v.string(),
  severity: v.picklist(['error', 'warning', 'info']),
  message: v.string(),
  location: v.nullable(position),
  channel: v.nullable(whole),
  packetIndex: v.nullable(whole),
  suppressed: v.boolean(),
});
const channel = v.looseObject({ index: whole, name: v.string(), packets: v.custom<PacketColumns>(isColumns) });
const run = v.looseObject({
  name: v.string(),
  driver: v.string(),
  file: v.string(),
  line: v.number(),
  outcome: v.picklist(['passed', 'failed', 'error', 'timeout']),
  channels: v.array(channel),
  findings: v.array(finding),
});
/** A pack in its travelling form, unpacked. */
const pack = v.pipe(
  v.unknown(),
  v.rawTransform<unknown, unknown>(({ dataset, addIssue, NEVER }) => {
    try {
      if (dataset.value instanceof Uint8Array) return parsePack(dataset.value);
    } catch {
      // Told below: why a pack is none is of no use to the page.
    }
    addIssue({ message: 'not a packed report' });
    return NEVER;
  }),
  v.looseObject({ schemaVersion: v.literal(1), runs: v.array(run) }),
);

const figures = v.object({ packets: whole, stateBytes: whole, min: whole, median: v.number(), max: whole });
const problem = v.object({ message: v.string(), file: v.string(), line: v.number(), column: v.number() });
const driver = v.object({
  key: v.string(),
  name: v.string(),
  pack,
  previous: v.record(v.string(), figures),
  stale: v.boolean(),
  problems: v.array(problem),
});
const target = v.object({
  driver: v.string(),
  run: v.exactOptional(whole),
  channel: v.exactOptional(whole),
  packet: v.exactOptional(whole),
  finding: v.exactOptional(whole),
  byte: v.exactOptional(whole),
});

const pass = v.picklist(['query', 'write', 'restore']);
const runEvent = v.object({
  record: whole,
  kind: v.picklist(['state', 'call', 'callback', 'packet', 'finding']),
  name: v.string(),
  channel: v.nullable(whole),
  depth: whole,
  packet: v.exactOptional(whole),
  pass: v.exactOptional(pass),
  count: v.exactOptional(whole),
  status: v.exactOptional(v.string()),
  message: v.exactOptional(v.string()),
  finding: v.exactOptional(whole),
  place: v.exactOptional(whole),
});
const timeline = v.object({
  version: whole,
  since: whole,
  keep: whole,
  changed: v.array(v.object({ at: whole, event: runEvent })),
  added: v.array(runEvent),
  places: v.array(position),
  here: whole,
  dropped: whole,
});
const paused = v.object({
  session: v.string(),
  shown: v.nullable(v.object({ driver: v.string(), run: whole })),
  run: v.string(),
  reason: v.string(),
  location: v.nullable(position),
  callback: v.nullable(v.string()),
  channel: v.nullable(whole),
  packet: v.nullable(whole),
  pass: v.nullable(pass),
  buffer: v.nullable(
    v.object({
      size: whole,
      written: v.nullable(whole),
      bytes: v.instance(Uint8Array),
      runs: v.array(v.object({ offset: whole, length: whole, place: v.nullable(position) })),
    }),
  ),
});

const toView = v.variant('kind', [
  v.object({ kind: v.literal('reports'), drivers: v.array(driver), canRun: v.boolean() }),
  v.object({ kind: v.literal('report'), driver }),
  v.object({ kind: v.literal('source'), driver: v.string(), stale: v.boolean(), problems: v.array(problem) }),
  v.object({ kind: v.literal('progress'), running: v.boolean(), text: v.string() }),
  v.object({ kind: v.literal('reveal'), target }),
  v.object({ kind: v.literal('paused'), at: paused, timeline }),
  v.object({ kind: v.literal('resumed') }),
  v.object({ kind: v.literal('debugEnded') }),
  v.variant('ok', [
    v.object({ kind: v.literal('answer'), id: whole, ok: v.literal(true), value: v.unknown() }),
    v.object({ kind: v.literal('answer'), id: whole, ok: v.literal(false), message: v.string() }),
  ]),
]);

/** The message, or null for what is none: other extensions' and the browser's own messages come the same way. */
export function parseToView(data: unknown): SourceEvent | Answer | null {
  const result = v.safeParse(toView, data);
  // What the view needs of a pack is checked above; the rest of it has the report's own types.
  return result.success ? (result.output as unknown as SourceEvent | Answer) : null;
}
