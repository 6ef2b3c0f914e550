/** Options of `vsp-lab run` (interfaces section 2): one table for parser and help. */

/** What a value must look like. */
type ValueKind =
  | { readonly kind: 'flag' }
  | { readonly kind: 'text' }
  | { readonly kind: 'list' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  | { readonly kind: 'number'; readonly minimum: number; readonly maximum: number };

export interface OptionRow {
  /** Long name without dashes. */
  readonly name: string;
  /** Short spellings with their dash or slash; a dash form also takes its value joined: `-Idir`. */
  readonly short?: readonly string[];
  readonly value: ValueKind;
  /** How the value is called in the help. */
  readonly placeholder?: string;
  readonly help: string;
  /** Not there yet: any value but those listed in `meanwhile` ends in "comes later". */
  readonly later?: boolean;
  readonly meanwhile?: readonly string[];
}

const WORD = 2 ** 32 - 1;
const HOUR = 3_600_000;

export const RUN_OPTIONS: readonly OptionRow[] = [
  { name: 'test', value: { kind: 'list' }, placeholder: 'GLOB', help: 'run only the tests whose name matches' },
  {
    name: 'packets',
    value: { kind: 'number', minimum: 1, maximum: 10_000_000 },
    placeholder: 'N',
    help: 'packets in flight when there is no fixture (default 8)',
  },
  {
    name: 'seed',
    value: { kind: 'number', minimum: 0, maximum: WORD },
    placeholder: 'N',
    help: 'of everything that is left to chance (default 1)',
  },
  {
    name: 'optimize',
    value: { kind: 'choice', values: ['0', '2'] },
    help: 'how the driver is compiled (default 0, with --checks off 2)',
  },
  {
    name: 'checks',
    value: { kind: 'choice', values: ['off', 'contract', 'full'] },
    help: 'off: sizes only; contract: protocol rules and memory; full: everything there is (default)',
  },
  {
    name: 'stress',
    value: { kind: 'choice', values: ['none', 'quick', 'full'] },
    help: 'run again with other buffers, damaged records and failing calls (default none)',
  },
  {
    name: 'mode',
    value: { kind: 'list' },
    placeholder: 'ID=VALUE',
    help: 'choose a reading of one ambiguity (listed below)',
  },
  {
    name: 'replay',
    value: { kind: 'text' },
    placeholder: 'FILE',
    help: 'repeat one input that --stress has found; its file says which',
  },
  {
    name: 'chunk-buffer',
    value: { kind: 'number', minimum: 0, maximum: 2 ** 30 },
    placeholder: 'BYTES',
    help: 'buffer of each SaveContinue call where the test leaves it open (default 0: 4096, growing)',
  },
  {
    name: 'timeout',
    value: { kind: 'number', minimum: 1, maximum: HOUR },
    placeholder: 'MS',
    help: 'wall-clock backstop of one test (default 10000)',
  },
  {
    name: 'memory',
    value: { kind: 'number', minimum: 4 << 20, maximum: 2 ** 34 },
    placeholder: 'BYTES',
    help: 'linear memory of one test (default 1073741824)',
  },
  {
    name: 'compile-timeout',
    value: { kind: 'number', minimum: 1, maximum: HOUR },
    placeholder: 'MS',
    help: 'wall-clock limit of compiling one driver (default 15000)',
  },
  {
    name: 'context',
    value: { kind: 'text' },
    placeholder: 'STRUCT',
    help: 'the type of a packet context, if several fit',
  },
  { name: 'save', value: { kind: 'text' }, placeholder: 'NAME', help: 'the save callback, if several fit' },
  { name: 'restore', value: { kind: 'text' }, placeholder: 'NAME', help: 'the restore callback, if several fit' },
  {
    name: 'include',
    short: ['-I', '/I'],
    value: { kind: 'list' },
    placeholder: 'DIR',
    help: 'look for headers here too, and allow reading them',
  },
  { name: 'define', short: ['-D', '/D'], value: { kind: 'list' }, placeholder: 'N[=V]', help: 'define a macro' },
  {
    name: 'driver',
    value: { kind: 'list' },
    placeholder: 'NAME=GLOB',
    help: 'the sources that match are one driver of that name',
  },
  {
    name: 'stub',
    value: { kind: 'list' },
    placeholder: 'NAME=VALUE',
    help: 'what a function nobody provides returns (default 0)',
  },
  {
    name: 'stubs',
    value: { kind: 'choice', values: ['allow', 'deny'] },
    help: 'whether functions nobody provides may be called (default allow)',
  },
  {
    name: 'arch',
    value: { kind: 'choice', values: ['x64', 'arm64'] },
    help: 'whose record layouts and predefined macros (default x64)',
  },
  { name: 'coverage', value: { kind: 'text' }, placeholder: 'FILE', help: 'write LCOV', later: true },
  { name: 'max-state', value: { kind: 'text' }, placeholder: 'BYTES', help: 'budget of state bytes', later: true },
  {
    name: 'baseline',
    value: { kind: 'text' },
    placeholder: 'FILE',
    help: 'compare with an earlier report',
    later: true,
  },
  { name: 'watch', value: { kind: 'flag' }, help: 'run again after each change', later: true },
  {
    name: 'format',
    value: { kind: 'choice', values: ['table', 'json', 'junit', 'sarif', 'html', 'csv', 'msbuild'] },
    help: 'of the report (default table)',
  },
  {
    name: 'hex',
    value: { kind: 'flag' },
    help: 'state bytes of all packets, not of the first 10000 only (JSON, HTML)',
  },
  { name: 'out', value: { kind: 'text' }, placeholder: 'FILE', help: 'write the report there instead of stdout' },
  {
    name: 'jobs',
    value: { kind: 'number', minimum: 1, maximum: 256 },
    placeholder: 'N',
    help: 'tests at the same time (default: processors, at most 8)',
  },
];
