/** Whether this very process can run our modules: 64-bit WebAssembly memory and tables (V8 13.3, Node 24). */

/**
 * An empty module with one 64-bit table and one 64-bit memory. Node 20 and 22 take the memory behind a flag but never
 * the table.
 */
export const MEMORY64_PROBE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 4, 4, 1, 112, 4, 0, 5, 3, 1, 4, 0);

export function hasMemory64(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(MEMORY64_PROBE);
}
