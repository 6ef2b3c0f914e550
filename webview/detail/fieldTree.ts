/**
 * The record's leaves as the tree their paths describe: `Header.Version` and `Header.Length` below `Header`,
 * `Frames[0].Queue` below `Frames` and `[0]`. Leaves keep the order the layout gives them.
 */
import type { RecordField } from '../../extension/core/run/report.js';

export interface LeafNode {
  readonly kind: 'leaf';
  /** Last step of the path: `Version`, `[2]`. */
  readonly label: string;
  readonly depth: number;
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
  readonly field: RecordField;
  /** Place in `RecordLayout.fields`. */
  readonly leaf: number;
}

export interface GroupNode {
  readonly kind: 'group';
  readonly label: string;
  /** Path from the record; empty for the record itself. */
  readonly path: string;
  readonly depth: number;
  readonly start: number;
  readonly end: number;
  readonly children: readonly FieldNode[];
  /** Children share bytes: a union, or bit-fields of one storage unit. */
  readonly overlapping: boolean;
  /** Its children are the elements of an array. */
  readonly array: boolean;
}

export type FieldNode = LeafNode | GroupNode;

/** `Entries[2].Header.Id` as `Entries`, `[2]`, `Header`, `Id`. */
export function pathSteps(path: string): readonly string[] {
  return path.match(/\[[^\]]*\]|[^.[]+/g) ?? [];
}

interface Draft {
  readonly label: string;
  readonly path: string;
  readonly depth: number;
  readonly groups: Map<string, Draft>;
  readonly children: (Draft | LeafNode)[];
}

const emptyDraft = (label: string, path: string, depth: number): Draft => ({
  label,
  path,
  depth,
  groups: new Map(),
  children: [],
});

export function fieldTree(fields: readonly RecordField[]): GroupNode {
  const root = emptyDraft('', '', -1);
  fields.forEach((field, leaf) => {
    const steps = pathSteps(field.name);
    let parent = root;
    for (const step of steps.slice(0, -1)) parent = groupBelow(parent, step);
    parent.children.push({
      kind: 'leaf',
      label: steps.at(-1) ?? '',
      depth: parent.depth + 1,
      start: field.offset,
      end: field.offset + field.size,
      field,
      leaf,
    });
  });
  return finished(root);
}

function groupBelow(parent: Draft, step: string): Draft {
  const known = parent.groups.get(step);
  if (known !== undefined) return known;
  const joint = parent.path === '' || step.startsWith('[') ? '' : '.';
  const group = emptyDraft(step, `${parent.path}${joint}${step}`, parent.depth + 1);
  parent.groups.set(step, group);
  parent.children.push(group);
  return group;
}

function finished(draft: Draft): GroupNode {
  const children = draft.children.map((child) => ('kind' in child ? child : finished(child)));
  let start = Number.POSITIVE_INFINITY;
  let end = 0;
  let overlapping = false;
  for (const child of children) {
    if (child.start < end && child.end > child.start) overlapping = true;
    start = Math.min(start, child.start);
    end = Math.max(end, child.end);
  }
  return {
    kind: 'group',
    label: draft.label,
    path: draft.path,
    depth: draft.depth,
    start: Math.min(start, end),
    end,
    children,
    overlapping,
    array: children.length > 0 && children.every((child) => child.label.startsWith('[')),
  };
}
