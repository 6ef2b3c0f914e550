/**
 * Timers, DPCs and work items of the driver-visible kernel (kmcl-facts 8.6 #76, 77, 84, 85), and the queue vsp.h offers
 * to the C half.
 */
import { IRQL } from './layout.js';
import type { WorkKind } from './scheduler.js';
import type { FunctionTable, Simulator } from './simulator.js';

/** KDPC on x64. */
const KDPC = { routine: 24, context: 32, argument1: 40, argument2: 48 } as const;
/** WORK_QUEUE_ITEM on x64. */
const WORK_QUEUE_ITEM = { routine: 16, parameter: 24 } as const;
/** 100 ns units in a millisecond. */
const MILLISECOND = 10_000;
/** Bits of vsp_work_state. */
const WORK = { QUEUED: 1, RUNNING: 2, TIMER: 4 } as const;

export class KernelWork {
  readonly functions: FunctionTable;
  readonly #simulator: Simulator;

  constructor(simulator: Simulator) {
    this.#simulator = simulator;
    this.functions = { ...this.#timers(), ...this.#work(), ...this.#contract() };
  }

  // ---- Timers and DPCs

  #timers(): FunctionTable {
    const set = (timer = 0, due = 0, period = 0, dpc = 0): number => this.#setTimer(timer, due, period, dpc);
    return {
      KeSetTimer: { signature: 'b:pqp', call: (timer, due, dpc) => set(timer, due, 0, dpc) },
      KeSetTimerEx: { signature: 'b:pqup', call: (timer, due, period, dpc) => set(timer, due, period, dpc) },
      KeSetCoalescableTimer: {
        signature: 'b:pquup',
        call: (timer, due, period, _tolerable, dpc) => set(timer, due, period, dpc),
      },
      KeCancelTimer: { signature: 'b:p', call: (timer = 0) => (this.#simulator.scheduler.cancelTimer(timer) ? 1 : 0) },
      KeInsertQueueDpc: {
        signature: 'b:ppp',
        call: (dpc = 0, first = 0, second = 0) => this.#insertDpc(dpc, first, second),
      },
      KeRemoveQueueDpc: { signature: 'b:p', call: (dpc = 0) => (this.#simulator.scheduler.dequeue(dpc) ? 1 : 0) },
      KeFlushQueuedDpcs: {
        signature: 'v:',
        call: () => {
          const { scheduler } = this.#simulator;
          scheduler.wait('KeFlushQueuedDpcs', () => !scheduler.pending.some((work) => work.kind === 'dpc'));
          return undefined;
        },
      },
    };
  }

  #setTimer(timer: number, due: number, period: number, dpc: number): number {
    const { machine, scheduler } = this.#simulator;
    this.#simulator.writable(timer, 64);
    machine.setU32(timer + 4, 0);
    const replaced = scheduler.setTimer(timer, due, period * MILLISECOND, () => {
      machine.native.vsp_object_signal(timer);
      if (dpc !== 0) {
        this.#insertDpc(dpc, 0, 0);
      }
    });
    return replaced ? 1 : 0;
  }

  #insertDpc(dpc: number, first: number, second: number): number {
    const { machine, scheduler } = this.#simulator;
    this.#simulator.writable(dpc, 64);
    const queued = scheduler.queue({
      object: dpc,
      kind: 'dpc',
      irql: IRQL.DISPATCH,
      routine: machine.pointer(dpc + KDPC.routine),
      parameters: [dpc, machine.pointer(dpc + KDPC.context), first, second],
    });
    if (queued) {
      machine.setPointer(dpc + KDPC.argument1, first);
      machine.setPointer(dpc + KDPC.argument2, second);
    }
    return queued ? 1 : 0;
  }

  // ---- Work items

  #work(): FunctionTable {
    return {
      IoQueueWorkItem: {
        signature: 'v:ppup',
        call: (item = 0, routine = 0, _type, context = 0) => {
          this.#simulator.readable(item, 8);
          return this.#queueItem(item, routine, [this.#simulator.machine.pointer(item), context]);
        },
      },
      IoQueueWorkItemEx: {
        signature: 'v:ppup',
        call: (item = 0, routine = 0, _type, context = 0) => {
          this.#simulator.readable(item, 8);
          return this.#queueItem(item, routine, [this.#simulator.machine.pointer(item), context, item]);
        },
      },
      ExQueueWorkItem: {
        signature: 'v:pu',
        call: (item = 0) => {
          const { machine } = this.#simulator;
          this.#simulator.readable(item, 32);
          return this.#queueItem(item, machine.pointer(item + WORK_QUEUE_ITEM.routine), [
            machine.pointer(item + WORK_QUEUE_ITEM.parameter),
          ]);
        },
      },
    };
  }

  #queueItem(object: number, routine: number, parameters: readonly number[]): undefined {
    this.#simulator.scheduler.queue({ object, kind: 'workItem', irql: IRQL.PASSIVE, routine, parameters });
  }

  // ---- vsp.h: what the C half of the kernel asks for

  #contract(): FunctionTable {
    const simulator = this.#simulator;
    return {
      vsp_work_queue: {
        signature: 'u:pupupppp',
        call: (object = 0, irql = 0, routine = 0, count = 0, ...values) => {
          const kind: WorkKind = irql >= IRQL.DISPATCH ? 'dpc' : 'workItem';
          return simulator.scheduler.queue({ object, kind, irql, routine, parameters: values.slice(0, count) }) ? 1 : 0;
        },
      },
      vsp_work_cancel: {
        signature: 'u:p',
        call: (object = 0) => {
          const timer = simulator.scheduler.cancelTimer(object);
          return simulator.scheduler.dequeue(object) || timer ? 1 : 0;
        },
      },
      vsp_work_state: {
        signature: 'u:p',
        call: (object = 0) =>
          (simulator.scheduler.isQueued(object) ? WORK.QUEUED : 0) |
          (simulator.scheduler.isRunning(object) ? WORK.RUNNING : 0) |
          (simulator.scheduler.hasTimer(object) ? WORK.TIMER : 0),
      },
      vsp_work_timer: {
        signature: 'u:pquupupppp',
        call: (object = 0, due = 0, period = 0, irql = 0, routine = 0, count = 0, ...values) => {
          const work = { object, kind: 'timer' as const, irql, routine, parameters: values.slice(0, count) };
          return simulator.scheduler.setTimer(object, due, period * MILLISECOND, () => {
            simulator.scheduler.queue(work);
          })
            ? 1
            : 0;
        },
      },
    };
  }
}
