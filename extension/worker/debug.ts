/**
 * Worker entry: one run under a debugger. While it runs or stands still nothing turns here but the run itself: requests
 * are taken from the port by hand, and a run that stands still sleeps until one comes.
 */
import './codeCollection.js';
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Output, Stop } from '../core/debug/goals.js';
import { Refused, type RunLink } from '../core/debug/link.js';
import { DebugRun } from '../core/debug/run.js';
import { simulate } from '../core/kmcl/simulate.js';
import type { Simulate, SimulationResult } from '../core/kmcl/simulation.js';
import { differential, summaryOf } from '../core/run/differential.js';
import { simulateTellingGuest } from '../core/run/tellGuest.js';
import { simulateTellingNull } from '../core/run/tellNull.js';
import { debugServices } from '../debug/values/services.js';
import { answersOf } from './debugAnswers.js';
import { explainer } from './debugExplain.js';
import { type DebugAsk, type DebugTold, type DebugWorkerData, SIGNAL } from './debugMessages.js';
import type { DebugRequests } from './debugProtocol.js';
import { load } from './loadDriver.js';

const { port, signal, compiled, program, options, cwd } = workerData as DebugWorkerData;
const words = new Int32Array(signal);
const loaded = load(compiled);
const services = debugServices();

/** Its requests are served at the worker's leisure; afterwards too. */
let isStarted = false;
let begin: DebugRequests['start']['ask'] | undefined;

function tell(told: DebugTold): void {
  port.postMessage(told);
}

const link: RunLink = {
  stopped: (stop: Stop) => tell({ kind: 'stopped', stop }),
  output: (output: Output) => tell({ kind: 'output', output }),
  wait: () => {
    for (let seen = Atomics.load(words, SIGNAL.MAIL); !serve(); seen = Atomics.load(words, SIGNAL.MAIL)) {
      Atomics.wait(words, SIGNAL.MAIL, seen);
    }
  },
  poll: () => {
    serve();
  },
  takePause: () => Atomics.exchange(words, SIGNAL.PAUSE, 0) !== 0,
};

const explain = explainer(loaded, program, options);
const run = new DebugRun({ loaded, program, options, services, cwd, link, explain });

const answers = answersOf(run, services, explain, (start) => {
  if (isStarted) throw new Refused('the run has begun already');
  isStarted = true;
  begin = start;
  return null;
});

/** Answers what lies in the port; whether there was anything. */
function serve(): boolean {
  let any = false;
  for (let mail = receiveMessageOnPort(port); mail !== undefined; mail = receiveMessageOnPort(port)) {
    any = true;
    answer(mail.message as DebugAsk);
  }
  return any;
}

function answer({ id, kind, ask }: DebugAsk): void {
  try {
    const handler = (answers as Readonly<Record<string, ((ask: never) => unknown) | undefined>>)[kind];
    if (handler === undefined) throw new Refused(`the debugger does not know the request ${kind}`);
    tell({ kind: 'answer', id, answer: handler(ask as never) });
  } catch (thrown) {
    tell({ kind: 'refused', id, message: refusal(kind, thrown) });
  }
}

/** Errors of the language are mistakes of ours: nobody should take them for an answer. */
function refusal(kind: string, thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const isMistake = thrown instanceof TypeError || thrown instanceof RangeError || thrown instanceof ReferenceError;
  return isMistake ? `the debugger failed at the request ${kind}: ${thrown.message}` : thrown.message;
}

/** The run as it was, and what is only told by running it again without a debugger. */
function finished(result: SimulationResult): DebugTold {
  let own: SimulationResult | undefined = result;
  const first: Simulate = (driver, wanted, how) => {
    const known = own;
    own = undefined;
    return known ?? simulate(driver, wanted, how);
  };
  const tellingNull: Simulate = (driver, wanted, how) => simulateTellingNull(first, driver, wanted, how);
  const explained = simulateTellingGuest(tellingNull, loaded, program, options);
  if (options.checks !== 'full' || compiled.differential !== true) {
    return { kind: 'ended', result: explained };
  }
  const varied = differential(simulate, loaded, program, options, summaryOf(explained));
  return { kind: 'ended', result: explained, ...(varied === undefined ? {} : { differential: varied }) };
}

function go(): void {
  if (begin === undefined) return;
  const start = begin;
  begin = undefined;
  try {
    tell(finished(run.run(start)));
  } catch (thrown) {
    tell({ kind: 'failed', message: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

port.on('message', (message: DebugAsk) => {
  answer(message);
  go();
});
tell({ kind: 'ready' });
