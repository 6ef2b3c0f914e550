/** Rules of what becomes of a delivered packet: completed, failed, deferred or kept (kmcl-facts 5.4, 7.3). */
import type { Check, LibraryCall } from './flow/check.js';
import type { Path } from './flow/path.js';
import type { Role } from './flow/roles.js';
import { PathKey } from './flow/state.js';
import { core, type Value } from './flow/values.js';
import { bytesText, hasRole, isKept, operandNumber, regionOf } from './helpers.js';
import { awaited } from './incomingExternal.js';
import { type Done, doneWith, markDone, PROCESS_PACKET } from './incomingState.js';

/** The condition that was decided last of those that could have gone either way: what it compared with NULL. */
const LAST_NULL = new PathKey<Value | undefined>(undefined);

const ENDINGS: ReadonlyMap<string, Done['how']> = new Map([
  ['VmbChannelPacketComplete', 'completed'],
  ['VmbChannelPacketFail', 'failed'],
  ['VmbChannelPacketDeferToPassive', 'deferred'],
]);

/** Roles that no delivery of a packet calls, in the words of messages. */
const ELSEWHERE: ReadonlyMap<Role, string> = new Map<Role, string>([
  ['processingComplete', 'the callback that ends a batch'],
  ['completion', 'a completion routine'],
  ['dpc', 'a DPC'],
  ['worker', 'a work item or thread'],
  ['started', 'EvtVmbChannelStarted'],
  ['postStarted', 'EvtVmbChannelPostStarted'],
  ['opened', 'EvtVmbChannelOpened'],
  ['closed', 'EvtVmbChannelClosed'],
  ['suspend', 'EvtVmbChannelSuspend'],
]);

/** Functions whose answer NULL means that there was no memory. */
const ALLOCATES = /^(?:Ex|Io|Mm|Vmb|Wdf)[A-Za-z]*Allocate/;

export function incomingFateCheck(): Check {
  return { call, compare, end };
}

function call(call: LibraryCall, path: Path): void {
  const how = ENDINGS.get(call.name);
  if (how !== undefined) ended(call, how, path);
  if (call.name === 'VmbChannelSetTransactionQuota' && operandNumber(call, 1, path) === 0n)
    path.report('in-quota-positive', call.place, 'Quota is 0, which lets no transaction through: 1 is the least');
}

function ended(call: LibraryCall, how: Done['how'], path: Path): void {
  const { name, operands, place } = call;
  const handle = regionOf(operands[0], path);
  const before = doneWith(operands[0], path);
  if (before !== undefined) twice(name, how, before, place, path);
  const pending = awaited(handle, path);
  if (pending !== undefined)
    path.report(
      'in-external-pending',
      place,
      `VmbChannelPacketGetExternalData has answered STATUS_PENDING: the packet is delivered again, and is not ${how} now`,
      [path.remark('asked', pending.place)],
    );
  if (how === 'deferred') deferredElsewhere(name, place, path);
  if (how === 'completed') completionBytes(call, path);
  if (how === 'failed' && before === undefined) failedForMemory(place, path);
  markDone(handle, { how, place: path.position(place) }, path);
}

function twice(name: string, how: string, before: Done, place: number, path: Path): void {
  const rule =
    before.how === 'failed'
      ? 'in-fail-terminal'
      : before.how === 'deferred' || how === 'deferred'
        ? 'in-defer-inline'
        : 'in-complete-once';
  const line = before.place === undefined ? 'before' : `in line ${before.place.line}`;
  path.report(rule, place, `${name} of a packet that was ${before.how} ${line}`, [
    path.remark(before.how, before.place),
  ]);
}

function deferredElsewhere(name: string, place: number, path: Path): void {
  const where = ELSEWHERE.get(path.walk.entry.role);
  if (where === undefined) return;
  path.report(
    'in-defer-inline',
    place,
    `${name} in ${where}: a packet is deferred only inside its ProcessPacket callback`,
  );
}

/** A guest that broke no rule loses its channel. */
function failedForMemory(place: number, path: Path): void {
  const asked = path.state.get(LAST_NULL);
  if (asked?.kind !== 'pointer' || path.isNull(asked) !== true) return;
  const { name, place: made } = asked.region;
  path.report(
    'in-fail-terminal',
    place,
    `fails the packet because ${name} had no memory, and that stops the channel: complete it with an answer instead`,
    [path.remark('asked for memory', path.position(made))],
  );
}

function compare(predicate: string, left: Value, right: Value, _place: number, path: Path): void {
  const [a, b] = [core(left), core(right)];
  const isOfPointers = a.kind === 'pointer' || b.kind === 'pointer';
  if (!isOfPointers && path.state.get(LAST_NULL) === undefined) return;
  if (path.decide(predicate, left, right) !== undefined) return;
  const pointer = a.kind === 'pointer' ? a : b;
  const isNullTest = (a === pointer ? b : a).kind === 'constant';
  const isAllocated = pointer.kind === 'pointer' && ALLOCATES.test(pointer.region.name);
  path.state.set(LAST_NULL, isNullTest && isAllocated ? pointer : undefined);
}

function completionBytes(call: LibraryCall, path: Path): void {
  const [, buffer] = call.operands;
  const size = operandNumber(call, 2, path);
  if (buffer === undefined || size === undefined) return;
  const isNull = path.isNull(buffer);
  if (isNull === true && size > 0n)
    path.report('in-completion-args', call.place, `Buffer is NULL, and BufferSize is ${size}`);
  if (isNull === false && size === 0n)
    path.report('in-completion-args', call.place, 'Buffer points to bytes, and BufferSize is 0');
  const pointer = path.pointer(buffer);
  if (pointer === undefined || pointer.index !== undefined || size > 1n << 20n) return;
  const [gap] = path.state.memory.uninitialised(pointer.region, pointer.offset, pointer.offset + Number(size));
  if (gap === undefined) return;
  const first = { start: gap.start - pointer.offset, end: gap.end - pointer.offset };
  path.report(
    'in-completion-init',
    call.place,
    `${bytesText(first)} of the ${size} that go to the guest were never initialised`,
  );
}

function end(_result: Value | undefined, path: Path): void {
  if (!hasRole(path, 'processPacket')) return;
  const own = path.parameter(PROCESS_PACKET.COMPLETION);
  const handle = regionOf(own, path);
  if (handle === undefined || doneWith(own, path) !== undefined) return;
  if (awaited(undefined, path) !== undefined || isKept(handle, path)) return;
  path.report(
    'in-complete-all-paths',
    path.state.exit,
    'returns without having completed, deferred or kept the packet',
  );
}
