import { describe, expect, it } from 'vitest';
import { wdkMessages } from '../../../test/support/wdkCompiler.js';

/** kmcl-facts 8.4: every type it names, by row. */
const TYPES = {
  Integers: `UCHAR CHAR USHORT SHORT ULONG LONG ULONGLONG LONGLONG UINT8 UINT16 UINT32 UINT64 INT32 INT64 ULONG32 ULONG64 BOOLEAN UINT INT WCHAR`,
  'Pointer-size': 'SIZE_T ULONG_PTR LONG_PTR PVOID HANDLE PHANDLE PFN_NUMBER PPFN_NUMBER',
  Pointers: 'PUCHAR PCHAR PUSHORT PULONG PLONG PUINT16 PUINT32 PSIZE_T PCSTR PCWSTR PCVOID',
  'Status and level': 'NTSTATUS KIRQL KPRIORITY KPROCESSOR_MODE LOCK_OPERATION',
  Structures: `UNICODE_STRING PCUNICODE_STRING GUID LPGUID LPCGUID LARGE_INTEGER PLARGE_INTEGER LIST_ENTRY PLIST_ENTRY SINGLE_LIST_ENTRY INTERFACE
    PINTERFACE`,
  'Kernel objects': `KSPIN_LOCK PKSPIN_LOCK KLOCK_QUEUE_HANDLE KEVENT PRKEVENT KTIMER KDPC KSEMAPHORE FAST_MUTEX ERESOURCE EX_PUSH_LOCK EX_RUNDOWN_REF
    LOOKASIDE_LIST_EX PIO_WORKITEM MDL PMDL DEVICE_OBJECT PDEVICE_OBJECT DRIVER_OBJECT PDRIVER_OBJECT IRP PIRP PEPROCESS PETHREAD`,
  Enums: 'POOL_FLAGS POOL_TYPE EVENT_TYPE KWAIT_REASON MEMORY_CACHING_TYPE MM_PAGE_PRIORITY WORK_QUEUE_TYPE',
  '8.7 handles': `WDFDRIVER WDFDEVICE PWDFDEVICE_INIT WDFQUEUE WDFREQUEST WDFIOTARGET WDFSPINLOCK WDFWAITLOCK WDFMEMORY WDFWORKITEM WDFTIMER WDFDPC
    WDFOBJECT WDFLOOKASIDE WDFCOLLECTION WDFCMRESLIST WDFKEY`,
  '8.7 structures': `WDF_OBJECT_ATTRIBUTES WDF_DRIVER_CONFIG WDF_IO_TARGET_OPEN_PARAMS WDF_WORKITEM_CONFIG WDF_TIMER_CONFIG WDF_DPC_CONFIG
    WDF_IO_QUEUE_CONFIG WDF_PNPPOWER_EVENT_CALLBACKS WDF_POWER_DEVICE_STATE`,
} as const;

/** kmcl-facts 8.5: every macro it names. What VMBus headers annotate with has to vanish whatever stands between the brackets. */
const MACROS =
  `NT_SUCCESS NT_INFORMATION NT_WARNING NT_ERROR FIELD_OFFSET CONTAINING_RECORD RTL_NUMBER_OF ARRAYSIZE RTL_FIELD_SIZE
  RTL_SIZEOF_THROUGH_FIELD C_ASSERT UNREFERENCED_PARAMETER DBG_UNREFERENCED_PARAMETER UNREFERENCED_LOCAL_VARIABLE NT_ASSERT NT_ASSERTMSG NT_VERIFY
  ASSERT PAGED_CODE PAGED_CODE_LOCKED FORCEINLINE DECLSPEC_ALIGN EXTERN_C FASTCALL NTAPI VOID DECLARE_HANDLE DEFINE_GUID ALIGN_UP_BY ALIGN_DOWN_BY
  ROUND_TO_PAGES BYTE_OFFSET PAGE_ALIGN ADDRESS_AND_SIZE_TO_SPAN_PAGES BYTES_TO_PAGES MmGetMdlByteCount MmGetMdlByteOffset MmGetMdlVirtualAddress
  MmGetMdlPfnArray KdPrint KdPrintEx DBG WDF_DECLARE_CONTEXT_TYPE_WITH_NAME WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE WDF_NO_OBJECT_ATTRIBUTES
  WDF_NO_HANDLE TRUE FALSE NULL
  _In_ _In_opt_ _Out_ _Out_opt_ _Inout_ _Inout_opt_ _In_reads_ _In_reads_bytes_ _In_reads_bytes_opt_ _In_reads_ _Out_writes_bytes_
  _Out_writes_bytes_to_ _Out_writes_bytes_to_opt_ _Inout_updates_bytes_ _Field_size_bytes_ _Ret_maybenull_ _Outptr_ _Must_inspect_result_ _Success_
  _When_ _At_ _Pre_satisfies_ _Curr_ _In_range_ _Use_decl_annotations_ _Function_class_ _Analysis_assume_ _Guarded_by_ _IRQL_requires_
  _IRQL_requires_max_ _IRQL_requires_min_ _IRQL_requires_same_ _IRQL_raises_ _IRQL_saves_ _IRQL_restores_ _IRQL_always_function_max_ _Acquires_lock_
  _Releases_lock_ _Requires_lock_held_ __drv_allocatesMem __drv_freesMem __drv_aliasesMem`.split(/\s+/);

/** kmcl-facts 8.6: row, name, result, parameter types. Rows that the kernel has as macros or inline functions are called below. */
const FUNCTIONS = [
  [1, 'ExAllocatePool2', 'PVOID', 'POOL_FLAGS, SIZE_T, ULONG'],
  [2, 'ExAllocatePool3', 'PVOID', 'POOL_FLAGS, SIZE_T, ULONG, PCPOOL_EXTENDED_PARAMETER, ULONG'],
  [3, 'ExAllocatePoolWithTag', 'PVOID', 'POOL_TYPE, SIZE_T, ULONG'],
  [4, 'ExAllocatePoolZero', 'PVOID', 'POOL_TYPE, SIZE_T, ULONG'],
  [5, 'ExFreePoolWithTag', 'VOID', 'PVOID, ULONG'],
  [6, 'ExFreePool', 'VOID', 'PVOID'],
  [7, 'KeInitializeSpinLock', 'VOID', 'PKSPIN_LOCK'],
  [8, 'KeAcquireSpinLockRaiseToDpc', 'KIRQL', 'PKSPIN_LOCK'],
  [9, 'KeReleaseSpinLock', 'VOID', 'PKSPIN_LOCK, KIRQL'],
  [10, 'KeAcquireSpinLockAtDpcLevel', 'VOID', 'PKSPIN_LOCK'],
  [11, 'KeReleaseSpinLockFromDpcLevel', 'VOID', 'PKSPIN_LOCK'],
  [12, 'KeAcquireInStackQueuedSpinLock', 'VOID', 'PKSPIN_LOCK, PKLOCK_QUEUE_HANDLE'],
  [13, 'KeReleaseInStackQueuedSpinLock', 'VOID', 'PKLOCK_QUEUE_HANDLE'],
  [14, 'KeGetCurrentIrql', 'KIRQL', 'VOID'],
  [16, 'KeLowerIrql', 'VOID', 'KIRQL'],
  [17, 'KeRaiseIrqlToDpcLevel', 'KIRQL', 'VOID'],
  [18, 'KeInitializeEvent', 'VOID', 'PRKEVENT, EVENT_TYPE, BOOLEAN'],
  [19, 'KeSetEvent', 'LONG', 'PRKEVENT, KPRIORITY, BOOLEAN'],
  [20, 'KeClearEvent', 'VOID', 'PRKEVENT'],
  [21, 'KeResetEvent', 'LONG', 'PRKEVENT'],
  [22, 'KeReadStateEvent', 'LONG', 'PRKEVENT'],
  [23, 'KeWaitForSingleObject', 'NTSTATUS', 'PVOID, KWAIT_REASON, KPROCESSOR_MODE, BOOLEAN, PLARGE_INTEGER'],
  [24, 'KeDelayExecutionThread', 'NTSTATUS', 'KPROCESSOR_MODE, BOOLEAN, PLARGE_INTEGER'],
  [25, 'InitializeListHead', 'VOID', 'PLIST_ENTRY'],
  [26, 'IsListEmpty', 'BOOLEAN', 'const LIST_ENTRY *'],
  [27, 'InsertHeadList', 'VOID', 'PLIST_ENTRY, PLIST_ENTRY'],
  [28, 'InsertTailList', 'VOID', 'PLIST_ENTRY, PLIST_ENTRY'],
  [29, 'RemoveHeadList', 'PLIST_ENTRY', 'PLIST_ENTRY'],
  [30, 'RemoveTailList', 'PLIST_ENTRY', 'PLIST_ENTRY'],
  [31, 'RemoveEntryList', 'BOOLEAN', 'PLIST_ENTRY'],
  [32, 'AppendTailList', 'VOID', 'PLIST_ENTRY, PLIST_ENTRY'],
  [44, 'RtlCompareMemory', 'SIZE_T', 'const VOID *, const VOID *, SIZE_T'],
  [46, 'RtlSecureZeroMemory', 'PVOID', 'PVOID, SIZE_T'],
  [47, 'RtlInitUnicodeString', 'VOID', 'PUNICODE_STRING, PCWSTR'],
  [48, 'RtlCopyUnicodeString', 'VOID', 'PUNICODE_STRING, PCUNICODE_STRING'],
  [49, 'RtlEqualUnicodeString', 'BOOLEAN', 'PCUNICODE_STRING, PCUNICODE_STRING, BOOLEAN'],
  [50, 'RtlULongAdd', 'NTSTATUS', 'ULONG, ULONG, ULONG *'],
  [50, 'RtlULongSub', 'NTSTATUS', 'ULONG, ULONG, ULONG *'],
  [50, 'RtlULongMult', 'NTSTATUS', 'ULONG, ULONG, ULONG *'],
  [51, 'RtlSizeTAdd', 'NTSTATUS', 'size_t, size_t, size_t *'],
  [51, 'RtlSizeTMult', 'NTSTATUS', 'size_t, size_t, size_t *'],
  [52, 'RtlStringCbPrintfW', 'NTSTATUS', 'NTSTRSAFE_PWSTR, size_t, NTSTRSAFE_PCWSTR, ...'],
  [53, 'DbgPrint', 'ULONG', 'PCSTR, ...'],
  [54, 'DbgPrintEx', 'ULONG', 'ULONG, ULONG, PCSTR, ...'],
  [55, 'KeBugCheckEx', 'VOID', 'ULONG, ULONG_PTR, ULONG_PTR, ULONG_PTR, ULONG_PTR'],
  [56, 'IoAllocateMdl', 'PMDL', 'PVOID, ULONG, BOOLEAN, BOOLEAN, PIRP'],
  [57, 'IoFreeMdl', 'VOID', 'PMDL'],
  [58, 'MmBuildMdlForNonPagedPool', 'VOID', 'PMDL'],
  [59, 'MmProbeAndLockPages', 'VOID', 'PMDL, KPROCESSOR_MODE, LOCK_OPERATION'],
  [60, 'MmUnlockPages', 'VOID', 'PMDL'],
  [61, 'MmGetSystemAddressForMdlSafe', 'PVOID', 'PMDL, ULONG'],
  [62, 'MmMapLockedPagesSpecifyCache', 'PVOID', 'PMDL, KPROCESSOR_MODE, MEMORY_CACHING_TYPE, PVOID, ULONG, ULONG'],
  [63, 'MmUnmapLockedPages', 'VOID', 'PVOID, PMDL'],
  [64, 'ExInitializeFastMutex', 'VOID', 'PFAST_MUTEX'],
  [65, 'ExAcquireFastMutex', 'VOID', 'PFAST_MUTEX'],
  [65, 'ExReleaseFastMutex', 'VOID', 'PFAST_MUTEX'],
  [66, 'ExInitializeResourceLite', 'NTSTATUS', 'PERESOURCE'],
  [66, 'ExDeleteResourceLite', 'NTSTATUS', 'PERESOURCE'],
  [67, 'ExAcquireResourceExclusiveLite', 'BOOLEAN', 'PERESOURCE, BOOLEAN'],
  [67, 'ExAcquireResourceSharedLite', 'BOOLEAN', 'PERESOURCE, BOOLEAN'],
  [68, 'ExReleaseResourceLite', 'VOID', 'PERESOURCE'],
  [69, 'ExInitializeRundownProtection', 'VOID', 'PEX_RUNDOWN_REF'],
  [70, 'ExAcquireRundownProtection', 'BOOLEAN', 'PEX_RUNDOWN_REF'],
  [71, 'ExReleaseRundownProtection', 'VOID', 'PEX_RUNDOWN_REF'],
  [72, 'ExWaitForRundownProtectionRelease', 'VOID', 'PEX_RUNDOWN_REF'],
  [73, 'ExInitializeLookasideListEx', 'NTSTATUS', 'PLOOKASIDE_LIST_EX, PALLOCATE_FUNCTION_EX, PFREE_FUNCTION_EX, POOL_TYPE, ULONG, SIZE_T, ULONG, USHORT'],
  [74, 'ExAllocateFromLookasideListEx', 'PVOID', 'PLOOKASIDE_LIST_EX'],
  [74, 'ExFreeToLookasideListEx', 'VOID', 'PLOOKASIDE_LIST_EX, PVOID'],
  [75, 'ExDeleteLookasideListEx', 'VOID', 'PLOOKASIDE_LIST_EX'],
  [76, 'IoAllocateWorkItem', 'PIO_WORKITEM', 'PDEVICE_OBJECT'],
  [76, 'IoFreeWorkItem', 'VOID', 'PIO_WORKITEM'],
  [77, 'IoQueueWorkItem', 'VOID', 'PIO_WORKITEM, PIO_WORKITEM_ROUTINE, WORK_QUEUE_TYPE, PVOID'],
  [78, 'PsCreateSystemThread', 'NTSTATUS', 'PHANDLE, ULONG, POBJECT_ATTRIBUTES, HANDLE, PCLIENT_ID, PKSTART_ROUTINE, PVOID'],
  [79, 'ZwClose', 'NTSTATUS', 'HANDLE'],
  [80, 'ObReferenceObjectByHandle', 'NTSTATUS', 'HANDLE, ACCESS_MASK, POBJECT_TYPE, KPROCESSOR_MODE, PVOID *, POBJECT_HANDLE_INFORMATION'],
  [82, 'KeQueryPerformanceCounter', 'LARGE_INTEGER', 'PLARGE_INTEGER'],
  [83, 'KeQueryInterruptTime', 'ULONGLONG', 'VOID'],
  [84, 'KeInitializeDpc', 'VOID', 'PRKDPC, PKDEFERRED_ROUTINE, PVOID'],
  [84, 'KeInsertQueueDpc', 'BOOLEAN', 'PRKDPC, PVOID, PVOID'],
  [85, 'KeInitializeTimer', 'VOID', 'PKTIMER'],
  [85, 'KeSetTimer', 'BOOLEAN', 'PKTIMER, LARGE_INTEGER, PKDPC'],
  [85, 'KeCancelTimer', 'BOOLEAN', 'PKTIMER'],
] as const; // biome-ignore format: a table

/** The rows of 8.6 that are macros: a use of each, with the types the row gives. */
const MACRO_ROWS = `
  void rows(PKSPIN_LOCK lock, LONG volatile *n, PVOID volatile *p, void *to, const void *from, size_t length, PVOID object) {
    KIRQL irql; LONG old; PVOID pointer;
    KeAcquireSpinLock(lock, &irql);                                       /* 8 */
    KeRaiseIrql(DISPATCH_LEVEL, &irql);                                   /* 15 */
    old = InterlockedIncrement(n); old += InterlockedDecrement(n);        /* 33, 34 */
    old += InterlockedExchange(n, 1); old += InterlockedExchangeAdd(n, 2); /* 35, 36 */
    old += InterlockedCompareExchange(n, 1, 2);                           /* 37 */
    pointer = InterlockedExchangePointer(p, NULL);                        /* 38 */
    pointer = InterlockedCompareExchangePointer(p, pointer, NULL);        /* 39 */
    RtlZeroMemory(to, length); RtlCopyMemory(to, from, length); RtlMoveMemory(to, from, length); RtlFillMemory(to, length, 7); /* 40 to 43 */
    if (RtlEqualMemory(to, from, length)) { old++; }                      /* 45 */
    ObDereferenceObject(object);                                          /* 81 */
    KeMemoryBarrier();                                                    /* 86 */
    KdPrint(("%d\\n", (int)old)); KdPrintEx((DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "%p\\n", pointer));
  }`;

/** kmcl-facts 8.7. */
const WDF = [
  ['WdfDriverCreate', 'NTSTATUS', 'PDRIVER_OBJECT, PCUNICODE_STRING, PWDF_OBJECT_ATTRIBUTES, PWDF_DRIVER_CONFIG, WDFDRIVER *'],
  ['WdfDeviceCreate', 'NTSTATUS', 'PWDFDEVICE_INIT *, PWDF_OBJECT_ATTRIBUTES, WDFDEVICE *'],
  ['WdfDeviceWdmGetDeviceObject', 'PDEVICE_OBJECT', 'WDFDEVICE'],
  ['WdfDeviceGetIoTarget', 'WDFIOTARGET', 'WDFDEVICE'],
  ['WdfFdoQueryForInterface', 'NTSTATUS', 'WDFDEVICE, LPCGUID, PINTERFACE, USHORT, USHORT, PVOID'],
  ['WdfIoTargetQueryForInterface', 'NTSTATUS', 'WDFIOTARGET, LPCGUID, PINTERFACE, USHORT, USHORT, PVOID'],
  ['WdfIoTargetCreate', 'NTSTATUS', 'WDFDEVICE, PWDF_OBJECT_ATTRIBUTES, WDFIOTARGET *'],
  ['WdfIoTargetOpen', 'NTSTATUS', 'WDFIOTARGET, PWDF_IO_TARGET_OPEN_PARAMS'],
  ['WdfObjectCreate', 'NTSTATUS', 'PWDF_OBJECT_ATTRIBUTES, WDFOBJECT *'],
  ['WdfObjectDelete', 'VOID', 'WDFOBJECT'],
  ['WdfSpinLockCreate', 'NTSTATUS', 'PWDF_OBJECT_ATTRIBUTES, WDFSPINLOCK *'],
  ['WdfSpinLockAcquire', 'VOID', 'WDFSPINLOCK'],
  ['WdfSpinLockRelease', 'VOID', 'WDFSPINLOCK'],
  ['WdfWaitLockCreate', 'NTSTATUS', 'PWDF_OBJECT_ATTRIBUTES, WDFWAITLOCK *'],
  ['WdfWaitLockAcquire', 'NTSTATUS', 'WDFWAITLOCK, PLONGLONG'],
  ['WdfWaitLockRelease', 'VOID', 'WDFWAITLOCK'],
  ['WdfMemoryCreate', 'NTSTATUS', 'PWDF_OBJECT_ATTRIBUTES, POOL_TYPE, ULONG, size_t, WDFMEMORY *, PVOID *'],
  ['WdfMemoryGetBuffer', 'PVOID', 'WDFMEMORY, size_t *'],
  ['WdfWorkItemCreate', 'NTSTATUS', 'PWDF_WORKITEM_CONFIG, PWDF_OBJECT_ATTRIBUTES, WDFWORKITEM *'],
  ['WdfWorkItemEnqueue', 'VOID', 'WDFWORKITEM'],
  ['WdfWorkItemFlush', 'VOID', 'WDFWORKITEM'],
  ['WdfTimerCreate', 'NTSTATUS', 'PWDF_TIMER_CONFIG, PWDF_OBJECT_ATTRIBUTES, WDFTIMER *'],
  ['WdfTimerStart', 'BOOLEAN', 'WDFTIMER, LONGLONG'],
  ['WdfTimerStop', 'BOOLEAN', 'WDFTIMER, BOOLEAN'],
  ['WdfDpcCreate', 'NTSTATUS', 'PWDF_DPC_CONFIG, PWDF_OBJECT_ATTRIBUTES, WDFDPC *'],
  ['WdfDpcEnqueue', 'BOOLEAN', 'WDFDPC'],
  ['WdfIoQueueCreate', 'NTSTATUS', 'WDFDEVICE, PWDF_IO_QUEUE_CONFIG, PWDF_OBJECT_ATTRIBUTES, WDFQUEUE *'],
  ['WdfRequestRetrieveInputBuffer', 'NTSTATUS', 'WDFREQUEST, size_t, PVOID *, size_t *'],
  ['WdfRequestRetrieveOutputBuffer', 'NTSTATUS', 'WDFREQUEST, size_t, PVOID *, size_t *'],
  ['WdfRequestComplete', 'VOID', 'WDFREQUEST, NTSTATUS'],
  ['WdfRequestCompleteWithInformation', 'VOID', 'WDFREQUEST, NTSTATUS, ULONG_PTR'],
  ['WdfDeviceCreateDeviceInterface', 'NTSTATUS', 'WDFDEVICE, const GUID *, PCUNICODE_STRING'],
  ['WdfLookasideListCreate', 'NTSTATUS', 'PWDF_OBJECT_ATTRIBUTES, size_t, POOL_TYPE, PWDF_OBJECT_ATTRIBUTES, ULONG, WDFLOOKASIDE *'],
  ['WdfMemoryCreateFromLookaside', 'NTSTATUS', 'WDFLOOKASIDE, WDFMEMORY *'],
  ['WDF_DRIVER_CONFIG_INIT', 'VOID', 'PWDF_DRIVER_CONFIG, PFN_WDF_DRIVER_DEVICE_ADD'],
  ['WDF_OBJECT_ATTRIBUTES_INIT', 'VOID', 'PWDF_OBJECT_ATTRIBUTES'],
  ['WDF_PNPPOWER_EVENT_CALLBACKS_INIT', 'VOID', 'PWDF_PNPPOWER_EVENT_CALLBACKS'],
  ['WDF_IO_QUEUE_CONFIG_INIT_DEFAULT_QUEUE', 'VOID', 'PWDF_IO_QUEUE_CONFIG, WDF_IO_QUEUE_DISPATCH_TYPE'],
  ['WDF_WORKITEM_CONFIG_INIT', 'VOID', 'PWDF_WORKITEM_CONFIG, PFN_WDF_WORKITEM'],
  ['WDF_TIMER_CONFIG_INIT', 'VOID', 'PWDF_TIMER_CONFIG, PFN_WDF_TIMER'],
] as const; // biome-ignore format: a table

const WDF_CALLBACKS = [
  ['DRIVER_INITIALIZE', 'NTSTATUS', 'PDRIVER_OBJECT, PUNICODE_STRING'],
  ['EVT_WDF_DRIVER_DEVICE_ADD', 'NTSTATUS', 'WDFDRIVER, PWDFDEVICE_INIT'],
  ['EVT_WDF_DRIVER_UNLOAD', 'VOID', 'WDFDRIVER'],
  ['EVT_WDF_DEVICE_PREPARE_HARDWARE', 'NTSTATUS', 'WDFDEVICE, WDFCMRESLIST, WDFCMRESLIST'],
  ['EVT_WDF_DEVICE_RELEASE_HARDWARE', 'NTSTATUS', 'WDFDEVICE, WDFCMRESLIST'],
  ['EVT_WDF_DEVICE_D0_ENTRY', 'NTSTATUS', 'WDFDEVICE, WDF_POWER_DEVICE_STATE'],
  ['EVT_WDF_DEVICE_D0_EXIT', 'NTSTATUS', 'WDFDEVICE, WDF_POWER_DEVICE_STATE'],
  ['EVT_WDF_OBJECT_CONTEXT_CLEANUP', 'VOID', 'WDFOBJECT'],
  ['EVT_WDF_OBJECT_CONTEXT_DESTROY', 'VOID', 'WDFOBJECT'],
  ['EVT_WDF_WORKITEM', 'VOID', 'WDFWORKITEM'],
  ['EVT_WDF_TIMER', 'VOID', 'WDFTIMER'],
  ['EVT_WDF_DPC', 'VOID', 'WDFDPC'],
  ['EVT_WDF_IO_QUEUE_IO_DEVICE_CONTROL', 'VOID', 'WDFQUEUE, WDFREQUEST, size_t, size_t, ULONG'],
] as const;

const INCLUDE = '#include <ntifs.h>\n#include <ntintsafe.h>\n#include <ntstrsafe.h>\n#include <wdf.h>\n';

/** C++ converts no function pointer to another type. */
const exactly = (functions: readonly (readonly [string, string, string])[]): string =>
  functions.map(([name, result, parameters], index) => `${result} (*f${index})(${parameters}) = &${name};`).join('\n');

describe('names of kmcl-facts section 8', () => {
  it.each(Object.entries(TYPES))('8.4 %s', (_row, names) => {
    const text = names.split(/\s+/).map((name, index) => `typedef ${name} type${index};`);
    expect(wdkMessages(INCLUDE + text.join('\n'), { standard: 'c17' })).toBe('');
  });

  it('8.5 macros and annotations', () => {
    const text = MACROS.map((name) => `#ifndef ${name}\n#error ${name}\n#endif`);
    expect(wdkMessages(`${INCLUDE}${text.join('\n')}`, { standard: 'c17' })).toBe('');
  });

  it('8.6 functions, with their exact types', () => {
    const functions = FUNCTIONS.map(([, name, result, parameters]) => [name, result, parameters] as const);
    expect(wdkMessages(INCLUDE + exactly(functions), { standard: 'c++20' })).toBe('');
  });

  it('8.6 macros', () => {
    expect(wdkMessages(INCLUDE + MACRO_ROWS, { standard: 'c17' })).toBe('');
    expect(wdkMessages(INCLUDE + MACRO_ROWS, { standard: 'c++20' })).toBe('');
  });

  it('8.6 covers every row', () => {
    const macros = [15, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 45, 81, 86];
    const rows = new Set<number>([...FUNCTIONS.map(([row]) => row), ...macros]);
    expect([...rows].sort((a, b) => a - b)).toEqual(Array.from({ length: 86 }, (_, index) => index + 1));
  });

  it('8.7 WDF functions and callbacks, with their exact types', () => {
    const callbacks = WDF_CALLBACKS.map(
      ([type, result, parameters], n) => `${result} c${n}(${parameters}); ${type} c${n};`,
    );
    expect(wdkMessages(INCLUDE + exactly(WDF), { standard: 'c++20' })).toBe('');
    expect(wdkMessages(INCLUDE + callbacks.join('\n'), { standard: 'c17' })).toBe('');
  });

  it('8.7 contexts: declared with and without a semicolon, in C and C++', () => {
    const text = `${INCLUDE}typedef struct _A { ULONG Value; } A, *PA; typedef struct _B { ULONG Value; } B;
      WDF_DECLARE_CONTEXT_TYPE_WITH_NAME(A, GetA)
      WDF_DECLARE_CONTEXT_TYPE(B);
      PA f(WDFDEVICE device, PWDF_OBJECT_ATTRIBUTES attributes) {
        WDF_OBJECT_ATTRIBUTES_INIT_CONTEXT_TYPE(attributes, A);
        return WdfObjectGet_B(device)->Value != 0 ? GetA(device) : WdfObjectGetTypedContext(device, A);
      }`;
    expect(wdkMessages(text, { standard: 'c17' })).toBe('');
    expect(wdkMessages(text, { standard: 'c++20' })).toBe('');
  });
});

describe('assertions', () => {
  const text = `${INCLUDE}BOOLEAN Taken(VOID);
    NTSTATUS f(PVOID p) { PAGED_CODE(); PAGED_CODE_LOCKED(); ASSERT(p != NULL); NT_ASSERT(Taken()); NT_ASSERTMSG("text", p); NT_VERIFY(Taken()); UNREFERENCED_PARAMETER(p); return 0; }`;

  it.each(['c17', 'c++20'] as const)('are statements in checked and in free builds, as %s', (standard) => {
    expect(wdkMessages(text, { standard })).toBe('');
    expect(wdkMessages(text, { standard, optimize: 2 })).toBe('');
  });
});

describe('what no header declares', () => {
  it.each(['_mm_crc32_u32(1, 2)', '__cpuid(0, 0)', '__readmsr(1)', '_mm_clflush(0)'])(
    '%s is an error that names it',
    (call) => {
      const message = wdkMessages(`#include <ntddk.h>\nvoid f(void) { ${call}; }\n`, { standard: 'c17' });
      expect(message).toMatch(new RegExp(`error: .*'${call.replace(/\(.*/, '')}'`));
    },
  );
});
