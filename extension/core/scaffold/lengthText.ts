/** How long a record is with what follows it, in checked arithmetic. */
import type { RecordTail } from './record.js';
import { tailElementBytes } from './record.js';
import { failing, inside, type Words } from './words.js';

/** Bytes of a record with what follows it. */
export function lengthText(words: Words): string {
  const { record } = words.model;
  const length = words.v('Length');
  const tail = words.v('TailLength');
  const status = words.v('Status');
  const steps = record.tails.flatMap((each, index) => {
    const part = partLength(words, each, parameterOf(words, each), tail);
    const add = `${status} = RtlULongAdd(*${length}, ${tail}, ${length});`;
    const isLast = index + 1 === record.tails.length;
    return [...part, add, ...(isLast ? [] : failing(`!NT_SUCCESS(${status})`, status))];
  });
  return [
    words.signature(`static NTSTATUS ${words.f('RecordLength')}`, [
      ...record.tails.map((each) => `_In_ ${each.length.type} ${parameterOf(words, each)}`),
      `_Out_ PULONG ${length}`,
    ]),
    '{',
    `    ULONG ${tail};`,
    `    NTSTATUS ${status};`,
    '',
    `    *${length} = sizeof(${record.name});`,
    ...inside(steps),
    `    return ${status};`,
    '}',
  ].join('\n');
}

/** The parameter for a tail's length: named as the member, unless something else here is. */
export function parameterOf(words: Words, { length }: RecordTail): string {
  const own = words.v(length.name);
  return ['Length', 'TailLength', 'Status'].some((name) => words.v(name) === own)
    ? words.v(`Context${length.name}`)
    : own;
}

/** The call that tells the length of a record; `from` is the record or the context with its arrow or dot. */
export function lengthCall(words: Words, from: string): string {
  const lengths = words.model.record.tails.map(({ length }) => `${from}${length.name}`);
  return `${words.f('RecordLength')}(${[...lengths, `&${words.v('Length')}`].join(', ')})`;
}

function partLength(words: Words, each: RecordTail, count: string, into: string): readonly string[] {
  const status = words.v('Status');
  const failed = failing(`!NT_SUCCESS(${status})`, status);
  const isWide = each.length.bytes === 8;
  const converted = isWide ? [`${status} = RtlULongLongToULong(${count}, &${into});`, ...failed] : [];
  const source = isWide ? into : count;
  if (!each.tail.counts || tailElementBytes(each) === 1) return isWide ? converted : [`${into} = ${source};`];
  return [...converted, `${status} = RtlULongMult(${source}, ${elementSize(each)}, &${into});`, ...failed];
}

/** Bytes of one element, as C says it. */
export function elementSize(each: RecordTail): string {
  return each.element === undefined ? String(each.tail.elementBytes) : `sizeof(${each.element.name})`;
}

/** Bytes of a tail whose length has been checked: an expression of 64 bits. */
export function tailBytes(each: RecordTail, from: string): string {
  const count = `${from}${each.length.name}`;
  const isBytes = !each.tail.counts || tailElementBytes(each) === 1;
  return isBytes ? count : `(SIZE_T)${count} * ${elementSize(each)}`;
}
