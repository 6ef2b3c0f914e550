/** Quick fixes of the rules of packets that the driver sends: what they carry, what frees them, and when. */
import {
  answerOf,
  before,
  bodyBefore,
  type Edits,
  earlier,
  guard,
  isConstant,
  linesBefore,
  linesInstead,
  operand,
  own,
  ownOrCondition,
  parameter,
  removal,
  replace,
  returnAt,
  without,
} from './edits.js';
import type { FixInput, FixTable } from './fix.js';
import { callIn, callsIn, indentAt, skipped, statementAt } from './statement.js';

const SEND = (name: string): boolean => name.startsWith('VmbPacketSend');
const FREE_PACKET = (name: string): boolean => name === 'VmbPacketFree';
const FREE_POOL = (name: string): boolean => name.startsWith('ExFreePool');
const PAGED_BUFFER = 'VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER';

const removeFree = without('', FREE_PACKET);
const addPaged = operand('', SEND, -1, (text) => (text === '0' ? PAGED_BUFFER : `${text} | ${PAGED_BUFFER}`));

/** What is written into the context, or asked of the packet, is moved before the send. */
function beforeSend(input: FixInput): Edits {
  const { text, offset } = input;
  const statement = own(input);
  const sent = earlier(input);
  const send = sent === undefined ? undefined : ownOrCondition({ ...input, offset: sent });
  if (statement === undefined || send === undefined) return undefined;
  const code = text.slice(statement.start, statement.end);
  const isRead = /^[\w:<>]+[\s*]+\w+\s*=.*\bVmbPacketGet\w+\(/s.test(code);
  // Only what is stored there: other variables are not to change when the send fails.
  const assigned = /^[\w.>[\]-]+\s*(?==[^=])/.exec(code)?.[0].length;
  const isWrite = assigned !== undefined && offset <= statement.start + assigned;
  if (!isRead && !isWrite) return undefined;
  return [linesBefore(text, send.start, [code]), removal(text, statement)];
}

/** The packet goes with its context; one that is gone already is not freed again. */
function freePacket(input: FixInput): Edits {
  const { text, offset } = input;
  const packet = parameter(input, 0);
  if (text.startsWith('VmbPacketFree', offset)) return removeFree.edits(input);
  if (packet === undefined) return undefined;
  const line = `VmbPacketFree(${packet});`;
  if (text.charAt(offset) !== '}') return before(input, () => [line]);
  const start = text.lastIndexOf('\n', offset) + 1;
  return [{ start, end: start, insert: `${indentAt(text, offset)}    ${line}\n` }];
}

/** Memory that the finding names was asked for as paged pool. */
function nonpaged(input: FixInput): Edits {
  const allocated = earlier(input);
  const statement = allocated === undefined ? undefined : statementAt(input.text, allocated);
  if (statement === undefined) return undefined;
  const flag = /\b(?:POOL_FLAG_PAGED|PagedPool)\b/.exec(input.text.slice(statement.start, statement.end));
  if (flag === null) return undefined;
  const start = statement.start + flag.index;
  const made = flag[0] === 'PagedPool' ? 'NonPagedPoolNx' : 'POOL_FLAG_NON_PAGED';
  return [replace({ start, end: start + flag[0].length }, made)];
}

/** Memory of the driver goes back where it came from; while it is in flight only if it could not be sent. */
function freeMemory(input: FixInput): Edits {
  const { text } = input;
  const statement = own(input);
  if (statement === undefined) return undefined;
  const call = callIn(text, statement, (name) => FREE_PACKET(name) || FREE_POOL(name));
  const memory = call?.operands[0]?.text;
  if (call === undefined || memory === undefined || statement.end !== call.end + 1) return undefined;
  if (FREE_PACKET(call.name)) {
    const tag = tagOf(input, memory);
    return tag === undefined ? undefined : [replace(call, `ExFreePoolWithTag(${memory}, ${tag})`)];
  }
  const sent = earlier(input);
  const status = sent === undefined ? undefined : answerOf(text, sent);
  const free = text.slice(statement.start, statement.end);
  return status === undefined ? undefined : [linesInstead(text, statement, guard(`!NT_SUCCESS(${status})`, [free]))];
}

/** The tag that a variable's memory was allocated with in the same function. */
function tagOf(input: FixInput, name: string): string | undefined {
  const body = bodyBefore(input);
  if (body === undefined || !/^\w+$/.test(name)) return undefined;
  const allocations = callsIn(input.text, body, (each) => /^ExAllocatePool(?:2|Zero|WithTag)$/.test(each));
  const own = allocations.findLast(({ start }) => answerOf(input.text, start) === name);
  return own?.operands[2]?.text;
}

/** At the `return` that leaves the packet behind. */
function freeUnsent(input: FixInput): Edits {
  const { text, offset, related } = input;
  const [exit] = related;
  const packet = answerOf(text, offset);
  if (exit === undefined || packet === undefined || exit < offset || !isInScope(text, offset, exit)) return undefined;
  const value = returnAt({ ...input, offset: exit })?.value.text;
  if (value === undefined) return undefined;
  const free = `VmbPacketFree(${packet});`;
  if (isConstant(value)) return before({ ...input, offset: exit }, () => [free]);
  if (!/^\w+$/.test(value)) return undefined;
  return before({ ...input, offset: exit }, () => guard(`${packet} != NULL && !NT_SUCCESS(${value})`, [free]));
}

/** Whether no block that is open at the first place is closed before the second. */
function isInScope(text: string, from: number, to: number): boolean {
  let depth = 0;
  for (let at = from; at < to; ) {
    const next = skipped(text, at);
    if (next !== at) {
      at = next;
      continue;
    }
    if (text.charAt(at) === '{') depth++;
    else if (text.charAt(at) === '}' && --depth < 0) return false;
    at++;
  }
  return true;
}

/** The only routine that the file sets on its packets. */
function setRoutine(input: FixInput): Edits {
  const { text } = input;
  const all = callsIn(text, { start: 0, end: text.length }, (name) => name === 'VmbPacketSetCompletionRoutine');
  const names = new Set(all.flatMap(({ operands }) => operands[1]?.text ?? []));
  const routines = [...names].filter((name) => new RegExp(`^[A-Za-z_].*[\\s(]${name}[()]`, 'm').test(text));
  const [routine, ...others] = routines;
  if (routine === undefined || others.length > 0) return undefined;
  return before(input, (statement) => {
    const packet = callIn(text, statement, SEND)?.operands[0]?.text;
    return packet === undefined ? undefined : [`VmbPacketSetCompletionRoutine(${packet}, ${routine});`];
  });
}

/** The same message without its MDL or pages. */
function inlineOnly({ text, offset }: FixInput): Edits {
  const statement = statementAt(text, offset);
  const call = statement === undefined ? undefined : callIn(text, statement, SEND);
  const operands = call?.operands.map((each) => each.text) ?? [];
  const [packet, bytes, length, external] = operands;
  const flags = operands.at(-1);
  if (call === undefined || external === undefined || flags === undefined) return undefined;
  return [replace(call, `VmbPacketSend(${packet}, ${bytes}, ${length}, NULL, ${flags})`)];
}

/** Unless it is the IRQL that is wrong. */
function flagPaged(input: FixInput): Edits {
  const allocated = earlier(input);
  const statement = allocated === undefined ? undefined : statementAt(input.text, allocated);
  const isMemory = statement !== undefined && /llocate/.test(input.text.slice(statement.start, statement.end));
  return isMemory ? addPaged.edits(input) : undefined;
}

export const OUTGOING_FIXES: FixTable = {
  'out-free-unsent': { title: 'Free the packet on the way out', edits: freeUnsent },
  'out-no-touch-after-send': { title: 'Do it before the packet is sent', edits: beforeSend },
  'out-free-custom': { title: 'Free the packet once', edits: freePacket },
  'out-init-size': { title: 'Use nonpaged pool', edits: nonpaged },
  'out-init-routine': { title: 'Set the completion routine first', edits: setRoutine },
  'out-init-not-freed': { title: 'Free the memory itself, unless it is in flight', edits: freeMemory },
  'out-server-no-external': { title: 'Send the inline data only', edits: inlineOnly },
  'out-paged-flag': { title: 'Say that the buffer is paged', edits: flagPaged },
};
