/** The record's declaration, the declarations of the callbacks, and how its members are copied. */
import { signatureOf } from './names.js';
import { HEADER, type RecordLayout, type RecordMember } from './record.js';
import { inside, type Words } from './words.js';

/** First value of the checksum. */
export const CHECKSUM_START = '0x811C9DC5';

export function recordText(words: Words): string {
  const { record, names, context, packing } = words.model;
  const { text, value } = signatureOf(names.constant);
  const tail = words.isVariable ? ', what follows it included' : '';
  const lines = [
    `/* Saved form of ${plain(context)}: fixed widths, no pointers, no padding of the compiler's. */`,
    `#define ${names.constant}_SIGNATURE 0x${value.toString(16).toUpperCase().padStart(8, '0')} /* "${text}" */`,
    `#define ${names.constant}_VERSION 1`,
    '',
    ...(packing === 'packed' ? ['#pragma pack(push, 1)', ''] : []),
    ...elementsOf(record).flatMap((element) => [...structureText(element, []), '']),
    ...record.tails.flatMap(({ element }) => (element === undefined ? [] : [...structureText(element, []), ''])),
    ...structureText(record, [
      'UINT32 Signature;',
      'UINT16 Version;',
      'UINT16 Reserved0; /* zero */',
      `UINT32 RecordLength; /* of the record${tail} */`,
      'UINT32 Checksum; /* of all of it, this field counted as zero */',
    ]),
    ...(packing === 'packed' ? ['', '#pragma pack(pop)'] : []),
  ];
  return lines.join('\n');
}

export function plain(context: string): string {
  return context.replace(/^struct\s+/, '');
}

function elementsOf({ elements }: RecordLayout): readonly RecordLayout[] {
  return [...elements.values()].flatMap((each) => [...elementsOf(each), each]);
}

function structureText(layout: RecordLayout, header: readonly string[]): readonly string[] {
  const { name, members, reserved, size } = layout;
  const own = members.map((member) => ({ offset: member.offset, text: memberText(member) }));
  const gaps = reserved.map(({ type, name: gap, offset }) => ({ offset, text: `${type} ${gap}; /* zero */` }));
  const lines = [...own, ...gaps].sort((a, b) => a.offset - b.offset).map(({ text }) => text);
  const places = [...(header.length > 0 ? HEADER : []), ...members].filter(({ offset }) => offset > 0);
  return [
    `typedef struct _${name} {`,
    ...inside([...header, ...lines]),
    `} ${name}, *P${name};`,
    ...places.map((member) => `C_ASSERT(FIELD_OFFSET(${name}, ${member.name}) == ${member.offset});`),
    `C_ASSERT(sizeof(${name}) == ${size});`,
  ];
}

function memberText({ name, type, count }: RecordMember): string {
  return `${type} ${name}${count === undefined ? '' : `[${count}]`};`;
}

export function declarationsText({ model }: Words): string {
  const { names, hasComplete, roles } = model;
  const declarations = [
    ['EVT_VMB_CHANNEL_SAVE_PACKET', names.save],
    ['EVT_VMB_CHANNEL_RESTORE_PACKET', names.restore],
    ...(hasComplete ? [] : [['EVT_VMB_PACKET_COMPLETION_ROUTINE', names.complete] as const]),
  ] as const;
  return declarations.flatMap(([role, name]) => (roles.has(name) ? [] : [`${role} ${name};`])).join('\n');
}

/** Statements that keep members of a context; `to` and `from` are expressions with their arrow or dot. */
export function keepMembers(
  words: Words,
  layout: RecordLayout,
  to: string,
  from: string,
  depth = 0,
): readonly string[] {
  return layout.members.flatMap((member) =>
    member.held.kind === 'structures'
      ? loop(words, member, layout, depth, (element, index) =>
          keepMembers(words, element, `${to}${member.name}[${index}].`, `${from}${member.path}[${index}].`, depth + 1),
        )
      : [keepMember(words, member.held, `${to}${member.name}`, `${from}${member.path}`)],
  );
}

type Plain = Exclude<RecordMember['held'], { readonly kind: 'structures' }>;

function keepMember(words: Words, held: Plain, target: string, source: string): string {
  switch (held.kind) {
    case 'number': {
      const value = `${source}${held.member ?? ''}`;
      const isCast = held.cast !== undefined || held.isBool === true || held.isBits === true;
      return `${target} = ${isCast ? words.cast(held.type, value) : value};`;
    }
    case 'bytes': {
      const isArray = held.count !== undefined && held.isUnion !== true;
      const into = held.count === undefined ? `&${target}` : target;
      return `RtlCopyMemory(${into}, ${isArray ? '' : '&'}${source}, sizeof(${target}));`;
    }
    case 'guid':
      return `${target} = ${source};`;
  }
}

/** The way back. */
export function giveMembers(
  words: Words,
  layout: RecordLayout,
  to: string,
  from: string,
  depth = 0,
): readonly string[] {
  return layout.members.flatMap((member) =>
    member.held.kind === 'structures'
      ? loop(words, member, layout, depth, (element, index) =>
          giveMembers(words, element, `${to}${member.path}[${index}].`, `${from}${member.name}[${index}].`, depth + 1),
        )
      : [giveMember(words, member.held, `${to}${member.path}`, `${from}${member.name}`)],
  );
}

function giveMember(words: Words, held: Plain, target: string, source: string): string {
  switch (held.kind) {
    case 'number': {
      const into = `${target}${held.member ?? ''}`;
      if (held.isBool === true) return `${into} = ${source} != 0;`;
      return `${into} = ${held.cast === undefined ? source : words.cast(held.cast, source)};`;
    }
    case 'bytes': {
      const isArray = held.count !== undefined && held.isUnion !== true;
      const out = held.count === undefined ? `&${source}` : source;
      return `RtlCopyMemory(${isArray ? '' : '&'}${target}, ${out}, sizeof(${source}));`;
    }
    case 'guid':
      return `${target} = ${source};`;
  }
}

/** Conditions under which a record is no record: reserved bytes that are used, numbers beyond what they can be. */
export function lies(words: Words, layout: RecordLayout, from: string): readonly string[] {
  const isHead = layout === words.model.record;
  const most = layout.members.flatMap(({ held, name }) =>
    held.kind === 'number' && held.most !== undefined ? [`${from}${name} > ${held.most}`] : [],
  );
  const zero = layout.reserved.map(({ name }) => `${from}${name} != 0`);
  return [...(isHead ? [`${from}Reserved0 != 0`] : []), ...zero, ...most];
}

function loop(
  words: Words,
  member: RecordMember,
  layout: RecordLayout,
  depth: number,
  body: (element: RecordLayout, index: string) => readonly string[],
): readonly string[] {
  const element = layout.elements.get(member.path);
  if (element === undefined) return [];
  const index = words.v(depth === 0 ? 'Index' : 'Inner');
  return [`for (${index} = 0; ${index} < ${member.count ?? 0}; ${index}++) {`, ...inside(body(element, index)), '}'];
}

/** Whether copying its members takes a loop. */
export function hasLoop(layout: RecordLayout): boolean {
  return layout.elements.size > 0;
}
