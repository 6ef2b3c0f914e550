/**
 * The contract of one callback beside its code: what it breaks, what it kept in a run, what it keeps as far as its source
 * tells, what only a run can tell. Lines are no links: Markdown pages of VS Code lead to no files outside their own file system.
 */
import { findRule, type Rule } from '../../rules/catalogue.js';
import { UNDECIDED } from '../../rules/static/undecided.js';
import type { CallbackRole } from '../facts/types.js';
import { escaped, factsOfRole, typeNameOf } from './hoverTexts.js';

export interface Breach {
  readonly rule: string;
  /** From 1. */
  readonly line: number;
  readonly message: string;
}

export interface Evidence {
  readonly name: string;
  readonly role: CallbackRole;
  readonly ex: boolean;
  /** Name of the file, for people. */
  readonly file: string;
  /** Of the name, from 1. */
  readonly line: number;
  /** A link to the page of a rule. */
  readonly page: (rule: string) => string;
  readonly breaches: readonly Breach[];
  /** What a run of this text saw of the callback; undefined where there was none or the text has changed since. */
  readonly run: { readonly packets: number; readonly figures: string } | undefined;
  /** Some run has measured an earlier text. */
  readonly stale: boolean;
  /** The static rules have looked at this very text. */
  readonly checked: boolean;
}

/** Markdown. */
export function contractPage(evidence: Evidence): string {
  const { name, role, ex, file, line, run, breaches } = evidence;
  const facts = factsOfRole(role);
  const rules = facts.rules.flatMap((id) => findRule(id) ?? []);
  const own = new Set(rules.map(({ id }) => id as string));
  const broken = new Set(breaches.map(({ rule }) => rule));
  const rest = rules.filter(({ id }) => !broken.has(id));
  const sorted = Map.groupBy(rest, (rule) => standing(rule, evidence));
  const rows = (of: Standing): readonly string[] => ruleRows(sorted.get(of) ?? [], evidence);
  const others = breaches.filter(({ rule }) => !own.has(rule));
  const packets = run === undefined ? '' : `${run.packets} packet${run.packets === 1 ? '' : 's'}`;
  return [
    `# ${escaped(name)}`,
    `\`${typeNameOf(role, ex)}\` at ${escaped(file)}:${line}`,
    runLine(evidence),
    `**Called when** ${facts.calledWhen}`,
    `**Must** ${facts.must}`,
    `**Must not** ${facts.mustNot}`,
    `**IRQL** ${facts.irql}`,
    ...section('Broken', breachRows([...breaches.filter(({ rule }) => own.has(rule))], evidence)),
    ...section('Broken elsewhere in this callback', breachRows(others, evidence)),
    ...section(`Kept in ${packets} of the last run`, rows('run')),
    ...section('Kept on every way that was followed through the source', rows('source')),
    ...section('Only a run can tell', rows('open')),
    ...section('Not looked for in the source yet', rows('unread')),
    ...section('Left to you', rows('yours')),
    '',
  ].join('\n\n');
}

/** Who can say that a rule is kept that nobody has found broken; `yours` is nobody. */
type Standing = 'run' | 'source' | 'open' | 'unread' | 'yours';

function standing({ id, check }: Rule, { run, checked }: Evidence): Standing {
  const isRead = check !== 'dynamic' && UNDECIDED[id] === undefined;
  if (check !== 'static' && run !== undefined) return 'run';
  if (isRead && checked) return 'source';
  if (check !== 'static') return 'open';
  return isRead ? 'unread' : 'yours';
}

function runLine({ role, run, stale }: Evidence): string {
  if (role !== 'save' && role !== 'restore') return 'Figures are measured of save and restore callbacks.';
  if (run !== undefined) return `Last run: ${run.figures}`;
  return stale ? 'The source has changed since it was run: run it again to see what it keeps.' : 'Not run yet.';
}

function section(title: string, rows: readonly string[]): readonly string[] {
  return rows.length === 0 ? [] : [`## ${title} (${rows.length})`, rows.join('\n')];
}

function breachRows(breaches: readonly Breach[], { page }: Evidence): readonly string[] {
  return breaches.map(
    ({ rule, line, message }) => `- [${rule}](${page(rule)}) at line ${line}: ${escaped(message.split('\n')[0] ?? '')}`,
  );
}

function ruleRows(rules: readonly Rule[], { page }: Evidence): readonly string[] {
  return rules.map(({ id, title, check }) => {
    const why = check === 'static' ? UNDECIDED[id] : undefined;
    return `- [${id}](${page(id)}): ${title}${why === undefined ? '' : ` (${why})`}`;
  });
}
