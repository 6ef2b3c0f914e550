/** From location ids and frames (vsp.h) to places in the user's source. */
import { apiName } from '../kmcl/api.js';
import { LIBRARY_FRAME } from '../kmcl/layout.js';
import type { Finding, Position } from '../run/report.js';
import type { LocationTable, SourceLocation } from '../toolchain/module.js';

type StackEntry = Finding['callStack'][number];

/** File of library frames in call stacks: the simulated library has no source of the user's. */
export const LIBRARY_FILE = '<kmcl>';

const UNIT_SHIFT = 20;
const INDEX_MASK = (1 << UNIT_SHIFT) - 1;

/** The location of an id, undefined for "unknown" and library frames. */
export function locationOf(locations: LocationTable, id: number): SourceLocation | undefined {
  if ((id & LIBRARY_FRAME) !== 0) return undefined;
  const index = id & INDEX_MASK;
  return index === 0 ? undefined : locations[id >>> UNIT_SHIFT]?.[index];
}

/** Our own headers and runtime are shown as `<wdk>/name`: nobody wants a finding there. */
export function isOurs(file: string): boolean {
  return file.startsWith('<');
}

/** Functions of fixtures by the names their authors gave them (vsplab.h makes a symbol of each). */
export function shownFunction(name: string): string {
  return name
    .replace(/^VspLabTest_/, '')
    .replace(/^VspLabContext_(\w+)$/, 'VSPLAB_CONTEXT($1)')
    .replace(/^VspLab(Setup|Teardown)_\d*$/, (_, kind: string) => `VSPLAB_${kind.toUpperCase()}`);
}

function positionOf(location: SourceLocation): Position {
  const { file, line, column } = location;
  return { file, line, column: Math.max(1, column), function: shownFunction(location.function) };
}

/** The location and what it was inlined into, innermost first. */
function inlineChain(location: SourceLocation | undefined): readonly SourceLocation[] {
  const chain: SourceLocation[] = [];
  for (let at = location; at !== undefined; at = at.inlinedAt) chain.push(at);
  return chain;
}

/** Innermost place in the user's files; `frames` are innermost last. */
export function userPosition(locations: LocationTable, frames: readonly number[]): Position | null {
  for (const frame of frames.toReversed()) {
    const found = inlineChain(locationOf(locations, frame)).find((each) => each.line > 0 && !isOurs(each.file));
    if (found !== undefined) return positionOf(found);
  }
  return null;
}

/** Frames a finding shows of each end: endless recursion has thousands. */
const INNERMOST_FRAMES = 32;
const OUTERMOST_FRAMES = 8;

/**
 * The stack, innermost first, library functions included; of a deep one both ends, and between them one entry without a
 * file that says how many are missing. Frames of unknown place are left out.
 */
export function callStack(locations: LocationTable, frames: readonly number[]): readonly StackEntry[] {
  const missing = frames.length - INNERMOST_FRAMES - OUTERMOST_FRAMES;
  if (missing <= 1) return entriesOf(locations, frames);
  const gap = { function: `… ${thousands(missing)} more frames`, file: '', line: 0 };
  return [
    ...entriesOf(locations, frames.slice(-INNERMOST_FRAMES)),
    gap,
    ...entriesOf(locations, frames.slice(0, OUTERMOST_FRAMES)),
  ];
}

function thousands(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

function entriesOf(locations: LocationTable, frames: readonly number[]): readonly StackEntry[] {
  return frames.toReversed().flatMap((frame): readonly StackEntry[] => {
    if ((frame & LIBRARY_FRAME) !== 0) {
      const name = apiName((frame & ~LIBRARY_FRAME) >>> 0);
      return name === undefined ? [] : [{ function: name, file: LIBRARY_FILE, line: 0 }];
    }
    return inlineChain(locationOf(locations, frame)).map(({ function: name, file, line }) => ({
      function: shownFunction(name),
      file,
      line,
    }));
  });
}

/**
 * The call that recurses, where the innermost function was called by itself: which of its calls happened to be the last
 * says nothing.
 */
export function recursionPosition(locations: LocationTable, frames: readonly number[]): Position | null {
  const innermost = userPosition(locations, frames.slice(-1));
  const caller = userPosition(locations, frames.slice(-2, -1));
  return innermost !== null && innermost.function === caller?.function ? caller : userPosition(locations, frames);
}
