/** Rules of packets that the peer sends (kmcl-facts 5.4, 5.5, 7.3). */
import type { Position } from '../../run/report.js';
import type { Access, Check, LibraryCall } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import { core, type Region, type Value } from './flow/values.js';
import {
  bytesText,
  hasRole,
  isKept,
  isParameter,
  operandNumber,
  regionOf,
  STATUS,
  sizeText,
  uncoveredEnd,
} from './helpers.js';

/** Parameters of EVT_VMB_CHANNEL_PROCESS_PACKET. */
const COMPLETION = 1;
const BUFFER = 2;
const BUFFER_LENGTH = 3;
const FLAGS = 4;
const EXTERNAL_DATA = 1n;

interface Done {
  readonly how: string;
  readonly place: Position | undefined;
}

interface External {
  readonly status: Value;
  readonly mdl: Region | undefined;
  readonly completion: Region | undefined;
  readonly place: Position | undefined;
}

interface Fetched {
  readonly start: number;
  readonly end: number;
  readonly value: Value | undefined;
  readonly place: number;
}

interface Story {
  /** By region of the completion handle. */
  readonly done: ReadonlyMap<number, Done>;
  readonly external: readonly External[];
  readonly fetched: readonly Fetched[];
  readonly mapped: ReadonlyMap<number, Position | undefined>;
}

const STORY = new PathKey<Story>({ done: new Map(), external: [], fetched: [], mapped: new Map() });

const COMPLETES: ReadonlyMap<string, string> = new Map([
  ['VmbChannelPacketComplete', 'completed'],
  ['VmbChannelPacketFail', 'failed'],
  ['VmbChannelPacketDeferToPassive', 'deferred'],
]);
const GET_EXTERNAL = 'VmbChannelPacketGetExternalData';
const NOT_OWNED = new Set([
  'IoFreeMdl',
  'MmUnlockPages',
  'MmProbeAndLockPages',
  'MmBuildMdlForNonPagedPool',
  'IoBuildPartialMdl',
]);
/** These take the MDL second. */
const MDL_SECOND = new Set(['MmUnmapLockedPages', 'IoBuildPartialMdl']);

export function incomingCheck(): Check {
  return { call, returned, read, write, mayBeNull, compare, end };
}

function update(path: Path, change: Partial<Story>): void {
  path.state.set(STORY, { ...path.state.get(STORY), ...change });
}

function call(call: LibraryCall, path: Path): void {
  const { name, operands, place } = call;
  const how = COMPLETES.get(name);
  if (how !== undefined) finished(call, how, path);
  if (name === GET_EXTERNAL) external(call, path);
  if (NOT_OWNED.has(name)) {
    const mdl = regionOf(operands[MDL_SECOND.has(name) ? 1 : 0], path);
    if (mdl?.name === GET_EXTERNAL)
      path.report('in-mdl-not-owned', place, `${name} of an MDL that the library made and takes back`);
  }
  if (name === 'VmbChannelSetTransactionQuota' && operandNumber(call, 1, path) === 0n)
    path.report('in-quota-positive', place, 'a quota of 0 lets no transaction through');
  if (name === 'MmUnmapLockedPages') {
    const { mapped } = path.state.get(STORY);
    const base = regionOf(operands[0], path);
    update(path, { mapped: new Map([...mapped].filter(([id]) => id !== base?.id)) });
  }
}

function finished(call: LibraryCall, how: string, path: Path): void {
  const { name, operands, place } = call;
  const { done, external: open, mapped } = path.state.get(STORY);
  const handle = regionOf(operands[0], path);
  const before = handle === undefined ? undefined : done.get(handle.id);
  if (before !== undefined) twice(name, how, before, place, path);
  const pending = open.find(
    ({ completion, status }) => completion === handle && isStatus(status, STATUS.PENDING, path) === true,
  );
  if (pending !== undefined)
    path.report(
      'in-external-pending',
      place,
      `${GET_EXTERNAL} has answered STATUS_PENDING: the packet is delivered again, and is not ${how} now`,
      [path.remark('asked', pending.place)],
    );
  if (how === 'deferred' && hasRole(path, 'completion', 'dpc', 'started', 'opened', 'closed', 'suspend', 'postStarted'))
    path.report('in-defer-inline', place, 'a packet is deferred only inside its ProcessPacket callback');
  if (how === 'completed') completionBytes(call, path);
  if (how === 'completed' && hasRole(path, 'processPacket')) {
    for (const at of mapped.values())
      path.report('in-mdl-unmap-first', place, 'pages that were mapped for this packet are still mapped', [
        path.remark('mapped', at),
      ]);
  }
  if (handle !== undefined) update(path, { done: new Map(done).set(handle.id, { how, place: path.position(place) }) });
}

function twice(name: string, how: string, before: Done, place: number, path: Path): void {
  const related = [path.remark(before.how, before.place)];
  const rule =
    before.how === 'failed'
      ? 'in-fail-terminal'
      : before.how === 'deferred' || how === 'deferred'
        ? 'in-defer-inline'
        : 'in-complete-once';
  path.report(rule, place, `${name} of a packet that was ${before.how} before`, related);
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

function external({ operands, place }: LibraryCall, path: Path): void {
  const { done } = path.state.get(STORY);
  const handle = regionOf(operands[0], path);
  const before = handle === undefined ? undefined : done.get(handle.id);
  if (before !== undefined)
    path.report('in-no-use-after-complete', place, `${GET_EXTERNAL} of a packet that was ${before.how} before`, [
      path.remark(before.how, before.place),
    ]);
  if (!hasRole(path, 'processPacket')) return;
  const flags = path.parameter(FLAGS);
  if (flags === undefined) return;
  const bit = path.values.operation('and', flags.bits, flags, path.values.constant(EXTERNAL_DATA, flags.bits));
  const isKnown =
    path.decide('ne', bit, path.values.constant(0n, flags.bits)) === true ||
    path.isTied(flags) ||
    path.lowest(flags) > 0n;
  if (!isKnown)
    path.report('in-external-flag', place, 'nothing has looked at Flags: this packet may have no external data');
}

function returned({ name, operands, place }: LibraryCall, result: Value | undefined, path: Path): void {
  const { external: open, mapped } = path.state.get(STORY);
  if (name === GET_EXTERNAL && result !== undefined) {
    const target = path.pointer(operands[2]);
    const stored =
      target === undefined ? undefined : path.state.memory.read(target.region, target.offset, 8, path.values, 64);
    const mdl = typeof stored === 'object' ? regionOf(stored, path) : undefined;
    const completion = regionOf(operands[0], path);
    update(path, { external: [...open, { status: result, mdl, completion, place: path.position(place) }] });
  }
  if (name === 'MmMapLockedPagesSpecifyCache') {
    const region = regionOf(result, path);
    if (region !== undefined) update(path, { mapped: new Map(mapped).set(region.id, path.position(place)) });
  }
}

function isStatus(status: Value, number: bigint, path: Path): boolean | undefined {
  return path.decide('eq', status, path.values.constant(number, status.bits));
}

function read(access: Access, path: Path): void {
  mdlUse(access, path);
  if (!hasRole(path, 'processPacket') || !isParameter(access.pointer, BUFFER, path)) return;
  afterComplete(access, path);
  const length = path.parameter(BUFFER_LENGTH);
  const end = length === undefined ? undefined : uncoveredEnd(access, length, path);
  if (end !== undefined && length !== undefined) {
    path.report(
      'in-length-check',
      access.place,
      `reads up to byte ${end} of the packet, and BufferLength is only known to be ${path.lowest(length)} or more`,
    );
  }
  fetch(access, path);
}

function write(access: Access, path: Path): void {
  mdlUse(access, path);
  if (hasRole(path, 'processPacket') && isParameter(access.pointer, BUFFER, path)) afterComplete(access, path);
}

function afterComplete({ place }: Access, path: Path): void {
  const handle = path.pointer(path.parameter(COMPLETION));
  const done = handle === undefined ? undefined : path.state.get(STORY).done.get(handle.region.id);
  if (done === undefined) return;
  path.report('in-no-use-after-complete', place, `touches the packet's bytes after it was ${done.how}`, [
    path.remark(done.how, done.place),
  ]);
}

/** A field that decided something is read a second time: the guest may have changed it meanwhile. */
function fetch({ pointer, size, value, place }: Access, path: Path): void {
  if (size === undefined || pointer.index !== undefined) return;
  const { fetched } = path.state.get(STORY);
  const { offset: start } = pointer;
  const end = start + size;
  const before = fetched.find(
    (each) => each.start < end && start < each.end && each.place !== place && isJudged(each.value, path),
  );
  if (before !== undefined) {
    path.report(
      'in-capture-once',
      place,
      `reads ${sizeText(size)} at byte ${start} again that were checked before: the guest may have changed them`,
      [path.remark('checked', path.position(before.place))],
    );
  }
  update(path, { fetched: [...fetched, { start, end, value, place }] });
}

function isJudged(value: Value | undefined, path: Path): boolean {
  const own = value === undefined ? undefined : core(value);
  return own?.kind === 'symbol' && path.state.used.has(own.id);
}

/** Only STATUS_SUCCESS has put an MDL there. */
function mdlUse({ pointer, place }: Access, path: Path): void {
  if (pointer.region.name !== GET_EXTERNAL) return;
  const { external: open } = path.state.get(STORY);
  const made = open.find(({ mdl }) => mdl === pointer.region);
  if (made === undefined) return;
  const hasSucceeded = path.succeeded(made.status) === true;
  if (hasSucceeded && isStatus(made.status, STATUS.PENDING, path) === false) return;
  const isPending = hasSucceeded;
  path.report(
    'in-external-status',
    place,
    isPending
      ? 'uses the MDL where the status may be STATUS_PENDING, which NT_SUCCESS lets through'
      : `uses the MDL where ${GET_EXTERNAL} may have failed`,
    [path.remark('asked', made.place)],
  );
}

function mayBeNull({ region }: { readonly region: Region }, place: number, path: Path): void {
  if (region.name === 'VspMapMdl_' || region.name === 'MmMapLockedPagesSpecifyCache')
    path.report('in-mdl-map-checked', place, 'the mapping may have failed: its address is not compared with NULL');
}

/** A length on the wire is a multiple of 8 (kmcl-facts 9.1): an exact size that is none never comes. */
function compare(predicate: string, left: Value, right: Value, place: number, path: Path): void {
  if (!hasRole(path, 'processPacket') || (predicate !== 'eq' && predicate !== 'ne')) return;
  const length = path.parameter(BUFFER_LENGTH);
  if (length === undefined || core(left) !== core(length)) return;
  const size = right.kind === 'constant' ? right.value : undefined;
  if (size === undefined || size === 0n || size % 8n === 0n) return;
  path.report(
    'in-length-not-exact',
    place,
    `BufferLength is compared with exactly ${size}: the ring rounds lengths up to multiples of 8`,
  );
}

function end(_result: Value | undefined, path: Path): void {
  if (!hasRole(path, 'processPacket')) return;
  const handle = path.pointer(path.parameter(COMPLETION));
  if (handle === undefined) return;
  const { done, external: open } = path.state.get(STORY);
  const isPending = open.some(({ status }) => isStatus(status, STATUS.PENDING, path) !== false);
  if (done.has(handle.region.id) || isPending || isKept(handle.region, path)) return;
  path.report(
    'in-complete-all-paths',
    path.state.exit,
    'returns without having completed, deferred or kept the packet',
  );
}
