/** Options of `vsp-lab check`: those of `run` that say what is compiled, and how the report looks. */
import { type OptionRow, RUN_OPTIONS } from './runOptions.js';

const SHARED: ReadonlySet<string> = new Set(['include', 'define', 'driver', 'arch', 'compile-timeout', 'out']);

export const CHECK_OPTIONS: readonly OptionRow[] = [
  ...RUN_OPTIONS.filter(({ name }) => SHARED.has(name)),
  {
    name: 'format',
    value: { kind: 'choice', values: ['table', 'json', 'junit', 'sarif', 'msbuild'] },
    help: 'of the report (default table)',
  },
];
