/*
 * Resources and push locks: kmcl-facts 8.6 rows 66 to 68.
 */
#include "kernel.h"

/* ---- Resources: OwnerEntry holds the exclusive owner, ActiveEntries the shared holds ---- */

#define RESOURCE_EXCLUSIVE 0x80u
#define RESOURCE_READY 0x5652u /* CreatorBackTraceIndex of an initialised resource */

static NTSTATUS initialise(PERESOURCE Resource)
{
    vsp_check_write(Resource, sizeof *Resource);
    vsp_set(Resource, 0, sizeof *Resource);
    Resource->SystemResourcesList.Flink = Resource->SystemResourcesList.Blink = &Resource->SystemResourcesList;
    Resource->CreatorBackTraceIndex = RESOURCE_READY;
    return STATUS_SUCCESS;
}

NTSTATUS ExInitializeResourceLite(PERESOURCE Resource)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(ExInitializeResourceLite);
    return initialise(Resource);
}

NTSTATUS ExReinitializeResourceLite(PERESOURCE Resource)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(ExReinitializeResourceLite);
    return initialise(Resource);
}

NTSTATUS ExDeleteResourceLite(PERESOURCE Resource)
{
    vsp_require_irql(APC_LEVEL, __func__);
    VSP_MAY_FAIL(ExDeleteResourceLite);
    vsp_check_write(Resource, sizeof *Resource);
    if (Resource->ActiveCount != 0) {
        vsp_lock_breach(Resource, VSP_LOCK_OTHER_OWNER);
    }
    vsp_set(Resource, 0, sizeof *Resource);
    return STATUS_SUCCESS;
}

/* Can the running thread have it at once? */
static int resource_is_free(const ERESOURCE *resource, int exclusive)
{
    if (resource->Flag & RESOURCE_EXCLUSIVE) {
        return resource->OwnerEntry.OwnerThread == (ERESOURCE_THREAD)KeGetCurrentThread();
    }
    return !exclusive || resource->ActiveEntries == 0;
}

static uint32_t resource_is_unowned(void *lock)
{
    const ERESOURCE *resource = lock;
    return !(resource->Flag & RESOURCE_EXCLUSIVE) && resource->ActiveEntries == 0;
}

static uint32_t resource_is_shareable(void *lock)
{
    return !(((PERESOURCE)lock)->Flag & RESOURCE_EXCLUSIVE);
}

static BOOLEAN take_resource(PERESOURCE resource, BOOLEAN wait, int exclusive, const char *function)
{
    vsp_require_irql(APC_LEVEL, function);
    vsp_check_write(resource, sizeof *resource);
    if (!resource_is_free(resource, exclusive)) {
        if (!wait) {
            return FALSE;
        }
        vsp_wait_for_lock(resource, (void *)resource->OwnerEntry.OwnerThread,
                          exclusive ? resource_is_unowned : resource_is_shareable);
    }
    resource->OwnerEntry.OwnerThread = (ERESOURCE_THREAD)KeGetCurrentThread();
    resource->ActiveCount = 1;
    if (exclusive || (resource->Flag & RESOURCE_EXCLUSIVE)) {
        resource->Flag |= RESOURCE_EXCLUSIVE;
        resource->OwnerEntry.OwnerCount++;
    } else {
        resource->ActiveEntries++;
    }
    vsp_lock_taken(resource, VSP_LOCK_KIND_RESOURCE, vsp_lasting.irql);
    return TRUE;
}

BOOLEAN ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return take_resource(Resource, Wait, 1, __func__);
}

BOOLEAN ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait)
{
    return take_resource(Resource, Wait, 0, __func__);
}

BOOLEAN ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait)
{
    return take_resource(Resource, Wait, 0, __func__);
}

VOID ExReleaseResourceLite(PERESOURCE Resource)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_check_write(Resource, sizeof *Resource);
    if (Resource->Flag & RESOURCE_EXCLUSIVE) {
        if (Resource->OwnerEntry.OwnerThread != (ERESOURCE_THREAD)KeGetCurrentThread()) {
            vsp_lock_breach(Resource, VSP_LOCK_OTHER_OWNER);
        }
        vsp_lock_dropped(Resource);
        if (--Resource->OwnerEntry.OwnerCount > 0) {
            return;
        }
        Resource->Flag &= (USHORT)~RESOURCE_EXCLUSIVE;
    } else if (Resource->ActiveEntries == 0) {
        vsp_lock_breach(Resource, VSP_LOCK_NOT_HELD);
        return;
    } else {
        vsp_lock_dropped(Resource);
        if (--Resource->ActiveEntries > 0) {
            return;
        }
    }
    Resource->OwnerEntry.OwnerThread = 0;
    Resource->ActiveCount = 0;
}

VOID ExConvertExclusiveToSharedLite(PERESOURCE Resource)
{
    vsp_check_write(Resource, sizeof *Resource);
    if (!(Resource->Flag & RESOURCE_EXCLUSIVE)) {
        vsp_lock_breach(Resource, VSP_LOCK_NOT_HELD);
        return;
    }
    Resource->Flag &= (USHORT)~RESOURCE_EXCLUSIVE;
    Resource->ActiveEntries = Resource->OwnerEntry.OwnerCount;
    Resource->OwnerEntry.OwnerCount = 0;
}

BOOLEAN ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource)
{
    vsp_check_read(Resource, sizeof *Resource);
    return (Resource->Flag & RESOURCE_EXCLUSIVE) &&
           Resource->OwnerEntry.OwnerThread == (ERESOURCE_THREAD)KeGetCurrentThread();
}

ULONG ExIsResourceAcquiredSharedLite(PERESOURCE Resource)
{
    vsp_check_read(Resource, sizeof *Resource);
    if (Resource->Flag & RESOURCE_EXCLUSIVE) {
        return ExIsResourceAcquiredExclusiveLite(Resource) ? Resource->OwnerEntry.OwnerCount : 0;
    }
    return Resource->ActiveEntries;
}

PVOID ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(Resource, TRUE);
    return NULL;
}

PVOID ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource)
{
    KeEnterCriticalRegion();
    ExAcquireResourceSharedLite(Resource, TRUE);
    return NULL;
}

VOID ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource)
{
    ExReleaseResourceLite(Resource);
    KeLeaveCriticalRegion();
}

/* ---- Push locks: EXCLUSIVE or the number of readers, in steps of 2 ---- */

#define PUSH_EXCLUSIVE 1u
#define PUSH_READER 2u

VOID ExInitializePushLock(PEX_PUSH_LOCK PushLock)
{
    vsp_check_write(PushLock, sizeof *PushLock);
    *PushLock = 0;
}

static uint32_t push_lock_is_free(void *lock)
{
    return *(PEX_PUSH_LOCK)lock == 0;
}

static uint32_t push_lock_is_shareable(void *lock)
{
    return !(*(PEX_PUSH_LOCK)lock & PUSH_EXCLUSIVE);
}

/* A push lock does not know its owner, so the scheduler finds the deadlock. */
VOID ExAcquirePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    (void)Flags;
    vsp_require_irql(APC_LEVEL, __func__);
    vsp_check_write(PushLock, sizeof *PushLock);
    if (!push_lock_is_free(PushLock)) {
        vsp_wait(push_lock_is_free, PushLock, NULL);
    }
    *PushLock = PUSH_EXCLUSIVE;
    vsp_lock_taken(PushLock, VSP_LOCK_KIND_PUSH, vsp_lasting.irql);
}

VOID ExAcquirePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    (void)Flags;
    vsp_require_irql(APC_LEVEL, __func__);
    vsp_check_write(PushLock, sizeof *PushLock);
    if (!push_lock_is_shareable(PushLock)) {
        vsp_wait(push_lock_is_shareable, PushLock, NULL);
    }
    *PushLock += PUSH_READER;
    vsp_lock_taken(PushLock, VSP_LOCK_KIND_PUSH, vsp_lasting.irql);
}

VOID ExReleasePushLockExclusiveEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    (void)Flags;
    vsp_require_irql(APC_LEVEL, __func__);
    vsp_check_write(PushLock, sizeof *PushLock);
    if (*PushLock != PUSH_EXCLUSIVE) {
        vsp_lock_breach(PushLock, VSP_LOCK_NOT_HELD);
        return;
    }
    *PushLock = 0;
    vsp_lock_dropped(PushLock);
}

VOID ExReleasePushLockSharedEx(PEX_PUSH_LOCK PushLock, ULONG Flags)
{
    (void)Flags;
    vsp_require_irql(APC_LEVEL, __func__);
    vsp_check_write(PushLock, sizeof *PushLock);
    if ((*PushLock & PUSH_EXCLUSIVE) || *PushLock < PUSH_READER) {
        vsp_lock_breach(PushLock, VSP_LOCK_NOT_HELD);
        return;
    }
    *PushLock -= PUSH_READER;
    vsp_lock_dropped(PushLock);
}
