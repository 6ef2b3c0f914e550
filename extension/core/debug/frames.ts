/** Call stacks and variables of a run that stands still, read from the module's own frames. */
import { apiName } from '../kmcl/api.js';
import { LIBRARY_FRAME } from '../kmcl/layout.js';
import type { LocationTable, SourceLocation } from '../toolchain/module.js';
import { DEBUG_BASES, STACK_BOTTOM } from './layout.js';
import type { Offsets } from './offsets.js';
import {
  type DebugFunction,
  type DebugScope,
  type DebugSite,
  type DebugTables,
  type FunctionId,
  INDEX_MASK,
  type ScopeId,
  UNIT_SHIFT,
} from './tables.js';
import type { DebugFrame, DebugMemory, PlacedVariable } from './view.js';

export function siteOf(tables: DebugTables, id: number): DebugSite | undefined {
  return tables[id >>> UNIT_SHIFT]?.sites[id & INDEX_MASK];
}

export function functionOf(tables: DebugTables, id: number): DebugFunction | undefined {
  return id < 0 ? undefined : tables[id >>> UNIT_SHIFT]?.functions[id & INDEX_MASK];
}

export function scopeOf(tables: DebugTables, id: number): DebugScope | undefined {
  return id < 0 ? undefined : tables[id >>> UNIT_SHIFT]?.scopes[id & INDEX_MASK];
}

/** A frame and what only the engine needs of it. */
export interface LiveFrame extends DebugFrame {
  /** The function whose memory holds its variables: of inlined code the one around it. */
  readonly owner: FunctionId | -1;
  /** Location id of the call it was inlined at, 0: it was not. */
  readonly inlinedAt: number;
}

/** Endless recursion has sixteen thousand; the innermost tell all there is to see. */
const FRAMES_SHOWN = 1000;

export class FrameReader {
  readonly #tables: DebugTables;
  readonly #locations: LocationTable;

  constructor(tables: DebugTables, locations: LocationTable) {
    this.#tables = tables;
    this.#locations = locations;
  }

  /**
   * Innermost first. `ids` are location ids as vsp_frames has them, outermost first; `site` is where the innermost one
   * is, if a statement of it has just begun.
   */
  frames(ids: readonly number[], site: DebugSite | undefined): readonly LiveFrame[] {
    const frames: LiveFrame[] = [];
    for (let depth = ids.length; depth > Math.max(0, ids.length - FRAMES_SHOWN); depth--) {
      const id = ids[depth - 1] ?? 0;
      if (id >= LIBRARY_FRAME) {
        frames.push(libraryFrame(frames.length, apiName(id - LIBRARY_FRAME) ?? 'library', depth));
      } else {
        frames.push(...this.#user(id, depth, frames.length, depth === ids.length ? site : undefined));
      }
    }
    return frames;
  }

  /** Undefined for 0, the unknown place. */
  location(id: number): SourceLocation | undefined {
    return (id & INDEX_MASK) === 0 ? undefined : this.#locations[id >>> UNIT_SHIFT]?.[id & INDEX_MASK];
  }

  /** Where the statement of a site begins. */
  siteLocation(site: DebugSite | undefined): SourceLocation | undefined {
    const location = site === undefined ? undefined : this.location(site.location);
    return location === undefined || site === undefined ? undefined : siteLocation(location, site);
  }

  /** Frames of one entry of the stack: what was inlined into it first. */
  #user(id: number, depth: number, first: number, site: DebugSite | undefined): readonly LiveFrame[] {
    const levels: { readonly id: number; readonly scope: ScopeId | -1 }[] = [];
    for (let at = site?.location ?? id; at !== 0 && levels.length < 64; ) {
      const place = this.#tables[at >>> UNIT_SHIFT]?.places[at & INDEX_MASK];
      levels.push({ id: at, scope: place?.scope ?? -1 });
      at = place?.inlinedAt ?? 0;
    }
    const owner = scopeOf(this.#tables, levels.at(-1)?.scope ?? -1)?.function ?? -1;
    if (levels.length === 0) {
      return [libraryFrame(first, 'driver', depth)];
    }
    return levels.map((level, index) => {
      const location = this.location(level.id);
      const isSite = index === 0 && site !== undefined;
      const name = functionOf(this.#tables, scopeOf(this.#tables, level.scope)?.function ?? -1)?.name;
      const isOurs = location?.file.startsWith('<') === true;
      return {
        index: first + index,
        kind: isOurs ? 'library' : index < levels.length - 1 ? 'inlined' : 'user',
        name: name ?? location?.function ?? '',
        ...(location === undefined || isOurs ? {} : { location: isSite ? siteLocation(location, site) : location }),
        ...(isSite ? { endLine: site.endLine } : {}),
        scope: level.scope,
        depth,
        owner,
        inlinedAt: levels[index + 1]?.id ?? 0,
      };
    });
  }
}

function siteLocation(location: SourceLocation, { line, column }: DebugSite): SourceLocation {
  return { ...location, line, column };
}

function libraryFrame(index: number, name: string, depth: number): LiveFrame {
  return { index, kind: 'library', name, scope: -1, depth, owner: -1, inlinedAt: 0 };
}

/** Variables of a function that a place in it sees, inner scopes first; without addresses. */
export function visibleVariables(
  tables: DebugTables,
  owner: FunctionId,
  place: { readonly scope: ScopeId | -1; readonly inlinedAt: number; readonly line: number },
): readonly (PlacedVariable & { readonly index: number })[] {
  const levels = new Map<number, number>();
  for (let at = place.scope; at >= 0; at = scopeOf(tables, at)?.parent ?? -1) {
    levels.set(at, levels.size);
  }
  const seen = (functionOf(tables, owner)?.variables ?? []).flatMap((variable, index) => {
    const level = levels.get(variable.scope);
    return level === undefined || variable.inlinedAt !== place.inlinedAt ? [] : [{ variable, index, level }];
  });
  seen.sort((a, b) => order(a) - order(b) || a.index - b.index);
  const inner = new Map<string, number>();
  for (const { variable, level } of seen) {
    inner.set(variable.name, Math.min(level, inner.get(variable.name) ?? level));
  }
  return seen.map(({ variable, index, level }) => ({
    name: variable.name,
    type: variable.type,
    parameter: variable.parameter,
    line: variable.line,
    scope: variable.scope,
    address: 0,
    shadowed: (inner.get(variable.name) ?? level) < level,
    declared: variable.parameter > 0 || variable.line < place.line || place.scope !== variable.scope,
    index,
  }));
}

/** Parameters first, in their order; then locals, inner scopes before outer ones. */
function order({
  variable,
  level,
}: {
  readonly variable: { readonly parameter: number };
  readonly level: number;
}): number {
  return variable.parameter > 0 ? variable.parameter - 1_000_000 : level;
}

/** Where a variable of a live frame lies; 0: not known. */
export function variableAddress(
  { memory, offsets }: { readonly memory: DebugMemory; readonly offsets: Offsets },
  tables: DebugTables,
  frame: { readonly owner: FunctionId | -1; readonly depth: number },
  index: number,
): number {
  const variable = functionOf(tables, frame.owner)?.variables[index];
  const offset = frame.owner < 0 ? undefined : offsets.get(frame.owner, index);
  if (variable === undefined || offset === undefined) {
    return 0;
  }
  const address = STACK_BOTTOM + memory.u16(DEBUG_BASES + 2 * frame.depth) * 16 + offset;
  if (variable.indirect) {
    return memory.isReadable(address, 8) ? memory.pointer(address) + variable.offset : 0;
  }
  return address + variable.offset;
}
