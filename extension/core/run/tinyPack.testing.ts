/** Packed reports made by hand, for tests of what reads them. */
import type { Finding } from './report.js';
import { PACKET_FLAG, type PackedChannel, type PackedRun, type PacketColumns, type ReportPack } from './reportPack.js';

/** Packets of those sizes, all but the first restored. */
export function sampleColumns(sizes: readonly number[]): PacketColumns {
  const words = () => new Uint32Array(sizes.length);
  return {
    count: sizes.length,
    kinds: ['(default)'],
    kind: new Uint16Array(sizes.length),
    flags: Uint8Array.from(sizes, (_, index) => (index === 0 ? 0 : PACKET_FLAG.RESTORED)),
    queryStatus: words(),
    queryNeeded: words(),
    saveBufSize: words(),
    writeStatus: words(),
    writeNeeded: words(),
    bytesWritten: words(),
    bytesUninitialised: words(),
    stateBytes: Uint32Array.from(sizes),
    libraryBytes: words(),
    restoreStatus: words(),
    bytesRead: words(),
    record: new Uint16Array(sizes.length),
    streamOffset: words(),
    streamBytes: words(),
  };
}

export const samplePlace = (name: string, over = {}) => ({
  file: 'Nic.c',
  line: 1,
  column: 1,
  function: name,
  ...over,
});

/** A channel whose callbacks are `save` and `save` + `Back`. */
export function sampleChannel(index: number, save: string, sizes: readonly number[]): PackedChannel {
  const saveStream = { bytes: 0, chunks: [] };
  const callbacks = { save: samplePlace(save), restore: samplePlace(`${save}Back`) };
  return { index, name: `${index}`, packets: sampleColumns(sizes), saveStream, laterSaves: [], callbacks };
}

export function sampleFinding(over: Partial<Finding> = {}): Finding {
  return {
    rule: 'savepkt-size-exact',
    severity: 'error',
    message: 'wrong',
    location: null,
    channel: 0,
    packetIndex: 0,
    callback: 'EvtVmbChannelSavePacket',
    pass: 'write',
    callStack: [],
    related: [],
    suppressed: false,
    ...over,
  };
}

export function sampleRun(name: string, over: Partial<PackedRun> = {}): PackedRun {
  const base = { driver: 'nic', file: 'Nic.c', line: 3, contextSource: 'fixture', outcome: 'passed' } as const;
  return { ...base, name, channels: [], findings: [], ...over };
}

export function samplePack(...runs: readonly PackedRun[]): ReportPack {
  const none = { total: 0, min: 0, median: 0, p95: 0, max: 0 };
  return {
    schemaVersion: 1,
    target: { abi: '', pointerBytes: 8 },
    runs,
    stubs: [],
    summary: {
      runs: runs.length,
      passed: 0,
      packets: 0,
      stateBytes: none,
      findings: { error: 0, warning: 0, info: 0 },
    },
  };
}
