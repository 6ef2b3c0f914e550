/**
 * One stress run, from its settings to what it shows: what is judged is what the driver did, not how the test took it. A
 * failed assertion ends such a run silently (interfaces section 5), and so does a fault in the test's own code.
 */
import { FAULT } from '../kmcl/layout.js';
import type {
  BreachRecord,
  FaultRecord,
  LoadedDriver,
  Program,
  Simulate,
  SimulationOptions,
  SimulationResult,
} from '../kmcl/simulation.js';
import type { StressObservation } from '../kmcl/stressing.js';
import { breachFindings } from '../rules/breaches.js';
import type { Draft, RuleInput } from '../rules/draft.js';
import { faultFinding } from '../rules/faults.js';
import { explainLeaks } from '../rules/leakCauses.js';
import { oneFindingPerFault, withoutRepetitions } from '../rules/merge.js';
import { userPosition } from '../rules/positions.js';
import type { CompiledDriver } from '../toolchain/module.js';
import type { StressSettings } from './stressInjection.js';

/** What a run showed. */
export interface Shown {
  readonly draft: Draft;
  /** It ended the run. */
  readonly fault: boolean;
  /** The probe during which it happened. */
  readonly change?: number;
}

export interface Stressed {
  readonly ended: 'completed' | 'assertion' | 'fault';
  readonly units: number;
  readonly shown: readonly Shown[];
  readonly observation: StressObservation;
  /** Of a run that took notes: what it saved. */
  readonly saves?: Pick<SimulationResult, 'records' | 'channels' | 'states'>;
}

/** Packets whose saved bytes a run that takes notes keeps. */
const NOTED = 4096;
/** What the driver cannot help, or the simulator could not do. */
const SILENT: readonly number[] = [FAULT.UNSUPPORTED, FAULT.STUB, FAULT.ASSERT, FAULT.DEADLOCK];

/** Files that hold tests: what goes wrong there outside a callback is the test's. */
export function testFiles(driver: CompiledDriver): ReadonlySet<string> {
  return new Set(driver.fixtures.map(({ file }) => file));
}

/** Whether code of a test, not of the driver, did it. */
export function isTests(driver: CompiledDriver, frames: readonly number[], inCallback: boolean): boolean {
  const file = userPosition(driver.locations, frames)?.file;
  return !inCallback && (file === undefined || testFiles(driver).has(file));
}

function isTold(driver: CompiledDriver, fault: FaultRecord): boolean {
  return !SILENT.includes(fault.kind) && !isTests(driver, fault.frames, fault.context.callback !== null);
}

/** A leak's place is its allocation: in a callback only if the stack says so, which the rules look at. */
function isTestsBreach(driver: CompiledDriver, { frames, context, rule }: BreachRecord): boolean {
  if (rule !== 'mem-leak') return isTests(driver, frames, context.callback !== null);
  return isTests(
    driver,
    frames,
    frames.some((frame) => frame >= 0x80000000),
  );
}

/** Whole runs fold what one fault caused; of a probing run each probe by itself. */
export function shownBy(input: RuleInput): readonly Shown[] {
  const { result, driver } = input;
  const breaches = result.breaches.filter((each) => !isTestsBreach(driver, each));
  const told = result.fault !== undefined && isTold(driver, result.fault) ? result.fault : undefined;
  const current = result.stressed?.current ?? undefined;
  const { fault: _fault, assertion: _assertion, ...rest } = result;
  const probes = new Set([...breaches.map(({ change }) => change), ...(told === undefined ? [] : [current])]);
  return [...probes].flatMap((change) => {
    const mine = breaches.filter((each) => each.change === change);
    const part = { ...input, result: { ...rest, breaches: mine } };
    const end =
      told !== undefined && current === change
        ? faultFinding({ ...part, result: { ...part.result, fault: told } })
        : undefined;
    const drafts = withoutRepetitions([...breachFindings(part), ...(end === undefined ? [] : [end])]);
    const folded = oneFindingPerFault(explainLeaks(drafts, part));
    return folded.map((draft) => ({
      draft,
      fault:
        end !== undefined &&
        (draft.message === end.message || draft.related.some(({ message }) => message.endsWith(end.message))),
      ...(change === undefined ? {} : { change }),
    }));
  });
}

export function runStressed(
  simulate: Simulate,
  loaded: LoadedDriver,
  program: Program,
  options: SimulationOptions,
  settings: StressSettings,
): Stressed {
  const notes = settings.stress.note === true;
  const result = simulate(loaded, program, { ...options, captureLimit: notes ? NOTED : 0, ...settings });
  if (result.stressed === undefined) throw new TypeError('a stress run has no observation');
  return {
    ended: result.ended,
    units: result.units,
    // No test has caused what a run shows that went well without an injection.
    shown: shownBy({ driver: loaded.driver, result: { ...result, contextSource: 'driver' }, checks: 'contract' }),
    observation: result.stressed,
    ...(notes ? { saves: { records: result.records, channels: result.channels, states: result.states } } : {}),
  };
}
