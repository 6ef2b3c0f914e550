/** The door of the simulator: one test or one fixture-less run of one driver goes in, what happened comes out. */
import type { CompiledDriver, FixtureEntry } from '../toolchain/module.js';
import type { RunDebugger } from './debugger.js';
import type { Differential } from './differences.js';
import type { EventColumns } from './events.js';
import type { ModeChoices } from './modes.js';
import type { Stress, StressObservation } from './stressing.js';
import type { Observation, Variant } from './vary.js';

export type Checks = 'off' | 'contract' | 'full';

export interface SimulationOptions {
  readonly checks: Checks;
  readonly seed: number;
  readonly modes: ModeChoices;
  /** Bytes of linear memory a test may reach. */
  readonly memoryLimit: number;
  /** Back-edges and calls a test may spend. */
  readonly budget: number;
  /** Packets whose state bytes are kept. */
  readonly captureLimit: number;
  /** Used where VspLabSave got 0; 0 = 4096 and growing. */
  readonly chunkBuffer: number;
  /** Return values of stubs by name; others return 0. */
  readonly stubValues: ReadonlyMap<string, number>;
  readonly stubsAllowed: boolean;
  /** Slugs by number, in the order of the catalogue (rules.h): C reports rules by number. */
  readonly ruleNames: readonly string[];
  /** A 32-bit word of a guest packet (from 1) that is changed by one, to see what follows it. */
  readonly bend?: { readonly packet: number; readonly offset: number };
  /** A differential run: what it does otherwise than the run it is compared with. */
  readonly variant?: Variant;
  /** A stress run: what it is given that an ordinary one is not. */
  readonly stress?: Stress;
  /** Of a driver compiled for it. Lives in the thread of the run: options that are posted have none. */
  readonly debugger?: RunDebugger;
}

/** What to run: a fixture test with its file's set-up and tear-down, or the fixture-less sequence. */
export type Program =
  | {
      readonly kind: 'test';
      readonly test: FixtureEntry;
      readonly setup?: FixtureEntry;
      readonly teardown?: FixtureEntry;
    }
  | {
      readonly kind: 'packets';
      readonly count: number;
      readonly save: string;
      readonly restore: string;
      readonly contextHook?: string;
      readonly contextType?: number;
    };

/** Why a run ended before its end; positions are location ids, innermost last, as vsp_frames had them. */
export interface FaultRecord {
  readonly kind: number;
  /** As numbers, to compare with: beyond 2^53 only `text` has them exactly. */
  readonly address: number;
  readonly size: number;
  readonly detail: number;
  readonly text: string;
  readonly frames: readonly number[];
  readonly context: CallbackContext;
  /** The function that was called as if it had another type: its pointer, or its symbol where only that is known. */
  readonly called?: number | string;
  /** SaveBuf and LibBuf of the save or restore callback it happened in (vsp_lasting.save_buffer and its neighbours). */
  readonly saveBuffer?: { readonly address: number; readonly size: number };
  readonly libraryBuffer?: { readonly address: number; readonly size: number };
  /** The memory concerned is the library's, lent to the driver: a guest packet, a saved record, a GPADL. */
  readonly lent?: LentMemory;
  /** The context field whose invented value led here: the finding is a warning then. */
  readonly inventedField?: string;
  /** The guest packet that was delivered last (from 1), and its length. */
  readonly guestPacket?: { readonly number: number; readonly length: number };
  /** Bytes of that packet that the address or the length accessed follow (run/tellGuest.ts). */
  readonly guestField?: { readonly offset: number; readonly size: number };
  /** The memory was a GPADL's mapping, and its channel has been saved and restored since. */
  readonly ofOldHost?: boolean;
  /** A callback of this channel has asked for the channel's pointer, and none was ever set. */
  readonly noPointer?: boolean;
  /** How often the channel of the running callback has been opened, where that is more than once. */
  readonly opens?: number;
  /** A stub had been called before: the finding is at most a warning. */
  readonly afterStub?: boolean;
  /** Where the memory concerned was allocated or freed. */
  readonly related?: readonly RelatedPlace[];
}

export type LentMemory = 'incoming' | 'record' | 'gpadl';

export interface RelatedPlace {
  readonly message: string;
  readonly frames: readonly number[];
}

/** A rule broken on the way. */
export interface BreachRecord {
  readonly rule: string;
  readonly object: number;
  readonly detail: number;
  readonly frames: readonly number[];
  readonly context: CallbackContext;
  /** For rules that speak of another place too: the allocation of a leak. */
  readonly related?: readonly RelatedPlace[];
  readonly message?: string;
  /** The probe of a stress run during which it happened. */
  readonly change?: number;
  /** As in FaultRecord. */
  readonly inventedField?: string;
  readonly afterStub?: boolean;
}

/** The callback during which something happened; indices as in the report, null outside. */
export interface CallbackContext {
  readonly channel: number | null;
  readonly packet: number | null;
  readonly pass: 'query' | 'write' | 'restore' | null;
  readonly callback: string | null;
}

export interface ChannelResult {
  readonly index: number;
  readonly name: string;
  readonly saves: readonly SaveResult[];
}

export interface SaveResult {
  readonly bytes: number;
  readonly packets: number;
  /** The packets' callbacks as function-table indices, 0 for none. */
  readonly callbacks?: { readonly save: number; readonly restore: number };
  readonly chunks: readonly {
    readonly bufferSize: number;
    readonly bytesFilled: number;
    readonly bytesRequired: number;
    readonly status: number;
  }[];
}

/** Who wrote the saved bytes of captured packets. */
export interface StoreRuns {
  /** By record index: the first run and one past the last; both 0xffffffff where stores were not noted. */
  readonly ranges: Uint32Array;
  /**
   * Five words per run, by offset: offset and length of bytes that one store wrote last, its stack, offset and size of
   * all it wrote. Gaps were never written.
   */
  readonly runs: Uint32Array;
  /** Frames by the numbers in `runs`, innermost last. */
  readonly stacks: readonly (readonly number[])[];
}

export interface SimulationResult {
  readonly ended: 'completed' | 'assertion' | 'fault';
  readonly fault?: FaultRecord;
  readonly assertion?: { readonly message: string; readonly frames: readonly number[] };
  readonly breaches: readonly BreachRecord[];
  /** Rules announced by VSPLAB_EXPECT_FINDING, and where. */
  readonly expected: readonly { readonly rule: string; readonly frames: readonly number[] }[];
  readonly channels: readonly ChannelResult[];
  /** Raw struct vsp_packet_record entries (64 bytes each) of all first saves. */
  readonly records: Uint8Array;
  /** State bytes by record index, up to captureLimit. */
  readonly states: readonly Uint8Array[];
  /** Absent with checks off. */
  readonly stores?: StoreRuns;
  readonly events: EventColumns;
  readonly output: readonly { readonly text: string; readonly frames: readonly number[] }[];
  readonly stubs: readonly { readonly name: string; readonly calls: number; readonly location: number }[];
  /** Units of the budget that were spent. */
  readonly units: number;
  /** What the differential runs of the same test told (checks full). */
  readonly differential?: Differential;
  /** What a variant saw. */
  readonly observation?: Observation;
  /** What a stress run saw. */
  readonly stressed?: StressObservation;
  /** Peak bytes of linear memory. */
  readonly memoryBytes: number;
  /** Where fixture-less contexts came from. */
  readonly contextSource: 'fixture' | 'driver' | 'hook' | 'invented';
}

export interface LoadedDriver {
  readonly driver: CompiledDriver;
  readonly module: object; // WebAssembly.Module
  /** The module whose variables and functions lie elsewhere, made when it is first wanted. */
  readonly moved?: () => object;
}

export type Simulate = (loaded: LoadedDriver, program: Program, options: SimulationOptions) => SimulationResult;
