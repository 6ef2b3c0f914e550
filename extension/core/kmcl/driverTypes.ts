/** Questions about a driver's types (CompiledDriver.types). */
import type { CompiledDriver, TypeId, TypeInfo } from '../toolchain/module.js';

/** The record a type is, or points to; undefined for anything else. */
export function recordOf(driver: CompiledDriver, id: TypeId): TypeId | undefined {
  for (let at: TypeId | null = id, level = 0; at !== null && level < 64; level++) {
    const type: TypeInfo | undefined = driver.types[at];
    if (type?.kind === 'record') {
      return at;
    }
    at = type?.kind === 'typedef' || type?.kind === 'pointer' ? type.target : null;
  }
  return undefined;
}

/**
 * Each source file has types of its own: records of one tag and size (0 where it is only declared) are one, the first
 * of them.
 */
export function sameRecord(driver: CompiledDriver, id: TypeId): TypeId {
  const own = driver.types[id];
  if (own?.kind !== 'record' || own.name === '') {
    return id;
  }
  const first = driver.types.findIndex(
    (type) =>
      type.kind === 'record' && type.name === own.name && (own.size === 0 ? type.size > 0 : type.size === own.size),
  );
  return first < 0 ? id : first;
}

/** Tag and typedef names of a record, whichever file spells them. */
export function namesOf(driver: CompiledDriver, record: TypeId): readonly string[] {
  const own = sameRecord(driver, record);
  return driver.types.flatMap((type, id) => {
    const target = type.kind === 'typedef' && !throughPointer(driver, id) ? recordOf(driver, id) : id;
    return type.name !== '' && target !== undefined && sameRecord(driver, target) === own ? [type.name] : [];
  });
}

function throughPointer(driver: CompiledDriver, id: TypeId): boolean {
  let type: TypeInfo | undefined = driver.types[id];
  while (type?.kind === 'typedef') {
    type = driver.types[type.target];
  }
  return type?.kind === 'pointer';
}
