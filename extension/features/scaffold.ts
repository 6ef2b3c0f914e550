/** Callbacks for a context structure: the command, from the structure to the files. */
import { type TextDocument, type Uri, Uri as Uris, window, workspace } from 'vscode';
import { baseName } from '../core/run/paths.js';
import { chooseContext } from '../core/scaffold/choose.js';
import { type ContextFacts, type ScaffoldOptions, type Sibling, siblingsOf } from '../core/scaffold/request.js';
import { languageOfSource, scaffold } from '../core/scaffold/scaffold.js';
import type { ScaffoldTarget } from './ids.js';
import type { Lab } from './lab.js';
import { enginePath, homeOf, isRunnableUri } from './paths.js';
import { registerCommand } from './register.js';
import { engineSettings } from './runSettings.js';
import { askScaffold } from './scaffoldDialog.js';
import { applyScaffold, isWritable } from './scaffoldEdit.js';
import { overlaysFor, sourcesIn } from './sources.js';

/** Sources of a folder that are looked at for what they include. */
const MOST_SIBLINGS = 200;

export function activate(lab: Lab): void {
  lab.store.add(registerCommand('vspLab.scaffold', (target) => run(lab, target)));
}

/** Answers whether something was written. Tells why not: it was asked for. */
async function run(lab: Lab, target: ScaffoldTarget | undefined): Promise<boolean> {
  const uri = target?.uri ?? window.activeTextEditor?.document.uri;
  if (uri === undefined || languageOfSource(baseName(uri.path)) === undefined || !isRunnableUri(uri)) {
    return refuse('Open the C or C++ source that the callbacks are to be written into, saved in a folder.');
  }
  if (!(await isWritable(uri))) return refuse(`${baseName(uri.path)} is read-only: nothing is written.`);
  lab.presence.wake();
  const document = await workspace.openTextDocument(uri);
  let known = await knownOf(lab, uri, document);
  if (!known.ok) return refuse(known.message);
  const chosen = await choose(known.facts, uri, target);
  if (chosen === undefined) return false;
  if (typeof chosen === 'string') return refuse(chosen);
  // Typed or reloaded meanwhile: what was told of the structures may not be so any more.
  while (document.version !== known.version) {
    known = await knownOf(lab, uri, document);
    if (!known.ok) return refuse(known.message);
  }
  const context = chooseContext(known.facts, chosen.context, baseName(uri.path));
  if (!context.ok) return refuse(context.message);
  // From here to the edit nothing waits: the edit is of this very text, and VS Code refuses it for another.
  const result = scaffold({
    ...chosen.options,
    fileName: baseName(uri.path),
    text: document.getText(),
    context: context.value,
    facts: known.facts,
    siblings: known.siblings,
  });
  if (!result.ok) return refuse(result.message);
  const isApplied = await applyScaffold(document, result, chosen.preview);
  const [note] = result.notes;
  if (isApplied && note !== undefined) void window.showInformationMessage(`${sentence(note)}.`);
  return isApplied;
}

interface Choice {
  readonly context: string;
  readonly options: ScaffoldOptions;
  readonly preview: boolean;
}

/** Asks for what the target leaves open; a message where there is nothing to choose from, undefined when given up. */
async function choose(
  facts: ContextFacts,
  uri: Uri,
  target: ScaffoldTarget | undefined,
): Promise<Choice | string | undefined> {
  const context = target?.context;
  if (context !== undefined && target?.ask !== true) return { context, options: {}, preview: false };
  const usable = facts.candidates.filter(
    ({ isClass, choices }) => !isClass && choices.some(({ saved }) => saved !== undefined),
  );
  if (usable.length === 0) {
    const chosen = chooseContext(facts, context ?? 'with members to save', baseName(uri.path));
    return chosen.ok ? `Nothing of ${chosen.value.name} can be saved.` : sentence(chosen.message);
  }
  return askScaffold(usable, context);
}

type Known =
  | {
      readonly ok: true;
      /** Of the document that this is known of. */
      readonly version: number;
      readonly facts: ContextFacts;
      readonly siblings: readonly Sibling[];
    }
  | { readonly ok: false; readonly message: string };

async function knownOf(lab: Lab, uri: Uri, document: TextDocument): Promise<Known> {
  const { version } = document;
  const home = homeOf(uri);
  const answer = await lab.engine.contexts({
    cwd: enginePath(home),
    file: enginePath(uri),
    workspaceRoots: (workspace.workspaceFolders ?? []).map((folder) => enginePath(folder.uri)),
    overlays: await overlaysFor(home, new AbortController().signal),
    settings: engineSettings(home),
  });
  if (!answer.ok) return answer;
  if (answer.facts === undefined) return { ok: false, message: `${baseName(uri.path)}: no such file` };
  return { ok: true, version, facts: answer.facts, siblings: await siblings(uri) };
}

/** The files of the source's folder, with what the sources among them include. */
async function siblings(uri: Uri): Promise<readonly Sibling[]> {
  const folder = Uris.joinPath(uri, '..');
  const names = (await workspace.fs.readDirectory(folder)).map(([name]) => name);
  const sources = (await sourcesIn(folder)).slice(0, MOST_SIBLINGS);
  const texts = new Map(
    await Promise.all(
      sources.map(async (source) => [baseName(source.path), await workspace.fs.readFile(source)] as const),
    ),
  );
  return siblingsOf(names, (name) => texts.get(name));
}

function refuse(message: string): false {
  void window.showErrorMessage(sentence(message));
  return false;
}

/** Messages of the core begin small, as in a terminal; names keep their letters. */
function sentence(text: string): string {
  return /^[a-z]+ /.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
