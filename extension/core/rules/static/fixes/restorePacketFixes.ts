/** Quick fixes of the rules of restore callbacks. */
import {
  answer,
  answerOf,
  before,
  bodyBefore,
  type Edits,
  firstIsNull,
  guard,
  guarded,
  leave,
  lengthCheck,
  linesBefore,
  linesBehind,
  own,
  PACKET_CALL,
  parameter,
  removal,
  replace,
  returnAt,
} from './edits.js';
import type { FixInput, FixRow, FixTable } from './fix.js';
import { type CallText, callIn, callsIn, closing, type Span, statementAt, statementStart } from './statement.js';

const LIB_BUF = 1;
const LIB_BUF_SIZE = 2;
const SAVE_BUF = 3;
const SAVE_BUF_SIZE = 4;
const STATUSES = /^(?:NTSTATUS|LONG|long)$/;

const restores = (name: string): boolean => name === 'VmbPacketRestore';
const sends = (name: string): boolean => name.startsWith('VmbPacketSend');
const allocatesBlock = (name: string): boolean => name.startsWith('ExAllocatePool');
const setsRoutine = (name: string): boolean => name.startsWith('VmbPacketSetCompletionRoutine');

/** Records are long enough for what is read: what a copy takes, or the record that is read in place. */
const VALIDATE: FixRow = {
  title: 'Refuse records that are too short',
  edits: (input) => ofCopies.edits(input) ?? before(input, (statement) => lengthOfRecord(input, statement)),
};

const ofCopies = lengthCheck(SAVE_BUF_SIZE, 'STATUS_DATA_ERROR', '');

function lengthOfRecord(input: FixInput, statement: Span): readonly string[] | undefined {
  const size = parameter(input, SAVE_BUF_SIZE);
  const code = input.text.slice(statement.start, statement.end);
  const pointer = pointerAt(input);
  const assigned = /^(\w+)\s*=\s*\*\s*\(/.exec(code)?.[1];
  const read = pointer === undefined ? assigned : `*${pointer}`;
  return size === undefined || read === undefined
    ? undefined
    : guard(`${size} < sizeof(${read})`, ['return STATUS_DATA_ERROR;']);
}

/** The variable before the `->` that the finding stands at. */
function pointerAt({ text, offset }: FixInput): string | undefined {
  const start = statementStart(text, offset);
  return (/(\w+)\s*->\s*\w*$/.exec(text.slice(start, offset)) ?? /^(\w+)\s*->/.exec(text.slice(offset)))?.[1];
}

/** The record is read from a copy of the driver's own, at the pointer it was read with. */
function copied(input: FixInput): Edits {
  const buffer = parameter(input, SAVE_BUF);
  const pointer = pointerAt(input);
  const variable = input.around.variables.find(({ name }) => name === pointer);
  if (buffer === undefined || variable === undefined || variable.target === '') return undefined;
  if (input.around.variables.some(({ name }) => name === 'SavedRecord')) return undefined;
  return before(input, () => [
    `${variable.target} SavedRecord;`,
    `RtlCopyMemory(&SavedRecord, ${buffer}, sizeof(SavedRecord));`,
    `${variable.name} = &SavedRecord;`,
  ]);
}

/** LibBuf goes to VmbPacketRestore as the callback got it. */
function givenBuffer(input: FixInput): Edits {
  const statement = statementAt(input.text, input.offset);
  const call = statement === undefined ? undefined : callIn(input.text, statement, restores);
  const [buffer, size] = [parameter(input, LIB_BUF), parameter(input, LIB_BUF_SIZE)];
  const [, first, second] = call?.operands ?? [];
  if (buffer === undefined || size === undefined || first === undefined || second === undefined) return undefined;
  return [replace(first, buffer), replace(second, size)].filter(
    ({ start, end, insert }) => input.text.slice(start, end) !== insert,
  );
}

/** What the callback owes when the call fails: the packet, and blocks it has taken. */
function unwinding(input: FixInput, call: CallText): readonly string[] {
  const body = bodyBefore(input);
  const packet = call.operands[0]?.text;
  const blocks =
    body === undefined ? [] : callsIn(input.text, body, allocatesBlock).flatMap((each) => freeOf(input, each) ?? []);
  return [...blocks, ...(packet === undefined ? [] : [`VmbPacketFree(${packet});`])];
}

/** `ExFreePoolWithTag(X, TAG);` for `X = ExAllocatePool...(..., TAG)`. */
function freeOf({ text }: FixInput, call: CallText): string | undefined {
  const head = text.slice(statementStart(text, call.start), call.start);
  const name = /(\w+)\s*=\s*(?:\([^()]*\)\s*)?$/.exec(head)?.[1];
  const tag = call.operands[2]?.text;
  if (name === undefined) return undefined;
  return tag === undefined ? `ExFreePool(${name});` : `ExFreePoolWithTag(${name}, ${tag});`;
}

/** The status of VmbPacketRestore is looked at, and what was taken given back. */
function lookedAt(input: FixInput): Edits {
  const statement = own(input);
  const call = statement === undefined ? undefined : callIn(input.text, statement, restores);
  if (statement === undefined || call === undefined || leave(input, 'X') !== 'return X;') return undefined;
  const lead = input.text.slice(statement.start, call.start);
  if (!/^(?:\((?:VOID|void)\)\s*)?$/.test(lead) || input.text.slice(call.end, statement.end) !== ';') return undefined;
  const status = input.around.variables.find(({ type }) => STATUSES.test(type))?.name;
  const code = input.text.slice(call.start, call.end);
  const test = guard(`!NT_SUCCESS(${status ?? 'Status'})`, [
    ...unwinding(input, call),
    `return ${status ?? 'Status'};`,
  ]);
  return [replace(statement, `${status ?? 'NTSTATUS Status'} = ${code};`), linesBehind(input.text, statement, test)];
}

/** In the block that is entered when VmbPacketRestore has failed. */
function propagated(input: FixInput): Edits {
  const [place] = input.related;
  const { text } = input;
  if (place === undefined || leave(input, 'X') !== 'return X;') return undefined;
  const open = failureBlock(text, place);
  if (open === undefined) return undefined;
  const close = closing(text, open);
  const block = text.slice(open, close);
  const swallowed = /\b\w+\s*=\s*STATUS_SUCCESS\s*;/.exec(block);
  if (swallowed !== null) {
    const start = open + swallowed.index;
    return [removal(text, { start, end: start + swallowed[0].length })];
  }
  const last = text.slice(0, close).trimEnd().length;
  const inner = statementAt(text, last - 1);
  return inner === undefined
    ? undefined
    : [linesBehind(text, inner, [`return ${answerOf(text, place) ?? 'STATUS_UNSUCCESSFUL'};`])];
}

/** `{` of the first `if (!NT_SUCCESS(...))` at or behind the call. */
export function failureBlock(text: string, place: number): number | undefined {
  const start = statementStart(text, place);
  const own = text.startsWith('if', start) ? start : undefined;
  const statement = statementAt(text, place);
  const next = own ?? (statement === undefined ? undefined : statement.end + text.slice(statement.end).search(/\S/));
  if (next === undefined || !/^if\s*\(\s*!\s*NT_SUCCESS\b/.test(text.slice(next, next + 60))) return undefined;
  const close = closing(text, text.indexOf('(', next));
  const open = close + 1 + text.slice(close + 1).search(/\S/);
  return text.charAt(open) === '{' ? open : undefined;
}

/** Before a `return` that only this failure takes. */
function freed(input: FixInput): Edits {
  const [place] = input.related;
  const { text } = input;
  const found = place === undefined ? undefined : returnAt({ ...input, offset: place });
  const call = callIn(
    text,
    { start: input.offset, end: text.length },
    (name) => name === 'VmbPacketAllocate' || allocatesBlock(name),
  );
  if (found === undefined || call === undefined) return undefined;
  const name = /(\w+)\s*=\s*(?:\([^()]*\)\s*)?$/.exec(text.slice(statementStart(text, call.start), call.start))?.[1];
  const free = call.name === 'VmbPacketAllocate' ? `VmbPacketFree(${name});` : freeOf(input, call);
  if (name === undefined || free === undefined) return undefined;
  const restored = callIn(text, found, restores);
  if (restored !== undefined && restored.start === found.value.start && restored.end === found.value.end) {
    const status = input.around.variables.some(({ name: each }) => each === 'Status') ? undefined : 'Status';
    if (status === undefined || !STATUSES.test(input.around.returns)) return undefined;
    return [
      replace({ start: found.start, end: found.value.start }, `NTSTATUS ${status} = `),
      linesBehind(text, found, [...guard(`!NT_SUCCESS(${status})`, [free]), `return ${status};`]),
    ];
  }
  const isShared =
    text.slice(call.end, found.start).includes(`(${name}`) && /(?:Free\w*)\($/.test(text.slice(call.end, found.start));
  return isShared || !/^STATUS_\w+$/.test(found.value.text) ? undefined : [linesBefore(text, found.start, [free])];
}

/** The routine the driver gives its other packets. */
function sameRoutine(input: FixInput): Edits {
  const [place] = input.related;
  const { text } = input;
  const body = bodyBefore(input);
  const statement = place === undefined ? undefined : statementStart(text, place);
  const call = place === undefined ? undefined : callIn(text, { start: place, end: text.length }, restores);
  const packet = call?.operands[0]?.text;
  if (statement === undefined || body === undefined || packet === undefined) return undefined;
  if (callIn(text, body, setsRoutine) !== undefined) return undefined;
  const known = new Set(
    callsIn(text, { start: 0, end: text.length }, setsRoutine).map(({ operands }) => operands[1]?.text ?? ''),
  );
  const [routine] = known;
  if (known.size !== 1 || routine === undefined || !/^\w+$/.test(routine)) return undefined;
  return [linesBefore(text, statement, [`VmbPacketSetCompletionRoutine(${packet}, ${routine});`])];
}

/** What VmbPacketRestore has put in flight is not sent. */
function notSent(input: FixInput): Edits {
  const statement = own(input);
  const call = statement === undefined ? undefined : callIn(input.text, statement, sends);
  if (statement === undefined || call === undefined) return undefined;
  const found = returnAt(input);
  if (found !== undefined)
    return found.value.start === call.start && found.value.end === call.end
      ? [replace(found.value, 'STATUS_SUCCESS')]
      : undefined;
  const lead = input.text.slice(statement.start, call.start);
  return /^(?:\((?:VOID|void)\)\s*|\w+\s*=\s*)?$/.test(lead) ? [removal(input.text, statement)] : undefined;
}

export const RESTORE_PACKET_FIXES: FixTable = {
  'restorepkt-validate': VALIDATE,
  'restorepkt-copy': { title: 'Read a copy of the record', edits: copied },
  'restorepkt-libbuf': { title: 'Give LibBuf and LibBufSize on as they came', edits: givenBuffer },
  'restorepkt-status': { title: 'Free and return when VmbPacketRestore fails', edits: lookedAt },
  'restorepkt-alloc-null': {
    title: 'Fail when there is no packet',
    edits: guarded(PACKET_CALL, firstIsNull, 'STATUS_INSUFFICIENT_RESOURCES'),
  },
  'restorepkt-propagate': { title: 'Return the failure', edits: propagated },
  'restorepkt-allocate': answer('Return a failure', (_, input) => {
    const body = bodyBefore(input);
    // A way that has restored its packet may come to the same return.
    return body !== undefined && callIn(input.text, body, restores) === undefined ? 'STATUS_UNSUCCESSFUL' : undefined;
  }),
  'restorepkt-free-on-failure': { title: 'Free it before returning', edits: freed },
  'restorepkt-routine': { title: "Set the driver's completion routine", edits: sameRoutine },
  'restorepkt-no-send': { title: 'Do not send the packet again', edits: notSent },
};
