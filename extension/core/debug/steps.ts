/** When a step is over: by frame, line and statement. */
import type { Granularity } from './goals.js';
import type { Place } from './plans.js';
import type { DebugSite } from './tables.js';

/** A place in the order of frames: code inlined into a frame is further in than the frame. */
export interface Standing {
  readonly depth: number;
  readonly inlined: number;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Step {
  readonly kind: 'in' | 'over' | 'out';
  readonly granularity: Granularity;
  /** Where it began; of a step out, the frame that is to be left. */
  readonly from: Standing;
  /** Further out there is code of the driver to come back to. */
  readonly hasCaller: boolean;
}

export function standingAt(depth: number, site: DebugSite): Standing {
  return { depth, inlined: site.inlined, file: site.file, line: site.line, column: site.column };
}

const ALL_DEPTHS = 0xffffffff;

/** The deepest frames that can matter to it. */
export function stepDepth({ kind, from, hasCaller }: Step): number {
  if (kind === 'in') return ALL_DEPTHS;
  return kind === 'over' || from.inlined > 0 || !hasCaller ? from.depth : from.depth - 1;
}

/** Whether the step is over at this event. */
export function isOver({ kind, granularity, from, hasCaller }: Step, depth: number, site: DebugSite): boolean {
  if (depth < from.depth) {
    return true;
  }
  if (depth > from.depth) {
    return kind === 'in' && site.kind !== 'resume';
  }
  if (site.kind === 'entry') {
    // The frame is gone and the library has called the driver again.
    return kind !== 'out' || !hasCaller;
  }
  if (site.inlined !== from.inlined) {
    return site.inlined < from.inlined || (kind === 'in' && site.kind !== 'resume');
  }
  return kind !== 'out' && site.kind !== 'resume' && !isSame(from, site, granularity);
}

/** The frame begins the statement. */
export function isAt(place: Place, depth: number, site: DebugSite): boolean {
  const { file, line, column = site.column } = place;
  const isThere = site.file === file && site.line === line && site.column === column;
  return depth === place.depth && site.kind !== 'resume' && isThere;
}

/** Still the line, or the statement, of the standing. */
export function isSame(from: Standing, site: DebugSite, granularity: Granularity): boolean {
  const sameLine = site.file === from.file && site.line === from.line;
  return granularity === 'line' ? sameLine : sameLine && site.column === from.column;
}
