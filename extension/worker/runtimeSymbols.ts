/** What the runtime's object must define, and what it may leave to the simulator. */
import { servedNames } from '../core/kmcl/host.js';
import { NATIVE_EXPORTS } from '../core/kmcl/native.js';
import { undefinedSymbols } from '../core/toolchain/objectSymbols.js';

/** What compiled code calls or touches by itself (vsp.h, toolchain/passes). */
const INSTRUMENTED: readonly string[] = [
  'vsp_frames',
  'vsp_depth',
  'vsp_budget',
  'vsp_called',
  'vsp_out_of_frames',
  'vsp_out_of_budget',
  '__asan_shadow_memory_dynamic_address',
];

/** One line for each name that would silently become a stub in every driver, or throw when TypeScript calls it. */
export function missingFromRuntime(object: Uint8Array, defined: ReadonlySet<string>): readonly string[] {
  const served = servedNames();
  return [
    ...undefinedSymbols(object)
      .filter((name) => !served.has(name))
      .map((name) => `the runtime uses '${name}', which neither C nor TypeScript defines`),
    ...[...NATIVE_EXPORTS, ...INSTRUMENTED]
      .filter((name) => !defined.has(name))
      .map((name) => `the runtime does not define '${name}', which others need`),
  ];
}
