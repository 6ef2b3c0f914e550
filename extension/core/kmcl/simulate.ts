/** The door: one program of one driver, run to its end (simulation.ts). */
import type { FixtureEntry } from '../toolchain/module.js';
import { emptyEvents, readEvents } from './events.js';
import { AssertionEnded, Fault } from './faults.js';
import { Host } from './host.js';
import { PACKET_RECORD_SIZE } from './layout.js';
import { findLeaks } from './leaks.js';
import type { Machine } from './machine.js';
import { contextSource, PacketSequence } from './packetSequence.js';
import { readChannels } from './results.js';
import type { LoadedDriver, Program, Simulate, SimulationResult } from './simulation.js';
import { observeStress } from './stress.js';
import { observe } from './vary.js';

/** Fixture-less runs of more packets have no event log. */
const TRACED_PACKETS = 10_000;

type End = Pick<SimulationResult, 'ended' | 'fault' | 'assertion'>;

export const simulate: Simulate = (loaded, program, options) => {
  const host = new Host(options);
  const end = run(host, loaded, program);
  return collect(host, host.simulator.attached, end, contextSource(program));
};

function run(host: Host, loaded: LoadedDriver, program: Program): End {
  try {
    const { variant } = host.simulator.options;
    const module = (variant?.elsewhere === true ? loaded.moved?.() : undefined) ?? loaded.module;
    const machine = host.start(module as WebAssembly.Module, isTraced(program));
    if (program.kind === 'packets') {
      new PacketSequence(host, loaded.driver).run(program);
    } else {
      for (const entry of [program.setup, program.test, program.teardown]) {
        if (entry !== undefined) {
          runEntry(machine, entry);
        }
      }
    }
    host.simulator.scheduler.runPending(true);
    if (host.simulator.options.variant === undefined) {
      findLeaks(host);
    }
    return { ended: 'completed' };
  } catch (thrown) {
    const end = endOf(thrown, host.simulator.stubCalled);
    tellDebugger(host, end);
    return end;
  }
}

function tellDebugger({ simulator }: Host, { fault, assertion }: End): void {
  const { debugger: told } = simulator.options;
  if (fault !== undefined) {
    told?.ending({ fault });
  } else if (assertion !== undefined) {
    told?.ending({ assertion: assertion.message, frames: assertion.frames });
  }
}

/** Each packet makes dozens of events of 40 bytes: a million would need gigabytes. */
function isTraced(program: Program): boolean {
  return program.kind === 'test' || program.count <= TRACED_PACKETS;
}

function runEntry(machine: Machine, entry: FixtureEntry): void {
  machine.callExport(entry.symbol);
}

function endOf(thrown: unknown, afterStub: boolean): End {
  if (thrown instanceof Fault) {
    return { ended: 'fault', fault: { ...thrown.record, ...(afterStub ? { afterStub } : {}) } };
  }
  if (thrown instanceof AssertionEnded) {
    return { ended: 'assertion', assertion: { message: thrown.message, frames: thrown.frames } };
  }
  throw thrown;
}

function collect(
  host: Host,
  machine: Machine | undefined,
  end: End,
  source: SimulationResult['contextSource'],
): SimulationResult {
  const { simulator, imports } = host;
  const { variant, stress, budget } = simulator.options;
  machine?.resetStack();
  const { stubs } = imports;
  /** A fault may have destroyed the module: what was found before, and the fault, are told all the same. */
  const read = <Value>(part: (from: Machine) => Value, none: Value): Value => {
    if (machine === undefined) return none;
    if (end.ended === 'completed') return part(machine);
    try {
      return part(machine);
    } catch {
      return none;
    }
  };
  const stores = read(() => simulator.stores.result(), undefined);
  const observation = variant === undefined ? undefined : read((from) => observe(from, variant), undefined);
  const stressed =
    stress === undefined ? undefined : read((from) => observeStress(from, (id) => simulator.stack(id)), undefined);
  return {
    ...end,
    breaches: simulator.breaches,
    expected: simulator.expected,
    channels: read((from) => readChannels(from, host.channels.names), []),
    records: read(records, new Uint8Array()),
    states: simulator.states,
    ...(stores === undefined ? {} : { stores }),
    events: read(readEvents, emptyEvents()),
    output: simulator.output,
    stubs: stubs.map(({ name, calls, location }) => ({ name, calls, location })),
    units: machine === undefined ? 0 : budget - machine.budget,
    ...(observation === undefined ? {} : { observation }),
    ...(stressed === undefined ? {} : { stressed }),
    memoryBytes: machine?.memoryBytes ?? 0,
    contextSource: source,
  };
}

function records(machine: Machine): Uint8Array {
  return machine.slice(machine.lastingPointer('records'), machine.lasting('record_count') * PACKET_RECORD_SIZE);
}
