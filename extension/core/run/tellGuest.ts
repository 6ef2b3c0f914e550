/**
 * Whether a memory fault follows a number of the guest's (in-validate-fields): the same run again, with one 32-bit word
 * of the packet that was being processed changed by one. A fault at the same statement with another address or length
 * used that word; a fault that stays as it is did not, and one that vanishes may have been on another way.
 */
import { FAULT } from '../kmcl/layout.js';
import type {
  FaultRecord,
  LoadedDriver,
  Program,
  Simulate,
  SimulationOptions,
  SimulationResult,
} from '../kmcl/simulation.js';

const WORD = 4;
/** Words of a packet that are tried: each costs a run. */
const WORDS_TRIED = 32;
const FOLLOWING: readonly number[] = [FAULT.OUT_OF_BOUNDS, FAULT.WILD, FAULT.OUT_OF_MEMORY];

function samePlace(a: FaultRecord, b: FaultRecord): boolean {
  return a.frames.length === b.frames.length && a.frames.every((frame, index) => frame === b.frames[index]);
}

/** A quotient by a number of the guest's is no longer divided by zero. */
function follows(fault: FaultRecord, again: FaultRecord | undefined): boolean {
  if (fault.kind === FAULT.DIVIDE) return again === undefined || !samePlace(fault, again);
  if (again === undefined || !samePlace(fault, again)) return false;
  return again.address !== fault.address || again.size !== fault.size;
}

/** Runs the program; `guestField` of a fault says which bytes of the guest's packet it followed. */
export function simulateTellingGuest(
  simulate: Simulate,
  loaded: LoadedDriver,
  program: Program,
  options: SimulationOptions,
): SimulationResult {
  const result = simulate(loaded, program, options);
  const { fault } = result;
  const packet = fault?.guestPacket;
  if (fault === undefined || packet === undefined || fault.lent !== undefined) return result;
  if (!FOLLOWING.includes(fault.kind) && fault.kind !== FAULT.DIVIDE) return result;
  const words = Math.min(WORDS_TRIED, Math.floor(packet.length / WORD));
  for (let word = 0; word < words; word += 1) {
    const bend = { packet: packet.number, offset: word * WORD };
    if (follows(fault, simulate(loaded, program, { ...options, captureLimit: 0, bend }).fault))
      return { ...result, fault: { ...fault, guestField: { offset: bend.offset, size: WORD } } };
  }
  return result;
}
