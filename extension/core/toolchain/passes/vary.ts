/** The first fields of `struct vsp_vary` (wdk/runtime/variant.h), as driver code made for differential runs names them. */

import type { IrModule } from './module.js';

const field = (offset: number): string => `getelementptr (i8, ptr @vsp_vary, i64 ${offset})`;

export const FLOW = field(8);
export const STEPS = field(16);
export const NEXT = field(24);

/** Declares the structure; the offsets above and `fresh` at 0 are all that is known of it here. */
export function addVary(module: IrModule): void {
  if (!module.globals.some(({ name }) => name === '@vsp_vary')) {
    module.globals.push({ name: '@vsp_vary', rest: 'external global [4 x i64]' });
  }
}
