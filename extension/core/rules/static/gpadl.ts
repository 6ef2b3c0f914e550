/** Rules of GPADLs, the guest's memory that a server maps (kmcl-facts 2.5, 7.5). */
import type { Position } from '../../run/report.js';
import type { Access, Check, LibraryCall, Reported } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Region, Value } from './flow/values.js';
import { hasRole, mayFail, operandNumber, outcomeOf, regionOf, Unended } from './helpers.js';

interface Mapping {
  readonly status: Value;
  readonly place: Position | undefined;
  readonly mdl: Region;
  readonly handle: Value | undefined;
  readonly isReadOnly: boolean;
  /** Regions that virtual addresses of the MDL lead to. */
  readonly views: ReadonlySet<number>;
  readonly unmapped: Position | undefined;
}

const MAPPINGS = new PathKey<readonly Mapping[]>([]);

const MAP = 'VmbChannelMapGpadl';
const READ_ONLY = 1n;
/** Functions that answer an address of what an MDL describes. */
const VIEWS = new Set(['VspMapMdl_', 'MmMapLockedPagesSpecifyCache', 'MmMapLockedPages', 'MmGetSystemAddressForMdl']);

export function gpadlCheck(): Check {
  return new Gpadls();
}

class Gpadls implements Check {
  readonly #lost = new Unended(
    ({ place, exit }) => ({
      rule: 'gpadl-pair',
      message: `nothing unmaps this GPADL on the way to the return in line ${exit.line}, and nobody keeps its MDL`,
      location: place,
      related: [{ message: 'returns here', location: exit }],
    }),
    { isStrict: true },
  );

  call(call: LibraryCall, path: Path): void {
    if (call.name === 'VmbChannelUnmapGpadl') unmap(call, path);
    // The library's own functions that take an MDL are not of the host's side of a GPADL.
    if (call.name.startsWith('Vmb')) return;
    for (const operand of call.operands) {
      if (operand.kind === 'pointer') used(operand.region, call.place, call.name, path);
    }
  }

  returned(call: LibraryCall, result: Value | undefined, path: Path): void {
    if (call.name === MAP && result !== undefined) map(call, result, path);
    if (VIEWS.has(call.name)) viewed(call, regionOf(result, path), path);
  }

  read({ pointer, place, by }: Access, path: Path): void {
    used(pointer.region, place, by, path);
  }

  write({ pointer, place, by }: Access, path: Path): void {
    used(pointer.region, place, by, path);
    const mapping = mappingOf(pointer.region, path);
    if (mapping?.isReadOnly !== true || mapping.unmapped !== undefined || mapping.mdl === pointer.region) return;
    path.report('gpadl-flags', place, 'writes to what was mapped with VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY', [
      path.remark('mapped', mapping.place),
    ]);
  }

  end(result: Value | undefined, path: Path): void {
    const outcome = outcomeOf(result, path);
    for (const mapping of path.state.get(MAPPINGS)) {
      if (mapping.place === undefined || path.succeeded(mapping.status) !== true) continue;
      if (mapping.unmapped !== undefined) this.#lost.ended(mapping.place, outcome, path);
      else if (hasRole(path, 'opened') && result !== undefined && mayFail(result, path)) unwound(mapping, path);
      else if (!isHeld(mapping, result, path)) this.#lost.open(mapping.place, outcome, path);
    }
  }

  finish(report: (found: Reported) => void): void {
    this.#lost.finish(report);
  }
}

/** A failed open is followed by no close that could unmap (kmcl-facts 4.5). */
function unwound(mapping: Mapping, path: Path): void {
  path.report('state-opened-unwind', mapping.place, 'this GPADL stays mapped when the open fails', [
    path.remark('returns here', path.position(path.state.exit)),
  ]);
}

function map(call: LibraryCall, status: Value, path: Path): void {
  const target = path.pointer(call.operands[3]);
  const stored =
    target === undefined || target.index !== undefined
      ? undefined
      : path.state.memory.read(target.region, target.offset, 8, path.values, 64);
  const mdl = typeof stored === 'object' ? regionOf(stored, path) : undefined;
  if (mdl === undefined) return;
  const flags = operandNumber(call, 1, path);
  const mapping = {
    status,
    place: path.position(call.place),
    mdl,
    handle: call.operands[2],
    isReadOnly: flags !== undefined && (flags & READ_ONLY) !== 0n,
    views: new Set<number>(),
    unmapped: undefined,
  };
  path.state.set(MAPPINGS, [...path.state.get(MAPPINGS), mapping]);
}

function replace(path: Path, old: Mapping, next: Mapping): void {
  path.state.set(
    MAPPINGS,
    path.state.get(MAPPINGS).map((each) => (each === old ? next : each)),
  );
}

function viewed({ operands }: LibraryCall, view: Region | undefined, path: Path): void {
  const mdl = regionOf(operands[0], path);
  const mapping = path.state.get(MAPPINGS).find((each) => each.mdl === mdl);
  if (view !== undefined && mapping !== undefined)
    replace(path, mapping, { ...mapping, views: new Set([...mapping.views, view.id]) });
}

/** The mapping whose MDL or memory a region is; an address read from the MDL leads to its memory. */
function mappingOf(region: Region, path: Path): Mapping | undefined {
  return path.state.get(MAPPINGS).find((each) => belongs(region, each));
}

function belongs(region: Region, { mdl, views }: Mapping): boolean {
  return region === mdl || views.has(region.id) || region.source?.region === mdl;
}

function unmap({ operands, place }: LibraryCall, path: Path): void {
  const own = path.state.get(MAPPINGS).findLast(({ handle }) => handle === operands[1]);
  if (own === undefined) return;
  if (own.unmapped !== undefined)
    path.report('gpadl-pair', place, 'this GPADL was unmapped before', [path.remark('unmapped', own.unmapped)]);
  replace(path, own, { ...own, unmapped: path.position(place) });
}

function used(region: Region, place: number, by: string, path: Path): void {
  const mapping = mappingOf(region, path);
  if (mapping === undefined) return;
  const what = mapping.mdl === region ? 'the MDL' : 'the memory';
  const who = by === '' || by.startsWith('Vsp') ? 'uses' : `${by} uses`;
  if (mapping.unmapped !== undefined) {
    path.report('gpadl-unmap-quiet', place, `${who} ${what} of a GPADL that is unmapped already`, [
      path.remark('unmapped', mapping.unmapped),
    ]);
  } else if (path.succeeded(mapping.status) !== true && !isThere(mapping, path)) {
    path.report('gpadl-map-checked', place, `${who} ${what} where ${MAP} may have failed`, [
      path.remark('mapped', mapping.place),
    ]);
    // Said once: from here on it is mapped.
    const zero = path.values.constant(0n, mapping.status.bits);
    path.state.facts.assumeCompare('sge', mapping.status, zero, true, path.values);
  }
}

/** An MDL that was NULL before the call and is not any more says as much as the status. */
function isThere({ mdl }: Mapping, path: Path): boolean {
  return mdl.address !== undefined && path.isNull(mdl.address) === false;
}

/** Whether MDL or addresses outlive the function: in memory that is not its own, or in its answer. */
function isHeld(mapping: Mapping, result: Value | undefined, path: Path): boolean {
  const { escaped, memory } = path.state;
  if (result?.kind === 'pointer' && belongs(result.region, mapping)) return true;
  if (escaped.has(mapping.mdl.id) || [...mapping.views].some((id) => escaped.has(id))) return true;
  for (const { region, cells } of memory.all()) {
    if (region.kind === 'local' || belongs(region, mapping)) continue;
    const holds = cells.some(
      ({ content }) => typeof content === 'object' && content.kind === 'pointer' && belongs(content.region, mapping),
    );
    if (holds) return true;
  }
  return false;
}
