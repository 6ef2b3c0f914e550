/** One run's shared state: what every part of the simulator reports to and asks. */
import { API } from './api.js';
import { EVENT, FAULT, IRQL } from './layout.js';
import type { Machine } from './machine.js';
import { Scheduler } from './scheduler.js';
import type { Signature } from './signature.js';
import type { BreachRecord, CallbackContext, FaultRecord, RelatedPlace, SimulationOptions } from './simulation.js';
import { StoreLog } from './stores.js';
import { currentChange } from './stress.js';

/** A function of the driver-visible API that TypeScript serves. */
export interface LibraryFunction {
  readonly signature: Signature;
  /** Parameters as numbers; the answer is ignored for `v` signatures. */
  readonly call: (...parameters: number[]) => number | undefined;
}
export type FunctionTable = Readonly<Record<string, LibraryFunction>>;

/** Rules this half of the simulator reports itself; simulator.test.ts looks them up in the catalogue. */
export const SIMULATOR_RULES = [
  'init-alloc-passive',
  'init-before-enable',
  'init-packet-size',
  'init-external-limits',
  'init-process-callback',
  'init-subchannel',
  'init-vmbus-handle',
  'init-convert-context',
  'init-close-kernel-handle',
  'init-target-ids',
  'init-server-only-on-server',
  'init-client-only-on-client',
  'iface-dereference',
  'state-server-start',
  'state-start-pause-window',
  'state-no-startpause-in-cb',
  'state-no-disable-in-cb',
  'state-disable-before-cleanup',
  'state-no-use-after-cleanup',
  'state-opened-unwind',
  'state-reopen',
  'state-started-nonblocking',
  'state-suspend-completes',
  'state-closed-releases-gpadls',
  'state-latency-window',
  'state-mmio-window',
  'state-blocking-no-locks',
  'state-passive-blocking',
  'in-complete-once',
  'in-irql-safe',
  'in-ref-balance',
  'out-free-custom',
  'out-sync-root',
  'out-sync-irql',
  'out-sync-size8',
  'out-size-limit',
  'gpadl-pair',
  'gpadl-single-map',
  'gpadl-window',
  'lock-irql',
  'wait-irql',
  'handle-irql',
  'irql-call',
  'mem-leak',
  'roundtrip-differs',
  'save-end-always',
  'save-quiesced',
  'restore-finish',
  'restore-unwind',
  'restorepkt-free-on-failure',
] as const;
export type SimulatorRule = (typeof SIMULATOR_RULES)[number];

export interface BreachDetails {
  readonly object?: number;
  readonly detail?: number;
  readonly message?: string;
  readonly related?: readonly RelatedPlace[];
  /** Instead of the live frames. */
  readonly frames?: readonly number[];
  /** Instead of the running callback. */
  readonly context?: CallbackContext;
}

/** VSP_STRESS_ALLOCATION. */
const ALLOCATION = 0;
/** Equal breaches (rule, place, callback) kept at most: a million packets may break one rule. */
const REPEATS_KEPT = 100;

/** What irql-call says by its detail, the rules of single functions say in words. */
const NEEDS: Partial<Record<SimulatorRule, string>> = {
  'handle-irql': '; it needs PASSIVE_LEVEL',
  'init-alloc-passive': '; it needs PASSIVE_LEVEL',
  'state-passive-blocking': '; it needs PASSIVE_LEVEL',
};

export class Simulator {
  readonly options: SimulationOptions;
  readonly breaches: BreachRecord[] = [];
  readonly expected: { readonly rule: string; readonly frames: readonly number[] }[] = [];
  readonly output: { readonly text: string; readonly frames: readonly number[] }[] = [];
  readonly states: Uint8Array[] = [];
  readonly stores = new StoreLog(
    () => this.machine,
    (id) => this.stack(id),
  );
  /** VspLabFailNext for functions served here, by name. */
  readonly planned = new Map<string, number[]>();
  /** A stub has been called: findings from here on are warnings at most. */
  stubCalled = false;
  /** What a fault in a callback of the channel with this index should know of its past. */
  channelPast: (index: number) => Pick<FaultRecord, 'noPointer' | 'opens'> = () => ({});
  /** Memory of a GPADL's mapping that ended before a channel was restored. */
  isOfOldHost: (address: number) => boolean = () => false;
  readonly #repeats = new Map<string, number>();
  #machine: Machine | undefined;
  #scheduler: Scheduler | undefined;

  constructor(options: SimulationOptions) {
    this.options = options;
  }

  /** The instance exists: imports work from here on. */
  attach(machine: Machine): void {
    this.#machine = machine;
    this.#scheduler = new Scheduler(machine);
    machine.onUnbalanced = (flow) => {
      const irql = machine.irql;
      const locks = machine.lasting('spin_locks');
      this.breach(locks === 0 ? 'irql-call' : 'lock-irql', {
        detail: locks === 0 ? irql : locks,
        message:
          locks === 0
            ? `returned at IRQL ${irql}, called at ${flow.irql}`
            : `returned with ${locks} spin lock${locks === 1 ? '' : 's'} held`,
        frames: machine.framesAtReturn(),
      });
      machine.native.vsp_spin_locks_forget(locks);
    };
  }

  get machine(): Machine {
    if (this.#machine === undefined) {
      throw new TypeError('the module is not instantiated yet');
    }
    return this.#machine;
  }

  /** The machine, if the module could be instantiated. */
  get attached(): Machine | undefined {
    return this.#machine;
  }

  get scheduler(): Scheduler {
    if (this.#scheduler === undefined) {
      throw new TypeError('the module is not instantiated yet');
    }
    return this.#scheduler;
  }

  /** The test's own code is running: no callback, no piece of work. */
  get atTopLevel(): boolean {
    return this.machine.lasting('callback') === 0 && this.scheduler.current === undefined;
  }

  // ---- Findings

  /** A rule of kmcl-facts section 7 was broken; the call goes on with the sheet's answer. */
  breach(rule: SimulatorRule, details: BreachDetails = {}): void {
    this.machine.event(EVENT.BREACH, 0, details.object ?? 0, this.options.ruleNames.indexOf(rule), details.detail ?? 0);
    this.record(rule, details);
  }

  /** The same for rules C found: it has logged the event already. False for one of so many alike that it is not kept. */
  record(rule: string, details: BreachDetails): boolean {
    const machine = this.machine;
    const frames = details.frames ?? machine.frames();
    const context = details.context ?? machine.context();
    const key = `${rule}|${frames.at(-1)}|${context.callback}|${context.pass}`;
    const seen = (this.#repeats.get(key) ?? 0) + 1;
    this.#repeats.set(key, seen);
    if (seen > REPEATS_KEPT) {
      return false;
    }
    const breach: BreachRecord = {
      rule,
      object: details.object ?? 0,
      detail: details.detail ?? 0,
      frames,
      context,
      ...(details.related === undefined ? {} : { related: details.related }),
      ...(details.message === undefined ? {} : { message: details.message }),
      ...(this.stubCalled ? { afterStub: true } : {}),
      ...this.#probe(),
    };
    this.breaches.push(breach);
    this.options.debugger?.broken(breach);
    return true;
  }

  /** The probe of a stress run that is under way. */
  #probe(): Pick<BreachRecord, 'change'> {
    const change = this.options.stress === undefined ? null : currentChange(this.machine);
    return change === null ? {} : { change };
  }

  /**
   * What a fault's record says besides its place: the callback's buffers, its channel's past, and whether stubs make it
   * doubtful.
   */
  findingExtras(): Pick<
    FaultRecord,
    'saveBuffer' | 'libraryBuffer' | 'afterStub' | 'noPointer' | 'opens' | 'guestPacket'
  > {
    const { machine } = this;
    const save = { address: machine.lastingPointer('save_buffer'), size: machine.lasting('save_size') };
    const packets = machine.native.vsp_guest_packets();
    const library = { address: machine.lastingPointer('library_buffer'), size: machine.lasting('library_size') };
    return {
      ...(save.address === 0 ? {} : { saveBuffer: save }),
      ...(library.address === 0 ? {} : { libraryBuffer: library }),
      ...(packets === 0 ? {} : { guestPacket: { number: packets, length: machine.native.vsp_guest_packet_length() } }),
      ...this.channelPast(machine.lasting('channel')),
      ...(this.stubCalled ? { afterStub: true } : {}),
    };
  }

  /** Frames of a stack C kept (describe.h); empty for 0. */
  stack(id: number): readonly number[] {
    const machine = this.machine;
    const address = id === 0 ? 0 : machine.native.vsp_stack(id);
    if (address === 0) {
      return [];
    }
    const count = machine.u32(address + 16);
    return Array.from({ length: count }, (_, index) => machine.u32(address + 20 + 4 * index));
  }

  // ---- What functions check first

  /** The driver must own these bytes: faults like an access of its own. */
  readable(address: number, size: number): void {
    this.machine.native.vsp_check_read(address, size);
  }

  writable(address: number, size: number): void {
    this.machine.native.vsp_check_write(address, size);
  }

  /** Stores an out parameter. */
  writeU32(address: number, value: number): void {
    this.writable(address, 4);
    this.machine.setU32(address, value);
  }

  writePointer(address: number, value: number): void {
    this.writable(address, 8);
    this.machine.setPointer(address, value);
  }

  readGuid(address: number): Uint8Array {
    this.readable(address, 16);
    return this.machine.slice(address, 16);
  }

  /** A call above PASSIVE_LEVEL is a breach of `rule`; the call goes on. */
  passiveOnly(api: string, rule: SimulatorRule = 'irql-call'): void {
    if (this.machine.irql > IRQL.PASSIVE) {
      this.breach(rule, {
        detail: this.machine.irql,
        message: `${api} called at IRQL ${this.machine.irql}${NEEDS[rule] ?? ''}`,
      });
    }
  }

  /** Blocking functions (7.2): PASSIVE_LEVEL and no spin lock held. */
  blockingCall(api: string): void {
    const locks = this.machine.lasting('spin_locks');
    if (locks > 0) {
      this.breach('state-blocking-no-locks', { detail: locks, message: `${api} called with a spin lock held` });
    } else {
      this.passiveOnly(api, 'state-passive-blocking');
    }
  }

  /** An allocation of the library: false when VspLabFailAllocations strikes. */
  mayAllocate(): boolean {
    const machine = this.machine;
    if (this.options.stress !== undefined && machine.native.vsp_stress_fails(ALLOCATION) !== 0) {
      return false;
    }
    const count = machine.lasting('fail_count');
    if (count === 0) {
      return true;
    }
    const skip = machine.lasting('fail_skip');
    if (skip > 0) {
      machine.setLasting('fail_skip', skip - 1);
      return true;
    }
    machine.setLasting('fail_count', count - 1);
    return false;
  }

  /** Failures that the test has planned and nothing has met yet: fewer afterwards means that something failed by plan. */
  plannedFailures(): number {
    const { machine } = this;
    const served = [...this.planned.values()].reduce((sum, statuses) => sum + statuses.length, 0);
    return (
      served + machine.native.vsp_planned_failures() + machine.lasting('fail_count') + machine.lasting('fail_skip')
    );
  }

  /** The status VspLabFailNext planned for this function, taken off the plan. */
  takePlanned(name: string): number | undefined {
    const statuses = this.planned.get(name);
    return statuses?.shift();
  }

  /** Ends the test: the simulator cannot do what the driver asks. */
  unsupported(text: string): never {
    return this.machine.fault(FAULT.UNSUPPORTED, text);
  }
}

/** The id of a function's name, 0 when it has none. */
export function apiOf(name: string): number {
  return (API as Readonly<Record<string, number>>)[name] ?? 0;
}
