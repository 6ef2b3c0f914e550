/** Quick fixes of the rules of incoming and outgoing packets. */
import {
  answerOf,
  before,
  COPIES,
  type Edits,
  earlier,
  firstIsNull,
  guard,
  guarded,
  leave,
  lengthCheck,
  linesBehind,
  linesInstead,
  operand,
  own,
  PACKET_CALL,
  parameter,
  removal,
  without,
  zeroed,
} from './edits.js';
import type { FixInput, FixRow, FixTable } from './fix.js';
import { callIn } from './statement.js';

const SEND = (name: string): boolean => name.startsWith('VmbPacketSend');
const COMPLETE = (name: string): boolean => name === 'VmbChannelPacketComplete';
const WAIT = 'VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION';

/** The request is answered before the callback leaves. */
const PACKET_LENGTH: FixRow = {
  title: 'Complete packets that are too short',
  edits: (input) =>
    before(input, (statement) => {
      const call = callIn(input.text, statement, (name) => COPIES.has(name));
      const [packet, length] = [parameter(input, 1), parameter(input, 3)];
      const size = call?.operands.at(-1)?.text;
      if (size === undefined || packet === undefined || length === undefined) return undefined;
      return guard(`${length} < ${size}`, [`VmbChannelPacketComplete(${packet}, NULL, 0);`, 'return;']);
    }),
};

const leaveWithout = guarded(PACKET_CALL, firstIsNull, 'STATUS_INSUFFICIENT_RESOURCES');

/** What was sent is the library's; what was not is still the driver's. */
function freeUnsent(input: FixInput): Edits {
  const statement = own(input);
  const sent = earlier(input);
  const status = sent === undefined ? undefined : answerOf(input.text, sent);
  if (statement === undefined || status === undefined) return undefined;
  const free = input.text.slice(statement.start, statement.end);
  if (!/^VmbPacketFree\(\w+\);$/.test(free)) return undefined;
  return [linesInstead(input.text, statement, guard(`!NT_SUCCESS(${status})`, [free]))];
}

/** Behind the completion that came first. */
function returnCompleted(input: FixInput): Edits {
  const first = earlier(input);
  const statement = first === undefined ? undefined : own({ ...input, offset: first });
  return statement === undefined || leave(input, '') !== 'return;'
    ? undefined
    : [linesBehind(input.text, statement, ['return;'])];
}

/** The completion goes behind the last statement that uses the packet, where nothing leads elsewhere between them. */
function completedLast(input: FixInput): Edits {
  const { text } = input;
  const place = earlier(input);
  const first = place === undefined ? undefined : own({ ...input, offset: place });
  const last = own(input);
  if (first === undefined || last === undefined || callIn(text, first, COMPLETE)?.start !== first.start)
    return undefined;
  if (/[{}]|\b(?:return|goto|break|continue)\b|\w+\s*:[^:]/.test(text.slice(first.end, last.end))) return undefined;
  return [removal(text, first), linesBehind(text, last, [text.slice(first.start, first.end)])];
}

export const PACKET_FIXES: FixTable = {
  'out-alloc-null': {
    title: 'Leave when there is no packet',
    edits: (input) => (earlier(input) === undefined ? undefined : leaveWithout(input)),
  },
  'out-no-free-default': { title: 'Free the packet only when sending it has failed', edits: freeUnsent },
  'out-no-reuse-in-use': without('Remove the call', PACKET_CALL),
  'out-external-wait': operand('Wait for completion', SEND, -1, (text) => (text === '0' ? WAIT : `${text} | ${WAIT}`)),
  'out-flags': operand('Keep only WAIT_FOR_COMPLETION', SEND, -1, () => WAIT),
  'out-completion-status': lengthCheck(3, 'STATUS_UNSUCCESSFUL', 'Leave when the answer is too short'),
  'in-complete-once': { title: 'Return once the packet is completed', edits: returnCompleted },
  'in-no-use-after-complete': { title: 'Complete the packet behind its last use', edits: completedLast },
  'in-external-pending': without('Remove the call', (name) => name.startsWith('VmbChannelPacket')),
  'in-length-check': PACKET_LENGTH,
  'in-completion-init': { title: 'Zero the answer first', edits: zeroed(COMPLETE, 1) },
  'in-completion-args': operand('Make buffer and size fit', COMPLETE, -1, (text, call) => {
    const buffer = call.operands[1]?.text ?? '';
    if (/^(?:NULL|nullptr)$/.test(buffer)) return '0';
    return /^&\w+$/.test(buffer) && text === '0' ? `sizeof(${buffer.slice(1)})` : undefined;
  }),
  'in-length-not-exact': {
    title: 'Accept longer packets too',
    edits: ({ text, offset }) => {
      const end = text.indexOf('\n', offset);
      const line = text.slice(0, end < 0 ? text.length : end);
      const start = text.lastIndexOf('\n', offset - 1) + 1;
      const at = line.indexOf('!=', start);
      return at < 0 ? undefined : [{ start: at, end: at + 2, insert: '<' }];
    },
  },
};
