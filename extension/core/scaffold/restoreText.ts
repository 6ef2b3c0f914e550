/** The restore side: contexts, the record's validation, the callback, the completion routine (kmcl-facts 6.6). */
import type { FieldChoice } from './fields.js';
import { lengthCall, tailBytes } from './lengthText.js';
import { flexibleTail, pointerTails } from './model.js';
import type { RecordTail } from './record.js';
import { CHECKSUM_START, giveMembers, hasLoop, lies, plain } from './recordText.js';
import { failing, inside, type Words } from './words.js';

/** How an object of the kernel begins; `@` is its address. What is not here is left zero. */
const INITIALISERS: readonly (readonly [RegExp, string])[] = [
  [/^_?LIST_ENTRY$/, 'InitializeListHead(@);'],
  [/^KSPIN_LOCK$/, 'KeInitializeSpinLock(@);'],
  [/^_?FAST_MUTEX$/, 'ExInitializeFastMutex(@);'],
  [/^EX_PUSH_LOCK$/, 'ExInitializePushLock(@);'],
  [/^_?KEVENT$/, 'KeInitializeEvent(@, NotificationEvent, FALSE);'],
  [/^_?KTIMER$/, 'KeInitializeTimer(@);'],
  [/^_?EX_RUNDOWN_REF$/, 'ExInitializeRundownProtection(@);'],
];

/** Whether making a context has anything to do for the member. */
export function initialiser({ names, type }: FieldChoice): string | undefined {
  return type.includes('[') ? undefined : INITIALISERS.find(([name]) => names.some((each) => name.test(each)))?.[1];
}

/** Makes and gives back a context, where the file has no functions for that. */
export function contextText(words: Words): string {
  const { model } = words;
  const context = words.v('Context');
  const flexible = flexibleTail(model);
  const count = flexible === undefined ? undefined : words.v(flexible.length.name);
  const size = words.v('Size');
  const parameters =
    flexible === undefined || count === undefined ? ['VOID'] : [`_In_ ${flexible.length.type} ${count}`];
  const status = words.v('Status');
  const sized = flexible === undefined || count === undefined ? [] : contextSize(words, flexible, count);
  const objects = model.objects.flatMap((choice) => {
    const text = initialiser(choice);
    return text === undefined ? [] : [text.replace('@', `&${context}->${choice.path}`)];
  });
  const bytes = flexible === undefined ? `sizeof(*${context})` : size;
  return [
    `/* ${plain(model.context)}s as packets need them: zero but for what has to be initialised. */`,
    words.signature(
      `static _Ret_maybenull_ ${model.pointer}${model.pointer.endsWith('*') ? '' : ' '}${words.f('CreateContext')}`,
      parameters,
    ),
    '{',
    `    ${words.declare(model.pointer, 'Context')};`,
    ...(flexible === undefined ? [] : [`    ULONG ${size};`]),
    ...(sized.some((line) => line.includes(status)) ? [`    NTSTATUS ${status};`] : []),
    '',
    ...inside(sized),
    `    ${context} = ${words.allocate(model.pointer, bytes)};`,
    ...inside(failing(`${context} == ${words.null}`, words.null)),
    ...(words.isZeroed ? [] : [`    RtlZeroMemory(${context}, ${bytes});`]),
    ...inside(objects),
    `    return ${context};`,
    '}',
    '',
    words.signature(`static VOID ${words.f('DestroyContext')}`, [`_In_ ${words.declare(model.pointer, 'Context')}`]),
    '{',
    ...inside(freeTails(words)),
    `    ${words.free(context)}`,
    '}',
  ].join('\n');
}

function contextSize(words: Words, { tail, length }: RecordTail, count: string): readonly string[] {
  const size = words.v('Size');
  const status = words.v('Status');
  const failed = failing(`!NT_SUCCESS(${status})`, words.null);
  const element = `sizeof(((${words.model.pointer})0)->${tailPath(words)}[0])`;
  const isWide = length.bytes === 8;
  const source = isWide ? size : count;
  return [
    ...(isWide ? [`${status} = RtlULongLongToULong(${count}, &${size});`, ...failed] : []),
    ...(tail.counts ? [`${status} = RtlULongMult(${source}, ${element}, &${size});`, ...failed] : []),
    `${status} = RtlULongAdd(${tail.counts || isWide ? size : count}, sizeof(*${words.v('Context')}), &${size});`,
    ...failed,
  ];
}

function tailPath({ model }: Words): string {
  return flexibleTail(model)?.path ?? '';
}

function freeTails(words: Words): readonly string[] {
  const context = words.v('Context');
  const freed = words.model.ways?.freeBody ?? '';
  const own = pointerTails(words.model).filter(({ path }) => !new RegExp(`(?:->|\\.)\\s*${path}\\b`).test(freed));
  return own.flatMap(({ path }) => [
    `if (${context}->${path} != ${words.null}) {`,
    `    ${words.free(pointerValue(words, `${context}->${path}`, path))}`,
    '}',
  ]);
}

/** What a pointer to constants leads to is given back by its own address all the same. */
function pointerValue({ model }: Words, expression: string, path: string): string {
  const type = model.record.tails.find((each) => each.path === path)?.tail.element ?? '';
  return /\bconst\b|^L?PC/.test(type) ? `(PVOID)${expression}` : expression;
}

export function completeText(words: Words): string {
  const { model } = words;
  const packet = words.v('Packet');
  const given = [words.v('Status'), words.v('Buffer'), words.v('BufferLength')];
  const context = words.cast(model.pointer, `${words.k('VmbPacketGetPointer')}(${packet})`);
  return [
    '/* The guest has answered, or never will: the packet and its context have done their work. */',
    '_Use_decl_annotations_',
    words.signature(`VOID ${model.names.complete}`, [
      `VMBPACKET ${packet}`,
      `NTSTATUS ${given[0]}`,
      `PVOID ${given[1]}`,
      `UINT32 ${given[2]}`,
    ]),
    '{',
    ...given.map((each) => `    UNREFERENCED_PARAMETER(${each});`),
    '',
    `    ${destroy(words, context)}`,
    `    ${words.k('VmbPacketFree')}(${packet});`,
    '}',
  ].join('\n');
}

function destroy(words: Words, context: string): string {
  return `${words.model.ways?.free ?? words.f('DestroyContext')}(${context});`;
}

export function readText(words: Words): string {
  const { model } = words;
  const record = words.v('Record');
  const buffer = words.v('SaveBuf');
  const given = words.v('SaveBufSize');
  const status = words.v('Status');
  const sum = words.v('Checksum');
  const length = words.isVariable ? words.v('Length') : `sizeof(*${record})`;
  const constant = model.names.constant;
  const head = `${words.f('Checksum')}(${CHECKSUM_START}, ${record}, sizeof(*${record}))`;
  const rest = `${words.cast('const UINT8 *', buffer)} + sizeof(*${record}), ${length} - sizeof(*${record})`;
  const actual = words.isVariable ? `${words.f('Checksum')}(${head},\n${' '.repeat(12)}${rest})` : head;
  const wrong = lies(words, model.record, `${record}->`);
  return [
    '/* A copy of a record that may come from a damaged file or another build, checked. SaveBuf may be longer. */',
    words.signature(`static NTSTATUS ${words.f('ReadRecord')}`, [
      `_In_reads_bytes_(${given}) const VOID *${buffer}`,
      `_In_ UINT32 ${given}`,
      `_Out_ P${model.record.name} ${record}`,
    ]),
    '{',
    `    UINT32 ${sum};`,
    ...(words.isVariable ? [`    ULONG ${words.v('Length')};`, `    NTSTATUS ${status};`] : []),
    ...(elementLies(words).length > 0 ? [`    UINT32 ${words.v('Index')};`] : []),
    '',
    `    RtlZeroMemory(${record}, sizeof(*${record}));`,
    ...inside(failing(`${given} < sizeof(*${record})`, 'STATUS_INVALID_BUFFER_SIZE')),
    `    RtlCopyMemory(${record}, ${buffer}, sizeof(*${record}));`,
    ...inside(failing(`${record}->Signature != ${constant}_SIGNATURE`, 'STATUS_INVALID_SIGNATURE')),
    ...inside(failing(`${record}->Version != ${constant}_VERSION`, 'STATUS_REVISION_MISMATCH')),
    ...(words.isVariable
      ? inside([
          `${status} = ${lengthCall(words, `${record}->`)};`,
          ...failing(`!NT_SUCCESS(${status})`, status),
          ...failing(`${record}->RecordLength != ${length} || ${given} < ${length}`, 'STATUS_INVALID_BUFFER_SIZE'),
        ])
      : inside(failing(`${record}->RecordLength != ${length}`, 'STATUS_INVALID_BUFFER_SIZE'))),
    `    ${sum} = ${record}->Checksum;`,
    `    ${record}->Checksum = 0;`,
    ...inside(failing(`${sum} != ${actual}`, 'STATUS_DATA_ERROR')),
    ...inside(failing(joined(wrong), 'STATUS_DATA_ERROR')),
    ...inside(elementLies(words)),
    '    return STATUS_SUCCESS;',
    '}',
  ].join('\n');
}

/** Conditions over as many lines as they take. */
function joined(conditions: readonly string[]): string {
  const lines: string[] = [];
  let line = '';
  conditions.forEach((condition, index) => {
    const piece = `${condition}${index + 1 < conditions.length ? ' ||' : ''}`;
    if (line !== '' && `${line} ${piece}`.length > 100) {
      lines.push(line);
      line = piece;
    } else line = line === '' ? piece : `${line} ${piece}`;
  });
  return [...lines, line].join(`\n${' '.repeat(8)}`);
}

/** The same for the elements of arrays in the record. */
function elementLies(words: Words): readonly string[] {
  const record = `${words.v('Record')}->`;
  const index = words.v('Index');
  return words.model.record.members.flatMap((member) => {
    const element = words.model.record.elements.get(member.path);
    const wrong = element === undefined ? [] : lies(words, element, `${record}${member.name}[${index}].`);
    return wrong.length === 0
      ? []
      : [
          `for (${index} = 0; ${index} < ${member.count ?? 0}; ${index}++) {`,
          ...inside(failing(joined(wrong), 'STATUS_DATA_ERROR')),
          '}',
        ];
  });
}

/** Gives a context what follows the record. */
export function giveTailText(words: Words): string {
  const { model } = words;
  const context = words.v('Context');
  const record = words.v('Record');
  const tail = words.v('Tail');
  const hasElements = model.record.tails.some(({ element }) => element !== undefined);
  const hasPointers = pointerTails(model).length > 0;
  const { tails } = model.record;
  return [
    `/* What follows the record; a failure leaves to the caller what is there already. */`,
    words.signature(`static NTSTATUS ${words.f('RestoreTail')}`, [
      `_In_ const ${model.record.name} *${record}`,
      `_In_ const VOID *${words.v('SaveBuf')}`,
      `_Inout_ ${words.declare(model.pointer, 'Context')}`,
    ]),
    '{',
    `    const UINT8 *${tail} = ${words.cast('const UINT8 *', words.v('SaveBuf'))} + sizeof(*${record});`,
    ...tails.flatMap(({ element }) => (element === undefined ? [] : [`    ${element.name} ${words.v('Element')};`])),
    ...(hasElements ? [`    UINT32 ${words.v('Index')};`] : []),
    ...(tails.some(({ element }) => element !== undefined && hasLoop(element))
      ? [`    UINT32 ${words.v('Inner')};`]
      : []),
    ...(hasPointers ? [`    PVOID ${words.v('Copy')};`] : []),
    '',
    ...inside(tails.flatMap((each, index) => giveTail(words, each, context, index + 1 === tails.length))),
    '    return STATUS_SUCCESS;',
    '}',
  ].join('\n');
}

function giveTail(words: Words, each: RecordTail, context: string, isLast: boolean): readonly string[] {
  const { element, path, length } = each;
  const tail = words.v('Tail');
  const record = `${words.v('Record')}->`;
  const bytes = tailBytes(each, record);
  const onwards = isLast ? [] : [`${tail} += ${bytes};`];
  if (element !== undefined) {
    const one = words.v('Element');
    const index = words.v('Index');
    const wrong = lies(words, element, `${one}.`);
    return [
      `for (${index} = 0; ${index} < ${record}${length.name}; ${index}++) {`,
      `    RtlCopyMemory(&${one}, ${tail}, sizeof(${one}));`,
      ...(wrong.length === 0 ? [] : inside(failing(joined(wrong), 'STATUS_DATA_ERROR'))),
      ...inside(giveMembers(words, element, `${context}->${path}[${index}].`, `${one}.`, 1)),
      `    ${tail} += sizeof(${one});`,
      '}',
    ];
  }
  if (each.tail.where === 'flexible') return [`RtlCopyMemory(${context}->${path}, ${tail}, ${bytes});`, ...onwards];
  const copy = words.v('Copy');
  return [
    `if (${record}${length.name} != 0) {`,
    `    ${copy} = ${words.allocate('PVOID', bytes)};`,
    ...inside(failing(`${copy} == ${words.null}`, 'STATUS_INSUFFICIENT_RESOURCES')),
    `    RtlCopyMemory(${copy}, ${tail}, ${bytes});`,
    `    ${context}->${path} = ${words.cast(each.tail.element, copy)};`,
    ...inside(onwards),
    '}',
  ];
}

export function restoreText(words: Words): string {
  const { model } = words;
  const record = words.v('Record');
  const status = words.v('Status');
  const head = [
    ...lostComment(words),
    '_Use_decl_annotations_',
    words.signature(`NTSTATUS ${model.names.restore}`, [
      `VMBCHANNEL ${words.v('Channel')}`,
      `PVOID ${words.v('LibBuf')}`,
      `UINT32 ${words.v('LibBufSize')}`,
      `PVOID ${words.v('SaveBuf')}`,
      `UINT32 ${words.v('SaveBufSize')}`,
    ]),
    '{',
  ];
  if (!words.isLarge) return [...head, ...inside(restoreBody(words, false)), '}'].join('\n');
  const operands = [
    words.v('Channel'),
    words.v('LibBuf'),
    words.v('LibBufSize'),
    words.v('SaveBuf'),
    words.v('SaveBufSize'),
  ];
  return [
    words.signature(`static NTSTATUS ${words.f('RestoreContext')}`, [
      `_In_ VMBCHANNEL ${operands[0]}`,
      `_In_reads_bytes_(${operands[2]}) PVOID ${operands[1]}`,
      `_In_ UINT32 ${operands[2]}`,
      `_In_reads_bytes_(${operands[4]}) PVOID ${operands[3]}`,
      `_In_ UINT32 ${operands[4]}`,
      `_Out_ P${words.record} ${record}`,
    ]),
    '{',
    ...inside(restoreBody(words, true)),
    '}',
    '',
    ...head,
    `    P${words.record} ${record};`,
    `    NTSTATUS ${status};`,
    '',
    `    ${record} = ${words.allocate(`P${words.record}`, `sizeof(*${record})`)};`,
    ...inside(failing(`${record} == ${words.null}`, 'STATUS_INSUFFICIENT_RESOURCES')),
    `    ${status} = ${words.f('RestoreContext')}(${[...operands, record].join(', ')});`,
    `    ${words.free(record)}`,
    `    return ${status};`,
    '}',
  ].join('\n');
}

function lostComment({ model }: Words): readonly string[] {
  if (model.lost.length === 0) return [];
  const names = model.lost.map(({ path }) => path);
  const shown = names.length > 8 ? `${names.slice(0, 8).join(', ')} and ${names.length - 8} more` : names.join(', ');
  return [`/* Not in the record, so zero in a restored context: ${shown}. */`];
}

function restoreBody(words: Words, isInner: boolean): readonly string[] {
  const { model } = words;
  const [record, context, packet, status] = [
    words.v('Record'),
    words.v('Context'),
    words.v('Packet'),
    words.v('Status'),
  ];
  const address = isInner ? record : `&${record}`;
  const dot = isInner ? `${record}->` : `${record}.`;
  const flexible = flexibleTail(model);
  const channel = words.v('Channel');
  const count = flexible === undefined ? '' : `${dot}${flexible.length.name}`;
  const traced = words.trace(`${model.names.restore}: the packet was not restored`);
  const refused = [`if (!NT_SUCCESS(${status})) {`, ...inside(traced), `    return ${status};`, '}'];
  const label = words.v('DestroyContext');
  const initial = model.ways === undefined ? [] : objectLines(words, context);
  const tail = words.isVariable
    ? [
        `${status} = ${words.f('RestoreTail')}(${address}, ${words.v('SaveBuf')}, ${context});`,
        `if (!NT_SUCCESS(${status})) {`,
        `    goto ${label};`,
        '}',
      ]
    : [];
  return [
    ...(isInner ? [] : [`${words.record} ${record};`]),
    `${words.declare(model.pointer, 'Context')};`,
    `VMBPACKET ${packet};`,
    ...(hasLoop(model.record) ? [`UINT32 ${words.v('Index')};`] : []),
    `NTSTATUS ${status};`,
    '',
    `${status} = ${words.f('ReadRecord')}(${words.v('SaveBuf')}, ${words.v('SaveBufSize')}, ${address});`,
    ...refused,
    `${context} = ${words.make(channel, count)};`,
    ...failing(`${context} == ${words.null}`, 'STATUS_INSUFFICIENT_RESOURCES'),
    ...initial,
    ...words.back(['device', 'channel'], context, channel, packet),
    ...giveMembers(words, model.record, `${context}->`, dot),
    ...tail,
    '',
    `${packet} = ${words.k('VmbPacketAllocate')}(${words.v('Channel')});`,
    `if (${packet} == ${words.null}) {`,
    `    ${status} = STATUS_INSUFFICIENT_RESOURCES;`,
    `    goto ${label};`,
    '}',
    ...words.back(['packet'], context, channel, packet),
    `${words.k('VmbPacketSetPointer')}(${packet}, ${context});`,
    `${words.k('VmbPacketSetCompletionRoutine')}(${packet}, ${model.names.complete});`,
    `${status} = ${words.k('VmbPacketRestore')}(${packet}, ${words.v('LibBuf')}, ${words.v('LibBufSize')});`,
    `if (NT_SUCCESS(${status})) {`,
    '    return STATUS_SUCCESS;',
    '}',
    `${words.k('VmbPacketFree')}(${packet});`,
    '',
    `<${label}:`,
    ...(model.ways === undefined ? [] : freeTails(words)),
    destroy(words, context),
    ...traced,
    `return ${status};`,
  ];
}

/** What the file's own function for contexts leaves to whoever calls it. */
function objectLines({ model }: Words, context: string): readonly string[] {
  const made = model.ways?.makeBody ?? '';
  return model.objects.flatMap((choice) => {
    const text = new RegExp(`(?:->|\\.)\\s*${choice.path}\\b`).test(made) ? undefined : initialiser(choice);
    return text === undefined ? [] : [text.replace('@', `&${context}->${choice.path}`)];
  });
}
