/* Calls that fail while a record is restored. */
#include "../../corpus/Corpus.h"

static VOID Migrate(PFN_VMB_CHANNEL_RESTORE_PACKET Restore)
{
    OPTIONS Options = Defaults();
    PVSPLAB_STATE State;
    VMBCHANNEL Channel;
    NTSTATUS Status;
    Options.Restore = Restore;
    Channel = PausedWith(&Options, 1);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Channel = Enabled(&Options);
    Status = VspLabRestore(Channel, State);
    VspLabFreeState(State);
    VSPLAB_ASSERT_SUCCESS(Status);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    VmbChannelStart(Channel);
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

RESTORE(NeedsNoNull)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    PUINT8 Copy;
    if (Request == NULL) {
        return STATUS_DATA_ERROR;
    }
    Copy = ExAllocatePool2(POOL_FLAG_PAGED, 64, TAG);
    MENDED(if (Copy == NULL) { ExFreePoolWithTag(Request, TAG); return STATUS_INSUFFICIENT_RESOURCES; })
    Copy[0] = Request->Data[0]; // finds: mem-null-dereference
    ExFreePoolWithTag(Copy, TAG);
    ExFreePoolWithTag(Request, TAG);
    return RestoreRequest(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}
VSPLAB_TEST(CopiesToNull)
{
    Migrate(NeedsNoNull);
}

RESTORE(LosesTheFirst)
{
    PREQUEST First = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(REQUEST), TAG); // finds: restorepkt-free-on-failure
    PREQUEST Second;
    if (First == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Second = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(REQUEST), TAG);
    if (Second == NULL) {
        MENDED(ExFreePoolWithTag(First, TAG);)
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    ExFreePoolWithTag(Second, TAG);
    ExFreePoolWithTag(First, TAG);
    return RestoreRequest(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}
VSPLAB_TEST(KeepsTheFirstAllocation)
{
    Migrate(LosesTheFirst);
}

RESTORE(ForgetsTheContext)
{
    PREQUEST Request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(REQUEST), TAG); // finds: restorepkt-free-on-failure
    VMBPACKET Packet;
    NTSTATUS Status;
    RECORD Record;
    if (Request == NULL || SaveBufSize < sizeof(Record)) {
        if (Request != NULL) {
            ExFreePoolWithTag(Request, TAG);
        }
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    Request->Id = Record.Id;
    Request->Length = MINIMUM(Record.Length, sizeof(Request->Data));
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        MENDED(ExFreePoolWithTag(Request, TAG);)
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, Finish);
    RtlCopyMemory(Request->Data, Record.Data, sizeof(Record.Data));
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Request, TAG);
        VmbPacketFree(Packet);
    }
    return Status;
}
VSPLAB_TEST(LeavesTheContextWithoutAPacket)
{
    Migrate(ForgetsTheContext);
}

RESTORE(TrustsTheLibrary)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet;
    NTSTATUS Status;
    if (Request == NULL) {
        return STATUS_DATA_ERROR;
    }
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        ExFreePoolWithTag(Request, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, Finish);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Request, TAG);
        MENDED(VmbPacketFree(Packet);)
    }
    return Status; // finds: restorepkt-free-on-failure
}
VSPLAB_TEST(LeavesThePacketBehind)
{
    Migrate(TrustsTheLibrary);
}
