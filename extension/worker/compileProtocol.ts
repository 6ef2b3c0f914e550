/** What the host and the compile worker say to each other: plain data, one reply per request. */
import type { CheckResult } from '../core/rules/static/checkDriver.js';
import type { ContextFacts } from '../core/scaffold/request.js';
import type { CompileOptions, CompileResult, DriverSources } from '../core/toolchain/module.js';
import type { ContextsJob } from './contextFacts.js';
import type { Overlay } from './overlayFiles.js';

/** Given to the worker when it is started. */
export interface CompileWorkerData {
  /** Folder of the disk cache; absent: nothing is kept. */
  readonly cacheFolder?: string;
}

/** One driver to compile, and the files it may be compiled from. */
export interface CompileJob {
  readonly sources: DriverSources;
  readonly options: CompileOptions;
  /** Absolute, with `/`. */
  readonly cwd: string;
  readonly workspaceRoots?: readonly string[];
  readonly overlays?: readonly Overlay[];
}

export interface CompileRequest extends CompileJob {
  readonly kind: 'compile';
  readonly id: number;
}

/** The static rules over the same driver; `options` are those of an unchecked, unoptimised compilation. */
export interface CheckDriverRequest extends CompileJob {
  readonly kind: 'check';
  readonly id: number;
}

export interface ContextsRequest extends ContextsJob {
  readonly kind: 'contexts';
  readonly id: number;
}

export type CompileMessage = CompileRequest | CheckDriverRequest | ContextsRequest;

export type CompileReply =
  | { readonly kind: 'compiled'; readonly id: number; readonly result: CompileResult; readonly milliseconds: number }
  | { readonly kind: 'checked'; readonly id: number; readonly result: CheckResult }
  /** `facts` is absent when there is no such file. */
  | { readonly kind: 'contexts'; readonly id: number; readonly facts?: ContextFacts }
  /** A failure of ours; `message` is one line. */
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
