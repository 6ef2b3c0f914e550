/**
 * How a test ends before its end. Thrown out of imports, through every wasm frame; never thrown across the door
 * (simulation.ts).
 */
import { FAULT } from './layout.js';
import type { CallbackContext, FaultRecord } from './simulation.js';

/** Ends the test with a fault: memory, deadlock, bugcheck, timeout, trap. */
export class Fault extends Error {
  readonly record: FaultRecord;

  constructor(record: FaultRecord) {
    super(record.text);
    this.name = 'Fault';
    this.record = record;
  }
}

/** Ends the test with a failed assertion. */
export class AssertionEnded extends Error {
  readonly frames: readonly number[];

  constructor(message: string, frames: readonly number[]) {
    super(message);
    this.name = 'AssertionEnded';
    this.frames = frames;
  }
}

/** Where a fault happened: what of the machine's state belongs into its record. */
export interface FaultPlace {
  readonly frames: readonly number[];
  readonly context: CallbackContext;
  /** The shadow stack's pointer lies in or below the null zone: an overflow, whatever the trap says. */
  readonly stackExhausted: boolean;
  /** The function pointer called last (vsp_called), and whether it names a function. */
  readonly called: { readonly pointer: bigint; readonly isFunction: boolean };
}

/** FAULT.TIMEOUT in words. */
export const BUDGET_SPENT = 'the budget of calls and loop iterations is spent';

/** What a thrown thing means: our own exceptions as they are, engine traps as faults. */
export function toRunEnd(thrown: unknown, place: () => FaultPlace): Fault | AssertionEnded {
  if (thrown instanceof Fault || thrown instanceof AssertionEnded) {
    return thrown;
  }
  if (!(thrown instanceof Error)) {
    return trap({ kind: FAULT.TRAP, text: String(thrown) }, place());
  }
  const at = place();
  if (thrown instanceof RangeError && /call stack/i.test(thrown.message)) {
    return trap({ kind: FAULT.STACK_OVERFLOW, text: 'the stack is exhausted' }, at);
  }
  if (thrown instanceof WebAssembly.RuntimeError) {
    return trap(classify(thrown, at), at);
  }
  throw thrown;
}

type Cause = Pick<FaultRecord, 'kind' | 'text' | 'called'>;

/**
 * The function that the back end calls instead of one of another type (toolchain/unit.ts), as engines name it in
 * stacks.
 */
const WRAPPER = /\.L([^\s(]+)_bitcast_invalid/;

function classify({ message, stack }: Error, { stackExhausted, called }: FaultPlace): Cause {
  if (stackExhausted) {
    return { kind: FAULT.STACK_OVERFLOW, text: 'the stack is exhausted' };
  }
  if (/divide by zero|remainder by zero/.test(message)) {
    return { kind: FAULT.DIVIDE, text: 'division by zero' };
  }
  if (/divide result unrepresentable/.test(message)) {
    return { kind: FAULT.DIVIDE, text: 'the quotient of a division does not fit its type' };
  }
  if (/memory access out of bounds/.test(message)) {
    return { kind: FAULT.WILD, text: 'access to an address outside all memory' };
  }
  if (/null function|signature mismatch|table index is out of bounds/.test(message)) {
    return wrongCall(called.pointer, called.isFunction);
  }
  if (/unreachable/.test(message)) {
    const wrapped = WRAPPER.exec(stack ?? '')?.[1];
    return wrapped === undefined
      ? {
          kind: FAULT.TRAP,
          text: 'code that can never be reached was reached (a missing return value, or undefined behaviour)',
        }
      : { kind: FAULT.TRAP, text: OTHER_TYPE, called: wrapped };
  }
  return { kind: FAULT.TRAP, text: message };
}

const OTHER_TYPE = 'a call of a function as if it had another type';

/** What is wrong with calling a pointer that cannot be called. */
export function wrongCall(pointer: bigint, isFunction: boolean): Cause {
  if (pointer === 0n) {
    return { kind: FAULT.TRAP, text: 'a call through a NULL function pointer' };
  }
  return isFunction
    ? { kind: FAULT.TRAP, text: OTHER_TYPE, called: Number(pointer) }
    : { kind: FAULT.TRAP, text: `a call through 0x${pointer.toString(16).toUpperCase()}, which is no function` };
}

function trap(cause: Cause, { frames, context }: FaultPlace): Fault {
  return new Fault({ ...cause, address: 0, size: 0, detail: 0, frames, context });
}
