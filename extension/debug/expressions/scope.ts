/** The names an expression may use, and where they lead. */
import type { Type } from './types.js';

export type Found =
  /** Something in memory; `address` is asked anew for each evaluation and may throw MemoryError. */
  | { readonly kind: 'variable'; readonly type: Type; address(): number }
  /** A constant, or a register of the simulated kernel. */
  | { readonly kind: 'value'; readonly type: Type; value(): number | bigint }
  /** A function, as the value pointers to it have. */
  | { readonly kind: 'function'; readonly type: Type; value(): number | bigint };

export interface Scope {
  /** Variables of the frame first, then globals, functions and registers (`$irql`). */
  find(name: string): Found | undefined;
  /** What an object-like macro of the driver stands for. */
  macro?(name: string): string | undefined;
  /** Names for "did you mean" and completion. */
  names?(): readonly string[];
}
