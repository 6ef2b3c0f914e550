/**
 * What a host and the engine say to each other: plain data, validated where it enters. The engine is a worker thread, or
 * a child process where the host's own Node cannot run 64-bit memory; the words are the same.
 */
import type { Checks } from '../core/kmcl/simulation.js';
import type { OfferedFix } from '../core/rules/static/fixes/offer.js';
import type { Finding } from '../core/run/report.js';
import type { ReportPack } from '../core/run/reportPack.js';
import type { StressLevel } from '../core/run/stressInjection.js';
import type { ContextFacts } from '../core/scaffold/request.js';
import type { Diagnostic } from '../core/toolchain/module.js';
import type { Overlay } from './overlayFiles.js';

export type { Overlay };

/** What of `vsp-lab run`'s options an editor sets; absent ones have the command line's defaults. */
export interface EngineSettings {
  readonly checks?: Checks;
  /** Globs over test names. */
  readonly tests?: readonly string[];
  readonly packets?: number;
  readonly seed?: number;
  readonly includes?: readonly string[];
  readonly defines?: readonly string[];
  readonly stubs?: readonly string[];
  readonly modes?: readonly string[];
  /** Milliseconds per test. */
  readonly timeout?: number;
  readonly stress?: 'none' | StressLevel;
}

export interface RunRequest {
  readonly kind: 'run';
  readonly id: number;
  /** Absolute, with `/`; file names in the report are relative to it. */
  readonly cwd: string;
  /** Absolute files and folders (interfaces section 2, "What is linked"). */
  readonly paths: readonly string[];
  readonly workspaceRoots: readonly string[];
  readonly overlays: readonly Overlay[];
  readonly settings: EngineSettings;
}

/** Asks for the structures of a source that packets may have as contexts; nothing is run. */
export interface ContextsRequest {
  readonly kind: 'contexts';
  readonly id: number;
  /** Absolute; names in the answer are relative to it. */
  readonly cwd: string;
  /** Absolute. */
  readonly file: string;
  readonly workspaceRoots: readonly string[];
  readonly overlays: readonly Overlay[];
  readonly settings: EngineSettings;
}

/** The static rules over the same paths; nothing is run. Answered by `checked`, then `finished`, or by `failed`. */
export interface CheckRequest extends Omit<RunRequest, 'kind'> {
  readonly kind: 'check';
}

/** Ends a run: answered by `finished` with `cancelled`, within a second. */
export interface CancelRequest {
  readonly kind: 'cancel';
  readonly id: number;
}

/** Loads the compiler and a simulator ahead of the first run. No answer. */
export interface WarmRequest {
  readonly kind: 'warm';
  readonly cwd: string;
}

export type EngineRequest = RunRequest | CheckRequest | ContextsRequest | CancelRequest | WarmRequest;

/** What became of one driver of a run. */
export interface DriverOutcome {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Absolute. */
  readonly sources: readonly string[];
  /**
   * Sources, every header of the project they include, and the project file, absolute: saving one of them makes the
   * report stale. As far as known for a driver that did not compile.
   */
  readonly files: readonly string[];
  /** The driver's own report; a driver that did not compile has its runs with outcome `error`. */
  readonly pack: ReportPack;
  /** Compile errors and our notes; files relative to `cwd`. */
  readonly diagnostics: readonly Diagnostic[];
  readonly compiled: boolean;
  /** Milliseconds from the request to this message, for the bench and the log. */
  readonly milliseconds: { readonly compile: number; readonly run: number };
}

/** What the static rules found in one driver. */
export interface CheckOutcome {
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Files relative to `cwd`. */
  readonly findings: readonly Finding[];
  readonly fixes: readonly OfferedFix[];
  /** Compile errors: where there is one the findings are not all there are. */
  readonly diagnostics: readonly Diagnostic[];
}

export type EngineReply =
  | {
      readonly kind: 'progress';
      readonly id: number;
      readonly text: string;
      readonly done: number;
      readonly total: number;
    }
  | { readonly kind: 'driver'; readonly id: number; readonly outcome: DriverOutcome }
  | { readonly kind: 'checked'; readonly id: number; readonly outcomes: readonly CheckOutcome[] }
  | { readonly kind: 'finished'; readonly id: number; readonly cancelled: boolean }
  /** `facts` is absent when there is no such file. */
  | { readonly kind: 'contexts'; readonly id: number; readonly facts?: ContextFacts }
  /** Nothing could be run; `message` says what to mend. */
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
