/** The rules' page: its code compiles against our headers, and it, `explain` and the catalogue say the same. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explain } from '../extension/cli/explain.js';
import { RULES, type RuleId } from '../extension/core/rules/catalogue.js';
import { LESSONS } from '../extension/core/rules/lessons/index.js';
import { rulesPage } from '../extension/core/rules/page/markdown.js';
import { at } from '../scripts/lib/project.mjs';
import { wdkMessages } from './support/wdkCompiler.js';

const ids = RULES.map(({ id }) => id);
const prelude = readFileSync(at('test/support/lessonPrelude.h'), 'utf8');

/** A sample as C at file scope, under names of its own; a sample of statements becomes a function's body. */
function sample(code: string, name: string): string {
  if (/^(?:VOID|NTSTATUS|ULONG|VSPLAB_SETUP)\b/.test(code))
    return code
      .replace('VSPLAB_SETUP', 'VSPLAB_TEST')
      .replace(/^VSPLAB_TEST\(\)/, `VSPLAB_TEST(${name})`)
      .replace(/^(VOID|NTSTATUS|ULONG) (\w+)\(/, (_, type: string, own: string) => {
        const renamed = `${own}_${name}`;
        return `#define ${own} ${renamed}\n${type} ${renamed}(`;
      })
      .concat(`\n#undef ${/^\w+ (\w+)\(/.exec(code)?.[1] ?? 'nothing'}`);
  const [type, end] = /\breturn;/.test(code) ? ['VOID', ''] : ['NTSTATUS', 'return status;'];
  return `${type} Sample_${name}(SAMPLE_AROUND)\n{\n${code}\n${end}\n}`;
}

describe('the code of a lesson', () => {
  it.each(['wrong', 'right'] as const)('compiles: %s', (kind) => {
    const samples = ids.map((id) => sample(LESSONS[id][kind], `${id.replaceAll('-', '_')}_${kind}`));
    const messages = wdkMessages([prelude, ...samples].join('\n'), {
      standard: 'c17',
      extra: [
        '-ferror-limit',
        '1000',
        '-Wno-everything',
        '-Werror=incompatible-pointer-types',
        '-Werror=int-conversion',
      ],
    });
    expect(messages).toBe('');
  });

  it.each(ids)('%s: differs between wrong and right, in lines that fit a page', (id) => {
    const { why, wrong, right } = LESSONS[id];
    expect(wrong).not.toBe(right);
    expect(why).toMatch(/^[A-Z*"][^\n]{20,400}\.$/);
    for (const line of `${wrong}\n${right}`.split('\n')) expect(line.length, line).toBeLessThanOrEqual(106);
    expect(`${wrong}${right}`).not.toMatch(/`|\t| $/m);
  });
});

describe('docs/rules.md', () => {
  const page = readFileSync(at('docs/rules.md'), 'utf8');

  it('is what the catalogue says', () => {
    expect(page).toBe(rulesPage());
  });

  it.each(ids)('has one anchor for %s, in the contents too, and every part of it', (id) => {
    expect(page.split('\n').filter((line) => line === `### ${id}`)).toHaveLength(1);
    expect(page.split('\n').filter((line) => line === `  * [${id}](#${id})`)).toHaveLength(1);
    const section = page.slice(page.indexOf(`\n### ${id}\n`)).split(/\n##/)[1] ?? '';
    const { title, consequence, mend } = RULES.find((rule) => rule.id === id) ?? RULES[0];
    const { why, wrong, right } = LESSONS[id];
    for (const part of [title, why, consequence, mend, wrong, right]) expect(section).toContain(part);
  });

  it('points to headings that exist', () => {
    const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
      (text ?? '')
        .toLowerCase()
        .replaceAll(/[^a-z0-9 -]/g, '')
        .replaceAll(' ', '-'),
    );
    for (const [, target] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(headings).toContain(target);
  });
});

it.each(ids)('explain %s prints the same parts', (id: RuleId) => {
  const text = explain([id]).replaceAll(/\s+/g, ' ');
  const { title, consequence, mend } = RULES.find((rule) => rule.id === id) ?? RULES[0];
  const { why, wrong, right } = LESSONS[id];
  for (const part of [title, why, consequence, mend, wrong, right])
    expect(text).toContain(part.replaceAll(/\s+/g, ' '));
});
