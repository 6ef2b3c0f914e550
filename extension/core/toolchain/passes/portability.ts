/**
 * What only a real processor has: intrinsics with a plain meaning get it, everything else is an error that names it,
 * because the back end would only say that it "cannot select" something.
 */

import { parseCall } from './calls.js';
import type { PassContext } from './context.js';
import { decodeString, tokenOf } from './lexer.js';
import { declare, type IrFunction, type IrModule, resultOf } from './module.js';

/** VSP_FAULT_ASSERT of vsp.h. */
const FAULT_ASSERT = 14;
const WAY_OUT = 'put it behind #ifndef VSPLAB, or give VSP Lab a portable version under #ifdef VSPLAB';

/** Hints and barriers between processors: nothing to do where one thread runs at a time. */
const NOTHING =
  /@llvm\.(?:x86\.sse2\.(?:pause|lfence|mfence)|x86\.sse\.sfence|aarch64\.(?:hint|dmb|dsb|isb)|prefetch\.\w+)\(/;
/** There is no return address or frame to look at: the answer is null. */
const NULL_ANSWER = /@llvm\.(?:returnaddress|addressofreturnaddress|frameaddress|sponentry)(?:\.p0)?\(/;
const FOREIGN = /@(llvm\.(?:x86|aarch64|arm|read_register|write_register|read_volatile_register)[\w.]*)\(/;
const SEGMENT = /addrspace\((25[678]|27[012])\)/;

export function portability(module: IrModule, context: PassContext): void {
  const texts = new Map<string, string>();
  for (const line of module.header.filter((l) => l.startsWith('module asm'))) {
    report(context, 0, `inline assembly cannot run in the simulator: ${WAY_OUT}`, decodeString(line.slice(12, -1)));
  }
  module.header = module.header.filter((l) => !l.startsWith('module asm'));
  virtualMemberPointers(module, context);
  for (const fn of module.functions) {
    for (const block of fn.blocks) {
      for (let i = 0; i < block.instructions.length; i++) {
        const text = block.instructions[i] ?? '';
        if (text.includes('@llvm.') || text.includes(' asm ') || text.includes('addrspace(2')) {
          const lowered = lower(text, fn, module, context, texts);
          block.instructions.splice(i, 1, ...lowered);
          i += lowered.length - 1;
        }
      }
    }
  }
  module.declarations = module.declarations.filter((d) => !NOTHING.test(d.text) && !NULL_ANSWER.test(d.text));
}

/**
 * The front end's function behind a pointer to a virtual member function: it passes on arguments it does not know, on a
 * register machine.
 */
const VIRTUAL_THUNK = /@"\?\?_9([^"]*?)@@\$B/;

function virtualMemberPointers(module: IrModule, context: PassContext): void {
  const thunks = module.functions.filter(({ name }) => VIRTUAL_THUNK.test(name));
  for (const thunk of thunks) {
    const owner = (VIRTUAL_THUNK.exec(thunk.name)?.[1] ?? '').split('@').reverse().join('::');
    const message =
      `a pointer to a virtual member function of ${owner} cannot be called in the simulator: call the function ` +
      'through a lambda or a plain function that takes the object';
    const uses = module.functions.flatMap((fn) =>
      fn.blocks.flatMap((block) =>
        block.instructions
          .filter((text) => text.includes(thunk.name))
          .map((text) => context.debug.of(text) || context.debug.indexOfFunction(fn)),
      ),
    );
    for (const location of uses.length > 0 ? uses : [context.debug.indexOfFunction(thunk)]) {
      report(context, location, message, owner);
    }
  }
}

/** What stands for an instruction: itself, its portable meaning, or nothing. */
function lower(
  text: string,
  fn: IrFunction,
  module: IrModule,
  context: PassContext,
  texts: Map<string, string>,
): readonly string[] {
  const location = context.debug.of(text) || context.debug.indexOfFunction(fn);
  if (NOTHING.test(text)) {
    return [];
  }
  if (NULL_ANSWER.test(text)) {
    return [`${resultOf(text) ?? '%vsp.nowhere'} = getelementptr i8, ptr null, i64 0`];
  }
  if (text.includes('@llvm.debugtrap(')) {
    return [fault(module, texts, '__debugbreak', 'i64 0', text)];
  }
  if (text.includes(' asm ')) {
    return assembly(text, location, module, context, texts);
  }
  const foreign = FOREIGN.exec(text)?.[1];
  const segment = SEGMENT.exec(text)?.[1];
  if (foreign !== undefined) {
    const name = foreign.replace(/^llvm\./, '');
    report(context, location, `processor intrinsic '${name}' cannot run in the simulator: ${WAY_OUT}`, name);
  } else if (segment !== undefined) {
    const what = segment.startsWith('25') ? 'a segment register (fs, gs)' : 'a 32-bit pointer (__ptr32)';
    report(context, location, `${what} cannot be used in the simulator: ${WAY_OUT}`, what);
  }
  return [text];
}

/** The front end emits `int 29h` for __fastfail and plain barriers as empty assembly; the rest is the user's own. */
function assembly(
  text: string,
  location: number,
  module: IrModule,
  context: PassContext,
  texts: Map<string, string>,
): readonly string[] {
  const call = parseCall(text);
  const source = decodeString(/^asm [^"]*"([^"]*)"/.exec(call?.callee ?? '')?.[1] ?? '').trim();
  if (/^int \$\$?(?:0x29|41)$|^brk #0xF003$/i.test(source)) {
    const code = call?.operands[0]?.replace(/^i32 (?:noundef )?/, '') ?? '0';
    if (/^\d+$/.test(code)) {
      return [fault(module, texts, '__fastfail', `i64 ${code}`, text)];
    }
    const wide = `%vsp.code.${texts.size}.${location}`;
    return [`${wide} = zext i32 ${code} to i64`, fault(module, texts, '__fastfail', `i64 ${wide}`, text)];
  }
  if (/^(?:int3|int \$\$?3|brk #0xF000)$/i.test(source)) {
    return [fault(module, texts, '__debugbreak', 'i64 0', text)];
  }
  if (/^(?:nop|pause|rep;? ?nop|yield|)$/.test(source) && resultOf(text) === undefined && call?.operands.length === 0) {
    return [];
  }
  report(context, location, `inline assembly cannot run in the simulator: ${WAY_OUT}`, source);
  return [text];
}

function fault(module: IrModule, texts: Map<string, string>, what: string, code: string, at: string): string {
  let token = texts.get(what);
  if (token === undefined) {
    token = tokenOf('@', `vsp.text.${what}`);
    texts.set(what, token);
    module.globals.push({
      name: token,
      rest: `private unnamed_addr constant [${what.length + 1} x i8] c"${what}\\00", align 1`,
    });
    declare(module, '@vsp_fault', 'declare void @vsp_fault(i32, i64, i64, i64) noreturn');
  }
  const dbg = /, !dbg !\d+/.exec(at)?.[0] ?? '';
  return `call void @vsp_fault(i32 ${FAULT_ASSERT}, i64 ptrtoint (ptr ${token} to i64), ${code}, i64 0)${dbg}`;
}

/** One error per place and message. */
function report(context: PassContext, index: number, message: string, detail: string): void {
  let location = context.debug.location(index);
  while (location.inlinedAt !== undefined && location.file.startsWith('<')) {
    location = location.inlinedAt;
  }
  const { file, line, column } = location;
  const known = context.errors.some((e) => e.file === file && e.line === line && e.message === message);
  if (!known) {
    context.errors.push({
      severity: 'error',
      file,
      line,
      column,
      message,
      ...(line === 0 ? { sourceLine: detail } : {}),
    });
  }
}
