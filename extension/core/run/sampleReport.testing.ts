/** A run made by hand, for tests of what is built from runs. */
import { emptyEvents } from '../kmcl/events.js';
import { PACKET_RECORD, PACKET_RECORD_SIZE, RECORD_FLAGS } from '../kmcl/layout.js';
import type { SimulationResult } from '../kmcl/simulation.js';
import type { CompiledDriver, SourceLocation } from '../toolchain/module.js';

export type RecordFields = Partial<Record<keyof typeof PACKET_RECORD, number>>;

const { IN_FLIGHT, MEASURED, RESTORED, WRITE_CALLED } = RECORD_FLAGS;

/** A packet that was saved and restored without fault. */
export function goodPacket(size: number, over: RecordFields = {}): RecordFields {
  return {
    kind: 7,
    flags: IN_FLIGHT | WRITE_CALLED | RESTORED | MEASURED,
    query_status: 0xc0000023,
    query_needed: size,
    write_size: size + 16,
    write_needed: size,
    written: size,
    state_bytes: size,
    library_bytes: 40,
    restore_read: size,
    ...over,
  };
}

export function packRecords(packets: readonly RecordFields[]): Uint8Array {
  const bytes = new Uint8Array(packets.length * PACKET_RECORD_SIZE);
  const view = new DataView(bytes.buffer);
  packets.forEach((packet, index) => {
    for (const [name, value] of Object.entries(packet)) {
      view.setUint32(index * PACKET_RECORD_SIZE + PACKET_RECORD[name as keyof typeof PACKET_RECORD], value, true);
    }
  });
  return bytes;
}

export function sampleResult(over: Partial<SimulationResult> = {}): SimulationResult {
  return {
    ended: 'completed',
    breaches: [],
    expected: [],
    channels: [],
    records: new Uint8Array(),
    states: [],
    events: emptyEvents(),
    output: [],
    stubs: [],
    units: 0,
    memoryBytes: 0,
    contextSource: 'fixture',
    ...over,
  };
}

export function sampleSave(bytes: number, packets: number) {
  return { bytes, packets, chunks: [{ bufferSize: 4096, bytesFilled: bytes, bytesRequired: 0, status: 0 }] };
}

/** Location ids: 1 = the return statement of the save callback, 2 = a helper of ours inlined there, 3 = the test. */
export function sampleLocations(): readonly SourceLocation[] {
  const callback = { file: 'drivers/nic.c', line: 12, column: 5, function: 'NicSave' };
  return [
    { file: '', line: 0, column: 0, function: '' },
    callback,
    { file: '<wdk>/wdm.h', line: 40, column: 3, function: 'RtlCopyMemory', inlinedAt: callback },
    { file: 'drivers/nic.test.c', line: 30, column: 9, function: 'Saves' },
  ];
}

export function sampleDriver(over: Partial<CompiledDriver> = {}): CompiledDriver {
  return {
    name: 'nic',
    wasm: new Uint8Array(),
    files: ['drivers/nic.c', 'drivers/nic.test.c'],
    locations: [sampleLocations()],
    functions: [],
    fixtures: [],
    types: [],
    pointerUses: [],
    recordUses: [],
    bufferUses: [],
    indirectCalls: [],
    transients: [],
    undefinedFunctions: [],
    callbacks: { roles: [], registrations: [] },
    notes: [],
    ...over,
  };
}
