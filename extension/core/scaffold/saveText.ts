/** The save side: checksum, length, what is captured under the lock, and the callback (kmcl-facts 6.3). */
import { lengthCall, parameterOf, tailBytes } from './lengthText.js';
import type { RecordTail } from './record.js';
import { CHECKSUM_START, hasLoop, keepMembers, plain } from './recordText.js';
import { failing, inside, type Words } from './words.js';

export function checksumText(words: Words): string {
  const bytes = words.v('Bytes');
  const byte = words.v('Byte');
  const index = words.v('Index');
  const sum = words.v('Sum');
  const length = words.v('Length');
  return [
    '/* FNV-1a, carried on from the sum of what came before. */',
    words.signature(`static UINT32 ${words.f('Checksum')}`, [
      `_In_ UINT32 ${sum}`,
      `_In_reads_bytes_(${length}) const VOID *${bytes}`,
      `_In_ UINT32 ${length}`,
    ]),
    '{',
    `    const UINT8 *${byte} = ${words.cast('const UINT8 *', bytes)};`,
    `    UINT32 ${index};`,
    '',
    `    for (${index} = 0; ${index} < ${length}; ${index}++) {`,
    `        ${sum} = (${sum} ^ ${byte}[${index}]) * 0x01000193;`,
    '    }',
    `    return ${sum};`,
    '}',
  ].join('\n');
}

export function captureText(words: Words): string {
  const { model } = words;
  const context = words.v('Context');
  const record = words.v('Record');
  const { lock } = model;
  const loops = hasLoop(model.record);
  const locals = [
    ...(lock?.local === undefined ? [] : [`${lock.local.type} ${words.v(lock.local.name)};`]),
    ...(loops ? [`UINT32 ${words.v('Index')};`] : []),
  ];
  return [
    `/* What is kept of a ${plain(model.context)}${lock === undefined ? '' : `, taken under ${lock.holder === undefined ? 'its lock' : `the lock of its ${lock.holder}`}`}. */`,
    words.signature(`static VOID ${words.f('Capture')}`, [
      `_In_ ${words.declare(model.pointer, 'Context')}`,
      `_Out_ P${model.record.name} ${record}`,
    ]),
    '{',
    ...inside(locals),
    ...(locals.length > 0 ? [''] : []),
    `    RtlZeroMemory(${record}, sizeof(*${record}));`,
    `    ${record}->Signature = ${model.names.constant}_SIGNATURE;`,
    `    ${record}->Version = ${model.names.constant}_VERSION;`,
    ...(lock === undefined ? [] : ['']),
    ...inside(words.lock('acquire', context)),
    ...inside(keepMembers(words, model.record, `${record}->`, `${context}->`)),
    ...inside(words.lock('release', context)),
    '}',
  ].join('\n');
}

/** Copies what follows the record. */
export function tailText(words: Words): string {
  const { model } = words;
  const context = words.v('Context');
  const record = words.v('Record');
  const tail = words.v('Tail');
  const { lock } = model;
  const hasElements = model.record.tails.some(({ element }) => element !== undefined);
  const locals = [
    ...model.record.tails.flatMap(({ element }) =>
      element === undefined ? [] : [`${element.name} ${words.v('Element')};`],
    ),
    ...(lock?.local === undefined ? [] : [`${lock.local.type} ${words.v(lock.local.name)};`]),
    ...(hasElements ? [`UINT32 ${words.v('Index')};`] : []),
    ...(model.record.tails.some(hasInner) ? [`UINT32 ${words.v('Inner')};`] : []),
  ];
  const changed = model.record.tails
    .map(({ length }) => `${context}->${length.path} != ${record}->${length.name}`)
    .join(' || ');
  const check =
    lock === undefined
      ? []
      : [
          `if (${changed}) {`,
          ...inside(words.lock('release', context)),
          '    return STATUS_INVALID_DEVICE_STATE;',
          '}',
        ];
  return [
    `/* What follows the record${lock === undefined ? '' : ', which must not have grown since the record was taken'}. */`,
    words.signature(`static ${lock === undefined ? 'VOID' : 'NTSTATUS'} ${words.f('CaptureTail')}`, [
      `_In_ ${words.declare(model.pointer, 'Context')}`,
      `_In_ const ${model.record.name} *${record}`,
      `_Out_ PUINT8 ${tail}`,
    ]),
    '{',
    ...inside(locals),
    ...(locals.length > 0 ? [''] : []),
    ...inside(words.lock('acquire', context)),
    ...inside(check),
    ...inside(
      model.record.tails.flatMap((each, index) => copyTail(words, each, index + 1 === model.record.tails.length)),
    ),
    ...inside(words.lock('release', context)),
    ...(lock === undefined ? [] : ['    return STATUS_SUCCESS;']),
    '}',
  ].join('\n');
}

function hasInner({ element }: RecordTail): boolean {
  return element !== undefined && hasLoop(element);
}

function copyTail(words: Words, each: RecordTail, isLast: boolean): readonly string[] {
  const context = words.v('Context');
  const tail = words.v('Tail');
  const record = `${words.v('Record')}->`;
  const { element, path, length } = each;
  if (element !== undefined) {
    const one = words.v('Element');
    const index = words.v('Index');
    return [
      `for (${index} = 0; ${index} < ${record}${length.name}; ${index}++) {`,
      `    RtlZeroMemory(&${one}, sizeof(${one}));`,
      ...inside(keepMembers(words, element, `${one}.`, `${context}->${path}[${index}].`, 1)),
      `    RtlCopyMemory(${tail}, &${one}, sizeof(${one}));`,
      `    ${tail} += sizeof(${one});`,
      '}',
    ];
  }
  const bytes = tailBytes(each, record);
  const copy = [`RtlCopyMemory(${tail}, ${context}->${path}, ${bytes});`, ...(isLast ? [] : [`${tail} += ${bytes};`])];
  return each.tail.where === 'flexible' ? copy : [`if (${record}${length.name} != 0) {`, ...inside(copy), '}'];
}

export function saveText(words: Words): string {
  const { model } = words;
  const [channel, packet] = [words.v('Channel'), words.v('Packet')];
  const context = words.v('Context');
  const parameters = saveParameters(words);
  const head = [
    '_Use_decl_annotations_',
    words.signature(`NTSTATUS ${model.names.save}`, parameters),
    '{',
    `    ${words.declare(model.pointer, 'Context')} = ${words.cast(model.pointer, `${words.k('VmbPacketGetPointer')}(${packet})`)};`,
  ];
  const start = [
    `UNREFERENCED_PARAMETER(${channel});`,
    '',
    `*${words.v('BytesNeeded')} = 0;`,
    `if (${context} == ${words.null}) {`,
    '    return STATUS_INVALID_DEVICE_STATE; /* every packet of this channel is sent with a context */',
    '}',
  ];
  if (!words.isLarge) {
    return [...head, ...inside(saveLocals(words)), '', ...inside(start), ...inside(saveBody(words)), '}'].join('\n');
  }
  const record = words.v('Record');
  const status = words.v('Status');
  const operands = [context, record, words.v('SaveBuf'), words.v('SaveBufSize'), words.v('BytesNeeded')];
  return [
    saveInner(words),
    '',
    saveComment(),
    ...head,
    `    P${words.record} ${record};`,
    ...inside(lengthLocals(words)),
    `    NTSTATUS ${status};`,
    '',
    ...inside(start),
    ...inside(sizeFirst(words)),
    `    ${record} = ${words.allocate(`P${words.record}`, `sizeof(*${record})`)};`,
    ...inside(failing(`${record} == ${words.null}`, 'STATUS_INSUFFICIENT_RESOURCES')),
    `    ${status} = ${words.f('SaveContext')}(${operands.join(', ')});`,
    `    ${words.free(record)}`,
    `    return ${status};`,
    '}',
  ].join('\n');
}

/** What is asked for a size takes no memory: without any it would answer something else. */
function sizeFirst(words: Words): readonly string[] {
  const { record, lock } = words.model;
  const context = words.v('Context');
  const status = words.v('Status');
  const length = words.isVariable ? words.v('Length') : `sizeof(*${words.v('Record')})`;
  const answer = [
    `*${words.v('BytesNeeded')} = ${length};`,
    ...failing(`${words.v('SaveBufSize')} < ${length}`, 'STATUS_BUFFER_TOO_SMALL'),
  ];
  if (!words.isVariable) return answer;
  const told = record.tails.map((each) => `${parameterOf(words, each)} = ${context}->${each.length.path};`);
  const operands = [...record.tails.map((each) => parameterOf(words, each)), `&${length}`];
  return [
    ...(lock === undefined ? told : [...words.lock('acquire', context), ...told, ...words.lock('release', context)]),
    `${status} = ${words.f('RecordLength')}(${operands.join(', ')});`,
    ...failing(`!NT_SUCCESS(${status})`, status),
    ...answer,
  ];
}

function lengthLocals(words: Words): readonly string[] {
  if (!words.isVariable) return [];
  const { record, lock } = words.model;
  return [
    ...(lock?.local === undefined ? [] : [`${lock.local.type} ${words.v(lock.local.name)};`]),
    ...record.tails.map((each) => `${each.length.type} ${parameterOf(words, each)};`),
    `ULONG ${words.v('Length')};`,
  ];
}

/** Where the callback is one function the comment stands before it, else before the outer one. */
export function saveComment(): string {
  return '/* Answers how many bytes are needed, and fills them in: both calls take the same way. */';
}

function saveInner(words: Words): string {
  const { model } = words;
  return [
    '/* The record is too large for the stack: it is in pool. */',
    words.signature(`static NTSTATUS ${words.f('SaveContext')}`, [
      `_In_ ${words.declare(model.pointer, 'Context')}`,
      `_Out_ P${words.record} ${words.v('Record')}`,
      `_Out_writes_bytes_(${words.v('SaveBufSize')}) PVOID ${words.v('SaveBuf')}`,
      `_In_ UINT32 ${words.v('SaveBufSize')}`,
      `_Out_ PUINT32 ${words.v('BytesNeeded')}`,
    ]),
    '{',
    ...inside(saveLocals(words)),
    ...(saveLocals(words).length > 0 ? [''] : []),
    ...inside(saveBody(words)),
    '}',
  ].join('\n');
}

function saveParameters(words: Words): readonly string[] {
  return [
    `VMBCHANNEL ${words.v('Channel')}`,
    `VMBPACKET ${words.v('Packet')}`,
    `PVOID ${words.v('SaveBuf')}`,
    `UINT32 ${words.v('SaveBufSize')}`,
    `PUINT32 ${words.v('BytesNeeded')}`,
  ];
}

function saveLocals(words: Words): readonly string[] {
  const isStaged = words.isVariable && words.model.lock !== undefined;
  return [
    ...(words.isLarge ? [] : [`${words.record} ${words.v('Record')};`]),
    ...(words.isVariable ? [`PUINT8 ${words.v(isStaged ? 'Copy' : 'Tail')};`, `ULONG ${words.v('Length')};`] : []),
    ...(words.isVariable ? [`NTSTATUS ${words.v('Status')};`] : []),
  ];
}

function saveBody(words: Words): readonly string[] {
  const record = words.v('Record');
  const address = words.isLarge ? record : `&${record}`;
  const dot = words.isLarge ? `${record}->` : `${record}.`;
  const size = words.isLarge ? `sizeof(*${record})` : `sizeof(${record})`;
  const length = words.isVariable ? words.v('Length') : size;
  const needed = words.v('BytesNeeded');
  const buffer = words.v('SaveBuf');
  const given = words.v('SaveBufSize');
  const status = words.v('Status');
  const head = [
    `${words.f('Capture')}(${words.v('Context')}, ${address});`,
    ...(words.isVariable
      ? [`${status} = ${lengthCall(words, dot)};`, ...failing(`!NT_SUCCESS(${status})`, status)]
      : []),
    `*${needed} = ${length};`,
    ...failing(`${given} < ${length}`, 'STATUS_BUFFER_TOO_SMALL'),
    '',
    `${dot}RecordLength = ${length};`,
  ];
  const clear = `RtlZeroMemory(${buffer}, ${given});`;
  const copy = `RtlCopyMemory(${buffer}, ${address}, ${size});`;
  const sum = `${words.f('Checksum')}(${CHECKSUM_START}, ${address}, ${size})`;
  if (!words.isVariable) {
    return [...head, `${dot}Checksum = ${sum};`, clear, copy, 'return STATUS_SUCCESS;'];
  }
  const rest = `${length} - ${size}`;
  if (words.model.lock === undefined) {
    const tail = words.v('Tail');
    return [
      ...head,
      clear,
      `${tail} = ${words.cast('PUINT8', buffer)} + ${size};`,
      `${words.f('CaptureTail')}(${words.v('Context')}, ${address}, ${tail});`,
      `${dot}Checksum = ${words.f('Checksum')}(${sum}, ${tail}, ${rest});`,
      copy,
      'return STATUS_SUCCESS;',
    ];
  }
  const staged = words.v('Copy');
  return [
    ...head,
    `${staged} = ${words.allocate('PUINT8', length)}; /* SaveBuf is not for use under a lock */`,
    ...failing(`${staged} == ${words.null}`, 'STATUS_INSUFFICIENT_RESOURCES'),
    `${status} = ${words.f('CaptureTail')}(${words.v('Context')}, ${address}, ${staged} + ${size});`,
    `if (NT_SUCCESS(${status})) {`,
    `    ${dot}Checksum = ${words.f('Checksum')}(${sum}, ${staged} + ${size}, ${rest});`,
    `    RtlCopyMemory(${staged}, ${address}, ${size});`,
    `    ${clear}`,
    `    RtlCopyMemory(${buffer}, ${staged}, ${length});`,
    '}',
    words.free(staged),
    `return ${status};`,
  ];
}
