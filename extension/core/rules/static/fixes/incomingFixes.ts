/** Quick fixes of the rules of what ends a delivery, of external data, and of the IRQL of packets. */
import {
  before,
  bodyBefore,
  bodyOf,
  type Edits,
  earlier,
  guard,
  leave,
  linesBehind,
  operand,
  own,
  parameter,
  without,
} from './edits.js';
import type { FixInput, FixTable } from './fix.js';
import { type CallText, callIn, callsIn, indentAt, statementAt } from './statement.js';

const ENDS = (name: string): boolean => /^VmbChannelPacket(?:Complete|Fail|DeferToPassive)$/.test(name);
const FAIL = (name: string): boolean => name === 'VmbChannelPacketFail';
const MAP = (name: string): boolean => name === 'MmMapLockedPagesSpecifyCache';
const MDL_CALLS = /^(?:IoFreeMdl|MmUnlockPages|MmProbeAndLockPages|MmBuildMdlForNonPagedPool|ExFreePool\w*)$/;

/** The call that stands at a place the finding refers to, in the same function. */
function earlierCall(input: FixInput, fits: (name: string) => boolean): CallText | undefined {
  const place = earlier(input);
  const statement = place === undefined ? undefined : statementAt(input.text, place);
  return statement === undefined ? undefined : callIn(input.text, statement, fits);
}

/** Behind what ended the packet first. */
export function returnAfterwards(input: FixInput): Edits {
  const first = earlierCall(input, ENDS);
  const statement = first === undefined ? undefined : own({ ...input, offset: first.start });
  return statement === undefined || leave(input, '') !== 'return;'
    ? undefined
    : [linesBehind(input.text, statement, ['return;'])];
}

/** A failure that is not the guest's is answered. */
function completeInstead(input: FixInput): Edits {
  const statement = own(input);
  const call = statement === undefined ? undefined : callIn(input.text, statement, FAIL);
  const packet = call?.operands[0]?.text;
  if (call === undefined || packet === undefined) return undefined;
  return [{ start: call.start, end: call.end, insert: `VmbChannelPacketComplete(${packet}, NULL, 0)` }];
}

/** The variable that takes the address at a place the finding refers to. */
function mappedVariable(input: FixInput): string | undefined {
  const place = earlier(input);
  const statement = place === undefined ? undefined : statementAt(input.text, place);
  if (statement === undefined) return undefined;
  const lead = input.text.slice(statement.start, place);
  return /^(?:[\w:<>]+[\s*]+)*(\w+)\s*=[^=]/.exec(lead)?.[1];
}

/** Where the mapping has failed the packet is answered all the same. */
function leaveUnmapped(input: FixInput): Edits {
  const name = mappedVariable(input);
  if (name === undefined || leave(input, '') !== 'return;') return undefined;
  const packet = input.around.parameters.find(({ type }) => type === 'VMBPACKETCOMPLETION')?.name;
  const answer = packet === undefined ? [] : [`VmbChannelPacketComplete(${packet}, NULL, 0);`];
  return before(input, () => guard(`${name} == NULL`, [...answer, 'return;']));
}

/** Unless the function undoes the mapping on another way. */
function unmap(input: FixInput): Edits {
  const name = mappedVariable(input);
  const mdl = earlierCall(input, MAP)?.operands[0]?.text;
  const body = bodyBefore(input);
  if (name === undefined || mdl === undefined || body === undefined) return undefined;
  const isUndone = callsIn(input.text, body, (each) => each === 'MmUnmapLockedPages').length > 0;
  return isUndone ? undefined : before(input, () => guard(`${name} != NULL`, [`MmUnmapLockedPages(${name}, ${mdl});`]));
}

/** The callback begins by having the packet brought again where it may not do what it does. */
function deferFirst(input: FixInput): Edits {
  const packet = input.around.callback?.[1];
  const body = bodyOf(input);
  const isProcessPacket = input.around.parameters.some(
    ({ name, type }) => name === packet && type === 'VMBPACKETCOMPLETION',
  );
  if (packet === undefined || body === undefined || !isProcessPacket) return undefined;
  const lines = guard('KeGetCurrentIrql() > PASSIVE_LEVEL', [`VmbChannelPacketDeferToPassive(${packet});`, 'return;']);
  return [{ start: body, end: body, insert: lines.map((line) => `\n    ${line}`).join('') }];
}

/** The answer that is missing, before the `return`; at the end of a callback that does nothing else with its packet. */
function completeFirst(input: FixInput): Edits {
  const { text, offset } = input;
  const packet = parameter(input, 1);
  const body = bodyBefore(input);
  if (packet === undefined || body === undefined) return undefined;
  const line = `VmbChannelPacketComplete(${packet}, NULL, 0);`;
  if (text.charAt(offset) !== '}') return before(input, () => [line]);
  const uses = text.slice(body.start, body.end).replace(/UNREFERENCED_PARAMETER\(\w+\);/g, '');
  if (new RegExp(`\\b${packet}\\b`).test(uses)) return undefined;
  const start = text.lastIndexOf('\n', offset) + 1;
  return [{ start, end: start, insert: `${indentAt(text, offset)}    ${line}\n` }];
}

/** A packet without external data is done with before anybody asks for it. */
function lookAtFlags(input: FixInput): Edits {
  const [packet, flags] = [parameter(input, 1), parameter(input, 4)];
  if (packet === undefined || flags === undefined || leave(input, '') !== 'return;') return undefined;
  const condition = `(${flags} & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA) == 0`;
  return before(input, () => guard(condition, [`VmbChannelPacketComplete(${packet}, NULL, 0);`, 'return;']));
}

export const INCOMING_FIXES: FixTable = {
  'in-complete-all-paths': { title: 'Complete the packet', edits: completeFirst },
  'in-external-flag': { title: 'Complete packets without external data', edits: lookAtFlags },
  'in-defer-inline': { title: 'Return after the first call', edits: returnAfterwards },
  'in-fail-terminal': {
    title: 'Answer the packet, and only once',
    edits: (input) => returnAfterwards(input) ?? completeInstead(input),
  },
  'in-mdl-not-owned': without('Leave the MDL to the library', (name) => MDL_CALLS.test(name)),
  'in-mdl-map-checked': { title: 'Complete the packet when the mapping fails', edits: leaveUnmapped },
  'in-mdl-unmap-first': { title: 'Undo the mapping first', edits: unmap },
  'in-irql-safe': { title: 'Defer packets that come at DISPATCH_LEVEL', edits: deferFirst },
  'in-quota-positive': operand(
    'Ask for at least 1',
    (name) => name === 'VmbChannelSetTransactionQuota',
    1,
    (text) =>
      /^(?:\d+|[A-Z][A-Z0-9_]*)$/.test(text) ? '1' : /^\w+$/.test(text) ? `${text} == 0 ? 1 : ${text}` : undefined,
  ),
};
