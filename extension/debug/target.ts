/** What a session needs of the world around it: the run, files, and a way to speak to the client. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import type {
  DebugLaunch,
  DebugListener,
  DebugRequestKind,
  DebugRequests,
  Launched,
  LaunchRefusal,
} from '../worker/debugProtocol.js';

/** One debug run: DebugClient of the worker, or a test's. */
export interface DebugTarget {
  launch(launch: DebugLaunch): Promise<Launched | LaunchRefusal>;
  request<Kind extends DebugRequestKind>(
    kind: Kind,
    ask: DebugRequests[Kind]['ask'],
  ): Promise<DebugRequests[Kind]['answer']>;
  pause(): void;
  dispose(): Promise<void>;
}

/** What an editor knows and a launch configuration does not say: unsaved text, workspace folders, settings. */
export interface Surroundings {
  /** Absolute, with `/`. */
  readonly cwd: string;
  readonly workspaceRoots: readonly string[];
  readonly overlays: readonly { readonly path: string; readonly text: string }[];
  readonly settings: NonNullable<DebugLaunch['settings']>;
}

export interface SessionHost {
  /** Absolute, with `/`: what a relative `program` and names in the report are relative to. */
  readonly cwd: string;
  target(listener: DebugListener): DebugTarget;
  /** To the client: responses, events. */
  send(message: DebugProtocol.ProtocolMessage): void;
  /** Text of a file of the project (unsaved text included), absolute; undefined where there is none. */
  readFile(path: string): string | undefined;
  /** Text of one of our own headers: `<wdk>/ntddk.h`. */
  readHeader(name: string): string | undefined;
  /** 'file', 'folder', or undefined where nothing is there. */
  kindOf(path: string): 'file' | 'folder' | undefined;
  /** What a launch gets beside its attributes. */
  surroundings(): Pick<DebugLaunch, 'workspaceRoots' | 'overlays' | 'settings'>;
  /** An editor says what those are, before each launch: its working directory is `cwd` from then on. */
  surround(surroundings: Surroundings): void;
  /** The path as the client's platform writes it: backslashes on Windows. */
  nativePath?(path: string): string;
  /** The session is over: the adapter may end. */
  ended?(): void;
}
