/** Debugging: F5 without a launch.json, `Debug` over callbacks and tests, the adapter itself. */
import {
  type CancellationToken,
  DebugAdapterInlineImplementation,
  type DebugConfiguration,
  type DebugConfigurationProvider,
  DebugConfigurationProviderTriggerKind,
  debug,
  type TextDocument,
  type Uri,
  type WorkspaceFolder,
  window,
  workspace,
} from 'vscode';
import { isSourceName } from '../core/run/discover.js';
import { blankComments } from '../core/run/sourceNames.js';
import { AdapterProxy } from './debugAdapter.js';
import { rangeOf } from './edits.js';
import { DEBUG_TYPE, type DebugTarget } from './ids.js';
import type { Lab } from './lab.js';
import { enginePath, isRunnableUri } from './paths.js';
import { isSourceDocument } from './presence.js';
import { registerCommand } from './register.js';

export function activate(lab: Lab): void {
  const provider = new Configurations(lab);
  const { store } = lab;
  store.add(debug.registerDebugConfigurationProvider(DEBUG_TYPE, provider));
  store.add(
    debug.registerDebugConfigurationProvider(DEBUG_TYPE, provider, DebugConfigurationProviderTriggerKind.Dynamic),
  );
  store.add(
    debug.registerDebugAdapterDescriptorFactory(DEBUG_TYPE, {
      createDebugAdapterDescriptor: (session) => new DebugAdapterInlineImplementation(new AdapterProxy(lab, session)),
    }),
  );
  store.add(registerCommand('vspLab.debugFile', (file, target) => debugFile(lab, file, target)));
}

/** Begins a session, and tells what kept it from beginning. */
export async function startDebugging(uri: Uri, more: Readonly<Record<string, unknown>>, name: string): Promise<void> {
  if (!workspace.isTrusted) {
    void window.showErrorMessage('Drivers are compiled and run in trusted workspaces only.');
    return;
  }
  const configuration = { type: DEBUG_TYPE, request: 'launch', name, program: enginePath(uri), ...more };
  await debug.startDebugging(workspace.getWorkspaceFolder(uri), configuration);
}

async function debugFile(lab: Lab, file: Uri | undefined, target: DebugTarget | undefined): Promise<void> {
  const uri = file ?? window.activeTextEditor?.document.uri;
  if (uri === undefined) {
    void window.showInformationMessage('Open a C or C++ file with save and restore callbacks or tests, then debug it.');
    return;
  }
  const program = programOf(uri);
  switch (target?.kind) {
    case 'test':
      await startDebugging(uri, { program, test: target.name }, `Debug ${target.name}`);
      return;
    case 'save':
    case 'restore': {
      // Over a callback it is the callback that is of interest: the run stops in it.
      const pass = target.kind === 'save' ? 'query' : 'restore';
      const test = testReaching(lab, uri, target);
      const more = test === undefined ? {} : { test };
      await startDebugging(uri, { program, ...more, stopAt: { pass } }, `Debug ${target.name}`);
      return;
    }
    default:
      await startDebugging(uri, { program }, `Debug ${nameOf(uri)}`);
  }
}

/** The first test that is known to reach a callback: another one would end without having stopped in it. */
function testReaching(lab: Lab, uri: Uri, { kind, name }: DebugTarget): string | undefined {
  for (const { shown } of lab.results.of(uri)) {
    for (const run of shown.pack.runs) {
      const reaches = run.channels.some(({ callbacks }) => {
        const found = kind === 'save' ? callbacks?.save : callbacks?.restore;
        return found?.function === name || found?.function.endsWith(`::${name}`) === true;
      });
      if (reaches && run.contextSource === 'fixture') return run.name;
    }
  }
  return undefined;
}

function nameOf(uri: Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}

/** What has no test of its own, a header or a driver's source, is debugged as part of the driver in its folder. */
function programOf(uri: Uri): string {
  const path = enginePath(uri);
  const document = workspace.textDocuments.find((each) => each.uri.toString() === uri.toString());
  const tested = document !== undefined && /\bVSPLAB_TEST\s*\(/.test(blankComments(document.getText()));
  return tested && isSourceName(nameOf(uri)) ? path : path.slice(0, path.lastIndexOf('/'));
}

class Configurations implements DebugConfigurationProvider {
  readonly #lab: Lab;

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  async provideDebugConfigurations(): Promise<DebugConfiguration[]> {
    const current = { type: DEBUG_TYPE, request: 'launch', name: 'Debug Driver', program: `\${file}` };
    const document = window.activeTextEditor?.document;
    if (document === undefined || !isSourceDocument(document)) return [current];
    return [current, ...(await this.#tests(document))];
  }

  /** With no launch.json there is an empty configuration: the open file and, in a test, that test. */
  async resolveDebugConfiguration(
    _folder: WorkspaceFolder | undefined,
    configuration: DebugConfiguration,
    _token?: CancellationToken,
  ): Promise<DebugConfiguration | undefined> {
    const empty = !configuration.type && !configuration.request && !configuration.name;
    if (!empty && configuration['program'] !== undefined) return configuration;
    const editor = window.activeTextEditor;
    if (editor === undefined || !isRunnableUri(editor.document.uri) || !isSourceDocument(editor.document)) {
      const what = empty ? 'there is no launch.json' : 'the configuration names no "program"';
      void window.showErrorMessage(`Open a C or C++ file with save and restore callbacks or tests: ${what}.`);
      return undefined;
    }
    const { document, selection } = editor;
    const anchors = await this.#lab.anchors.of(document);
    const inside = anchors.findLast((each) => rangeOf(each.range).start.line <= selection.active.line);
    const test = inside?.kind === 'test' ? { test: inside.name } : {};
    return {
      ...configuration,
      type: DEBUG_TYPE,
      request: 'launch',
      name: configuration.name || `Debug ${nameOf(document.uri)}`,
      program: programOf(document.uri),
      ...(empty ? test : {}),
    };
  }

  async #tests(document: TextDocument): Promise<readonly DebugConfiguration[]> {
    const anchors = await this.#lab.anchors.of(document);
    return anchors
      .filter(({ kind }) => kind === 'test')
      .map(({ name }) => ({
        type: DEBUG_TYPE,
        request: 'launch',
        name: `Debug ${name}`,
        program: programOf(document.uri),
        test: name,
      }));
  }
}
