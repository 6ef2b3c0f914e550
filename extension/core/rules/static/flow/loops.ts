/** Where loops begin. */
import type { Instruction } from './code.js';

/** Blocks that a path from themselves comes back to along an edge of a depth-first walk. */
export function loopHeads(bodies: readonly (readonly Instruction[])[]): ReadonlySet<number> {
  const heads = new Set<number>();
  const seen = new Set<number>();
  const open = new Set<number>();
  const work: { readonly block: number; readonly next: number[] }[] = [];
  const enter = (block: number): void => {
    seen.add(block);
    open.add(block);
    work.push({ block, next: [...successors(bodies[block]?.at(-1))] });
  };
  if (bodies.length > 0) enter(0);
  for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
    const next = top.next.pop();
    if (next === undefined) {
      open.delete(top.block);
      work.pop();
    } else if (open.has(next)) {
      heads.add(next);
    } else if (!seen.has(next)) {
      enter(next);
    }
  }
  return heads;
}

/** Blocks that may come next. */
export function successors(last: Instruction | undefined): readonly number[] {
  switch (last?.op) {
    case 'branch':
      return last.targets;
    case 'switch':
      return [last.otherwise, ...last.cases.map(({ block }) => block)];
    default:
      return [];
  }
}
