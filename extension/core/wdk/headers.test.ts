import { describe, expect, it } from 'vitest';
import { type WdkCompileOptions, wdkHeaders, wdkMessages } from '../../../test/support/wdkCompiler.js';

const C = ['c11', 'c17'] as const;
const CPP = ['c++17', 'c++20'] as const;
const STANDARDS = [...C, ...CPP] as const;

/** Standard C++ headers have no extension; the gcc half of the interlocked functions is for other compilers. */
const cppOnly = (name: string): boolean => !name.includes('.');
const forMsvc = wdkHeaders.filter((name) => name !== 'interlocked_gcc.h');
const languages = (name: string): readonly WdkCompileOptions['standard'][] => (cppOnly(name) ? CPP : STANDARDS);
const all = (headers: readonly string[]): string => headers.map((name) => `#include <${name}>\n`).join('');

describe('the headers compile without a warning', () => {
  it.each(forMsvc)('%s alone, and twice', (name) => {
    for (const standard of languages(name)) {
      expect(wdkMessages(all([name, name]), { standard }), standard).toBe('');
    }
  });

  it.each(STANDARDS)('all together in either order, as %s', (standard) => {
    const headers = forMsvc.filter((name) => languages(name).includes(standard));
    expect(wdkMessages(all(headers), { standard })).toBe('');
    expect(wdkMessages(all(headers.toReversed()), { standard })).toBe('');
  });

  it.each(STANDARDS)('for ARM64, as %s', (standard) => {
    const headers = forMsvc.filter((name) => languages(name).includes(standard));
    expect(wdkMessages(all(headers), { standard, arch: 'arm64' })).toBe('');
  });

  it('finds them whatever the case of their name, as Windows does', () => {
    expect(wdkMessages('#include <NTDDK.H>\n#include <VmbusKernelModeClientLibApi.h>\n', { standard: 'c17' })).toBe('');
  });
});

/** Rows of kmcl-facts 8.4 "Kernel objects", "Structures" and "MDL (x64)", and the sizes x64 has of what drivers embed. */
const SIZES = [
  ['LIST_ENTRY', 16, 8],
  ['SINGLE_LIST_ENTRY', 8, 8],
  ['SLIST_HEADER', 16, 16],
  ['SLIST_ENTRY', 16, 16],
  ['UNICODE_STRING', 16, 8],
  ['LARGE_INTEGER', 8, 8],
  ['GUID', 16, 4],
  ['OBJECT_ATTRIBUTES', 48, 8],
  ['INTERFACE', 32, 8],
  ['DISPATCHER_HEADER', 24, 8],
  ['KEVENT', 24, 8],
  ['KSEMAPHORE', 32, 8],
  ['KMUTEX', 56, 8],
  ['KTIMER', 64, 8],
  ['KDPC', 64, 8],
  ['KSPIN_LOCK', 8, 8],
  ['KLOCK_QUEUE_HANDLE', 24, 8],
  ['FAST_MUTEX', 56, 8],
  ['ERESOURCE', 104, 8],
  ['EX_PUSH_LOCK', 8, 8],
  ['EX_RUNDOWN_REF', 8, 8],
  ['LOOKASIDE_LIST_EX', 96, 16],
  ['NPAGED_LOOKASIDE_LIST', 128, 64],
  ['PAGED_LOOKASIDE_LIST', 128, 64],
  ['MDL', 48, 8],
  ['DEVICE_OBJECT', 336, 16],
  ['DRIVER_OBJECT', 336, 8],
  ['IRP', 208, 16],
  ['IO_STACK_LOCATION', 72, 8],
  ['IO_STATUS_BLOCK', 16, 8],
  ['IO_REMOVE_LOCK', 32, 8],
  ['WORK_QUEUE_ITEM', 32, 8],
  ['RTL_BITMAP', 16, 8],
  ['WDF_OBJECT_ATTRIBUTES', 56, 8],
  ['WDF_DRIVER_CONFIG', 32, 8],
  ['WDF_PNPPOWER_EVENT_CALLBACKS', 144, 8],
] as const;

const OFFSETS = [
  [
    '8.4 MDL',
    'MDL',
    { Next: 0, Size: 8, MdlFlags: 10, Process: 16, MappedSystemVa: 24, StartVa: 32, ByteCount: 40, ByteOffset: 44 },
  ],
  ['1.5 INTERFACE', 'INTERFACE', { Size: 0, Version: 2, Context: 8, InterfaceReference: 16, InterfaceDereference: 24 }],
  ['8.4 UNICODE_STRING', 'UNICODE_STRING', { Length: 0, MaximumLength: 2, Buffer: 8 }],
  [
    'x64 ERESOURCE',
    'ERESOURCE',
    { OwnerTable: 16, ActiveCount: 24, OwnerEntry: 48, ContentionCount: 68, SpinLock: 96 },
  ],
  ['x64 KTIMER', 'KTIMER', { DueTime: 24, TimerListEntry: 32, Dpc: 48, Period: 60 }],
  ['x64 KDPC', 'KDPC', { DpcListEntry: 8, DeferredRoutine: 24, DeferredContext: 32, DpcData: 56 }],
  ['x64 FAST_MUTEX', 'FAST_MUTEX', { Count: 0, Owner: 8, Contention: 16, Event: 24, OldIrql: 48 }],
  [
    'x64 DEVICE_OBJECT',
    'DEVICE_OBJECT',
    { DriverObject: 8, Flags: 48, DeviceExtension: 64, StackSize: 76, Dpc: 200, DeviceLock: 280 },
  ],
  [
    'x64 DRIVER_OBJECT',
    'DRIVER_OBJECT',
    { DeviceObject: 8, DriverExtension: 48, DriverName: 56, DriverUnload: 104, MajorFunction: 112 },
  ],
  [
    'x64 IRP',
    'IRP',
    { MdlAddress: 8, AssociatedIrp: 24, IoStatus: 48, StackCount: 66, Cancel: 68, CancelRoutine: 104, UserBuffer: 112 },
  ],
] as const;

/** Rows of kmcl-facts 8.4 "Integers" and "Pointer-size", "Status and level". */
const WIDTHS = {
  1: 'UCHAR CHAR UINT8 BOOLEAN KIRQL CCHAR KPROCESSOR_MODE',
  2: 'USHORT SHORT UINT16 WCHAR CSHORT',
  4: 'ULONG LONG UINT32 INT32 ULONG32 UINT INT NTSTATUS KPRIORITY',
  8: 'ULONGLONG LONGLONG UINT64 INT64 ULONG64 SIZE_T ULONG_PTR LONG_PTR PVOID HANDLE PHANDLE PFN_NUMBER PPFN_NUMBER POOL_FLAGS PCVOID PSIZE_T',
} as const;

describe('the layouts are those of x64 Windows', () => {
  const text = [
    '#include <ntifs.h>\n#include <wdf.h>\n',
    ...SIZES.map(([type, size, align]) => `C_ASSERT(sizeof(${type}) == ${size} && __alignof(${type}) == ${align});`),
    ...OFFSETS.flatMap(([, type, fields]) =>
      Object.entries(fields).map(([name, at]) => `C_ASSERT(FIELD_OFFSET(${type}, ${name}) == ${at});`),
    ),
    ...Object.entries(WIDTHS).flatMap(([size, types]) =>
      types.split(' ').map((type) => `C_ASSERT(sizeof(${type}) == ${size});`),
    ),
  ].join('\n');

  it.each(STANDARDS)('sizes, alignments, offsets and widths, as %s', (standard) => {
    expect(wdkMessages(text, { standard })).toBe('');
    expect(wdkMessages(text, { standard, arch: 'arm64' })).toBe('');
  });

  it('keeps signedness: NTSTATUS and LONG are signed, CHAR is signed, BOOLEAN and KIRQL are not', () => {
    const signs =
      'C_ASSERT((NTSTATUS)-1 < 0 && (LONG)-1 < 0 && (CHAR)-1 < 0);\nC_ASSERT((BOOLEAN)-1 > 0 && (KIRQL)-1 > 0 && (WCHAR)-1 > 0);';
    expect(
      wdkMessages(`#include <ntddk.h>\n${signs}`, {
        standard: 'c17',
        extra: ['-Wno-tautological-compare', '-Wno-sign-compare'],
      }),
    ).toBe('');
  });
});

/** All of kmcl-facts 8.1: name, value. */
const STATUSES =
  `SUCCESS 0x00000000 PENDING 0x00000103 BUFFER_OVERFLOW 0x80000005 INVALID_PARAMETER 0xC000000D MORE_PROCESSING_REQUIRED 0xC0000016
  BUFFER_TOO_SMALL 0xC0000023 INVALID_PARAMETER_1 0xC00000EF INVALID_PARAMETER_2 0xC00000F0 INVALID_PARAMETER_3 0xC00000F1 CANCELLED 0xC0000120
  DEVICE_REMOVED 0xC00002B6 TIMEOUT 0x00000102 DATATYPE_MISALIGNMENT 0x80000002 DEVICE_BUSY 0x80000011 NO_MORE_ENTRIES 0x8000001A
  UNSUCCESSFUL 0xC0000001 NOT_IMPLEMENTED 0xC0000002 INFO_LENGTH_MISMATCH 0xC0000004 ACCESS_VIOLATION 0xC0000005 INVALID_HANDLE 0xC0000008
  NO_SUCH_DEVICE 0xC000000E INVALID_DEVICE_REQUEST 0xC0000010 END_OF_FILE 0xC0000011 NO_MEMORY 0xC0000017 ACCESS_DENIED 0xC0000022
  OBJECT_TYPE_MISMATCH 0xC0000024 INVALID_PARAMETER_MIX 0xC0000030 OBJECT_NAME_NOT_FOUND 0xC0000034 DATA_ERROR 0xC000003E
  QUOTA_EXCEEDED 0xC0000044 DELETE_PENDING 0xC0000056 UNKNOWN_REVISION 0xC0000058 REVISION_MISMATCH 0xC0000059 INTEGER_OVERFLOW 0xC0000095
  INSUFFICIENT_RESOURCES 0xC000009A DEVICE_NOT_CONNECTED 0xC000009D DEVICE_NOT_READY 0xC00000A3 IO_TIMEOUT 0xC00000B5 NOT_SUPPORTED 0xC00000BB
  DEVICE_DOES_NOT_EXIST 0xC00000C0 INTERNAL_ERROR 0xC00000E5 INVALID_PARAMETER_4 0xC00000F2 INVALID_PARAMETER_5 0xC00000F3
  FILE_CORRUPT_ERROR 0xC0000102 DEVICE_CONFIGURATION_ERROR 0xC0000182 INVALID_DEVICE_STATE 0xC0000184 DEVICE_PROTOCOL_ERROR 0xC0000186
  INVALID_BUFFER_SIZE 0xC0000206 CONNECTION_DISCONNECTED 0xC000020C NOT_FOUND 0xC0000225 RETRY 0xC000022D CONNECTION_REFUSED 0xC0000236
  NOINTERFACE 0xC00002B9 INVALID_SIGNATURE 0xC000A000`.split(/\s+/);

/** Rows of kmcl-facts 8.3 and 8.4 that give values. */
const VALUES =
  `TRUE 1 FALSE 0 PAGE_SIZE 0x1000 PAGE_SHIFT 12 PASSIVE_LEVEL 0 APC_LEVEL 1 DISPATCH_LEVEL 2 MAXULONG 0xFFFFFFFF MAXUINT32 0xFFFFFFFF
  MAXUSHORT 0xFFFF KernelMode 0 UserMode 1 IoReadAccess 0 IoWriteAccess 1 IoModifyAccess 2 MDL_MAPPED_TO_SYSTEM_VA 0x1 MDL_PAGES_LOCKED 0x2
  MDL_SOURCE_IS_NONPAGED_POOL 0x4 POOL_FLAG_USE_QUOTA 0x1 POOL_FLAG_UNINITIALIZED 0x2 POOL_FLAG_SESSION 0x4 POOL_FLAG_CACHE_ALIGNED 0x8
  POOL_FLAG_RAISE_ON_FAILURE 0x20 POOL_FLAG_NON_PAGED 0x40 POOL_FLAG_NON_PAGED_EXECUTE 0x80 POOL_FLAG_PAGED 0x100 POOL_FLAG_SPECIAL_POOL 0x100000000
  NonPagedPool 0 PagedPool 1 NonPagedPoolNx 512 NotificationEvent 0 SynchronizationEvent 1 Executive 0 MmNonCached 0 MmCached 1 MmWriteCombined 2
  LowPagePriority 0 NormalPagePriority 16 HighPagePriority 32 CriticalWorkQueue 0 DelayedWorkQueue 1 DPFLTR_IHVDRIVER_ID 77 DPFLTR_IHVNETWORK_ID 80
  DPFLTR_IHVBUS_ID 82 DPFLTR_DEFAULT_ID 101 DPFLTR_ERROR_LEVEL 0 DPFLTR_WARNING_LEVEL 1 DPFLTR_TRACE_LEVEL 2 DPFLTR_INFO_LEVEL 3 DPFLTR_MASK 0x80000000
  IRQL_NOT_LESS_OR_EQUAL 0x0A BAD_POOL_HEADER 0x19 MEMORY_MANAGEMENT 0x1A KMODE_EXCEPTION_NOT_HANDLED 0x1E PFN_LIST_CORRUPT 0x4E
  PAGE_FAULT_IN_NONPAGED_AREA 0x50 SYSTEM_THREAD_EXCEPTION_NOT_HANDLED 0x7E DRIVER_POWER_STATE_FAILURE 0x9F
  SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION 0xC1 BAD_POOL_CALLER 0xC2 DRIVER_VERIFIER_DETECTED_VIOLATION 0xC4 DRIVER_CORRUPTED_EXPOOL 0xC5
  DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS 0xCB DRIVER_IRQL_NOT_LESS_OR_EQUAL 0xD1 DPC_WATCHDOG_VIOLATION 0x133 KERNEL_SECURITY_CHECK_FAILURE 0x139
  KERNEL_MODE_HEAP_CORRUPTION 0x13A`.split(/\s+/);

const pairs = (words: readonly string[]): readonly (readonly [string, string])[] =>
  words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? ''] as const] : []));

describe('constants', () => {
  it('has every value of kmcl-facts 8.1', () => {
    const text = pairs(STATUSES).map(([name, value]) => `C_ASSERT(STATUS_${name} == (NTSTATUS)${value});`);
    expect(pairs(STATUSES)).toHaveLength(54);
    expect(wdkMessages(`#include <ntddk.h>\n${text.join('\n')}`, { standard: 'c17' })).toBe('');
  });

  it('has every value of kmcl-facts 8.3 and 8.4', () => {
    const text = pairs(VALUES).map(([name, value]) => `C_ASSERT((ULONG64)(${name}) == ${value});`);
    expect(wdkMessages(`#include <ntddk.h>\n${text.join('\n')}`, { standard: 'c17' })).toBe('');
  });

  it('sorts statuses by severity as kmcl-facts 8.1 says', () => {
    const text = `#include <ntddk.h>
      C_ASSERT(NT_SUCCESS(STATUS_SUCCESS) && NT_SUCCESS(STATUS_PENDING) && NT_SUCCESS(STATUS_OBJECT_NAME_EXISTS));
      C_ASSERT(!NT_SUCCESS(STATUS_BUFFER_OVERFLOW) && !NT_SUCCESS(STATUS_MORE_PROCESSING_REQUIRED));
      C_ASSERT(NT_WARNING(STATUS_BUFFER_OVERFLOW) && NT_ERROR(STATUS_BUFFER_TOO_SMALL) && NT_INFORMATION(STATUS_OBJECT_NAME_EXISTS));`;
    expect(wdkMessages(text, { standard: 'c17' })).toBe('');
  });
});
