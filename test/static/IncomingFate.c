/* What ends a delivery: deferred, failed or completed, once and at the right place; and the quota. */
#include "Static.h"

typedef struct _PORT {
    VMBCHANNEL Channel;
    KSPIN_LOCK Lock;
    LIST_ENTRY Waiting;
    PIO_WORKITEM WorkItem;
    PKMCL_SERVER_INTERFACE_V1 Kmcl;
    UINT32 Depth;
    UINT32 Seen;
    BOOLEAN IsBroken;
} PORT, *PPORT;

typedef struct _JOB {
    LIST_ENTRY Link;
    VMBPACKETCOMPLETION Packet;
    UINT32 Kind;
} JOB, *PJOB;

#define COMPLETE(Packet_) VmbChannelPacketComplete((Packet_), NULL, 0)
#define BAIL(Packet_)                                                                                                  \
    do {                                                                                                               \
        VmbChannelPacketFail(Packet_);                                                                                 \
        return;                                                                                                        \
    } while (0)

/* ---- in-defer-inline ---- */

PROCESS(DefersAndCompletes)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    if (KeGetCurrentIrql() != PASSIVE_LEVEL) {
        VmbChannelPacketDeferToPassive(Packet);
    }
    COMPLETE(Packet); // finds: in-defer-inline
}

/* Too late: the delivery that brought the packet is long over. */
IO_WORKITEM_ROUTINE DefersInAWorker;
VOID DefersInAWorker(PDEVICE_OBJECT DeviceObject, PVOID Context)
{
    PJOB Job = Context;
    UNREFERENCED_PARAMETER(DeviceObject);
    if (Job->Kind == 0) {
        VmbChannelPacketDeferToPassive(Job->Packet); // finds: in-defer-inline
    } else {
        COMPLETE(Job->Packet);
    }
    ExFreePoolWithTag(Job, TAG);
}

PROCESS(HandsToAWorker)
{
    PPORT Port = VmbChannelGetPointer(Channel);
    PJOB Job = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Job), TAG);
    UNREFERENCED_PARAMETER(Flags);
    if (Job == NULL) {
        COMPLETE(Packet);
        return;
    }
    Job->Packet = Packet;
    Job->Kind = BufferLength >= sizeof(UINT32) ? *(PUINT32)Buffer : 0;
    IoQueueWorkItem(Port->WorkItem, DefersInAWorker, DelayedWorkQueue, Job);
}

KDEFERRED_ROUTINE DefersInADpc;
VOID DefersInADpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    PPORT Port = Context;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Second);
    Port->Kmcl->VmbChannelPacketDeferToPassive((VMBPACKETCOMPLETION)First); // finds: in-defer-inline
}

/* The idiom: at DISPATCH_LEVEL the packet comes again, and nothing more is done with it. */
PROCESS(DefersOrWorks) // keeps: in-defer-inline, in-irql-safe
{
    LARGE_INTEGER Second;
    PPORT Port = VmbChannelGetPointer(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    if (KeGetCurrentIrql() > PASSIVE_LEVEL) {
        VmbChannelPacketDeferToPassive(Packet);
        return;
    }
    Second.QuadPart = -10000000;
    KeDelayExecutionThread(KernelMode, FALSE, &Second);
    Port->Seen++;
    COMPLETE(Packet);
}

/* One decision for each packet, made by a helper. */
static BOOLEAN HasDeferred(PPORT Port, VMBPACKETCOMPLETION Packet)
{
    if (KeGetCurrentIrql() < DISPATCH_LEVEL) {
        return FALSE;
    }
    Port->Kmcl->VmbChannelPacketDeferToPassive(Packet);
    return TRUE;
}

PROCESS(AsksAHelperToDefer) // keeps: in-defer-inline, in-irql-safe
{
    PPORT Port = VmbChannelGetPointer(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    if (!HasDeferred(Port, Packet)) {
        (VOID)ZwClose((HANDLE)(ULONG_PTR)Port->Seen);
        Port->Kmcl->VmbChannelPacketComplete(Packet, NULL, 0);
    }
}

/* ---- in-fail-terminal ---- */

PROCESS(FailsAndCompletes)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(UINT32)) {
        VmbChannelPacketFail(Packet);
        goto Done;
    }
    ((PPORT)VmbChannelGetPointer(Channel))->Seen += *(PUINT32)Buffer;
Done:
    COMPLETE(Packet); // finds: in-fail-terminal
}

static BOOLEAN IsSane(PPORT Port, VMBPACKETCOMPLETION Packet, UINT32 Length)
{
    if (Length < sizeof(RECORD)) {
        Port->Kmcl->VmbChannelPacketFail(Packet);
        return FALSE;
    }
    return TRUE;
}

/* Both the helper and the one who called it answer for the failure. */
PROCESS(FailsTwice)
{
    PPORT Port = VmbChannelGetPointer(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    if (!IsSane(Port, Packet, BufferLength)) {
        Port->IsBroken = TRUE;
        BAIL(Packet); // finds: in-fail-terminal
    }
    COMPLETE(Packet);
}

/* No memory is no fault of the guest: it would stop the channel. */
PROCESS(FailsForLackOfMemory)
{
    PPORT Port = VmbChannelGetPointer(Channel);
    PJOB Job;
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(UINT32)) {
        BAIL(Packet);
    }
    Job = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Job), TAG);
    if (Job == NULL) {
        BAIL(Packet); // finds: in-fail-terminal
    }
    Job->Kind = *(PUINT32)Buffer;
    Job->Packet = Packet;
    InsertTailList(&Port->Waiting, &Job->Link);
}

static NTSTATUS NewJob(VMBPACKETCOMPLETION Packet, PJOB *Job)
{
    *Job = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(**Job), TAG);
    if (*Job == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    (*Job)->Packet = Packet;
    return STATUS_SUCCESS;
}

PROCESS(FailsForAStatus)
{
    PPORT Port = VmbChannelGetPointer(Channel);
    PJOB Job;
    NTSTATUS Status = NewJob(Packet, &Job);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    if (!NT_SUCCESS(Status)) {
        Port->Kmcl->VmbChannelPacketFail(Packet); // finds: in-fail-terminal
        return;
    }
    InsertTailList(&Port->Waiting, &Job->Link);
}

PROCESS(FailsMalformedOnes) // keeps: in-fail-terminal, in-defer-inline
{
    PPORT Port = VmbChannelGetPointer(Channel);
    UINT32 Kind;
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(Kind)) {
        BAIL(Packet);
    }
    Kind = *(PUINT32)Buffer;
    switch (Kind) {
    case 1:
    case 2:
        Port->Seen += Kind;
        break;
    default:
        Port->IsBroken = TRUE;
        BAIL(Packet);
    }
    COMPLETE(Packet);
}

/* Without memory for a trace it goes on; what is malformed then is failed all the same. */
PROCESS(FailsAfterAMissingTrace) // keeps: in-fail-terminal
{
    PPORT Port = VmbChannelGetPointer(Channel);
    PUINT32 Trace = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);
    BOOLEAN IsGood;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    if (Trace == NULL) {
        Port->Seen++;
    } else {
        Trace[0] = BufferLength;
    }
    IsGood = BufferLength >= sizeof(RECORD);
    if (Trace != NULL) {
        ExFreePoolWithTag(Trace, TAG);
    }
    if (IsGood) {
        COMPLETE(Packet);
    } else {
        VmbChannelPacketFail(Packet);
    }
}

/* Fails the packet it has, and completes another that waited for it. */
PROCESS(FailsOneCompletesAnother) // keeps: in-fail-terminal, in-complete-once
{
    PPORT Port = VmbChannelGetPointer(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(RECORD)) {
        VmbChannelPacketFail(Packet);
        if (!IsListEmpty(&Port->Waiting)) {
            PJOB Job = CONTAINING_RECORD(RemoveHeadList(&Port->Waiting), JOB, Link);
            COMPLETE(Job->Packet);
            ExFreePoolWithTag(Job, TAG);
        }
        return;
    }
    COMPLETE(Packet);
}

/* ---- in-quota-positive ---- */

#define UNLIMITED 0

VOID SetNoQuota(PPORT Port)
{
    VmbChannelSetTransactionQuota(Port->Channel, UNLIMITED); // finds: in-quota-positive
}

/* What 0 was to mean, the library does not know. */
VOID SetConfiguredQuota(PPORT Port, UINT32 Configured)
{
    if (Configured == 0) {
        DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_INFO_LEVEL, "no quota configured\n");
    }
    Port->Depth = Configured;
    VmbChannelSetTransactionQuota(Port->Channel, Configured); // finds: in-quota-positive
}

VOID SetShareOfTheDepth(PPORT Port)
{
    const UINT32 Depth = 32;
    const UINT32 Queues = 64;
    Port->Kmcl->VmbChannelSetTransactionQuota(Port->Channel, Depth / Queues); // finds: in-quota-positive
}

VOID SetQuotaOrOne(PPORT Port, UINT32 Configured) // keeps: in-quota-positive
{
    if (Configured == 0) {
        Configured = 1;
    }
    VmbChannelSetTransactionQuota(Port->Channel, Configured);
}

VOID SetQuotaIfAny(PPORT Port) // keeps: in-quota-positive
{
    UINT32 Quota = 0;
    if (Port->Depth > 8) {
        Quota = Port->Depth / 2;
    }
    if (Quota != 0) {
        Port->Kmcl->VmbChannelSetTransactionQuota(Port->Channel, Quota);
    }
}

VOID SetQuotaOfTheDevice(PPORT Port) // keeps: in-quota-positive
{
    VmbChannelSetTransactionQuota(Port->Channel, Port->Depth > 1 ? Port->Depth : 1);
}
