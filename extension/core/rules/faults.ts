/**
 * The fault that ended a run becomes one finding: the rule of the callback if one explains it, else a memory or run
 * rule.
 */
import { apiName } from '../kmcl/api.js';
import { bugcheckText } from '../kmcl/bugchecks.js';
import { FAULT, LIBRARY_FRAME } from '../kmcl/layout.js';
import type { FaultRecord } from '../kmcl/simulation.js';
import { functionTable, plainName } from '../run/functionTable.js';
import type { CompiledDriver } from '../toolchain/module.js';
import type { RuleId } from './catalogue.js';
import { bytes, type Draft, draft, type RuleInput } from './draft.js';
import { callStack, recursionPosition, shownFunction, userPosition } from './positions.js';

const ACCESS_WRITE = 1;
/** An access this far outside SaveBuf still means SaveBuf: copies with a wrong length start or end there. */
const NEIGHBOURHOOD = 65536;

const RULE_OF: Readonly<Record<number, RuleId>> = {
  [FAULT.OUT_OF_BOUNDS]: 'mem-out-of-bounds',
  [FAULT.USE_AFTER_FREE]: 'mem-use-after-free',
  [FAULT.DOUBLE_FREE]: 'mem-double-free',
  [FAULT.NULL]: 'mem-null-dereference',
  [FAULT.WILD]: 'mem-out-of-bounds',
  [FAULT.STACK_OVERFLOW]: 'run-stack-overflow',
  [FAULT.OUT_OF_MEMORY]: 'run-out-of-memory',
  [FAULT.TIMEOUT]: 'run-timeout',
  [FAULT.BUGCHECK]: 'run-bugcheck',
  [FAULT.DEADLOCK]: 'run-deadlock',
  [FAULT.UNSUPPORTED]: 'run-unsupported',
  [FAULT.BAD_FREE]: 'mem-free-once',
  [FAULT.DIVIDE]: 'run-trap',
  [FAULT.TRAP]: 'run-trap',
  [FAULT.ASSERT]: 'assert-failed',
  [FAULT.STUB]: 'run-stub',
};

/** An address as people write it. */
function hex(address: number): string {
  return `0x${address.toString(16).toUpperCase()}`;
}

function isWrite(fault: FaultRecord): boolean {
  return fault.detail === ACCESS_WRITE;
}

function accessText(fault: FaultRecord): string {
  return `${isWrite(fault) ? 'write' : 'read'} of ${bytes(fault.size)} at ${hex(fault.address)}`;
}

/** What is said where the simulator had no better words. */
function plainMessage(fault: FaultRecord): string {
  switch (fault.kind) {
    case FAULT.OUT_OF_BOUNDS:
      return `${accessText(fault)}, outside the object it belongs to`;
    case FAULT.USE_AFTER_FREE:
      return `${accessText(fault)}, in memory that was given back`;
    case FAULT.NULL:
      return `${accessText(fault)}: a NULL pointer, or one near it`;
    case FAULT.WILD:
      return `${accessText(fault)}, where nothing was ever allocated`;
    case FAULT.DOUBLE_FREE:
      return `the block at ${hex(fault.address)} is given back a second time`;
    case FAULT.BAD_FREE:
      return `what is given back at ${hex(fault.address)} is no block, or has another tag`;
    case FAULT.STACK_OVERFLOW:
      return 'the stack is exhausted';
    case FAULT.OUT_OF_MEMORY:
      return `the memory limit is reached: ${bytes(fault.size)} more were asked for`;
    case FAULT.TIMEOUT:
      return 'the budget of loop turns and calls is used up: this does not look as if it would end';
    case FAULT.BUGCHECK:
      return `KeBugCheckEx with code ${bugcheckText(fault.address)}`;
    case FAULT.DEADLOCK:
      return 'nothing that can run would ever end this wait';
    case FAULT.DIVIDE:
      return 'division by zero';
    default:
      return 'the run ended here';
  }
}

/** LLVM's names of the types a call passes, in the words of a person. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  ptr: 'pointer',
  i1: 'BOOLEAN',
  i8: '8-bit integer',
  i16: '16-bit integer',
  i32: '32-bit integer',
  i64: '64-bit integer',
};

/** `i32 (ptr, i64)` → `32-bit integer (pointer, 64-bit integer)`. */
function typeWords(type: string): string {
  return type.replace(/\b(?:ptr|i\d+)\b/g, (name) => TYPE_WORDS[name] ?? name);
}

/** The type a call has and the function it reached, as far as they are known. */
function calledText(fault: FaultRecord, driver: CompiledDriver): string {
  const { called } = fault;
  const symbol = typeof called === 'number' ? functionTable(driver.wasm).get(called) : called;
  if (symbol === undefined) return '';
  const at = fault.frames.at(-1);
  const calls = new Set(
    driver.indirectCalls.filter(({ location }) => location === at).map(({ type }) => typeWords(type)),
  );
  const plain = plainName(symbol);
  const info = driver.functions.find((each) => each.symbol === symbol || each.name === plain);
  const name = shownFunction(info?.name ?? plain);
  const type = info === undefined ? '' : `, which is ${info.returns} (${info.parameters.join(', ') || 'VOID'})`;
  return calls.size === 0
    ? `: it is ${name}${type}`
    : `: the call is ${[...calls].join(' or ')}, the function is ${name}${type}`;
}

function message(fault: FaultRecord, driver: CompiledDriver): string {
  if (fault.text === '') return plainMessage(fault);
  return fault.text + (fault.called === undefined ? '' : calledText(fault, driver));
}

interface Explanation {
  readonly rule: RuleId;
  readonly message: string;
}

/** M8 and S-17: with SaveBufSize 0 SaveBuf must not be touched, whatever it is; of a NULL SaveBuf tellNull.ts knows. */
function emptyExplanation(fault: FaultRecord, buffer: { address: number; size: number }): Explanation | undefined {
  const distance = fault.address - buffer.address;
  if (distance < 0 || distance >= NEIGHBOURHOOD) return undefined;
  const { pass } = fault.context;
  return {
    rule: pass === 'query' ? 'savepkt-zero-size-no-write' : 'restorepkt-validate',
    message:
      `the ${pass} call ${isWrite(fault) ? 'wrote' : 'read'} ${bytes(fault.size)} through SaveBuf although ` +
      'SaveBufSize is 0',
  };
}

/** M14, and overreads of a record on restore. */
function boundsExplanation(fault: FaultRecord, buffer: { address: number; size: number }): Explanation | undefined {
  const start = fault.address - buffer.address;
  const end = start + fault.size;
  if (start < 0 || start >= buffer.size + NEIGHBOURHOOD || end <= buffer.size) return undefined;
  if (fault.context.pass === 'write' && isWrite(fault)) {
    return {
      rule: 'savepkt-no-overrun',
      message: `a store of ${bytes(fault.size)} in the write call goes beyond SaveBuf: SaveBufSize is ${buffer.size}`,
    };
  }
  if (fault.context.pass === 'restore' && !isWrite(fault)) {
    return {
      rule: 'restorepkt-validate',
      message:
        `a read of ${bytes(fault.size)} goes beyond SaveBuf, whose SaveBufSize is ${buffer.size}: the ` +
        `record's size was not checked`,
    };
  }
  return undefined;
}

/**
 * Memory lent for a time and used after it: of a guest packet, of a GPADL. Of a kept SaveBuf the memory fault says
 * all.
 */
function lentExplanation(fault: FaultRecord): Explanation | undefined {
  const used = `${bytes(fault.size)} ${fault.size === 1 ? 'is' : 'are'} ${isWrite(fault) ? 'written to' : 'read from'}`;
  switch (fault.lent) {
    case 'incoming':
      return {
        rule: 'in-no-use-after-complete',
        message: `${used} a guest packet's buffer or MDL after the packet was completed: it is the guest's again`,
      };
    case 'gpadl':
      return { rule: 'gpadl-unmap-quiet', message: `${used} a GPADL's memory or MDL that is not mapped any more` };
    default:
      return undefined;
  }
}

/** BufferLength is chosen by the guest. */
function lengthExplanation(fault: FaultRecord): Explanation | undefined {
  if (fault.context.callback !== 'EvtVmbChannelProcessPacket' || isWrite(fault)) return undefined;
  return {
    rule: 'in-length-check',
    message: `a read of ${bytes(fault.size)} goes beyond the guest packet: BufferLength was not checked`,
  };
}

/** Names of the library functions in a stack, innermost last. */
function libraryFunctions(frames: readonly number[]): readonly string[] {
  return frames
    .filter((frame) => (frame & LIBRARY_FRAME) !== 0)
    .map((frame) => apiName((frame & ~LIBRARY_FRAME) >>> 0) ?? '');
}

/** The guest chose what made the access go wrong. */
function guestExplanation(fault: FaultRecord): Explanation | undefined {
  const { guestField, guestPacket } = fault;
  if (guestField === undefined || guestPacket === undefined) return undefined;
  const last = guestField.offset + guestField.size - 1;
  const what =
    fault.kind === FAULT.DIVIDE
      ? 'the divisor is'
      : fault.kind === FAULT.OUT_OF_MEMORY
        ? 'the size asked for is'
        : 'where this access goes is';
  return {
    rule: 'in-validate-fields',
    message: `${what} decided by bytes ${guestField.offset} to ${last} of a guest packet of ${bytes(guestPacket.length)}, and they were not checked`,
  };
}

const SENDS: readonly string[] = ['VmbPacketSend', 'VmbPacketSendWithExternalMdl', 'VmbPacketSendWithExternalPfns'];

/**
 * A lock taken twice by one thread, the second time in a callback that the library ran within a call made under that
 * lock.
 */
function lockExplanation(fault: FaultRecord): Explanation | undefined {
  const { callback } = fault.context;
  if (!fault.text.startsWith('a lock is taken')) return undefined;
  const within = libraryFunctions(fault.frames)
    .filter((name) => name.startsWith('Vmb'))
    .at(-1);
  if (within === undefined || callback === null) return undefined;
  const message = `${callback} takes a lock that is held across ${within}, which calls it: it waits for itself`;
  if (SENDS.includes(within)) return { rule: 'out-no-lock-send', message };
  return ['VmbChannelPause', 'VmbChannelDisable'].includes(within)
    ? { rule: 'state-blocking-no-locks', message }
    : undefined;
}

const STATE_CALLBACKS: readonly string[] = [
  'EvtVmbChannelOpened',
  'EvtVmbChannelStarted',
  'EvtVmbChannelPostStarted',
  'EvtVmbChannelSuspend',
  'EvtVmbChannelClosed',
];
/** What ends the life of memory, and what a wrong life of memory ends in. */
const LIFE_FAULTS: readonly number[] = [FAULT.USE_AFTER_FREE, FAULT.DOUBLE_FREE];
const REOPEN_FAULTS: readonly number[] = [
  ...LIFE_FAULTS,
  FAULT.NULL,
  FAULT.OUT_OF_BOUNDS,
  FAULT.WILD,
  FAULT.BAD_FREE,
  FAULT.BUGCHECK,
];
const ENDS_OPEN_PERIOD: readonly string[] = ['VspLabGuestCloseChannel', 'VmbChannelDisable'];

/** Was the memory freed while an open period of a channel ended? */
function freedAtClose(fault: FaultRecord): boolean {
  const freed = fault.related?.find(({ message }) => message === 'freed here')?.frames ?? [];
  return libraryFunctions(freed).some((name) => ENDS_OPEN_PERIOD.includes(name));
}

/** A state callback that went well in the first open period, or any callback that uses what the last close freed. */
function reopenExplanation(fault: FaultRecord): Explanation | undefined {
  const { callback } = fault.context;
  if (fault.opens === undefined || callback === null) return undefined;
  const stale = LIFE_FAULTS.includes(fault.kind) && freedAtClose(fault);
  if (!stale && !(STATE_CALLBACKS.includes(callback) && REOPEN_FAULTS.includes(fault.kind))) return undefined;
  return {
    rule: 'state-reopen',
    message:
      `${callback} fails when the channel is opened for the ${ordinal(fault.opens)} time: ` +
      `${stale ? 'it uses what the last close freed' : 'state of the last open period is left over'}`,
  };
}

function ordinal(count: number): string {
  return count === 2 ? 'second' : count === 3 ? 'third' : `${count}th`;
}

/** Opened may run before Enable returns: what callbacks ask for has to be there. */
function pointerExplanation(fault: FaultRecord): Explanation | undefined {
  const { callback } = fault.context;
  if (fault.kind !== FAULT.NULL || fault.noPointer !== true || callback === null) return undefined;
  return {
    rule: 'init-context-before-enable',
    message: `${callback} uses the channel's pointer, which is NULL: VmbChannelSetPointer was not called before VmbChannelEnable`,
  };
}

/** The callback rule that says more than the memory fault does. */
function explanation(fault: FaultRecord): Explanation | undefined {
  return callbackExplanation(fault) ?? guestExplanation(fault) ?? pointerExplanation(fault) ?? reopenExplanation(fault);
}

function callbackExplanation(fault: FaultRecord): Explanation | undefined {
  const memory = [FAULT.OUT_OF_BOUNDS, FAULT.USE_AFTER_FREE, FAULT.NULL, FAULT.WILD] as readonly number[];
  if (fault.kind === FAULT.DEADLOCK) return lockExplanation(fault);
  if (!memory.includes(fault.kind)) return undefined;
  if (fault.ofOldHost === true) {
    return {
      rule: 'restore-remap-gpadls',
      message: `${accessText(fault)}, in a GPADL's mapping from before the restore: it has to be mapped again`,
    };
  }
  if (fault.lent !== undefined && fault.kind === FAULT.USE_AFTER_FREE) return lentExplanation(fault);
  if (fault.lent === 'incoming' && fault.kind === FAULT.OUT_OF_BOUNDS) return lengthExplanation(fault);
  if (fault.saveBuffer === undefined) return undefined;
  const { pass } = fault.context;
  if (pass === 'query' || (pass === 'restore' && fault.saveBuffer.size === 0))
    return emptyExplanation(fault, fault.saveBuffer);
  return boundsExplanation(fault, fault.saveBuffer);
}

/** The rule that a fault is told as, and its words: what is known at the moment it happens. */
export function faultRule(
  driver: CompiledDriver,
  fault: FaultRecord,
): { readonly rule: RuleId; readonly message: string } {
  const better = explanation(fault);
  return {
    rule: better?.rule ?? RULE_OF[fault.kind] ?? 'run-trap',
    message: better?.message ?? message(fault, driver),
  };
}

/** The finding of a run's fault, or of its failed assertion. */
export function faultFinding(input: RuleInput): Draft | undefined {
  const { result, driver } = input;
  const { fault, assertion } = result;
  if (assertion !== undefined) {
    return draft('assert-failed', assertion.message, {
      location: userPosition(driver.locations, assertion.frames),
      callStack: callStack(driver.locations, assertion.frames),
      ...(result.stubs.some(({ calls }) => calls > 0) ? { atMost: 'warning' as const } : {}),
    });
  }
  if (fault === undefined) return undefined;
  const rule = RULE_OF[fault.kind] ?? 'run-trap';
  const better = explanation(fault);
  const position = fault.kind === FAULT.STACK_OVERFLOW ? recursionPosition : userPosition;
  const location = position(driver.locations, fault.frames);
  const invented = fault.inventedField === undefined ? '' : ` (rests on the invented value of ${fault.inventedField})`;
  return draft(better?.rule ?? rule, (better?.message ?? message(fault, driver)) + invented, {
    location,
    channel: fault.context.channel,
    packet: fault.context.packet,
    callback: fault.context.callback,
    pass: fault.context.pass,
    callStack: callStack(driver.locations, fault.frames),
    related: [
      ...(better === undefined ? [] : [{ message: `${rule}: ${message(fault, driver)}`, location }]),
      ...(fault.related ?? []).map((each) => ({
        message: each.message,
        location: userPosition(driver.locations, each.frames),
      })),
    ],
    ...(fault.inventedField !== undefined || fault.afterStub === true ? { atMost: 'warning' as const } : {}),
  });
}
