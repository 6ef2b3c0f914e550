/** From parsed options to what each stage of a run wants to know. */
import { existsSync, statSync } from 'node:fs';
import { parseModes } from '../core/kmcl/modes.js';
import type { Checks, SimulationOptions } from '../core/kmcl/simulation.js';
import { RULES } from '../core/rules/catalogue.js';
import { parseDriverOption } from '../core/run/discover.js';
import { joinPath } from '../core/run/paths.js';
import { DEFAULT_PACKETS, type PlanOptions } from '../core/run/plan.js';
import type { CompileOptions } from '../core/toolchain/module.js';
import { slashed } from '../worker/projectFiles.js';
import { CommandError } from './host.js';
import type { ParsedOptions } from './options.js';

export interface RunSettings {
  /** Absolute, with `/`. */
  readonly cwd: string;
  readonly paths: readonly string[];
  readonly drivers: readonly { readonly name: string; readonly glob: string }[];
  readonly compile: CompileOptions;
  readonly compileTimeout: number | undefined;
  readonly plan: PlanOptions;
  readonly simulation: SimulationOptions;
  readonly timeout: number | undefined;
  readonly jobs: number | undefined;
  readonly format: 'table' | 'json';
  readonly out: string | undefined;
}

const GIB = 2 ** 30;
/** Reports show the state bytes of that many packets, unless --hex asks for all. */
const CAPTURED_PACKETS = 10_000;
const ALL_PACKETS = 2 ** 32 - 1;
/** Back-edges and calls of one test: some seconds of checked code, so that the wall clock is only the backstop. */
const BASE_BUDGET = 100_000_000;
const BUDGET_PER_PACKET = 2_000;

function stubValues(texts: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    texts.map((text) => {
      const [, name = '', value = ''] = /^([A-Za-z_]\w*)=(-?(?:\d+|0[xX][0-9a-fA-F]+))$/.exec(text) ?? [];
      if (name === '') throw new CommandError(`--stub ${text}: expected NAME=VALUE with a whole number`);
      const sign = value.startsWith('-') ? -1 : 1;
      return [name, sign * Number(value.replace('-', ''))];
    }),
  );
}

function drivers(texts: readonly string[]): RunSettings['drivers'] {
  return texts.map((text) => {
    const parsed = parseDriverOption(text);
    if (parsed === undefined) throw new CommandError(`--driver ${text}: expected NAME=GLOB`);
    return parsed;
  });
}

function folders(texts: readonly string[], cwd: string): readonly string[] {
  return texts.map((text) => {
    const folder = joinPath(cwd, slashed(text));
    if (!existsSync(folder)) throw new CommandError(`--include ${text}: no such folder`);
    if (!statSync(folder).isDirectory()) throw new CommandError(`--include ${text}: not a folder`);
    return folder;
  });
}

function macros(texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    if (!/^[A-Za-z_]\w*(?:\([\w, .]*\))?(?:=|$)/.test(text)) {
      throw new CommandError(`--define ${text}: expected NAME or NAME=VALUE`);
    }
  }
  return texts;
}

/** Throws CommandError for values that look right one by one and are not. */
export function runSettings(options: ParsedOptions, directory: string): RunSettings {
  const { texts, numbers, lists, flags, operands } = options;
  const list = (name: string): readonly string[] => lists.get(name) ?? [];
  const cwd = slashed(directory);
  const modes = parseModes(list('mode'));
  if (!modes.ok) throw new CommandError(modes.message);
  const checks = (texts.get('checks') ?? 'full') as Checks;
  const optimize = texts.get('optimize') ?? (checks === 'off' ? '2' : '0');
  const format = (texts.get('format') ?? 'table') as RunSettings['format'];
  const named = drivers(list('driver'));
  const packets = numbers.get('packets');
  const text = <Key extends 'save' | 'restore' | 'context'>(key: Key): { readonly [Name in Key]?: string } => {
    const value = texts.get(key);
    return value === undefined ? {} : ({ [key]: value } as { readonly [Name in Key]: string });
  };
  return {
    cwd,
    paths: (operands.length === 0 && named.length === 0 ? ['.'] : operands).map((path) => joinPath(cwd, slashed(path))),
    drivers: named,
    compile: {
      optimize: optimize === '2' ? 2 : 0,
      checked: checks !== 'off',
      arch: (texts.get('arch') ?? 'x64') as CompileOptions['arch'],
      defines: macros(list('define')),
      includes: folders(list('include'), cwd),
    },
    compileTimeout: numbers.get('compile-timeout'),
    plan: {
      tests: list('test'),
      ...(packets === undefined ? {} : { packets }),
      ...text('save'),
      ...text('restore'),
      ...text('context'),
    },
    simulation: {
      checks,
      seed: numbers.get('seed') ?? 1,
      modes: modes.choices,
      memoryLimit: numbers.get('memory') ?? GIB,
      budget: BASE_BUDGET + (packets ?? DEFAULT_PACKETS) * BUDGET_PER_PACKET,
      captureLimit: format === 'json' ? (flags.has('hex') ? ALL_PACKETS : CAPTURED_PACKETS) : 0,
      chunkBuffer: numbers.get('chunk-buffer') ?? 0,
      stubValues: stubValues(list('stub')),
      stubsAllowed: texts.get('stubs') !== 'deny',
      ruleNames: RULES.map(({ id }) => id),
    },
    timeout: numbers.get('timeout'),
    jobs: numbers.get('jobs'),
    format,
    out: texts.get('out'),
  };
}
