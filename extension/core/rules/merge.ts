/** One fault, one finding (interfaces section 5). */
import { findRule } from './catalogue.js';
import { type Draft, rankOf } from './draft.js';

function placeKey(draft: Draft): string {
  const at = draft.location;
  return at === null ? '' : `${at.file}:${at.line}:${at.column}`;
}

/** Rules that a run breaks at one place and again wherever the consequences show. */
const ONCE_A_RUN: readonly string[] = ['init-process-callback'];
/** Rules that one callback can break at several places with the same packet. */
const ONCE_A_PACKET: readonly string[] = ['restorepkt-libbuf', 'savepkt-irql'];

/**
 * The same rule at the same statement of the same callback is the same fault, whichever packet ran into it in
 * whichever pass.
 */
export function faultKey(draft: Draft): string {
  if (ONCE_A_RUN.includes(draft.rule)) return draft.rule;
  return [draft.rule, placeKey(draft), draft.channel, draft.callback, draft.subject ?? ''].join(' ');
}

interface Group {
  readonly first: Draft;
  readonly packets: Set<number | null>;
  count: number;
}

function repeated(group: Group): string {
  const { count, packets } = group;
  if (count < 2) return '';
  return packets.size > 1
    ? ` (and so for ${packets.size - 1} more packet${packets.size === 2 ? '' : 's'})`
    : ` (${count} times)`;
}

/** Repetitions become one draft that knows how often. */
export function withoutRepetitions(drafts: readonly Draft[]): readonly Draft[] {
  const groups = new Map<string, Group>();
  for (const each of drafts) {
    const key = faultKey(each);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { first: each, packets: new Set([each.packet]), count: 1 });
    } else {
      group.count += 1;
      group.packets.add(each.packet);
    }
  }
  return [...groups.values()].map((group) => ({ ...group.first, repeated: repeated(group), count: group.count }));
}

/**
 * Rules that a return of the save callback can break together because one byte too few, or too many, breaks them all.
 */
const RECORD_RULES: readonly string[] = [
  'savepkt-no-overrun',
  'savepkt-no-truncate',
  'savepkt-full-init',
  'savepkt-size-exact',
];

/** Breaches that say why a run could not go on: the fault that ended it is no finding of its own. */
const EXPLAINS: Readonly<Partial<Record<string, string>>> = {
  'state-started-nonblocking': 'run-timeout',
  'in-ref-balance': 'run-deadlock',
};

/** True when both were caused by one and the same statement or record. */
function sameFault(a: Draft, b: Draft): boolean {
  if (EXPLAINS[a.rule] === b.rule) return true;
  if (a.channel !== b.channel || a.packet !== b.packet || a.pass !== b.pass || a.callback !== b.callback) return false;
  if (RECORD_RULES.includes(a.rule) && RECORD_RULES.includes(b.rule)) return true;
  // A field that does not survive is no consequence of what else is wrong where it should have been saved.
  if (a.subject !== undefined || b.subject !== undefined) return false;
  if (a.rule === b.rule && a.packet !== null && ONCE_A_PACKET.includes(a.rule)) return true;
  return placeKey(a) !== '' && placeKey(a) === placeKey(b) && rankOf(a.rule) !== rankOf(b.rule);
}

function seniority(draft: Draft): number {
  const inRecord = RECORD_RULES.indexOf(draft.rule);
  return rankOf(draft.rule) * 10 + (inRecord < 0 ? 0 : inRecord);
}

function relatedOf(draft: Draft): Draft['related'] {
  return [{ message: `${draft.rule}: ${draft.message}`, location: draft.location }, ...draft.related];
}

/**
 * Folds drafts of one fault into the most senior of them; the others become its related remarks. Order of first
 * appearance stays.
 */
export function oneFindingPerFault(drafts: readonly Draft[]): readonly Draft[] {
  const kept: Draft[] = [];
  for (const each of drafts) {
    const at = kept.findIndex((other) => sameFault(other, each));
    const other = kept[at];
    if (other === undefined) {
      kept.push(each);
      continue;
    }
    const [senior, junior] = seniority(each) < seniority(other) ? [each, other] : [other, each];
    const remarks =
      senior.rule === junior.rule && placeKey(senior) === placeKey(junior) ? junior.related : relatedOf(junior);
    const known = new Set(senior.related.map(({ message }) => message));
    kept[at] = { ...senior, related: [...senior.related, ...remarks.filter(({ message }) => !known.has(message))] };
  }
  return kept;
}

/** A rule id as a fixture spells it: a formatter may have put blanks around its dashes. */
export function ruleName(text: string): string {
  const name = text.replaceAll(/[\s"]/g, '');
  return findRule(name)?.id ?? name;
}
