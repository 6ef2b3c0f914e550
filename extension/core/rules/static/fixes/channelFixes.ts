/** Quick fixes of the rules of channel set-up and states. */
import {
  before,
  type Edits,
  earlier,
  guard,
  insert,
  isConstant,
  leave,
  linesBefore,
  linesBehind,
  operand,
  own,
  removal,
  replace,
  without,
} from './edits.js';
import type { FixInput, FixRow, FixTable, TextEdit } from './fix.js';
import { behindSpace, type CallText, callIn, indentAt, type Span, statementAt } from './statement.js';

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

const CHANNEL_CALL = (name: string): boolean => /^Vmb(?:Server|Client)?Channel/.test(name);
export const isNamed =
  (...names: readonly string[]) =>
  (name: string): boolean =>
    names.includes(name);

interface Placed {
  readonly statement: Span;
  readonly call: CallText;
  /** What stands before and behind the call in its statement. */
  readonly lead: string;
  readonly tail: string;
}

function placed(input: FixInput, fits: (name: string) => boolean): Placed | undefined {
  const statement = own(input);
  const call = statement === undefined ? undefined : callIn(input.text, statement, fits);
  if (statement === undefined || call === undefined) return undefined;
  const lead = input.text.slice(statement.start, call.start).replace(/^\((?:VOID|void)\)\s*/, '');
  return { statement, call, lead, tail: input.text.slice(call.end, statement.end) };
}

/** The statement as it is when its call is not made: a status is one of success then. */
function leftOver({ text }: FixInput, { statement, call, lead, tail }: Placed): TextEdit | undefined {
  if (lead === '' && tail === ';') return removal(text, statement);
  const takesIt = tail === ';' && (/^return\s+$/.test(lead) || /[^=!<>]=\s*$/.test(lead));
  return takesIt ? replace(call, 'STATUS_SUCCESS') : undefined;
}

/** Takes a call away whose status others look at. */
function dropped(title: string, fits: (name: string) => boolean): FixRow {
  return {
    title,
    edits: (input) => {
      const found = placed(input, fits);
      const edit = found === undefined ? undefined : leftOver(input, found);
      return edit === undefined ? undefined : [edit];
    },
  };
}

/** The same at the place the finding refers to, in the same function. */
export function atEarlier(row: FixRow, title: string): FixRow {
  return {
    title,
    edits: (input) => {
      const offset = earlier(input);
      return offset === undefined ? undefined : row.edits({ ...input, offset });
    },
  };
}

/** Before the channel is enabled, which is what the finding refers to. */
function beforeEnabling(input: FixInput): Edits {
  const found = placed(input, CHANNEL_CALL);
  const enabled = earlier(input);
  const target = enabled === undefined ? undefined : own({ ...input, offset: enabled });
  const rest = found === undefined ? undefined : leftOver(input, found);
  if (found === undefined || target === undefined || rest === undefined) return undefined;
  const call = input.text.slice(found.call.start, found.call.end);
  if (found.call.name === 'VmbChannelSetPointer') return [linesBefore(input.text, target.start, [`${call};`]), rest];
  const exit = leave(input, 'STATUS_UNSUCCESSFUL');
  if (exit === undefined) return undefined;
  return [linesBefore(input.text, target.start, guard(`!NT_SUCCESS(${call})`, [exit])), rest];
}

/** Where a function leaves with a failure only: a place the finding refers to. */
function failingExit({ text, related }: FixInput): Span | undefined {
  for (const place of related) {
    const statement = statementAt(text, place);
    const code = statement === undefined ? '' : text.slice(statement.start, statement.end);
    const value = /^return\s+([^;]+);$/.exec(code)?.[1];
    if (statement === undefined || value === undefined) continue;
    // `return Status;` says which it is only right behind the test of it.
    const isGuarded = /if\s*\(!NT_SUCCESS\([^;{}]*\)\)\s*\{\s*$/.test(text.slice(0, statement.start));
    if (isGuarded || (isConstant(value) && value !== 'STATUS_SUCCESS')) return statement;
  }
  return undefined;
}

/** `line` of the call at the finding, on the way out that the finding refers to. */
export function onTheWayOut(
  title: string,
  fits: (name: string) => boolean,
  line: (call: CallText) => string | undefined,
): FixRow {
  return {
    title,
    edits: (input) => {
      const statement = statementAt(input.text, input.offset);
      const call = statement === undefined ? undefined : callIn(input.text, statement, fits);
      const made = call === undefined ? undefined : line(call);
      const exit = failingExit(input);
      return made === undefined || exit === undefined ? undefined : [linesBefore(input.text, exit.start, [made])];
    },
  };
}

/** What a call with `&Channel` or `Channel` of type VMBCHANNEL * has written. */
function pointedTo(text: string): string | undefined {
  if (/^&[\w.>-]+$/.test(text)) return text.slice(1);
  return /^\w+$/.test(text) ? `*${text}` : undefined;
}

const JUMP = /^(?:return|goto|break|continue|if|for|while|do|switch)\b/;
const RELEASE =
  /^(?:KeRelease(?:InStackQueued)?SpinLock\w*|ExReleaseSpinLock\w+|WdfSpinLockRelease|KeLowerIrql)\s*\([^;{}]*\);$/;

/** Behind the statement that releases the lock, where only plain statements lie between that do not need its answer. */
const AFTER_RELEASE: FixRow = {
  title: 'Call it after the lock is released',
  edits: (input) => {
    const { text } = input;
    const found = placed(input, CHANNEL_CALL);
    const [, answer = ''] = /^(?:(\w+)\s*=\s*)?$/.exec(found?.lead ?? '-') ?? ['', '-'];
    if (found === undefined || answer === '-' || found.tail !== ';') return undefined;
    for (let end = found.statement.end; ; ) {
      const next = behindSpace(text, end);
      const statement = /[A-Za-z_]/.test(text.charAt(next)) ? statementAt(text, next) : undefined;
      const code = statement === undefined ? '' : text.slice(statement.start, statement.end);
      if (statement === undefined || JUMP.test(code)) return undefined;
      if (RELEASE.test(code)) {
        const call = text.slice(found.statement.start, found.statement.end);
        return [removal(text, found.statement), linesBehind(text, statement, [call])];
      }
      if (answer !== '' && new RegExp(`\\b${answer}\\b`).test(code)) return undefined;
      end = statement.end;
    }
  },
};

const FLAG_BITS: ReadonlyMap<string, string> = new Map([
  ['VmbChannelInitSetFlags', '0x1'],
  ['VmbServerChannelInitSetFlags', '0x1F'],
]);

const STRUCTURE_INIT: FixRow = {
  title: 'Initialize the structure with VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT',
  edits: ({ text, offset }) => {
    const statement = statementAt(text, offset);
    const fits = isNamed('VmbChannelInitSetStateChangeCallbacks');
    const call = statement === undefined ? undefined : callIn(text, statement, fits);
    const name = /^&(\w+)$/.exec(call?.operands[1]?.text ?? '')?.[1];
    if (name === undefined) return undefined;
    const declared = new RegExp(
      `VMB_CHANNEL_STATE_CHANGE_CALLBACKS\\s+${name}\\s*(?:=\\s*\\{\\s*0?\\s*\\}\\s*)?;`,
      'g',
    );
    const [last] = [...text.slice(0, offset).matchAll(declared)].slice(-1);
    if (last === undefined) return undefined;
    const span = { start: last.index, end: last.index + last[0].length };
    return [linesBehind(text, span, [`VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&${name});`])];
  },
};

export const CHANNEL_FIXES: FixTable = {
  'init-alloc-checked': atEarlier(LOOK, 'Return when the channel could not be allocated'),
  'init-before-enable': { title: 'Set it before the channel is enabled', edits: beforeEnabling },
  'init-context-before-enable': { title: 'Set the pointer before the channel is enabled', edits: beforeEnabling },
  'init-status-checked': LOOK,
  'state-enable-checked': LOOK,
  'init-external-limits': operand(
    'Allow one page, in a chain of one MDL',
    isNamed('VmbChannelInitSetMaximumExternalData'),
    1,
    (text) => (text === '0' ? 'PAGE_SIZE' : undefined),
  ),
  'init-flags-valid': operand(
    'Keep only the bits that mean something',
    (name) => FLAG_BITS.has(name),
    1,
    (text, call) => {
      const bits = FLAG_BITS.get(call.name) ?? '0';
      return /^\w+$/.test(text) ? `${text} & ${bits}` : `(${text}) & ${bits}`;
    },
  ),
  'init-mmio-nonzero': {
    title: 'Ask for no MMIO space',
    edits: (input) => {
      const found = placed(input, isNamed('VmbServerChannelInitSetMmioMegabytes'));
      if (found === undefined || found.call.operands.slice(1).some(({ text }) => text !== '0')) return undefined;
      const edit = leftOver(input, found);
      return edit === undefined ? undefined : [edit];
    },
  },
  'init-subchannel': operand('Count sub-channels from 1', isNamed('VmbChannelInitSetPrimaryChannel'), 2, (text) =>
    text === '0' ? '1' : `(UINT16)(${text} + 1)`,
  ),
  'init-callbacks-one-family': atEarlier(
    dropped('Remove the registration', CHANNEL_CALL),
    'Remove the registration that this one replaces',
  ),
  'init-server-only-on-server': dropped('Remove the call, which is for servers', CHANNEL_CALL),
  'init-client-only-on-client': dropped('Remove the call, which is for clients', (name) =>
    name.startsWith('VmbClientChannelInitSet'),
  ),
  'init-statecb-helper': STRUCTURE_INIT,
  'init-error-cleanup': onTheWayOut('Clean up the channel on the way out', isNamed('VmbChannelAllocate'), (call) => {
    const channel = pointedTo(call.operands[2]?.text ?? '');
    return channel === undefined ? undefined : `VmbChannelCleanup(${channel});`;
  }),
  'state-no-startpause-in-cb': without('Remove the call', isNamed('VmbChannelStart', 'VmbChannelPause')),
  'state-no-disable-in-cb': without('Remove the call', isNamed('VmbChannelDisable', 'VmbChannelCleanup')),
  'state-started-nonblocking': without('Remove the call', isNamed('VmbChannelSendSynchronousRequest')),
  'state-disable-before-cleanup': {
    title: 'Disable the channel first',
    edits: (input) =>
      before(input, (statement) => {
        const call = callIn(input.text, statement, isNamed('VmbChannelCleanup'));
        const channel = call?.operands[0]?.text;
        return channel === undefined ? undefined : [`VmbChannelDisable(${channel});`];
      }),
  },
  'state-no-use-after-cleanup': without('Remove the call', (name) => name.startsWith('VmbChannel')),
  'state-opened-unwind': onTheWayOut(
    'Unmap the GPADL on the way out',
    isNamed('VmbChannelMapGpadl'),
    ({ operands }) => {
      const [channel, , handle] = operands;
      return channel === undefined || handle === undefined
        ? undefined
        : `VmbChannelUnmapGpadl(${channel.text}, ${handle.text});`;
    },
  ),
  'state-blocking-no-locks': AFTER_RELEASE,
  'state-passive-blocking': AFTER_RELEASE,
  'init-alloc-passive': AFTER_RELEASE,
};
