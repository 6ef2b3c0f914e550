/** `vsp-lab explain [RULE]`: the rule catalogue for people. */

import { closest } from '../core/base/closest.js';
import { findRule, RULES, type Rule } from '../core/rules/catalogue.js';
import { LESSONS } from '../core/rules/lessons/index.js';
import { byGroup, CHECK_WORDS, statedBy } from '../core/rules/page/words.js';
import { WIDTH } from '../core/run/style.js';
import { wrap } from '../core/run/tableFindings.js';
import { CommandError } from './host.js';

function paragraph(label: string, text: string): readonly string[] {
  const indent = 13;
  const lines = wrap(text, WIDTH - indent);
  return lines.map((line, index) => `${(index === 0 ? label : '').padEnd(indent)}${line}`);
}

/** Code keeps its own lines: a terminal that is too narrow wraps them where it likes. */
function code(label: string, text: string): readonly string[] {
  return ['', label, ...text.split('\n').map((line) => `    ${line}`.trimEnd())];
}

function ruleLines(rule: Rule): readonly string[] {
  const stated = statedBy(rule);
  const { why, wrong, right } = LESSONS[rule.id];
  return [
    `${rule.id}  ${rule.severity}`,
    '',
    ...wrap(rule.title, WIDTH),
    '',
    ...paragraph('Why', why),
    ...paragraph('Otherwise', rule.consequence),
    ...paragraph('Mend it', rule.mend),
    ...paragraph('Found', CHECK_WORDS[rule.check]),
    ...(stated === '' ? [] : paragraph('Stated by', stated)),
    ...paragraph('Allow it', `// vsp-lab: allow ${rule.id} REASON, on the line or above it`),
    ...code('Wrong', wrong),
    ...code('Right', right),
  ];
}

function listLines(): readonly string[] {
  return byGroup(RULES).flatMap(([title, rules], index) => [
    ...(index === 0 ? [] : ['']),
    title,
    ...rules.flatMap((rule) => [
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
