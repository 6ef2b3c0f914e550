/** Findings of a debugged run so far, in the words they will have in its report. */

import { type Explain, explainedBreach } from '../core/debug/incidents.js';
import type { DebugRun } from '../core/debug/run.js';
import { LIBRARY_FRAME } from '../core/kmcl/layout.js';
import type { BreachRecord } from '../core/kmcl/simulation.js';
import type { FindingSoFar } from '../core/run/runEvents.js';

/** What was explained once is not explained again: a message may need a copy of all packets' records. */
export function findingsOf(run: DebugRun, explain: Explain): () => readonly FindingSoFar[] {
  const known = new Map<string, FindingSoFar>();
  return () => {
    const { simulator } = run.stage.host;
    return simulator.breaches.map((breach, index) => {
      const key = `${index} ${breach.rule} ${breach.frames.join(' ')} ${breach.context.packet} ${breach.detail}`;
      const found = known.get(key) ?? soFar(breach, explainedBreach(breach, simulator.machine, explain)?.message);
      known.set(key, found);
      return found;
    });
  };
}

function soFar({ rule, frames }: BreachRecord, message: string | undefined): FindingSoFar {
  return { rule, message: message ?? null, location: frames.findLast((id) => id < LIBRARY_FRAME) ?? 0 };
}
