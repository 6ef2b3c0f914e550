/* Code and memory that may be paged out. */
#include "Static.h"

static VOID LogPaged(PDEVICE Device)
{
    PAGED_CODE(); // finds: mem-paged-code
    DbgPrint("%u\n", Device->Total);
}

static VOID Log(PDEVICE Device)
{
    PAGED_CODE();
    DbgPrint("%u\n", Device->Total);
}

/* ---- mem-paged-code ---- */

VOID LogsUnderTheLock(PDEVICE Device)
{
    KIRQL Irql;
    KeAcquireSpinLock(&Device->Lock, &Irql);
    LogPaged(Device);
    KeReleaseSpinLock(&Device->Lock, Irql);
}

KDEFERRED_ROUTINE PagedDpc;
VOID PagedDpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    PAGED_CODE(); // finds: mem-paged-code
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    ((PDEVICE)Context)->Total++;
}

VOID LogsBehindTheLock(PDEVICE Device) // keeps: mem-paged-code
{
    KIRQL Irql;
    PAGED_CODE();
    KeAcquireSpinLock(&Device->Lock, &Irql);
    Device->Total++;
    KeReleaseSpinLock(&Device->Lock, Irql);
    Log(Device);
}

VOID LogsAtApcLevel(PDEVICE Device, PFAST_MUTEX Mutex) // keeps: mem-paged-code
{
    KIRQL Irql;
    ExAcquireFastMutex(Mutex);
    Log(Device);
    ExReleaseFastMutex(Mutex);
    KeRaiseIrql(APC_LEVEL, &Irql);
    Log(Device);
    KeLowerIrql(Irql);
}

KDEFERRED_ROUTINE QueuesTheLog;
VOID QueuesTheLog(PKDPC Dpc, PVOID Context, PVOID Item, PVOID Second) // keeps: mem-paged-code, mem-nonpaged-at-dispatch
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Second);
    ((PDEVICE)Context)->Kept = Item;
    ExQueueWorkItem(Item, DelayedWorkQueue);
}

/* ---- mem-nonpaged-at-dispatch ---- */

NTSTATUS FillsPagedUnderTheLock(PDEVICE Device)
{
    PRECORD Record = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*Record), TAG);
    KIRQL Irql;
    if (Record == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeAcquireSpinLock(&Device->Lock, &Irql);
    Record->Id = Device->Total; // finds: mem-nonpaged-at-dispatch
    KeReleaseSpinLock(&Device->Lock, Irql);
    Device->Kept = Record;
    return STATUS_SUCCESS;
}

static VOID Snapshot(PDEVICE Device, PVOID Bytes)
{
    KLOCK_QUEUE_HANDLE Handle;
    KeAcquireInStackQueuedSpinLock(&Device->Lock, &Handle);
    RtlCopyMemory(Bytes, &Device->Total, sizeof(Device->Total)); // finds: mem-nonpaged-at-dispatch
    KeReleaseInStackQueuedSpinLock(&Handle);
}

PVOID TakesASnapshot(PDEVICE Device)
{
    PVOID Bytes = ExAllocatePoolWithTag(PagedPool, 64, TAG);
    if (Bytes != NULL) {
        Snapshot(Device, Bytes);
    }
    return Bytes;
}

PVOID AsksForPagedPoolRaised(VOID)
{
    KIRQL Irql = KeRaiseIrqlToDpcLevel();
    PVOID Block = ExAllocatePoolZero(PagedPool, 64, TAG); // finds: mem-nonpaged-at-dispatch
    KeLowerIrql(Irql);
    return Block;
}

NTSTATUS FillsPagedBehindTheLock(PDEVICE Device) // keeps: mem-nonpaged-at-dispatch
{
    UINT32 Total;
    KIRQL Irql;
    PRECORD Record = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*Record), TAG);
    if (Record == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeAcquireSpinLock(&Device->Lock, &Irql);
    Total = Device->Total;
    Device->Kept = Record;
    KeReleaseSpinLock(&Device->Lock, Irql);
    Record->Id = Total;
    return STATUS_SUCCESS;
}

NTSTATUS FillsNonpagedUnderTheLock(PDEVICE Device) // keeps: mem-nonpaged-at-dispatch
{
    PRECORD Record = ExAllocatePoolWithTag(NonPagedPoolNxCacheAligned, sizeof(*Record), TAG);
    KIRQL Irql;
    if (Record == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    KeAcquireSpinLock(&Device->Lock, &Irql);
    RtlZeroMemory(Record, sizeof(*Record));
    Record->Id = Device->Total;
    Device->Kept = Record;
    KeReleaseSpinLock(&Device->Lock, Irql);
    return STATUS_SUCCESS;
}
