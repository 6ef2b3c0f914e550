/** Quick fixes of the rules of save and restore streams and of GPADLs. */
import { isNamed, onTheWayOut } from './channelFixes.js';
import { answerOf, type Edits, earlier, guard, leave, linesBehind, operand, own, replace } from './edits.js';
import type { FixInput, FixRow, FixTable } from './fix.js';
import { failureBlock } from './restorePacketFixes.js';
import { behindSpace, callIn, callsIn, closing, conditionAt, type Span, statementAt } from './statement.js';

const library = (name: string): boolean => name.startsWith('Vmb');
const STATUSES = /^(?:NTSTATUS|LONG|long)$/;

interface Answered {
  readonly statement: Span;
  readonly call: Span;
  /** What takes the answer; undefined for a call that stands by itself. */
  readonly status: string | undefined;
}

/** `Status = Call(...);`, or the call alone. */
function answered(input: FixInput): Answered | undefined {
  const { text } = input;
  const statement = own(input);
  const call = statement === undefined ? undefined : callIn(text, statement, library);
  if (statement === undefined || call === undefined || text.slice(call.end, statement.end) !== ';') return undefined;
  const lead = text.slice(statement.start, call.start);
  const status = answerOf(text, call.start);
  if (status === undefined && !/^(?:\((?:VOID|void)\)\s*)?$/.test(lead)) return undefined;
  return { statement, call, status };
}

/** Leaves when the call fails: at the end of the block that is entered then, where there is one. */
function returnOnFailure(input: FixInput): Edits {
  const { text } = input;
  const found = answered(input);
  if (found === undefined) return undefined;
  const { statement, call, status } = found;
  const open = failureBlock(text, call.start);
  const exit = leave(input, status ?? 'STATUS_UNSUCCESSFUL');
  if (exit === undefined) return undefined;
  if (open !== undefined && open > statement.end) {
    const last = text.slice(0, closing(text, open)).trimEnd().length;
    const inner = statementAt(text, last - 1);
    return inner === undefined ? undefined : [linesBehind(text, inner, [exit])];
  }
  if (status !== undefined) return [linesBehind(text, statement, guard(`!NT_SUCCESS(${status})`, [exit]))];
  const [first = '', ...rest] = guard(`!NT_SUCCESS(${text.slice(call.start, call.end)})`, [exit]);
  return [replace(statement, first), linesBehind(text, statement, rest)];
}

function atRelated(title: string): FixRow {
  return {
    title,
    edits: (input) => {
      const offset = earlier(input);
      return offset === undefined ? undefined : returnOnFailure({ ...input, offset });
    },
  };
}

const MORE = 'STATUS_MORE_PROCESSING_REQUIRED';

/** The next piece is wanted: the test of the answer that follows takes that for no failure. */
function goOn(input: FixInput): Edits {
  const { text } = input;
  const statement = statementAt(text, input.offset);
  const status = answerOf(text, callStart(input) ?? input.offset);
  if (statement === undefined || status === undefined) return undefined;
  const condition = conditionAt(text, behindSpace(text, statement.end));
  const inner = condition === undefined ? undefined : { start: condition.start + 1, end: condition.end - 1 };
  if (inner === undefined) return undefined;
  const test = text.slice(inner.start, inner.end).trim();
  if (test !== `!NT_SUCCESS(${status})` && test !== `${status} < 0`) return undefined;
  return [replace(inner, `${test} && ${status} != ${MORE}`)];
}

function callStart(input: FixInput): number | undefined {
  const statement = statementAt(input.text, input.offset);
  return statement === undefined ? undefined : callIn(input.text, statement, library)?.start;
}

/** No more pieces are given to a channel that has refused one. */
function stopOnRefusal(input: FixInput): Edits {
  const { text } = input;
  const found = answered(input);
  if (found === undefined) return undefined;
  const { statement, call } = found;
  const known = found.status ?? input.around.variables.find(({ type }) => STATUSES.test(type))?.name;
  const status = known ?? 'Status';
  const exit = leave(input, status);
  if (exit === undefined) return undefined;
  const test = linesBehind(text, statement, guard(`!NT_SUCCESS(${status}) && ${status} != ${MORE}`, [exit]));
  if (found.status !== undefined) return [test];
  const declared = known === undefined ? `NTSTATUS ${status}` : status;
  return [replace(statement, `${declared} = ${text.slice(call.start, call.end)};`), test];
}

/** The callback that the text declares for the missing part, where there is one only. */
function otherCallback(input: FixInput): Edits {
  const { text } = input;
  const statement = statementAt(text, input.offset);
  const calls = statement === undefined ? [] : callsIn(text, statement, () => true);
  const call = calls.find(({ operands }) => operands.length >= 3);
  const [save, restore] = call?.operands.slice(-2) ?? [];
  const missing = [save, restore].filter((each) => /^(?:NULL|nullptr|0)$/.test(each?.text ?? ''));
  const [empty] = missing;
  if (call === undefined || empty === undefined || missing.length !== 1) return undefined;
  const ex = call.operands.length > 3 ? '_EX' : '';
  const role = `EVT_VMB_CHANNEL_${empty === save ? 'SAVE' : 'RESTORE'}_PACKET${ex}`;
  const names = new Set([...text.matchAll(new RegExp(`\\b${role}\\s+(\\w+)\\s*;`, 'g'))].map(([, name]) => name ?? ''));
  const [name] = names;
  return names.size === 1 && name !== undefined ? [replace(empty, name)] : undefined;
}

/** At the mapping that the finding is, or refers to. */
function mappedWith(flags: string): FixRow['edits'] {
  const row = operand('', isNamed('VmbChannelMapGpadl'), 1, () => flags);
  return (input) => row.edits(input) ?? row.edits({ ...input, offset: earlier(input) ?? input.offset });
}

export const STREAM_FIXES: FixTable = {
  'save-begin-checked': atRelated('Return when VmbChannelSaveBegin fails'),
  'save-end-always': onTheWayOut('End the save on the way out', isNamed('VmbChannelSaveBegin'), ({ operands }) => {
    const [channel] = operands;
    return channel === undefined ? undefined : `VmbChannelSaveEnd(${channel.text});`;
  }),
  'save-callbacks-registered': { title: 'Register the other callback, too', edits: otherCallback },
  'restore-more-processing': { title: `Go on after ${MORE}`, edits: goOn },
  'restore-result-checked': { title: 'Return when a piece is refused', edits: stopOnRefusal },
  'gpadl-map-checked': atRelated('Return when the GPADL could not be mapped'),
  'gpadl-flags': { title: 'Map the GPADL without flags, for reading and writing', edits: mappedWith('0') },
  'gpadl-pair': onTheWayOut('Unmap the GPADL on the way out', isNamed('VmbChannelMapGpadl'), ({ operands }) => {
    const [channel, , handle] = operands;
    return channel === undefined || handle === undefined
      ? undefined
      : `VmbChannelUnmapGpadl(${channel.text}, ${handle.text});`;
  }),
};
