/** From what a person may set to what each stage of a run wants to know: the same for the command line and editors. */
import { parseModes } from '../core/kmcl/modes.js';
import type { Checks, SimulationOptions } from '../core/kmcl/simulation.js';
import { RULES } from '../core/rules/catalogue.js';
import { DEFAULT_PACKETS } from '../core/run/plan.js';

/** Something the user has to mend: its message names the option and the value. */
export class SettingError extends Error {}

const GIB = 2 ** 30;
/** Back-edges and calls of one test: some seconds of checked code, so that the wall clock is only the backstop. */
const BASE_BUDGET = 100_000_000;
const BUDGET_PER_PACKET = 2_000;
/** State bytes are kept of so many packets, unless all are asked for. */
export const CAPTURED_PACKETS = 10_000;

/** Absent ones have the defaults of `vsp-lab run`. */
export interface SimulationSettings {
  readonly checks?: Checks | undefined;
  readonly seed?: number | undefined;
  readonly packets?: number | undefined;
  /** `ID=VALUE`. */
  readonly modes?: readonly string[] | undefined;
  /** `NAME=VALUE`. */
  readonly stubs?: readonly string[] | undefined;
  readonly stubsAllowed?: boolean | undefined;
  readonly memoryLimit?: number | undefined;
  readonly captureLimit?: number | undefined;
  readonly chunkBuffer?: number | undefined;
}

/** Throws SettingError. */
export function simulationOptions(settings: SimulationSettings): SimulationOptions {
  const modes = parseModes(settings.modes ?? []);
  if (!modes.ok) throw new SettingError(modes.message);
  return {
    checks: settings.checks ?? 'full',
    seed: settings.seed ?? 1,
    modes: modes.choices,
    memoryLimit: settings.memoryLimit ?? GIB,
    budget: BASE_BUDGET + (settings.packets ?? DEFAULT_PACKETS) * BUDGET_PER_PACKET,
    captureLimit: settings.captureLimit ?? CAPTURED_PACKETS,
    chunkBuffer: settings.chunkBuffer ?? 0,
    stubValues: stubValues(settings.stubs ?? []),
    stubsAllowed: settings.stubsAllowed ?? true,
    ruleNames: RULES.map(({ id }) => id),
  };
}

/** Values by name; throws SettingError. */
export function stubValues(texts: readonly string[]): ReadonlyMap<string, number> {
  return new Map(
    texts.map((text) => {
      const [, name = '', value = ''] = /^([A-Za-z_]\w*)=(-?(?:\d+|0[xX][0-9a-fA-F]+))$/.exec(text) ?? [];
      if (name === '') throw new SettingError(`--stub ${text}: expected NAME=VALUE with a whole number`);
      const sign = value.startsWith('-') ? -1 : 1;
      return [name, sign * Number(value.replace('-', ''))];
    }),
  );
}

/** The macros as they were given; throws SettingError for what is none. */
export function macros(texts: readonly string[]): readonly string[] {
  for (const text of texts) {
    if (!/^[A-Za-z_]\w*(?:\([\w, .]*\))?(?:=|$)/.test(text)) {
      throw new SettingError(`--define ${text}: expected NAME or NAME=VALUE`);
    }
  }
  return texts;
}
