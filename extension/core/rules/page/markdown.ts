/** `docs/rules.md`: the catalogue as one page. The heading of a rule is its id, so `#id` is its anchor. */
import { RULES, type Rule } from '../catalogue.js';
import { LESSONS } from '../lessons/index.js';
import { FIXES } from '../static/fixes/table.js';
import { UNDECIDED } from '../static/undecided.js';
import { byGroup, CHECK_WORDS, statedBy } from './words.js';

const INTRODUCTION = `# Rules

Generated from the rule catalogue by \`npm run generate\`: do not edit.

What a VSP has to keep to, one section for each rule. \`vsp-lab explain RULE\` prints the same text.

* **Severity**: an error when a documentation page, a comment or an annotation of the library's header says so; a warning when it is
  inferred, unless the damage is the same. An error fails the run. \`vspLab.rules\` in the settings and \`rules\` in \`vsplab.json\` change it.
* **Found** says where VSP Lab can see it: in the source (\`vsp-lab check\`), while running (\`vsp-lab run\`), or both.
* **Allow** one occurrence with a comment on the line or above it: \`// vsp-lab: allow RULE reason\`. The finding stays in JSON and SARIF,
  marked as suppressed.
`;

const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');

function contents(): readonly string[] {
  return byGroup(RULES).flatMap(([title, rules]) => [
    `* [${title}](#${anchor(title)})`,
    ...rules.map(({ id }) => `  * [${id}](#${id})`),
  ]);
}

const code = (text: string): string => `\`\`\`c\n${text}\n\`\`\``;

/** The page of one rule, for an editor. */
export function rulePage(rule: Rule): string {
  const [, group = ''] = byGroup([rule]).flatMap(([title, rules]) => (rules.length > 0 ? ['', title] : []));
  const body = section(rule).replace(`### ${rule.id}`, `# ${rule.id}\n\n*${group}*`);
  const allow = `Allow one occurrence with a comment on the line or above it: \`// vsp-lab: allow ${rule.id} REASON\`.`;
  return `${body}\n\n${allow}\n`;
}

function section(rule: Rule): string {
  const stated = statedBy(rule);
  const found = `Severity **${rule.severity}**, found ${CHECK_WORDS[rule.check]}`;
  const { why, wrong, right } = LESSONS[rule.id];
  return [
    `### ${rule.id}`,
    rule.title,
    `${stated === '' ? found : `${found}; stated by ${stated}`}.`,
    `**Why**: ${why}`,
    `**On a real host**: ${rule.consequence}`,
    `**Mend it**: ${rule.mend}`,
    ...inTheSource(rule),
    'Wrong:',
    code(wrong),
    'Right:',
    code(right),
  ].join('\n\n');
}

/** What `vsp-lab check` makes of a rule, and what the editor offers for it. */
function inTheSource({ id, check }: Rule): readonly string[] {
  if (check === 'dynamic') return [];
  const reason = UNDECIDED[id];
  if (reason !== undefined) return [`**In the source**: not reported, since ${reason}.`];
  const fix = FIXES[id];
  const offer = fix === undefined ? '' : ` Quick fix: *${fix.title}*.`;
  return [`**In the source**: found on each way through the driver's functions.${offer}`];
}

/** The whole page. */
export function rulesPage(): string {
  const groups = byGroup(RULES).map(([title, rules]) => [`## ${title}`, ...rules.map(section)].join('\n\n'));
  return `${[INTRODUCTION.trimEnd(), '## Contents', contents().join('\n'), ...groups].join('\n\n')}\n`;
}
