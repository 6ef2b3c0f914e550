/**
 * The static rules while text is typed: shortly after the last key the driver around the file is checked, unsaved text
 * included. While it does not compile the last findings stay, moved along with the text; before it ever has, the syntax
 * tree alone tells what is certain.
 */
import {
  Diagnostic,
  DiagnosticRelatedInformation,
  DiagnosticTag,
  Location,
  languages,
  type Range,
  type TextDocument,
  Uri,
  workspace,
} from 'vscode';
import { underlined } from '../core/language/problems.js';
import type { TextRange } from '../core/language/textTracking.js';
import { TYPING_PAUSE } from '../core/language/typingPause.js';
import type { OfferedFix } from '../core/rules/static/fixes/offer.js';
import { isSourceName } from '../core/run/discover.js';
import { joinPath } from '../core/run/paths.js';
import type { Finding, Position } from '../core/run/report.js';
import { judged } from '../core/run/severities.js';
import type { CheckOutcome } from '../worker/engineProtocol.js';
import { driverKey } from './checkedTexts.js';
import { Disposables } from './disposables.js';
import { rangeOf, type Stamps } from './edits.js';
import { DIAGNOSTIC_SOURCE } from './ids.js';
import type { Lab } from './lab.js';
import { enginePath, homeOf, isVirtual, uriOf } from './paths.js';
import { isSourceDocument } from './presence.js';
import { FINDING_SEVERITIES } from './problemSeverities.js';
import { readSetting, settingName } from './register.js';
import { openTexts } from './results.js';
import { rulePage } from './rulePages.js';
import { engineSettings } from './runSettings.js';
import { overlaysFor, sourcesIn } from './sources.js';
import { registerStaticFixes } from './staticFixes.js';
import { TreeProblems } from './treeProblems.js';

export function activate(lab: Lab): void {
  lab.presence.whenAwake(() => lab.store.add(new StaticProblems(lab)));
}

/** What the last check of a driver that compiled has found, and the texts it speaks of. */
interface Checked {
  readonly folder: Uri;
  readonly home: Uri;
  readonly findings: readonly Finding[];
  readonly stamps: Stamps;
  readonly texts: ReadonlyMap<string, string>;
  readonly fixes: readonly OfferedFix[];
}

class StaticProblems {
  readonly #store = new Disposables();
  readonly #collection = this.#store.add(languages.createDiagnosticCollection(`${DIAGNOSTIC_SOURCE}-check`));
  readonly #lab: Lab;
  /** By the driver's folder. */
  readonly #checked = new Map<string, Checked>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #running = new Map<string, { readonly abort: AbortController; readonly folder: Uri }>();
  /** Drivers whose check waits for a run to end: figures that were asked for come first. */
  readonly #waiting = new Map<string, Uri>();

  readonly #tree: TreeProblems;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#tree = this.#store.add(new TreeProblems(lab, (uri) => this.#checked.has(driverKey(uri))));
    const add = this.#store.add.bind(this.#store);
    add(
      workspace.onDidChangeTextDocument(({ document, contentChanges }) => {
        if (contentChanges.length > 0) this.#later(document);
      }),
    );
    add(lab.runs.onDidChange(() => this.#checkWaiting()));
    add(lab.presence.onDidChange(() => this.#lookAtAll()));
    // What is saved may be about to run: the pause begins anew, so that the run comes first.
    add(workspace.onWillSaveTextDocument(({ document }) => this.#pauseAgain(document)));
    add(workspace.onDidSaveTextDocument((document) => this.#pauseAgain(document)));
    add(workspace.onDidGrantWorkspaceTrust(() => this.#lookAtAll()));
    add(workspace.onDidChangeConfiguration((event) => this.#settingsChanged(event)));
    // What a run finds at the same place is said once, by the run.
    add(lab.results.onDidChange(() => setTimeout(() => this.#publishAll(), 0)));
    // Its file is gone, or one of them.
    add(lab.results.onDidRemove(() => this.#checkAgain()));
    add(workspace.onDidDeleteFiles(() => this.#checkAgain()));
    add(workspace.onDidCloseTextDocument(({ uri }) => this.#tree.forget(uri)));
    add(registerStaticFixes((document) => this.#fixesOf(document)));
    this.#lookAtAll();
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const { abort } of this.#running.values()) abort.abort();
    this.#store.dispose();
  }

  /** The text they were made for must be the one there is. */
  #fixesOf(document: TextDocument): readonly OfferedFix[] {
    const key = document.uri.toString();
    const checked = [...this.#checked.values()].flatMap(({ home, texts, fixes }) =>
      texts.get(key) === document.getText() ? fixes.filter(({ at }) => fileOf(home, at.file).toString() === key) : [],
    );
    return [...checked, ...this.#tree.fixesOf(document)];
  }

  #settingsChanged(event: { affectsConfiguration(name: string): boolean }): void {
    const names = ['check', 'rules', 'includes', 'defines'] as const;
    if (!names.some((name) => event.affectsConfiguration(settingName(name)))) return;
    for (const folder of [...this.#checked.keys()]) this.#forget(folder);
    this.#lookAtAll();
  }

  #lookAtAll(): void {
    for (const document of this.#lab.presence.documents()) this.#later(document);
  }

  #later(document: TextDocument): void {
    if (!this.#lab.presence.has(document) || !isSourceName(document.uri.path)) return;
    const folder = Uri.joinPath(document.uri, '..');
    const key = driverKey(document.uri);
    if (!readSetting('check', document.uri)) {
      this.#forget(key);
      this.#tree.forget(document.uri);
      return;
    }
    this.#tree.later(document);
    if (!workspace.isTrusted) return;
    this.#afterPause(folder, key);
    this.#publish(document.uri);
  }

  #afterPause(folder: Uri, key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#timers.delete(key);
        if (this.#lab.runs.running) this.#waiting.set(key, folder);
        else void this.#check(folder, key);
      }, TYPING_PAUSE),
    );
  }

  #pauseAgain({ uri }: TextDocument): void {
    const key = driverKey(uri);
    if (this.#timers.has(key)) this.#afterPause(Uri.joinPath(uri, '..'), key);
  }

  #checkAgain(): void {
    for (const [key, { folder }] of [...this.#checked, ...this.#running]) this.#afterPause(folder, key);
    this.#publishAll();
  }

  #checkWaiting(): void {
    if (this.#lab.runs.running) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [key, folder] of waiting) this.#afterPause(folder, key);
  }

  /** Of two checks of a driver the newer counts. */
  async #check(folder: Uri, key: string): Promise<void> {
    this.#running.get(key)?.abort.abort();
    const abort = new AbortController();
    this.#running.set(key, { abort, folder });
    const { edits, engine, log } = this.#lab;
    const stamps = edits.stamp();
    let isKept = false;
    try {
      const texts = openTexts(workspace.textDocuments.filter(isSourceDocument));
      const sources = await sourcesIn(folder);
      const [first] = sources;
      if (first === undefined) {
        this.#forget(key);
        return;
      }
      const home = homeOf(first);
      const order = {
        cwd: enginePath(home),
        paths: sources.map(enginePath),
        workspaceRoots: (workspace.workspaceFolders ?? []).map(({ uri }) => enginePath(uri)),
        overlays: await overlaysFor(isVirtual(home) ? home : folder, abort.signal),
        settings: engineSettings(home),
      };
      const answer = await engine.check(order, abort.signal);
      if (abort.signal.aborted || answer.kind !== 'checked') return;
      isKept = this.#take(key, answer.outcomes, { folder, home, stamps, texts });
    } catch (error) {
      if (!abort.signal.aborted) log.warn(`check: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      if (!isKept) edits.release(stamps);
      if (this.#running.get(key)?.abort === abort) this.#running.delete(key);
    }
  }

  /** Answers whether the findings are shown from now on: those of a driver that does not compile are not. */
  #take(key: string, outcomes: readonly CheckOutcome[], about: Omit<Checked, 'findings' | 'fixes'>): boolean {
    if (outcomes.some(({ diagnostics }) => diagnostics.some(({ severity }) => severity === 'error'))) return false;
    const found = outcomes.flatMap(({ findings }) => findings);
    const findings = judged(found, readSetting('rules', about.home)).filter(({ suppressed }) => !suppressed);
    this.#forget(key);
    this.#checked.set(key, { ...about, findings, fixes: outcomes.flatMap(({ fixes }) => fixes) });
    this.#lab.checked.set(key, about.texts);
    this.#tree.withdraw();
    this.#publishAll();
    return true;
  }

  #forget(key: string): void {
    const before = this.#checked.get(key);
    if (before === undefined) return;
    this.#checked.delete(key);
    this.#lab.checked.delete(key);
    this.#lab.edits.release(before.stamps);
    this.#publishAll();
  }

  #publishAll(): void {
    const uris = new Map<string, Uri>();
    this.#collection.forEach((uri) => {
      uris.set(uri.toString(), uri);
    });
    for (const { home, findings } of this.#checked.values()) {
      for (const { location } of findings) {
        if (location === null) continue;
        const uri = fileOf(home, location.file);
        uris.set(uri.toString(), uri);
      }
    }
    for (const uri of uris.values()) this.#publish(uri);
  }

  #publish(uri: Uri): void {
    const key = uri.toString();
    const told = languages.getDiagnostics(uri).filter(({ source }) => source === DIAGNOSTIC_SOURCE);
    const diagnostics = [...this.#checked.values()].flatMap((checked) =>
      checked.findings.flatMap((finding) => {
        const { location } = finding;
        if (location === null || fileOf(checked.home, location.file).toString() !== key) return [];
        const diagnostic = this.#diagnostic(uri, finding, location, checked);
        const own = diagnostic?.range.start.line;
        const isTold = told.some(
          (each) => each.range.start.line === own && ruleOf(each) === finding.rule && !this.#owns(uri, each),
        );
        return diagnostic === undefined || isTold ? [] : [diagnostic];
      }),
    );
    if (diagnostics.length === 0) this.#collection.delete(uri);
    else this.#collection.set(uri, diagnostics);
  }

  #owns(uri: Uri, diagnostic: Diagnostic): boolean {
    const own = this.#collection.get(uri) ?? [];
    return own.some((each) => each.message === diagnostic.message && each.range.isEqual(diagnostic.range));
  }

  #diagnostic(uri: Uri, finding: Finding, at: Position, checked: Checked): Diagnostic | undefined {
    const range = this.#rangeNow(uri, at, checked);
    if (range === undefined) return undefined;
    const diagnostic = new Diagnostic(range, finding.message, FINDING_SEVERITIES[finding.severity]);
    diagnostic.source = DIAGNOSTIC_SOURCE;
    diagnostic.code = { value: finding.rule, target: rulePage(finding.rule) };
    if (finding.rule === 'allow-unused') diagnostic.tags = [DiagnosticTag.Unnecessary];
    diagnostic.relatedInformation = finding.related.flatMap(({ message, location }) => {
      const file = location === null ? undefined : fileOf(checked.home, location.file);
      const where = file === undefined || location === null ? undefined : this.#rangeNow(file, location, checked);
      return file === undefined || where === undefined
        ? []
        : [new DiagnosticRelatedInformation(new Location(file, where), message)];
    });
    return diagnostic;
  }

  /** Undefined when the text is gone. */
  #rangeNow(uri: Uri, { line, column }: Position, { stamps, texts }: Checked): Range | undefined {
    const text = texts.get(uri.toString())?.split(/\r\n|\r|\n/, line)[line - 1];
    const { start, end } = text === undefined ? { start: column - 1, end: column - 1 } : underlined(text, column, true);
    const measured: TextRange = {
      start: { line: line - 1, character: start },
      end: { line: line - 1, character: end },
    };
    const moved = this.#lab.edits.move(uri, measured, stamps);
    return moved && rangeOf(moved);
  }
}

function fileOf(home: Uri, file: string): Uri {
  return uriOf(joinPath(enginePath(home), file));
}

/** Of one of our diagnostics. */
export function ruleOf({ code }: Diagnostic): string | undefined {
  return typeof code === 'object' ? String(code.value) : undefined;
}
