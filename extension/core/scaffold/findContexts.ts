/**
 * Compiles a source for its structures only: function bodies are skipped, types that nothing uses are told, and what
 * does not compile is blanked piece by piece until the rest does. Half-typed code has structures, too.
 */
import type { FileAccess } from '../base/host.js';
import { type FrontEndRequest, frontEndArguments, WDK_FOLDER } from '../toolchain/arguments.js';
import { parseDiagnostics } from '../toolchain/diagnostics.js';
import { type Llvm, outputPath } from '../toolchain/llvm.js';
import type { Diagnostic } from '../toolchain/module.js';
import { type StructFacts, structFacts } from '../toolchain/structFacts.js';
import { fromToolPath, type Mount, ToolFiles, toToolPath } from '../toolchain/toolFiles.js';
import { candidates } from './contexts.js';
import { lineSpan, outlineOf } from './outline.js';
import type { ContextFacts } from './request.js';

export interface ContextTools {
  readonly llvm: Llvm;
  readonly files: FileAccess;
  readonly mounts: readonly Mount[];
  /** What the user calls a path of the tool's tree. */
  readonly pathOf: (path: string) => string;
}

/** Pieces of a source that may be wrong before it is given up. */
const MOST_ROUNDS = 8;

/** Undefined when there is no such file. */
export function findContexts(request: Omit<FrontEndRequest, 'output'>, tools: ContextTools): ContextFacts | undefined {
  const source = toToolPath(request.source);
  const problems: string[] = [];
  let patched: Uint8Array | undefined;
  for (let round = 0; ; round += 1) {
    const project = patched === undefined ? tools.files : withContent(tools.files, source, patched);
    const files = new ToolFiles(project, tools.mounts);
    const text = files.text(source);
    if (text === undefined) return undefined;
    const output = outputPath('structs.ll');
    const run = tools.llvm.run(forTypes(frontEndArguments({ ...request, output })), files);
    const ir = files.output(output)?.content();
    if (run.end === 'exit' && run.status === 0 && ir !== undefined) {
      return found(new TextDecoder().decode(ir), { source, files, tools, problems });
    }
    const all = parseDiagnostics(run.stderr, { files, pathOf: (path) => path });
    const [first] = all.filter(({ severity }) => severity === 'error');
    if (first !== undefined) problems.push(`${tools.pathOf(first.file)}:${first.line}: ${first.message}`);
    const next = first === undefined || round >= MOST_ROUNDS ? undefined : without(text, first, source);
    if (next === undefined)
      return { candidates: [], declaredOnly: declared(text, []), headers: headersOf(files), problems };
    patched = new TextEncoder().encode(next);
  }
}

interface Finding {
  readonly source: string;
  readonly files: ToolFiles;
  readonly tools: ContextTools;
  readonly problems: readonly string[];
}

function found(ir: string, { source, files, tools, problems }: Finding): ContextFacts {
  const paths = new Map<string, string>();
  const pathOf = (path: string): string => {
    const shown = tools.pathOf(path.startsWith('/') ? files.truePath(path) : path);
    paths.set(shown, path);
    return shown;
  };
  const own = pathOf(source);
  const structs = structFacts(ir, pathOf, (file) => file !== '' && !file.startsWith('<'));
  const sorted = structs.toSorted(
    (a, b) => Number(b.file === own) - Number(a.file === own) || compare(a.file, b.file) || a.line - b.line,
  );
  const textOf = (file: string): string | undefined => {
    const path = paths.get(file);
    return path === undefined ? undefined : files.text(path);
  };
  return {
    candidates: candidates(sorted, textOf),
    declaredOnly: declared(files.text(source) ?? '', sorted),
    headers: headersOf(files),
    problems,
  };
}

/** Names that the source declares to be structures and that nobody defines. */
function declared(text: string, structs: readonly StructFacts[]): readonly string[] {
  const { code } = outlineOf(text);
  const names = [...code.matchAll(/\b(?:struct|class)\s+([A-Za-z_]\w*)(?:\s+([A-Za-z_]\w*))?\s*[;,]/g)].flatMap(
    ([, tag = '', typedef]) => [tag, ...(typedef === undefined ? [] : [typedef])],
  );
  const known = new Set(structs.flatMap(({ name, tag }) => [name.replace(/^struct\s+/, ''), tag]));
  return [...new Set(names)].filter((name) => !known.has(name));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function headersOf(files: ToolFiles): readonly string[] {
  const prefix = `${WDK_FOLDER}/`;
  const { read } = files.takeLookups();
  return [...read.keys()]
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
    .toSorted();
}

/** Everything about types, nothing about code. */
function forTypes(args: readonly string[]): readonly string[] {
  return args.flatMap((argument) => {
    if (argument === '-debug-info-kind=limited') return ['-debug-info-kind=unused-types', '-skip-function-bodies'];
    return argument === '-Wall' ? ['-w'] : [argument];
  });
}

function withContent(files: FileAccess, path: string, bytes: Uint8Array): FileAccess {
  const host = fromToolPath(path);
  return { read: (each) => (each === host ? bytes : files.read(each)), list: (each) => files.list(each) };
}

/** The text with the top-level piece blank that an error lies in; undefined where it does not lie in this file. */
function without(text: string, { file, line, column }: Diagnostic, source: string): string | undefined {
  if (file !== source || line === 0) return undefined;
  let offset = 0;
  for (let each = 1; each < line; each += 1) offset = text.indexOf('\n', offset) + 1;
  offset += Math.max(0, column - 1);
  const item = outlineOf(text).items.find(({ start, end }) => start <= offset && offset <= end);
  const { start, end } = item ?? lineSpan(text, offset);
  const next = text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, ' ') + text.slice(end);
  return next === text ? undefined : next;
}
