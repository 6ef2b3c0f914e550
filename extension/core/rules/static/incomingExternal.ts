/** Rules of external data: asking for it, its MDL, and mappings of that (kmcl-facts 5.5, 7.3). */
import type { Position } from '../../run/report.js';
import type { Access, Check, LibraryCall } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Region, Value } from './flow/values.js';
import { hasRole, regionOf, STATUS } from './helpers.js';
import { doneOf, doneWith, PROCESS_PACKET } from './incomingState.js';

interface External {
  readonly status: Value;
  readonly mdl: Region | undefined;
  readonly completion: Region | undefined;
  readonly place: Position | undefined;
}

/** An explicit mapping of a packet's MDL. */
interface Mapped {
  readonly address: Value;
  readonly base: Region;
  readonly completion: Region | undefined;
  readonly place: Position | undefined;
}

interface Story {
  readonly external: readonly External[];
  readonly mapped: readonly Mapped[];
  /** Where the address of each mapping comes from, by region. */
  readonly origins: ReadonlyMap<number, Position | undefined>;
}

const STORY = new PathKey<Story>({ external: [], mapped: [], origins: new Map() });

const EXTERNAL_DATA = 1n;
const GET_EXTERNAL = 'VmbChannelPacketGetExternalData';
const MAP = 'MmMapLockedPagesSpecifyCache';
/** What MmGetSystemAddressForMdlSafe comes down to. */
const SYSTEM_ADDRESS = 'VspMapMdl_';
/** Calls that only the owner of an MDL makes, by the operand that is the MDL. */
const OWNERS: ReadonlyMap<string, number> = new Map([
  ['IoFreeMdl', 0],
  ['MmUnlockPages', 0],
  ['MmProbeAndLockPages', 0],
  ['MmBuildMdlForNonPagedPool', 0],
  ['IoBuildPartialMdl', 1],
  ['ExFreePool', 0],
  ['ExFreePoolWithTag', 0],
]);

export function incomingExternalCheck(): Check {
  return { call, returned, read: used, write: used, mayBeNull };
}

/** External data that the path knows to be still to come; without a packet, that it does not know otherwise. */
export function awaited(completion: Region | undefined, path: Path): Pick<External, 'place'> | undefined {
  return path.state.get(STORY).external.find(({ completion: own, status }) => {
    const isPending = isStatus(status, STATUS.PENDING, path);
    return completion === undefined ? isPending !== false : own === completion && isPending === true;
  });
}

function update(path: Path, change: Partial<Story>): void {
  path.state.set(STORY, { ...path.state.get(STORY), ...change });
}

function isStatus(status: Value, number: bigint, path: Path): boolean | undefined {
  return path.decide('eq', status, path.values.constant(number, status.bits));
}

function call(call: LibraryCall, path: Path): void {
  const { name, operands } = call;
  if (name === GET_EXTERNAL) asked(call, path);
  if (name === 'VmbChannelPacketComplete') completed(call, path);
  owned(call, path);
  if (name === 'MmUnmapLockedPages') {
    const base = regionOf(operands[0], path);
    update(path, { mapped: path.state.get(STORY).mapped.filter((each) => each.base !== base) });
  }
}

function owned({ name, operands, place }: LibraryCall, path: Path): void {
  const index = OWNERS.get(name);
  const mdl = index === undefined ? undefined : regionOf(operands[index], path);
  if (mdl === undefined || !isLibrarys(mdl)) return;
  const which = mdl.name === GET_EXTERNAL ? 'the MDL' : 'a further MDL of the chain';
  const made = path.state.get(STORY).external.find((each) => each.mdl === mdl || each.mdl === mdl.source?.region);
  path.report(
    'in-mdl-not-owned',
    place,
    `${name} of ${which} that ${GET_EXTERNAL} handed out: the library made it, and takes it back when the packet completes`,
    [path.remark('handed out', made?.place)],
  );
}

/** Handed out by the library, or behind such a one by its Next, which an MDL begins with. */
function isLibrarys({ name, source }: Region): boolean {
  return name === GET_EXTERNAL || (source !== undefined && source.offset === 0 && isLibrarys(source.region));
}

function completed({ operands, place }: LibraryCall, path: Path): void {
  if (!hasRole(path, 'processPacket')) return;
  const handle = regionOf(operands[0], path);
  for (const { address, completion, place: at } of path.state.get(STORY).mapped) {
    if (completion !== handle || path.isNull(address) === true) continue;
    const line = at === undefined ? '' : ` of line ${at.line}`;
    path.report(
      'in-mdl-unmap-first',
      place,
      `completes the packet while the ${MAP}${line} is still in force: its pages belong to the guest again`,
      [path.remark('mapped', at)],
    );
  }
}

function asked({ operands, place }: LibraryCall, path: Path): void {
  const before = doneWith(operands[0], path);
  if (before !== undefined)
    path.report('in-no-use-after-complete', place, `${GET_EXTERNAL} of a packet that was ${before.how} before`, [
      path.remark(before.how, before.place),
    ]);
  if (!hasRole(path, 'processPacket')) return;
  const flags = path.parameter(PROCESS_PACKET.FLAGS);
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
  const { external, mapped, origins } = path.state.get(STORY);
  if (name === GET_EXTERNAL && result !== undefined) {
    const target = path.pointer(operands[2]);
    const stored =
      target === undefined ? undefined : path.state.memory.read(target.region, target.offset, 8, path.values, 64);
    const mdl = typeof stored === 'object' ? regionOf(stored, path) : undefined;
    const completion = regionOf(operands[0], path);
    update(path, { external: [...external, { status: result, mdl, completion, place: path.position(place) }] });
  }
  if (name === MAP || name === SYSTEM_ADDRESS) {
    const base = regionOf(result, path);
    if (base !== undefined) update(path, { origins: new Map(origins).set(base.id, path.position(place)) });
  }
  if (name === MAP && result !== undefined) {
    const base = regionOf(result, path);
    const made = ownerOf(regionOf(operands[0], path), external);
    if (base === undefined || made === undefined) return;
    const { completion } = made;
    update(path, { mapped: [...mapped, { address: result, base, completion, place: path.position(place) }] });
  }
}

/** The packet whose MDL, or one behind it, that is. */
function ownerOf(mdl: Region | undefined, external: readonly External[]): External | undefined {
  if (mdl === undefined) return undefined;
  const own = external.find((each) => each.mdl === mdl);
  return own ?? (mdl.source?.offset === 0 ? ownerOf(mdl.source.region, external) : undefined);
}

/** Only STATUS_SUCCESS has put an MDL there. */
function used({ pointer, place }: Access, path: Path): void {
  if (pointer.region.name !== GET_EXTERNAL) return;
  const made = path.state.get(STORY).external.find(({ mdl }) => mdl === pointer.region);
  if (made === undefined) return;
  const done = made.completion === undefined ? undefined : doneOf(made.completion, path);
  if (done !== undefined) {
    path.report('in-no-use-after-complete', place, `uses the MDL of a packet that was ${done.how} before`, [
      path.remark(done.how, done.place),
    ]);
    return;
  }
  const hasSucceeded = path.succeeded(made.status) === true;
  if (hasSucceeded && isStatus(made.status, STATUS.PENDING, path) === false) return;
  path.report(
    'in-external-status',
    place,
    hasSucceeded
      ? 'uses the MDL where the status may be STATUS_PENDING, which NT_SUCCESS lets through'
      : `uses the MDL where ${GET_EXTERNAL} may have failed`,
    [path.remark('asked', made.place)],
  );
}

function mayBeNull({ region }: { readonly region: Region }, place: number, path: Path): void {
  if (region.name !== SYSTEM_ADDRESS && region.name !== MAP) return;
  const name = region.name === MAP ? MAP : 'MmGetSystemAddressForMdlSafe';
  path.report('in-mdl-map-checked', place, `${name} may have answered NULL here: nothing has compared its address`, [
    path.remark('mapped', path.state.get(STORY).origins.get(region.id)),
  ]);
}
