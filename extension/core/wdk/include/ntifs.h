/* Superset of ntddk.h: the additional names VMBus drivers use. */
#pragma once

#define _NTIFS_
#define _NTIFS_INCLUDED_

#include <ntddk.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _KAPC_STATE {
    LIST_ENTRY ApcListHead[2];
    PEPROCESS Process;
    BOOLEAN KernelApcInProgress;
    BOOLEAN KernelApcPending;
    BOOLEAN UserApcPending;
} KAPC_STATE, *PKAPC_STATE, *PRKAPC_STATE;

VOID NTAPI KeStackAttachProcess(_Inout_ PEPROCESS Process, _Out_ PRKAPC_STATE ApcState);
VOID NTAPI KeUnstackDetachProcess(_In_ PRKAPC_STATE ApcState);
NTSTATUS NTAPI PsLookupProcessByProcessId(_In_ HANDLE ProcessId, _Outptr_ PEPROCESS *Process);
PEPROCESS NTAPI IoThreadToProcess(_In_ PETHREAD Thread);
HANDLE NTAPI PsGetProcessId(_In_ PEPROCESS Process);
HANDLE NTAPI PsGetThreadId(_In_ PETHREAD Thread);
NTSTATUS NTAPI ObOpenObjectByPointer(_In_ PVOID Object, _In_ ULONG HandleAttributes, _In_opt_ PVOID PassedAccessState,
                                     _In_ ACCESS_MASK DesiredAccess, _In_opt_ POBJECT_TYPE ObjectType,
                                     _In_ KPROCESSOR_MODE AccessMode, _Out_ PHANDLE Handle);
NTSTATUS NTAPI ZwAllocateVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress, _In_ ULONG_PTR ZeroBits,
                                       _Inout_ PSIZE_T RegionSize, _In_ ULONG AllocationType, _In_ ULONG Protect);
NTSTATUS NTAPI ZwFreeVirtualMemory(_In_ HANDLE ProcessHandle, _Inout_ PVOID *BaseAddress, _Inout_ PSIZE_T RegionSize,
                                   _In_ ULONG FreeType);

#ifdef __cplusplus
}
#endif
