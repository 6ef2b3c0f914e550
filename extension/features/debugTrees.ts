/** The simulated kernel in Run and Debug while the run stands: channels, packets, rings, saved chunks, pool blocks. */
import {
  EventEmitter,
  MarkdownString,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  window,
} from 'vscode';
import { joinPath } from '../core/run/paths.js';
import { OWN_REQUESTS } from '../debug/ownRequests.js';
import type { KernelTreeNode } from '../debug/values/asks.js';
import { type DebugSessions, homePath } from './debugSessions.js';
import { KERNEL_VIEW } from './ids.js';
import type { Lab } from './lab.js';
import { uriOf } from './paths.js';

export function activate(lab: Lab): void {
  const trees = new KernelTree(lab.debugSessions);
  const view = lab.store.add(window.createTreeView(KERNEL_VIEW, { treeDataProvider: trees, showCollapseAll: true }));
  view.message = WAITING;
  lab.store.add(
    lab.debugSessions.onDidChange((standing) => {
      view.message = standing === undefined ? WAITING : '';
      trees.refresh();
    }),
  );
}

const WAITING = 'Shown while the run is paused.';

/** Identity by path, so that what was opened stays open from stop to stop. */
interface Shown {
  readonly node: KernelTreeNode;
  readonly path: string;
}

class KernelTree implements TreeDataProvider<Shown> {
  readonly #changed = new EventEmitter<void>();
  readonly #sessions: DebugSessions;

  readonly onDidChangeTreeData = this.#changed.event;

  constructor(sessions: DebugSessions) {
    this.#sessions = sessions;
  }

  refresh(): void {
    this.#changed.fire();
  }

  getTreeItem({ node, path }: Shown): TreeItem {
    const { None, Collapsed, Expanded } = TreeItemCollapsibleState;
    const state = node.expanded === true ? Expanded : Collapsed;
    const item = new TreeItem(node.label, node.children.length === 0 ? None : state);
    item.id = path;
    item.description = node.description;
    item.iconPath = new ThemeIcon(node.icon);
    const words = [node.label, node.description, node.memoryReference ?? ''].filter((word) => word !== '');
    item.tooltip = new MarkdownString().appendText(words.join('\n\n'));
    item.accessibilityInformation = { label: `${node.label}, ${node.description}` };
    const { location } = node;
    const standing = this.#sessions.standing;
    if (location !== undefined && standing !== undefined) {
      const line = Math.max(0, location.line - 1);
      const range = { startLineNumber: line + 1, startColumn: 1, endLineNumber: line + 1, endColumn: 1 };
      const uri = uriOf(joinPath(homePath(standing), location.file));
      item.command = {
        command: 'vscode.open',
        title: 'Open the place that allocated it',
        arguments: [uri, { selection: range }],
      };
    }
    return item;
  }

  async getChildren(parent?: Shown): Promise<Shown[]> {
    if (parent !== undefined) return shownNodes(parent.node.children, parent.path);
    const standing = this.#sessions.standing;
    if (standing === undefined) return [];
    try {
      const { nodes }: { nodes: readonly KernelTreeNode[] } = await standing.session.customRequest(OWN_REQUESTS.kernel);
      return shownNodes(nodes, '');
    } catch {
      // It has gone on meanwhile: the next stop is told.
      return [];
    }
  }
}

function shownNodes(nodes: readonly KernelTreeNode[], parent: string): Shown[] {
  const seen = new Map<string, number>();
  return nodes.map((node, index) => {
    const count = seen.get(node.label) ?? 0;
    seen.set(node.label, count + 1);
    const label = index === 0 && parent === '' ? 'running' : node.label;
    return { node, path: `${parent}/${label}${count === 0 ? '' : `#${count}`}` };
  });
}
