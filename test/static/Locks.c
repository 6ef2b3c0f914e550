/* Spin locks, IRQL and what may wait, in C. */
#include "Static.h"

#define LOCK(Device) KeAcquireSpinLock(&(Device)->Lock, &Irql)
#define UNLOCK(Device) KeReleaseSpinLock(&(Device)->Lock, Irql)

/* ---- lock-irql ---- */

VOID ReleasesToPassive(PDEVICE Device)
{
    KIRQL Irql;
    KeAcquireSpinLock(&Device->Lock, &Irql);
    Device->Total++;
    KeReleaseSpinLock(&Device->Lock, PASSIVE_LEVEL); // finds: lock-irql
}

VOID ReleasesWithTheInnerIrql(PDEVICE Outer, PDEVICE Inner)
{
    KIRQL OuterIrql;
    KIRQL InnerIrql;
    KeAcquireSpinLock(&Outer->Lock, &OuterIrql);
    KeAcquireSpinLock(&Inner->Lock, &InnerIrql);
    Outer->Total += Inner->Total;
    KeReleaseSpinLock(&Inner->Lock, OuterIrql); // finds: lock-irql
    KeReleaseSpinLock(&Outer->Lock, InnerIrql);
}

static VOID Unlock(PDEVICE Device, KIRQL Irql)
{
    KeReleaseSpinLock(&Device->Lock, Irql); // finds: lock-irql
}

VOID ReleasesWithAFreshVariable(PDEVICE Device)
{
    KIRQL Before = KeAcquireSpinLockRaiseToDpc(&Device->Lock);
    KIRQL Irql;
    Device->Total = Before;
    Unlock(Device, Irql);
}

NTSTATUS ReturnsWithTheLock(PDEVICE Device)
{
    KIRQL Irql;
    LOCK(Device);
    if (IsListEmpty(&Device->Requests)) {
        return STATUS_NO_MORE_ENTRIES; // finds: lock-irql
    }
    Device->Total--;
    UNLOCK(Device);
    return STATUS_SUCCESS;
}

VOID NestsTwoLocks(PDEVICE Outer, PDEVICE Inner) // keeps: lock-irql
{
    KIRQL Irql;
    KeAcquireSpinLock(&Outer->Lock, &Irql);
    KeAcquireSpinLockAtDpcLevel(&Inner->Lock);
    Outer->Total += Inner->Total;
    KeReleaseSpinLockFromDpcLevel(&Inner->Lock);
    KeReleaseSpinLock(&Outer->Lock, Irql);
}

/* Hand over hand: the lock that is kept takes the IRQL over. */
VOID WalksHandOverHand(PDEVICE First, PDEVICE Second) // keeps: lock-irql
{
    KIRQL Low;
    KIRQL High;
    KeAcquireSpinLock(&First->Lock, &Low);
    KeAcquireSpinLock(&Second->Lock, &High);
    KeReleaseSpinLock(&First->Lock, High);
    Second->Total++;
    KeReleaseSpinLock(&Second->Lock, Low);
}

/* The caller unlocks what it finds. */
PREQUEST FindsAndLocks(PDEVICE Device, PKIRQL Irql) // keeps: lock-irql
{
    KeAcquireSpinLock(&Device->Lock, Irql);
    if (IsListEmpty(&Device->Requests)) {
        KeReleaseSpinLock(&Device->Lock, *Irql);
        return NULL;
    }
    return CONTAINING_RECORD(Device->Requests.Flink, REQUEST, Link);
}

VOID LocksWhenAsked(PDEVICE Device, BOOLEAN IsShared) // keeps: lock-irql
{
    KIRQL Irql = PASSIVE_LEVEL;
    if (IsShared) {
        LOCK(Device);
    }
    Device->Total++;
    if (IsShared) {
        UNLOCK(Device);
    }
}

/* ---- wait-irql ---- */

VOID WaitsUnderTheLock(PDEVICE Device)
{
    KIRQL Irql;
    LOCK(Device);
    while (!IsListEmpty(&Device->Requests)) {
        KeWaitForSingleObject(&Device->Idle, Executive, KernelMode, FALSE, NULL); // finds: wait-irql
    }
    UNLOCK(Device);
}

static VOID Pause(LONGLONG Milliseconds)
{
    LARGE_INTEGER Interval;
    Interval.QuadPart = -10000 * Milliseconds;
    KeDelayExecutionThread(KernelMode, FALSE, &Interval); // finds: wait-irql
}

KDEFERRED_ROUTINE SleepsInADpc;
VOID SleepsInADpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    ((PDEVICE)Context)->Total++;
    Pause(5);
}

VOID WaitsAWhile(PDEVICE Device)
{
    LARGE_INTEGER Timeout;
    KLOCK_QUEUE_HANDLE Handle;
    Timeout.QuadPart = -10 * 1000 * 1000;
    KeAcquireInStackQueuedSpinLock(&Device->Lock, &Handle);
    if (KeWaitForSingleObject(&Device->Idle, Executive, KernelMode, FALSE, &Timeout) == STATUS_TIMEOUT) { // finds: wait-irql
        Device->Total = 0;
    }
    KeReleaseInStackQueuedSpinLock(&Handle);
}

BOOLEAN PollsUnderTheLock(PDEVICE Device) // keeps: wait-irql
{
    LARGE_INTEGER Now = {0};
    KIRQL Irql;
    NTSTATUS Status;
    LOCK(Device);
    Status = KeWaitForSingleObject(&Device->Idle, Executive, KernelMode, FALSE, &Now);
    KeSetEvent(&Device->Idle, IO_NO_INCREMENT, FALSE);
    UNLOCK(Device);
    return Status == STATUS_SUCCESS;
}

VOID WaitsBehindTheLock(PDEVICE Device) // keeps: wait-irql, lock-irql
{
    KIRQL Irql;
    LOCK(Device);
    while (!IsListEmpty(&Device->Requests)) {
        UNLOCK(Device);
        KeWaitForSingleObject(&Device->Idle, Executive, KernelMode, FALSE, NULL);
        LOCK(Device);
    }
    UNLOCK(Device);
}

VOID WaitsUnderAMutex(PDEVICE Device, PFAST_MUTEX Mutex) // keeps: wait-irql
{
    ExAcquireFastMutex(Mutex);
    KeWaitForSingleObject(&Device->Idle, Executive, KernelMode, FALSE, NULL);
    ExReleaseFastMutex(Mutex);
}

/* ---- handle-irql ---- */

VOID ClosesUnderTheLock(PDEVICE Device)
{
    KIRQL Irql;
    LOCK(Device);
    if (Device->Kept != NULL) {
        ZwClose(Device->Kept); // finds: handle-irql
        Device->Kept = NULL;
    }
    UNLOCK(Device);
}

static NTSTATUS Resolve(HANDLE Handle, PVOID *Object)
{
    return ObReferenceObjectByHandle(Handle, 0, NULL, KernelMode, Object, NULL); // finds: handle-irql
}

KDEFERRED_ROUTINE ResolvesInADpc;
VOID ResolvesInADpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    PDEVICE Device = Context;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Second);
    if (!NT_SUCCESS(Resolve(First, &Device->Kept))) {
        Device->Kept = NULL;
    }
}

VOID ClosesBehindTheLock(PDEVICE Device) // keeps: handle-irql
{
    HANDLE Handle;
    KIRQL Irql;
    LOCK(Device);
    Handle = Device->Kept;
    Device->Kept = NULL;
    UNLOCK(Device);
    if (Handle != NULL) {
        ZwClose(Handle);
    }
}

/* References are counted at any IRQL up to DISPATCH_LEVEL. */
VOID DereferencesUnderTheLock(PDEVICE Device) // keeps: handle-irql
{
    KIRQL Irql;
    LOCK(Device);
    ObDereferenceObject(Device->Kept);
    UNLOCK(Device);
}

static VOID CloseOrKeep(PDEVICE Device, HANDLE Handle)
{
    if (KeGetCurrentIrql() > APC_LEVEL) {
        Device->Kept = Handle;
        return;
    }
    ZwClose(Handle);
}

KDEFERRED_ROUTINE AsksForTheIrql;
VOID AsksForTheIrql(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second) // keeps: handle-irql
{
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Second);
    CloseOrKeep(Context, First);
}
