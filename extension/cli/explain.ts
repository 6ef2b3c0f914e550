/** `vsp-lab explain [RULE]`: the rule catalogue for people. */
import { findRule, RULES, type Rule, type RuleGroup } from '../core/rules/catalogue.js';
import { WIDTH } from '../core/run/style.js';
import { wrap } from '../core/run/tableFindings.js';
import { CommandError } from './host.js';
import { closest } from './options.js';

const GROUPS: Readonly<Record<RuleGroup, string>> = {
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

const CHECKS = { static: 'in the source', dynamic: 'while running', both: 'in the source and while running' } as const;

const SOURCES: Readonly<Record<string, string>> = {
  P: 'a documentation page',
  H: 'a comment of the header',
  S: 'a declaration or annotation of the header',
  W: 'the wire format',
  I: 'inference',
};

function paragraph(label: string, text: string): readonly string[] {
  const indent = 13;
  const lines = wrap(text, WIDTH - indent);
  return lines.map((line, index) => `${(index === 0 ? label : '').padEnd(indent)}${line}`);
}

/** Where it is stated; references of the sheet's inferences stand in parentheses there. */
function statedBy(rule: Rule): string {
  const sources = [...rule.sources].map((letter) => SOURCES[letter] ?? letter).join('; ');
  const cited = rule.cite
    .replace(/(?:^|[,;] )(?:[a-z ]+: )?I\b/g, '')
    .replace(/^,? ?\(([^()]*)\)$/, '$1')
    .replace(/^, /, '')
    .trim();
  return cited === '' ? sources : `${sources} (${cited})`;
}

function ruleLines(rule: Rule): readonly string[] {
  const stated = statedBy(rule);
  return [
    `${rule.id}  ${rule.severity}`,
    '',
    ...wrap(rule.title, WIDTH),
    '',
    ...paragraph('Otherwise', rule.consequence),
    ...paragraph('Mend it', rule.mend),
    ...paragraph('Found', CHECKS[rule.check]),
    ...(stated === '' ? [] : paragraph('Stated by', stated)),
    ...paragraph('Allow it', `// vsp-lab: allow ${rule.id} REASON, on the line or above it`),
  ];
}

function listLines(): readonly string[] {
  const groups = Object.entries(GROUPS) as (readonly [RuleGroup, string])[];
  const rules: readonly Rule[] = RULES;
  return groups.flatMap(([group, title], index) => [
    ...(index === 0 ? [] : ['']),
    title,
    ...rules
      .filter((rule) => rule.group === group)
      .flatMap((rule) => [
        `  ${rule.id}  ${rule.severity}`,
        ...wrap(rule.title, WIDTH - 6).map((line) => `      ${line}`),
      ]),
  ]);
}

/** Text of the answer; throws CommandError for a rule that does not exist. */
export function explain(words: readonly string[]): string {
  const [name, ...more] = words;
  if (more.length > 0) throw new CommandError(`explain takes one rule, not ${words.length}`);
  if (name === undefined) return `${listLines().join('\n')}\n`;
  const rule = findRule(name);
  if (rule === undefined) {
    const guess = closest(
      name,
      RULES.map(({ id }) => id),
    );
    throw new CommandError(
      `there is no rule ${name}${guess === undefined ? '; vsp-lab explain lists them' : ` (did you mean ${guess}?)`}`,
    );
  }
  return `${ruleLines(rule).join('\n')}\n`;
}
