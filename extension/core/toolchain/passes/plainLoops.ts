/** Loops that plainly end: they need no budget, and the optimiser may unroll them or use vectors. */

import { type IrFunction, opcodeOf, targetsOf } from './module.js';

/** A loop of fewer rounds may hold anything, calls and loops of its own. */
const FEW = 256;
const CONDITION = /^%\S+ = icmp (?:samesign )?(slt|ult|sle|ule) i(32|16|64) (%[-\w.$]+), (\S+?)(?:,|$)/;

/**
 * True for `for (i = ...; i < bound; i += 1)` as the front end emits it before any optimisation: the block `head`
 * compares a variable that is loaded there, the block `latch` steps it by one, nothing else between them stores it and
 * its address is never taken. The bound is a small constant; or it is anything, the variable has at most 32 bits and
 * the body neither calls nor loops, so that it ends within 2^32 plain rounds. Blocks of a loop stand together in the
 * front end's order.
 */
export function plainlyEnds(fn: IrFunction, head: number, latch: number): boolean {
  const code = (fn.blocks[head]?.instructions ?? []).filter((i) => !i.startsWith('#'));
  const [, relation = '', bits, value, bound = ''] = CONDITION.exec(code.at(-2) ?? '') ?? [];
  const load = code.find((i) => value !== undefined && i.startsWith(`${value} = load i`));
  const variable = load === undefined ? undefined : /, ptr (%[-\w.$]+),/.exec(load)?.[1];
  if (variable === undefined || code.at(-1)?.startsWith('br i1 ') !== true) {
    return false;
  }
  const few = /^\d+$/.test(bound) && Number(bound) <= FEW;
  const strict = bits !== '64' && (relation === 'slt' || relation === 'ult') && isLeaf(fn, head, latch);
  return (few || strict) && !isEscaped(fn, variable) && stepsOnce(fn, head, latch, variable);
}

/** Neither a call nor a loop between the two blocks. */
function isLeaf(fn: IrFunction, head: number, latch: number): boolean {
  const order = new Map(fn.blocks.map((block, index) => [block.label, index]));
  return fn.blocks.slice(head, latch + 1).every((block, offset) => {
    const index = head + offset;
    const back = targetsOf(block.instructions.at(-1) ?? '').some((t) => (order.get(t) ?? fn.blocks.length) <= index);
    return (
      (index === latch || !back) && block.instructions.every((i) => opcodeOf(i) !== 'call' || i.includes('@llvm.'))
    );
  });
}

/** Used otherwise than by a plain load or store of the variable itself. */
function isEscaped(fn: IrFunction, variable: string): boolean {
  const mention = new RegExp(`${variable.replace(/[.$]/g, '\\$&')}(?![-\\w.$])`);
  return fn.blocks.some((block) =>
    block.instructions.some((text) => {
      if (text.startsWith('#') || !mention.test(text) || text.startsWith(`${variable} = alloca `)) {
        return false;
      }
      const opcode = opcodeOf(text);
      const plain =
        opcode === 'load' || (opcode === 'store' && !mention.test(text.slice(0, text.lastIndexOf(', ptr '))));
      return !plain && !text.includes('@llvm.lifetime.');
    }),
  );
}

function stepsOnce(fn: IrFunction, head: number, latch: number, variable: string): boolean {
  const inside = fn.blocks.slice(head, latch + 1).flatMap((b) => b.instructions);
  const stores = inside.filter((i) => i.startsWith('store ') && i.includes(`, ptr ${variable},`));
  const stored = /^store i\d+ (%[-\w.$]+),/.exec(stores[0] ?? '')?.[1];
  if (stores.length !== 1 || stored === undefined) {
    return false;
  }
  const latchCode = fn.blocks[latch]?.instructions ?? [];
  const step = latchCode.find((i) => i.startsWith(`${stored} = add `));
  const from = /^\S+ = add (?:nuw |nsw )*i\d+ (%[-\w.$]+), 1(?:,|$)/.exec(step ?? '')?.[1];
  return latchCode.some((i) => i.startsWith(`${from} = load `) && i.includes(`, ptr ${variable},`));
}
