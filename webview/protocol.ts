/**
 * What the extension and the Packet Buffers page say to each other: every message of both directions, plain data and
 * transferable columns. The exported HTML file answers the same calls from what is embedded in it.
 */
import type { RunFigures } from '../extension/core/run/figures.js';
import type { TimelineChange } from '../extension/core/run/knownEvents.js';
import type { Packet, Pass, Position } from '../extension/core/run/report.js';
import type { ReportPack } from '../extension/core/run/reportPack.js';

export type { RunFigures };

/** Both ends must be of the same build: a restored page of another version is told to reload. */
export const PROTOCOL = 1;

/** A driver's newest report; packets come without their bytes, which are asked for one packet at a time. */
export interface DriverReport {
  /** Stable over runs: the driver's folder. */
  readonly key: string;
  readonly name: string;
  readonly pack: ReportPack;
  /** What each run, by name, measured the time before. */
  readonly previous: Readonly<Record<string, RunFigures>>;
  /** The source has changed since. */
  readonly stale: boolean;
  /** Why the newest source could not be run: compile errors, in the compiler's words. */
  readonly problems: readonly Problem[];
}

export interface Problem {
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A place in the view. Indices as in the report. */
export interface Target {
  readonly driver: string;
  readonly run?: number;
  readonly channel?: number;
  readonly packet?: number;
  readonly finding?: number;
  /** Byte of the packet's saved state. */
  readonly byte?: number;
}

/**
 * A driver's report on its way. VS Code counts the buffers of a message in one byte, and columns are many: the pack
 * travels as one array, in the form of `packBytes`.
 */
export type SentReport = Omit<DriverReport, 'pack'> & { readonly pack: Uint8Array };

/** A debugged run that stands still. */
export interface Paused {
  /** Tells sessions apart. */
  readonly session: string;
  /** Key of the driver and index of its run in the newest report; null: it has none yet. */
  readonly shown: { readonly driver: string; readonly run: number } | null;
  /** Name of the run. */
  readonly run: string;
  /** `Paused at a breakpoint`. */
  readonly reason: string;
  /** Innermost place in the driver's code. */
  readonly location: Position | null;
  /** Whose callback runs; null where none does. */
  readonly callback: string | null;
  readonly channel: number | null;
  readonly packet: number | null;
  readonly pass: Pass | null;
  readonly buffer: PausedBuffer | null;
}

/** SaveBuf of the callback that runs. */
export interface PausedBuffer {
  readonly size: number;
  /** Bytes written so far; null in a restore, which reads them. */
  readonly written: number | null;
  /** The first 4096. */
  readonly bytes: Uint8Array;
  /** Neighbours by the place that wrote them; null: nobody yet, or saved before. */
  readonly runs: readonly { readonly offset: number; readonly length: number; readonly place: Position | null }[];
}

/** What arrives unasked; `Report` is how a driver's report is held. */
export type ViewEvent<Report> =
  /** What there is instead of all there was; the answer to `ready`. */
  | { readonly kind: 'reports'; readonly drivers: readonly Report[]; readonly canRun: boolean }
  /** One driver was run again, or is one more of those that `reports` has begun. */
  | { readonly kind: 'report'; readonly driver: Report }
  /** Its figures are those they were, its source is another now: edited, edited back, or not to be compiled. */
  | {
      readonly kind: 'source';
      readonly driver: string;
      readonly stale: boolean;
      readonly problems: readonly Problem[];
    }
  | { readonly kind: 'progress'; readonly running: boolean; readonly text: string }
  | { readonly kind: 'reveal'; readonly target: Target }
  /** A debugged run has come to stand, or stands with other values. */
  | { readonly kind: 'paused'; readonly at: Paused; readonly timeline: TimelineChange }
  /** It goes on. */
  | { readonly kind: 'resumed' }
  | { readonly kind: 'debugEnded' };

export type Answer =
  | { readonly kind: 'answer'; readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly ok: false; readonly message: string };

export type ToView = ViewEvent<SentReport> | Answer;

/** What one packet saved: bytes and the stores that wrote them. */
export interface PacketBytes {
  /** Null where the run kept none: beyond the first 10,000 packets. */
  readonly bytes: Uint8Array | null;
  readonly writtenBy: NonNullable<Packet['writtenBy']>;
}

/** Calls the page makes, each with its argument and what is answered. */
export interface ViewCalls {
  readonly packetBytes: {
    readonly argument: {
      readonly driver: string;
      readonly run: number;
      readonly channel: number;
      readonly packet: number;
    };
    readonly result: PacketBytes;
  };
  readonly openSource: {
    readonly argument: {
      readonly driver: string;
      readonly file: string;
      readonly line: number;
      readonly column: number;
    };
    readonly result: null;
  };
  readonly run: { readonly argument: { readonly driver: string | null }; readonly result: null };
  readonly cancel: { readonly argument: null; readonly result: null };
  readonly exportReport: { readonly argument: { readonly format: 'json' | 'csv' | 'html' }; readonly result: null };
  readonly copy: { readonly argument: { readonly text: string }; readonly result: null };
  /** Goes to an event of the debugged run, by its index in the timeline; `paused` follows. */
  readonly travel: { readonly argument: { readonly event: number }; readonly result: null };
  /** Of a report's finding: debugs its run up to it. */
  readonly debugToFinding: {
    readonly argument: { readonly driver: string; readonly run: number; readonly finding: number };
    readonly result: null;
  };
  /** A place of the debugged run, which may have no report. */
  readonly openDebugged: {
    readonly argument: { readonly file: string; readonly line: number; readonly column: number };
    readonly result: null;
  };
  readonly explainRule: { readonly argument: { readonly rule: string }; readonly result: null };
}

export type CallName = keyof ViewCalls;

export type FromView =
  | { readonly kind: 'ready'; readonly protocol: number }
  /** The report of that driver (its newest, by key) has been painted: ends the bench's clock. */
  | { readonly kind: 'shown'; readonly driver: string }
  | {
      [Name in CallName]: {
        readonly kind: 'call';
        readonly id: number;
        readonly name: Name;
        readonly argument: ViewCalls[Name]['argument'];
      };
    }[CallName];
