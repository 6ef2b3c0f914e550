/** How people read the catalogue's columns: names of groups, of kinds of check and of sources. */
import type { Rule, RuleGroup } from '../catalogue.js';

/** Groups in the order in which they are listed. */
export const GROUP_TITLES: Readonly<Record<RuleGroup, string>> = {
  configuration: 'Interface and configuration',
  state: 'State machine',
  incoming: 'Incoming packets',
  outgoing: 'Outgoing packets',
  gpadl: 'GPADLs',
  save: 'Save',
  restore: 'Restore',
  memory: 'Memory, locks and IRQL',
  run: 'The run itself',
  differential: 'Comparing runs',
};

export const CHECK_WORDS: Readonly<Record<Rule['check'], string>> = {
  static: 'in the source',
  dynamic: 'while running',
  both: 'in the source and while running',
};

const SOURCES: Readonly<Record<string, string>> = {
  P: 'a documentation page',
  H: 'a comment of the header',
  S: 'a declaration or annotation of the header',
  W: 'the wire format',
  I: 'inference',
};

/** Where a rule is stated, empty for the project's own ids; references of inferences stand in parentheses. */
export function statedBy(rule: Rule): string {
  const sources = [...rule.sources].map((letter) => SOURCES[letter] ?? letter).join('; ');
  const cited = rule.cite
    .replace(/(?:^|[,;] )(?:[a-z ]+: )?I\b/g, '')
    .replace(/^,? ?\(([^()]*)\)$/, '$1')
    .replace(/^, /, '')
    .trim();
  return cited === '' ? sources : `${sources} (${cited})`;
}

/** The rules of each group, in the order in which both are listed. */
export function byGroup(rules: readonly Rule[]): readonly (readonly [title: string, rules: readonly Rule[]])[] {
  const groups = Object.entries(GROUP_TITLES) as (readonly [RuleGroup, string])[];
  return groups.map(([group, title]) => [title, rules.filter((rule) => rule.group === group)]);
}
