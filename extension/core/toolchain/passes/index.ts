/** The stage between the Windows front end and the WebAssembly back end. */

import { readDebugInfo, typeReader } from '../debugInfo.js';
import { constructors } from './constructors.js';
import type { PassContext, TransformOptions, TransformResult } from './context.js';
import { debugHooks } from './debugHooks.js';
import { flow } from './flow.js';
import { freshLocals } from './freshLocals.js';
import { globalRedzones } from './globalRedzones.js';
import { guidsByValue } from './guidsByValue.js';
import { instrument } from './instrument.js';
import { linkage } from './linkage.js';
import { DebugInfo } from './locations.js';
import { type IrModule, parseModule, printModule } from './module.js';
import { portability } from './portability.js';
import { retarget } from './retarget.js';
import { stripDebugInfo } from './stripDebugInfo.js';
import { structuredExceptions } from './structuredExceptions.js';
import { widenVariadics } from './widenVariadics.js';

export type { CallUse, LocalVariable } from '../debugInfoFacts.js';
export type { DefinedFunction, TransformOptions, TransformResult } from './context.js';

export type Pass = (module: IrModule, context: PassContext) => void;

/** Reads the debug metadata while it is there; symbols have their final names. */
function facts(module: IrModule, context: PassContext): void {
  context.types = typeReader(context.debug);
  context.facts = readDebugInfo(module, context.debug, context.types);
}

/** In order: each one sees what the earlier ones left. */
export const passes: readonly Pass[] = [
  structuredExceptions,
  retarget,
  guidsByValue,
  linkage,
  facts,
  portability,
  constructors,
  widenVariadics,
  instrument,
  flow,
  debugHooks,
  freshLocals,
  globalRedzones,
  stripDebugInfo,
];

/**
 * Turns the IR of one translation unit, compiled for the MSVC x64 ABI (with debug info, value names kept:
 * no -discard-value-names), into IR for wasm64, and tells what it says about the source.
 *
 * At optimize 2 with memory checking the front end must have run its own passes (`-O0 -disable-O0-optnone`), because
 * `-disable-llvm-passes` also leaves out the sanitizer.
 */
export function transform(ir: string, options: TransformOptions): TransformResult {
  const module = parseModule(ir);
  const context: PassContext = {
    options,
    debug: new DebugInfo(module.metadata, options.pathOf),
    types: undefined,
    tables: undefined,
    facts: { functions: [], types: [], variables: [], pointerUses: [], recordUses: [], bufferUses: [], calls: [] },
    fixtures: [],
    transients: [],
    indirectCalls: [],
    undefinedData: [],
    undefinedFunctions: [],
    definedFunctions: [],
    definedData: [],
    notes: [],
    errors: [],
  };
  for (const pass of passes) {
    pass(module, context);
  }
  return {
    ir: printModule(module),
    locations: context.debug.locations,
    ...context.facts,
    ...(context.tables === undefined ? {} : { debug: context.tables }),
    fixtures: context.fixtures,
    transients: context.transients,
    indirectCalls: context.indirectCalls,
    undefinedData: context.undefinedData,
    undefinedFunctions: context.undefinedFunctions,
    definedFunctions: context.definedFunctions,
    definedData: context.definedData,
    notes: context.notes,
    errors: context.errors,
  };
}
