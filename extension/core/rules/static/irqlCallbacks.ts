/** What callbacks do that the library may make at DISPATCH_LEVEL (kmcl-facts 3.3, 3.4). */
import type { RuleId } from '../catalogue.js';
import type { LibraryCall, Reported } from './flow/check.js';
import type { Path } from './flow/path.js';
import { between } from './flow/ranges.js';
import type { Role } from './flow/roles.js';
import { PathKey } from './flow/state.js';
import type { Value } from './flow/values.js';
import { hasRole, operandNumber } from './helpers.js';

const DISPATCH_LEVEL = 2n;

/** Callbacks of packets, as messages call them. */
const NAMES: Partial<Readonly<Record<Role, string>>> = {
  processPacket: 'EvtVmbChannelProcessPacket',
  processingComplete: 'EvtVmbChannelProcessingComplete',
  completion: 'a completion routine',
  dpc: 'a DPC',
};

/** Answers of KeGetCurrentIrql on this path. */
const ASKED = new PathKey<readonly Value[]>([]);

const SET_PASSIVE = 'VmbChannelSetIncomingProcessingAtPassive';

/** They wait for the callback itself, at whatever IRQL: `state-no-disable-in-cb` tells. */
const WAITS_FOR_CALLBACKS = new Set(['VmbChannelDisable', 'VmbChannelCleanup']);

export class CallbackIrql {
  /** They count unless the driver has its packets presented at PASSIVE_LEVEL. */
  readonly #ofPackets: { readonly callback: string; readonly found: Reported }[] = [];
  /** Callbacks that defer by something else than their IRQL: what they do then may be done when the packet is back. */
  readonly #deferring = new Set<string>();
  #isPassive = false;
  #isSetSeen = false;
  #isMentioned = false;

  /** Before any call: what the driver says of the IRQL of its packets. */
  note(call: LibraryCall, path: Path): void {
    const isAsked = path.state.get(ASKED).length > 0;
    if (call.name === 'VmbChannelPacketDeferToPassive' && !isAsked) this.#deferring.add(path.walk.entry.routine.key);
    if (call.name !== SET_PASSIVE) return;
    this.#isSetSeen = true;
    if (operandNumber(call, 1, path) !== 0n) this.#isPassive = true;
  }

  /** `what` is not for DISPATCH_LEVEL: a callback that may run there, and has not made sure, breaks a rule. */
  breach(what: string, rule: RuleId, place: number, path: Path): void {
    const name = NAMES[path.walk.entry.role];
    if (name === undefined || isLow(path)) return;
    if (hasRole(path, 'dpc')) {
      path.report(rule, place, `${what} in a DPC, which runs at DISPATCH_LEVEL`);
      return;
    }
    if (WAITS_FOR_CALLBACKS.has(what)) return;
    if (hasRole(path, 'completion')) {
      const own = rule === 'out-paged-flag' ? rule : 'out-completion-irql';
      path.report(own, place, `${what} in ${name}, which may run at DISPATCH_LEVEL`);
    } else {
      this.#isMentioned ||= path.walk.program.mentions(SET_PASSIVE);
      const own = rule === 'out-paged-flag' ? rule : 'in-irql-safe';
      const message = `${what} in ${name}, which may run at DISPATCH_LEVEL: nothing asks for PASSIVE_LEVEL`;
      const found = path.finding(own, place, message);
      if (found !== undefined) this.#ofPackets.push({ callback: path.walk.entry.routine.key, found });
    }
  }

  finish(report: (found: Reported) => void): void {
    // A call on a way that was not walked may have asked for it.
    if (this.#isPassive || (this.#isMentioned && !this.#isSetSeen)) return;
    for (const { callback, found } of this.#ofPackets) if (!this.#deferring.has(callback)) report(found);
  }
}

/** After KeGetCurrentIrql: a callback of packets is made at DISPATCH_LEVEL at most. */
export function askedIrql(call: LibraryCall, result: Value | undefined, path: Path): void {
  if (call.name !== 'KeGetCurrentIrql' || result === undefined) return;
  if (NAMES[path.walk.entry.role] !== undefined)
    path.state.facts.restrict(result, between(0n, DISPATCH_LEVEL), path.values);
  path.state.set(ASKED, [...path.state.get(ASKED), result]);
}

/** The path goes this way only below DISPATCH_LEVEL. */
function isLow(path: Path): boolean {
  return path.state.get(ASKED).some((irql) => path.highest(irql) < DISPATCH_LEVEL);
}
