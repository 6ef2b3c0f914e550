/** The quick fix of each rule that has one. After it the code compiles and the finding is gone (a test tries all). */
import type { FixInput, FixRow, FixTable, TextEdit } from './fix.js';
import { type CallText, callIn, indentAt, type Span, statementAt } from './statement.js';

type Edits = readonly TextEdit[] | undefined;

const COPIES = new Set([
  'RtlCopyMemory',
  'RtlMoveMemory',
  'RtlZeroMemory',
  'RtlFillMemory',
  'memcpy',
  'memset',
  'memmove',
]);

function insert(at: number, text: string): TextEdit {
  return { start: at, end: at, insert: text };
}

/** The statement of the finding, if it stands by itself between others. */
function own({ text, offset }: FixInput): Span | undefined {
  const found = statementAt(text, offset);
  if (found === undefined) return undefined;
  // What only an `if` without braces guards cannot take a second statement before it.
  return /^(?:if|for|while|else|do|switch|case|default)\b/.test(text.slice(found.start, found.end)) ? undefined : found;
}

/** `lines` before the statement, each on a line of its own with its indentation. */
function before(input: FixInput, lines: (call: Span) => readonly string[] | undefined): Edits {
  const statement = own(input);
  const made = statement === undefined ? undefined : lines(statement);
  if (statement === undefined || made === undefined) return undefined;
  const indent = indentAt(input.text, statement.start);
  return [insert(statement.start, made.map((line) => `${line}\n${indent}`).join(''))];
}

/** Leaves the function with a failure, if that can be said in it. */
function leave({ around }: FixInput, status: string): string | undefined {
  if (/^(?:NTSTATUS|LONG|long)$/.test(around.returns)) return `return ${status};`;
  return around.returns === 'void' || around.returns === 'VOID' ? 'return;' : undefined;
}

function guard(condition: string, body: readonly string[]): readonly string[] {
  return [`if (${condition}) {`, ...body.map((line) => `    ${line}`), '}'];
}

/** A test in front of a call, made of one of its operands. */
function guarded(
  fits: (name: string) => boolean,
  condition: (call: CallText, input: FixInput) => string | undefined,
  status: string,
): FixRow['edits'] {
  return (input) =>
    before(input, (statement) => {
      const call = callIn(input.text, statement, fits);
      const test = call === undefined ? undefined : condition(call, input);
      const exit = leave(input, status);
      return test === undefined || exit === undefined ? undefined : guard(test, [exit]);
    });
}

function parameter({ around }: FixInput, index: number): string | undefined {
  return around.parameters[index]?.name;
}

/** The operand as something that may stand before a comparison. */
function isSimple(text: string): boolean {
  return /^[\w.>\-[\]]+$/.test(text);
}

function firstIsNull(call: CallText): string | undefined {
  const name = call.operands[0]?.text;
  return name !== undefined && isSimple(name) ? `${name} == NULL` : undefined;
}

/** Room for what the copy writes, before it is written. */
const ROOM: FixRow = {
  title: 'Compare SaveBufSize with what is written first',
  edits: guarded(
    (name) => COPIES.has(name),
    (call, input) => {
      const size = parameter(input, 3);
      const length = call.operands.at(-1)?.text;
      return size === undefined || length === undefined ? undefined : `${size} < ${length}`;
    },
    'STATUS_BUFFER_TOO_SMALL',
  ),
};

function lengthCheck(index: number, status: string, title: string): FixRow {
  return {
    title,
    edits: guarded(
      (name) => COPIES.has(name),
      (call, input) => {
        const size = parameter(input, index);
        const length = call.operands.at(-1)?.text;
        return size === undefined || length === undefined ? undefined : `${size} < ${length}`;
      },
      status,
    ),
  };
}

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

/** Takes a call away that stands as a statement of its own. */
function without(title: string, fits: (name: string) => boolean): FixRow {
  return {
    title,
    edits: (input) => {
      const statement = own(input);
      const call = statement === undefined ? undefined : callIn(input.text, statement, fits);
      if (statement === undefined || call === undefined) return undefined;
      const rest = input.text.slice(statement.start, call.start).replace(/^\((?:VOID|void)\)\s*/, '');
      if (rest !== '' || input.text.slice(call.end, statement.end).trim() !== ';') return undefined;
      const line = input.text.lastIndexOf('\n', statement.start - 1) + 1;
      const isAlone = input.text.slice(line, statement.start).trim() === '';
      const next = input.text.indexOf('\n', statement.end);
      const isLast = next >= 0 && /^[ \t]*(?:\/\/[^\n]*)?$/.test(input.text.slice(statement.end, next));
      return [isAlone && isLast ? { start: line, end: next + 1, insert: '' } : { ...statement, insert: '' }];
    },
  };
}

/** Another status in a `return` that names one. */
function answer(title: string, status: string): FixRow {
  return {
    title,
    edits: ({ text, offset }) => {
      const statement = statementAt(text, offset);
      const at = statement === undefined ? -1 : text.indexOf('return', statement.start);
      if (statement === undefined || at < 0 || at >= statement.end) return undefined;
      const value = text.slice(at + 'return'.length, statement.end - 1);
      const lead = value.length - value.trimStart().length;
      const start = at + 'return'.length + lead;
      return /^\w+$/.test(value.trim()) ? [{ start, end: start + value.trim().length, insert: status }] : undefined;
    },
  };
}

/** Zeroes a local variable right behind its declaration. */
function zeroed(fits: (name: string) => boolean, index: number): FixRow['edits'] {
  return ({ text, offset }) => {
    const statement = statementAt(text, offset);
    const call = statement === undefined ? undefined : callIn(text, statement, fits);
    const name = /^&(\w+)$/.exec(call?.operands[index]?.text ?? '')?.[1];
    const declared =
      name === undefined || statement === undefined ? undefined : declaration(text, name, statement.start);
    if (name === undefined || declared === undefined) return undefined;
    const indent = indentAt(text, declared.start);
    return [insert(declared.end, `\n${indent}RtlZeroMemory(&${name}, sizeof(${name}));`)];
  };
}

/** The last `TYPE name;` before an offset. */
function declaration(text: string, name: string, before: number): Span | undefined {
  for (let at = text.lastIndexOf(name, before - 1); at >= 0; at = text.lastIndexOf(name, at - 1)) {
    const statement = statementAt(text, at);
    const is =
      statement !== undefined &&
      new RegExp(`^[A-Za-z_]\\w*\\s+${name};$`).test(text.slice(statement.start, statement.end));
    if (is && !/^return\b/.test(text.slice(statement.start))) return statement;
    if (at === 0) break;
  }
  return undefined;
}

/** Replaces an operand of the call. */
function operand(
  title: string,
  fits: (name: string) => boolean,
  index: number,
  change: (text: string, call: CallText) => string | undefined,
): FixRow {
  return {
    title,
    edits: ({ text, offset }) => {
      const statement = statementAt(text, offset);
      const call = statement === undefined ? undefined : callIn(text, statement, fits);
      const old = call?.operands.at(index);
      const made = old === undefined || call === undefined ? undefined : change(old.text, call);
      return old === undefined || made === undefined ? undefined : [{ start: old.start, end: old.end, insert: made }];
    },
  };
}

/** Behind `Status = Call(...);` the status is looked at; a call by itself gets one. */
const LOOK: FixRow = {
  title: 'Return when the call fails',
  edits: (input) => {
    const statement = own(input);
    const call = statement === undefined ? undefined : callIn(input.text, statement, (name) => name.startsWith('Vmb'));
    if (statement === undefined || call === undefined || leave(input, 'X') !== 'return X;') return undefined;
    const indent = indentAt(input.text, statement.start);
    const lead = input.text.slice(statement.start, call.start);
    const name = /^(?:NTSTATUS\s+)?(\w+)\s*=\s*$/.exec(lead)?.[1];
    const tail = input.text.slice(call.end, statement.end);
    if (name !== undefined && tail === ';') {
      const lines = guard(`!NT_SUCCESS(${name})`, [`return ${name};`]);
      return [insert(statement.end, lines.map((line) => `\n${indent}${line}`).join(''))];
    }
    if (!/^(?:\((?:VOID|void)\)\s*)?$/.test(lead) || tail !== ';') return undefined;
    const lines = guard(`!NT_SUCCESS(${input.text.slice(call.start, call.end)})`, ['return STATUS_UNSUCCESSFUL;']);
    return [{ ...statement, insert: lines.join(`\n${indent}`) }];
  },
};

const SEND = (name: string): boolean => name.startsWith('VmbPacketSend');
const COMPLETE = (name: string): boolean => name === 'VmbChannelPacketComplete';
const PACKET_CALL = (name: string): boolean => name.startsWith('VmbPacket');
const WAIT = 'VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION';

export const FIXES: FixTable = {
  'savepkt-bytesneeded-written': {
    title: 'Store 0 in *BytesNeeded first',
    edits: (input) => {
      const name = parameter(input, 4);
      const body = bodyOf(input);
      return name === undefined || body === undefined ? undefined : [insert(body, `\n    *${name} = 0;`)];
    },
  },
  'savepkt-zero-size-no-write': ROOM,
  'savepkt-recheck-size': ROOM,
  'savepkt-no-overrun': ROOM,
  'savepkt-query-must-fail': answer('Return STATUS_BUFFER_TOO_SMALL', 'STATUS_BUFFER_TOO_SMALL'),
  'savepkt-query-succeed-empty': answer('Return STATUS_SUCCESS', 'STATUS_SUCCESS'),
  'savepkt-status-severity': answer('Return STATUS_BUFFER_TOO_SMALL', 'STATUS_BUFFER_TOO_SMALL'),
  'savepkt-no-packet-ops': without('Remove the call', PACKET_CALL),
  'restorepkt-validate': lengthCheck(4, 'STATUS_DATA_ERROR', 'Refuse records that are too short'),
  'restorepkt-alloc-null': {
    title: 'Fail when there is no packet',
    edits: guarded(PACKET_CALL, firstIsNull, 'STATUS_INSUFFICIENT_RESOURCES'),
  },
  'restorepkt-propagate': answer('Return a failure', 'STATUS_UNSUCCESSFUL'),
  'restorepkt-allocate': answer('Return a failure', 'STATUS_UNSUCCESSFUL'),
  'out-alloc-null': {
    title: 'Leave when there is no packet',
    edits: guarded(PACKET_CALL, firstIsNull, 'STATUS_INSUFFICIENT_RESOURCES'),
  },
  'out-no-free-default': without('Remove the call', (name) => name === 'VmbPacketFree'),
  'out-no-reuse-in-use': without('Remove the call', PACKET_CALL),
  'out-external-wait': operand('Wait for completion', SEND, -1, (text) => (text === '0' ? WAIT : `${text} | ${WAIT}`)),
  'out-flags': operand('Keep only WAIT_FOR_COMPLETION', SEND, -1, () => WAIT),
  'out-completion-status': lengthCheck(3, 'STATUS_UNSUCCESSFUL', 'Leave when the answer is too short'),
  'in-complete-once': without('Remove the second completion', COMPLETE),
  'in-fail-terminal': without('Remove the call', (name) => name.startsWith('VmbChannelPacket')),
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
  'init-status-checked': LOOK,
  'state-enable-checked': LOOK,
  'state-no-startpause-in-cb': without('Remove the call', (name) => /^VmbChannel(?:Start|Pause)$/.test(name)),
  'state-no-disable-in-cb': without('Remove the call', (name) => /^VmbChannel(?:Disable|Cleanup)$/.test(name)),
  'state-no-use-after-cleanup': without('Remove the call', (name) => name.startsWith('VmbChannel')),
  'mem-free-once': without('Remove the call', (name) => name.startsWith('ExFreePool')),
};

/** Behind the `{` of the function around the place. */
function bodyOf({ text, offset }: FixInput): number | undefined {
  for (let at = text.lastIndexOf('\n{', offset); at >= 0; at = text.lastIndexOf('\n{', at - 1)) {
    const open = at + 1;
    const rest = text.slice(open + 1, open + 2);
    if (rest === '\n' || rest === '\r') return open + 1;
  }
  return undefined;
}
