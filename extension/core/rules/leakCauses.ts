/**
 * Leaks that a failing callback caused: one fault, one finding (interfaces section 5), named by the callback's rule.
 */
import { API } from '../kmcl/api.js';
import { EVENT } from '../kmcl/layout.js';
import { succeeded } from '../kmcl/status.js';
import { PacketRecords } from '../run/packetRecords.js';
import type { RuleId } from './catalogue.js';
import { type Draft, draft, type RuleInput } from './draft.js';

/** Rules of the restore callback that leave its packet behind. */
const RESTORE_RULES: readonly string[] = [
  'restorepkt-free-on-failure',
  'restorepkt-libbuf',
  'restorepkt-propagate',
  'restorepkt-allocate',
];

/** The leaked block was allocated below this function of the library. */
function allocatedIn(leak: Draft, api: string): boolean {
  return leak.callStack.some(({ function: name }) => name === api);
}

function restoreFailed(input: RuleInput): boolean {
  const records = new PacketRecords(input.result.records);
  for (let index = 0; index < records.count; index += 1) {
    if (records.has(index, 'RESTORED') && !succeeded(records.get(index, 'restore_status'))) return true;
  }
  return false;
}

function openRefused(input: RuleInput): boolean {
  const { count, kind, api, a } = input.result.events;
  for (let index = 0; index < count; index += 1) {
    const opened = kind[index] === EVENT.CALLBACK_RETURN && api[index] === API.EvtVmbChannelOpened;
    if (opened && !succeeded(Number(BigInt.asUintN(32, a[index] ?? 0n)))) return true;
  }
  return false;
}

/** What a failing callback took and did not give back. */
function causeOf(leak: Draft, input: RuleInput): RuleId | undefined {
  if (allocatedIn(leak, 'VmbChannelRestoreFromBuffer') && restoreFailed(input)) return 'restorepkt-free-on-failure';
  const opener = leak.callStack.findIndex(({ function: name }) => name === 'VspLabGuestOpenChannel');
  if (opener <= 0) return undefined;
  if (openRefused(input)) return 'state-opened-unwind';
  // The block of the last open period is still there or was freed: only those before it are lost.
  const opens = mostOpens(input);
  return opens > 1 && (leak.count ?? 1) < opens ? 'state-reopen' : undefined;
}

/** How often the channel that was opened most often was. */
function mostOpens(input: RuleInput): number {
  const { count, kind, api, object } = input.result.events;
  const opens = new Map<bigint, number>();
  for (let index = 0; index < count; index += 1) {
    if (kind[index] !== EVENT.CALLBACK || api[index] !== API.EvtVmbChannelOpened) continue;
    const channel = object[index] ?? 0n;
    opens.set(channel, (opens.get(channel) ?? 0) + 1);
  }
  return Math.max(0, ...opens.values());
}

function renamed(leak: Draft, rule: RuleId): Draft {
  const callback = rule === 'restorepkt-free-on-failure' ? 'EvtVmbChannelRestorePacket' : 'EvtVmbChannelOpened';
  const why =
    rule === 'state-reopen'
      ? 'was called again and lost what it had taken in the open period before'
      : 'failed and did not give back what it had taken';
  return draft(rule, `${callback} ${why}: ${leak.message}`, {
    location: leak.location,
    callback,
    callStack: leak.callStack,
    related: [{ message: `mem-leak: ${leak.message}`, location: leak.location }, ...leak.related],
    ...(leak.repeated === undefined ? {} : { repeated: leak.repeated }),
    ...(leak.atMost === undefined ? {} : { atMost: leak.atMost }),
  });
}

/** The finding of the callback that left the leaked packet behind: both name one function. */
function ownerOf(leak: Draft, drafts: readonly Draft[]): number {
  const name = leak.location?.function;
  return drafts.findIndex(({ rule, location }) => RESTORE_RULES.includes(rule) && location?.function === name);
}

/** Leaks with a cause become remarks of the finding that names it, or findings of the rule that explains them. */
export function explainLeaks(drafts: readonly Draft[], input: RuleInput): readonly Draft[] {
  const kept = drafts.filter(({ rule }) => rule !== 'mem-leak');
  for (const leak of drafts.filter(({ rule }) => rule === 'mem-leak')) {
    const at = leak.location === null ? -1 : ownerOf(leak, kept);
    const owner = kept[at];
    if (owner !== undefined) {
      const remark = { message: `mem-leak: ${leak.message}`, location: leak.location };
      kept[at] = { ...owner, related: [...owner.related, remark] };
      continue;
    }
    const cause = causeOf(leak, input);
    kept.push(cause === undefined ? leak : renamed(leak, cause));
  }
  return kept;
}
