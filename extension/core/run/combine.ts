/** Reports of several drivers as one, as the command line writes it for all it has run. */
import { comparePaths } from './paths.js';
import type { Stub, Summary } from './report.js';
import type { PackedRun, ReportPack } from './reportPack.js';
import { sizeStatistics } from './stats.js';

function stateSizes(runs: readonly PackedRun[]): Uint32Array {
  const columns = runs.flatMap(({ channels }) =>
    channels.map(({ packets }) => packets.stateBytes.subarray(0, packets.count)),
  );
  const sizes = new Uint32Array(columns.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const column of columns) {
    sizes.set(column, at);
    at += column.length;
  }
  return sizes;
}

function stubsOf(packs: readonly ReportPack[]): readonly Stub[] {
  const byName = new Map<string, Stub>();
  for (const stub of packs.flatMap(({ stubs }) => stubs)) {
    const known = byName.get(stub.name);
    byName.set(stub.name, known === undefined ? stub : { ...known, calls: known.calls + stub.calls });
  }
  return [...byName.values()];
}

/** Runs in path, then line order. File names must be relative to the same folder. Undefined for none. */
export function combinedPack(packs: readonly ReportPack[]): ReportPack | undefined {
  const [first] = packs;
  if (first === undefined || packs.length === 1) return first;
  const runs = packs.flatMap((pack) => pack.runs).toSorted((a, b) => comparePaths(a.file, b.file) || a.line - b.line);
  const sum = (of: (summary: Summary) => number): number =>
    packs.reduce((total, { summary }) => total + of(summary), 0);
  return {
    ...first,
    runs,
    stubs: stubsOf(packs),
    summary: {
      runs: runs.length,
      passed: sum(({ passed }) => passed),
      packets: sum(({ packets }) => packets),
      stateBytes: sizeStatistics(stateSizes(runs)),
      findings: {
        error: sum(({ findings }) => findings.error),
        warning: sum(({ findings }) => findings.warning),
        info: sum(({ findings }) => findings.info),
      },
    },
  };
}
