/**
 * Notes which way each branch of user code goes: every branch and `switch` mixes its position and its outcome into a
 * hash, so that two runs can be compared and the first branch that went another way be found (`vsp_vary` of variant.h).
 */

import type { PassContext } from './context.js';
import { attachment, declare, type IrBlock, type IrFunction, type IrModule, opcodeOf, targetsOf } from './module.js';
import { addVary, FLOW, NEXT, STEPS } from './vary.js';

const CONDITIONAL = /^br i1 (\S+), label /;
/** Distinguishes a `switch` target's number from the outcome of a branch, which is 0 or 1. */
const TARGET = 2;

export function flow(module: IrModule, context: PassContext): void {
  if (context.options.differential !== true) {
    return;
  }
  const base = context.options.unit << 20;
  for (const fn of module.functions) {
    if (attachment(fn.header, 'dbg') >= 0 && !fn.header.startsWith('define available_externally ')) {
      noteBranches(fn, (text) => {
        const location = context.debug.of(text);
        return location === 0 ? 0 : base | location;
      });
    }
  }
  addVary(module);
  declare(module, '@vsp_flow_mark', 'declare void @vsp_flow_mark(i64)');
  // A call where nothing is optimised: inlined at every branch it costs the back end more than the rest of the code.
  module.header.push(helper(context.options.optimize === 2 ? 'alwaysinline ' : ''));
}

function noteBranches(fn: IrFunction, idOf: (text: string) => number): void {
  const blocks = new Map(fn.blocks.map((block) => [block.label, block]));
  let names = 0;
  for (const block of fn.blocks) {
    const text = block.instructions.at(-1) ?? '';
    const condition = CONDITIONAL.exec(text)?.[1];
    const id = condition === undefined && opcodeOf(text) !== 'switch' ? 0 : idOf(text);
    if (id === 0) {
      continue;
    }
    if (condition !== undefined) {
      const outcome = `%vsp.way.${names++}`;
      const value = `%vsp.way.${names++}`;
      block.instructions.splice(
        -1,
        0,
        `${outcome} = zext i1 ${condition} to i64`,
        `${value} = or i64 ${outcome}, ${flowValue(id, 0)}`,
        `call void @vsp.flow(i64 ${value})`,
      );
      continue;
    }
    [...new Set(targetsOf(text))].forEach((label, index) => {
      const target = blocks.get(label);
      if (target !== undefined) {
        intoBlock(target, `call void @vsp.flow(i64 ${flowValue(id, TARGET + index)})`);
      }
    });
  }
}

/** Behind the block's phi nodes. */
function intoBlock(block: IrBlock, text: string): void {
  const first = block.instructions.findIndex((each) => opcodeOf(each) !== 'phi');
  block.instructions.splice(Math.max(0, first), 0, text);
}

/** Location id above, outcome below: as variant.h says. */
function flowValue(id: number, outcome: number): string {
  return String((BigInt(id) << 32n) | BigInt(outcome));
}

const helper = (inlined: string): string => `define internal void @vsp.flow(i64 %value) ${inlined}nounwind {
  %before = load i64, ptr ${FLOW}, align 8
  %mixed = xor i64 %before, %value
  %spread = mul i64 %mixed, -7046029254386353131
  %high = lshr i64 %spread, 29
  %after = xor i64 %spread, %high
  store i64 %after, ptr ${FLOW}, align 8
  %taken = load i64, ptr ${STEPS}, align 8
  %steps = add i64 %taken, 1
  store i64 %steps, ptr ${STEPS}, align 8
  %next = load i64, ptr ${NEXT}, align 8
  %due = icmp uge i64 %steps, %next
  br i1 %due, label %mark, label %done
mark:
  call void @vsp_flow_mark(i64 %value)
  br label %done
done:
  ret void
}`;
