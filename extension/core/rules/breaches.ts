/**
 * Rules broken on the way become drafts: what the simulator saw, in words, with the figures of the packet concerned.
 */
import { LIBRARY_FRAME } from '../kmcl/layout.js';
import type { BreachRecord } from '../kmcl/simulation.js';
import { STATUS } from '../kmcl/status.js';
import { byChannel, PacketRecords } from '../run/packetRecords.js';
import { ANSWER_TO_GUEST, breachMessages, irqlText } from './breachMessages.js';
import { findRule, type Rule, type RuleId } from './catalogue.js';
import { type Draft, draft, type RuleInput } from './draft.js';
import { callStack, userPosition } from './positions.js';
import { restoreVerdict, saveVerdicts, type Verdict } from './savePacket.js';

/** What is said of a rule whose breach brings no words of its own: what should hold. */
function defaultMessage(rule: Rule, breach: BreachRecord): string {
  const words = breachMessages[rule.id];
  return words === undefined ? `broken here: ${rule.title.slice(0, -1)}` : words(breach.detail, breach);
}

/** Levels by name, and for a function's IRQL the one it wants. */
function withLevels(message: string, breach: BreachRecord): string {
  const named = message.replace(/\bIRQL ([0-2])\b/g, (_, level: string) => irqlText(Number(level)));
  const limit = breach.rule === 'irql-call' ? breach.detail >> 8 : 0;
  if (limit === 0 || breach.message === undefined) return named;
  return (
    `${named}; it ` +
    `${(breach.detail & 0xff) > limit ? `allows ${irqlText(limit)} at most` : `needs ${irqlText(limit)}`}`
  );
}

/** Rules that say at which IRQL something may be done. */
const IRQL_RULES: readonly string[] = [
  'irql-call',
  'wait-irql',
  'handle-irql',
  'mem-paged-code',
  'mem-nonpaged-at-dispatch',
];

/** The rule of a callback that may run at DISPATCH_LEVEL: it says more than the rule of what it called. */
const DISPATCH_CALLBACKS: Readonly<Record<string, RuleId>> = {
  EvtVmbChannelProcessPacket: 'in-irql-safe',
  EvtVmbChannelProcessingComplete: 'in-irql-safe',
  EvtVmbPacketCompletionRoutine: 'out-completion-irql',
};

/** Work the driver left behind, run by the scheduler: below a library function, yet in no callback of the library. */
function isBackendWork({ context, frames }: BreachRecord): boolean {
  const library = frames.findIndex((frame) => (frame & LIBRARY_FRAME) !== 0);
  const below = library < 0 ? [] : frames.slice(library);
  return context.callback === null && below.some((frame) => (frame & LIBRARY_FRAME) === 0);
}

/** The rule that says more than the one broken. */
function callbackRule(breach: BreachRecord): RuleId | undefined {
  const { rule, context } = breach;
  if (rule === 'state-no-use-after-cleanup') return isBackendWork(breach) ? 'state-suspend-cancels-backend' : undefined;
  return IRQL_RULES.includes(rule) ? DISPATCH_CALLBACKS[context.callback ?? ''] : undefined;
}

/** Why the other rule is the one to name. */
function inOuterWords({ rule, context }: BreachRecord, message: string): string {
  return rule === 'state-no-use-after-cleanup'
    ? `${message}: this work outlived the channel, Suspend or Closed did not end it`
    : `${context.callback} may run at DISPATCH_LEVEL: ${message}`;
}

/** Where the fact sheet asks for a warning: Start on a disabled channel (A-02), too long an answer (A-21). */
function warnsOnly(breach: BreachRecord): boolean {
  return (
    breach.rule === 'state-start-pause-window' || (breach.rule === 'out-size-limit' && breach.detail >= ANSWER_TO_GUEST)
  );
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
    const message = withLevels(breach.message ?? verdict?.message ?? defaultMessage(rule, breach), breach) + invented;
    const location = userPosition(locations, breach.frames);
    const related = (breach.related ?? []).map((each) => ({
      message: each.message,
      location: userPosition(locations, each.frames),
    }));
    const outer = callbackRule(breach);
    return [
      draft(outer ?? rule.id, outer === undefined ? message : inOuterWords(breach, message), {
        location,
        channel: breach.context.channel,
        packet: breach.context.packet,
        callback: breach.context.callback,
        pass: breach.context.pass,
        callStack: callStack(locations, breach.frames),
        related: outer === undefined ? related : [{ message: `${rule.id}: ${message}`, location }, ...related],
        ...(breach.inventedField !== undefined || breach.afterStub === true || warnsOnly(breach)
          ? { atMost: 'warning' as const }
          : {}),
      }),
    ];
  });
}
