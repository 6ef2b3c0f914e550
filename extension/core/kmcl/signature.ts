/**
 * Signatures of functions that cross between TypeScript and the module. One letter each, result first, then `:`, then
 * parameters:
 * `p` pointer or 64-bit unsigned (bigint at the border, number here), `q` 64-bit signed, `u` 32-bit unsigned, `i`
 * 32-bit signed, `h` 16-bit, `b` 8-bit (callers leave the upper bits undefined), `s` NTSTATUS (unsigned here), `v`
 * nothing.
 */
export type Signature = `${'p' | 'q' | 'u' | 'i' | 'h' | 'b' | 's' | 'v'}:${string}`;

/** A value as the engine passes it: i64 as bigint, i32 as number. */
export type WasmValue = number | bigint | undefined;

/**
 * A value from the module. 64-bit values beyond 2^53 lose their low bits: fit for addresses and counts, not for
 * transaction ids.
 */
export function fromWasm(letter: string, value: WasmValue): number {
  switch (letter) {
    case 'p':
      return Number(BigInt.asUintN(64, value as bigint));
    case 'q':
      return Number(BigInt.asIntN(64, value as bigint));
    case 'u':
    case 's':
      return (value as number) >>> 0;
    case 'i':
      return (value as number) | 0;
    case 'h':
      return (value as number) & 0xffff;
    case 'b':
      return (value as number) & 0xff;
    default:
      return 0;
  }
}

/** A value for the module. */
export function toWasm(letter: string, value: number): WasmValue {
  switch (letter) {
    case 'p':
    case 'q':
      return BigInt(value);
    case 'v':
      return undefined;
    default:
      return value | 0;
  }
}

/** Letters of the parameters. */
export function parametersOf(signature: Signature): string {
  return signature.slice(2);
}
