/**
 * The Packet Buffers page in the panel, in the Run and Debug side bar and as an editor tab: the same page, filled when
 * it says it is ready, told of each result while it is seen.
 */
import {
  commands,
  env,
  Uri,
  ViewColumn,
  type Webview,
  type WebviewPanel,
  type WebviewView,
  window,
  workspace,
} from 'vscode';
import { PROTOCOL, type SentReport, type Target, type ToView } from '../../webview/protocol.js';
import { savedOf, withoutSaved } from '../core/run/reportPack.js';
import { debugToReported } from './debugFinding.js';
import { PausedPages } from './debugPages.js';
import { driverReport, problemsOf, targetOf } from './driverReports.js';
import { exportReport } from './exportReport.js';
import { type AnchorLink, EDITOR_VIEW, VIEW } from './ids.js';
import type { Lab } from './lab.js';
import { openSource } from './openSource.js';
import type { Place } from './packetBuffersHtml.js';
import { type CallHandlers, Page, type PageHost } from './packetBuffersPage.js';
import { packed } from './packing.js';
import { uriOf } from './paths.js';
import { registerCommand, setContext } from './register.js';
import type { DriverResult } from './results.js';
import { runAndTell } from './runCommands.js';

const TITLE = 'Packet Buffers';
/** In this workspace's state: the panel's view was open when the window was closed. */
const WAS_OPEN = 'packetBuffers.panelOpen';

export function activate(lab: Lab): void {
  const buffers = lab.store.add(new PacketBuffers(lab));
  for (const id of Object.values(VIEW)) {
    const provider = { resolveWebviewView: (view: WebviewView) => buffers.openView(view) };
    lab.store.add(window.registerWebviewViewProvider(id, provider));
  }
  lab.store.add(
    window.registerWebviewPanelSerializer(EDITOR_VIEW, {
      deserializeWebviewPanel: async (panel) => buffers.openPanel(panel),
    }),
  );
  lab.store.add(
    registerCommand('vspLab.showPacketBuffers', (link) => buffers.show(isAnchorLink(link) ? link : undefined)),
  );
  lab.store.add(registerCommand('vspLab.openPacketBuffersInEditor', () => buffers.openInEditor()));
  lab.presence.whenAwake(() => buffers.reopen());
}

function isAnchorLink(value: unknown): value is AnchorLink {
  return typeof value === 'object' && value !== null && 'kind' in value && 'name' in value && 'uri' in value;
}

class PacketBuffers implements PageHost {
  readonly #lab: Lab;
  readonly #pages = new Set<Page>();
  /** The newest filling of each page: an older one stops. */
  readonly #fillings = new WeakMap<Page, symbol>();
  /** Pages that have been told what there is: changes are told to them alone. */
  readonly #filled = new WeakSet<Page>();
  /** What each driver's newest message to the pages was made of. */
  readonly #sent = new Map<string, DriverResult>();
  /** Where a debugged run stands. */
  readonly #paused: PausedPages;
  #wanted: Target | undefined;
  #panel: WebviewPanel | undefined;

  readonly handlers: CallHandlers = {
    packetBytes: ({ driver, run, channel, packet }) => {
      const saved = savedOf(this.#result(driver).shown.pack, run, channel, packet);
      return saved === undefined ? { bytes: null, writtenBy: [] } : saved;
    },
    openSource: async ({ driver, file, line, column }) => {
      await openSource(this.#lab, this.#result(driver), file, line, column);
      return null;
    },
    run: async ({ driver }) => {
      const scope = driver === null ? ({ kind: 'workspace' } as const) : this.#scopeOf(this.#result(driver));
      await runAndTell(this.#lab, { scope, asked: 'view' });
      return null;
    },
    cancel: () => {
      this.#lab.runs.cancel();
      return null;
    },
    exportReport: async ({ format }) => {
      await exportReport(this.#lab, format);
      return null;
    },
    copy: async ({ text }) => {
      await env.clipboard.writeText(text);
      return null;
    },
    travel: async ({ event }) => {
      await this.#paused.travel(event);
      return null;
    },
    debugToFinding: async ({ driver, run, finding }) => {
      await debugToReported(this.#result(driver), run, finding);
      return null;
    },
    openDebugged: async ({ file, line, column }) => {
      await this.#paused.open(file, line, column);
      return null;
    },
    explainRule: async ({ rule }) => {
      await commands.executeCommand('vspLab.explainRule', rule);
      return null;
    },
  };

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#paused = lab.store.add(new PausedPages(lab, () => this.#told()));
    lab.store.add(lab.results.onDidChange((result) => this.#tell(result)));
    lab.store.add(
      lab.results.onDidRemove(({ key }) => {
        this.#sent.delete(key);
        if (lab.results.all.length === 0) void setContext('vspLab.hasReports', false);
        this.#tellEverything();
      }),
    );
    lab.store.add(lab.runs.onDidChange(() => this.#postAll(this.#progress())));
    lab.store.add(workspace.onDidGrantWorkspaceTrust(() => this.#tellEverything()));
  }

  // ---- Places

  openView(view: WebviewView): void {
    this.#lab.presence.wake();
    const page = this.#open(view.webview, view.viewType === VIEW.panel ? 'panel' : 'sideBar');
    const remember = (open: boolean): void => {
      if (view.viewType === VIEW.panel) void this.#lab.context.workspaceState.update(WAS_OPEN, open);
    };
    remember(view.visible);
    view.onDidChangeVisibility(() => {
      if (!view.visible) page.hidden();
      remember(view.visible);
    });
    view.onDidDispose(() => this.#close(page));
  }

  openPanel(panel: WebviewPanel): void {
    this.#lab.presence.wake();
    this.#panel = panel;
    const icon = (theme: string): Uri =>
      Uri.joinPath(this.#lab.context.extensionUri, 'images', `packet-buffers-${theme}.svg`);
    panel.iconPath = { light: icon('light'), dark: icon('dark') };
    const page = this.#open(panel.webview, 'editor');
    panel.onDidChangeViewState(() => {
      if (!panel.visible) page.hidden();
    });
    panel.onDidDispose(() => {
      if (this.#panel === panel) this.#panel = undefined;
      this.#close(page);
    });
  }

  openInEditor(): void {
    if (this.#panel !== undefined) this.#panel.reveal();
    else this.openPanel(window.createWebviewPanel(EDITOR_VIEW, TITLE, ViewColumn.Active));
  }

  async show(link: AnchorLink | undefined): Promise<void> {
    this.#wanted = link && targetOf(this.#lab.results.all, link);
    this.#lab.presence.wake();
    if (this.#panel?.visible === true) this.#panel.reveal();
    else {
      // The view exists only where this is set, and setting it takes a moment.
      await setContext('vspLab.present', true);
      await commands.executeCommand(`${VIEW.panel}.focus`);
    }
    this.#reveal();
  }

  /** After the window was loaded again VS Code has forgotten the view, which was not there yet when it looked. */
  reopen(): void {
    if (this.#lab.context.workspaceState.get<boolean>(WAS_OPEN) !== true) return;
    void setContext('vspLab.present', true).then(() =>
      commands.executeCommand(`${VIEW.panel}.focus`, { preserveFocus: true }),
    );
  }

  dispose(): void {
    for (const page of [...this.#pages]) this.#close(page);
    this.#panel?.dispose();
  }

  #open(webview: Webview, place: Place): Page {
    const page = new Page(webview, this.#lab.context.extensionUri, place, this);
    this.#pages.add(page);
    return page;
  }

  #close(page: Page): void {
    this.#pages.delete(page);
    page.dispose();
  }

  // ---- What pages say

  ready(page: Page, protocol: number): void {
    if (protocol !== PROTOCOL) {
      page.load();
      return;
    }
    void this.#fill(page);
  }

  shown(driver: string): void {
    const milliseconds = this.#lab.stopwatch.shown(driver);
    if (milliseconds !== undefined) this.#lab.log.info(`shown ${milliseconds.toFixed(0)} ms after the save`);
  }

  noise(): void {
    this.#lab.log.warn('The Packet Buffers page said something that is no message');
  }

  failed(error: unknown): void {
    this.#lab.log.error('A call of the Packet Buffers page failed', error);
  }

  // ---- What pages are told

  #tell(result: DriverResult): void {
    const before = this.#sent.get(result.key);
    this.#sent.set(result.key, result);
    void setContext('vspLab.hasReports', true);
    // A page that is not there is told everything when it is; packing a report for nobody takes time.
    if (this.#told().length === 0) return;
    const { key, stale } = result;
    if (before?.shown.pack === result.shown.pack)
      this.#postAll({ kind: 'source', driver: key, stale, problems: problemsOf(result) });
    else void this.#report(key).then((driver) => driver && this.#postAll({ kind: 'report', driver }));
  }

  /** Undefined where a newer result has come meanwhile, which is told by itself, or the driver is gone. */
  async #report(key: string): Promise<SentReport | undefined> {
    const pack = this.#lab.results.get(key)?.shown.pack;
    if (pack === undefined) return undefined;
    const bytes = await packed(withoutSaved(pack));
    const result = this.#lab.results.get(key);
    return result?.shown.pack === pack ? driverReport(result, bytes) : undefined;
  }

  /** One message for each driver: VS Code counts the buffers of a message in one byte. */
  async #fill(page: Page): Promise<void> {
    const filling = Symbol('filling');
    this.#fillings.set(page, filling);
    this.#filled.delete(page);
    const goesOn = (): boolean => page.ready && this.#fillings.get(page) === filling;
    const canRun = workspace.isTrusted;
    let first: SentReport | undefined;
    for (let key = this.#firstKey(); key !== undefined && first === undefined; key = this.#firstKey())
      first = await this.#report(key);
    if (!goesOn()) return;
    page.post({ kind: 'reports', drivers: first === undefined ? [] : [first], canRun });
    page.post(this.#progress());
    this.#filled.add(page);
    for (const { key } of this.#lab.results.all) {
      const driver = key === first?.key ? undefined : await this.#report(key);
      if (!goesOn()) return;
      if (driver !== undefined) page.post({ kind: 'report', driver });
    }
    this.#paused.fill(page);
    this.#reveal();
  }

  #firstKey(): string | undefined {
    return this.#lab.results.all[0]?.key;
  }

  #tellEverything(): void {
    for (const page of this.#pages) if (page.ready) void this.#fill(page);
  }

  #told(): readonly Page[] {
    return [...this.#pages].filter((page) => page.ready && this.#filled.has(page));
  }

  #progress(): ToView {
    const text = this.#lab.runs.progress;
    return { kind: 'progress', running: text !== '', text };
  }

  #reveal(): void {
    const target = this.#wanted;
    const pages = this.#told();
    if (target === undefined || pages.length === 0) return;
    this.#wanted = undefined;
    for (const each of pages) each.post({ kind: 'reveal', target });
  }

  #postAll(message: ToView): void {
    for (const page of this.#told()) page.post(message);
  }

  #result(key: string): DriverResult {
    const result = this.#lab.results.get(key);
    if (result === undefined) throw new Error('This driver is gone: run it again.');
    return result;
  }

  #scopeOf({ key, newest }: DriverResult) {
    return { kind: 'file', uri: uriOf(newest.sources[0] ?? key) } as const;
  }
}
