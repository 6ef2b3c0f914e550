/* Records that are not what was saved: cut short, empty, changed, in a larger buffer. */
#include "../../corpus/Corpus.h"

/* Saves `Packets` requests with `Save`, restores them on a new host with `Restore` and lets the guest answer. */
static VOID Migrate(PFN_VMB_CHANNEL_SAVE_PACKET Save, PFN_VMB_CHANNEL_RESTORE_PACKET Restore, UINT32 Packets)
{
    OPTIONS Options = Defaults();
    PVSPLAB_STATE State;
    VMBCHANNEL Channel;
    NTSTATUS Status;
    Options.Save = Save;
    Options.Restore = Restore;
    Channel = PausedWith(&Options, Packets);
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

/* Makes a packet of a context; gives both back when that fails. */
static NTSTATUS Adopt(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PREQUEST Request)
{
    VMBPACKET Packet;
    NTSTATUS Status;
    if (Request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
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
        VmbPacketFree(Packet);
    }
    return Status;
}

static PREQUEST NewRequest(VOID)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(REQUEST), TAG);
}

RESTORE(TrustsTheSize)
{
    PREQUEST Request;
    RECORD Record;
    MENDED(if (SaveBufSize < sizeof(Record)) { return STATUS_INVALID_BUFFER_SIZE; })
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record)); // finds: restorepkt-validate
    if (Record.Version != 1 || Record.Length > sizeof(Record.Data)) {
        return STATUS_DATA_ERROR;
    }
    Request = NewRequest();
    if (Request != NULL) {
        Request->Id = Record.Id;
        Request->Length = Record.Length;
        RtlCopyMemory(Request->Data, Record.Data, sizeof(Record.Data));
    }
    return Adopt(Channel, LibBuf, LibBufSize, Request);
}
VSPLAB_TEST(ReadsRecordsWhole)
{
    Migrate(SaveRequest, TrustsTheSize, 2);
}

RESTORE(TakesWhatThereIs)
{
    PREQUEST Request;
    RECORD Record = {0};
    MENDED(if (SaveBufSize < sizeof(Record)) { return STATUS_INVALID_BUFFER_SIZE; })
    if (SaveBufSize < sizeof(UINT32)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(&Record, SaveBuf, MINIMUM(SaveBufSize, sizeof(Record)));
    if (Record.Version != 1 || Record.Length > sizeof(Record.Data)) {
        return STATUS_DATA_ERROR;
    }
    Request = NewRequest();
    if (Request != NULL) {
        Request->Id = Record.Id;
        Request->Length = Record.Length;
        RtlCopyMemory(Request->Data, Record.Data, sizeof(Record.Data));
    }
    return Adopt(Channel, LibBuf, LibBufSize, Request); // finds: restorepkt-validate
}
VSPLAB_TEST(FillsUpWithZeros)
{
    Migrate(SaveRequest, TakesWhatThereIs, 2);
}

RESTORE(TakesNothing)
{
    BROKEN(if (SaveBufSize == 0) {
        PREQUEST Request = NewRequest();
        return Adopt(Channel, LibBuf, LibBufSize, Request); // finds: restorepkt-validate
    })
    return RestoreRequest(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}
VSPLAB_TEST(InventsContexts)
{
    Migrate(SaveRequest, TakesNothing, 2);
}

RESTORE(TrustsTheLength)
{
    PREQUEST Request;
    RECORD Record;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    if (Record.Version != 1) {
        return STATUS_DATA_ERROR;
    }
    MENDED(if (Record.Length > sizeof(Record.Data)) { return STATUS_DATA_ERROR; })
    Request = NewRequest();
    if (Request != NULL) {
        Request->Id = Record.Id;
        Request->Length = Record.Length;
        RtlCopyMemory(Request->Data, Record.Data, Record.Length); // finds: restorepkt-validate
    }
    return Adopt(Channel, LibBuf, LibBufSize, Request);
}
VSPLAB_TEST(CopiesByTheLength)
{
    Migrate(SaveRequest, TrustsTheLength, 2);
}

/* The record is no longer at fault when its completion uses it. */
static UINT8 Queues[4];
COMPLETION(CountsByQueue)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    Queues[Request->Id]++; // finds: restorepkt-validate in KeepsAnyIndex
    ExFreePoolWithTag(Request, TAG);
    VmbPacketFree(Packet);
}
RESTORE(TrustsTheIndex)
{
    PREQUEST Request;
    VMBPACKET Packet;
    NTSTATUS Status;
    RECORD Record;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    if (Record.Version != 1 || Record.Length > sizeof(Record.Data)) {
        return STATUS_DATA_ERROR;
    }
    MENDED(if (Record.Id >= RTL_NUMBER_OF(Queues)) { return STATUS_DATA_ERROR; })
    Request = NewRequest();
    Packet = VmbPacketAllocate(Channel);
    if (Request == NULL || Packet == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }
    Request->Id = Record.Id;
    Request->Length = Record.Length;
    RtlCopyMemory(Request->Data, Record.Data, sizeof(Record.Data));
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, CountsByQueue);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
Exit:
    if (!NT_SUCCESS(Status) && Packet != NULL) {
        VmbPacketFree(Packet);
    }
    if (!NT_SUCCESS(Status) && Request != NULL) {
        ExFreePoolWithTag(Request, TAG);
    }
    return Status;
}
VSPLAB_TEST(KeepsAnyIndex)
{
    Migrate(SaveRequest, TrustsTheIndex, 2);
}

RESTORE(WantsItsSize)
{
    if (SaveBufSize BROKEN(!=) MENDED(<) sizeof(RECORD)) {
        return STATUS_INVALID_BUFFER_SIZE; // finds: restorepkt-validate
    }
    return RestoreRequest(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}
VSPLAB_TEST(RefusesLargerBuffers)
{
    Migrate(SaveRequest, WantsItsSize, 1);
}
