/** Fixture functions that act on the whole host, and the hooks behind the macros of vsplab.h (interfaces 4). */
import { API } from './api.js';
import { AssertionEnded } from './faults.js';
import { EVENT } from './layout.js';
import type { FunctionTable, Simulator } from './simulator.js';
import { statusText } from './status.js';

const TEXT_LIMIT = 4096;
/** Bytes shown around the first difference of VSPLAB_ASSERT_BYTES. */
const BYTES_SHOWN = 16;

export class Fixture {
  /** Makes a new host of the old one. */
  restart: () => void = () => {};
  /** Whether a function served here can fail by plan. */
  canFail: (name: string) => boolean = () => false;
  readonly functions: FunctionTable;
  readonly #simulator: Simulator;

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
    this.functions = { ...this.#host(), ...this.#assertions(), ...this.#wholeDrivers() };
  }

  #host(): FunctionTable {
    const scheduler = () => this.#simulator.scheduler;
    return {
      VspLabRestartHost: { signature: 'v:', call: () => this.#restart() },
      VspLabFailAllocations: {
        signature: 'v:uu',
        call: (skip = 0, count = 0) => {
          this.#simulator.machine.setLasting('fail_skip', skip);
          this.#simulator.machine.setLasting('fail_count', count);
          return undefined;
        },
      },
      VspLabFailNext: { signature: 'v:ps', call: (name = 0, status = 0) => this.#failNext(name, status) },
      VspLabAdvanceTime: {
        signature: 'v:q',
        call: (span = 0) => {
          scheduler().advance(span);
          return undefined;
        },
      },
      VspLabRunPending: {
        signature: 'v:',
        call: () => {
          scheduler().runPending(true);
          return undefined;
        },
      },
      VspLabHoldWork: {
        signature: 'v:b',
        call: (hold = 0) => {
          scheduler().held = hold !== 0;
          return undefined;
        },
      },
      VspLabIrql: { signature: 'b:', call: () => this.#simulator.machine.irql },
      vsp_run_pending: {
        signature: 'v:',
        call: () => {
          scheduler().runPending();
          return undefined;
        },
      },
    };
  }

  /** Declared, and not served yet: a silent answer would let a test pass that tested nothing. */
  #wholeDrivers(): FunctionTable {
    const signatures = {
      VspLabLoadDriver: 's:p',
      VspLabAddDevice: 's:p',
      VspLabDeviceControl: 's:pupupup',
      VspLabChannel: 'p:u',
      VspLabUnloadDriver: 'v:',
    } as const;
    const unserved = Object.entries(signatures).map(([name, signature]) => {
      const wayOut = "call the driver's own functions (its channel set-up) from the test instead";
      const text = `${name} is not simulated yet: ${wayOut}`;
      return [name, { signature, call: () => this.#simulator.unsupported(text) }] as const;
    });
    return Object.fromEntries(unserved);
  }

  #assertions(): FunctionTable {
    const text = (address: number): string => this.#simulator.machine.text(address, TEXT_LIMIT);
    return {
      VspLabAssertFailed_: {
        signature: 'v:p',
        call: (expression = 0) => this.#fail(`${text(expression)} does not hold`),
      },
      VspLabAssertEqualFailed_: {
        signature: 'v:pppp',
        call: (_expected, actual = 0, left = 0, right = 0) =>
          this.#fail(`${text(actual)} is ${numberText(right)}, expected ${numberText(left)}`),
      },
      VspLabAssertStatusFailed_: {
        signature: 'v:pss',
        call: (actual = 0, expected = 0, status = 0) =>
          this.#fail(`${text(actual)} is ${statusText(status)}, expected ${statusText(expected)}`),
      },
      VspLabAssertSuccessFailed_: {
        signature: 'v:ps',
        call: (actual = 0, status = 0) => this.#fail(`${text(actual)} is ${statusText(status)}, expected success`),
      },
      VspLabAssertBytesFailed_: {
        signature: 'v:ppppp',
        call: (expected = 0, actual = 0, left = 0, right = 0, length = 0) =>
          this.#fail(this.#bytesMessage(text(expected), text(actual), left, right, length)),
      },
      VspLabExpectFinding_: {
        signature: 'v:p',
        call: (rule = 0) => {
          const { expected, machine } = this.#simulator;
          expected.push({ rule: text(rule).replace(/\s+/g, ''), frames: machine.frames() });
          return undefined;
        },
      },
    };
  }

  #fail(message: string): never {
    throw new AssertionEnded(message, this.#simulator.machine.frames());
  }

  #bytesMessage(expected: string, actual: string, left: number, right: number, length: number): string {
    const { machine } = this.#simulator;
    const wanted = machine.slice(left, length);
    const got = machine.slice(right, length);
    const at = wanted.findIndex((byte, index) => byte !== got[index]);
    const from = Math.max(0, at);
    const hex = (bytes: Uint8Array): string =>
      Array.from(bytes.subarray(from, from + BYTES_SHOWN), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    return `${actual} differs from ${expected} at byte ${at}: ${hex(got)}, expected ${hex(wanted)}`;
  }

  #restart(): undefined {
    const { machine } = this.#simulator;
    machine.event(EVENT.GUEST, API.VspLabRestartHost, 0);
    if (!this.#simulator.atTopLevel) {
      this.#simulator.unsupported('VspLabRestartHost from driver code: only a test itself can restart the host');
    }
    this.restart();
  }

  #failNext(name: number, status: number): undefined {
    const text = this.#simulator.machine.text(name, TEXT_LIMIT);
    const { machine, planned } = this.#simulator;
    if (this.canFail(text)) {
      planned.set(text, [...(planned.get(text) ?? []), status]);
    } else if (machine.native.vsp_fail_next(name, status) === 0) {
      this.#simulator.unsupported(`VspLabFailNext: ${text} is no function whose failure can be planned`);
    }
  }
}

function numberText(value: number): string {
  return value < 10 ? String(value) : `${value} (0x${value.toString(16).toUpperCase()})`;
}
