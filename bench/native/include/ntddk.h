/*
 * Just enough of the kernel's vocabulary for bench/callbacks.c under a native compiler; VSP Lab's own headers need the
 * MSVC ABI.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef int32_t NTSTATUS;
typedef uint32_t ULONG;
typedef uint32_t UINT32, *PUINT32;
typedef uint64_t UINT64;
typedef uint64_t POOL_FLAGS;
typedef void *PVOID;
#define VOID void

#define _Use_decl_annotations_
#define UNREFERENCED_PARAMETER(p) (void)(p)
#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)
#define STATUS_SUCCESS ((NTSTATUS)0)
#define STATUS_INVALID_PARAMETER ((NTSTATUS)0xC000000Du)
#define STATUS_BUFFER_TOO_SMALL ((NTSTATUS)0xC0000023u)
#define STATUS_INSUFFICIENT_RESOURCES ((NTSTATUS)0xC000009Au)
#define RtlZeroMemory(to, size) memset((to), 0, (size))
#define RtlCopyMemory(to, from, size) memcpy((to), (from), (size))

#define POOL_FLAG_NON_PAGED 0x40ull
PVOID ExAllocatePool2(POOL_FLAGS Flags, size_t NumberOfBytes, ULONG Tag);
void ExFreePoolWithTag(PVOID Block, ULONG Tag);
