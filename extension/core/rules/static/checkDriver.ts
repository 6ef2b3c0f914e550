/** `vsp-lab check` of one driver: its sources through the front end alone, then the static rules over their IR. */
import type { Finding } from '../../run/report.js';
import { sourceText } from '../../run/sourceNames.js';
import { languageOf } from '../../toolchain/arguments.js';
import { type CompileServices, headerMounts, includersFirst } from '../../toolchain/compile.js';
import { CompileCommands } from '../../toolchain/compileCommands.js';
import { withoutRepeats } from '../../toolchain/diagnostics.js';
import { displayPaths } from '../../toolchain/displayPath.js';
import type { CompileOptions, Diagnostic, DriverSources } from '../../toolchain/module.js';
import { DebugInfo } from '../../toolchain/passes/locations.js';
import { parseModule } from '../../toolchain/passes/module.js';
import { structuredExceptions } from '../../toolchain/passes/structuredExceptions.js';
import { fromToolPath, ToolFiles, toToolPath } from '../../toolchain/toolFiles.js';
import { readUnit, type UnitTools } from '../../toolchain/unit.js';
import { Allows } from '../allow.js';
import { findRule } from '../catalogue.js';
import { draft, severityOf } from '../draft.js';
import { analyse, type FlowUnit, type Reported } from './analyse.js';
import { type OfferedFix, offeredFix } from './fixes/offer.js';
import type { UnitMemory } from './unitMemory.js';

export type CheckServices = Pick<
  CompileServices,
  'llvm' | 'files' | 'wdk' | 'clangHeaders' | 'cwd' | 'isLibraryFunction' | 'memoryLimit' | 'precompiled'
>;

export interface CheckResult {
  /** Of the sources that could be compiled, in the order of their places. */
  readonly findings: readonly Finding[];
  /** Quick fixes of findings that are not suppressed. */
  readonly fixes: readonly OfferedFix[];
  /** Compile errors; where there is one the findings of the driver are not all there are. */
  readonly diagnostics: readonly Diagnostic[];
  /** Sources and the project's headers, as findings name them. */
  readonly files: readonly string[];
}

export function checkDriver(
  { sources }: DriverSources,
  options: CompileOptions,
  services: CheckServices,
  memory: UnitMemory,
): CheckResult {
  const files = new ToolFiles(services.files, headerMounts(services));
  const display = displayPaths(services.cwd);
  const { llvm, cwd, memoryLimit, precompiled } = services;
  const pathOf = (path: string): string => (path.startsWith('/') ? display(files.truePath(path)) : path);
  const tools: UnitTools = {
    llvm,
    files,
    pathOf,
    cwd,
    memoryLimit,
    ...(precompiled === undefined ? {} : { precompiled }),
  };
  const { units, diagnostics } = readUnits(sources, options, services, tools, memory);
  const shown = files
    .seen()
    .map(display)
    .filter((file) => !file.startsWith('<'));
  const allows = new Allows(shown, (file) => files.raw(toToolPath(joined(cwd, file))));
  const reported = analyse(
    units.map(({ unit }) => unit),
    services.isLibraryFunction,
  );
  const findings = [...reported.map((each) => toFinding(each, allows)), ...unusedAllows(allows)];
  const texts = new Map<string, string>();
  const textOf = (file: string): string => {
    const known = texts.get(file) ?? sourceText(files.raw(toToolPath(joined(cwd, file))) ?? new Uint8Array());
    texts.set(file, known);
    return known;
  };
  const fixes = reported.flatMap((each) => offeredFix(each, textOf(each.location.file)) ?? []);
  return { findings, fixes, diagnostics: withoutRepeats(diagnostics), files: shown };
}

function joined(cwd: string, file: string): string {
  return file.startsWith('/') || /^[A-Za-z]:/.test(file) ? file : `${cwd}/${file}`;
}

interface ReadUnit {
  readonly unit: FlowUnit;
  /** Host paths. */
  readonly files: readonly string[];
}

/** Each source that no other one includes. */
function readUnits(
  sources: readonly string[],
  options: CompileOptions,
  services: CheckServices,
  tools: UnitTools,
  memory: UnitMemory,
): { readonly units: readonly ReadUnit[]; readonly diagnostics: readonly Diagnostic[] } {
  const commands = new CompileCommands(services.files);
  const units = new Map<string, ReadUnit>();
  const diagnostics: Diagnostic[] = [];
  const read = new Set<string>();
  for (const source of includersFirst(sources, tools.files)) {
    if (read.has(source)) continue;
    const request = { source, options, flags: commands.flagsFor(source), cwd: tools.cwd };
    const known = memory.find(request, tools.files);
    if (known !== undefined) {
      units.set(source, known);
      for (const file of known.files) read.add(file);
      continue;
    }
    const result = readUnit({ ...request, quiet: true }, tools);
    if (!result.ok) {
      diagnostics.push(...result.diagnostics);
      continue;
    }
    const names = [...result.lookups.read.keys()].filter((path) => !path.startsWith('/<')).map(fromToolPath);
    const made = { unit: flowUnit(source, result.ir, tools), files: [source, ...names] };
    memory.keep(request, result.lookups, made);
    units.set(source, made);
    for (const file of made.files) read.add(file);
  }
  return { units: sources.flatMap((source) => units.get(source) ?? []), diagnostics };
}

function flowUnit(source: string, ir: string, tools: UnitTools): FlowUnit {
  const module = parseModule(ir);
  const debug = new DebugInfo(module.metadata, tools.pathOf);
  // What is said of dropped handlers is said when the driver runs.
  structuredExceptions(module, { debug, notes: [] });
  return { module, debug, isCpp: languageOf(source) === 'c++' };
}

function toFinding({ rule, message, location, related }: Reported, allows: Allows): Finding {
  const severity = severityOf(draft(rule, message));
  const suppressed = allows.allow(rule, location.file, location.line);
  return { ...NOWHERE, rule, severity, message, location, related, suppressed };
}

const NOWHERE = { channel: null, packetIndex: null, callback: null, pass: null, callStack: [] } as const;

/**
 * Comments that allow a rule only the source can break and that allowed nothing; of the others only a run knows. What
 * allows nothing anywhere, for want of a rule or a reason, is told here, too.
 */
function unusedAllows(allows: Allows): readonly Finding[] {
  return allows.all.flatMap(({ file, line, rule, reason, used }): readonly Finding[] => {
    const known = findRule(rule);
    if (used || (known !== undefined && reason !== '' && known.check !== 'static')) return [];
    const why =
      known === undefined
        ? 'there is no such rule'
        : reason === ''
          ? 'it needs a reason behind the rule'
          : 'nothing here breaks it';
    const message = `this comment allows ${rule}, but ${why}`;
    const location = { file, line, column: 1, function: '' };
    return [{ ...NOWHERE, rule: 'allow-unused', severity: 'info', message, location, related: [], suppressed: false }];
  });
}
