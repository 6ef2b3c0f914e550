/** Functions of the module called while the run stands still: what they leave on the stack and in globals is undone. */
import type { Machine } from '../kmcl/machine.js';
import { STACK_BOTTOM } from './layout.js';

/** Stack that our functions may take. */
const STACK_BYTES = 65536;

export class Quiet {
  readonly #machine: Machine;
  readonly #stackPointer: WebAssembly.Global;
  readonly #globals: { readonly begin: number; readonly end: number };
  #nested = false;

  constructor(machine: Machine, exports: WebAssembly.Exports) {
    this.#machine = machine;
    this.#stackPointer = exports['__stack_pointer'] as WebAssembly.Global;
    const end = exports['__heap_base'] as WebAssembly.Global | undefined;
    this.#globals = { begin: Number(this.#stackPointer.value), end: Number(end?.value ?? 0) };
  }

  /** Runs what only looks. */
  call<Result>(look: () => Result): Result {
    if (this.#nested) {
      return look();
    }
    const machine = this.#machine;
    const top = Math.max(STACK_BOTTOM, Number(this.#stackPointer.value));
    const low = Math.max(STACK_BOTTOM, top - STACK_BYTES);
    const stack = machine.slice(low, top - low);
    const { begin, end } = this.#globals;
    const globals = machine.slice(begin, Math.max(0, end - begin));
    this.#nested = true;
    try {
      return look();
    } finally {
      this.#nested = false;
      machine.bytes.set(stack, low);
      machine.bytes.set(globals, begin);
    }
  }
}
