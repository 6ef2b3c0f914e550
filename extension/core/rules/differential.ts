/** What the variants of a test told becomes drafts (interfaces section 5, "Meanings" and "Differential runs"). */
import { API } from '../kmcl/api.js';
import type {
  ByteRun,
  ContextField,
  ContextTable,
  FlowDifference,
  OrderDifference,
  RecordDifference,
} from '../kmcl/differences.js';
import { LIBRARY_FRAME } from '../kmcl/layout.js';
import type { BreachRecord } from '../kmcl/simulation.js';
import { statusName } from '../kmcl/statusNames.js';
import { byChannel, PacketRecords } from '../run/packetRecords.js';
import { bytes, type Draft, draft, type RuleInput } from './draft.js';
import { callStack, userPosition } from './positions.js';

/** Detail of savepkt-idempotent (VSP_DETAIL_BYTES). */
const OTHER_BYTES = 1;
/** Ranges named in one message. */
const MOST_RANGES = 4;

const SAVE_CALLBACK = 'EvtVmbChannelSavePacket';
const RESTORE_CALLBACK = 'EvtVmbChannelRestorePacket';

/** `bytes 4-7 and 12`. */
function rangesText(runs: readonly ByteRun[]): string {
  const shown = runs
    .slice(0, MOST_RANGES)
    .map(({ offset, length }) => (length === 1 ? `${offset}` : `${offset}-${offset + length - 1}`));
  const more = runs.length - shown.length;
  const list = more > 0 ? [...shown, `${more} more range${more === 1 ? '' : 's'}`] : shown;
  const single = runs.length === 1 && runs[0]?.length === 1;
  const text = list.length < 2 ? (list[0] ?? '') : `${list.slice(0, -1).join(', ')} and ${list.at(-1)}`;
  return `byte${single ? '' : 's'} ${text}`;
}

function count(runs: readonly ByteRun[]): number {
  return runs.reduce((sum, { length }) => sum + length, 0);
}

function recordMessage({ on, runs, size }: RecordDifference, fields: string | undefined, unwritten: number): string {
  const where = `${rangesText(runs)}${fields === undefined ? '' : ` (${fields})`}`;
  const [were, they, hold, depend, change] =
    count(runs) === 1 ? ['was', 'it', 'holds', 'depends', 'changes'] : ['were', 'they', 'hold', 'depend', 'change'];
  const held =
    unwritten === count(runs)
      ? `${were} never written: ${they} ${hold} what was in memory before`
      : `${depend} on what was in memory before`;
  return on === 'fill'
    ? `${count(runs)} of the ${bytes(size)} that are persisted ${held}: ${where}`
    : `${count(runs)} of the ${bytes(size)} that are persisted ${change} with where memory lies: ${where} ${hold} an ` +
        'address or a handle, or something made of one';
}

/** A place in a save or restore callback that has returned. */
function callbackPlace(
  { driver }: RuleInput,
  location: number,
  pass: 'write' | 'restore',
): Pick<Draft, 'location' | 'callStack' | 'callback' | 'pass'> {
  const api = pass === 'write' ? API.VmbChannelSaveContinue : API.VmbChannelRestoreFromBuffer;
  const frames = [(LIBRARY_FRAME | api) >>> 0, location];
  return {
    location: userPosition(driver.locations, frames),
    callStack: callStack(driver.locations, frames),
    callback: pass === 'write' ? SAVE_CALLBACK : RESTORE_CALLBACK,
    pass,
  };
}

/** Bytes of a record that its callback never stored, as the run itself measured them. */
function unwrittenOf({ result }: RuleInput, { channel, packet, save }: RecordDifference): number {
  const records = new PacketRecords(result.records);
  const indices = byChannel(records).get(channel);
  if (packet === null || save !== 0 || indices === undefined || packet >= indices.length) return 0;
  return records.get(indices.at(packet), 'uninitialised');
}

function recordDraft(input: RuleInput, difference: RecordDifference): Draft {
  const { channel, packet, runs, location, save } = difference;
  const fields = packet === null || save !== 0 ? undefined : input.describe?.(channel, packet, runs);
  const rule = difference.on === 'fill' ? 'savepkt-full-init' : 'savepkt-no-pointers';
  const { flow } = input.result.differential ?? {};
  return draft(rule, recordMessage(difference, fields, unwrittenOf(input, difference)), {
    ...callbackPlace(input, location, 'write'),
    channel,
    packet,
    related: flow?.explains === difference ? [flowRemark(input, flow)] : [],
  });
}

const ENDS = 'only a run in which fresh memory held other bytes ends here';

function flowMessage({ what, statuses, text, context }: FlowDifference): string {
  if (what === 'status' && statuses !== undefined) {
    const [one, other] = statuses.map(statusName);
    return (
      `${context.callback ?? 'the callback'} returns ${one} or ${other}, depending on what memory held that ` +
      'nobody wrote'
    );
  }
  return what === 'end'
    ? `what happens here depends on memory that nobody wrote: ${ENDS}${text === undefined || text === '' ? '' : `: ${text}`}`
    : 'which way this goes depends on memory that nobody wrote: it goes the other way when fresh memory holds other bytes';
}

function flowRemark({ driver }: RuleInput, flow: FlowDifference): Draft['related'][number] {
  return {
    message: `mem-uninitialised: ${flowMessage(flow)}`,
    location: userPosition(driver.locations, flow.frames),
  };
}

function flowDraft({ driver }: RuleInput, flow: FlowDifference): Draft {
  return draft('mem-uninitialised', flowMessage(flow), {
    location: userPosition(driver.locations, flow.frames),
    callStack: callStack(driver.locations, flow.frames),
    channel: flow.context.channel,
    packet: flow.context.packet,
    callback: flow.context.callback,
    pass: flow.context.pass,
  });
}

/** The member, whichever entry of an array it is of. */
function memberOf({ name }: ContextField): string {
  return name.replace(/\[\d+\]/g, '[]');
}

function fieldMessage({ record }: ContextTable, { name, saved }: ContextField, others: number): string {
  const why =
    saved.length === 0
      ? 'no saved byte depends on it'
      : `${rangesText(saved)} of the record hold${saved.length === 1 && saved[0]?.length === 1 ? 's' : ''} it, ` +
        'and the restored context does not have it back';
  const way = /^\w+$/.test(name) ? `; if it need not, VSPLAB_TRANSIENT(${record}, ${name}) says so` : '';
  const more = others === 0 ? '' : ` (nor ${others === 1 ? 'does one other entry' : `do ${others} other entries`})`;
  return `${record}.${name} does not survive a save and a restore${more}: ${why}${way}`;
}

function holds(runs: readonly ByteRun[], at: number): boolean {
  return runs.some(({ offset, length }) => at >= offset && at < offset + length);
}

/** A record that is saved otherwise after the restore because this field was lost. */
function explains({ saved, outcome }: ContextField, { rule, detail }: BreachRecord): boolean {
  return rule === 'roundtrip-differs' && outcome === 'lost' && holds(saved, detail);
}

/** Bytes that depend on memory are saved otherwise the next time: that says nothing more. */
function isConsequence({ rule, detail, context }: BreachRecord, records: readonly RecordDifference[]): boolean {
  const ofPacket = records.filter(({ channel, packet }) => channel === context.channel && packet === context.packet);
  return rule === 'roundtrip-differs'
    ? ofPacket.some(({ runs }) => holds(runs, detail))
    : rule === 'savepkt-idempotent' && detail === OTHER_BYTES && ofPacket.length > 0;
}

/**
 * What the simulator and the repeated saves saw broken, less what a lost field or a byte that depends on memory
 * explains, and what a repetition shows that the run itself has shown.
 */
export function breachesOf({ result }: RuleInput): readonly BreachRecord[] {
  const { breaches, differential } = result;
  if (differential === undefined) return breaches;
  const { records, contexts } = differential;
  const lost = contexts.flatMap(({ fields }) => fields.filter(({ outcome }) => outcome === 'lost'));
  // The same side effect shows at another place when the callback is called once more.
  const keyOf = ({ rule, context }: BreachRecord): string => `${rule} ${context.channel} ${context.packet}`;
  const known = new Set(breaches.map(keyOf));
  return [...breaches, ...differential.breaches.filter((breach) => !known.has(keyOf(breach)))].filter(
    (breach) => !isConsequence(breach, records) && !lost.some((field) => explains(field, breach)),
  );
}

function fieldDrafts(input: RuleInput, table: ContextTable): readonly Draft[] {
  const losses = Map.groupBy(
    table.fields.filter(({ outcome }) => outcome === 'lost'),
    memberOf,
  );
  return [...losses.values()].flatMap(([field, ...others]) => {
    if (field === undefined) return [];
    const { lost, name } = field;
    const place = lost === undefined ? {} : callbackPlace(input, lost.location, lost.pass);
    const { breaches, differential } = input.result;
    const differs = [...breaches, ...(differential?.breaches ?? [])].some((breach) => explains(field, breach));
    return [
      draft('state-field-lost', fieldMessage(table, field, others.length), {
        ...place,
        channel: lost?.channel ?? null,
        packet: lost?.packet ?? null,
        subject: `${table.record}.${name}`,
        related: differs
          ? [{ message: 'roundtrip-differs: saved again after the restore, its bytes differ', location: null }]
          : [],
      }),
    ];
  });
}

/** Information only: no order is promised, and a test may well have one in mind. */
function orderDraft({ driver }: RuleInput, { text, frames, context }: OrderDifference): Draft {
  const message =
    'only when its packets are saved and restored in another order (--mode S-04=shuffle) does this test end here: ' +
    `${text}. The library promises no order`;
  return draft('roundtrip-differs', message, {
    location: userPosition(driver.locations, frames),
    callStack: callStack(driver.locations, frames),
    ...context,
    atMost: 'info',
  });
}

/** Findings of the differential runs, what they say of the records first. */
export function differentialDrafts(input: RuleInput): readonly Draft[] {
  const { differential, fault, stubs } = input.result;
  if (differential === undefined) return [];
  const { records, flow, contexts, order } = differential;
  // What memory held has led to a fault already: that is told.
  const told = flow === undefined || flow.explains !== undefined || fault !== undefined ? [] : [flowDraft(input, flow)];
  const drafts = [
    ...records.map((each) => recordDraft(input, each)),
    ...told,
    ...contexts.flatMap((table) => fieldDrafts(input, table)),
    ...(order === undefined ? [] : [orderDraft(input, order)]),
  ];
  const stubbed = stubs.some(({ calls }) => calls > 0);
  return stubbed ? drafts.map((each) => ({ ...each, atMost: each.atMost ?? ('warning' as const) })) : drafts;
}
