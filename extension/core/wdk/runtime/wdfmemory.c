/*
 * WDF memory objects, lookaside lists, collections.
 */
#include "framework.h"

#define MEMORY_TAG 'MfdW'

/* ---- Memory ---- */

struct memory {
    struct wdf_object object;
    void *buffer;
    uint64_t size;
    uint64_t owned;
};

static void destroy_memory(struct wdf_object *object)
{
    struct memory *memory = (struct memory *)object;
    if (memory->owned) {
        vsp_user_free(VSP_ARENA_HOST, memory->buffer);
    }
}

static NTSTATUS create_memory(PWDF_OBJECT_ATTRIBUTES attributes, ULONG type, ULONG tag, size_t size, WDFMEMORY *out)
{
    const NTSTATUS status = WDF_CREATE(WDF_TYPE_MEMORY, struct memory, attributes, wdf_driver(), out);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    struct memory *memory = (struct memory *)*out;
    const uint32_t flags = VSP_BLOCK_EXEMPT | (type & PagedPool ? VSP_BLOCK_PAGED : 0);
    memory->object.destroy = destroy_memory;
    memory->owned = 1;
    memory->size = size;
    memory->buffer = vsp_block_allocate(VSP_ARENA_HOST, size, tag != 0 ? tag : MEMORY_TAG, flags, 0);
    return STATUS_SUCCESS;
}

static void give_buffer(WDFMEMORY memory, PVOID *buffer)
{
    if (buffer != NULL) {
        vsp_check_write(buffer, sizeof *buffer);
        *buffer = ((struct memory *)memory)->buffer;
    }
}

NTSTATUS WdfMemoryCreate(PWDF_OBJECT_ATTRIBUTES Attributes, POOL_TYPE PoolType, ULONG PoolTag, size_t BufferSize,
                         WDFMEMORY *Memory, PVOID *Buffer)
{
    vsp_require_irql(PoolType & PagedPool ? APC_LEVEL : DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfMemoryCreate);
    if (BufferSize == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    const NTSTATUS status = create_memory(Attributes, PoolType, PoolTag, BufferSize, Memory);
    if (NT_SUCCESS(status)) {
        give_buffer(*Memory, Buffer);
    }
    return status;
}

NTSTATUS WdfMemoryCreatePreallocated(PWDF_OBJECT_ATTRIBUTES Attributes, PVOID Buffer, size_t BufferSize,
                                     WDFMEMORY *Memory)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfMemoryCreatePreallocated);
    if (BufferSize == 0 || Buffer == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    const NTSTATUS status = WDF_CREATE(WDF_TYPE_MEMORY, struct memory, Attributes, wdf_driver(), Memory);
    if (NT_SUCCESS(status)) {
        ((struct memory *)*Memory)->buffer = Buffer;
        ((struct memory *)*Memory)->size = BufferSize;
    }
    return status;
}

PVOID WdfMemoryGetBuffer(WDFMEMORY Memory, size_t *BufferSize)
{
    const struct memory *memory = (struct memory *)wdf_of(Memory, WDF_TYPE_MEMORY);
    if (BufferSize != NULL) {
        vsp_check_write(BufferSize, sizeof *BufferSize);
        *BufferSize = memory->size;
    }
    return memory->buffer;
}

static int lies_within(const struct memory *memory, size_t offset, size_t size)
{
    return offset <= memory->size && size <= memory->size - offset;
}

NTSTATUS WdfMemoryCopyToBuffer(WDFMEMORY SourceMemory, size_t SourceOffset, PVOID Buffer, size_t NumBytesToCopyTo)
{
    VSP_MAY_FAIL(WdfMemoryCopyToBuffer);
    const struct memory *memory = (struct memory *)wdf_of(SourceMemory, WDF_TYPE_MEMORY);
    if (!lies_within(memory, SourceOffset, NumBytesToCopyTo)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    const char *source = (const char *)memory->buffer + SourceOffset;
    vsp_check_read(source, NumBytesToCopyTo);
    vsp_check_write(Buffer, NumBytesToCopyTo);
    vsp_copy(Buffer, source, NumBytesToCopyTo);
    return STATUS_SUCCESS;
}

NTSTATUS WdfMemoryCopyFromBuffer(WDFMEMORY DestinationMemory, size_t DestinationOffset, PVOID Buffer,
                                 size_t NumBytesToCopyFrom)
{
    VSP_MAY_FAIL(WdfMemoryCopyFromBuffer);
    const struct memory *memory = (struct memory *)wdf_of(DestinationMemory, WDF_TYPE_MEMORY);
    if (!lies_within(memory, DestinationOffset, NumBytesToCopyFrom)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    char *destination = (char *)memory->buffer + DestinationOffset;
    vsp_check_read(Buffer, NumBytesToCopyFrom);
    vsp_check_write(destination, NumBytesToCopyFrom);
    vsp_copy(destination, Buffer, NumBytesToCopyFrom);
    return STATUS_SUCCESS;
}

/* ---- Lookaside lists: nothing is kept back, as in lookaside.c ---- */

struct lookaside {
    struct wdf_object object;
    uint64_t size;
    ULONG type;
    ULONG tag;
    uint64_t has_attributes;
    WDF_OBJECT_ATTRIBUTES attributes;
};

NTSTATUS WdfLookasideListCreate(PWDF_OBJECT_ATTRIBUTES LookasideAttributes, size_t BufferSize, POOL_TYPE PoolType,
                                PWDF_OBJECT_ATTRIBUTES MemoryAttributes, ULONG PoolTag, WDFLOOKASIDE *Lookaside)
{
    vsp_require_irql(PoolType & PagedPool ? APC_LEVEL : DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfLookasideListCreate);
    if (BufferSize == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    const NTSTATUS status =
        WDF_CREATE(WDF_TYPE_LOOKASIDE, struct lookaside, LookasideAttributes, wdf_driver(), Lookaside);
    if (NT_SUCCESS(status)) {
        struct lookaside *list = (struct lookaside *)*Lookaside;
        list->size = BufferSize;
        list->type = PoolType;
        list->tag = PoolTag;
        if (MemoryAttributes != NULL) {
            vsp_check_read(MemoryAttributes, sizeof *MemoryAttributes);
            list->attributes = *MemoryAttributes;
            list->has_attributes = 1;
        }
    }
    return status;
}

NTSTATUS WdfMemoryCreateFromLookaside(WDFLOOKASIDE Lookaside, WDFMEMORY *Memory)
{
    VSP_MAY_FAIL(WdfMemoryCreateFromLookaside);
    struct lookaside *list = (struct lookaside *)wdf_of(Lookaside, WDF_TYPE_LOOKASIDE);
    vsp_require_irql(list->type & PagedPool ? APC_LEVEL : DISPATCH_LEVEL, __func__);
    WDF_OBJECT_ATTRIBUTES attributes;
    WDF_OBJECT_ATTRIBUTES_INIT(&attributes);
    if (list->has_attributes) {
        attributes = list->attributes;
    }
    if (attributes.ParentObject == NULL) {
        attributes.ParentObject = list;
    }
    return create_memory(&attributes, list->type, list->tag, list->size, Memory);
}

/* ---- Collections: an array of references ---- */

struct collection {
    struct wdf_object object;
    struct wdf_object **items;
    ULONG count;
    ULONG capacity;
};

static void destroy_collection(struct wdf_object *object)
{
    struct collection *collection = (struct collection *)object;
    for (ULONG i = 0; i < collection->count; i++) {
        wdf_dereference(collection->items[i]);
    }
    vsp_free(VSP_ARENA_HOST, collection->items, collection->capacity * sizeof *collection->items);
}

NTSTATUS WdfCollectionCreate(PWDF_OBJECT_ATTRIBUTES CollectionAttributes, WDFCOLLECTION *Collection)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfCollectionCreate);
    const NTSTATUS status =
        WDF_CREATE(WDF_TYPE_COLLECTION, struct collection, CollectionAttributes, wdf_driver(), Collection);
    if (NT_SUCCESS(status)) {
        ((struct wdf_object *)*Collection)->destroy = destroy_collection;
    }
    return status;
}

NTSTATUS WdfCollectionAdd(WDFCOLLECTION Collection, WDFOBJECT Object)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfCollectionAdd);
    struct collection *collection = (struct collection *)wdf_of(Collection, WDF_TYPE_COLLECTION);
    struct wdf_object *object = wdf_of(Object, 0);
    if (vsp_allocation_fails()) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (collection->count == collection->capacity) {
        const ULONG capacity = collection->capacity == 0 ? 8 : collection->capacity * 2;
        struct wdf_object **items = vsp_allocate(VSP_ARENA_HOST, capacity * sizeof *items);
        vsp_copy(items, collection->items, collection->count * sizeof *items);
        vsp_free(VSP_ARENA_HOST, collection->items, collection->capacity * sizeof *items);
        collection->items = items;
        collection->capacity = capacity;
    }
    wdf_reference(object);
    collection->items[collection->count++] = object;
    return STATUS_SUCCESS;
}

VOID WdfCollectionRemoveItem(WDFCOLLECTION Collection, ULONG Index)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    struct collection *collection = (struct collection *)wdf_of(Collection, WDF_TYPE_COLLECTION);
    if (Index >= collection->count) {
        KeBugCheckEx(WDF_VIOLATION, 5, (ULONG_PTR)Collection, Index, 0);
    }
    struct wdf_object *object = collection->items[Index];
    collection->count--;
    for (ULONG i = Index; i < collection->count; i++) {
        collection->items[i] = collection->items[i + 1];
    }
    wdf_dereference(object);
}

VOID WdfCollectionRemove(WDFCOLLECTION Collection, WDFOBJECT Item)
{
    const struct collection *collection = (struct collection *)wdf_of(Collection, WDF_TYPE_COLLECTION);
    for (ULONG i = 0; i < collection->count; i++) {
        if (collection->items[i] == Item) {
            WdfCollectionRemoveItem(Collection, i);
            return;
        }
    }
    KeBugCheckEx(WDF_VIOLATION, 5, (ULONG_PTR)Item, 0, 0);
}

ULONG WdfCollectionGetCount(WDFCOLLECTION Collection)
{
    return ((struct collection *)wdf_of(Collection, WDF_TYPE_COLLECTION))->count;
}

WDFOBJECT WdfCollectionGetItem(WDFCOLLECTION Collection, ULONG Index)
{
    const struct collection *collection = (struct collection *)wdf_of(Collection, WDF_TYPE_COLLECTION);
    return Index < collection->count ? collection->items[Index] : NULL;
}

WDFOBJECT WdfCollectionGetFirstItem(WDFCOLLECTION Collection)
{
    return WdfCollectionGetItem(Collection, 0);
}

WDFOBJECT WdfCollectionGetLastItem(WDFCOLLECTION Collection)
{
    return WdfCollectionGetItem(Collection, WdfCollectionGetCount(Collection) - 1);
}
