/**
 * Handles: the VM's user-mode VMBus handle, kernel handles made of it, thread handles (kmcl-facts 2.2 #16, A-28, wdm
 * 8.6 #79-81).
 */
import type { Channels } from './channel.js';
import { IRQL } from './layout.js';
import type { FunctionTable, Simulator } from './simulator.js';
import { STATUS } from './status.js';

/** Handles of a variant whose memory lies elsewhere: its numbers are others, too. */
const ELSEWHERE = 0x58;
/** As a handle of the VM's worker process looks. */
const USER_HANDLE = 0x2a4;
/** Kernel handles have the top bits set; pointers of TypeScript numbers hold 53 bits, so only the low 32 do here. */
const FIRST_KERNEL_HANDLE = 0x80000400;

type HandleKind = 'vmbus' | 'thread' | 'event';

interface OpenHandle {
  readonly kind: HandleKind;
  /** Object behind it, 0 for a VMBus. */
  readonly object: number;
  /** Where it was made. */
  readonly frames: readonly number[];
}

/** A reference to an object that the driver took and has not given back. */
export interface HeldReference {
  readonly object: number;
  readonly callback: string | null;
  readonly frames: readonly number[];
}

export class Handles {
  readonly #simulator: Simulator;
  readonly #channels: Channels;
  #open = new Map<number, OpenHandle>();
  #closed = new Set<number>();
  #next = FIRST_KERNEL_HANDLE;
  /** References that are held, in the order in which they were taken. */
  references: HeldReference[] = [];
  /** Objects that handles were made for. */
  #objects = new Set<number>();

  constructor(simulator: Simulator, channels: Channels) {
    this.#simulator = simulator;
    this.#channels = channels;
  }

  /** Open ones, in the order in which they were made, and the VM's own. */
  get all(): readonly {
    readonly handle: number;
    readonly kind: 'vmbus' | 'thread' | 'event';
    readonly object: number;
  }[] {
    const own = { handle: this.#shifted(USER_HANDLE), kind: 'vmbus' as const, object: 0 };
    return [own, ...[...this.#open].map(([handle, { kind, object }]) => ({ handle, kind, object }))];
  }

  readonly functions: FunctionTable = {
    VspLabVmbusHandle: { signature: 'p:', call: () => this.#shifted(USER_HANDLE) },
    VmbConvertVmbusHandleToKernelHandle: { signature: 's:pp', call: (user = 0, out = 0) => this.#convert(user, out) },
    ZwClose: { signature: 's:p', call: (handle = 0) => this.#close(handle) },
    NtClose: { signature: 's:p', call: (handle = 0) => this.#close(handle) },
    ObCloseHandle: { signature: 's:pb', call: (handle = 0) => this.#close(handle) },
    ObReferenceObjectByHandle: {
      signature: 's:pupbpp',
      call: (handle = 0, _access, _type, _mode, out = 0, information = 0) =>
        this.#referenceByHandle(handle, out, information),
    },
    ObReferenceObjectByPointer: {
      signature: 's:pupb',
      call: (object = 0) => {
        this.reference(object);
        return STATUS.SUCCESS;
      },
    },
    ObfReferenceObject: { signature: 'p:p', call: (object = 0) => this.reference(object) },
    ObfDereferenceObject: { signature: 'p:p', call: (object = 0) => this.#dereference(object) },
  };

  /** A new kernel handle for an object. */
  open(kind: HandleKind, object: number): number {
    this.#objects.add(object);
    const handle = this.#shifted(this.#next);
    this.#next += 4;
    this.#open.set(handle, { kind, object, frames: this.#simulator.machine.frames() });
    return handle;
  }

  #shifted(handle: number): number {
    return this.#simulator.options.variant?.elsewhere === true ? handle + ELSEWHERE : handle;
  }

  isVmbus(handle: number): boolean {
    return this.#open.get(handle)?.kind === 'vmbus';
  }

  /** The object behind an open handle. */
  objectOf(handle: number): number | undefined {
    return this.#open.get(handle)?.object;
  }

  reference(object: number): number {
    this.#check(object);
    const { machine } = this.#simulator;
    this.references.push({ object, callback: machine.context().callback, frames: machine.frames() });
    return this.#count(object);
  }

  /** Handles and references left: where each was made. */
  leaks(): readonly { readonly handle: number; readonly kind: HandleKind; readonly frames: readonly number[] }[] {
    return [...this.#open].map(([handle, { kind, frames }]) => ({ handle, kind, frames }));
  }

  clear(): void {
    this.#open = new Map();
    this.#closed = new Set();
    this.references = [];
    this.#objects = new Set();
  }

  /** The caller must run in the VM's worker process: not on a system thread, work item, DPC or timer. */
  #convert(user: number, out: number): number {
    this.#simulator.passiveOnly('VmbConvertVmbusHandleToKernelHandle', 'handle-irql');
    const { current } = this.#simulator.scheduler;
    if (current !== undefined) {
      this.#simulator.breach('init-convert-context', {
        object: user,
        message: `called from a ${current === 'workItem' ? 'work item' : current}, which runs in the system process`,
      });
      return STATUS.INVALID_HANDLE;
    }
    this.#simulator.writable(out, 8);
    if (user !== this.#shifted(USER_HANDLE)) {
      return STATUS.INVALID_HANDLE;
    }
    this.#simulator.writePointer(out, this.open('vmbus', 0));
    return STATUS.SUCCESS;
  }

  #close(handle: number): number {
    if (this.#simulator.machine.irql > IRQL.PASSIVE) {
      this.#simulator.passiveOnly('ZwClose', 'handle-irql');
    }
    const open = this.#open.get(handle);
    if (open === undefined) {
      if (this.#closed.has(handle)) {
        this.#simulator.breach('init-close-kernel-handle', {
          object: handle,
          message: 'the VMBus handle is closed a second time',
        });
      }
      return STATUS.INVALID_HANDLE;
    }
    for (const channel of this.#channels.live) {
      if (channel.vmbusHandle === handle && !channel.everEnabled) {
        channel.vmbusHandleClosed = this.#simulator.machine.frames();
      }
    }
    this.#open.delete(handle);
    this.#closed.add(handle);
    return STATUS.SUCCESS;
  }

  #count(object: number): number {
    return this.references.filter((each) => each.object === object).length;
  }

  /** Objects of ours are out of the driver's reach; any other must be memory it owns. */
  #check(object: number): void {
    if (!this.#objects.has(object)) {
      this.#simulator.readable(object, 8);
    }
  }

  #referenceByHandle(handle: number, out: number, information: number): number {
    this.#simulator.passiveOnly('ObReferenceObjectByHandle', 'handle-irql');
    this.#simulator.writable(out, 8);
    const object = this.#open.get(handle)?.object;
    if (object === undefined) {
      return STATUS.INVALID_HANDLE;
    }
    if (object === 0) {
      return STATUS.OBJECT_TYPE_MISMATCH;
    }
    if (information !== 0) {
      this.#simulator.writeU32(information, 0);
      this.#simulator.writeU32(information + 4, 0x1fffff);
    }
    this.reference(object);
    this.#simulator.writePointer(out, object);
    return STATUS.SUCCESS;
  }

  #dereference(object: number): number {
    this.#check(object);
    const { callback } = this.#simulator.machine.context();
    const own = this.references.findLastIndex((each) => each.object === object && each.callback === callback);
    const given = own >= 0 ? own : this.references.findIndex((each) => each.object === object);
    if (given >= 0) {
      this.references.splice(given, 1);
    }
    return this.#count(object);
  }
}
