/** What the units of a driver say, as one. */
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
>;

const UNIT_SHIFT = 20;

/**
 * Type ids become indices of one table; location tables keep their unit's number, since it is part of each location id.
 */
export function mergeUnits(units: readonly { readonly unit: number; readonly facts: UnitFacts }[]): MergedFacts {
  const locations: (readonly SourceLocation[])[] = [];
  const types: TypeInfo[] = [];
  const merged: { [Key in Exclude<keyof MergedFacts, 'locations' | 'types'>]: MergedFacts[Key][number][] } = {
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
    merged.transients.push(...facts.transients);
    merged.notes.push(...facts.notes, ...facts.warnings);
  }
  return { locations, types, ...merged };
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
