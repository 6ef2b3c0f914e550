/**
 * What a debugger's host and a debug run say to each other. The run is in a worker of this process, which has to have
 * 64-bit WebAssembly memory (memory64.ts); where the extension host has not, the whole adapter runs in a newer Node, as
 * `vsp-lab dap`. Plain data. `DebugClient` (debugClient.ts) is the host's side.
 */
import type { AddressDescription, KernelSnapshot } from '../core/debug/kernel.js';
import type { DebugTables } from '../core/debug/tables.js';
import type { DebugFrame, PlacedVariable } from '../core/debug/view.js';
import type { EventColumns } from '../core/kmcl/events.js';
import type { Report } from '../core/run/report.js';
import type { CompiledDriver, Diagnostic, SourceLocation } from '../core/toolchain/module.js';
import type { EngineSettings, Overlay } from './engineProtocol.js';

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

/** A moment of a run: the same one in each execution of it. */
export interface Moment {
  /** Statements begun and calls come back so far, the one that stopped included. */
  readonly event: number;
  /** Incidents so far: findings, faults, watched writes, callbacks that fail, log records asked for. */
  readonly incident: number;
}

// ---- Breakpoints

export interface SourceBreakpoint {
  /** Chosen by the host; told back when it stops the run. */
  readonly id: number;
  readonly line: number;
  /** From 1; absent: the line's first statement. */
  readonly column?: number;
  readonly condition?: string;
  readonly hitCondition?: string;
  readonly logMessage?: string;
}

export interface FunctionBreakpoint {
  readonly id: number;
  /** Source name, qualified or not; a library function's name stops in no code and is refused. */
  readonly name: string;
  readonly condition?: string;
  readonly hitCondition?: string;
}

export interface DataBreakpoint {
  readonly id: number;
  readonly address: number;
  readonly size: number;
  /** `changed`: only when a byte has another value than before. `write` is the same here: equal bytes are no change. */
  readonly condition?: string;
  readonly hitCondition?: string;
}

/** What became of a breakpoint: known before the first instruction runs. */
export type BoundBreakpoint =
  | {
      readonly id: number;
      readonly verified: true;
      readonly file: string;
      /** Moved to the next real line of the same function, or the first line of the statement. */
      readonly line: number;
      readonly column: number;
      readonly endLine: number;
    }
  | { readonly id: number; readonly verified: false; readonly message: string };

/** Which incidents stop the run. */
export interface ExceptionFilters {
  /** Any finding; or only findings of these rules. */
  readonly finding?: boolean | readonly string[];
  readonly assertion?: boolean;
  readonly bugcheck?: boolean;
  /** A callback is about to answer a status that is not NT_SUCCESS. */
  readonly status?: boolean;
}

/** Stop when the save or restore callback of a packet is entered. */
export interface StopAt {
  readonly pass: 'query' | 'write' | 'restore';
  /** Index in the report; absent: the first that comes. */
  readonly packet?: number;
  /** Channel index; absent: any. */
  readonly channel?: number;
}

// ---- Going on

export type Granularity = 'line' | 'statement';

export type Goal =
  | { readonly kind: 'continue' }
  | { readonly kind: 'stepIn'; readonly granularity?: Granularity }
  | { readonly kind: 'stepOver'; readonly granularity?: Granularity }
  /** Of the frame with that index, the innermost by default: until its caller goes on. */
  | { readonly kind: 'stepOut'; readonly frame?: number }
  | { readonly kind: 'stepBack'; readonly granularity?: Granularity }
  | { readonly kind: 'reverseContinue' }
  /** To the first statement of that frame's run. */
  | { readonly kind: 'restartFrame'; readonly frame: number }
  /** To the first statement of the run. */
  | { readonly kind: 'restart' }
  /**
   * To another statement of the function that the innermost user frame runs: back to the last time this run of the
   * function began it, else forward until it begins it. Refused with the reason where neither can be (`resume` rejects).
   */
  | { readonly kind: 'goto'; readonly line: number; readonly column?: number }
  /** To a moment told before, earlier or later than now. */
  | { readonly kind: 'travel'; readonly to: Moment }
  /** To the first statement after that record of the event log (index in `events`) was written. */
  | { readonly kind: 'travelToEvent'; readonly record: number }
  /** To the n-th finding of the run (index in the order they arise), at its line. */
  | { readonly kind: 'travelToFinding'; readonly finding: number }
  | { readonly kind: 'stopAt'; readonly at: StopAt };

export type StopReason =
  | { readonly kind: 'entry' }
  | { readonly kind: 'step' }
  | { readonly kind: 'pause' }
  /** A place was asked for: restart, travel, restart frame, the beginning of the run in reverse. */
  | { readonly kind: 'goto' }
  /** Ids of the breakpoints; `error` when a condition could not be evaluated. */
  | { readonly kind: 'breakpoint'; readonly ids: readonly number[]; readonly error?: string }
  | { readonly kind: 'function breakpoint'; readonly ids: readonly number[]; readonly error?: string }
  | {
      readonly kind: 'data breakpoint';
      readonly ids: readonly number[];
      readonly address: number;
      readonly before: Uint8Array;
      readonly after: Uint8Array;
      /** The statement that wrote; the run stands at the one after it. */
      readonly writer?: SourceLocation;
    }
  | { readonly kind: 'stopAt'; readonly at: StopAt }
  /** `rule` is the slug; `final`: the run ends here, whatever comes next. */
  | { readonly kind: 'finding'; readonly rule: string; readonly message: string; readonly final: boolean }
  | { readonly kind: 'assertion'; readonly rule: string; readonly message: string; readonly final: boolean }
  | { readonly kind: 'bugcheck'; readonly rule: string; readonly message: string; readonly final: boolean }
  /** A callback is about to return this status. */
  | { readonly kind: 'status'; readonly status: number; readonly callback: string };

export interface Stop {
  readonly reason: StopReason;
  readonly moment: Moment;
  /** Innermost first. */
  readonly frames: readonly DebugFrame[];
  /** There is a past to step back into: false at the first statement only. */
  readonly canStepBack: boolean;
}

export interface Output {
  /** `driver`: DbgPrint and VSPLAB_LOG. `logpoint`: a breakpoint's message. */
  readonly source: 'driver' | 'logpoint';
  readonly text: string;
  readonly location?: SourceLocation;
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

export interface MemoryRead {
  readonly address: number;
  /** Shorter than asked for where the memory ends; empty beyond it. */
  readonly bytes: Uint8Array;
  /** One entry per byte read: nonzero where the driver may not touch it; absent with checks off. */
  readonly poison?: Uint8Array;
}

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
  /** Who wrote each byte of the SaveBuf that is filled now: location id by offset, 0 = not written yet. */
  saveBufferWriters: { ask: Record<never, never>; answer: Uint32Array };
  /** Hash of all memory, output and simulator state, for tests. */
  fingerprint: { ask: Record<never, never>; answer: string };
  /** DebugServices.ask in the worker. */
  ask: { ask: { request: unknown }; answer: unknown };
}
export type DebugRequestKind = keyof DebugRequests;

/** A request that could not be answered: `message` is a sentence for the user. */
export class DebugRefusal extends Error {}
