/** What the compile worker answers about the structures of a source. */
import { findContexts } from '../core/scaffold/findContexts.js';
import type { ContextFacts } from '../core/scaffold/request.js';
import { languageOf } from '../core/toolchain/arguments.js';
import { CompileCommands } from '../core/toolchain/compileCommands.js';
import { displayPaths } from '../core/toolchain/displayPath.js';
import type { Llvm } from '../core/toolchain/llvm.js';
import type { CompileOptions } from '../core/toolchain/module.js';
import type { Mount } from '../core/toolchain/toolFiles.js';
import type { Overlay } from './overlayFiles.js';
import { projectFiles } from './projectFiles.js';

/** One source, compiled for its structures only. */
export interface ContextsJob {
  /** Absolute, with `/`. */
  readonly file: string;
  readonly options: CompileOptions;
  /** Absolute; names in the answer are relative to it. */
  readonly cwd: string;
  readonly workspaceRoots: readonly string[];
  readonly overlays: readonly Overlay[];
}

/** Undefined when there is no such file, or none that may be read. */
export function contextFacts(
  { file, options, cwd, workspaceRoots, overlays }: ContextsJob,
  { llvm, mounts }: { readonly llvm: Llvm; readonly mounts: readonly Mount[] },
): ContextFacts | undefined {
  const files = projectFiles([file], options.includes, workspaceRoots, overlays);
  const flags = new CompileCommands(files).flagsFor(file);
  const display = displayPaths(cwd);
  return findContexts(
    { source: file, language: languageOf(file) ?? 'c', options, flags, cwd },
    { llvm, files, mounts, pathOf: (path) => (path.startsWith('/') ? display(path) : path) },
  );
}
