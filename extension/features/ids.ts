/**
 * Every id that package.json and the code share, once: commands with what they are called with, settings with their
 * types, context keys and views. A test compares them with package.json both ways.
 */
import type { Uri } from 'vscode';
import type { AnchorKind } from '../core/language/anchors.js';

/** A callback or test of a source file, for links into the view. */
export interface AnchorLink {
  readonly uri: string;
  readonly kind: AnchorKind;
  readonly name: string;
}

/** What a `Debug` lens stands over. */
export interface DebugTarget {
  readonly kind: AnchorKind;
  readonly name: string;
}

/** A finding as an editor shows it: its line from 0. */
export interface FindingLink {
  readonly uri: string;
  readonly line: number;
  readonly rule: string;
}

/** What callbacks are to be generated for; what is absent is asked for. */
export interface ScaffoldTarget {
  readonly uri?: Uri;
  /** Name of the structure. */
  readonly context?: string;
  /** Asks for members, names and style too. */
  readonly ask?: boolean;
}

export interface CommandArguments {
  readonly 'vspLab.runFile': readonly [file?: Uri];
  readonly 'vspLab.runWorkspace': readonly [];
  readonly 'vspLab.showPacketBuffers': readonly [link?: unknown];
  readonly 'vspLab.openPacketBuffersInEditor': readonly [];
  readonly 'vspLab.cancelRun': readonly [];
  readonly 'vspLab.exportReport': readonly [];
  readonly 'vspLab.explainRule': readonly [rule?: unknown];
  readonly 'vspLab.goToPairedCallback': readonly [];
  readonly 'vspLab.peekRegistration': readonly [];
  readonly 'vspLab.showContract': readonly [];
  readonly 'vspLab.debugFile': readonly [file?: Uri, target?: DebugTarget];
  readonly 'vspLab.debugToFinding': readonly [link?: unknown];
  readonly 'vspLab.stopAtPacket': readonly [];
  readonly 'vspLab.scaffold': readonly [target?: ScaffoldTarget];
  readonly 'vspLab.newDriver': readonly [folder?: Uri];
}

export type CommandId = keyof CommandArguments;

const commands: Readonly<Record<CommandId, true>> = {
  'vspLab.runFile': true,
  'vspLab.runWorkspace': true,
  'vspLab.showPacketBuffers': true,
  'vspLab.openPacketBuffersInEditor': true,
  'vspLab.cancelRun': true,
  'vspLab.exportReport': true,
  'vspLab.explainRule': true,
  'vspLab.goToPairedCallback': true,
  'vspLab.peekRegistration': true,
  'vspLab.showContract': true,
  'vspLab.debugFile': true,
  'vspLab.debugToFinding': true,
  'vspLab.stopAtPacket': true,
  'vspLab.scaffold': true,
  'vspLab.newDriver': true,
};

export const COMMANDS = Object.keys(commands) as readonly CommandId[];

export type RunOnSave = 'never' | 'afterFirstRun' | 'always';
/** `auto`: on unless another extension explains C and C++. */
export type Help = 'auto' | 'on' | 'off';
export type RuleSeverity = 'error' | 'warning' | 'info' | 'off';

export interface Settings {
  readonly runOnSave: RunOnSave;
  /** The static rules while text is typed. */
  readonly check: boolean;
  readonly codeLens: boolean;
  readonly inlayHints: boolean;
  /** With `auto` a hover leaves declarations to the other extension. */
  readonly hover: Help;
  readonly signatureHelp: Help;
  readonly completion: Help;
  readonly checks: 'off' | 'contract' | 'full';
  readonly stress: 'none' | 'quick' | 'full';
  /** 0: as many as the command line takes, and none where there are tests. */
  readonly packets: number;
  readonly seed: number;
  readonly includes: readonly string[];
  readonly defines: readonly string[];
  readonly stubs: readonly string[];
  readonly modes: readonly string[];
  /** Milliseconds per test. */
  readonly timeout: number;
  readonly rules: Readonly<Record<string, RuleSeverity>>;
  readonly nodePath: string;
}

export type SettingName = keyof Settings;

/** What a setting is where package.json's default cannot be read, and the shape a value must have. */
export const DEFAULTS: Settings = {
  runOnSave: 'afterFirstRun',
  check: true,
  codeLens: true,
  inlayHints: false,
  hover: 'auto',
  signatureHelp: 'auto',
  completion: 'auto',
  checks: 'full',
  stress: 'none',
  packets: 0,
  seed: 1,
  includes: [],
  defines: [],
  stubs: [],
  modes: [],
  timeout: 10_000,
  rules: {},
  nodePath: '',
};

export interface ContextKeys {
  /** A file of ours has been seen: the views may show themselves. */
  readonly 'vspLab.present': boolean;
  /**
   * Open files that can be run, for `resourcePath in vspLab.files`: by the path on this host and by that of the URI, which
   * is what a window on another host knows (its URIs have another scheme).
   */
  readonly 'vspLab.files': Readonly<Record<string, true>>;
  readonly 'vspLab.running': boolean;
  readonly 'vspLab.hasReports': boolean;
}

export type ContextKey = keyof ContextKeys;

const contextKeys: Readonly<Record<ContextKey, true>> = {
  'vspLab.present': true,
  'vspLab.files': true,
  'vspLab.running': true,
  'vspLab.hasReports': true,
};

export const CONTEXT_KEYS = Object.keys(contextKeys) as readonly ContextKey[];

/** Places of the Packet Buffers page. */
export const VIEW = { panel: 'vspLab.packetBuffers', debug: 'vspLab.packetBuffersDebug' } as const;
/** The simulated kernel while debugging. */
export const KERNEL_VIEW = 'vspLab.kernel';
export const DEBUG_TYPE = 'vsp';
/** View type of the editor tab. */
export const EDITOR_VIEW = 'vspLab.packetBuffersEditor';
/** Documents that describe rules. */
export const RULE_SCHEME = 'vsp-lab';
export const DIAGNOSTIC_SOURCE = 'vsp-lab';
export const CHANNEL_NAME = 'VSP Lab';
/** What of the languages of VS Code can hold a driver. */
export const LANGUAGES = ['c', 'cpp'] as const;
