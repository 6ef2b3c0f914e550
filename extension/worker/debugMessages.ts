/** The wire between DebugClient and the debug worker: a port, and a few shared words for a worker that does not turn. */
import type { MessagePort } from 'node:worker_threads';
import type { Output, Stop } from '../core/debug/goals.js';
import type { Differential } from '../core/kmcl/differences.js';
import type { Program, SimulationOptions, SimulationResult } from '../core/kmcl/simulation.js';
import type { CompiledDriver } from '../core/toolchain/module.js';

/** Words of the shared memory, 32 bits each. */
export const SIGNAL = {
  /** Counts messages to the worker: a change wakes it. */
  MAIL: 0,
  /** 1: the run is to stop. */
  PAUSE: 1,
} as const;
export const SIGNAL_BYTES = 8;

export interface DebugWorkerData {
  readonly port: MessagePort;
  readonly signal: SharedArrayBuffer;
  readonly compiled: CompiledDriver;
  readonly program: Program;
  readonly options: SimulationOptions;
  readonly cwd: string;
}

/** `ask` is DebugRequests[kind]['ask']. */
export interface DebugAsk {
  readonly id: number;
  readonly kind: string;
  readonly ask: unknown;
}

export type DebugTold =
  | { readonly kind: 'ready' }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly message: string }
  | { readonly kind: 'stopped'; readonly stop: Stop }
  | { readonly kind: 'output'; readonly output: Output }
  | { readonly kind: 'ended'; readonly result: SimulationResult; readonly differential?: Differential }
  | { readonly kind: 'failed'; readonly message: string };
