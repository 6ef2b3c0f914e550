/**
 * The fixture: contexts with values in every member, a channel of its own, and tests of what save and restore promise.
 * Where packets complete in a routine that was there before, only contexts: what it needs is the driver's business.
 */

import { type ContextStatements, type FixtureFacts, testTexts } from './fixtureTests.js';
import { flexibleTail, pointerTails } from './model.js';
import type { RecordLayout } from './record.js';
import { plain } from './recordText.js';
import { inside, type Words } from './words.js';

export type { FixtureFacts };

export function fixtureText(words: Words, facts: FixtureFacts): string {
  const { model } = words;
  const tests = facts.hasTests ? testTexts(words, facts, contextStatements(words, 'Number', 'Host->Channel')) : [];
  const text = [fillText(words), contextText(words, facts), ...transients(words, facts), ...tests].join('\n\n');
  return [
    `/* Tests of saving and restoring packets with a ${plain(model.context)}. */`,
    '#include <vsplab.h>',
    '',
    '#if defined(VSPLAB)',
    `#include "${facts.source}" /* its static functions are used here */`,
    '',
    ...(facts.opens.length > 0 ? [...facts.opens, ''] : []),
    text,
    '',
    '#endif',
    '',
  ].join('\n');
}

/** Values that tell packets apart: every one that is saved. */
function fillText(words: Words): string {
  const { model } = words;
  const context = words.v('Context');
  const index = words.v('Index');
  const { lines, loops } = fillMembers(words, model.record, `${context}->`, '');
  const unused = (name: string): boolean => !lines.some((line) => new RegExp(`\\b${name}\\b`).test(line));
  return [
    `/* Values in every member that is saved, others for every ${index}. */`,
    words.signature(`static VOID ${words.f('FillContext')}`, [
      `${words.declare(model.pointer, 'Context')}`,
      `ULONG ${index}`,
    ]),
    '{',
    ...(loops ? [`    UINT32 ${words.v('Element')};`, ''] : []),
    ...inside(lines),
    ...inside([context, index].filter(unused).map((each) => `UNREFERENCED_PARAMETER(${each});`)),
    '}',
  ].join('\n');
}

interface Filled {
  readonly lines: readonly string[];
  readonly loops: boolean;
}

function fillMembers(words: Words, layout: RecordLayout, to: string, element: string): Filled {
  const index = words.v('Index');
  const lengths = new Set(words.model.record.tails.map(({ length }) => length.path));
  const lines: string[] = [];
  let loops = false;
  layout.members.forEach((member, at) => {
    const target = `${to}${member.path}`;
    const { held } = member;
    const value = element === '' ? `${index} + ${at + 1}` : `${index} + ${element} + ${at + 1}`;
    if (layout === words.model.record && lengths.has(member.path)) return;
    if (held.kind === 'structures') {
      const inner = layout.elements.get(member.path);
      if (inner === undefined) return;
      loops = true;
      const at2 = words.v('Element');
      const filled = fillMembers(words, inner, `${target}[${at2}].`, at2);
      lines.push(`for (${at2} = 0; ${at2} < ${member.count ?? 0}; ${at2}++) {`, ...inside(filled.lines), '}');
    } else if (held.kind === 'guid') lines.push(`${target}.Data1 = ${value};`);
    else if (held.kind === 'bytes') {
      const isFloat = held.count === undefined;
      const array = held.isUnion === true ? `&${target}` : target;
      lines.push(
        isFloat
          ? `${target} = ${words.cast(held.bytes === 4 ? 'float' : 'double', `(${value})`)};`
          : `RtlFillMemory(${array}, sizeof(${target}), ${words.cast('UCHAR', `(${value})`)});`,
      );
    } else if (held.isBool === true) lines.push(`${target} = (${value}) % 2 != 0;`);
    else if (held.cast === undefined) {
      const limited = held.most === undefined ? `(${value})` : `((${value}) & ${Math.min(held.most, 0x7fffffff)})`;
      lines.push(`${target}${held.member ?? ''} = ${words.cast(held.type, limited)};`);
    }
  });
  return { lines, loops };
}

/** For runs without a test. */
function contextText(words: Words, facts: FixtureFacts): string {
  const { declaration, statements } = contextStatements(words, 'Index', 'Channel');
  return [
    '/* Contexts of runs without a test. */',
    `VSPLAB_CONTEXT(${facts.context})`,
    '{',
    ...inside([declaration, '', ...statements, `return ${words.v('Context')};`]),
    '}',
  ].join('\n');
}

/** Makes a context number `index`, its tails included. */
function contextStatements(words: Words, index: string, channel: string): ContextStatements {
  const { model } = words;
  const context = words.v('Context');
  const flexible = flexibleTail(model);
  const count = flexible === undefined ? '' : String(elementsOfTail(flexible.tail.counts, flexible.tail.elementBytes));
  const declaration = `${words.declare(model.pointer, 'Context')} = ${words.make(channel, count)};`;
  const lines = [
    `VSPLAB_ASSERT(${context} != ${words.null});`,
    ...words.back(['device', 'channel'], context, channel, ''),
    `${words.f('FillContext')}(${context}, ${index});`,
  ];
  if (flexible !== undefined) {
    lines.push(`${context}->${flexible.length.path} = ${count};`);
    const size = flexible.tail.counts ? `${count} * sizeof(${context}->${flexible.path}[0])` : count;
    if (flexible.element === undefined) {
      lines.push(`RtlFillMemory(${context}->${flexible.path}, ${size}, ${words.cast('UCHAR', `(${index} + 1)`)});`);
    } else {
      for (let at = 0; at < Number(count); at += 1) {
        const to = `${context}->${flexible.path}[${at}].`;
        lines.push(
          ...fillMembers(words, flexible.element, to, String(at)).lines.map((line) =>
            line.replaceAll(words.v('Index'), index),
          ),
        );
      }
    }
  }
  for (const { path, length, tail } of pointerTails(model)) {
    const bytes = 4 * tail.elementBytes;
    lines.push(
      `${context}->${path} = ${words.allocate(tail.element, String(bytes))};`,
      `VSPLAB_ASSERT(${context}->${path} != ${words.null});`,
      `RtlFillMemory((PVOID)${context}->${path}, ${bytes}, ${words.cast('UCHAR', `(${index} + 1)`)});`,
      `${context}->${length.path} = ${tail.counts ? 4 : bytes};`,
    );
  }
  return { declaration, statements: lines };
}

function elementsOfTail(counts: boolean, elementBytes: number): number {
  return counts ? 3 : 3 * elementBytes;
}

/** Members that need not survive: plain data that is not saved. */
function transients({ model }: Words, { context: name }: FixtureFacts): readonly string[] {
  const apart = ['pointer', 'handle', 'lock', 'list', 'kernel object'];
  const data = model.lost.filter(
    ({ kind, path, saved }) =>
      !path.includes('.') && !apart.includes(kind) && !(saved?.kind === 'tail' && saved.where === 'pointer'),
  );
  if (data.length === 0) return [];
  return [['/* Not in the record. */', ...data.map(({ path }) => `VSPLAB_TRANSIENT(${name}, ${path})`)].join('\n')];
}
