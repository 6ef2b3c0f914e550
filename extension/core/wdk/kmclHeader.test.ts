import { describe, expect, it } from 'vitest';
import { wdkIr, wdkMessages } from '../../../test/support/wdkCompiler.js';

const INCLUDE = '#include <vmbuskernelmodeclientlibapi.h>\n';
const CH = 'VMBCHANNEL';
const PK = 'VMBPACKET';
const PC = 'VMBPACKETCOMPLETION';

/** kmcl-facts 2.1 (rows 1 to 55) and 2.8 (56 to 74): number, name, result, parameter types. */
const FUNCTIONS = [
  [1, 'VmbChannelAllocate', 'NTSTATUS', 'PDEVICE_OBJECT, BOOLEAN, VMBCHANNEL *'],
  [2, 'VmbChannelCleanup', 'VOID', CH],
  [3, 'VmbChannelInitSetMaximumPacketSize', 'NTSTATUS', `${CH}, UINT32`],
  [4, 'VmbChannelInitSetMaximumExternalData', 'NTSTATUS', `${CH}, UINT32, UINT32`],
  [5, 'VmbChannelInitSetClientContextSize', 'NTSTATUS', `${CH}, UINT32`],
  [6, 'VmbChannelInitSetProcessPacketCallbacks', 'NTSTATUS', `${CH}, PFN_VMB_CHANNEL_PROCESS_PACKET, PFN_VMB_CHANNEL_PROCESSING_COMPLETE`],
  [7, 'VmbChannelInitSetStateChangeCallbacks', 'NTSTATUS', `${CH}, PVMB_CHANNEL_STATE_CHANGE_CALLBACKS`],
  [8, 'VmbChannelInitSetFriendlyName', 'NTSTATUS', `${CH}, PCUNICODE_STRING`],
  [9, 'VmbChannelInitSetFlags', 'NTSTATUS', `${CH}, UINT32`],
  [10, 'VmbServerChannelInitSetFlags', 'NTSTATUS', `${CH}, UINT32`],
  [11, 'VmbServerChannelInitSetMmioMegabytes', 'NTSTATUS', `${CH}, UINT16, UINT16`],
  [12, 'VmbServerChannelInitSetTargetInterfaceId', 'NTSTATUS', `${CH}, GUID, GUID`],
  [13, 'VmbServerChannelInitSetSaveRestorePacketCallbacks', 'NTSTATUS', `${CH}, PFN_VMB_CHANNEL_SAVE_PACKET, PFN_VMB_CHANNEL_RESTORE_PACKET`],
  [14, 'VmbServerChannelInitSetTargetVtl', 'NTSTATUS', `${CH}, UINT8`],
  [15, 'VmbServerChannelInitSetVmbusHandle', 'NTSTATUS', `${CH}, HANDLE`],
  [16, 'VmbConvertVmbusHandleToKernelHandle', 'NTSTATUS', 'HANDLE, PHANDLE'],
  [17, 'VmbClientChannelInitSetRingBufferPageCount', 'NTSTATUS', `${CH}, UINT32, UINT32`],
  [18, 'VmbClientChannelInitSetTargetPnp', 'NTSTATUS', `${CH}, LPCGUID, LPCGUID, PFN_VMB_CHANNEL_PNP_FAILURE`],
  [19, 'VmbChannelSetPointer', 'VOID', `${CH}, PVOID`],
  [20, 'VmbChannelGetPointer', 'PVOID', CH],
  [21, 'VmbChannelEnable', 'NTSTATUS', CH],
  [22, 'VmbChannelDisable', 'VOID', CH],
  [23, 'VmbChannelStart', 'VOID', CH],
  [24, 'VmbChannelPause', 'VOID', CH],
  [25, 'VmbChannelSetInterruptLatency', 'NTSTATUS', `${CH}, UINT16, PUINT16`],
  [26, 'VmbChannelSetIncomingProcessingAtPassive', 'VOID', `${CH}, BOOLEAN`],
  [27, 'VmbChannelSetTransactionQuota', 'VOID', `${CH}, UINT32`],
  [28, 'VmbChannelGetInterfaceInstance', 'VOID', `${CH}, LPGUID`],
  [29, 'VmbChannelGetMmioSpace', 'VOID', `${CH}, UINT64 *, UINT64 *`],
  [30, 'VmbChannelSizeofPacket', 'UINT32', CH],
  [31, 'VmbChannelSaveBegin', 'NTSTATUS', CH],
  [32, 'VmbChannelSaveContinue', 'NTSTATUS', `${CH}, PVOID, ULONG, PULONG, PULONG`],
  [33, 'VmbChannelSaveEnd', 'VOID', CH],
  [34, 'VmbChannelRestoreFromBuffer', 'NTSTATUS', `${CH}, PVOID, ULONG`],
  [35, 'VmbPacketRestore', 'NTSTATUS', `${PK}, PVOID, ULONG`],
  [36, 'VmbChannelPacketComplete', 'VOID', `${PC}, PVOID, UINT32`],
  [37, 'VmbChannelPacketDeferToPassive', 'VOID', PC],
  [38, 'VmbChannelPacketFail', 'VOID', PC],
  [39, 'VmbChannelPacketGetExternalData', 'NTSTATUS', `${PC}, UINT32, PMDL *`],
  [40, 'VmbChannelMapGpadl', 'NTSTATUS', `${CH}, UINT32, UINT32, PMDL *`],
  [41, 'VmbChannelUnmapGpadl', 'VOID', `${CH}, UINT32`],
  [42, 'VmbChannelCreateGpadlFromMdl', 'NTSTATUS', `${CH}, UINT32, PMDL, UINT32, UINT32, PUINT32`],
  [43, 'VmbChannelCreateGpadlFromBuffer', 'NTSTATUS', `${CH}, UINT32, PVOID, UINT32, PUINT32`],
  [44, 'VmbChannelDeleteGpadl', 'VOID', `${CH}, UINT32`],
  [45, 'VmbPacketAllocate', 'VMBPACKET', CH],
  [46, 'VmbPacketFree', 'VOID', PK],
  [47, 'VmbPacketInitialize', 'NTSTATUS', `${CH}, ${PK}, UINT32`],
  [48, 'VmbPacketSetCompletionRoutine', 'VOID', `${PK}, PFN_VMB_PACKET_COMPLETION_ROUTINE`],
  [49, 'VmbPacketSetPointer', 'VOID', `${PK}, PVOID`],
  [50, 'VmbPacketGetPointer', 'PVOID', PK],
  [51, 'VmbPacketGetChannel', 'VMBCHANNEL', PK],
  [52, 'VmbPacketSend', 'NTSTATUS', `${PK}, PVOID, UINT32, PMDL, UINT32`],
  [53, 'VmbPacketSendWithExternalMdl', 'NTSTATUS', `${PK}, PVOID, UINT32, PMDL, UINT32, UINT32, UINT32`],
  [54, 'VmbPacketSendWithExternalPfns', 'NTSTATUS', `${PK}, PVOID, UINT32, PPFN_NUMBER, UINT32, UINT32`],
  [55, 'VmbChannelSendSynchronousRequest', 'NTSTATUS', `${CH}, PVOID, UINT32, PMDL, UINT32, PVOID, PUINT32, PLARGE_INTEGER`],
  [56, 'VmbChannelPacketGetClientContext', 'PVOID', PC],
  [57, 'VmbChannelGetTargetDeviceObject', 'VOID', `${CH}, PDEVICE_OBJECT *`],
  [58, 'VmbChannelGetParentDeviceObject', 'VOID', `${CH}, PDEVICE_OBJECT *`],
  [59, 'VmbChannelInitSetBounceBufferSizes', 'NTSTATUS', `${CH}, UINT32, UINT32, UINT32`],
  [60, 'VmbChannelAllocateBounceBuffer', 'NTSTATUS', `${CH}, UINT32`],
  [61, 'VmbChannelInitSetMaximumPacketCount', 'NTSTATUS', `${CH}, UINT32`],
  [62, 'VmbChannelCreateGpadlFromPfnList', 'NTSTATUS', `${CH}, UINT32, PPFN_NUMBER, UINT32, PUINT32`],
  [63, 'VmbChannelInitSetPrimaryChannel', 'NTSTATUS', `${CH}, ${CH}, UINT16`],
  [64, 'VmbChannelInitialize', 'NTSTATUS', `PDEVICE_OBJECT, BOOLEAN, ${CH}, ULONG`],
  [65, 'VmbSizeofChannel', 'ULONG', 'VOID'],
  [66, 'VmbChannelSetAllowableDpcCpuUsage', 'VOID', `${CH}, UINT8`],
  [67, 'VmbClientChannelInitSetTargetProcessorIndex', 'NTSTATUS', `${CH}, ULONG`],
  [68, 'VmbChannelInitSetInlinePacketContextSize', 'NTSTATUS', `${CH}, UINT32`],
  [69, 'VmbPacketGetInlinePacketContextPointer', 'PVOID', PK],
  [70, 'VmbChannelInitSetProcessPacketCallbacksEx', 'NTSTATUS', `${CH}, PVOID, PFN_VMB_CHANNEL_PROCESS_PACKET_EX, PFN_VMB_CHANNEL_PROCESSING_COMPLETE_EX`],
  [71, 'VmbPacketSetCompletionRoutineEx', 'VOID', `${PK}, PVOID, PFN_VMB_PACKET_COMPLETION_ROUTINE_EX`],
  [72, 'VmbServerChannelInitSetSaveRestorePacketCallbacksEx', 'NTSTATUS', `${CH}, PVOID, PFN_VMB_CHANNEL_SAVE_PACKET_EX, PFN_VMB_CHANNEL_RESTORE_PACKET_EX`],
  [73, 'VmbChannelCreateGpadl', 'NTSTATUS', `${CH}, UINT32, UINT32, PUINT32`],
  [74, 'VmbChannelGetSystemAddressForGpadl', 'NTSTATUS', `${CH}, UINT32, UINT32, PVOID *`],
] as const; // biome-ignore format: a table

/** kmcl-facts 3.1; the Ex types of 3.5 take a PVOID second. */
const CALLBACKS = [
  ['CHANNEL_OPENED', 'NTSTATUS', CH, ''],
  ['CHANNEL_CLOSED', 'VOID', CH, ''],
  ['CHANNEL_SUSPEND', 'VOID', CH, ''],
  ['CHANNEL_STARTED', 'VOID', CH, ''],
  ['CHANNEL_POST_STARTED', 'VOID', CH, ''],
  ['CHANNEL_PROCESS_PACKET', 'VOID', CH, `, ${PC}, PVOID, UINT32, UINT32`],
  ['CHANNEL_PROCESSING_COMPLETE', 'VOID', CH, ', UINT32'],
  ['CHANNEL_SAVE_PACKET', 'NTSTATUS', CH, `, ${PK}, PVOID, UINT32, PUINT32`],
  ['CHANNEL_RESTORE_PACKET', 'NTSTATUS', CH, ', PVOID, UINT32, PVOID, UINT32'],
  ['PACKET_COMPLETION_ROUTINE', 'VOID', PK, ', NTSTATUS, PVOID, UINT32'],
] as const;

/** kmcl-facts 1.2. */
const FLAGS = {
  VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION: 1, VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH: 2, VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER: 4,
  VMBUS_CHANNEL_FORMAT_FLAG_DATA_IN_ONLY: 8, VMBUS_CHANNEL_FORMAT_FLAG_DATA_OUT_ONLY: 0x10, VMBUS_CHANNEL_FORMAT_FLAGS: 0x1f,
  VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY: 1, VMBUS_CHANNEL_GPADL_FLAGS: 1, VMBUS_CHANNEL_INIT_FLAG_IS_PIPE: 1, VMBUS_CHANNEL_INIT_FLAGS: 1,
  VMBUS_SERVER_CHANNEL_INIT_FLAG_LOOPBACK_OFFER: 1, VMBUS_SERVER_CHANNEL_INIT_FLAG_ENUMERATE_DEVICE_INTERFACE: 2,
  VMBUS_SERVER_CHANNEL_INIT_FLAG_OFFER_AS_PIPE: 4, VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL: 8,
  VMBUS_SERVER_CHANNEL_INIT_FLAG_TLNPI_PROVIDER_OFFER: 0x10, VMBUS_SERVER_CHANNEL_INIT_FLAGS: 0x1f,
  VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA: 1, VMBUS_CHANNEL_PROCESS_PACKET_FLAGS: 1,
  VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY: 1, VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAGS: 1,
  VMBUS_SERVER_CHANNEL_INIT_MAXIMUM_OFFER_DATA: 120, KMCL_CLIENT_INTERFACE_VERSION_V1: 1, KMCL_CLIENT_INTERFACE_VERSION_V2: 2,
  KMCL_CLIENT_INTERFACE_VERSION_V3: 3, KMCL_CLIENT_INTERFACE_VERSION_V4: 4, KMCL_CLIENT_INTERFACE_VERSION_V5: 5,
  KMCL_CLIENT_INTERFACE_VERSION_LATEST: 5, KMCL_SERVER_INTERFACE_VERSION_V1: 1, KMCL_SERVER_INTERFACE_VERSION_V5: 5,
  KMCL_SERVER_INTERFACE_VERSION_LATEST: 5,
} as const; // biome-ignore format: a table

/** kmcl-facts 1.5, members of the client interface in order; below what 1.7 adds. */
const CLIENT_V1 =
  `VmbChannelAllocate VmbChannelCleanup VmbChannelCreateGpadlFromBuffer VmbChannelCreateGpadlFromMdl VmbChannelDeleteGpadl
  VmbChannelDisable VmbChannelEnable VmbChannelGetInterfaceInstance VmbChannelGetMmioSpace VmbChannelGetPointer
  VmbChannelInitSetClientContextSize VmbChannelInitSetFlags VmbChannelInitSetFriendlyName VmbChannelInitSetMaximumExternalData
  VmbChannelInitSetMaximumPacketSize VmbChannelInitSetProcessPacketCallbacks VmbChannelInitSetStateChangeCallbacks VmbChannelPacketComplete
  VmbChannelPacketDeferToPassive VmbChannelPacketFail VmbChannelPacketGetExternalData VmbChannelPause VmbChannelSendSynchronousRequest
  VmbChannelSetIncomingProcessingAtPassive VmbChannelSetInterruptLatency VmbChannelSetPointer VmbChannelSetTransactionQuota
  VmbChannelSizeofPacket VmbChannelStart VmbClientChannelInitSetRingBufferPageCount VmbClientChannelInitSetTargetPnp VmbPacketAllocate
  VmbPacketFree VmbPacketGetChannel VmbPacketGetPointer VmbPacketInitialize VmbPacketSend VmbPacketSendWithExternalMdl
  VmbPacketSendWithExternalPfns VmbPacketSetCompletionRoutine VmbPacketSetPointer`.split(/\s+/);
const ADDED = {
  V2: ['VmbChannelPacketGetClientContext', 'VmbChannelGetTargetDeviceObject', 'VmbChannelGetParentDeviceObject'],
  V3: ['VmbChannelInitSetBounceBufferSizes', 'VmbChannelAllocateBounceBuffer'],
  V4: ['VmbChannelInitSetMaximumPacketCount', 'VmbChannelCreateGpadlFromPfnList'],
  V5: `VmbChannelInitSetPrimaryChannel VmbChannelInitialize VmbChannelSetAllowableDpcCpuUsage VmbClientChannelInitSetTargetProcessorIndex
    VmbSizeofChannel VmbChannelInitSetInlinePacketContextSize VmbPacketGetInlinePacketContextPointer VmbChannelInitSetProcessPacketCallbacksEx
    VmbPacketSetCompletionRoutineEx`.split(/\s+/),
} as const;
/** kmcl-facts 1.6. */
const SERVER_ONLY =
  `VmbChannelMapGpadl VmbChannelRestoreFromBuffer VmbChannelSaveBegin VmbChannelSaveContinue VmbChannelSaveEnd VmbChannelUnmapGpadl
  VmbConvertVmbusHandleToKernelHandle VmbPacketRestore VmbServerChannelInitSetFlags VmbServerChannelInitSetMmioMegabytes
  VmbServerChannelInitSetSaveRestorePacketCallbacks VmbServerChannelInitSetTargetInterfaceId VmbServerChannelInitSetTargetVtl
  VmbServerChannelInitSetVmbusHandle`.split(/\s+/);

/** `VmbChannelSaveBegin` → `VMB_CHANNEL_SAVE_BEGIN` (1.3). */
const upperSnake = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();

/** Offsets of members that follow each other from `first` on, and their types. */
const members = (type: string, names: readonly string[], first: number): string =>
  names
    .map(
      (name, n) =>
        `C_ASSERT(FIELD_OFFSET(${type}, ${name}) == ${first + 8 * n}); C_ASSERT(sizeof(((${type} *)0)->${name}) == 8);`,
    )
    .join('\n');

describe('functions', () => {
  it('has all 74 with their exact types (2.1, 2.8), by FN_ and PFN_ name too (1.3)', () => {
    expect(FUNCTIONS.map(([number]) => number)).toEqual(Array.from({ length: 74 }, (_, index) => index + 1));
    const text = FUNCTIONS.map(
      ([number, name, result, parameters]) => `${result} (*f${number})(${parameters}) = &${name};
        PFN_${upperSnake(name)} p${number} = &${name}; FN_${upperSnake(name)} *q${number} = &${name};`,
    );
    // C++ converts no function pointer to another type, and declares each function a second time only with the same type.
    const again = FUNCTIONS.map(([, name, result, parameters]) => `extern "C" ${result} ${name}(${parameters});`);
    for (const standard of ['c++17', 'c++20'] as const) {
      expect(wdkMessages(`${INCLUDE}${text.join('\n')}\n${again.join('\n')}`, { standard })).toBe('');
    }
    expect(wdkMessages(`${INCLUDE}${text.join('\n')}`, { standard: 'c17', extra: ['-Werror'] })).toBe('');
  });

  it('tells handles apart (1.1)', () => {
    const misuse = `${INCLUDE}void f(VMBPACKET packet) { VmbChannelDisable(packet); }\n`;
    expect(wdkMessages(misuse, { standard: 'c++20' })).toContain("no known conversion from 'VMBPACKET'");
    expect(wdkMessages(misuse, { standard: 'c17' })).toContain('incompatible pointer types');
  });
});

describe('callbacks', () => {
  const text = CALLBACKS.flatMap(([name, result, first, rest]) => [
    `${result} plain_${name}(${first}${rest}); EVT_VMB_${name} plain_${name}; PFN_VMB_${name} p_${name} = &plain_${name};`,
    `${result} ex_${name}(${first}, PVOID${rest}); EVT_VMB_${name}_EX ex_${name}; PFN_VMB_${name}_EX x_${name} = &ex_${name};`,
  ]).join('\n');
  const pnp =
    'VOID pnp(VMBCHANNEL, NTSTATUS); EVT_VMB_CHANNEL_PNP_FAILURE pnp; PFN_VMB_CHANNEL_PNP_FAILURE p_pnp = &pnp;';

  it('have the types of 3.1 and 3.5', () => {
    expect(wdkMessages(`${INCLUDE}extern "C" {\n${text}\n${pnp}\n}`, { standard: 'c++20' })).toBe('');
  });
});

describe('structures', () => {
  it('has the state-change callbacks of 1.4, both versions', () => {
    const five = ['Opened', 'Closed', 'Suspend', 'Started', 'PostStarted'];
    const text = [
      members(
        'VMB_CHANNEL_STATE_CHANGE_CALLBACKS',
        five.map((name) => `EvtChannel${name}`),
        8,
      ),
      members(
        'VMB_CHANNEL_STATE_CHANGE_CALLBACKS_V5',
        five.map((name) => `EvtChannel${name}Ex`),
        16,
      ),
      'C_ASSERT(sizeof(VMB_CHANNEL_STATE_CHANGE_CALLBACKS) == 48 && FIELD_OFFSET(VMB_CHANNEL_STATE_CHANGE_CALLBACKS, Size) == 4);',
      'C_ASSERT(sizeof(VMB_CHANNEL_STATE_CHANGE_CALLBACKS_V5) == 56 && FIELD_OFFSET(VMB_CHANNEL_STATE_CHANGE_CALLBACKS_V5, CallbackContext) == 8);',
      'void f(PVMB_CHANNEL_STATE_CHANGE_CALLBACKS a, VMB_CHANNEL_STATE_CHANGE_CALLBACKS_V5 *b) { VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(a); VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT_V5(b); }',
    ].join('\n');
    expect(wdkMessages(INCLUDE + text, { standard: 'c17' })).toBe('');
    expect(wdkMessages(INCLUDE + text, { standard: 'c++20' })).toBe('');
  });

  const versions = [
    ['V1', CLIENT_V1, 32, 360],
    ['V2', ADDED.V2, 360, 384],
    ['V3', ADDED.V3, 384, 400],
    ['V4', ADDED.V4, 400, 416],
    ['V5', ADDED.V5, 416, 488],
  ] as const;
  // offsetof of a class with bases is fine with the compiler, but it says that the standard only allows it.
  const options = { extra: ['-Wno-invalid-offsetof'] } as const;

  it('has the client interfaces of 1.5 and 1.7', () => {
    expect(CLIENT_V1).toHaveLength(41);
    const text = versions.map(
      ([version, names, first, size]) => `C_ASSERT(sizeof(KMCL_CLIENT_INTERFACE_${version}) == ${size});
        ${members(`KMCL_CLIENT_INTERFACE_${version}`, names, first)} extern PKMCL_CLIENT_INTERFACE_${version} p${version};`,
    );
    for (const standard of ['c11', 'c17', 'c++17', 'c++20'] as const) {
      expect(wdkMessages(INCLUDE + text.join('\n'), { standard, ...options })).toBe('');
    }
  });

  it('has the server interfaces of 1.6 and 1.7, in C++ without the Ex setter (A-34)', () => {
    expect(SERVER_ONLY).toHaveLength(14);
    const common = `C_ASSERT(sizeof(KMCL_SERVER_ONLY_METHODS) == 112 && sizeof(KMCL_SERVER_ONLY_METHODS_V5) == 120);
      C_ASSERT(sizeof(KMCL_SERVER_INTERFACE_V1) == 472); extern PKMCL_SERVER_INTERFACE_V1 p1; extern PKMCL_SERVER_INTERFACE_V5 p5;
      ${members('KMCL_SERVER_INTERFACE_V1', CLIENT_V1, 32)} ${members('KMCL_SERVER_INTERFACE_V1', SERVER_ONLY, 360)}
      ${members('KMCL_SERVER_INTERFACE_V5', SERVER_ONLY, 488)}`;
    const setter = 'VmbServerChannelInitSetSaveRestorePacketCallbacksEx';
    const inC = `C_ASSERT(sizeof(KMCL_SERVER_INTERFACE_V5) == 608); C_ASSERT(FIELD_OFFSET(KMCL_SERVER_INTERFACE_V5, ${setter}) == 600);`;
    expect(wdkMessages(`${INCLUDE}${common}${inC}`, { standard: 'c17' })).toBe('');
    expect(
      wdkMessages(`${INCLUDE}${common}C_ASSERT(sizeof(KMCL_SERVER_INTERFACE_V5) == 600);`, {
        standard: 'c++20',
        ...options,
      }),
    ).toBe('');
    expect(
      wdkMessages(`${INCLUDE}PVOID f(PKMCL_SERVER_INTERFACE_V5 p) { return (PVOID)p->${setter}; }`, {
        standard: 'c++20',
      }),
    ).toContain('no member');
  });

  it('takes each member by the PFN_ type of its name (1.5)', () => {
    const names = [...CLIENT_V1, ...Object.values(ADDED).flat(), ...SERVER_ONLY];
    const text = names.map((name) => `p->${name} = &${name};`).join('\n');
    expect(wdkMessages(`${INCLUDE}void f(PKMCL_SERVER_INTERFACE_V5 p) {\n${text}\n}`, { standard: 'c++20' })).toBe('');
  });
});

describe('constants', () => {
  it('has the flags of 1.2 and the versions of 1.8', () => {
    const text = Object.entries(FLAGS).map(([name, value]) => `C_ASSERT(${name} == ${value});`);
    expect(wdkMessages(INCLUDE + text.join('\n'), { standard: 'c17' })).toBe('');
  });

  it('declares the read-only flag under its one name (A-26)', () => {
    expect(wdkMessages(`${INCLUDE}#ifdef VMBUS_CHANNEL_GPADL_READ_ONLY\n#error\n#endif\n`, { standard: 'c17' })).toBe(
      '',
    );
  });

  it('defines the interface types of 1.8 once initguid.h was read', () => {
    const ir = wdkIr(`#include <initguid.h>\n${INCLUDE}`, { standard: 'c17' });
    const definition = (name: string): string => new RegExp(`@${name} = .*_GUID (\\{.*?\\})`).exec(ir)?.[1] ?? '';
    expect(definition('KMCL_CLIENT_INTERFACE_TYPE')).toBe(
      String.raw`{ i32 ${0x4aecb860}, i16 ${0xe161 - 0x10000}, i16 ${0x42bb}, [8 x i8] c"\A5\CAw\F3\A9dY\05" }`,
    );
    expect(definition('KMCL_SERVER_INTERFACE_TYPE')).toBe(
      String.raw`{ i32 ${0x83b21474 - 2 ** 32}, i16 ${0xc5b9 - 0x10000}, i16 ${0x4f65}, [8 x i8] c"\B5\E7r\0Ci+\D3q" }`,
    );
    expect(wdkIr(`${INCLUDE}const GUID *f(void) { return &KMCL_CLIENT_INTERFACE_TYPE; }`, { standard: 'c17' })).toMatch(
      /@KMCL_CLIENT_INTERFACE_TYPE = external/,
    );
  });

  it('is guarded by NTDDI_WINBLUE (1.1)', () => {
    const text = '#include <vmbuskernelmodeclientlibapi.h>\nVMBCHANNEL channel;\n';
    expect(wdkMessages(text, { standard: 'c17', defines: ['NTDDI_VERSION=0x06020000'] })).toContain(
      "unknown type name 'VMBCHANNEL'",
    );
  });
});
