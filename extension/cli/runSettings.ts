/** From parsed options to what each stage of a run wants to know. */
import { existsSync, statSync } from 'node:fs';
import type { Checks, SimulationOptions } from '../core/kmcl/simulation.js';
import { parseDriverOption } from '../core/run/discover.js';
import { joinPath } from '../core/run/paths.js';
import { PACKETS_RUN, type PlanOptions } from '../core/run/plan.js';
import type { Replay } from '../core/run/replay.js';
import type { StressLevel } from '../core/run/stressInjection.js';
import type { CompileOptions } from '../core/toolchain/module.js';
import { CAPTURED_PACKETS, macros, SettingError, simulationOptions } from '../worker/engineSettings.js';
import { slashed } from '../worker/projectFiles.js';
import { FORMATS, type Format } from './formats.js';
import { CommandError } from './host.js';
import type { ParsedOptions } from './options.js';
import { readReplay } from './replays.js';

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
  readonly stress: 'none' | StressLevel | Replay | undefined;
  readonly jobs: number | undefined;
  readonly format: Format;
  readonly out: string | undefined;
}

/** Packets whose stores are noted where no bytes are shown: findings name fields of their records. */
const NAMED_PACKETS = 256;
const ALL_PACKETS = 2 ** 32 - 1;

function drivers(texts: readonly string[]): RunSettings['drivers'] {
  return texts.map((text) => {
    const parsed = parseDriverOption(text);
    if (parsed === undefined) throw new CommandError(`--driver ${text}: expected NAME=GLOB`);
    return parsed;
  });
}

/** Folders of --include, absolute. Throws CommandError. */
export function folders(texts: readonly string[], cwd: string): readonly string[] {
  return texts.map((text) => {
    const folder = joinPath(cwd, slashed(text));
    if (!existsSync(folder)) throw new CommandError(`--include ${text}: no such folder`);
    if (!statSync(folder).isDirectory()) throw new CommandError(`--include ${text}: not a folder`);
    return folder;
  });
}

/** Throws CommandError for values that look right one by one and are not. */
export function runSettings(options: ParsedOptions, directory: string): RunSettings {
  try {
    return settingsOf(options, directory);
  } catch (error) {
    throw error instanceof SettingError ? new CommandError(error.message) : error;
  }
}

/** Records cut short are found by the memory checks. */
function stressLevel(level: string | undefined, checks: Checks): 'none' | StressLevel | undefined {
  if (level === undefined || level === 'none') return level;
  if (checks === 'off') throw new CommandError(`--stress ${level} needs --checks contract or full`);
  return level as StressLevel;
}

/** Options that say what the file says are refused: one of the two would not be what was meant. */
function replayOf({ texts, lists }: ParsedOptions, directory: string): Replay | undefined {
  const file = texts.get('replay');
  if (file === undefined) return undefined;
  const stress = texts.get('stress') ?? 'none';
  if (stress !== 'none') throw new CommandError(`--replay and --stress ${stress} cannot be given together`);
  if (lists.has('test'))
    throw new CommandError('--replay and --test cannot be given together: the file names its test');
  if (texts.get('checks') === 'off') throw new CommandError('--replay needs --checks contract or full');
  return readReplay(file, directory);
}

function settingsOf(options: ParsedOptions, directory: string): RunSettings {
  const { texts, numbers, lists, flags } = options;
  const replay = replayOf(options, directory);
  const list = (name: string): readonly string[] => lists.get(name) ?? [];
  const cwd = slashed(directory);
  const checks = (texts.get('checks') ?? 'full') as Checks;
  const optimize = texts.get('optimize') ?? replay?.settings.optimize.toString() ?? (checks === 'off' ? '2' : '0');
  const format = (texts.get('format') ?? 'table') as Format;
  const named = drivers(list('driver'));
  const packets = numbers.get('packets') ?? replay?.settings.packets;
  const operands = options.operands.length === 0 && named.length === 0 ? (replay?.paths ?? []) : options.operands;
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
      differential: checks === 'full',
      arch: (texts.get('arch') ?? replay?.settings.arch ?? 'x64') as CompileOptions['arch'],
      defines: macros([...(replay?.settings.defines ?? []), ...list('define')]),
      includes: folders(list('include'), cwd),
    },
    compileTimeout: numbers.get('compile-timeout'),
    plan: {
      tests: replay === undefined || replay.test === PACKETS_RUN ? list('test') : [replay.test],
      ...(packets === undefined ? {} : { packets }),
      ...text('save'),
      ...text('restore'),
      ...text('context'),
    },
    simulation: simulationOptions({
      checks,
      packets,
      seed: numbers.get('seed') ?? replay?.settings.seed,
      modes: [...(replay?.settings.modes ?? []), ...list('mode')],
      memoryLimit: numbers.get('memory'),
      captureLimit: FORMATS[format].showsBytes ? (flags.has('hex') ? ALL_PACKETS : CAPTURED_PACKETS) : NAMED_PACKETS,
      chunkBuffer: numbers.get('chunk-buffer') ?? replay?.settings.chunkBuffer,
      stubs: list('stub'),
      stubsAllowed: texts.get('stubs') !== 'deny',
    }),
    timeout: numbers.get('timeout'),
    stress: replay ?? stressLevel(texts.get('stress'), checks),
    jobs: numbers.get('jobs'),
    format,
    out: texts.get('out'),
  };
}
