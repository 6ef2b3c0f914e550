/** What a stress run does otherwise, and what it saw: plain data, posted between threads. */

/** VSP_STRESS_*: calls that can be made to fail, by their number. */
export const FAILING = ['allocation', 'packet-allocate', 'packet-restore'] as const;
export type Failing = (typeof FAILING)[number];

/** SaveBuf of a restore: the first `size` bytes of the record, zeros behind it; the byte at `offset` ^ `mask`. */
export interface RecordChange {
  readonly size: number;
  readonly offset?: number;
  readonly mask?: number;
}

/** What is done otherwise than in an ordinary run; readings of ambiguities are chosen by `modes` besides. */
export interface Stress {
  /** Records and calls that can fail are noted, restored packets saved once more. */
  readonly note?: boolean;
  /** Buffer of each SaveContinue call of VspLabSave, whatever the test asks for. */
  readonly chunkBuffer?: number;
  /** SaveBuf of the write pass has so many bytes more than the query asked for. */
  readonly larger?: number;
  /** Each write pass is called before with so many bytes less, one at least. */
  readonly smaller?: number;
  /** The call that fails, by its running number. */
  readonly fails?: { readonly what: Failing; readonly at: number };
  /** The RestorePacket call that gets other records, by its running number. */
  readonly restore?: {
    readonly at: number;
    /** All changes in turn, each taken back, then what was saved; else the first change alone. */
    readonly probe: boolean;
    readonly changes: readonly RecordChange[];
    /** The record's bytes instead of the first change. */
    readonly literal?: Uint8Array;
  };
}

/** A call that can fail, the first from its call stack. */
export interface FailureSite {
  readonly what: Failing;
  readonly at: number;
  /** Location ids, innermost last. */
  readonly frames: readonly number[];
  /** In a callback of the library. */
  readonly inCallback: boolean;
}

export interface NotedRecord {
  /** Running number of the RestorePacket call. */
  readonly at: number;
  readonly channel: number;
  readonly packet: number | null;
  readonly status: number;
  /** The restore callback's function pointer. */
  readonly callback: number;
  readonly bytes: Uint8Array;
}

export interface ProbeOutcome {
  readonly change: number;
  readonly status: number;
  /** Of the packet saved once more, 0n where it was refused or could not be saved. */
  readonly hash: bigint;
  readonly size: number;
}

export interface Resaved {
  /** Running number of the RestorePacket call. */
  readonly at: number;
  readonly status: number;
  readonly hash: bigint;
  readonly size: number;
}

export interface StressObservation {
  /** Times something was done otherwise. */
  readonly injected: number;
  /** A changed record was not refused. */
  readonly accepted: boolean;
  /** Location id of the return statement that ended its callback, 0 for none. */
  readonly returned: number;
  /** The probe during which the run ended. */
  readonly current: number | null;
  readonly sites: readonly FailureSite[];
  readonly records: readonly NotedRecord[];
  readonly outcomes: readonly ProbeOutcome[];
  readonly resaved: readonly Resaved[];
}
