/** The tests of a fixture: a channel of their own, packets on it, and what save and restore promise. */
import type { InterfaceTable } from './model.js';
import { registerCall } from './registerText.js';
import { initialiser } from './restoreText.js';
import type { TableVariable } from './ways.js';
import { inside, type Words } from './words.js';

export interface FixtureFacts {
  /** The source whose static functions the tests reach, as an include names it. */
  readonly source: string;
  /** Whether a function of the source registers the callbacks of a channel it is given. */
  readonly hasRegister: boolean;
  /** The context in one word, and what has to be opened before it is known by that. */
  readonly context: string;
  readonly opens: readonly string[];
  /** Whether packets complete without the rest of the driver: else only contexts are written. */
  readonly hasTests: boolean;
}

/** How a test makes a context. */
export interface ContextStatements {
  readonly declaration: string;
  readonly statements: readonly string[];
}

/** Packets of a test. */
const PACKETS = 8;

export function testTexts(words: Words, facts: FixtureFacts, context: ContextStatements): readonly string[] {
  return [
    hostText(words, facts),
    sendText(words, context),
    findText(words),
    migrationTest(words),
    damageTest(words),
    memoryTest(words),
  ];
}

/** What the tests call theirs begins like the driver's family: the driver may have such names. */
function helper(words: Words): (name: string) => string {
  return (name) => words.f(`Test${name}`);
}

/** What the tests hold of a host. */
function host({ model }: Words): string {
  return `${model.names.constant.replace(/_SAVED$/, '')}_TEST_HOST`;
}

/** A packet callback for a guest that sends nothing. */
function ignoreText(words: Words): readonly string[] {
  const name = helper(words)('IgnorePacket');
  const unused = ['Channel', 'Buffer', 'BufferLength', 'Flags'];
  return [
    `static EVT_VMB_CHANNEL_PROCESS_PACKET ${name};`,
    '',
    words.signature(`static VOID ${name}`, [
      'VMBCHANNEL Channel',
      'VMBPACKETCOMPLETION Packet',
      'PVOID Buffer',
      'UINT32 BufferLength',
      'UINT32 Flags',
    ]),
    '{',
    ...inside(unused.map((each) => `UNREFERENCED_PARAMETER(${each});`)),
    '',
    `    ${words.k('VmbChannelPacketComplete')}(Packet, ${words.null}, 0);`,
    '}',
    '',
  ];
}

/** Fills a table of the driver's as the driver would. */
function queryVariable(words: Words, { name, type, isPointer }: TableVariable): readonly string[] {
  const place = isPointer ? words.f('TestTable') : name;
  const base = words.model.language === 'cpp' ? `reinterpret_cast<PINTERFACE>(&${place})` : `(PINTERFACE)&${place}`;
  return [
    ...(isPointer ? [`${name} = &${place};`] : []),
    `VSPLAB_ASSERT_SUCCESS(WdfFdoQueryForInterface(Device, &KMCL_SERVER_INTERFACE_TYPE, ${base},`,
    `                                              sizeof(${place}), ${type.replace('_INTERFACE_', '_INTERFACE_VERSION_')}, ${words.null}));`,
  ];
}

function released(words: Words, { expression, isNew }: InterfaceTable): string {
  return isNew ? `${words.f('ReleaseKmcl')}()` : `${expression}InterfaceDereference(${expression}Context)`;
}

/** What the driver's channels point to, as empty as it is before the first packet. */
function deviceLines(words: Words): readonly string[] {
  const { device, pool } = words.model;
  if (device === undefined) return [];
  const memory = words.cast(device.pointer, `ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Host->Device), ${pool.tag})`);
  const members = (device.isOpen ? device.candidate.choices : []).flatMap((choice) => {
    const text = initialiser(choice);
    if (text !== undefined) return [text.replace('@', `&Host->Device->${choice.path}`)];
    return choice.names.includes('VMBCHANNEL') && !choice.type.includes('[')
      ? [`Host->Device->${choice.path} = Channel;`]
      : [];
  });
  return [
    `Host->Device = ${memory};`,
    `VSPLAB_ASSERT(Host->Device != ${words.null});`,
    ...members,
    `${words.k('VmbChannelSetPointer')}(Channel, Host->Device);`,
  ];
}

/** A channel of the tests' own on a host, and its end. */
function hostText(words: Words, { hasRegister }: FixtureFacts): string {
  const t = helper(words);
  const register = hasRegister ? `${words.f('RegisterSaveRestore')}(Channel)` : registerCall(words, 'Channel');
  const { table } = words.model;
  const succeeds = (call: string): string => {
    const line = `VSPLAB_ASSERT_SUCCESS(${call});`;
    return line.length <= 114 ? line : `VSPLAB_ASSERT_SUCCESS(\n        ${call});`;
  };
  const k = (name: string, operands: string): string => succeeds(`${words.k(name)}(${operands})`);
  const queried =
    table === undefined
      ? []
      : [
          'WDFDEVICE Device = WdfWdmDeviceGetWdfDeviceHandle(VspLabDevice());',
          '',
          ...(table.variable === undefined
            ? [succeeds(`${words.f('QueryKmcl')}(Device)`)]
            : queryVariable(words, table.variable)),
        ];
  const configured = [
    k('VmbConvertVmbusHandleToKernelHandle', 'VspLabVmbusHandle(), &Host->VmbusHandle'),
    k('VmbChannelAllocate', 'VspLabDevice(), TRUE, &Channel'),
    ...deviceLines(words),
    k('VmbServerChannelInitSetVmbusHandle', 'Channel, Host->VmbusHandle'),
    k('VmbServerChannelInitSetTargetInterfaceId', 'Channel, Type, Instance'),
    k('VmbChannelInitSetMaximumPacketSize', 'Channel, 64'),
    k('VmbChannelInitSetProcessPacketCallbacks', `Channel, ${t('IgnorePacket')}, ${words.null}`),
    succeeds(register),
    k('VmbChannelEnable', 'Channel'),
    'Host->Channel = Channel;',
  ];
  return [
    ...ignoreText(words),
    ...(table?.variable?.isPointer === true ? [`static ${table.variable.type} ${words.f('TestTable')};`, ''] : []),
    `typedef struct _${host(words)} {`,
    '    VMBCHANNEL Channel;',
    '    HANDLE VmbusHandle;',
    ...(words.model.device === undefined ? [] : [`    ${words.model.device.pointer} Device;`]),
    `} ${host(words)};`,
    '',
    '/* A channel that is offered, not opened yet. */',
    `static VOID ${t('ArriveOnHost')}(${host(words)} *Host)`,
    '{',
    '    static const GUID Type = {0x9f61b1e4, 0x3c52, 0x47d0, {0x8a, 0x15, 0x6e, 0x40, 0xb2, 0x7c, 0x90, 0x3d}};',
    '    static const GUID Instance = {0x2d7e05aa, 0x71b8, 0x4c93, {0xb4, 0x0e, 0x15, 0x88, 0x6f, 0xd3, 0x2a, 0x71}};',
    '    VMBCHANNEL Channel;',
    ...(table === undefined ? [''] : []),
    ...inside([...queried, ...configured]),
    '}',
    '',
    `static VOID ${t('OpenChannel')}(const ${host(words)} *Host)`,
    '{',
    '    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Host->Channel));',
    `    ${words.k('VmbChannelStart')}(Host->Channel);`,
    '}',
    '',
    '/* Completes what is outstanding. */',
    `static VOID ${t('LeaveHost')}(const ${host(words)} *Host)`,
    '{',
    `    ${words.k('VmbChannelDisable')}(Host->Channel);`,
    `    ${words.k('VmbChannelCleanup')}(Host->Channel);`,
    '    ZwClose(Host->VmbusHandle);',
    ...(words.model.device === undefined ? [] : [`    ExFreePoolWithTag(Host->Device, ${words.model.pool.tag});`]),
    ...(table === undefined ? [] : [`    ${released(words, table)};`]),
    '}',
  ].join('\n');
}

function sendText(words: Words, { declaration, statements }: ContextStatements): string {
  const t = helper(words);
  const { model } = words;
  return [
    '/* Packets that the guest has to answer, the first half of them taken by it. */',
    `static VOID ${t('SendPackets')}(const ${host(words)} *Host)`,
    '{',
    '    UINT8 Message[8] = {0};',
    '    UINT64 Transaction;',
    '    UINT32 Length;',
    '    ULONG Number;',
    '',
    `    for (Number = 0; Number < ${PACKETS}; Number++) {`,
    ...inside([declaration], 2),
    `        VMBPACKET Packet = ${words.k('VmbPacketAllocate')}(Host->Channel);`,
    '',
    ...inside(statements, 2),
    `        VSPLAB_ASSERT(Packet != ${words.null});`,
    ...inside(words.back(['packet'], words.v('Context'), 'Host->Channel', 'Packet'), 2),
    `        ${words.k('VmbPacketSetPointer')}(Packet, ${words.v('Context')});`,
    `        ${words.k('VmbPacketSetCompletionRoutine')}(Packet, ${model.names.complete});`,
    `        VSPLAB_ASSERT_SUCCESS(${words.k('VmbPacketSend')}(Packet, Message, sizeof(Message), ${words.null},`,
    `                                            VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION));`,
    `        if (Number < ${PACKETS / 2}) {`,
    '            VSPLAB_ASSERT(VspLabGuestReceive(Host->Channel, Message, sizeof(Message), &Length, &Transaction));',
    '        }',
    '    }',
    '}',
    '',
    `static PVSPLAB_STATE ${t('SaveChannel')}(const ${host(words)} *Host)`,
    '{',
    `    PVSPLAB_STATE State = ${words.null};`,
    '',
    `    ${words.k('VmbChannelPause')}(Host->Channel);`,
    '    VSPLAB_ASSERT_SUCCESS(VspLabSave(Host->Channel, 0, &State));',
    '    return State;',
    '}',
  ].join('\n');
}

function findText(words: Words): string {
  const t = helper(words);
  const { names, record } = words.model;
  const bytes = words.cast('const UINT8 *', 'VspLabStateBytes(State)');
  return [
    `/* Record number ${'Number'} of a saved state; ${words.null} when there are fewer. */`,
    `static const UINT8 *${t('FindRecord')}(PVSPLAB_STATE State, ULONG Number, ${record.name} *Record)`,
    '{',
    `    const UINT32 Signature = ${names.constant}_SIGNATURE;`,
    `    const UINT8 *Bytes = ${bytes};`,
    '    ULONG Offset;',
    '',
    '    for (Offset = 0; Offset + sizeof(*Record) <= VspLabStateSize(State); Offset++) {',
    '        if (RtlEqualMemory(Bytes + Offset, &Signature, sizeof(Signature)) && Number-- == 0) {',
    '            RtlCopyMemory(Record, Bytes + Offset, sizeof(*Record));',
    '            return Bytes + Offset;',
    '        }',
    '    }',
    `    return ${words.null};`,
    '}',
  ].join('\n');
}

function migrationTest(words: Words): string {
  const t = helper(words);
  const { record, names } = words.model;
  return [
    '/* What one host saves another restores, and would save again. */',
    `VSPLAB_TEST(${testName(names.save, 'SurviveMigration')})`,
    '{',
    `    ${host(words)} Old, New;`,
    `    ${record.name} Before, After;`,
    '    PVSPLAB_STATE Saved, SavedAgain;',
    '    ULONG Number;',
    '',
    `    ${t('ArriveOnHost')}(&Old);`,
    `    ${t('OpenChannel')}(&Old);`,
    `    ${t('SendPackets')}(&Old);`,
    `    Saved = ${t('SaveChannel')}(&Old);`,
    `    ${t('LeaveHost')}(&Old);`,
    '',
    '    VspLabRestartHost();',
    `    ${t('ArriveOnHost')}(&New);`,
    '    VSPLAB_ASSERT_SUCCESS(VspLabRestore(New.Channel, Saved));',
    '    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(New.Channel));',
    `    SavedAgain = ${t('SaveChannel')}(&New);`,
    `    for (Number = 0; Number < ${PACKETS}; Number++) {`,
    `        const UINT8 *First = ${t('FindRecord')}(Saved, Number, &Before);`,
    '        BOOLEAN IsThere = FALSE;',
    '        ULONG Other;',
    '',
    '        /* The library promises no order. */',
    `        for (Other = 0; Other < ${PACKETS} && !IsThere; Other++) {`,
    `            const UINT8 *Second = ${t('FindRecord')}(SavedAgain, Other, &After);`,
    '',
    `            IsThere = First != ${words.null} && Second != ${words.null} && Before.RecordLength == After.RecordLength &&`,
    '                      RtlEqualMemory(First, Second, Before.RecordLength);',
    '        }',
    '        VSPLAB_ASSERT(IsThere);',
    '    }',
    `    ${words.k('VmbChannelStart')}(New.Channel);`,
    '    VspLabGuestCompleteAll(New.Channel);',
    '    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(New.Channel));',
    `    ${t('LeaveHost')}(&New);`,
    '    VspLabFreeState(Saved);',
    '    VspLabFreeState(SavedAgain);',
    '}',
  ].join('\n');
}

/** `NicRxSavePacket` → NicRxPacketsSurviveMigration. */
function testName(save: string, what: string): string {
  return /^[a-z]/.test(save)
    ? `${save.replace(/_?save_packet$/, '')}_${what.replace(/(?<=[a-z])([A-Z])/g, '_$1').toLowerCase()}`
    : `${save.replace(/SavePacket$/, '')}Packets${what}`;
}

function damageTest(words: Words): string {
  const t = helper(words);
  const { record, names } = words.model;
  const buffer = words.cast(
    'PUINT8',
    `ExAllocatePool2(POOL_FLAG_NON_PAGED, Record.RecordLength, ${words.model.pool.tag})`,
  );
  return [
    '/* Records cut short or changed anywhere are refused, and nothing is left of the attempt. */',
    `VSPLAB_TEST(${testName(names.save, 'RefuseDamage')})`,
    '{',
    `    ${host(words)} Host;`,
    `    ${record.name} Record;`,
    '    UINT8 Library[8] = {0};',
    '    const UINT8 *Found;',
    '    PVSPLAB_STATE State;',
    '    PUINT8 Copy;',
    '    UINT32 At;',
    '',
    `    ${t('ArriveOnHost')}(&Host);`,
    `    ${t('OpenChannel')}(&Host);`,
    `    ${t('SendPackets')}(&Host);`,
    `    State = ${t('SaveChannel')}(&Host);`,
    `    Found = ${t('FindRecord')}(State, 0, &Record);`,
    `    VSPLAB_ASSERT(Found != ${words.null});`,
    `    Copy = ${buffer};`,
    `    VSPLAB_ASSERT(Copy != ${words.null});`,
    '    RtlCopyMemory(Copy, Found, Record.RecordLength);',
    '    for (At = 0; At < Record.RecordLength; At++) {',
    `        VSPLAB_ASSERT(!NT_SUCCESS(${names.restore}(Host.Channel, Library, sizeof(Library), Copy, At)));`,
    '        Copy[At] ^= 0x10;',
    `        VSPLAB_ASSERT(!NT_SUCCESS(`,
    `            ${names.restore}(Host.Channel, Library, sizeof(Library), Copy, Record.RecordLength)));`,
    '        Copy[At] ^= 0x10;',
    '    }',
    `    ExFreePoolWithTag(Copy, ${words.model.pool.tag});`,
    `    ${words.k('VmbChannelStart')}(Host.Channel);`,
    '    VspLabGuestCompleteAll(Host.Channel);',
    `    ${t('LeaveHost')}(&Host);`,
    '    VspLabFreeState(State);',
    '}',
  ].join('\n');
}

function memoryTest(words: Words): string {
  const t = helper(words);
  const { names } = words.model;
  return [
    '/* Without memory a restore fails, whichever piece is missing, and leaks nothing. */',
    `VSPLAB_TEST(${testName(names.save, 'SurviveLowMemory')})`,
    '{',
    '    NTSTATUS Status = STATUS_UNSUCCESSFUL;',
    '    PVSPLAB_STATE State;',
    '    ULONG Skip;',
    `    ${host(words)} Host;`,
    '',
    `    ${t('ArriveOnHost')}(&Host);`,
    `    ${t('OpenChannel')}(&Host);`,
    `    ${t('SendPackets')}(&Host);`,
    `    State = ${t('SaveChannel')}(&Host);`,
    `    ${t('LeaveHost')}(&Host);`,
    '    for (Skip = 0; !NT_SUCCESS(Status); Skip++) {',
    '        VspLabRestartHost();',
    `        ${t('ArriveOnHost')}(&Host);`,
    '        VspLabFailAllocations(Skip, 1);',
    '        Status = VspLabRestore(Host.Channel, State);',
    '        VspLabFailAllocations(0, 0);',
    `        ${t('LeaveHost')}(&Host);`,
    '    }',
    '    VSPLAB_ASSERT(Skip > 1);',
    '    VspLabFreeState(State);',
    '}',
  ].join('\n');
}
