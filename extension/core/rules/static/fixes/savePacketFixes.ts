/** Quick fixes of the rules of save callbacks. */
import {
  answer,
  before,
  bodyBefore,
  bodyOf,
  COPIES,
  type Edits,
  guard,
  guarded,
  insert,
  isConstant,
  linesBefore,
  linesBehind,
  own,
  PACKET_CALL,
  parameter,
  removal,
  replace,
  returnAt,
  without,
  zeroedVariable,
} from './edits.js';
import type { FixInput, FixRow, FixTable } from './fix.js';
import { checkedSum, NTINTSAFE } from './sizeArithmetic.js';
import { callIn, type Span, statementAt, statementStart } from './statement.js';

const SAVE_BUF = 2;
const SAVE_BUF_SIZE = 3;
const BYTES_NEEDED = 4;

const copy = (name: string): boolean => COPIES.has(name);

/** Room for what is written, before it is written: what the copy takes, or what *BytesNeeded has asked for. */
const ROOM: FixRow = {
  title: 'Compare SaveBufSize with what is written first',
  edits: (input) => roomForCopy(input) ?? roomForNeeded(input),
};

const roomForCopy = guarded(
  copy,
  (call, input) => {
    const size = parameter(input, SAVE_BUF_SIZE);
    const length = call.operands.at(-1)?.text;
    return size === undefined || length === undefined ? undefined : `${size} < ${length}`;
  },
  'STATUS_BUFFER_TOO_SMALL',
);

function roomForNeeded(input: FixInput): Edits {
  const test = isShort(input);
  if (test === undefined || !hasStored(input)) return undefined;
  return before(input, () => guard(test, ['return STATUS_BUFFER_TOO_SMALL;']));
}

function isShort(input: FixInput): string | undefined {
  const [size, needed] = [parameter(input, SAVE_BUF_SIZE), parameter(input, BYTES_NEEDED)];
  return size === undefined || needed === undefined ? undefined : `${size} < *${needed}`;
}

/** Whether *BytesNeeded is stored before the place, in the text. */
function hasStored(input: FixInput): boolean {
  const body = bodyBefore(input);
  const name = parameter(input, BYTES_NEEDED);
  return body !== undefined && name !== undefined && input.text.slice(body.start, body.end).includes(`*${name} =`);
}

/** The query does not succeed where a size was told. */
function failedQuery(input: FixInput): Edits {
  const found = returnAt(input);
  const test = isShort(input);
  if (found === undefined || test === undefined) return undefined;
  const { value } = found;
  if (isConstant(value.text) && isGuardedBySize(input, found)) return [replace(value, 'STATUS_BUFFER_TOO_SMALL')];
  if (isConstant(value.text))
    return [linesBefore(input.text, found.start, guard(test, ['return STATUS_BUFFER_TOO_SMALL;']))];
  if (!/^\w+$/.test(value.text)) return undefined;
  return [linesBefore(input.text, found.start, guard(test, [`${value.text} = STATUS_BUFFER_TOO_SMALL;`]))];
}

/** `if (SaveBufSize == 0) { return ...; }`: no other way comes to that return. */
function isGuardedBySize(input: FixInput, { start }: Span): boolean {
  const head = input.text.slice(0, start).trimEnd();
  const open = head.endsWith('{') ? head.slice(0, -1).trimEnd() : head;
  const size = parameter(input, SAVE_BUF_SIZE);
  return open.endsWith(`(${size} == 0)`) || open.endsWith(`(!${size})`);
}

/** The variable the saved bytes came from is zeroed before anything is stored in it. */
function zeroedRecord(input: FixInput): Edits {
  const [place] = input.related;
  const statement = place === undefined ? undefined : statementAt(input.text, place);
  if (statement === undefined) return undefined;
  const call = callIn(input.text, statement, copy);
  const code = input.text.slice(statement.start, statement.end - 1);
  const name = /^&(\w+)$/.exec(call?.operands[1]?.text ?? '')?.[1] ?? /=\s*(\w+)$/.exec(code)?.[1];
  return name === undefined ? undefined : zeroedVariable(input.text, name, statement.start);
}

/** What is stored in the record in place of an address. */
function nullInstead(input: FixInput): Edits {
  const [place] = input.related;
  const statement = place === undefined ? undefined : statementAt(input.text, place);
  const code = statement === undefined ? '' : input.text.slice(statement.start, statement.end);
  const target = /^[^=;]*[^=!<>]=\s*(?=[^=])/.exec(code)?.[0];
  // A declaration holds other values, too.
  if (statement === undefined || target === undefined || !/(?:->|\.|\])\s*\w*\s*=\s*$/.test(target)) return undefined;
  return [replace({ start: statement.start + target.length, end: statement.end - 1 }, 'NULL')];
}

/** Behind the release of the lock, if nothing of what the lock guards is in it. */
function behindRelease(input: FixInput): Edits {
  const statement = own(input);
  const [buffer, needed] = [parameter(input, SAVE_BUF), parameter(input, BYTES_NEEDED)];
  if (statement === undefined || buffer === undefined || needed === undefined) return undefined;
  const code = input.text.slice(statement.start, statement.end);
  if (code.includes('->') || code.includes('return')) return undefined;
  const rest = { start: statement.end, end: blockEnd(input.text, statement.end) };
  const release = callIn(input.text, rest, (name) => /^Ke(?:Release)\w*SpinLock/.test(name));
  if (release === undefined) return undefined;
  const between = input.text.slice(statement.end, release.start);
  if (/[{}]/.test(between) || between.includes(buffer) || between.includes(needed)) return undefined;
  const whole = statementAt(input.text, release.start);
  return whole === undefined ? undefined : [removal(input.text, statement), linesBehind(input.text, whole, [code])];
}

function blockEnd(text: string, from: number): number {
  const end = text.indexOf('\n}', from);
  return end < 0 ? text.length : end;
}

/** A packet without a context is refused. */
function refuseNull(input: FixInput): Edits {
  const needed = parameter(input, BYTES_NEEDED);
  const start = statementStart(input.text, input.offset);
  const head =
    /(\w+)\s*->\s*\w*$/.exec(input.text.slice(start, input.offset)) ??
    /^(\w+)\s*->/.exec(input.text.slice(input.offset));
  const name = head?.[1];
  if (needed === undefined || name === undefined) return undefined;
  return before(input, () => guard(`${name} == NULL`, [`*${needed} = 0;`, 'return STATUS_INVALID_DEVICE_STATE;']));
}

/** What was cut off is not told to be saved. */
function failCut(input: FixInput): Edits {
  const found = returnAt(input);
  const test = isShort(input);
  if (found === undefined || test === undefined || !isConstant(found.value.text)) return undefined;
  return [linesBefore(input.text, found.start, guard(test, ['return STATUS_BUFFER_TOO_SMALL;']))];
}

export const SAVE_PACKET_FIXES: FixTable = {
  'savepkt-bytesneeded-written': {
    title: 'Store 0 in *BytesNeeded first',
    edits: (input) => {
      const name = parameter(input, BYTES_NEEDED);
      const body = bodyOf(input);
      return name === undefined || body === undefined ? undefined : [insert(body, `\n    *${name} = 0;`)];
    },
  },
  'savepkt-zero-size-no-write': ROOM,
  'savepkt-recheck-size': ROOM,
  'savepkt-no-overrun': ROOM,
  'savepkt-query-must-fail': {
    title: 'Return STATUS_BUFFER_TOO_SMALL when SaveBufSize is too small',
    edits: failedQuery,
  },
  'savepkt-query-succeed-empty': answer('Return STATUS_SUCCESS where *BytesNeeded is 0', (old, input) => {
    const needed = parameter(input, BYTES_NEEDED);
    return needed === undefined ? undefined : `*${needed} == 0 ? STATUS_SUCCESS : ${old}`;
  }),
  'savepkt-status-severity': answer('Return a failure', (old, input) => {
    const isSave = input.around.parameters.some(
      ({ name, target }) => name === parameter(input, BYTES_NEEDED) && target !== '',
    );
    return isSave && old !== 'STATUS_PENDING' ? 'STATUS_BUFFER_TOO_SMALL' : 'STATUS_UNSUCCESSFUL';
  }),
  'savepkt-no-packet-ops': without('Remove the call', PACKET_CALL),
  'savepkt-full-init': { title: 'Zero the record first', edits: zeroedRecord },
  'savepkt-no-pointers': { title: 'Save NULL in place of the address', edits: nullInstead },
  'savepkt-irql': { title: 'Move the access behind the release of the lock', edits: behindRelease },
  'savepkt-no-retain': {
    title: 'Do not keep the address',
    edits: (input) => {
      const statement = own(input);
      const isAssignment =
        statement !== undefined && /^[\w.>\-[\]]+\s*=[^=]/.test(input.text.slice(statement.start, statement.end));
      return isAssignment ? [removal(input.text, statement)] : undefined;
    },
  },
  'savepkt-null-context': { title: 'Refuse packets without a context', edits: refuseNull },
  'savepkt-no-truncate': { title: 'Return STATUS_BUFFER_TOO_SMALL when SaveBufSize is too small', edits: failCut },
  'savepkt-size-arith': {
    title: `Compute the size with the functions of ${NTINTSAFE}`,
    edits: checkedSum,
  },
};
