/** Which definition wins, and what nobody defines (interfaces 2, "What is linked"). */
import { fileError } from './diagnostics.js';
import type { Diagnostic, UndefinedFunction } from './module.js';
import type { UnitFacts } from './unit.js';
import { intrinsicMessage, isProcessorIntrinsic } from './unsupported.js';

export interface Overridden {
  /** By position of the unit: its definitions that a fixture replaces. */
  readonly weak: readonly ReadonlySet<string>[];
  readonly diagnostics: readonly Diagnostic[];
}

/** A fixture's definitions override the driver's; any other second definition is an error that names both files. */
export function overriddenSymbols(units: readonly UnitFacts[]): Overridden {
  const definers = new Map<string, number[]>();
  units.forEach((unit, index) => {
    const strong = unit.definedFunctions.filter(({ linkage }) => linkage === 'external').map(({ symbol }) => symbol);
    for (const symbol of new Set([...strong, ...unit.strongData])) {
      definers.set(symbol, [...(definers.get(symbol) ?? []), index]);
    }
  });
  const weak = units.map(() => new Set<string>());
  const diagnostics: Diagnostic[] = [];
  for (const [symbol, indices] of definers) {
    const fixtures = indices.filter((index) => units[index]?.fixtures.some(({ kind }) => kind === 'test'));
    if (indices.length === 1) {
      continue;
    }
    if (fixtures.length === 1) {
      for (const index of indices.filter((candidate) => candidate !== fixtures[0])) {
        weak[index]?.add(symbol);
      }
    } else {
      diagnostics.push(twice(symbol, fixtures.length > 1 ? fixtures : indices, units));
    }
  }
  return { weak, diagnostics };
}

function twice(symbol: string, indices: readonly number[], units: readonly UnitFacts[]): Diagnostic {
  const places = indices.map((index) => {
    const fn = units[index]?.functions.find((candidate) => candidate.symbol === symbol);
    return { file: fn?.file ?? units[index]?.locations[1]?.file ?? '', line: fn?.line ?? 0, name: fn?.name ?? symbol };
  });
  const [first, second] = places;
  const where = (place: typeof first): string =>
    place === undefined ? '' : place.line > 0 ? `${place.file}:${place.line}` : place.file;
  return {
    severity: 'error',
    file: second?.file ?? '',
    line: second?.line ?? 0,
    column: 0,
    message:
      `'${first?.name ?? symbol}' is defined twice: in ${where(first)} and in ${where(second)}; ` +
      'link them as two drivers (--driver NAME=GLOB) or make one static',
  };
}

/** What the source calls a symbol: `Find` for `?Find@@YAHH@Z`. Undefined for members and operators. */
export function sourceNameOf(symbol: string): string | undefined {
  return /^(?:\?(\w+)@@|(\w+)$)/
    .exec(symbol)
    ?.slice(1)
    .find((name) => name !== undefined);
}

/**
 * Variables nobody defines, and functions that a file outside this driver defines. `elsewhere`
 * maps source names to host paths, `pathOf` shows those.
 */
export function checkSymbols(
  units: readonly UnitFacts[],
  runtime: ReadonlySet<string>,
  missing: readonly UndefinedFunction[],
  elsewhere: ReadonlyMap<string, string>,
  pathOf: (path: string) => string,
): readonly Diagnostic[] {
  const defined = new Set(
    units.flatMap((unit) => [...unit.definedData, ...unit.definedFunctions.map(({ symbol }) => symbol)]),
  );
  const data = units
    .flatMap((unit) => unit.undefinedData)
    .filter(
      ({ name }, index, all) =>
        !defined.has(name) && !runtime.has(name) && all.findIndex((other) => other.name === name) === index,
    );
  const linked = missing.flatMap((fn) => {
    const file = elsewhere.get(sourceNameOf(fn.name) ?? '');
    return file === undefined ? [] : [{ ...fn, defining: pathOf(file) }];
  });
  const intrinsics = missing.filter(({ name }) => isProcessorIntrinsic(name));
  return [
    ...intrinsics.map(({ name, file, line }) => ({ ...fileError(file, intrinsicMessage(name)), line })),
    ...data.map(({ name, file, line }) => ({
      ...fileError(
        file,
        `external variable '${name}' is defined nowhere: add the source that defines it, or define it in a fixture`,
      ),
      line,
    })),
    ...linked.map(({ name, file, line, defining }) => ({
      ...fileError(
        file,
        `'${sourceNameOf(name)}' is defined in ${defining}, which is not part of this driver: ` +
          'add that file (paths, or --driver NAME=GLOB)',
      ),
      line,
    })),
  ];
}
