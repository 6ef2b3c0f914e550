/** Who wrote what packets saved, and through which records. */
import type { SimulationResult } from '../kmcl/simulation.js';
import type { CompiledDriver } from '../toolchain/module.js';
import { PacketLayouts } from './packetLayouts.js';
import { PacketRecords } from './packetRecords.js';
import { RecordClaims } from './recordClaims.js';
import { Writers } from './writers.js';

export interface Provenance {
  readonly writers: Writers;
  readonly layouts: PacketLayouts;
}

/** Undefined where no stores were noted. */
export function provenanceOf(driver: CompiledDriver, result: SimulationResult): Provenance | undefined {
  const { stores, states } = result;
  if (stores === undefined) return undefined;
  const records = new PacketRecords(result.records);
  const layouts = new PacketLayouts(driver.types);
  const claims = new RecordClaims(driver.types, driver.recordUses, stores);
  states.forEach((state, record) => {
    layouts.add(claims, record, records.get(record, 'kind'), state.length);
  });
  return { writers: new Writers(stores, driver.locations), layouts };
}
