/** What a debugger's user asks of a run, and how the run answers: plain data. */
import type { SourceLocation } from '../toolchain/module.js';
import type { DebugFrame } from './view.js';

/** A moment of a run: the same one in each execution of it. */
export interface Moment {
  /** Statements begun and calls come back so far, the one that stopped included. */
  readonly event: number;
  /** Of the incidents since that event (findings, faults, callbacks that fail) so many; 0: the event itself. */
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
  /**
   * A callback is about to answer a status that is not NT_SUCCESS; or only one of these statuses. With `true` the answer
   * of a query pass that tells how much room is needed is left out: it fails as it should (kmcl-facts 7, M2 and S-09).
   */
  readonly status?: boolean | readonly number[];
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
  /** To where a finding of a report is: as it arises, else where its line is reached for that packet and pass. */
  | { readonly kind: 'debugToFinding'; readonly finding: FindingPlace }
  | { readonly kind: 'stopAt'; readonly at: StopAt };

/** A finding of a report, as far as it says where to look. */
export interface FindingPlace {
  readonly rule: string;
  readonly location: { readonly file: string; readonly line: number } | null;
  readonly channel: number | null;
  /** Index of the packet. */
  readonly packet: number | null;
  readonly pass: 'query' | 'write' | 'restore' | null;
}

export type StopReason =
  | { readonly kind: 'entry' }
  | { readonly kind: 'step' }
  | { readonly kind: 'pause' }
  /** A place was asked for: restart, travel, restart frame, the beginning of the run in reverse. */
  | { readonly kind: 'goto'; readonly instead?: Instead }
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

/** Where the run stands because the place that was asked for does not come. */
export type Instead =
  /** The finding does not arise while the run goes on: where its line ran last, or what comes nearest to that. */
  | { readonly kind: 'finding'; readonly rule: string; readonly at: 'line' | 'function' | 'callback' | 'beginning' }
  /** The function has returned before. */
  | { readonly kind: 'line'; readonly line: number }
  /** The run has not so many events or findings: it stands where it stood. */
  | { readonly kind: 'record' };

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

export interface MemoryRead {
  readonly address: number;
  /** Shorter than asked for where the memory ends; empty beyond it. */
  readonly bytes: Uint8Array;
  /** One entry per byte read: nonzero where the driver may not touch it; absent with checks off. */
  readonly poison?: Uint8Array;
}
