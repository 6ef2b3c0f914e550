/**
 * What a debugger's host and a debug run say to each other. The run is in a worker of this process, which has to have
 * 64-bit WebAssembly memory (memory64.ts); where the extension host has not, the whole adapter runs in a newer Node, as
 * `vsp-lab dap`. Plain data. `DebugClient` (debugClient.ts) is the host's side.
 */
import type {
  BoundBreakpoint,
  DataBreakpoint,
  ExceptionFilters,
  FunctionBreakpoint,
  Goal,
  MemoryRead,
  Output,
  SourceBreakpoint,
  Stop,
  StopAt,
} from '../core/debug/goals.js';
import type { AddressDescription, KernelSnapshot } from '../core/debug/kernel.js';
import type { DebugTables } from '../core/debug/tables.js';
import type { DebugFrame, PlacedVariable } from '../core/debug/view.js';
import type { EventColumns } from '../core/kmcl/events.js';
import type { Report } from '../core/run/report.js';
import type { FindingSoFar } from '../core/run/runEvents.js';
import type { CompiledDriver, Diagnostic } from '../core/toolchain/module.js';
import type { EngineSettings, Overlay } from './engineProtocol.js';

export type {
  BoundBreakpoint,
  DataBreakpoint,
  ExceptionFilters,
  FindingPlace,
  FunctionBreakpoint,
  Goal,
  Granularity,
  Instead,
  MemoryRead,
  Moment,
  Output,
  SourceBreakpoint,
  Stop,
  StopAt,
  StopReason,
} from '../core/debug/goals.js';

/** What to debug. The same defaults as `vsp-lab run`. */
export interface DebugLaunch {
  /** Absolute, with `/`; files of locations and reports are relative to it. */
  readonly cwd: string;
  /** A file or a folder, absolute. */
  readonly program: string;
  readonly workspaceRoots?: readonly string[];
  /** Unsaved text. */
  readonly overlays?: readonly Overlay[];
  readonly settings?: Omit<EngineSettings, 'tests' | 'timeout'>;
  /** A test's name; absent: the first test of the program, else the fixture-less run. */
  readonly test?: string;
}

/** Why nothing can be debugged. */
export interface LaunchRefusal {
  readonly ok: false;
  /**
   * `settings`: a setting or the project file makes no sense. `files`: nothing there to debug. `compile`: the compiler's
   * diagnostics say why. `test`: no test of that name, or nothing that can run. `cancelled`: disposed meanwhile.
   */
  readonly reason: 'settings' | 'files' | 'compile' | 'test' | 'cancelled' | 'failed';
  /** One or more sentences for the user. */
  readonly message: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** The driver is compiled and loaded, nothing of it has run: set breakpoints, then `start`. */
export interface Launched {
  readonly ok: true;
  /** Name of the run: the test's, or 'in-flight packets'. */
  readonly run: string;
  /** Of the test, or the save callback; relative to cwd. */
  readonly file: string;
  readonly line: number;
  readonly driver: Omit<CompiledDriver, 'wasm'>;
  readonly tables: DebugTables;
}

/** The run is over, with the report it would have had without a debugger. */
export interface Ended {
  readonly report: Report;
  /** Of `vsp-lab run`. */
  readonly exitStatus: 0 | 1;
}

/** Told while the run goes on; never while a goal's answer is awaited in reverse. */
export interface DebugListener {
  stopped(stop: Stop): void;
  output(output: Output): void;
  ended(ended: Ended): void;
  /** The run broke down through a failure of ours or its memory; it is over, `message` is one line. */
  failed(message: string): void;
}

// ---- Requests: answered while the run stands still, unless said otherwise

/** Every request and what answers it. */
export interface DebugRequests {
  /** All breakpoints of one file (as locations name it, or absolute), also while running. */
  setBreakpoints: {
    ask: { file: string; breakpoints: readonly SourceBreakpoint[] };
    answer: readonly BoundBreakpoint[];
  };
  setFunctionBreakpoints: { ask: { breakpoints: readonly FunctionBreakpoint[] }; answer: readonly BoundBreakpoint[] };
  setDataBreakpoints: { ask: { breakpoints: readonly DataBreakpoint[] }; answer: readonly BoundBreakpoint[] };
  setExceptionFilters: { ask: { filters: ExceptionFilters }; answer: null };
  /** Begins the run, at most once; `stopped`, `ended` or `failed` follows. */
  start: { ask: { stopOnEntry?: boolean; stopAt?: StopAt }; answer: null };
  /** Goes on towards a goal; `stopped`, `ended` or `failed` follows. */
  resume: { ask: { goal: Goal }; answer: null };
  frames: { ask: Record<never, never>; answer: readonly DebugFrame[] };
  variables: { ask: { frame: number }; answer: readonly PlacedVariable[] };
  globals: { ask: { frame?: number }; answer: readonly PlacedVariable[] };
  readMemory: { ask: { address: number; length: number }; answer: MemoryRead };
  /** Number of bytes written: 0 or all. */
  writeMemory: { ask: { address: number; bytes: Uint8Array }; answer: number };
  describe: { ask: { address: number }; answer: AddressDescription };
  kernel: { ask: Record<never, never>; answer: KernelSnapshot };
  /** The event log so far, as the report's timeline reads it. */
  events: { ask: Record<never, never>; answer: EventColumns };
  /** Findings so far, in the order they arose. */
  findings: { ask: Record<never, never>; answer: readonly FindingSoFar[] };
  /** Who wrote each byte of the SaveBuf that is filled now: location id by offset, 0 = not written yet. */
  saveBufferWriters: { ask: Record<never, never>; answer: Uint32Array };
  /** Hash of all memory, output and simulator state, for tests. */
  fingerprint: { ask: Record<never, never>; answer: string };
  /** DebugServices.define in the worker: before the run begins. */
  define: { ask: { macros: readonly (readonly [name: string, text: string])[] }; answer: null };
  /** DebugServices.ask in the worker. */
  ask: { ask: { request: unknown }; answer: unknown };
}
export type DebugRequestKind = keyof DebugRequests;

/** A request that could not be answered: `message` is a sentence for the user. */
export class DebugRefusal extends Error {}
