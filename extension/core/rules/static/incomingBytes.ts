/** Rules of the bytes of an incoming packet: how far they are read, how often, and when (kmcl-facts 5.4, 7.3, A-19). */
import type { Position } from '../../run/report.js';
import type { Access, Check } from './flow/check.js';
import type { Path } from './flow/path.js';
import { PathKey } from './flow/state.js';
import { core, type Region, type Value } from './flow/values.js';
import { bytesText, hasRole, isParameter, uncoveredEnd } from './helpers.js';
import { doneWith, PROCESS_PACKET } from './incomingState.js';

/** One read of the packet's own bytes, directly or from a copy of them; offsets into the packet. */
interface Fetched {
  readonly start: number;
  readonly end: number;
  /** Bits that are kept of what was read; all where undefined. */
  readonly mask: bigint | undefined;
  readonly value: Value | undefined;
  /** Where the guest's memory was read. */
  readonly place: number;
  readonly field: string;
}

/** Bytes of the driver's memory that came from the packet. */
interface Copy {
  readonly region: Region;
  readonly start: number;
  readonly end: number;
  /** Of `start` in the packet. */
  readonly from: number;
  readonly place: number;
}

/** A copy of bytes that were checked before they were copied: nobody has used it yet. */
interface Doubt extends Copy {
  readonly checked: Fetched;
}

interface Story {
  readonly fetched: readonly Fetched[];
  readonly copies: readonly Copy[];
  readonly doubts: readonly Doubt[];
  /** Values that something was decided by. */
  readonly judged: ReadonlySet<number>;
}

const STORY = new PathKey<Story>({ fetched: [], copies: [], doubts: [], judged: new Set() });

export function incomingBytesCheck(): Check {
  return { read, write, compare, end };
}

function update(path: Path, change: Partial<Story>): void {
  path.state.set(STORY, { ...path.state.get(STORY), ...change });
}

function read(access: Access, path: Path): void {
  if (!hasRole(path, 'processPacket')) return;
  if (!isParameter(access.pointer, PROCESS_PACKET.BUFFER, path)) {
    readCopy(access, path);
    return;
  }
  afterwards(access, path);
  const length = path.parameter(PROCESS_PACKET.BUFFER_LENGTH);
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
  if (!hasRole(path, 'processPacket')) return;
  if (isParameter(access.pointer, PROCESS_PACKET.BUFFER, path)) afterwards(access, path);
  overwrite(access, path);
}

function afterwards({ place }: Access, path: Path): void {
  const done = doneWith(path.parameter(PROCESS_PACKET.COMPLETION), path);
  if (done === undefined) return;
  path.report('in-no-use-after-complete', place, `touches the packet's bytes after it was ${done.how}`, [
    path.remark(done.how, done.place),
  ]);
}

/** A field that decided something is fetched a second time: the guest may have changed it meanwhile. */
function fetch(access: Access, path: Path): void {
  const { pointer, value, place, other } = access;
  const size = sizeOf(access, path);
  if (size === undefined || pointer.index !== undefined) return;
  const { offset: start } = pointer;
  const own: Fetched = { start, end: start + size, mask: keptBits(path, value), value, place, field: fieldRead(path) };
  const { fetched } = path.state.get(STORY);
  const before = fetched.filter((each) => overlaps(each, own) && each.place !== place && isJudged(each.value, path));
  if (other === undefined) {
    const [first] = before;
    if (first !== undefined) report(own, first, place, path);
    update(path, { fetched: [...fetched, own] });
    return;
  }
  update(path, { fetched: [...fetched, own] });
  if (other.index !== undefined) return;
  const moved = { region: other.region, place };
  const { copies, doubts } = path.state.get(STORY);
  update(path, {
    copies: [...copies, { ...moved, start: other.offset, end: other.offset + size, from: start }],
    doubts: [...doubts, ...before.map((checked) => doubtOf(checked, own, other.offset - start, moved))],
  });
}

function doubtOf(checked: Fetched, own: Fetched, distance: number, moved: Pick<Copy, 'region' | 'place'>): Doubt {
  const [start, end] = [Math.max(checked.start, own.start), Math.min(checked.end, own.end)];
  return { ...moved, start: start + distance, end: end + distance, from: start, checked };
}

/** Reading a copy reads what the packet held when it was made. */
function readCopy(access: Access, path: Path): void {
  const { pointer, size, value, other } = access;
  const { copies, doubts, fetched } = path.state.get(STORY);
  if (copies.length === 0 || size === undefined || pointer.index !== undefined) return;
  const at = { region: pointer.region, start: pointer.offset, end: pointer.offset + size };
  if (other !== undefined) {
    if (other.index === undefined) moveCopies(at, other.region, other.offset - pointer.offset, path);
    return;
  }
  const doubt = doubts.find((each) => touches(each, at));
  if (doubt !== undefined) {
    settle(doubt, path);
    return;
  }
  const copy = copies.findLast((each) => touches(each, at));
  if (copy === undefined) return;
  const start = at.start - copy.start + copy.from;
  const mask = keptBits(path, value);
  update(path, {
    fetched: [...fetched, { start, end: start + size, mask, value, place: copy.place, field: fieldRead(path) }],
  });
}

function moveCopies(at: Pick<Copy, 'region' | 'start' | 'end'>, region: Region, distance: number, path: Path): void {
  const { copies, doubts } = path.state.get(STORY);
  const moved = <T extends Copy>(each: T): T => {
    const start = Math.max(each.start, at.start);
    const end = Math.min(each.end, at.end);
    return { ...each, region, start: start + distance, end: end + distance, from: each.from + start - each.start };
  };
  update(path, {
    copies: [...copies, ...copies.filter((each) => touches(each, at)).map(moved)],
    doubts: [...doubts, ...doubts.filter((each) => touches(each, at)).map(moved)],
  });
}

/** What is stored over a copy makes it the driver's own. */
function overwrite({ pointer, size, place }: Access, path: Path): void {
  const { copies, doubts } = path.state.get(STORY);
  if (copies.length === 0) return;
  const { region, offset: start, index } = pointer;
  const end = size === undefined || index !== undefined ? Number.POSITIVE_INFINITY : start + size;
  const left = <T extends Copy>(list: readonly T[]): readonly T[] =>
    list.flatMap((each) => {
      if (each.place === place || !touches(each, { region, start, end })) return [each];
      const front = each.start < start ? [{ ...each, end: start }] : [];
      const back = each.end > end ? [{ ...each, start: end, from: each.from + end - each.start }] : [];
      return [...front, ...back];
    });
  update(path, { copies: left(copies), doubts: left(doubts) });
}

/** What was checked in one copy and lives on in another one is used later. */
function end(_result: Value | undefined, path: Path): void {
  if (!hasRole(path, 'processPacket')) return;
  for (const doubt of path.state.get(STORY).doubts) if (doubt.region.kind !== 'local') settle(doubt, path);
}

function settle(doubt: Doubt, path: Path): void {
  const { from, start, end: last, checked, place } = doubt;
  report({ start: from, end: from + last - start, field: '' }, checked, place, path);
}

function report(own: Pick<Fetched, 'start' | 'end' | 'field'>, checked: Fetched, place: number, path: Path): void {
  const name = own.field || checked.field;
  const bytes = `${bytesText(own)} of the packet`;
  const [what, them] = name === '' ? [bytes, 'them'] : [`${name}, ${bytes},`, 'it'];
  const first: Position | undefined = path.position(checked.place);
  const before = first === undefined ? 'it was checked before' : `line ${first.line} has read and checked ${them}`;
  path.report(
    'in-capture-once',
    place,
    `reads ${what} again: ${before}, and the guest may have changed ${them} meanwhile`,
    [path.remark('checked', first)],
  );
}

function overlaps(a: Fetched, b: Fetched): boolean {
  const isApart = a.mask !== undefined && b.mask !== undefined && a.start === b.start && (a.mask & b.mask) === 0n;
  return a.start < b.end && b.start < a.end && !isApart;
}

function touches(copy: Copy, at: Pick<Copy, 'region' | 'start' | 'end'>): boolean {
  return copy.region === at.region && copy.start < at.end && at.start < copy.end;
}

/** Bytes that a read takes at least. */
function sizeOf({ size, length }: Access, path: Path): number | undefined {
  if (size !== undefined) return size;
  const least = length === undefined ? 0n : path.lowest(length);
  return least > 0n && least < MOST_BYTES ? Number(least) : undefined;
}

/** No packet is longer (kmcl-facts K11). */
const MOST_BYTES = 524_280n;

function compare(predicate: string, left: Value, right: Value, place: number, path: Path): void {
  if (!hasRole(path, 'processPacket')) return;
  exactLength(predicate, left, right, place, path);
  const { judged } = path.state.get(STORY);
  const found = [...symbolsOf(left), ...symbolsOf(right)].filter((id) => !judged.has(id));
  if (found.length > 0) update(path, { judged: new Set([...judged, ...found]) });
}

/** A length on the wire is a multiple of 8 (kmcl-facts 9.1): an exact size that is none never comes. */
function exactLength(predicate: string, left: Value, right: Value, place: number, path: Path): void {
  const length = path.parameter(PROCESS_PACKET.BUFFER_LENGTH);
  if ((predicate !== 'eq' && predicate !== 'ne') || length === undefined || core(left) !== core(length)) return;
  const size = right.kind === 'constant' ? right.value : undefined;
  if (size === undefined || size === 0n || size % 8n === 0n) return;
  path.report(
    'in-length-not-exact',
    place,
    `BufferLength is compared with exactly ${size}: the ring rounds lengths up to multiples of 8`,
  );
}

/** How deep the arithmetic of a condition is looked into. */
const DEPTH = 8;

function symbolsOf(value: Value, depth = DEPTH): readonly number[] {
  if (value.kind === 'symbol') return [value.id];
  if (value.kind !== 'operation' || depth === 0) return [];
  const left = symbolsOf(value.left, depth - 1);
  return value.right === value.left ? left : [...left, ...symbolsOf(value.right, depth - 1)];
}

function isJudged(value: Value | undefined, path: Path): boolean {
  const own = value === undefined ? undefined : core(value);
  return own?.kind === 'symbol' && path.state.get(STORY).judged.has(own.id);
}

/** Of a bit-field, or of flags that are tested one by one, the bits that the next instructions keep. */
function keptBits({ state }: Path, value: Value | undefined): bigint | undefined {
  const { fn, block, next } = state.frame;
  const instructions = fn.blocks[block]?.instructions ?? [];
  const load = instructions[next - 1];
  if (value === undefined || load?.op !== 'load') return undefined;
  let slot = load.to;
  let shift = 0n;
  for (const each of instructions.slice(next, next + 4)) {
    if (each.op === 'cast' && each.value.kind === 'slot' && each.value.slot === slot) {
      slot = each.to;
      continue;
    }
    if (each.op !== 'binary' || each.left.kind !== 'slot' || each.left.slot !== slot) return undefined;
    if (each.right.kind !== 'constant') return undefined;
    if (each.operation === 'and') return each.right.value << shift;
    if (each.operation !== 'lshr') return undefined;
    shift += each.right.value;
    slot = each.to;
  }
  return undefined;
}

/** Name of the member that the load at work reads; '' where the IR tells none. */
function fieldRead({ state }: Path): string {
  const { fn, block, next } = state.frame;
  const instructions = fn.blocks[block]?.instructions ?? [];
  const load = instructions[next - 1];
  if (load?.op !== 'load' || load.from.kind !== 'slot') return '';
  const { slot } = load.from;
  const address = instructions.slice(0, next - 1).findLast((each) => each.op === 'address' && each.to === slot);
  return address?.op === 'address' ? (address.member ?? '') : '';
}
