/*
 * Lookaside lists: kmcl-facts 8.6 rows 73 to 75. Nothing is cached: each entry is a pool block of its own, so that a
 * use after it was given back is seen. The driver's own allocate and free functions are called for every entry.
 */
#include "kernel.h"

#define LOOKASIDE_READY 0x5652534Cu /* in Future[0] */
#define LOOKASIDE_EX 1u             /* in Future[1]: the functions take the list as well */
#define LOOKASIDE_RAISE 2u

struct lookaside {
    GENERAL_LOOKASIDE_LAYOUT
};

static void initialise(struct lookaside *list, void *allocate, void *free, ULONG type, ULONG flags, SIZE_T size,
                       ULONG tag)
{
    vsp_check_write(list, sizeof *list);
    vsp_set(list, 0, sizeof *list);
    list->Type = (POOL_TYPE)(type & (1 | POOL_NX_ALLOCATION));
    list->Tag = tag;
    list->Size = (ULONG)size;
    list->Allocate = (PALLOCATE_FUNCTION)allocate;
    list->Free = (PFREE_FUNCTION)free;
    list->ListEntry.Flink = list->ListEntry.Blink = &list->ListEntry;
    list->MaximumDepth = 256;
    list->Depth = 4;
    list->Future[0] = LOOKASIDE_READY;
    list->Future[1] = flags;
}

static void check_ready(struct lookaside *list)
{
    static const char what[] = "a lookaside list that was never initialised, or was deleted";
    vsp_check_write(list, sizeof *list);
    if (list->Future[0] != LOOKASIDE_READY) {
        vsp_fault(VSP_FAULT_UNSUPPORTED, (uint64_t)what, 0, 0);
    }
}

/* `fails`: by plan. */
static void *allocate(struct lookaside *list, uint32_t fails, const char *function)
{
    check_ready(list);
    vsp_require_irql(list->Type & PagedPool ? APC_LEVEL : DISPATCH_LEVEL, function);
    list->TotalAllocates++;
    void *entry;
    if (fails) {
        entry = NULL;
    } else if (list->Allocate == NULL) {
        entry = vsp_pool_allocate(list->Size, list->Tag, list->Type & PagedPool ? VSP_BLOCK_PAGED : 0, 0);
    } else if (list->Future[1] & LOOKASIDE_EX) {
        vsp_calls((const void *)list->AllocateEx);
        entry = list->AllocateEx(list->Type, list->Size, list->Tag, (PLOOKASIDE_LIST_EX)list);
    } else {
        vsp_calls((const void *)list->Allocate);
        entry = list->Allocate(list->Type, list->Size, list->Tag);
    }
    if (entry == NULL && (list->Future[1] & LOOKASIDE_RAISE)) {
        vsp_raise(STATUS_INSUFFICIENT_RESOURCES);
    }
    return entry;
}

static void release(struct lookaside *list, void *entry)
{
    check_ready(list);
    list->TotalFrees++;
    if (list->Free == NULL) {
        ExFreePoolWithTag(entry, list->Tag);
    } else if (list->Future[1] & LOOKASIDE_EX) {
        vsp_calls((const void *)list->FreeEx);
        list->FreeEx(entry, (PLOOKASIDE_LIST_EX)list);
    } else {
        vsp_calls((const void *)list->Free);
        list->Free(entry);
    }
}

static void delete(struct lookaside *list)
{
    vsp_check_write(list, sizeof *list);
    list->Future[0] = 0;
}

NTSTATUS ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate,
                                     PFREE_FUNCTION_EX Free, POOL_TYPE PoolType, ULONG Flags, SIZE_T Size, ULONG Tag,
                                     USHORT Depth)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(ExInitializeLookasideListEx);
    if (Depth != 0) {
        return STATUS_INVALID_PARAMETER_8;
    }
    if ((Flags & ~3u) != 0 || Flags == 3) {
        return STATUS_INVALID_PARAMETER_5;
    }
    initialise((struct lookaside *)Lookaside, (void *)Allocate, (void *)Free, PoolType,
               LOOKASIDE_EX | (Flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL ? LOOKASIDE_RAISE : 0), Size, Tag);
    return STATUS_SUCCESS;
}

VOID ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    delete((struct lookaside *)Lookaside);
}

VOID ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    vsp_check_read(Lookaside, sizeof *Lookaside);
}

PVOID ExAllocateFromLookasideListEx(PLOOKASIDE_LIST_EX Lookaside)
{
    return allocate((struct lookaside *)Lookaside, VSP_FAILS(ExAllocateFromLookasideListEx), __func__);
}

VOID ExFreeToLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PVOID Entry)
{
    release((struct lookaside *)Lookaside, Entry);
}

VOID ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                     ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    (void)Depth;
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    initialise((struct lookaside *)Lookaside, (void *)Allocate, (void *)Free, NonPagedPool,
               Flags & POOL_RAISE_IF_ALLOCATION_FAILURE ? LOOKASIDE_RAISE : 0, Size, Tag);
}

VOID ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    delete((struct lookaside *)Lookaside);
}

PVOID ExAllocateFromNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside)
{
    return allocate((struct lookaside *)Lookaside, VSP_FAILS(ExAllocateFromNPagedLookasideList), __func__);
}

VOID ExFreeToNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    release((struct lookaside *)Lookaside, Entry);
}

VOID ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate, PFREE_FUNCTION Free,
                                    ULONG Flags, SIZE_T Size, ULONG Tag, USHORT Depth)
{
    (void)Depth;
    vsp_require_irql(APC_LEVEL, __func__);
    initialise((struct lookaside *)Lookaside, (void *)Allocate, (void *)Free, PagedPool,
               Flags & POOL_RAISE_IF_ALLOCATION_FAILURE ? LOOKASIDE_RAISE : 0, Size, Tag);
}

VOID ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    vsp_require_irql(APC_LEVEL, __func__);
    delete((struct lookaside *)Lookaside);
}

PVOID ExAllocateFromPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside)
{
    return allocate((struct lookaside *)Lookaside, VSP_FAILS(ExAllocateFromPagedLookasideList), __func__);
}

VOID ExFreeToPagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PVOID Entry)
{
    release((struct lookaside *)Lookaside, Entry);
}
