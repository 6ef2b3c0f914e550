/** What a run under a debugger is made of. */
import type { LoadedDriver, Program, SimulationOptions } from '../kmcl/simulation.js';
import type { Explain } from './incidents.js';
import type { RunLink } from './link.js';
import type { DebugServices } from './view.js';

export interface DebugSettings {
  readonly loaded: LoadedDriver;
  readonly program: Program;
  readonly options: SimulationOptions;
  readonly services: DebugServices;
  /** Files are named relative to it. */
  readonly cwd: string;
  readonly link: RunLink;
  /** The rule and the words of what ends a run (core/rules knows). */
  readonly explain: Explain;
}
