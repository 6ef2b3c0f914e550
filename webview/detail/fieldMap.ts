/**
 * Which field a byte belongs to. Unions give several answers; the first is the one shown: variants with members of
 * their own in the order of their declaration, then bit-fields, then plain members by size, padding last.
 */
import type { RecordLayout } from '../../extension/core/run/report.js';
import { type FieldNode, fieldTree, type GroupNode, type LeafNode } from './fieldTree.js';

/** A run of bytes shown as one field. */
export interface Band {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
  /** Place in `RecordLayout.fields` of the field shown. */
  readonly leaf: number;
  /** `even` and `odd` alternate from field to field so that neighbours can be told apart. */
  readonly tone: 'even' | 'odd' | 'padding';
}

export interface FieldMap {
  readonly layout: RecordLayout;
  readonly tree: GroupNode;
  /** In order, without gaps where the layout has none. */
  readonly bands: readonly Band[];
  /** Leaves by their place in the layout. */
  readonly leaves: readonly LeafNode[];
}

export function mapFields(layout: RecordLayout): FieldMap {
  const tree = fieldTree(layout.fields);
  const leaves: LeafNode[] = [];
  for (const leaf of leavesBelow(tree)) leaves[leaf.leaf] = leaf;
  return { layout, tree, bands: bandsOf(tree, leaves), leaves };
}

/** The band a byte lies in; undefined outside the record or in a gap of it. */
export function bandAt(map: FieldMap, byte: number): Band | undefined {
  const band = map.bands[lastAtOrBefore(map.bands, byte)];
  return band !== undefined && byte < band.end ? band : undefined;
}

/** Every field that has a part of the byte, the one shown first. */
export function leavesAt(map: FieldMap, byte: number): readonly LeafNode[] {
  return ranked(map.tree, byte);
}

/** Index of the last item that starts at or before `position`; -1 when there is none. Items are in order. */
export function lastAtOrBefore(items: readonly { readonly start: number }[], position: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((items[middle]?.start ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export function* leavesBelow(node: FieldNode): Generator<LeafNode> {
  if (node.kind === 'leaf') yield node;
  else for (const child of node.children) yield* leavesBelow(child);
}

/** First and last byte, both counted from the record's start, that hold bits of the leaf. */
function bytesOf(leaf: LeafNode): readonly [number, number] {
  const { bits } = leaf.field;
  if (bits === undefined || bits.width === 0) return [leaf.start, leaf.end - 1];
  return [leaf.start + (bits.start >>> 3), leaf.start + ((bits.start + bits.width - 1) >>> 3)];
}

function covers(node: FieldNode, byte: number): boolean {
  if (byte < node.start || byte >= node.end) return false;
  if (node.kind === 'group') return true;
  const [first, last] = bytesOf(node);
  return byte >= first && byte <= last;
}

const isPadding = (leaf: LeafNode): boolean => leaf.field.format === 'padding';

function ranked(group: GroupNode, byte: number): readonly LeafNode[] {
  const variants: LeafNode[] = [];
  const plain: LeafNode[] = [];
  for (const child of childrenAt(group, byte)) {
    if (child.kind === 'leaf') plain.push(child);
    else variants.push(...ranked(child, byte));
  }
  plain.sort((a, b) => breadth(a) - breadth(b));
  const all = [...variants, ...plain];
  return all.some(isPadding) ? [...all.filter((leaf) => !isPadding(leaf)), ...all.filter(isPadding)] : all;
}

/** Bytes of a plain member; bit-fields come before any and keep their order. */
const breadth = ({ field }: LeafNode): number => (field.bits === undefined ? field.size : 0);

function childrenAt(group: GroupNode, byte: number): readonly FieldNode[] {
  if (group.overlapping) return group.children.filter((child) => covers(child, byte));
  let index = lastAtOrBefore(group.children, byte);
  // A flexible array has no bytes of its own: what starts with it lies before it in the list.
  while (index > 0 && isEmpty(group.children[index])) index -= 1;
  const child = group.children[index];
  return child !== undefined && covers(child, byte) ? [child] : [];
}

const isEmpty = (node: FieldNode | undefined): boolean => node !== undefined && node.start === node.end;

function bandsOf(tree: GroupNode, leaves: readonly LeafNode[]): readonly Band[] {
  const edges = new Set<number>();
  for (const leaf of leaves) edges.add(leaf.start).add(leaf.end);
  const sorted = [...edges].sort((a, b) => a - b);
  const bands: Band[] = [];
  let odd = true;
  for (const [index, start] of sorted.entries()) {
    const end = sorted[index + 1];
    const shown = end === undefined ? undefined : bandLeaf(tree, start, end);
    if (shown === undefined || end === undefined) continue;
    const last = bands.at(-1);
    if (last !== undefined && last.end === start && sameBand(leaves[last.leaf], shown)) {
      bands[bands.length - 1] = { ...last, end };
      continue;
    }
    if (!isPadding(shown)) odd = !odd;
    bands.push({ start, end, leaf: shown.leaf, tone: isPadding(shown) ? 'padding' : odd ? 'odd' : 'even' });
  }
  return bands;
}

/** A unit of bit-fields may have bytes that none of them reaches: they belong to its first. */
function bandLeaf(tree: GroupNode, start: number, end: number): LeafNode | undefined {
  for (let byte = start; byte < Math.min(end, start + 8); byte += 1) {
    const leaf = ranked(tree, byte)[0];
    if (leaf !== undefined) return leaf;
  }
  return undefined;
}

function sameBand(a: LeafNode | undefined, b: LeafNode): boolean {
  if (a === undefined) return false;
  return a.leaf === b.leaf || (a.field.bits !== undefined && b.field.bits !== undefined && a.start === b.start);
}
