/**
 * Whether a fault at NULL was an access through SaveBuf, where SaveBuf may be NULL (S-05, S-17): the same run with
 * another SaveBuf tells.
 */
import { FAULT } from '../kmcl/layout.js';
import type { ModeChoices } from '../kmcl/modes.js';
import type { LoadedDriver, Program, Simulate, SimulationOptions, SimulationResult } from '../kmcl/simulation.js';

/** Makes SaveBuf another address than NULL in the calls that may have NULL. */
const OTHER_SAVE_BUFFER: Readonly<Partial<Record<string, ModeChoices>>> = {
  query: { 'S-05': 'guard' },
  restore: { 'S-17': 'valid' },
};
const NEIGHBOURHOOD = 65536;

/**
 * Runs the program; when it ends at NULL inside such a call, `saveBuffer` of the fault says whether SaveBuf was the
 * pointer.
 */
export function simulateTellingNull(
  simulate: Simulate,
  loaded: LoadedDriver,
  program: Program,
  options: SimulationOptions,
): SimulationResult {
  const result = simulate(loaded, program, options);
  const { fault } = result;
  const other = OTHER_SAVE_BUFFER[fault?.context.pass ?? ''];
  if (fault?.kind !== FAULT.NULL || fault.saveBuffer !== undefined || other === undefined) return result;
  const again = simulate(loaded, program, { ...options, captureLimit: 0, modes: { ...options.modes, ...other } }).fault;
  if (again?.saveBuffer === undefined || again.context.pass !== fault.context.pass) return result;
  const distance = again.address - again.saveBuffer.address;
  return distance >= 0 && distance < NEIGHBOURHOOD
    ? { ...result, fault: { ...fault, saveBuffer: { address: 0, size: 0 } } }
    : result;
}
