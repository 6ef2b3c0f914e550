/** What the units of a driver say, as one. */
import type { DebugUnit } from '../debug/tables.js';
import type { CompiledDriver, SourceLocation, TypeInfo } from './module.js';
import type { UnitFacts } from './unit.js';

export type MergedFacts = Pick<
  CompiledDriver,
  | 'locations'
  | 'functions'
  | 'fixtures'
  | 'types'
  | 'pointerUses'
  | 'recordUses'
  | 'bufferUses'
  | 'indirectCalls'
  | 'transients'
  | 'notes'
  | 'debug'
>;

const UNIT_SHIFT = 20;

/**
 * Type ids become indices of one table; location tables keep their unit's number, since it is part of each location id.
 */
export function mergeUnits(units: readonly { readonly unit: number; readonly facts: UnitFacts }[]): MergedFacts {
  const locations: (readonly SourceLocation[])[] = [];
  const types: TypeInfo[] = [];
  const debug: DebugUnit[] = [];
  const merged: { [Key in Exclude<keyof MergedFacts, 'locations' | 'types' | 'debug'>]: MergedFacts[Key][number][] } = {
    functions: [],
    fixtures: [],
    pointerUses: [],
    recordUses: [],
    bufferUses: [],
    indirectCalls: [],
    transients: [],
    notes: [],
  };
  for (const { unit, facts } of units) {
    while (locations.length < unit) {
      locations.push([]);
    }
    locations[unit] = facts.locations;
    const base = types.length;
    types.push(...facts.types.map((type) => moveType(type, base)));
    merged.functions.push(...facts.functions);
    merged.fixtures.push(...facts.fixtures);
    merged.pointerUses.push(...facts.pointerUses.map((use) => ({ ...use, type: use.type + base })));
    for (const use of facts.recordUses) {
      const location = (unit << UNIT_SHIFT) | use.location;
      merged.recordUses.push({ ...use, location, ...('type' in use ? { type: use.type + base } : {}) });
    }
    for (const use of facts.bufferUses) {
      merged.bufferUses.push({ ...use, ...('type' in use ? { type: use.type + base } : {}) });
    }
    merged.indirectCalls.push(
      ...facts.indirectCalls.map(({ location, type }) => ({ location: (unit << UNIT_SHIFT) | location, type })),
    );
    if (facts.debug !== undefined) {
      while (debug.length < unit) {
        debug.push(NO_TABLES);
      }
      debug[unit] = moveTables(facts.debug, unit, base);
    }
    merged.transients.push(...facts.transients);
    merged.notes.push(...facts.notes, ...facts.warnings);
  }
  return { locations, types, ...merged, ...(debug.length === 0 ? {} : { debug }) };
}

const NO_TABLES: DebugUnit = { sites: [], functions: [], scopes: [], globals: [], places: [] };

function moveTables(tables: DebugUnit, unit: number, base: number): DebugUnit {
  const id = (index: number): number => (index < 0 ? -1 : (unit << UNIT_SHIFT) | index);
  const at = (location: number): number => (location === 0 ? 0 : id(location));
  return {
    sites: tables.sites.map((site) => ({
      ...site,
      location: id(site.location),
      function: id(site.function),
      scope: id(site.scope),
    })),
    functions: tables.functions.map((fn) => ({
      ...fn,
      returnType: fn.returnType === null ? null : fn.returnType + base,
      variables: fn.variables.map((each) => ({
        ...each,
        type: each.type + base,
        scope: id(each.scope),
        inlinedAt: at(each.inlinedAt),
      })),
    })),
    scopes: tables.scopes.map((each) => ({ ...each, parent: id(each.parent), function: id(each.function) })),
    globals: tables.globals.map((each) => ({ ...each, type: each.type + base, scope: id(each.scope) })),
    places: tables.places.map((each) => ({ scope: id(each.scope), inlinedAt: at(each.inlinedAt) })),
  };
}

function moveType(type: TypeInfo, base: number): TypeInfo {
  switch (type.kind) {
    case 'pointer':
      return { ...type, target: type.target === null ? null : type.target + base };
    case 'array':
      return { ...type, element: type.element + base };
    case 'typedef':
      return { ...type, target: type.target + base };
    case 'record':
      return { ...type, fields: type.fields.map((field) => ({ ...field, type: field.type + base })) };
    default:
      return type;
  }
}
