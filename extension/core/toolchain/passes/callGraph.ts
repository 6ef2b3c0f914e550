/** Which functions of a unit can come back to themselves, as far as the unit shows. */

import { parseCall } from './calls.js';
import { type IrFunction, type IrModule, opcodeOf } from './module.js';

/**
 * Names (tokens) of functions on a cycle of direct calls, and of those that call through a pointer and so may be on
 * one.
 */
export function possiblyRecursive(module: IrModule): ReadonlySet<string> {
  const callees = new Map<string, readonly string[]>();
  const result = new Set<string>();
  for (const fn of module.functions) {
    const { direct, indirect } = callsOf(fn);
    callees.set(fn.name, direct);
    if (indirect) {
      result.add(fn.name);
    }
  }
  for (const cycle of components(callees)) {
    const [only] = cycle;
    const loops = cycle.length > 1 || (only !== undefined && callees.get(only)?.includes(only) === true);
    if (loops) {
      for (const name of cycle) {
        result.add(name);
      }
    }
  }
  return result;
}

function callsOf(fn: IrFunction): { readonly direct: string[]; readonly indirect: boolean } {
  const direct = new Set<string>();
  let indirect = false;
  for (const block of fn.blocks) {
    for (const text of block.instructions) {
      const call = opcodeOf(text) === 'call' ? parseCall(text) : undefined;
      if (call?.callee.startsWith('@') === true) {
        direct.add(call.callee);
      } else if (call !== undefined && !call.callee.startsWith('asm ')) {
        indirect = true;
      }
    }
  }
  return { direct: [...direct], indirect };
}

/**
 * Strongly connected components (Tarjan), without recursion of our own: a unit may hold a chain of thousands of calls.
 */
function components(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const onStack = new Set<string>();
  const stack: string[] = [];
  const found: string[][] = [];
  const open = (name: string): { name: string; next: number } => {
    index.set(name, index.size);
    low.set(name, index.size - 1);
    stack.push(name);
    onStack.add(name);
    return { name, next: 0 };
  };
  for (const root of graph.keys()) {
    const work = index.has(root) ? [] : [open(root)];
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const callee = graph.get(top.name)?.[top.next++];
      if (callee !== undefined) {
        if (graph.has(callee) && !index.has(callee)) {
          work.push(open(callee));
        } else if (onStack.has(callee)) {
          low.set(top.name, Math.min(low.get(top.name) ?? 0, index.get(callee) ?? 0));
        }
        continue;
      }
      work.pop();
      const parent = work.at(-1);
      if (parent !== undefined) {
        low.set(parent.name, Math.min(low.get(parent.name) ?? 0, low.get(top.name) ?? 0));
      }
      if (low.get(top.name) === index.get(top.name)) {
        const component = stack.splice(stack.lastIndexOf(top.name));
        for (const name of component) {
          onStack.delete(name);
        }
        found.push(component);
      }
    }
  }
  return found;
}
