/** The simulated kernel as a debugger shows it: plain data, a picture of one moment. */

export interface KernelSnapshot {
  /** KIRQL: 0 PASSIVE_LEVEL, 1 APC_LEVEL, 2 DISPATCH_LEVEL, ... */
  readonly irql: number;
  /** Spin locks held by the code that runs. */
  readonly spinLocks: number;
  /** Locks of every kind that are held, oldest first; at most `LOCKS_SHOWN`. */
  readonly locks: readonly KernelLock[];
  /** Simulated interrupt time, 100 ns units. */
  readonly time: number;
  /** The callback the library is in, innermost; nulls outside. */
  readonly callback: string | null;
  readonly channel: number | null;
  readonly packet: number | null;
  readonly pass: 'query' | 'write' | 'restore' | null;
  /** SaveBuf of the save or restore callback that runs. */
  readonly saveBuffer: { readonly address: number; readonly size: number } | null;
  readonly libraryBuffer: { readonly address: number; readonly size: number } | null;
  readonly channels: readonly KernelChannel[];
  /** Live blocks of the pool, newest first; at most `POOL_BLOCKS_SHOWN`; known with checks on only. */
  readonly pool: readonly KernelBlock[];
  readonly poolBlocks: number;
  /** Saved states that live. */
  readonly states: readonly KernelState[];
  /** Open kernel handles (and the VM's own) with the object behind each, 0 for a VMBus. */
  readonly handles: readonly {
    readonly handle: number;
    readonly kind: 'vmbus' | 'thread' | 'event';
    readonly object: number;
  }[];
  /** Findings so far. */
  readonly findings: readonly { readonly rule: string; readonly location: number }[];
}

export const POOL_BLOCKS_SHOWN = 1000;
export const PACKETS_SHOWN = 1000;
/** HELD_LIMIT of locks.c. */
export const LOCKS_SHOWN = 64;

/** One hold of a lock: a shared one may be held more than once. */
export interface KernelLock {
  readonly address: number;
  readonly kind: 'spin' | 'spinShared' | 'spinExclusive' | 'mutex' | 'resource' | 'push' | 'wait';
  /** Location id of the call that took it; 0 unknown. */
  readonly location: number;
  /** KIRQL before it was taken. */
  readonly irql: number;
}

export interface KernelChannel {
  readonly index: number;
  /** The VMBCHANNEL. */
  readonly handle: number;
  readonly name: string;
  readonly server: boolean;
  /** Axes of kmcl-facts 1.2. */
  readonly enabled: boolean;
  readonly open: boolean;
  readonly started: boolean;
  readonly suspended: boolean;
  readonly saving: boolean;
  readonly restoring: boolean;
  /** VmbChannelSetPointer's. */
  readonly pointer: number;
  /** Data bytes of each ring. */
  readonly ringSize: number;
  /** Outgoing packets, oldest first; at most PACKETS_SHOWN. */
  readonly packets: readonly KernelPacket[];
  readonly packetCount: number;
  /** Of all of them. */
  readonly inFlight: number;
  readonly queued: number;
  /** Packets of the guest that the driver has and has not completed. */
  readonly incoming: readonly { readonly handle: number }[];
}

export interface KernelPacket {
  /** The VMBPACKET. */
  readonly handle: number;
  readonly state: 'allocated' | 'queued' | 'inFlight' | 'restored' | 'completed';
  /** VmbPacketSetPointer's: its context. */
  readonly pointer: number;
}

export interface KernelBlock {
  readonly address: number;
  readonly size: number;
  /** Four characters as people write them. */
  readonly tag: string;
  /** Location ids, outermost first. */
  readonly allocatedAt: readonly number[];
  readonly paged: boolean;
}

export interface KernelState {
  readonly handle: number;
  readonly chunks: readonly { readonly address: number; readonly size: number }[];
  readonly bytes: number;
}

/** What lies at an address. */
export interface AddressDescription {
  readonly kind:
    | 'nothing'
    | 'block'
    | 'freed'
    | 'global'
    | 'stack'
    | 'null'
    | 'runtime'
    | 'library'
    /** A buffer of a callback that has returned. */
    | 'callback';
  /** First byte of the object, its size, and the address from there (negative before it, >= size behind it). */
  readonly start: number;
  readonly size: number;
  readonly offset: number;
  /** Pool tag. */
  readonly tag: string;
  /** Of a global or a local variable. */
  readonly name: string;
  /** Location ids, outermost first; empty where unknown. */
  readonly allocatedAt: readonly number[];
  readonly freedAt: readonly number[];
  /** The driver may not touch the byte (checks on). */
  readonly poisoned: boolean;
}
