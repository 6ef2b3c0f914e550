/**
 * Win64 code reads variadic arguments from 8-byte slots; wasm packs them by their own size. So each operand in the
 * variadic part that is narrower than 64 bits is widened at the call. What the front end leaves narrow: integers up to
 * 32 bits (C promotes smaller ones) and structures of 1, 2, 4 bytes coerced to an integer; a structure of any other
 * size but 8 is passed by pointer already, and float was promoted to double.
 *
 * Widened by zeros: the upper half of such a slot is undefined on Win64, and a 32-bit register move, which is what
 * compilers use, clears it. A driver that reads an int with `%lld` sees that here too.
 */

import { type CallSite, parseCall, parseOperand, printCall } from './calls.js';
import type { PassContext } from './context.js';
import { splitList, typeLength } from './lexer.js';
import { attachment, type IrModule } from './module.js';

export function widenVariadics(module: IrModule, _context: PassContext): void {
  let serial = 0;
  for (const fn of module.functions) {
    for (const block of fn.blocks) {
      for (let i = 0; i < block.instructions.length; i++) {
        const text = block.instructions[i] ?? '';
        if (!text.includes('...)')) {
          continue;
        }
        const call = parseCall(text);
        const fixed = call === undefined ? -1 : fixedParameters(call);
        if (call === undefined || fixed < 0 || call.callee.startsWith('@llvm.')) {
          continue;
        }
        const dbg = attachment(text, 'dbg');
        const suffix = dbg < 0 ? '' : `, !dbg !${dbg}`;
        const before: string[] = [];
        const operands = call.operands.map((operand, index) => {
          if (index < fixed) {
            return operand;
          }
          const wide = widened(operand, `%vsp.wide.${serial}`);
          if (wide.instruction !== undefined) {
            serial++;
            before.push(wide.instruction + suffix);
          }
          return wide.operand;
        });
        block.instructions.splice(i, 1, ...before, printCall({ ...call, operands }));
        i += before.length;
      }
    }
  }
}

/** Number of fixed parameters of a variadic callee, -1 for any other. */
function fixedParameters(call: CallSite): number {
  if (!call.type.endsWith('...)')) {
    return -1;
  }
  return splitList(call.type.slice(typeLength(call.type) + 2, -1)).length - 1;
}

function widened(operand: string, name: string): { readonly operand: string; readonly instruction?: string } {
  const { type, value } = parseOperand(operand);
  if (type === 'float' || type === 'half') {
    return { operand: `double ${name}`, instruction: `${name} = fpext ${type} ${value} to double` };
  }
  const bits = /^i(\d+)$/.exec(type)?.[1];
  if (bits === undefined || Number(bits) >= 64) {
    return { operand };
  }
  if (/^-?\d+$/.test(value)) {
    return { operand: `i64 ${BigInt.asUintN(Number(bits), BigInt(value))}` };
  }
  if (value === 'undef' || value === 'poison') {
    return { operand: `i64 ${value}` };
  }
  if (value === 'true' || value === 'false') {
    return { operand: `i64 ${value === 'true' ? 1 : 0}` };
  }
  return { operand: `i64 ${name}`, instruction: `${name} = zext ${type} ${value} to i64` };
}
