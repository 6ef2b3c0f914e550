/** From what the simulator recorded to the report (interfaces section 3). */
import { FAULT } from '../kmcl/layout.js';
import type { Checks, SimulationResult } from '../kmcl/simulation.js';
import type { Allows } from '../rules/allow.js';
import type { Draft } from '../rules/draft.js';
import { findingsOf, unusedAllows } from '../rules/findings.js';
import { locationOf, userPosition } from '../rules/positions.js';
import type { CompiledDriver } from '../toolchain/module.js';
import { channelReports } from './channelReports.js';
import { describeBytes } from './describeBytes.js';
import { functionTable, plainName } from './functionTable.js';
import { RecordedPackets } from './packetList.js';
import { PacketRecords } from './packetRecords.js';
import { comparePaths } from './paths.js';
import type { PlannedRun } from './plan.js';
import { provenanceOf } from './provenance.js';
import type { ContextFields, Finding, Outcome, Report, Run, Stub } from './report.js';
import { sizeStatistics } from './stats.js';

/** How a planned run ended: with a result, or because its worker was stopped or died. */
export type RunEnd =
  | { readonly kind: 'result'; readonly result: SimulationResult }
  | { readonly kind: 'timeout'; readonly message: string }
  | { readonly kind: 'crash'; readonly message: string };

/** What stress made of a run. */
export interface StressReport {
  readonly drafts: readonly Draft[];
  readonly summary: NonNullable<Run['stress']>;
}

/** A run with what the summary needs of it besides. */
export interface BuiltRun {
  readonly run: Run;
  readonly stubs: readonly Stub[];
}

/** Completion routines by function-table index, as the driver's source calls them. */
export function routineNames(driver: CompiledDriver): ReadonlyMap<number, string> {
  const bySymbol = new Map(driver.functions.map(({ symbol, name }) => [symbol, name]));
  return new Map(
    [...functionTable(driver.wasm)].map(([slot, symbol]) => [slot, bySymbol.get(symbol) ?? plainName(symbol)]),
  );
}

/** Lines kept of what a run printed: a driver that logs each packet must not outgrow its packets. */
const OUTPUT_LINES = 1000;

function outputOf(driver: CompiledDriver, result: SimulationResult): Pick<Run, 'output'> {
  if (result.output.length === 0) return {};
  return {
    output: result.output.slice(0, OUTPUT_LINES).map(({ text, frames }) => ({
      text: text.replace(/\r?\n$/, ''),
      location: userPosition(driver.locations, frames),
    })),
  };
}

/** What became of the fields of packet contexts, as the report has it. */
function contextRows({ differential }: SimulationResult): readonly ContextFields[] {
  return (differential?.contexts ?? []).map(({ record, fields }) => ({
    record,
    fields: fields.map(({ name, type, offset, size, outcome, kind, saved, restored }) => ({
      name,
      type,
      offset,
      size,
      outcome,
      ...(kind === undefined ? {} : { kind }),
      saved,
      restored,
    })),
  }));
}

/** passed, failed, error or timeout as interfaces section 3 defines them; an expected finding counts for nothing. */
function outcomeOf(result: SimulationResult, findings: readonly Finding[]): Outcome {
  const { fault, ended } = result;
  const last = fault === undefined ? undefined : findings.findLast(({ rule }) => rule !== 'run-stub');
  if (fault !== undefined && last?.suppressed !== true) {
    if (fault.kind === FAULT.TIMEOUT) return 'timeout';
    return fault.kind === FAULT.ASSERT ? 'failed' : 'error';
  }
  if (ended === 'assertion') return 'failed';
  return findings.some(({ severity, suppressed }) => severity === 'error' && !suppressed) ? 'failed' : 'passed';
}

/** The finding that speaks for a run that did not pass: why it was stopped, else its first error. */
function mainMessage(findings: readonly Finding[], outcome: Outcome, fallback: string): string {
  const open = findings.filter(({ suppressed }) => !suppressed);
  const stopped = outcome === 'timeout' ? open.find(({ rule }) => rule === 'run-timeout') : undefined;
  const ending = open.findLast(({ rule }) => /^(?:run-(?!stub)|mem-|assert-)/.test(rule));
  const told = stopped ?? open.find(({ severity }) => severity === 'error') ?? ending ?? open[0];
  return told === undefined ? fallback : `${told.rule}: ${told.message}`;
}

export function buildRun(
  driver: CompiledDriver,
  planned: PlannedRun,
  end: RunEnd,
  checks: Checks,
  allows: Allows,
  kinds: ReadonlyMap<number, string>,
  stress?: StressReport,
): BuiltRun {
  const head = { name: planned.name, driver: driver.name, file: planned.file, line: planned.line };
  const invented = planned.program.kind === 'test' ? 'fixture' : 'invented';
  if (end.kind !== 'result') {
    const findings = end.kind === 'timeout' ? [timeoutFinding(planned, end.message)] : [];
    const outcome = end.kind === 'timeout' ? 'timeout' : 'error';
    return {
      run: { ...head, contextSource: invented, outcome, message: end.message, channels: [], findings },
      stubs: [],
    };
  }
  const { result } = end;
  const provenance = provenanceOf(driver, result);
  const names =
    provenance === undefined ? {} : { describe: describeBytes(new PacketRecords(result.records), provenance.layouts) };
  const findings = findingsOf({ driver, result, checks, ...names }, allows, stress?.drafts);
  const outcome = outcomeOf(result, findings);
  const contexts = contextRows(result);
  const fallback = result.fault?.text ?? result.assertion?.message ?? 'the run did not pass';
  return {
    run: {
      ...head,
      contextSource: result.contextSource,
      outcome,
      ...(outcome === 'passed' ? {} : { message: mainMessage(findings, outcome, fallback) }),
      ...outputOf(driver, result),
      ...channelReports({ driver, program: planned.program, result, findings, kinds, provenance }),
      ...(stress === undefined ? {} : { stress: stress.summary }),
      ...(contexts.length === 0 ? {} : { contexts }),
      findings,
    },
    stubs: result.stubs.map(({ name, calls, location }) => ({
      name,
      calls,
      line:
        locationOf(driver.locations, location)?.line ??
        driver.undefinedFunctions.find((each) => each.name === name)?.line ??
        0,
    })),
  };
}

/** The wall clock stopped the worker: only the test's own line is known. */
function timeoutFinding(planned: PlannedRun, message: string): Finding {
  return {
    rule: 'run-timeout',
    severity: 'error',
    message,
    location: planned.line === 0 ? null : { file: planned.file, line: planned.line, column: 1, function: planned.name },
    channel: null,
    packetIndex: null,
    callback: null,
    pass: null,
    callStack: [],
    related: [],
    suppressed: false,
  };
}

/** Runs of a driver that could not be run: one for each test its sources name, or one named after its first file. */
export function failedRuns(
  driver: string,
  tests: readonly { readonly name: string; readonly file: string; readonly line: number }[],
  file: string,
  message: string,
): readonly BuiltRun[] {
  const named = tests.length > 0 ? tests : [{ name: file, file, line: 1 }];
  return named.map((test) => ({
    run: {
      name: test.name,
      driver,
      file: test.file,
      line: test.line,
      contextSource: tests.length > 0 ? ('fixture' as const) : ('invented' as const),
      outcome: 'error' as const,
      message,
      channels: [],
      findings: [],
    },
    stubs: [],
  }));
}

/**
 * Remarks on allow comments belong to a driver, not to a test: they stand with its first run, and only if everything of
 * it ran.
 */
export function withUnusedAllows(built: readonly BuiltRun[], allows: Allows): readonly BuiltRun[] {
  const [first, ...rest] = built;
  if (first === undefined || built.some(({ run }) => run.outcome === 'error' || run.outcome === 'timeout'))
    return built;
  const remarks = unusedAllows(allows);
  if (remarks.length === 0) return built;
  return [{ ...first, run: { ...first.run, findings: [...first.run.findings, ...remarks] } }, ...rest];
}

const ABIS = { x64: 'x86_64-pc-windows-msvc', arm64: 'aarch64-pc-windows-msvc' } as const;

function stateSizes(runs: readonly Run[]): Uint32Array {
  const lists = runs.flatMap(({ channels }) => channels.map(({ packets }) => packets));
  const sizes = new Uint32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const list of lists) {
    for (let index = 0; index < list.length; index += 1) {
      sizes[filled++] = list instanceof RecordedPackets ? list.stateBytes(index) : list.at(index).stateBytes;
    }
  }
  return sizes;
}

/** Calls of a stub of the same name and line add up. */
function mergedStubs(stubs: readonly Stub[]): readonly Stub[] {
  const merged = new Map<string, Stub>();
  for (const stub of stubs) {
    const key = `${stub.name} ${stub.line}`;
    merged.set(key, { ...stub, calls: stub.calls + (merged.get(key)?.calls ?? 0) });
  }
  return [...merged.values()].sort((a, b) => comparePaths(a.name, b.name) || a.line - b.line);
}

/** The whole report, runs in path, then line order. */
export function buildReport(built: readonly BuiltRun[], arch: keyof typeof ABIS): Report {
  const runs = built.map(({ run }) => run).sort((a, b) => comparePaths(a.file, b.file) || a.line - b.line);
  const sizes = stateSizes(runs);
  const counted = runs.flatMap(({ findings }) => findings.filter(({ suppressed }) => !suppressed));
  const count = (wanted: Finding['severity']): number => counted.filter(({ severity }) => severity === wanted).length;
  return {
    schemaVersion: 1,
    target: { abi: ABIS[arch], pointerBytes: 8 },
    runs,
    stubs: mergedStubs(built.flatMap(({ stubs }) => stubs)),
    summary: {
      runs: runs.length,
      passed: runs.filter(({ outcome }) => outcome === 'passed').length,
      packets: sizes.length,
      stateBytes: sizeStatistics(sizes),
      findings: { error: count('error'), warning: count('warning'), info: count('info') },
    },
  };
}

/**
 * Exit status of a report whose drivers could all be run: 1 for a run that did not pass or a finding of severity error.
 */
export function exitStatus(report: Report): 0 | 1 {
  return report.summary.passed === report.summary.runs && report.summary.findings.error === 0 ? 0 : 1;
}
