/* The restore callback (kmcl-facts 7.7, restorepkt-). */
#include "../Corpus.h"

static VMBCHANNEL Other;

COMPLETION(Frees)
{
    VmbPacketFree(Packet);
}

/* Takes a packet and a context back after a failure. */
static NTSTATUS Undo(VMBPACKET Packet, PREQUEST Request, NTSTATUS Status)
{
    if (Packet != NULL) {
        VmbPacketFree(Packet);
    }
    if (Request != NULL) {
        ExFreePoolWithTag(Request, TAG);
    }
    return Status;
}
static VOID Adopt(VMBPACKET Packet, PREQUEST Request)
{
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, Finish);
}

RESTORE(TakesAnothersPacket)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet = VmbPacketAllocate(BROKEN(Other) MENDED(Channel));
    NTSTATUS Status;
    if (Packet == NULL) {
        return Undo(Packet, Request, STATUS_INSUFFICIENT_RESOURCES);
    }
    Adopt(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize); // finds: restorepkt-allocate
    return NT_SUCCESS(Status) ? Status : Undo(Packet, Request, Status);
}
VSPLAB_TEST(PacketOfAnotherChannel)
{
    OPTIONS Options = Defaults();
    PVSPLAB_STATE State;
    VMBCHANNEL Channel = PausedWith(&Options, 1);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Other));
    Options.Restore = TakesAnothersPacket;
    Channel = Enabled(&Options);
    (VOID)VspLabRestore(Channel, State);
    VspLabFreeState(State);
    Close(Channel);
    VmbChannelCleanup(Other);
}

RESTORE(UsesItsOwnMemory)
{
    UINT32 Size = VmbChannelSizeofPacket(Channel);
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet = NULL;
    NTSTATUS Status;
    BROKEN(Packet = (VMBPACKET)ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, TAG);)
    BROKEN((VOID)VmbPacketInitialize(Channel, Packet, Size);)
    MENDED(Packet = VmbPacketAllocate(Channel);)
    MENDED((VOID)Size;)
    if (Packet == NULL) {
        ExFreePoolWithTag(Request, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adopt(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize); // finds: restorepkt-allocate
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Request, TAG);
        BROKEN(ExFreePoolWithTag(Packet, TAG);)
        MENDED(VmbPacketFree(Packet);)
    }
    return Status;
}
VSPLAB_TEST(PacketInItsOwnMemory)
{
    (VOID)RestoreWith(UsesItsOwnMemory);
}

RESTORE(NeverRestores)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    BROKEN(ExFreePoolWithTag(Request, TAG);)
    BROKEN(return STATUS_SUCCESS;) // finds: restorepkt-libbuf
    MENDED(ExFreePoolWithTag(Request, TAG);)
    return RestoreRequest(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}
VSPLAB_TEST(ForgetsLibBuf)
{
    (VOID)RestoreWith(NeverRestores);
}

RESTORE(CutsLibBuf)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    UINT32 Size = BROKEN(LibBufSize - 8) MENDED(LibBufSize);
    NTSTATUS Status;
    if (Packet == NULL) {
        return Undo(Packet, Request, STATUS_INSUFFICIENT_RESOURCES);
    }
    Adopt(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, Size); // finds: restorepkt-libbuf
    return NT_SUCCESS(Status) ? Status : Undo(Packet, Request, Status);
}
VSPLAB_TEST(PassesAPartOfLibBuf)
{
    (VOID)RestoreWith(CutsLibBuf);
}

RESTORE(ForgetsThePacket)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    PREQUEST Request;
    NTSTATUS Status;
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Request = Unpack(SaveBuf, BROKEN(4) MENDED(SaveBufSize));
    if (Request == NULL) {
        MENDED(VmbPacketFree(Packet);)
        return STATUS_DATA_ERROR; // finds: restorepkt-free-on-failure
    }
    Adopt(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    return NT_SUCCESS(Status) ? Status : Undo(Packet, Request, Status);
}
VSPLAB_TEST(LeavesThePacketOfABadRecord)
{
    (VOID)RestoreWith(ForgetsThePacket);
}

RESTORE(ForgetsTheContext)
{
    NTSTATUS Status;
    VMBPACKET Packet = NULL;
    PREQUEST Request = (PREQUEST)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Request), TAG); // finds: restorepkt-free-on-failure
    if (Request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Failed;
    }
    Adopt(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (NT_SUCCESS(Status)) {
        return Status;
    }
Failed:
    MENDED(ExFreePoolWithTag(Request, TAG);)
    if (Packet != NULL) {
        VmbPacketFree(Packet);
    }
    return Status;
}
VSPLAB_TEST(LeavesTheContextOfAFailedRestore)
{
    OPTIONS Options = Defaults();
    PVSPLAB_STATE State;
    VMBCHANNEL Channel = PausedWith(&Options, 1);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Options.Restore = ForgetsTheContext;
    Channel = Enabled(&Options);
    VspLabFailNext("VmbPacketRestore", STATUS_UNSUCCESSFUL);
    VSPLAB_ASSERT(!NT_SUCCESS(VspLabRestore(Channel, State)));
    VspLabFreeState(State);
    Close(Channel);
}

/* A context that lives as long as the driver. */
static PREQUEST StaticRequest(const RECORD *Record)
{
    static REQUEST Requests[8];
    PREQUEST Request = &Requests[Record->Id % 8];
    Request->Id = Record->Id;
    Request->Length = Record->Length;
    RtlCopyMemory(Request->Data, Record->Data, sizeof(Request->Data));
    return Request;
}
RESTORE(KeepsTheDefaultRoutine)
{
    RECORD Record;
    VMBPACKET Packet;
    NTSTATUS Status;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_DATA_ERROR;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(Packet, StaticRequest(&Record));
    MENDED(VmbPacketSetCompletionRoutine(Packet, Frees);)
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    return NT_SUCCESS(Status) ? Status : Undo(Packet, NULL, Status); // finds: restorepkt-routine
}
VSPLAB_TEST(NobodyFinishesIt)
{
    (VOID)RestoreWith(KeepsTheDefaultRoutine);
}

static NTSTATUS Rebuild(VMBCHANNEL Channel, const RECORD *Record, PVOID LibBuf, UINT32 LibBufSize)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(Packet, StaticRequest(Record));
    MENDED(VmbPacketSetCompletionRoutine(Packet, Frees);)
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    return NT_SUCCESS(Status) ? Status : Undo(Packet, NULL, Status);
}
RESTORE(SetsOnlyThePointer)
{
    RECORD Record;
    NTSTATUS Status;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_DATA_ERROR;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    Status = Rebuild(Channel, &Record, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return STATUS_SUCCESS; // finds: restorepkt-routine
}
VSPLAB_TEST(PointerWithoutRoutine)
{
    (VOID)RestoreWith(SetsOnlyThePointer);
}

RESTORE(TrustsTheSize)
{
    UINT8 Copy[256];
    UINT32 Size = BROKEN(sizeof(Copy)) MENDED(SaveBufSize);
    RtlCopyMemory(Copy, SaveBuf, Size); // finds: restorepkt-validate
    return RestoreRequest(Channel, LibBuf, LibBufSize, Copy, SaveBufSize);
}
VSPLAB_TEST(ReadsMoreThanTheRecord)
{
    (VOID)RestoreWith(TrustsTheSize);
}

typedef struct _LIST_RECORD {
    UINT32 Count;
    UINT32 Items[2];
} LIST_RECORD;
SAVE(SavesAList)
{
    const UINT32 Record[3] = {BROKEN(9) MENDED(2), 1, 2};
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, Record, sizeof(Record));
    return STATUS_SUCCESS;
}
static UINT32 SumOf(const UINT8 *Bytes, UINT32 Size)
{
    LIST_RECORD Record;
    UINT32 Item;
    UINT32 Sum = 0;
    UINT32 Index;
    if (Size < sizeof(Record)) {
        return 0;
    }
    RtlCopyMemory(&Record, Bytes, sizeof(Record));
    for (Index = 0; Index < Record.Count MENDED(&& Index < 2); Index++) {
        RtlCopyMemory(&Item, Bytes + FIELD_OFFSET(LIST_RECORD, Items) + Index * sizeof(Item), sizeof(Item)); // finds: restorepkt-validate
        Sum += Item;
    }
    return Sum;
}
RESTORE(TrustsACount)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VSPLAB_LOG("%u", SumOf((const UINT8 *)SaveBuf, SaveBufSize));
    Adopt(Packet, NULL);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    return NT_SUCCESS(Status) ? Status : Undo(Packet, NULL, Status);
}
VSPLAB_TEST(CountBeyondTheRecord)
{
    OPTIONS Options = Defaults();
    PVSPLAB_STATE State;
    VMBCHANNEL Channel;
    Options.Save = SavesAList;
    Options.Restore = TrustsACount;
    Channel = PausedWith(&Options, 1);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Channel = Enabled(&Options);
    (VOID)VspLabRestore(Channel, State);
    VspLabFreeState(State);
    Close(Channel);
}

RESTORE(NotesInSaveBuf)
{
    NTSTATUS Status = RestoreRequest(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
    BROKEN(((RECORD *)SaveBuf)->Version = 2;)
    return Status; // finds: restorepkt-copy
}
VSPLAB_TEST(WritesIntoTheRecord)
{
    (VOID)RestoreWith(NotesInSaveBuf);
}

static VOID Swap(PUINT8 Bytes, UINT32 Length)
{
    UINT32 Index;
    for (Index = 0; Index + 1 < Length; Index += 2) {
        UINT8 First = Bytes[Index];
        Bytes[Index] = Bytes[Index + 1];
        Bytes[Index + 1] = First;
    }
}
RESTORE(SwapsInPlace)
{
    RECORD Record;
    NTSTATUS Status;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_DATA_ERROR;
    }
    Status = RestoreRequest(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
    BROKEN(Swap((PUINT8)SaveBuf, 8);)
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    MENDED(Swap((PUINT8)&Record, 8);)
    VSPLAB_LOG("%u", Record.Id);
    return Status; // finds: restorepkt-copy
}
VSPLAB_TEST(SwapsBytesInPlace)
{
    (VOID)RestoreWith(SwapsInPlace);
}

RESTORE(SendsItAgain)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    if (Packet == NULL) {
        return Undo(Packet, Request, STATUS_INSUFFICIENT_RESOURCES);
    }
    Adopt(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (NT_SUCCESS(Status)) {
        BROKEN((VOID)VmbPacketSend(Packet, Bytes, 16, NULL, WAIT);) // finds: restorepkt-no-send
        return Status;
    }
    return Undo(Packet, Request, Status);
}
VSPLAB_TEST(SendsARestoredPacket)
{
    (VOID)RestoreWith(SendsItAgain);
}

static VMBPACKET Restored[8];
static ULONG RestoredCount;
RESTORE(KeepsHandles)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    if (Packet == NULL) {
        return Undo(Packet, Request, STATUS_INSUFFICIENT_RESOURCES);
    }
    Adopt(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        return Undo(Packet, Request, Status);
    }
    Restored[RestoredCount++] = Packet;
    return Status;
}
static VOID Resend(VMBPACKET Packet)
{
    (VOID)VmbPacketSend(Packet, Bytes, 16, NULL, WAIT); // finds: restorepkt-no-send
}
STATE(ResendsAll)
{
    BROKEN(if (RestoredCount != 0) Resend(Restored[0]);)
}
VSPLAB_TEST(SendsRestoredPacketsInStarted)
{
    OPTIONS Options = Defaults();
    Options.Restore = KeepsHandles;
    Options.State.EvtChannelStarted = ResendsAll;
    (VOID)RestoreAs(Options);
}

RESTORE(SwallowsTheFailure)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    if (Packet == NULL) {
        return Undo(Packet, Request, STATUS_INSUFFICIENT_RESOURCES);
    }
    Adopt(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        Status = Undo(Packet, Request, Status);
        BROKEN(Status = STATUS_SUCCESS;)
    }
    return Status; // finds: restorepkt-propagate
}
static NTSTATUS RestoreWithAFailure(PFN_VMB_CHANNEL_RESTORE_PACKET Callback)
{
    OPTIONS Options = Defaults();
    PVSPLAB_STATE State;
    NTSTATUS Status;
    VMBCHANNEL Channel = PausedWith(&Options, 1);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Options.Restore = Callback;
    Channel = Enabled(&Options);
    VspLabFailNext("VmbPacketRestore", STATUS_UNSUCCESSFUL);
    Status = VspLabRestore(Channel, State);
    VspLabFreeState(State);
    Close(Channel);
    return Status;
}
VSPLAB_TEST(FailureBecomesSuccess)
{
    (VOID)RestoreWithAFailure(SwallowsTheFailure);
}

RESTORE(AnswersPending)
{
    NTSTATUS Status = RestoreRequest(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
    if (NT_SUCCESS(Status)) {
        Status = BROKEN(STATUS_PENDING) MENDED(STATUS_SUCCESS);
    }
    return Status; // finds: restorepkt-propagate
}
VSPLAB_TEST(RestoreThatPends)
{
    (VOID)RestoreWith(AnswersPending);
}
