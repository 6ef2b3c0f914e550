/**
 * Lowers `__try` (toolchain-facts section 1). Nothing in the simulator raises an exception that code could handle: what
 * would be one on Windows (a bad pointer, ExRaiseStatus) ends the test. So an invoke is a call that returns,
 * `__finally` runs on the ways out that the front end laid (end of block, `__leave`, return, goto, break; it says which
 * is abnormal termination), handlers are dead code.
 *
 * A `__finally` block is a function of its own that reaches its parent's variables through the parent's frame address
 * (`localescape`, `localaddress`, `localrecover`). Here the parent keeps the addresses it lets escape in an array in
 * its own frame, and that array is the "frame address", so recursion needs no care.
 */

import { parseCall } from './calls.js';
import type { PassContext } from './context.js';
import type { IrBlock, IrFunction, IrModule } from './module.js';
import { attachment, opcodeOf, resultOf, targetsOf } from './module.js';

/** What of the passes' context it needs. */
type Noting = Pick<PassContext, 'debug' | 'notes'>;

export function structuredExceptions(module: IrModule, context: Noting): void {
  for (const fn of module.functions) {
    const frame = escapedFrame(fn);
    let invokes = false;
    for (const block of fn.blocks) {
      noteHandlers(block, fn, context);
      invokes = lowerTerminator(block) || invokes;
      lowerFrameAccess(block, frame);
    }
    fn.header = fn.header.replace(/ personality ptr (?:@"[^"]*"|@[-\w.$]+)/, '');
    if (invokes) {
      dropUnreachable(fn);
    }
  }
  const names = [
    'llvm\\.(?:localescape|localaddress|localrecover|eh\\.|seh\\.)',
    '__C_specific_handler|__CxxFrameHandler3|_except_handler',
  ];
  const gone = new RegExp(`@(?:${names.join('|')})`);
  module.declarations = module.declarations.filter((d) => !gone.test(d.name));
}

/**
 * One note per function with an `__except`, at the end of its `__try` block (the front end gives the handler no place
 * of its own).
 */
function noteHandlers(block: IrBlock, fn: IrFunction, context: Noting): void {
  const pad = block.instructions.find((i) => opcodeOf(i) === 'catchswitch');
  if (pad === undefined) {
    return;
  }
  const location = context.debug.location(context.debug.of(pad));
  const owner = context.debug.functionName(attachment(fn.header, 'dbg'));
  const message =
    `the __except of this __try in ${owner} never runs here: an access violation or a raised status ends the test ` +
    'as a finding instead';
  if (!context.notes.some((n) => n.message === message && n.file === location.file)) {
    context.notes.push({
      severity: 'note',
      file: location.file,
      line: location.line,
      column: location.column,
      message,
    });
  }
}

/** invoke → call and a branch to where it returns. True when the block ended in one. */
function lowerTerminator(block: IrBlock): boolean {
  const last = block.instructions.length - 1;
  const text = block.instructions[last] ?? '';
  if (opcodeOf(text) !== 'invoke') {
    return false;
  }
  const normal = targetsOf(text)[0] ?? '';
  const dbg = attachment(text, 'dbg');
  const at = dbg < 0 ? '' : `, !dbg !${dbg}`;
  const call = text.slice(0, text.indexOf('\n')).trimEnd().replace('invoke ', 'call ');
  const lowered = /@llvm\.seh\.(?:try|scope)\./.test(call) ? [] : [call + at];
  block.instructions.splice(last, 1, ...lowered, `br label %${normal}${at}`);
  return true;
}

/** Replaces the `localescape` call by stores into `%vsp.frame`; answers whether the function has one. */
function escapedFrame(fn: IrFunction): boolean {
  const entry = fn.blocks[0];
  const index = entry?.instructions.findIndex((i) => i.includes('@llvm.localescape(')) ?? -1;
  if (entry === undefined || index < 0) {
    return false;
  }
  const operands = parseCall(entry.instructions[index] ?? '')?.operands ?? [];
  const type = `[${Math.max(1, operands.length)} x ptr]`;
  const stores = operands.flatMap((operand, i) => [
    `%vsp.escape.${i} = getelementptr inbounds ${type}, ptr %vsp.frame, i64 0, i64 ${i}`,
    `store ${operand}, ptr %vsp.escape.${i}, align 8`,
  ]);
  entry.instructions.splice(index, 1, ...stores);
  entry.instructions.unshift(`%vsp.frame = alloca ${type}, align 8`);
  return true;
}

function lowerFrameAccess(block: IrBlock, hasFrame: boolean): void {
  for (let i = 0; i < block.instructions.length; i++) {
    const text = block.instructions[i] ?? '';
    if (!text.includes('@llvm.local') && !text.includes('@llvm.eh.recoverfp')) {
      continue;
    }
    const result = resultOf(text) ?? '';
    const operands = parseCall(text)?.operands ?? [];
    if (text.includes('@llvm.localaddress(')) {
      block.instructions[i] = `${result} = getelementptr i8, ptr ${hasFrame ? '%vsp.frame' : 'null'}, i64 0`;
    } else if (text.includes('@llvm.eh.recoverfp(')) {
      block.instructions[i] = `${result} = getelementptr i8, ${operands[1] ?? 'ptr null'}, i64 0`;
    } else if (text.includes('@llvm.localrecover(')) {
      const slot = `%vsp.recover.${result.slice(1).replaceAll('"', '')}`;
      const index = (operands[2] ?? 'i32 0').replace('i32 ', 'i64 ');
      block.instructions.splice(
        i,
        1,
        `${tokenFor(slot)} = getelementptr inbounds ptr, ${operands[1] ?? 'ptr null'}, ${index}`,
        `${result} = load ptr, ptr ${tokenFor(slot)}, align 8`,
      );
      i++;
    }
  }
}

function tokenFor(name: string): string {
  return /^%[-\w.$]+$/.test(name) ? name : `%"${name.slice(1)}"`;
}

/** Removes blocks that only an unwind reached, and their entries in phis. */
export function dropUnreachable(fn: IrFunction): void {
  const byLabel = new Map(fn.blocks.map((b) => [b.label, b]));
  const first = fn.blocks[0];
  const seen = new Set<IrBlock>();
  const open = first === undefined ? [] : [first];
  for (let block = open.pop(); block !== undefined; block = open.pop()) {
    if (seen.has(block)) {
      continue;
    }
    seen.add(block);
    for (const target of targetsOf(block.instructions.at(-1) ?? '')) {
      const next = byLabel.get(target);
      if (next !== undefined) {
        open.push(next);
      }
    }
  }
  if (seen.size === fn.blocks.length) {
    return;
  }
  const gone = fn.blocks.filter((b) => !seen.has(b)).map((b) => `%${b.label}`);
  fn.blocks = fn.blocks.filter((b) => seen.has(b));
  for (const block of fn.blocks) {
    block.instructions = block.instructions.map((text) =>
      opcodeOf(text) === 'phi' ? withoutIncoming(text, gone) : text,
    );
  }
}

function withoutIncoming(phi: string, gone: readonly string[]): string {
  let text = phi;
  for (const label of gone) {
    for (let at = text.indexOf(`, ${label} ]`); at >= 0; at = text.indexOf(`, ${label} ]`)) {
      const open = text.lastIndexOf('[', at);
      const close = at + label.length + 4;
      const next = text.startsWith(', [', close) ? close + 2 : close;
      text =
        next === close
          ? text.slice(0, open).replace(/, $/, '') + text.slice(close)
          : text.slice(0, open) + text.slice(next);
    }
  }
  return text;
}
