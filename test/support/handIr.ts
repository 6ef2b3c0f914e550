/** The analysis of paths over IR that a test writes by hand: what checks see, as lines of text. */
import type { Check, LibraryCall } from '../../extension/core/rules/static/flow/check.js';
import { LIMITS, type Limits, Machine } from '../../extension/core/rules/static/flow/machine.js';
import type { Path } from '../../extension/core/rules/static/flow/path.js';
import { Program } from '../../extension/core/rules/static/flow/program.js';
import { entriesOf } from '../../extension/core/rules/static/flow/roles.js';
import type { Value } from '../../extension/core/rules/static/flow/values.js';
import { DebugInfo } from '../../extension/core/toolchain/passes/locations.js';
import { parseModule } from '../../extension/core/toolchain/passes/module.js';

export function programOf(ir: string): Program {
  const module = parseModule(ir);
  const unit = { module, debug: new DebugInfo(module.metadata, (path) => path), isCpp: false };
  return new Program([unit], () => false);
}

/** `7`, `4..9`, `0..3|8..15`: what a path knows the value to be; `?` for anything of its width. */
export function known(value: Value | undefined, path: Path): string {
  if (value === undefined) return 'none';
  const ranges = path.range(value);
  const [first] = ranges;
  if (ranges.length === 1 && first?.[0] === 0n && first[1] === (1n << BigInt(value.bits)) - 1n) return '?';
  return ranges.map(([low, high]) => (low === high ? `${low}` : `${low}..${high}`)).join('|');
}

/** Walks every function that nobody calls, and lists the calls that leave the driver and the answers, path by path. */
export function walked(ir: string, more: Check = {}, limits: Limits = LIMITS): readonly string[] {
  const events: string[] = [];
  const listing: Check = {
    call: ({ name, operands }: LibraryCall, path) => {
      events.push(`${name}(${operands.map((operand) => known(operand, path)).join(', ')})`);
    },
    end: (result, path) => {
      events.push(`return ${known(result, path)}`);
    },
  };
  const program = programOf(ir);
  const machine = new Machine(program, [listing, more], () => undefined, limits);
  for (const entry of entriesOf(program)) machine.walk(entry, 'call');
  return events;
}
