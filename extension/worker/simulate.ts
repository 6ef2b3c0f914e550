/**
 * Worker entry: runs user code, one program after the other, each in a fresh instance. The host ends it when it takes
 * too long.
 */
import './codeCollection.js';
import { parentPort, type Transferable } from 'node:worker_threads';
import { simulate } from '../core/kmcl/simulate.js';
import type { LoadedDriver, Program, Simulate, SimulationOptions, SimulationResult } from '../core/kmcl/simulation.js';
import { differential, summaryOf } from '../core/run/differential.js';
import { runStressed } from '../core/run/stressRun.js';
import { simulateTellingGuest } from '../core/run/tellGuest.js';
import { simulateTellingNull } from '../core/run/tellNull.js';
import { load } from './loadDriver.js';
import type { RunMessage, SimulateMessage, SimulateReply, StressMessage } from './simulateProtocol.js';

const port = parentPort;
if (port === null) {
  throw new Error('this file is a worker');
}

const drivers = new Map<number, LoadedDriver>();

function post(reply: SimulateReply, transfer: readonly Transferable[] = []): void {
  port?.postMessage(reply, transfer);
}

/** Buffers that the host takes over instead of copying; views that share one count once. */
function buffersOf({ records, events, stores }: SimulationResult): readonly Transferable[] {
  const columns = [...Object.values(events), ...Object.values(stores ?? {})].filter((each) => ArrayBuffer.isView(each));
  const views = [records, ...columns];
  return [...new Set(views.map((view) => view.buffer))].filter((buffer) => buffer instanceof ArrayBuffer);
}

const tellingNull: Simulate = (loaded, program, options) => simulateTellingNull(simulate, loaded, program, options);

/** The run, and where a fault needs it, the same run again to tell what the fault followed. */
function simulateExplained(loaded: LoadedDriver, program: Program, options: SimulationOptions): SimulationResult {
  return options.variant === undefined
    ? simulateTellingGuest(tellingNull, loaded, program, options)
    : simulate(loaded, program, options);
}

function run({ id, driver, program, options }: RunMessage): void {
  try {
    const loaded = drivers.get(driver);
    if (loaded === undefined) throw new Error('the driver was not loaded');
    post({ kind: 'started', id });
    const result = simulateExplained(loaded, program, options);
    const varies = options.checks === 'full' && loaded.driver.differential === true;
    const summary = summaryOf(result);
    post({ kind: varies ? 'ran' : 'done', id, result }, buffersOf(result));
    if (varies) post({ kind: 'varied', id, differential: differential(simulate, loaded, program, options, summary) });
  } catch (error) {
    post({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
}

function stress({ id, driver, program, options, calls }: StressMessage): void {
  try {
    const loaded = drivers.get(driver);
    if (loaded === undefined) throw new Error('the driver was not loaded');
    post({ kind: 'started', id });
    post({ kind: 'stressed', id, ends: calls.map((call) => runStressed(tellingNull, loaded, program, options, call)) });
  } catch (error) {
    post({ kind: 'failed', id, message: error instanceof Error ? error.message : String(error) });
  }
}

port.on('message', (message: SimulateMessage) => {
  switch (message.kind) {
    case 'run':
      run(message);
      return;
    case 'stress':
      stress(message);
      return;
    case 'driver': {
      const { driver, compiled } = message;
      drivers.set(driver, load(compiled));
      return;
    }
    case 'forget':
      drivers.delete(message.driver);
      return;
  }
});
