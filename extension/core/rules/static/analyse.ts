/** All static rules over the units of one driver. */

import { channelCheck } from './channel.js';
import type { Check, Reported } from './flow/check.js';
import { Machine } from './flow/machine.js';
import { type FlowUnit, Program } from './flow/program.js';
import { entriesOf } from './flow/roles.js';
import { gpadlCheck } from './gpadl.js';
import { incomingBytesCheck } from './incomingBytes.js';
import { incomingExternalCheck } from './incomingExternal.js';
import { incomingFateCheck } from './incomingFate.js';
import { irqlCheck } from './irql.js';
import { memoryCheck } from './memory.js';
import { outgoingCheck } from './outgoing.js';
import { outgoingContextsCheck } from './outgoingContexts.js';
import { outgoingSendsCheck } from './outgoingSends.js';
import { restorePacketCheck } from './restorePacket.js';
import { savePacketCheck } from './savePacket.js';
import { streamsCheck } from './streams.js';

export type { FlowUnit, Reported };

/** Instructions of all walks together: a driver of many large functions is not looked at to the last path. */
const MOST_INSTRUCTIONS = 1_500_000;

/** Each group's hooks, new for one analysis. */
function checks(): readonly Check[] {
  return [
    savePacketCheck(),
    restorePacketCheck(),
    outgoingCheck(),
    outgoingContextsCheck(),
    outgoingSendsCheck(),
    incomingBytesCheck(),
    incomingFateCheck(),
    incomingExternalCheck(),
    channelCheck(),
    streamsCheck(),
    gpadlCheck(),
    memoryCheck(),
    irqlCheck(),
  ];
}

/** Findings in the order of files, lines, columns and rules; each rule once per place. */
export function analyse(units: readonly FlowUnit[], isLibrary: (name: string) => boolean): readonly Reported[] {
  const found = new Map<string, Reported>();
  const report = (each: Reported): void => {
    const { file, line, column } = each.location;
    const key = `${file}:${line}:${column}:${each.rule}`;
    if (!found.has(key)) found.set(key, each);
  };
  const program = new Program(units, isLibrary);
  const all = checks();
  const machine = new Machine(program, all, report);
  for (const entry of entriesOf(program)) {
    if (machine.spent > MOST_INSTRUCTIONS) break;
    if (entry.role === 'savePacket') {
      machine.walk(entry, 'query');
      machine.walk(entry, 'write');
    } else {
      machine.walk(entry, 'call');
    }
  }
  for (const check of all) check.finish?.(report);
  return [...found.values()].sort(byPlace);
}

function byPlace(a: Reported, b: Reported): number {
  const [x, y] = [a.location, b.location];
  return compare(x.file, y.file) || x.line - y.line || x.column - y.column || compare(a.rule, b.rule);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
