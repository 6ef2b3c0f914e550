/** One translation unit: C or C++ → IR → passes → wasm64 object. */

import { folderOf, joinPath } from '../run/paths.js';
import { backEndArguments, type FrontEndRequest, frontEndArguments, languageOf } from './arguments.js';
import { type FileFlags, NO_FLAGS } from './compileCommands.js';
import { hasErrors, parseDiagnostics } from './diagnostics.js';
import { isBinary } from './encodings.js';
import { type Llvm, outputPath, type ToolResult } from './llvm.js';
import type { CompileOptions, Diagnostic } from './module.js';
import type { TransformResult } from './passes/index.js';
import { transform } from './passes/index.js';
import { nameOf } from './passes/lexer.js';
import type { PrecompiledHeaders } from './precompiled.js';
import { exportStatics } from './staticExports.js';
import { asksForTarget, layoutRemarks } from './targetLayouts.js';
import { fromToolPath, type Lookups, type ToolFiles, toToolPath } from './toolFiles.js';
import { backEndError, clarifyAll, limitMessage, nameIntrinsic, outsideTest } from './unsupported.js';

export interface UnitRequest {
  /** Host path. */
  readonly source: string;
  readonly unit: number;
  readonly options: CompileOptions;
  readonly flags?: FileFlags;
  /** False for our own runtime: no positions, no budget, never checked. */
  readonly instrument: boolean;
  /** Definitions that give way to another unit's. */
  readonly weakSymbols?: ReadonlySet<string>;
}

/** What a unit's IR told, without the IR. Plain data: it is cached. */
export type UnitFacts = Omit<TransformResult, 'ir' | 'variables' | 'calls' | 'errors'> & {
  /** The compiler's warnings, without the notes that explain them: nobody sees them unless asked for. */
  readonly warnings: readonly Diagnostic[];
  /**
   * Variables defined here that no other unit may define; `definedData` has those too that are merged (inline,
   * selectany, string literals).
   */
  readonly strongData: readonly string[];
  /** Every file of the project that was read, the source first; host paths. */
  readonly files: readonly string[];
};

export interface UnitOutput {
  readonly object: Uint8Array;
  readonly facts: UnitFacts;
}

export type UnitResult =
  | { readonly ok: true; readonly output: UnitOutput; readonly lookups: Lookups }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** What compiling needs besides the request; `files` is one snapshot for the whole driver. */
export interface UnitTools {
  readonly llvm: Llvm;
  readonly files: ToolFiles;
  readonly pathOf: (path: string) => string;
  readonly cwd: string;
  /** Bytes the compiler may use, for its message. */
  readonly memoryLimit: number;
  readonly precompiled?: PrecompiledHeaders;
}

/** The front end's IR of a unit, before any pass. */
export type IrResult =
  | {
      readonly ok: true;
      readonly ir: string;
      readonly messages: readonly Diagnostic[];
      readonly lookups: Lookups;
    }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[]; readonly lookups?: Lookups };

/** `quiet`: nobody wants to know the warnings. */
export function readUnit(
  request: Pick<UnitRequest, 'source' | 'options' | 'flags'> & { readonly quiet?: boolean },
  tools: UnitTools,
): IrResult {
  const { files, pathOf } = tools;
  const shown = pathOf(toToolPath(request.source));
  const problem = problemWith(request.source, shown, files);
  if (problem !== undefined) {
    return { ok: false, diagnostics: [problem] };
  }
  files.clearOutputs();
  files.takeLookups();
  const irPath = outputPath('unit.ll');
  const { front, lookups } = runFrontEnd(
    {
      source: request.source,
      language: languageOf(request.source) ?? 'c',
      output: irPath,
      options: request.options,
      flags: request.flags ?? NO_FLAGS,
      cwd: tools.cwd,
      ...(request.quiet === true ? { quiet: true } : {}),
    },
    tools,
  );
  const isOutside = outsideTest(
    [...request.options.includes, ...(request.flags ?? NO_FLAGS).includes],
    (file) => folderOf(joinPath(tools.cwd, file)),
    (path) => files.refuses(path),
  );
  const messages = clarifyAll(parseDiagnostics(front.stderr, { files, pathOf }), isOutside);
  const ir = files.output(irPath);
  if (front.end !== 'exit' || ir === undefined || hasErrors(messages)) {
    return { ok: false, diagnostics: failure(front, messages, shown, tools.memoryLimit), lookups };
  }
  const text = new TextDecoder().decode(ir.content());
  files.clearOutputs();
  return { ok: true, ir: text, messages, lookups };
}

export function compileUnit(request: UnitRequest, tools: UnitTools): UnitResult {
  const { files, pathOf } = tools;
  const shown = pathOf(toToolPath(request.source));
  const read = readUnit(request, tools);
  if (!read.ok) {
    return { ok: false, diagnostics: read.diagnostics };
  }
  const { ir: text, messages, lookups } = read;
  const result = transform(text, {
    unit: request.unit,
    instrument: request.instrument,
    checked: request.options.checked,
    optimize: request.options.optimize,
    differential: request.options.differential === true,
    debug: request.options.debug === true && request.instrument,
    textOf: (path) => files.text(path),
    ...(request.weakSymbols === undefined ? {} : { weakSymbols: request.weakSymbols }),
    pathOf,
  });
  if (result.errors.length > 0) {
    return {
      ok: false,
      diagnostics: [
        ...result.errors.map((error) => nameIntrinsic(withSourceLine(error, request.source, shown, files))),
        ...messages,
      ],
    };
  }
  const exported = request.instrument
    ? exportStatics(result, request.unit)
    : { ir: result.ir, functions: result.functions };
  const back = assemble(exported.ir, request.options.optimize, tools);
  if (back instanceof Uint8Array) {
    const names = [...lookups.read.keys()].filter((path) => !path.startsWith('/<')).map(fromToolPath);
    const { ir: _ir, variables: _variables, calls: _calls, errors: _errors, ...kept } = result;
    const facts = {
      ...kept,
      notes: [...result.notes, ...targetRemarks(request, tools, result, lookups)],
      functions: exported.functions,
      strongData: strongAmong(result),
      warnings: messages.filter(({ severity }) => severity === 'warning'),
      files: [request.source, ...names.filter((path) => path !== request.source)],
    };
    return { ok: true, output: { object: back, facts }, lookups };
  }
  return { ok: false, diagnostics: backEndFailure(back, shown, result, tools.memoryLimit) };
}

/** What ARM64 would lay out otherwise: for differential runs, of a driver compiled for x64 that asks for its target. */
function targetRemarks(
  request: UnitRequest,
  tools: UnitTools,
  { types, recordUses }: TransformResult,
  lookups: Lookups,
): readonly Diagnostic[] {
  const { options, instrument, source } = request;
  if (!instrument || options.differential !== true || options.arch !== 'x64' || !asksForTarget(lookups)) return [];
  const other = readUnit({ ...request, options: { ...options, arch: 'arm64', checked: false } }, tools);
  return other.ok ? layoutRemarks(types, recordUses, other.ir, tools.pathOf(toToolPath(source))) : [];
}

/**
 * With precompiled headers if there are any; a run that fails is made again without, so that its messages are the ones
 * they always are.
 */
function runFrontEnd(
  request: FrontEndRequest,
  { llvm, files, precompiled }: UnitTools,
): { readonly front: ToolResult; readonly lookups: Lookups } {
  const use = precompiled?.use(request, files);
  if (use !== undefined) {
    const front = llvm.run(use.args, files);
    const { read, missing } = files.takeLookups();
    if (front.end === 'exit' && front.status === 0) {
      return { front, lookups: { read: new Map([...read, ...use.read]), missing } };
    }
    files.clearOutputs();
  }
  const front = llvm.run(frontEndArguments(request), files);
  return { front, lookups: files.takeLookups() };
}

function strongAmong({ ir, definedData }: TransformResult): readonly string[] {
  const merged = new Set<string>();
  for (const [, token = ''] of ir.matchAll(
    /^(@\S+|@"[^"]*") = (?:dso_local )?(?:weak|linkonce|common|extern_weak|available_externally)/gm,
  )) {
    merged.add(nameOf(token));
  }
  return definedData.filter((symbol) => !merged.has(symbol));
}

/**
 * What a call through another function type calls: the back end makes one that traps, gives it all attributes of the
 * function that was meant, and refuses it itself when the call has fewer parameters.
 */
const REFUSED_WRAPPER = /_bitcast_invalid\b/;

/** IR for wasm64 → object, or the failed run. */
function assemble(ir: string, optimize: 0 | 2, { llvm, files }: UnitTools): Uint8Array | ToolResult {
  const input = outputPath('wasm.ll');
  const output = outputPath('unit.o');
  files.createOutput(input, new TextEncoder().encode(ir));
  const run = (verify: boolean): ToolResult => llvm.run(backEndArguments(input, output, optimize, verify), files);
  const first = run(true);
  const back = REFUSED_WRAPPER.test(first.stderr) ? run(false) : first;
  const object = files.output(output)?.content().slice();
  files.clearOutputs();
  return back.end === 'exit' && back.status === 0 && object !== undefined ? object : back;
}

function problemWith(source: string, shown: string, files: ToolFiles): Diagnostic | undefined {
  const bytes = files.raw(toToolPath(source));
  const message =
    bytes === undefined
      ? 'no such file'
      : isBinary(bytes)
        ? 'this is a binary file, not C or C++ source'
        : languageOf(source) === undefined
          ? 'not a C or C++ source (.c, .cc, .cpp, .cxx)'
          : undefined;
  return message === undefined ? undefined : { severity: 'error', file: shown, line: 0, column: 0, message };
}

/** What a failed front-end run is told as. A limit is the one thing worth saying: the rest follows from it. */
function failure(
  run: ToolResult,
  messages: readonly Diagnostic[],
  shown: string,
  memoryLimit: number,
): readonly Diagnostic[] {
  if (run.end !== 'exit') {
    return [{ severity: 'error', file: shown, line: 0, column: 0, message: limitMessage(run.end, memoryLimit) }];
  }
  return hasErrors(messages)
    ? messages.filter((message) => message.severity !== 'warning')
    : [{ severity: 'error', file: shown, line: 0, column: 0, message: limitMessage('crash', memoryLimit) }];
}

function backEndFailure(
  run: ToolResult,
  shown: string,
  result: TransformResult,
  memoryLimit: number,
): readonly Diagnostic[] {
  if (run.end === 'memory' || run.end === 'stack') {
    return [{ severity: 'error', file: shown, line: 0, column: 0, message: limitMessage(run.end, memoryLimit) }];
  }
  return [
    backEndError(run.stderr, shown, (symbol) => result.functions.find((candidate) => candidate.symbol === symbol)),
  ];
}

/** Errors of the passes name the place; the line itself is added here where it is the source's own. */
function withSourceLine(error: Diagnostic, source: string, shown: string, files: ToolFiles): Diagnostic {
  const line = error.file === shown ? files.text(toToolPath(source))?.split(/\r\n|\r|\n/)[error.line - 1] : undefined;
  return line === undefined || error.sourceLine !== undefined ? error : { ...error, sourceLine: line };
}
