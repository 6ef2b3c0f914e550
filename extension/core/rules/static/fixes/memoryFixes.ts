/** Quick fixes of the rules of memory and of locks. */
import {
  answerOf,
  before,
  bodyBefore,
  type Edits,
  earlier,
  guard,
  leave,
  linesBefore,
  linesBehind,
  own,
  replace,
  without,
} from './edits.js';
import type { FixInput, FixTable, TextEdit } from './fix.js';
import { type CallText, callIn, callsIn, closing, offsetAt, statementAt, statementStart } from './statement.js';

const allocates = (name: string): boolean => name.startsWith('ExAllocatePool');

/** The allocation at a place the finding refers to, or at its own. */
function allocationAt({ text, offset, related }: FixInput): CallText | undefined {
  for (const place of [...related, offset]) {
    const statement = statementAt(text, place);
    const call = statement === undefined ? undefined : callIn(text, statement, allocates);
    if (call !== undefined) return call;
  }
  return undefined;
}

/** The function ends where the pool had no memory. */
function checkedBlock(input: FixInput): Edits {
  const { text, around } = input;
  const place = earlier(input);
  const name = place === undefined ? undefined : blockName(text, place);
  const isPointer = /\*$|^P[A-Z]/.test(around.returns);
  const exit = isPointer ? 'return NULL;' : leave(input, 'STATUS_INSUFFICIENT_RESOURCES');
  if (name === undefined || exit === undefined) return undefined;
  return before(input, () => guard(`${name} == NULL`, [exit]));
}

/** The variable that the allocation at that place goes to, through a cast or not. */
function blockName(text: string, place: number): string | undefined {
  const lead = text.slice(statementStart(text, place), place);
  return /(\w+)\s*=\s*(?:\([^()]*\)\s*)?$/.exec(lead)?.[1];
}

const frees = (name: string): boolean => name.startsWith('ExFreePool');
const FREED_TWICE = without('', frees);

/** The tag of the allocation, where that is what differs; a block that was freed before is not freed again. */
function freedOnce(input: FixInput): Edits {
  const { text, related } = input;
  const [place] = related;
  const before = place === undefined ? undefined : statementAt(text, place);
  if (before !== undefined && callIn(text, before, frees) !== undefined) return FREED_TWICE.edits(input);
  const tag = allocationAt({ ...input, related: related.slice(0, 1) })?.operands[2];
  const statement = statementAt(text, input.offset);
  const given = statement === undefined ? undefined : callIn(text, statement, frees)?.operands[1];
  return tag === undefined || given === undefined || tag.text === given.text ? undefined : [replace(given, tag.text)];
}

const NONPAGED: ReadonlyMap<string, string> = new Map([
  ['POOL_FLAG_PAGED', 'POOL_FLAG_NON_PAGED'],
  ['PagedPool', 'NonPagedPoolNx'],
]);

function nonpaged(input: FixInput): Edits {
  const pool = allocationAt(input)?.operands[0];
  const other = pool === undefined ? undefined : NONPAGED.get(pool.text);
  return pool === undefined || other === undefined ? undefined : [replace(pool, other)];
}

const FLAGS: ReadonlyMap<string, string> = new Map([
  ['NonPagedPoolNx', 'POOL_FLAG_NON_PAGED'],
  ['NonPagedPool', 'POOL_FLAG_NON_PAGED'],
  ['PagedPool', 'POOL_FLAG_PAGED'],
]);
const RAW = 'POOL_FLAG_UNINITIALIZED';

/** Blocks of ExAllocatePool2 hold zeros unless it is asked not to. */
function zeroedBlock(input: FixInput): Edits {
  const call = allocationAt(input);
  const pool = call?.operands[0];
  if (call === undefined || pool === undefined) return undefined;
  if (call.name === 'ExAllocatePool2') {
    const flags = pool.text.split('|').map((each) => each.trim());
    const left = flags.filter((each) => each !== RAW);
    return left.length === 0 || left.length === flags.length ? undefined : [replace(pool, left.join(' | '))];
  }
  const flag = FLAGS.get(pool.text);
  if (call.name !== 'ExAllocatePoolWithTag' || flag === undefined) return undefined;
  return [replace({ start: call.start, end: call.start + call.name.length }, 'ExAllocatePool2'), replace(pool, flag)];
}

const acquires = (name: string): boolean => /Acquire\w*SpinLock|SpinLockAcquire|^(?:LOCK|Lock)/.test(name);
const releases = (name: string): boolean => /Release\w*SpinLock|SpinLockRelease|^(?:UNLOCK|Unlock)/.test(name);

/** The acquisition that the finding refers to, in the same function. */
function acquisition(input: FixInput): CallText | undefined {
  const place = earlier(input);
  const statement = place === undefined ? undefined : statementAt(input.text, place);
  return statement === undefined ? undefined : callIn(input.text, statement, acquires);
}

/** The IRQL goes back to the one that this lock's acquisition has stored. */
function sameIrql(input: FixInput): Edits {
  const { text } = input;
  const acquired = acquisition(input);
  const statement = statementAt(text, input.offset);
  const released = statement === undefined ? undefined : callIn(text, statement, releases);
  const [lock, given] = released?.operands ?? [];
  if (acquired === undefined || lock === undefined || given === undefined) return undefined;
  const own = /^&([\w.>-]+)$/.exec(acquired.operands[1]?.text ?? '')?.[1] ?? answerOf(text, acquired.start);
  if (own === undefined || acquired.operands[0]?.text !== lock.text || own === given.text) return undefined;
  return [replace(given, own), ...swapped(input, { lock: lock.text, own, given: given.text })];
}

/** Another lock that was given this one's IRQL gets its own, too. */
function swapped(
  input: FixInput,
  { lock, own, given }: { lock: string; own: string; given: string },
): readonly TextEdit[] {
  return callsIn(input.text, functionOf(input), releases).flatMap(({ operands }) => {
    const [other, irql] = operands;
    const isSwapped = other !== undefined && other.text !== lock && irql?.text === own;
    return isSwapped && irql !== undefined ? [replace(irql, given)] : [];
  });
}

function functionOf({ text, around }: FixInput): { readonly start: number; readonly end: number } {
  const open = text.indexOf('{', offsetAt(text, around.bodyLine, 1));
  return { start: open, end: closing(text, open) };
}

/** The statement that releases the lock on the function's other ways. */
function releaseOf(input: FixInput, { operands }: CallText): string | undefined {
  const lock = operands[0]?.text;
  const found = callsIn(input.text, functionOf(input), releases).find((each) => each.operands[0]?.text === lock);
  const statement = found === undefined ? undefined : own({ ...input, offset: found.start });
  return statement === undefined || found === undefined || statement.start !== found.start
    ? undefined
    : input.text.slice(statement.start, statement.end);
}

function releasedFirst(input: FixInput): Edits {
  const { text } = input;
  const acquired = acquisition(input);
  const statement = statementAt(text, input.offset);
  const release = acquired === undefined ? undefined : releaseOf(input, acquired);
  if (statement === undefined || release === undefined || !text.startsWith('return', statement.start)) return undefined;
  return [linesBefore(text, statement.start, [release])];
}

/** Let go while it waits, and taken again: the caller looks at what the lock guards once more, in a loop. */
function waitUnlocked(input: FixInput): Edits {
  const { text } = input;
  const acquired = acquisition(input);
  const statement = own(input);
  const body = bodyBefore(input);
  if (acquired === undefined || statement === undefined || body === undefined) return undefined;
  const isInLoop = /\bwhile\s*\([^;{}]*\)\s*\{\s*$/.test(text.slice(body.start, statement.start));
  const again = own({ ...input, offset: acquired.start });
  const release = releaseOf(input, acquired);
  if (!isInLoop || again === undefined || again.start !== acquired.start || release === undefined) return undefined;
  const acquire = text.slice(again.start, again.end);
  return [linesBefore(text, statement.start, [release]), linesBehind(text, statement, [acquire])];
}

export const MEMORY_FIXES: FixTable = {
  'mem-free-once': { title: 'Free the block once, as it was allocated', edits: freedOnce },
  'mem-pool2-tag': { title: 'Return when the pool has no memory', edits: checkedBlock },
  'mem-nonpaged-at-dispatch': { title: 'Allocate it from nonpaged pool', edits: nonpaged },
  'mem-uninit-to-guest': { title: 'Allocate zeroed memory', edits: zeroedBlock },
  'lock-irql': {
    title: 'Release the lock as it was acquired',
    edits: (input) => sameIrql(input) ?? releasedFirst(input),
  },
  'wait-irql': { title: 'Release the lock while it waits', edits: waitUnlocked },
};
