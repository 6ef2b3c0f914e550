/** What the host and a simulate worker say to each other. User code runs behind this door only. */
import type { Differential } from '../core/kmcl/differences.js';
import type { Program, SimulationOptions, SimulationResult } from '../core/kmcl/simulation.js';
import type { StressSettings } from '../core/run/stressInjection.js';
import type { Stressed } from '../core/run/stressRun.js';
import type { CompiledDriver } from '../core/toolchain/module.js';

/** Makes a driver known to the worker; it stays loaded. No reply. */
export interface DriverMessage {
  readonly kind: 'driver';
  readonly driver: number;
  readonly compiled: CompiledDriver;
}

/** The driver will not be run again before it is made known anew. No reply. */
export interface ForgetMessage {
  readonly kind: 'forget';
  readonly driver: number;
}

/** Runs one program in a fresh instance of a known driver: `started`, then one of the others. */
export interface RunMessage {
  readonly kind: 'run';
  readonly id: number;
  readonly driver: number;
  readonly program: Program;
  readonly options: SimulationOptions;
}

/** Stress runs of one program, one after the other: `started`, then `stressed` or `failed`. */
export interface StressMessage {
  readonly kind: 'stress';
  readonly id: number;
  readonly driver: number;
  readonly program: Program;
  readonly options: SimulationOptions;
  readonly calls: readonly StressSettings[];
}

export type SimulateMessage = DriverMessage | ForgetMessage | RunMessage | StressMessage;

export type SimulateReply =
  /** The driver is loaded, its code runs from now on: the wall clock starts. */
  | { readonly kind: 'started'; readonly id: number }
  | { readonly kind: 'done'; readonly id: number; readonly result: SimulationResult }
  /** The same, but its variants run now, and `varied` follows: the wall clock starts anew. */
  | { readonly kind: 'ran'; readonly id: number; readonly result: SimulationResult }
  | { readonly kind: 'varied'; readonly id: number; readonly differential: Differential | undefined }
  /** What came of stress runs, in their order. */
  | { readonly kind: 'stressed'; readonly id: number; readonly ends: readonly Stressed[] }
  /** A failure of ours; `message` is one line. */
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
