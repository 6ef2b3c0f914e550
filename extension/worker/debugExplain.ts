/** What the rules make of a fault or a breach while the run stands there: as its report will tell it. */
import type { Explain, Told } from '../core/debug/incidents.js';
import { emptyEvents } from '../core/kmcl/events.js';
import { simulate } from '../core/kmcl/simulate.js';
import type {
  FaultRecord,
  LoadedDriver,
  Program,
  Simulate,
  SimulationOptions,
  SimulationResult,
} from '../core/kmcl/simulation.js';
import { breachFindings } from '../core/rules/breaches.js';
import { faultRule } from '../core/rules/faults.js';
import { simulateTellingGuest } from '../core/run/tellGuest.js';
import { simulateTellingNull } from '../core/run/tellNull.js';

/** A result of which only that much is known. */
function partial(known: Partial<SimulationResult>, program: Program): SimulationResult {
  return {
    ended: 'completed',
    breaches: [],
    expected: [],
    channels: [],
    records: new Uint8Array(),
    states: [],
    events: emptyEvents(),
    output: [],
    stubs: [],
    units: 0,
    memoryBytes: 0,
    contextSource: program.kind === 'test' ? 'fixture' : 'invented',
    ...known,
  };
}

export function explainer(loaded: LoadedDriver, program: Program, options: SimulationOptions): Explain {
  const { driver } = loaded;
  const known = new Map<string, Told>();
  return {
    fault: (fault) => {
      const key = JSON.stringify([fault.kind, fault.address, fault.size, fault.frames]);
      const told = known.get(key) ?? faultRule(driver, explained(fault, loaded, program, options));
      known.set(key, told);
      return told;
    },
    breach: (breach, records) => {
      const result = partial({ breaches: [breach], records }, program);
      const [draft] = breachFindings({ driver, result, checks: options.checks });
      return draft === undefined ? undefined : { rule: draft.rule, message: draft.message };
    },
  };
}

/** Some faults are only told by running again with one thing changed. */
function explained(
  fault: FaultRecord,
  loaded: LoadedDriver,
  program: Program,
  options: SimulationOptions,
): FaultRecord {
  let first: SimulationResult | undefined = partial({ ended: 'fault', fault }, program);
  const again: Simulate = (...run) => {
    const own = first;
    first = undefined;
    return own ?? simulate(...run);
  };
  const tellingNull: Simulate = (...run) => simulateTellingNull(again, ...run);
  return simulateTellingGuest(tellingNull, loaded, program, options).fault ?? fault;
}
