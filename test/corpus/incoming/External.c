/* Pages of the guest that come with a packet (kmcl-facts 7.3, in-external and in-mdl). */
#include "../Corpus.h"

static LIST_ENTRY Pending;

/* What has no pages is answered at once. */
#define NEEDS_PAGES                                                                                                    \
    if ((Flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA) == 0) {                                              \
        VmbChannelPacketComplete(Packet, NULL, 0);                                                                     \
        return;                                                                                                        \
    }

/* External data. */
PROCESS(AlwaysAsks)
{
    PMDL Mdl;
    NTSTATUS Status = STATUS_NOT_FOUND;
    MENDED(if (Flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA))
    Status = VmbChannelPacketGetExternalData(Packet, 0, &Mdl); // finds: in-external-flag
    VmbChannelPacketComplete(Packet, &Status, sizeof(Status));
}
VSPLAB_TEST(AsksAnInlinePacket)
{
    DeliverTo(AlwaysAsks, FALSE);
}

static NTSTATUS Fetch(VMBPACKETCOMPLETION Packet, UINT32 Flags, PMDL *Mdl)
{
    UINT32 Mask = BROKEN(0) MENDED(VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA);
    if ((Flags & Mask) != Mask) {
        return STATUS_NOT_FOUND;
    }
    return VmbChannelPacketGetExternalData(Packet, VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY, Mdl); // finds: in-external-flag
}
PROCESS(AsksByAMaskOfNothing)
{
    PMDL Mdl;
    NTSTATUS Status = Fetch(Packet, Flags, &Mdl);
    VmbChannelPacketComplete(Packet, &Status, sizeof(Status));
}
VSPLAB_TEST(TestsTheWrongMask)
{
    DeliverTo(AsksByAMaskOfNothing, FALSE);
}

/* The first answer of GetExternalData is STATUS_PENDING. */
static VOID DeliverPending(PFN_VMB_CHANNEL_PROCESS_PACKET Callback)
{
    OPTIONS Options = Defaults();
    static UINT8 Data[4096];
    VMBCHANNEL Channel;
    Options.Process = Callback;
    Channel = Active(&Options);
    VspLabFailNext("VmbChannelPacketGetExternalData", STATUS_PENDING);
    VspLabGuestSendExternal(Channel, Bytes, 16, Data, sizeof(Data), TRUE);
    Close(Channel);
}

PROCESS(TakesPendingForAFailure)
{
    PMDL Mdl;
    NEEDS_PAGES
    NTSTATUS Status = VmbChannelPacketGetExternalData(Packet, 0, &Mdl);
    MENDED(if (Status == STATUS_PENDING) return;)
    VmbChannelPacketComplete(Packet, &Status, sizeof(Status)); // finds: in-external-pending
}
VSPLAB_TEST(CompletesAPendingPacket)
{
    DeliverPending(TakesPendingForAFailure);
}

PROCESS(DefersAPendingPacket)
{
    PMDL Mdl;
    NEEDS_PAGES
    switch (VmbChannelPacketGetExternalData(Packet, 0, &Mdl)) {
    case STATUS_SUCCESS:
        VmbChannelPacketComplete(Packet, NULL, 0);
        break;
    case STATUS_PENDING:
        BROKEN(VmbChannelPacketDeferToPassive(Packet);) // finds: in-external-pending
        break;
    default:
        VmbChannelPacketFail(Packet);
        break;
    }
}
VSPLAB_TEST(DefersWhatIsPending)
{
    DeliverPending(DefersAPendingPacket);
}

static ULONG Requests;
PROCESS(CountsFirst)
{
    PMDL Mdl;
    NTSTATUS Status;
    NEEDS_PAGES
    BROKEN(Requests++;)
    Status = VmbChannelPacketGetExternalData(Packet, 0, &Mdl);
    if (Status == STATUS_PENDING) {
        return; // finds: in-external-restartable
    }
    MENDED(Requests++;)
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(CountsARequestTwice)
{
    DeliverPending(CountsFirst);
}

typedef struct _JOB {
    LIST_ENTRY Link;
    UINT32 Length;
} JOB;
PROCESS(QueuesFirst)
{
    PMDL Mdl = NULL;
    NEEDS_PAGES
    JOB *Job = (JOB *)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Job), TAG);
    if (Job == NULL) {
        VmbChannelPacketComplete(Packet, NULL, 0);
        return;
    }
    Job->Length = Length;
    BROKEN(InsertTailList(&Pending, &Job->Link);)
    if (VmbChannelPacketGetExternalData(Packet, 0, &Mdl) == STATUS_PENDING) {
        MENDED(ExFreePoolWithTag(Job, TAG);)
        return; // finds: in-external-restartable
    }
    MENDED(InsertTailList(&Pending, &Job->Link);)
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(QueuesAJobTwice)
{
    InitializeListHead(&Pending);
    DeliverPending(QueuesFirst);
    while (!IsListEmpty(&Pending)) {
        ExFreePoolWithTag(CONTAINING_RECORD(RemoveHeadList(&Pending), JOB, Link), TAG);
    }
}

PROCESS(FreesTheMdl)
{
    PMDL Mdl;
    NEEDS_PAGES
    if (VmbChannelPacketGetExternalData(Packet, 0, &Mdl) == STATUS_SUCCESS) {
        BROKEN(IoFreeMdl(Mdl);) // finds: in-mdl-not-owned
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(FreesTheLibrarysMdl)
{
    DeliverTo(FreesTheMdl, TRUE);
}

static PVOID Lock(PMDL Mdl)
{
    BROKEN(MmProbeAndLockPages(Mdl, KernelMode, IoReadAccess);) // finds: in-mdl-not-owned
    return MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
}
PROCESS(LocksTheMdl)
{
    PMDL Mdl;
    NEEDS_PAGES
    if (VmbChannelPacketGetExternalData(Packet, 0, &Mdl) == STATUS_SUCCESS) {
        VSPLAB_LOG("%p", Lock(Mdl));
    }
    VmbChannelPacketComplete(Packet, NULL, 0);
}
VSPLAB_TEST(LocksTheLibrarysMdl)
{
    DeliverTo(LocksTheMdl, TRUE);
}

PROCESS(KeepsTheMapping)
{
    PMDL Mdl;
    PVOID Address;
    NEEDS_PAGES
    if (VmbChannelPacketGetExternalData(Packet, 0, &Mdl) == STATUS_SUCCESS) {
        Address = MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
        MENDED(MmUnmapLockedPages(Address, Mdl);)
        VSPLAB_LOG("%p", Address);
    }
    VmbChannelPacketComplete(Packet, NULL, 0); // finds: in-mdl-unmap-first
}
VSPLAB_TEST(CompletesWithAMapping)
{
    DeliverTo(KeepsTheMapping, TRUE);
}

static VOID Done(VMBPACKETCOMPLETION Packet, PMDL Mdl, PVOID Address)
{
    MENDED(if (Address != NULL) MmUnmapLockedPages(Address, Mdl);)
    VmbChannelPacketComplete(Packet, NULL, 0); // finds: in-mdl-unmap-first
    UNREFERENCED_PARAMETER(Mdl);
    UNREFERENCED_PARAMETER(Address);
}
PROCESS(CopiesIn)
{
    PMDL Mdl = NULL;
    PVOID Address = NULL;
    NEEDS_PAGES
    NTSTATUS Status = VmbChannelPacketGetExternalData(Packet, 0, &Mdl);
    if (Status == STATUS_PENDING) {
        return;
    }
    if (Status == STATUS_SUCCESS) {
        Address = MmMapLockedPagesSpecifyCache(Mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    }
    if (Address != NULL) {
        RtlCopyMemory(Bytes, Address, 64);
    }
    Done(Packet, Mdl, Address);
}
VSPLAB_TEST(CompletesInAHelperWithAMapping)
{
    DeliverTo(CopiesIn, TRUE);
}
