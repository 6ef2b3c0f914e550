/** What a save callback leaves in SaveBuf, judged when it returns success (kmcl-facts 6.4). */
import type { Cell } from './flow/memory.js';
import type { Path } from './flow/path.js';
import { highest, maximum } from './flow/ranges.js';
import { core, type Operation, type Value } from './flow/values.js';
import { bytesText } from './helpers.js';

const SAVE_BUF = 2;

/** `needed` is what *BytesNeeded holds. */
export function recordEnd(needed: Value, path: Path): void {
  const buffer = path.parameter(SAVE_BUF);
  if (buffer?.kind !== 'pointer') return;
  const { cells } = path.state.memory.of(buffer.region);
  const size = path.number(needed);
  pointers(cells, path);
  if (size === undefined) return;
  const [gap] = path.state.memory.uninitialised(buffer.region, 0, Number(size));
  if (gap !== undefined && size < 1n << 24n) {
    path.report(
      'savepkt-full-init',
      path.state.exit,
      `${bytesText(gap)} of the ${size} that are saved were never initialised: they hold what memory held before`,
      origin(cells, gap.start, path),
    );
  }
  version(cells, Number(size), path);
}

/** Where the bytes came from. */
function origin(cells: readonly Cell[], at: number, path: Path): ReturnType<Path['remark']>[] {
  const cell = cells.find(({ start, end }) => start <= at && at < end);
  return cell === undefined || cell.place === 0 ? [] : [path.remark('copied here', path.position(cell.place))];
}

function pointers(cells: readonly Cell[], path: Path): void {
  for (const { content, start, place } of cells) {
    if (typeof content !== 'object' || content.kind !== 'pointer' || path.isNull(content) === true) continue;
    const related = place === 0 ? [] : [path.remark('stored here', path.position(place))];
    path.report(
      'savepkt-no-pointers',
      path.state.exit,
      `bytes ${start} to ${start + 7} of what is saved are an address or a handle: it means nothing on another host`,
      related,
    );
    return;
  }
}

/** Only of a record whose bytes are all known one by one: none of them is a constant that could tell a version. */
function version(cells: readonly Cell[], size: number, path: Path): void {
  const saved = cells.filter(({ start }) => start < size);
  const isKnown = saved.length > 0 && saved.every(({ content }) => typeof content === 'object' || content === 'zero');
  const fields = saved.filter(({ content }) => typeof content === 'object');
  if (!isKnown || fields.length === 0 || saved.reduce((sum, { start, end }) => sum + end - start, 0) < size) return;
  const tells = fields.some(({ content }) => {
    const number = typeof content === 'object' ? path.number(content) : undefined;
    return number !== undefined && number !== 0n;
  });
  if (!tells) {
    path.report(
      'savepkt-versioned',
      path.state.exit,
      `none of the ${size} saved bytes tells which version of the record they are`,
    );
  }
}

/** A size that can wrap around, from a number nobody has compared with anything. */
export function sizeArithmetic(needed: Value, place: number, path: Path): void {
  const wraps = overflowing(needed, path);
  if (wraps === undefined) return;
  const how =
    wraps.operation === 'trunc'
      ? 'is cut to 32 bits'
      : `is ${wraps.operation === 'mul' ? 'multiplied' : 'added'} in ${wraps.bits} bits`;
  path.report(
    'savepkt-size-arith',
    place,
    `the size ${how} without a check: it can wrap around and be smaller than the record`,
  );
}

function overflowing(value: Value, path: Path): Operation | undefined {
  const own = core(value);
  if (own.kind !== 'operation' || path.isTied(own)) return undefined;
  const { operation, left, right, bits } = own;
  // What was made narrower than the size itself was made so on purpose.
  if (operation === 'trunc' && bits < value.bits) return undefined;
  if (operation === 'trunc') {
    const wide = highest(path.range(left));
    return (
      overflowing(left, path) ?? (wide > maximum(bits) && isOpen(left, path) && !path.isTied(left) ? own : undefined)
    );
  }
  if (operation !== 'add' && operation !== 'mul') return undefined;
  const inner = overflowing(left, path) ?? overflowing(right, path);
  if (inner !== undefined) return inner;
  if (operation === 'add' && [left, right].some((each) => isNoLessThan(own, each, path))) return undefined;
  const [a, b] = [highest(path.range(left)), highest(path.range(right))];
  const top = operation === 'add' ? a + b : a * b;
  return top > maximum(bits) && [left, right].every((each) => each.kind === 'constant' || isOpen(each, path))
    ? own
    : undefined;
}

/** Whether a sum was found to be no less than one of its parts, a number: then it has not wrapped around. */
function isNoLessThan(sum: Operation, part: Value, path: Path): boolean {
  return part.kind === 'constant' && path.lowest(sum) >= part.value;
}

/** A number that came from memory or a call, and that nothing has limited. */
function isOpen(value: Value, path: Path): boolean {
  const own = core(value);
  if (path.isTied(own)) return false;
  switch (own.kind) {
    case 'constant':
      return true;
    case 'symbol': {
      const { kind } = own.origin;
      return (kind === 'memory' || kind === 'result') && highest(path.range(own)) === maximum(own.bits);
    }
    case 'operation':
      return isOpen(own.left, path) && isOpen(own.right, path);
    case 'pointer':
      return false;
  }
}
