/**
 * Rules broken on the way become drafts: what the simulator saw, in words, with the figures of the packet concerned.
 */
import type { BreachRecord } from '../kmcl/simulation.js';
import { STATUS } from '../kmcl/status.js';
import { byChannel, PacketRecords } from '../run/packetRecords.js';
import { breachMessages } from './breachMessages.js';
import { findRule, type Rule } from './catalogue.js';
import { type Draft, draft, type RuleInput } from './draft.js';
import { callStack, userPosition } from './positions.js';
import { restoreVerdict, saveVerdicts, type Verdict } from './savePacket.js';

/** What is said of a rule whose breach brings no words of its own: what should hold. */
function defaultMessage(rule: Rule, breach: BreachRecord): string {
  const words = breachMessages[rule.id];
  if (words !== undefined) return words(breach.detail);
  return `this does not hold here: ${rule.title.charAt(0).toLowerCase()}${rule.title.slice(1, -1)}`;
}

/** Verdicts by the record of the packet a breach speaks of; they know more figures than the breach. */
class Verdicts {
  readonly #records: PacketRecords;
  readonly #split: ReturnType<typeof byChannel>;

  constructor(input: RuleInput) {
    this.#records = new PacketRecords(input.result.records);
    this.#split = byChannel(this.#records);
  }

  of(breach: BreachRecord): Verdict | undefined {
    const { channel, packet, pass } = breach.context;
    const indices = channel === null ? undefined : this.#split.get(channel);
    if (packet === null || pass === null || indices === undefined || packet >= indices.length) return undefined;
    const index = indices.at(packet);
    const all = pass === 'restore' ? restoreVerdict(this.#records, index) : saveVerdicts(this.#records, index);
    return [all].flat().find((verdict) => verdict?.rule === breach.rule && verdict.pass === pass);
  }
}

/**
 * S-08: nobody can tell a real failure of the callback from a size query. A test may have caused it, and then it is no
 * breach; a run without a fixture causes none.
 */
function causedByTest(input: RuleInput, breach: BreachRecord, verdict: Verdict | undefined): boolean {
  if (input.result.contextSource !== 'fixture') return false;
  if (breach.rule === 'savepkt-query-succeed-empty') return breach.detail >>> 0 !== STATUS.BUFFER_TOO_SMALL;
  return breach.rule === 'savepkt-stable' && verdict?.failed === true;
}

export function breachFindings(input: RuleInput): readonly Draft[] {
  const { locations } = input.driver;
  const verdicts = new Verdicts(input);
  return input.result.breaches.flatMap((breach): readonly Draft[] => {
    const rule = findRule(breach.rule);
    const verdict = verdicts.of(breach);
    if (rule === undefined || causedByTest(input, breach, verdict)) return [];
    const invented =
      breach.inventedField === undefined ? '' : ` (rests on the invented value of ${breach.inventedField})`;
    return [
      draft(rule.id, (breach.message ?? verdict?.message ?? defaultMessage(rule, breach)) + invented, {
        location: userPosition(locations, breach.frames),
        channel: breach.context.channel,
        packet: breach.context.packet,
        callback: breach.context.callback,
        pass: breach.context.pass,
        callStack: callStack(locations, breach.frames),
        related: (breach.related ?? []).map(({ message, frames }) => ({
          message,
          location: userPosition(locations, frames),
        })),
        ...(breach.inventedField !== undefined || breach.afterStub === true ? { atMost: 'warning' as const } : {}),
      }),
    ];
  });
}
