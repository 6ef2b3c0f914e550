/** The IR of the functions that instrumented code calls. */

import { declare, type IrModule } from './module.js';

/** Equals VSP_MAX_FRAMES of vsp.h. */
export const MAX_FRAMES = 16384;

/** Back-edges an invocation takes before it pays for so many more, where optimised code counts in a register. */
export const BATCH = 64;

const TAKE_FRAME = `  %depth = load i32, ptr @vsp_depth, align 4
  %index = add i32 %depth, 1
  %full = icmp uge i32 %index, ${MAX_FRAMES}
  br i1 %full, label %overflow, label %room
overflow:
  call void @vsp_out_of_frames()
  unreachable
room:
  store i32 %index, ptr @vsp_depth, align 4
  %wide = zext i32 %index to i64
  %slot = getelementptr inbounds [${MAX_FRAMES} x i32], ptr @vsp_frames, i64 0, i64 %wide
  store i32 %location, ptr %slot, align 4`;

const spend = (units: number): string => `  %budget = load i64, ptr @vsp_budget, align 8
  %left = add i64 %budget, -${units}
  store i64 %left, ptr @vsp_budget, align 8
  %spent = icmp slt i64 %left, 0
  br i1 %spent, label %over, label %done
over:
  store i32 %location, ptr %slot, align 4
  call void @vsp_out_of_budget()
  unreachable
done:`;

/** `inlined` is their attribute where they are to be inlined, else nothing. */
const helpers = (inlined: string): readonly string[] => [
  `define internal ptr @vsp.enter(i32 %location) ${inlined}nounwind {
${TAKE_FRAME}
${spend(1)}
  ret ptr %slot
}`,
  `define internal ptr @vsp.enter.free(i32 %location) ${inlined}nounwind {\n${TAKE_FRAME}\n  ret ptr %slot\n}`,
  `define internal void @vsp.spend(ptr %slot, i32 %location) ${inlined}nounwind {\n${spend(1)}\n  ret void\n}`,
  `define internal void @vsp.count(ptr %units, ptr %slot, i32 %location) ${inlined}nounwind {
  %have = load i32, ptr %units, align 4
  %left = add i32 %have, -1
  store i32 %left, ptr %units, align 4
  %none = icmp eq i32 %left, 0
  br i1 %none, label %refill, label %done, !prof !{!"branch_weights", i32 1, i32 ${BATCH}}
refill:
  call void @vsp.refill(ptr %slot, i32 %location)
  store i32 ${BATCH}, ptr %units, align 4
  br label %done
done:
  ret void
}`,
  `define internal void @vsp.refill(ptr %slot, i32 %location) noinline cold nounwind {
${spend(BATCH)}
  ret void
}`,
  `define internal void @vsp.leave() ${inlined}nounwind {
  %depth = load i32, ptr @vsp_depth, align 4
  %outer = add i32 %depth, -1
  store i32 %outer, ptr @vsp_depth, align 4
  ret void
}`,
];

/**
 * Adds the helpers and what they refer to. Inlining makes code for -O0 half as fast to compile, and little faster to
 * run: `inlined` is for what is optimised anyway.
 */
export function addHelpers(module: IrModule, inlined: boolean): void {
  for (const [name, type] of [
    ['@vsp_frames', `[${MAX_FRAMES} x i32]`],
    ['@vsp_depth', 'i32'],
    ['@vsp_budget', 'i64'],
    ['@vsp_called', 'ptr'],
  ] as const) {
    if (!module.globals.some((g) => g.name === name)) {
      module.globals.push({ name, rest: `external global ${type}` });
    }
  }
  declare(module, '@vsp_out_of_frames', 'declare void @vsp_out_of_frames() noreturn');
  declare(module, '@vsp_out_of_budget', 'declare void @vsp_out_of_budget() noreturn');
  module.header.push(...helpers(inlined ? 'alwaysinline ' : ''));
}
