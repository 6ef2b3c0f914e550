/** Rules of a channel's save and restore as a whole, and of GPADLs (kmcl-facts 6.2, 6.5, 7.5 to 7.7). */
import type { Position } from '../../run/report.js';
import type { Check, LibraryCall, Reported } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import type { Region, Value } from './flow/values.js';
import { hasRole, Ignored, regionOf, STATUS } from './helpers.js';

interface Save {
  readonly begin: Value;
  readonly place: Position | undefined;
  readonly ended: Position | undefined;
}

interface Asked {
  readonly status: Value;
  readonly place: Position | undefined;
  readonly size: Value | undefined;
}

interface Mapping {
  readonly status: Value;
  readonly place: Position | undefined;
  readonly mdl: Region | undefined;
  readonly handle: Value | undefined;
  readonly unmapped: Position | undefined;
}

interface Story {
  readonly saves: ReadonlyMap<number, Save>;
  readonly continued: readonly Asked[];
  readonly restored: readonly Asked[];
  readonly mappings: readonly Mapping[];
}

const STORY = new PathKey<Story>({ saves: new Map(), continued: [], restored: [], mappings: [] });

/** How the code tells the answers of one call apart, over all paths. */
interface Judged {
  readonly location: Position;
  /** Numbers it is compared with. */
  readonly numbers: Set<bigint>;
  isSignTested: boolean;
}

const CONTINUE = 'VmbChannelSaveContinue';
const RESTORE = 'VmbChannelRestoreFromBuffer';
const MAP = 'VmbChannelMapGpadl';

export function streamsCheck(): Check {
  return new Streams();
}

class Streams implements Check {
  readonly #judged = new Map<string, Judged & { readonly name: string }>();
  readonly #ignored = new Ignored();
  /** Begins by place: whether some path ends them, and the exits of paths that do not. */
  readonly #begins = new Map<string, { readonly place: Position; isEnded: boolean; open: Position | undefined }>();

  call(call: LibraryCall, path: Path): void {
    const channel = regionOf(call.operands[0], path);
    const save = channel === undefined ? undefined : path.state.get(STORY).saves.get(channel.id);
    if (call.name === CONTINUE || call.name === 'VmbChannelSaveEnd') saveCall(call, save, channel, path);
    if (call.name === CONTINUE) grows(call, path);
    if (call.name === 'VmbChannelUnmapGpadl') unmap(call, path);
    mdlOperands(call, path);
  }

  returned(call: LibraryCall, result: Value | undefined, path: Path): void {
    if (result === undefined) return;
    const story = path.state.get(STORY);
    const place = path.position(call.place);
    const channel = regionOf(call.operands[0], path);
    switch (call.name) {
      case 'VmbChannelSaveBegin':
        if (channel !== undefined)
          update(path, { saves: new Map(story.saves).set(channel.id, { begin: result, place, ended: undefined }) });
        break;
      case CONTINUE:
        update(path, { continued: [...story.continued, { status: result, place, size: call.operands[2] }] });
        this.#judge(CONTINUE, place);
        break;
      case RESTORE:
        update(path, { restored: [...story.restored, { status: result, place, size: undefined }] });
        this.#judge(RESTORE, place);
        break;
      case MAP:
        map(call, result, path);
        break;
    }
  }

  read(access: { readonly pointer: { readonly region: Region }; readonly place: number }, path: Path): void {
    mdlUse(access.pointer.region, access.place, path);
  }

  write(access: { readonly pointer: { readonly region: Region }; readonly place: number }, path: Path): void {
    mdlUse(access.pointer.region, access.place, path);
  }

  compare(predicate: string, left: Value, right: Value, _place: number, path: Path): void {
    const { continued, restored } = path.state.get(STORY);
    const asked = [...continued, ...restored].find(({ status }) => status === left || status === right);
    const judged = asked?.place === undefined ? undefined : this.#judged.get(keyOf(asked.place));
    if (judged === undefined) return;
    const other = asked?.status === left ? right : left;
    if (other.kind !== 'constant') return;
    if (predicate === 'eq' || predicate === 'ne') judged.numbers.add(other.value);
    else judged.isSignTested = true;
  }

  end(_result: Value | undefined, path: Path): void {
    const story = path.state.get(STORY);
    for (const { status, place } of story.restored)
      this.#ignored.note('restore-result-checked', RESTORE, status, place, path);
    for (const save of story.saves.values()) this.#ended(save, path);
    if (hasRole(path, 'opened') && _result !== undefined && path.succeeded(_result) === false) {
      const open = story.mappings.find(
        ({ unmapped, status }) => unmapped === undefined && path.succeeded(status) === true,
      );
      if (open !== undefined)
        path.report('state-opened-unwind', open.place, 'this GPADL stays mapped when the open fails', [
          path.remark('returns here', path.position(path.state.exit)),
        ]);
    }
  }

  finish(report: (found: Reported) => void): void {
    this.#ignored.finish(report);
    for (const { name, location, numbers, isSignTested } of this.#judged.values()) {
      if (!isSignTested) continue;
      if (name === RESTORE && !numbers.has(STATUS.MORE_PROCESSING_REQUIRED)) {
        const message =
          'NT_SUCCESS fails STATUS_MORE_PROCESSING_REQUIRED, which only means that there are more pieces to feed';
        report({ rule: 'restore-more-processing', message, location, related: [] });
      }
      const missing = [
        ...(numbers.has(STATUS.BUFFER_OVERFLOW) ? [] : ['STATUS_BUFFER_OVERFLOW']),
        ...(numbers.has(STATUS.BUFFER_TOO_SMALL) ? [] : ['STATUS_BUFFER_TOO_SMALL']),
      ];
      if (name === CONTINUE && missing.length > 0) {
        const message = `NT_SUCCESS fails ${missing.join(' and ')}, which ${missing.length === 1 ? 'is no error' : 'are no errors'}: the save goes on`;
        report({ rule: 'save-continue-statuses', message, location, related: [] });
      }
    }
    for (const { place, isEnded, open } of this.#begins.values()) {
      if (!isEnded || open === undefined) continue;
      const related = [{ message: 'returns here', location: open }];
      report({
        rule: 'save-end-always',
        message: 'some way from here to the return has no VmbChannelSaveEnd',
        location: place,
        related,
      });
    }
  }

  #judge(name: string, location: Position | undefined): void {
    if (location === undefined) return;
    const key = keyOf(location);
    if (!this.#judged.has(key)) this.#judged.set(key, { name, location, numbers: new Set(), isSignTested: false });
  }

  #ended({ begin, place, ended }: Save, path: Path): void {
    if (place === undefined || path.succeeded(begin) !== true) return;
    const known = this.#begins.get(keyOf(place)) ?? { place, isEnded: false, open: undefined };
    this.#begins.set(keyOf(place), known);
    if (ended === undefined) known.open = path.position(path.state.exit);
    else known.isEnded = true;
  }
}

function keyOf({ file, line, column }: Position): string {
  return `${file}:${line}:${column}`;
}

function update(path: Path, change: Partial<Story>): void {
  path.state.set(STORY, { ...path.state.get(STORY), ...change });
}

function saveCall({ name, place }: LibraryCall, save: Save | undefined, channel: Region | undefined, path: Path): void {
  if (save === undefined || channel === undefined) return;
  if (path.succeeded(save.begin) !== true) {
    path.report('save-begin-checked', place, `${name}, and VmbChannelSaveBegin may have failed`, [
      path.remark('begun', save.place),
    ]);
    path.state.facts.assumeCompare('sge', save.begin, path.values.constant(0n, save.begin.bits), true, path.values);
    if (path.succeeded(save.begin) !== true) return;
  }
  if (name !== 'VmbChannelSaveEnd') return;
  if (save.ended !== undefined)
    path.report('save-end-always', place, 'ends a save that was ended before', [path.remark('ended', save.ended)]);
  update(path, {
    saves: new Map(path.state.get(STORY).saves).set(channel.id, { ...save, ended: path.position(place) }),
  });
}

/** The same room after "too small" gets the same answer. */
function grows({ operands, place }: LibraryCall, path: Path): void {
  const last = path.state.get(STORY).continued.at(-1);
  if (last?.size === undefined || last.size !== operands[2]) return;
  const small = path.values.constant(STATUS.BUFFER_TOO_SMALL, last.status.bits);
  if (path.decide('eq', last.status, small) === true)
    path.report('save-grow', place, 'the call before said STATUS_BUFFER_TOO_SMALL, and this one gives no more room');
}

function map(call: LibraryCall, status: Value, path: Path): void {
  const target = path.pointer(call.operands[3]);
  const stored =
    target === undefined ? undefined : path.state.memory.read(target.region, target.offset, 8, path.values, 64);
  const mdl = typeof stored === 'object' ? regionOf(stored, path) : undefined;
  const mapping = { status, place: path.position(call.place), mdl, handle: call.operands[2], unmapped: undefined };
  update(path, { mappings: [...path.state.get(STORY).mappings, mapping] });
}

function unmap({ operands, place }: LibraryCall, path: Path): void {
  const { mappings } = path.state.get(STORY);
  const own = mappings.findLast(({ handle }) => handle === operands[1]);
  if (own === undefined) return;
  if (own.unmapped !== undefined)
    path.report('gpadl-pair', place, 'this GPADL was unmapped before', [path.remark('unmapped', own.unmapped)]);
  update(path, {
    mappings: mappings.map((each) => (each === own ? { ...each, unmapped: path.position(place) } : each)),
  });
}

/** Calls that take the MDL as it is. */
function mdlOperands({ name, operands, place }: LibraryCall, path: Path): void {
  if (name.startsWith('Vmb') && name !== 'VspMapMdl_') return;
  for (const operand of operands) {
    if (operand.kind === 'pointer') mdlUse(operand.region, place, path);
  }
}

function mdlUse(region: Region, place: number, path: Path): void {
  if (region.name !== MAP) return;
  const mapping = path.state.get(STORY).mappings.find(({ mdl }) => mdl === region);
  if (mapping === undefined) return;
  if (mapping.unmapped !== undefined) {
    path.report('gpadl-unmap-quiet', place, 'uses the MDL of a GPADL that is unmapped already', [
      path.remark('unmapped', mapping.unmapped),
    ]);
  } else if (path.succeeded(mapping.status) !== true) {
    path.report('gpadl-map-checked', place, `uses the MDL where ${MAP} may have failed`, [
      path.remark('mapped', mapping.place),
    ]);
  }
}
