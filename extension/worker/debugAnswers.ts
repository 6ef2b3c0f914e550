/** Answers of a debug run to its host's requests. */
import { fingerprint } from '../core/debug/fingerprint.js';
import type { MemoryRead } from '../core/debug/goals.js';
import type { Explain } from '../core/debug/incidents.js';
import { Refused } from '../core/debug/link.js';
import { isPoisoned } from '../core/debug/picture.js';
import type { DebugRun } from '../core/debug/run.js';
import type { DebugServices } from '../core/debug/view.js';
import { readEvents } from '../core/kmcl/events.js';
import { findingsOf } from './debugFindings.js';
import type { DebugRequestKind, DebugRequests } from './debugProtocol.js';

/** The most that one request reads. */
const MOST_BYTES = 16 << 20;

type Answers = {
  readonly [Kind in DebugRequestKind]: (ask: DebugRequests[Kind]['ask']) => DebugRequests[Kind]['answer'];
};

/** Throws Refused for what cannot be done now. `start` is the worker's own business. */
export function answersOf(run: DebugRun, services: DebugServices, explain: Explain, start: Answers['start']): Answers {
  const findings = findingsOf(run, explain);
  const binding = <Answer>(set: () => Answer): Answer => {
    const answer = set();
    run.arm();
    return answer;
  };
  return {
    setBreakpoints: ({ file, breakpoints }) => binding(() => run.breakpoints.setSource(file, breakpoints, run.event)),
    setFunctionBreakpoints: ({ breakpoints }) => binding(() => run.breakpoints.setFunctions(breakpoints, run.event)),
    setDataBreakpoints: ({ breakpoints }) =>
      binding(() => run.breakpoints.setData(breakpoints, run.machine?.memoryBytes ?? Number.POSITIVE_INFINITY)),
    setExceptionFilters: ({ filters }) => {
      run.filters = filters;
      return null;
    },
    start,
    resume: ({ goal }) => {
      run.resume(goal);
      return null;
    },
    frames: () => run.view.frames,
    variables: ({ frame }) => {
      const { frames, variables } = run.view;
      const found = frames[frame];
      if (found === undefined) throw new Refused('there is no such frame any more');
      return variables(found);
    },
    globals: ({ frame }) => run.view.globals(frame === undefined ? undefined : run.view.frames[frame]),
    readMemory: ({ address, length }) => readMemory(run, address, length),
    writeMemory: ({ address, bytes }) => (run.write(address, bytes) ? bytes.length : 0),
    describe: ({ address }) => run.view.describe(address),
    kernel: () => run.view.kernel(),
    events: () => run.stage.quiet.call(() => readEvents(run.stage.host.simulator.machine)),
    findings: () => run.stage.quiet.call(findings),
    saveBufferWriters: () => run.view.saveBufferWriters(),
    fingerprint: () => fingerprint(run.stage.host),
    define: ({ macros }) => {
      services.define(macros);
      return null;
    },
    ask: ({ request }) => services.ask(request, run.view),
  };
}

function readMemory(run: DebugRun, address: number, length: number): MemoryRead {
  const { host, quiet } = run.stage;
  const { machine, options } = host.simulator;
  const begin = Math.trunc(address);
  const end = Math.min(begin + Math.min(Math.max(0, length), MOST_BYTES), machine.memoryBytes);
  if (!(begin >= 0 && begin < end)) {
    return { address, bytes: new Uint8Array(0) };
  }
  const bytes = machine.slice(begin, end - begin);
  if (options.checks === 'off') {
    return { address: begin, bytes };
  }
  const poison = quiet.call(() => {
    const found = new Uint8Array(end - begin);
    for (let at = begin; at < end; ) {
      const shadow = machine.native.vsp_shadow_at(at);
      const next = Math.min(end, (Math.floor(at / 8) + 1) * 8);
      for (; at < next; at++) found[at - begin] = isPoisoned(at, shadow) ? 1 : 0;
    }
    return found;
  });
  return { address: begin, bytes, poison };
}
