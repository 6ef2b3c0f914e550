/**
 * VmbServerChannelInitSetTargetInterfaceId takes two GUIDs by value (kmcl-facts A-29). On x64 the caller passes their
 * addresses, on ARM64 their bytes in registers, which WebAssembly sees as another function type; our library has the
 * x64 one. An ARM64 call stores the bytes and passes addresses, directly and through the server's interface table.
 * Functions of the driver's own keep what their ABI says.
 */

import { type CallSite, parseCall, parseOperand, printCall } from './calls.js';
import type { PassContext } from './context.js';
import { nameTokenAt } from './lexer.js';
import type { IrFunction, IrModule } from './module.js';
import { opcodeOf, resultOf } from './module.js';

const NAME = 'VmbServerChannelInitSetTargetInterfaceId';
const BY_VALUE = '[2 x i64]';
/** Number of the function in KMCL_SERVER_ONLY_METHODS (1.6), from 0. */
const MEMBER = 11;
const TABLE_ADDRESS = new RegExp(
  `getelementptr [^(]*\\(%struct\\._KMCL_SERVER_ONLY_METHODS, .*, i32 0, i32 ${MEMBER}\\)`,
);
const NAMED_ADDRESS = new RegExp(`, ptr %${NAME}\\d*(?:,|$)`);

export function guidsByValue(module: IrModule, _context: PassContext): void {
  for (const declaration of module.declarations) {
    if (declaration.name === `@${NAME}`) {
      declaration.text = declaration.text.replaceAll(BY_VALUE, 'ptr');
    }
  }
  for (const fn of module.functions) {
    if (fn.blocks.some(({ instructions }) => instructions.some((text) => text.includes(BY_VALUE)))) {
      passAddresses(fn);
    }
  }
}

function passAddresses(fn: IrFunction): void {
  const callees = new Set([`@${NAME}`]);
  let copies = 0;
  for (const block of fn.blocks) {
    block.instructions = block.instructions.flatMap((text) => {
      if (opcodeOf(text) === 'load' && (TABLE_ADDRESS.test(text) || NAMED_ADDRESS.test(text))) {
        callees.add(resultOf(text) ?? nameTokenAt(text, 0));
      }
      const call = text.includes(BY_VALUE) ? parseCall(text) : undefined;
      if (call === undefined || !callees.has(call.callee)) {
        return [text];
      }
      const lowered = withAddresses(call, copies);
      copies += lowered.length;
      return lowered;
    });
  }
}

/** Copies and the call; `first` makes the copies' names unique in the function. */
function withAddresses(call: CallSite, first: number): string[] {
  const before: string[] = [];
  const operands = call.operands.map((operand) => {
    const { type, value } = parseOperand(operand);
    if (type !== BY_VALUE) {
      return operand;
    }
    const copy = `%vsp.guid.${first + before.length}`;
    before.push(`${copy} = alloca ${BY_VALUE}, align 8`, `store ${BY_VALUE} ${value}, ptr ${copy}, align 8`);
    return `ptr ${copy}`;
  });
  return [...before, printCall({ ...call, operands })];
}
