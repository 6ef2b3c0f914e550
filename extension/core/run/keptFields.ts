/**
 * A field that one test of a driver shows to survive is not lost because another test's packets make no use of it: what
 * a driver saves of a packet may depend on the packet's kind.
 */
import type { ContextField, ContextTable, Differential } from '../kmcl/differences.js';
import { locationOf } from '../rules/positions.js';
import type { LocationTable } from '../toolchain/module.js';
import type { RunEnd } from './reportBuilder.js';

function differentialOf(end: RunEnd): Differential | undefined {
  return end.kind === 'result' ? end.result.differential : undefined;
}

/** The ends of a driver's runs, in their order. Tests compare only where the same callbacks save and restore. */
export function keptElsewhere(ends: readonly RunEnd[], locations: LocationTable): readonly RunEnd[] {
  const functionOf = (id: number): string => {
    const location = locationOf(locations, id);
    return location === undefined ? '' : `${location.file} ${location.function}`;
  };
  const keyOf = ({ record, callbacks }: ContextTable, { name }: ContextField): string =>
    [record, name, ...callbacks.map(functionOf)].join('\n');
  const tables = ends.flatMap((end) => differentialOf(end)?.contexts ?? []);
  const kept = new Set(
    tables.flatMap((table) =>
      table.fields.filter(({ outcome }) => outcome === 'kept').map((field) => keyOf(table, field)),
    ),
  );
  const mended = (table: ContextTable): ContextTable => ({
    ...table,
    fields: table.fields.map((field) => {
      if (field.outcome !== 'lost' || !kept.has(keyOf(table, field))) return field;
      const { lost: _, ...rest } = field;
      return { ...rest, outcome: 'unknown' as const };
    }),
  });
  return ends.map((end) => {
    const differential = differentialOf(end);
    if (end.kind !== 'result' || differential === undefined) return end;
    const contexts = differential.contexts.map(mended);
    return { ...end, result: { ...end.result, differential: { ...differential, contexts } } };
  });
}
