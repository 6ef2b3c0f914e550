/*
 * Pool: kmcl-facts 8.6 rows 1 to 6 and their older relatives.
 */
#include "kernel.h"
#include "stress.h"

#define ALLOCATION_COST 40     /* budget: a block and its quarantine cost as much as that many turns of a loop */
#define MOST_OF_LIMIT 8u       /* in a stress run no block takes more than this part of the memory */
#define ALLOCATED_PER_UNIT 64u /* and its bytes, which are filled, as much as copying them */

int vsp_allocation_fails(void)
{
    if (VSP_UNLIKELY(vsp_stress.watch) && vsp_stress_fails(VSP_STRESS_ALLOCATION)) {
        return 1;
    }
    return vsp_planned_allocation_fails();
}

int vsp_planned_allocation_fails(void)
{
    if (vsp_lasting.fail_count == 0) {
        return 0;
    }
    if (vsp_lasting.fail_skip > 0) {
        vsp_lasting.fail_skip--;
        return 0;
    }
    vsp_lasting.fail_count--;
    return 1;
}

void *vsp_pool_allocate(uint64_t size, uint32_t tag, uint32_t flags, int zero)
{
    vsp_spend(ALLOCATION_COST);
    if (vsp_allocation_fails()) {
        return NULL;
    }
    if (VSP_UNLIKELY(vsp_stress.watch) && size > vsp_lasting.memory_limit / MOST_OF_LIMIT) {
        return NULL; /* asked for by a damaged record: a host says no, and the driver may be ready for that */
    }
    void *block = vsp_block_allocate(VSP_ARENA_HOST, size, tag, flags | VSP_BLOCK_POOL, zero);
    if (block != NULL) {
        vsp_spend(size / ALLOCATED_PER_UNIT);
    }
    return block;
}

/* `fails`: by plan. */
static PVOID allocate_by_flags(POOL_FLAGS flags, SIZE_T size, ULONG tag, uint32_t fails, const char *function)
{
    const int paged = (flags & POOL_FLAG_PAGED) != 0;
    vsp_require_irql(paged ? APC_LEVEL : DISPATCH_LEVEL, function);
    const uint32_t kind = (paged ? VSP_BLOCK_PAGED : 0) | (flags & POOL_FLAG_CACHE_ALIGNED ? VSP_BLOCK_ALIGNED : 0);
    void *block = fails ? NULL : vsp_pool_allocate(size, tag, kind, !(flags & POOL_FLAG_UNINITIALIZED));
    if (block == NULL && (flags & POOL_FLAG_RAISE_ON_FAILURE)) {
        vsp_raise(STATUS_INSUFFICIENT_RESOURCES);
    }
    return block;
}

PVOID ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_by_flags(Flags, NumberOfBytes, Tag, VSP_FAILS(ExAllocatePool2), __func__);
}

PVOID ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters,
                      ULONG ExtendedParametersCount)
{
    vsp_check_read(ExtendedParameters, ExtendedParametersCount * sizeof *ExtendedParameters);
    return allocate_by_flags(Flags, NumberOfBytes, Tag, VSP_FAILS(ExAllocatePool3), __func__);
}

/* The older functions: memory is not zeroed unless asked for. */
static PVOID allocate_by_type(ULONG type, SIZE_T size, ULONG tag, int zero, uint32_t fails, const char *function)
{
    const int paged = (type & 1) != 0;
    vsp_require_irql(paged ? APC_LEVEL : DISPATCH_LEVEL, function);
    const uint32_t flags = (paged ? VSP_BLOCK_PAGED : 0) | ((type & 4) != 0 ? VSP_BLOCK_ALIGNED : 0);
    const int zeroed = zero || (type & POOL_ZERO_ALLOCATION) != 0;
    void *block = fails ? NULL : vsp_pool_allocate(size, tag, flags, zeroed);
    if (block == NULL && (type & POOL_RAISE_IF_ALLOCATION_FAILURE)) {
        vsp_raise(STATUS_INSUFFICIENT_RESOURCES);
    }
    return block;
}

PVOID ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes)
{
    return allocate_by_type(PoolType, NumberOfBytes, 'enoN', 0, VSP_FAILS(ExAllocatePool), __func__);
}

PVOID ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_by_type(PoolType, NumberOfBytes, Tag, 0, VSP_FAILS(ExAllocatePoolWithTag), __func__);
}

PVOID ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag, EX_POOL_PRIORITY Priority)
{
    (void)Priority;
    return allocate_by_type(PoolType, NumberOfBytes, Tag, 0, VSP_FAILS(ExAllocatePoolWithTagPriority), __func__);
}

/* Raises on failure unless told not to. */
PVOID ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    const ULONG type = (ULONG)PoolType & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE
                           ? (ULONG)PoolType & ~(ULONG)POOL_QUOTA_FAIL_INSTEAD_OF_RAISE
                           : (ULONG)PoolType | POOL_RAISE_IF_ALLOCATION_FAILURE;
    return allocate_by_type(type, NumberOfBytes, Tag, 0, VSP_FAILS(ExAllocatePoolWithQuotaTag), __func__);
}

PVOID ExAllocatePoolZero(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_by_type(PoolType, NumberOfBytes, Tag, 1, VSP_FAILS(ExAllocatePoolZero), __func__);
}

PVOID ExAllocatePoolUninitialized(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag)
{
    return allocate_by_type(PoolType, NumberOfBytes, Tag, 0, VSP_FAILS(ExAllocatePoolUninitialized), __func__);
}

static void free_pool(void *p, uint32_t tag, const char *function)
{
    struct vsp_block *block = vsp_block_find(p);
    if (block == NULL) {
        const int was_freed = vsp_shadow_at((uint64_t)p) == VSP_POISON_FREED;
        vsp_fault(was_freed ? VSP_FAULT_DOUBLE_FREE : VSP_FAULT_BAD_FREE, (uint64_t)p, 0, 0);
    }
    if (block->state == VSP_BLOCK_FREED) {
        vsp_fault(VSP_FAULT_DOUBLE_FREE, (uint64_t)p, 0, 0);
    }
    if (!(block->flags & VSP_BLOCK_POOL) || (tag != 0 && tag != block->tag)) {
        vsp_fault(VSP_FAULT_BAD_FREE, (uint64_t)p, tag, block->tag);
    }
    vsp_require_irql(block->flags & VSP_BLOCK_PAGED ? APC_LEVEL : DISPATCH_LEVEL, function);
    if (VSP_UNLIKELY(vsp_initialized_packets != 0)) {
        vsp_memory_freed(p, vsp_block_size(block));
    }
    vsp_block_free(block);
}

VOID ExFreePoolWithTag(PVOID P, ULONG Tag)
{
    free_pool(P, Tag, __func__);
}

VOID ExFreePool(PVOID P)
{
    free_pool(P, 0, __func__);
}

VOID ExFreePool2(PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount)
{
    vsp_check_read(ExtendedParameters, ExtendedParametersCount * sizeof *ExtendedParameters);
    free_pool(P, Tag, __func__);
}
