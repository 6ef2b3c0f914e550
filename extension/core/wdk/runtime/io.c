/*
 * Work item objects, whose queue is the scheduler's, and remove locks.
 */
#include "kernel.h"
#include "references.h"

#define WORK_ITEM_TAG 'kWoI'

/* kmcl/kernelWork.ts reads the device at offset 0. */
struct _IO_WORKITEM {
    PVOID device;
    uint64_t reserved[7];
};

ULONG IoSizeofWorkItem(VOID)
{
    return sizeof(struct _IO_WORKITEM);
}

VOID IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem)
{
    vsp_check_write(IoWorkItem, sizeof *IoWorkItem);
    vsp_set(IoWorkItem, 0, sizeof *IoWorkItem);
    IoWorkItem->device = IoObject;
}

VOID IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem)
{
    vsp_check_write(IoWorkItem, sizeof *IoWorkItem);
}

PIO_WORKITEM IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    PIO_WORKITEM item =
        VSP_FAILS(IoAllocateWorkItem) ? NULL : vsp_pool_allocate(sizeof *item, WORK_ITEM_TAG, 0, 1);
    if (item != NULL) {
        item->device = DeviceObject;
    }
    return item;
}

/* A queued item still runs on a freed one's memory: on a real host a bug check. */
VOID IoFreeWorkItem(PIO_WORKITEM IoWorkItem)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    if (vsp_work_state(IoWorkItem) & VSP_WORK_QUEUED) {
        KeBugCheckEx(0xE4, 0, (ULONG_PTR)IoWorkItem, 0, 0); /* WORKER_INVALID */
    }
    ExFreePoolWithTag(IoWorkItem, WORK_ITEM_TAG);
}

/* ---- Remove locks ---- */

VOID IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG AllocateTag, ULONG MaxLockedMinutes, ULONG HighWatermark,
                              ULONG RemlockSize)
{
    (void)AllocateTag;
    (void)MaxLockedMinutes;
    (void)HighWatermark;
    (void)RemlockSize;
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    vsp_check_write(Lock, sizeof *Lock);
    Lock->Common.Removed = FALSE;
    Lock->Common.IoCount = 1;
    KeInitializeEvent(&Lock->Common.RemoveEvent, SynchronizationEvent, FALSE);
}

NTSTATUS IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, PCSTR File, ULONG Line, ULONG RemlockSize)
{
    (void)Tag;
    (void)File;
    (void)Line;
    (void)RemlockSize;
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(IoAcquireRemoveLockEx);
    vsp_check_write(RemoveLock, sizeof *RemoveLock);
    if (RemoveLock->Common.Removed) {
        return STATUS_DELETE_PENDING;
    }
    RemoveLock->Common.IoCount++;
    vsp_reference_take(RemoveLock);
    return STATUS_SUCCESS;
}

VOID IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    (void)Tag;
    (void)RemlockSize;
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_check_write(RemoveLock, sizeof *RemoveLock);
    if (RemoveLock->Common.IoCount <= 0) {
        vsp_lock_breach(RemoveLock, VSP_LOCK_NOT_HELD);
        return;
    }
    RemoveLock->Common.IoCount--;
    vsp_reference_drop(RemoveLock);
}

static uint32_t is_unused(void *lock)
{
    return ((PIO_REMOVE_LOCK)lock)->Common.IoCount == 0;
}

/* Gives back the caller's own hold and the initial one, then waits for the others. */
VOID IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID Tag, ULONG RemlockSize)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    vsp_check_write(RemoveLock, sizeof *RemoveLock);
    RemoveLock->Common.Removed = TRUE;
    IoReleaseRemoveLockEx(RemoveLock, Tag, RemlockSize);
    IoReleaseRemoveLockEx(RemoveLock, Tag, RemlockSize);
    if (!is_unused(RemoveLock)) {
        vsp_wait(is_unused, RemoveLock, NULL);
    }
}
