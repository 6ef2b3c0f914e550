/** Help texts, made from the tables that parse the command line. */
import { MODES } from '../core/kmcl/modes.js';
import { WIDTH } from '../core/run/style.js';
import { wrap } from '../core/run/tableFindings.js';
import { CHECK_OPTIONS } from './checkOptions.js';
import { type OptionRow, RUN_OPTIONS } from './runOptions.js';
import { SCAFFOLD_OPTIONS } from './scaffoldOptions.js';

export interface CommandRow {
  readonly name: string;
  readonly usage: string;
  readonly help: string;
  /** Not there yet. */
  readonly later?: true;
}

export const COMMANDS = [
  { name: 'run', usage: '[paths...]', help: 'compile drivers and run them in the simulator' },
  { name: 'explain', usage: '[RULE]', help: 'what a rule means, why, and how to mend it; without a rule all of them' },
  { name: 'check', usage: '[paths...]', help: 'static rules only, no run' },
  {
    name: 'scaffold',
    usage: '--file F --context STRUCT',
    help: 'write the callbacks for a context struct',
  },
  { name: 'diff', usage: 'A.json B.json', help: 'compare two reports', later: true },
  { name: 'layout', usage: '[paths...]', help: 'layouts of saved records', later: true },
  { name: 'decode', usage: 'FILE', help: 'decode a saved state', later: true },
  { name: 'dap', usage: '', help: 'debug adapter on stdin and stdout, for any editor' },
  { name: 'project', usage: 'FILE', help: 'read a Visual Studio project', later: true },
] as const satisfies readonly CommandRow[];

const rows: readonly CommandRow[] = COMMANDS;

function columns(left: string, right: string, width: number): readonly string[] {
  const lines = wrap(right, WIDTH - width - 2);
  const head = `  ${left}`;
  const apart = head.length > width ? [head] : [];
  return [
    ...apart,
    ...lines.map((line, index) => `${(index === 0 && apart.length === 0 ? head : '').padEnd(width)}  ${line}`),
  ];
}

function optionHead(row: OptionRow): string {
  const value = row.value.kind === 'choice' ? row.value.values.join('|') : (row.placeholder ?? '');
  const short = (row.short ?? []).filter((spelling) => spelling.startsWith('-')).map((spelling) => `${spelling}, `);
  return `${short.join('')}--${row.name}${value === '' ? '' : ` ${value}`}`;
}

function later(row: { readonly later?: boolean; readonly meanwhile?: readonly string[] }): string {
  if (row.later !== true) return '';
  return row.meanwhile === undefined ? ' (comes later)' : ` (${row.meanwhile.join(' and ')} for now)`;
}

export function mainHelp(): string {
  return [
    'VSP Lab runs the packet save and restore callbacks of a VMBus driver in a',
    'simulated channel.',
    '',
    'Usage: vsp-lab COMMAND [paths and options]',
    '',
    ...rows.flatMap((row) => columns(`${row.name} ${row.usage}`.trim(), row.help + later(row), 30)),
    '',
    '  vsp-lab COMMAND --help says more; vsp-lab --version prints the version.',
    '',
  ].join('\n');
}

function runHelp(): string {
  return [
    'Usage: vsp-lab run [paths...] [options]',
    '',
    ...wrap(
      'Compiles the C and C++ files of each path (the current folder by default) and runs their VSPLAB_TESTs, or ' +
        'without any the save and ' +
        'restore callbacks over packets in flight.',
      WIDTH,
    ),
    '',
    'Options:',
    ...RUN_OPTIONS.flatMap((row) => columns(optionHead(row), row.help + later(row), 26)),
    '',
    'Modes (the default comes first):',
    ...MODES.flatMap((mode) =>
      columns(`${mode.id}=`, `${mode.values.map(([name]) => name).join('|')}: ${mode.title}`, 14),
    ),
    '',
    'Exit status: 0 every test passed and nothing of severity error was found,',
    '1 a test failed or such a finding, 2 it could not run.',
    '',
  ].join('\n');
}

function checkHelp(): string {
  return [
    'Usage: vsp-lab check [paths...] [options]',
    '',
    ...wrap(
      'Compiles the C and C++ files of each path (the current folder by default) and looks for what their callbacks ' +
        'do wrong on some way through them. Nothing is run; fixtures are not looked at.',
      WIDTH,
    ),
    '',
    'Options:',
    ...CHECK_OPTIONS.flatMap((row) => columns(optionHead(row), row.help + later(row), 26)),
    '',
    'Exit status: 0 nothing of severity error was found, 1 such a finding, 2 a driver',
    'could not be compiled.',
    '',
  ].join('\n');
}

function scaffoldHelp(): string {
  return [
    'Usage: vsp-lab scaffold --file F --context STRUCT [options]',
    '',
    ...wrap(
      'Writes a versioned record, the save and the restore callback and what they need into the source, and tests into ' +
        'a new file next to it. What is there already is never changed; what cannot be done changes nothing.',
      WIDTH,
    ),
    '',
    'Options:',
    ...SCAFFOLD_OPTIONS.flatMap((row) => columns(optionHead(row), row.help, 26)),
    '',
    'Exit status: 0 written, 2 nothing was written and why.',
    '',
  ].join('\n');
}

/** Help of a command. */
export function commandHelp(name: string): string {
  if (name === 'run') return runHelp();
  if (name === 'check') return checkHelp();
  if (name === 'scaffold') return scaffoldHelp();
  const row = rows.find((each) => each.name === name);
  return row === undefined ? mainHelp() : `Usage: vsp-lab ${row.name} ${row.usage}\n\n${row.help}${later(row)}\n`;
}
