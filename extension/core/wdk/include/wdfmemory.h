/* WDF memory, lookaside lists, collections, strings. Included by wdf.h. */
#pragma once

#include <wdfobject.h>

#ifdef __cplusplus
extern "C" {
#endif

NTSTATUS NTAPI WdfMemoryCreate(_In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes, _In_ POOL_TYPE PoolType,
                               _In_opt_ ULONG PoolTag,
                               _In_ size_t BufferSize, _Out_ WDFMEMORY *Memory, _Outptr_opt_ PVOID *Buffer);
NTSTATUS NTAPI WdfMemoryCreatePreallocated(_In_opt_ PWDF_OBJECT_ATTRIBUTES Attributes, _In_ PVOID Buffer,
                                           _In_ size_t BufferSize,
                                           _Out_ WDFMEMORY *Memory);
PVOID NTAPI WdfMemoryGetBuffer(_In_ WDFMEMORY Memory, _Out_opt_ size_t *BufferSize);
NTSTATUS NTAPI WdfMemoryCopyToBuffer(_In_ WDFMEMORY SourceMemory, _In_ size_t SourceOffset,
                                     _Out_writes_bytes_(NumBytesToCopyTo) PVOID Buffer,
                                     _In_ size_t NumBytesToCopyTo);
NTSTATUS NTAPI WdfMemoryCopyFromBuffer(_In_ WDFMEMORY DestinationMemory, _In_ size_t DestinationOffset,
                                       _In_ PVOID Buffer,
                                       _In_ size_t NumBytesToCopyFrom);
NTSTATUS NTAPI WdfLookasideListCreate(_In_opt_ PWDF_OBJECT_ATTRIBUTES LookasideAttributes, _In_ size_t BufferSize,
                                      _In_ POOL_TYPE PoolType,
                                      _In_opt_ PWDF_OBJECT_ATTRIBUTES MemoryAttributes, _In_opt_ ULONG PoolTag,
                                      _Out_ WDFLOOKASIDE *Lookaside);
NTSTATUS NTAPI WdfMemoryCreateFromLookaside(_In_ WDFLOOKASIDE Lookaside, _Out_ WDFMEMORY *Memory);

NTSTATUS NTAPI WdfCollectionCreate(_In_opt_ PWDF_OBJECT_ATTRIBUTES CollectionAttributes,
                                   _Out_ WDFCOLLECTION *Collection);
NTSTATUS NTAPI WdfCollectionAdd(_In_ WDFCOLLECTION Collection, _In_ WDFOBJECT Object);
VOID NTAPI WdfCollectionRemove(_In_ WDFCOLLECTION Collection, _In_ WDFOBJECT Item);
VOID NTAPI WdfCollectionRemoveItem(_In_ WDFCOLLECTION Collection, _In_ ULONG Index);
ULONG NTAPI WdfCollectionGetCount(_In_ WDFCOLLECTION Collection);
WDFOBJECT NTAPI WdfCollectionGetItem(_In_ WDFCOLLECTION Collection, _In_ ULONG Index);
WDFOBJECT NTAPI WdfCollectionGetFirstItem(_In_ WDFCOLLECTION Collection);
WDFOBJECT NTAPI WdfCollectionGetLastItem(_In_ WDFCOLLECTION Collection);

NTSTATUS NTAPI WdfStringCreate(_In_opt_ PCUNICODE_STRING UnicodeString,
                               _In_opt_ PWDF_OBJECT_ATTRIBUTES StringAttributes,
                               _Out_ WDFSTRING *String);
VOID NTAPI WdfStringGetUnicodeString(_In_ WDFSTRING String, _Out_ PUNICODE_STRING UnicodeString);

#ifdef __cplusplus
}
#endif
