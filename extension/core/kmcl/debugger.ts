/**
 * What a debugger is told by a run, synchronously, while the run stands at that place. Absent in normal runs. A method
 * may throw its own Error to abandon the run: it passes through every frame and out of `simulate`.
 */
import type { Host } from './host.js';
import type { BreachRecord, FaultRecord } from './simulation.js';

export interface RunDebugger {
  /** The instance exists; none of its code has run. */
  attached(host: Host, exports: WebAssembly.Exports): void;
  /** vsp_debug_stop of wdk/runtime/debug.h. */
  stopped(site: number, why: number): void;
  /** vsp_debug_variable: where a variable of the innermost frame lies. */
  variable(fn: number, index: number, address: number): void;
  /** vsp_debug_global. */
  global(unit: number, index: number, address: number): void;
  /** vsp_debug_failed: a function is about to return that status. */
  failing(location: number, status: number): void;
  /** vsp_debug_over: no hook tells anything from here on. */
  overflowed(): void;
  /** A rule was broken; the run goes on afterwards. */
  broken(breach: BreachRecord): void;
  /** The run ends here; memory is as it was at that moment. */
  ending(
    end: { readonly fault: FaultRecord } | { readonly assertion: string; readonly frames: readonly number[] },
  ): void;
}
