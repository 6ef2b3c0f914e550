/** The lines of the field table: the tree as far as it is unfolded, then what was saved beyond the record. */
import type { ByteModel } from './byteModel.js';
import { tailStart } from './byteModel.js';
import type { FieldNode, GroupNode, LeafNode } from './fieldTree.js';

export type FieldRow =
  | { readonly kind: 'group'; readonly id: string; readonly node: GroupNode; readonly open: boolean }
  | { readonly kind: 'leaf'; readonly id: string; readonly node: LeafNode }
  | { readonly kind: 'tail'; readonly id: 'tail'; readonly start: number; readonly end: number }
  /** Fields of the record that lie wholly beyond what was saved. */
  | { readonly kind: 'unsaved'; readonly id: 'unsaved'; readonly fields: number; readonly bytes: number };

/** Records up to this many fields start unfolded; in larger ones long arrays start folded. */
const SMALL_RECORD = 100;
const LONG_ARRAY = 16;

/** Paths of the groups that start folded. */
export function foldedAtFirst({ map }: ByteModel): ReadonlySet<string> {
  const folded = new Set<string>();
  if (map === null || map.leaves.length <= SMALL_RECORD) return folded;
  const visit = (node: FieldNode): void => {
    if (node.kind === 'leaf') return;
    if (node.array && node.children.length > LONG_ARRAY) folded.add(node.path);
    for (const child of node.children) visit(child);
  };
  visit(map.tree);
  return folded;
}

export function fieldRows(model: ByteModel, folded: ReadonlySet<string>): readonly FieldRow[] {
  const { map, bytes } = model;
  if (map === null) return [];
  const rows: FieldRow[] = [];
  const visit = (node: FieldNode): void => {
    if (node.start >= bytes.length) return;
    if (node.kind === 'leaf') {
      rows.push({ kind: 'leaf', id: `f${node.leaf}`, node });
      return;
    }
    const open = !folded.has(node.path);
    rows.push({ kind: 'group', id: node.path, node, open });
    if (open) for (const child of node.children) visit(child);
  };
  for (const child of map.tree.children) visit(child);
  const tail = tailStart(model);
  if (tail !== null) rows.push({ kind: 'tail', id: 'tail', start: tail, end: bytes.length });
  const beyond = map.leaves.filter(({ start, field }) => start >= bytes.length && field.format !== 'padding').length;
  if (beyond > 0) rows.push({ kind: 'unsaved', id: 'unsaved', fields: beyond, bytes: map.layout.size - bytes.length });
  return rows;
}

/** The bytes of a line, no further than was saved; null where it has none. */
export function spanOf(row: FieldRow, saved: number): { readonly start: number; readonly end: number } | null {
  if (row.kind === 'unsaved') return null;
  const { start, end } = row.kind === 'tail' ? row : row.node;
  return start < Math.min(end, saved) ? { start, end: Math.min(end, saved) } : null;
}

/** The groups around a leaf, outermost first: to be unfolded before it can be seen. */
export function pathsAbove(tree: GroupNode, leaf: LeafNode): readonly string[] {
  const found: string[] = [];
  let group = tree;
  while (!group.children.includes(leaf)) {
    const next = group.children.find((child) => child.kind === 'group' && holds(child, leaf));
    if (next === undefined || next.kind === 'leaf') return [];
    found.push(next.path);
    group = next;
  }
  return found;
}

/** By its path, as groups of a union share their bytes. */
function holds({ path }: GroupNode, { field: { name } }: LeafNode): boolean {
  return name.startsWith(path) && (name[path.length] === '.' || name[path.length] === '[');
}
