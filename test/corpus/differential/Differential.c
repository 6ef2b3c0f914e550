/* What only a second run can tell: pointers in records, lost state, decisions by chance. */
#include "../Corpus.h"

static NTSTATUS RoundTrip(PFN_VMB_CHANNEL_SAVE_PACKET Save, PFN_VMB_CHANNEL_RESTORE_PACKET Restore)
{
    OPTIONS Options = Defaults();
    PVSPLAB_STATE State;
    NTSTATUS Status;
    VMBCHANNEL Channel;
    Options.Save = Save;
    Options.Restore = Restore;
    Channel = PausedWith(&Options, 2);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Channel = Enabled(&Options);
    Status = VspLabRestore(Channel, State);
    VspLabFreeState(State);
    if (NT_SUCCESS(Status)) {
        VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
        VmbChannelStart(Channel);
        VspLabGuestCompleteAll(Channel);
    }
    Close(Channel);
    return Status;
}

typedef struct _COOKIE {
    UINT32 Version;
    UINT32 Id;
    UINT64 Cookie;
} COOKIE;
SAVE(SavesItsAddress)
{
    PREQUEST Request = (PREQUEST)VmbPacketGetPointer(Packet);
    COOKIE Record;
    if (Request == NULL) {
        *BytesNeeded = 0;
        return STATUS_SUCCESS;
    }
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Record.Version = 1;
    Record.Id = Request->Id;
    Record.Cookie = BROKEN((UINT64)Request) MENDED(Request->Id);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS; // finds: savepkt-no-pointers
}
VSPLAB_TEST(AddressAsACookie)
{
    (VOID)SaveWith(SavesItsAddress);
}

static UINT32 Hash(PVOID Value)
{
    return (UINT32)(UINT64)Value ^ 0x5A5A5A5A;
}
SAVE(SavesAHash)
{
    UINT32 Record[2] = {1, 0};
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        goto TooSmall;
    }
    Record[1] = Hash(BROKEN(Packet) MENDED(NULL));
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, Record, sizeof(Record));
    return STATUS_SUCCESS; // finds: savepkt-no-pointers
TooSmall:
    return STATUS_BUFFER_TOO_SMALL;
}
VSPLAB_TEST(HashOfAHandle)
{
    (VOID)SaveWith(SavesAHash);
}

/* Takes a packet and a context back after a failure. */
static NTSTATUS GiveBack(VMBPACKET Packet, PVOID Context, NTSTATUS Status)
{
    if (NT_SUCCESS(Status)) {
        return Status;
    }
    if (Packet != NULL) {
        VmbPacketFree(Packet);
    }
    if (Context != NULL) {
        ExFreePoolWithTag(Context, TAG);
    }
    return Status;
}
RESTORE(ForgetsTheLength)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    if (Request == NULL || Packet == NULL) {
        return GiveBack(Packet, Request, STATUS_DATA_ERROR);
    }
    BROKEN(Request->Length = 0;)
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, Finish);
    return GiveBack(Packet, Request, VmbPacketRestore(Packet, LibBuf, LibBufSize)); // finds: state-field-lost
}
VSPLAB_TEST(LengthIsNotRestored)
{
    (VOID)RoundTrip(SaveRequest, ForgetsTheLength);
}

typedef struct _SHORT_RECORD {
    UINT32 Version;
    UINT32 Id;
    UINT32 Length;
} SHORT_RECORD;
/* A context of this driver: all of it is in the record. */
typedef struct _HEAD {
    UINT32 Id;
    UINT32 Length;
} HEAD;
static const HEAD *HeadOf(VMBPACKET Packet)
{
    static const HEAD None = {0};
    const HEAD *Head = (const HEAD *)VmbPacketGetPointer(Packet);
    return Head == NULL ? &None : Head;
}
static NTSTATUS WriteHead(PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded, UINT32 Id, UINT32 Length)
{
    SHORT_RECORD Record = {1, Id, Length};
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}
SAVE(SavesHeads)
{
    const HEAD *Head = HeadOf(Packet);
    return WriteHead(SaveBuf, SaveBufSize, BytesNeeded, Head->Id, Head->Length); // finds: roundtrip-differs in NewIdsForOldRequests, roundtrip-differs in LengthGrowsByEight
}
SAVE(SavesIds)
{
    const HEAD *Head = HeadOf(Packet);
    return WriteHead(SaveBuf, SaveBufSize, BytesNeeded, Head->Id, BROKEN(0) MENDED(Head->Length)); // finds: state-field-lost in LengthIsNotSaved
}
static NTSTATUS RestoreHead(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, UINT32 Id, UINT32 Length)
{
    HEAD *Head = (HEAD *)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Head), TAG);
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    if (Head == NULL || Packet == NULL) {
        return GiveBack(Packet, Head, STATUS_INSUFFICIENT_RESOURCES);
    }
    Head->Id = Id;
    Head->Length = Length;
    VmbPacketSetPointer(Packet, Head);
    VmbPacketSetCompletionRoutine(Packet, Finish);
    return GiveBack(Packet, Head, VmbPacketRestore(Packet, LibBuf, LibBufSize));
}
static VOID SendHead(VMBCHANNEL Channel)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    HEAD *Head = (HEAD *)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Head), TAG);
    Head->Id = 5;
    Head->Length = 16;
    VmbPacketSetPointer(Packet, Head);
    VmbPacketSetCompletionRoutine(Packet, Finish);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 16, NULL, WAIT));
}
static VOID HeadsRoundTrip(PFN_VMB_CHANNEL_SAVE_PACKET Save, PFN_VMB_CHANNEL_RESTORE_PACKET Restore)
{
    OPTIONS Options = Defaults();
    PVSPLAB_STATE State;
    VMBCHANNEL Channel;
    Options.Save = Save;
    Options.Restore = Restore;
    Channel = Active(&Options);
    SendHead(Channel);
    VmbChannelPause(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Channel = Enabled(&Options);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(Channel, State));
    VspLabFreeState(State);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    VmbChannelStart(Channel);
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
}

RESTORE(RestoresHeads)
{
    SHORT_RECORD Record;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_DATA_ERROR;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    return RestoreHead(Channel, LibBuf, LibBufSize, Record.Id, Record.Length);
}
VSPLAB_TEST(LengthIsNotSaved)
{
    HeadsRoundTrip(SavesIds, RestoresHeads);
}

static UINT32 NextId;
RESTORE(NumbersAnew)
{
    SHORT_RECORD Record;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_DATA_ERROR;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    NextId++;
    return RestoreHead(Channel, LibBuf, LibBufSize, Record.Id BROKEN(+ NextId), Record.Length);
}
VSPLAB_TEST(NewIdsForOldRequests)
{
    HeadsRoundTrip(SavesHeads, NumbersAnew);
}

RESTORE(RoundsUp)
{
    SHORT_RECORD Record;
    UINT32 Length;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_DATA_ERROR;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    Length = Record.Length;
    BROKEN(Length += 8;)
    return RestoreHead(Channel, LibBuf, LibBufSize, Record.Id, Length);
}
VSPLAB_TEST(LengthGrowsByEight)
{
    HeadsRoundTrip(SavesHeads, RoundsUp);
}

VSPLAB_TEST(DecidesByFreshPool)
{
    PUINT8 Block;
    POOL_FLAGS Kind = POOL_FLAG_NON_PAGED;
    BROKEN(Kind |= POOL_FLAG_UNINITIALIZED;)
    Block = (PUINT8)ExAllocatePool2(Kind, 16, TAG);
    if (Block[3] & 0x40) { // finds: mem-uninitialised
        VSPLAB_LOG("set");
    }
    ExFreePoolWithTag(Block, TAG);
}

static BOOLEAN IsLast(UINT32 Type)
{
    BOOLEAN Last;
    MENDED(Last = FALSE;)
    if (Type == 7) {
        Last = TRUE;
    }
    if (Last) { // finds: mem-uninitialised
        VSPLAB_LOG("last");
    }
    return TRUE;
}
VSPLAB_TEST(DecidesByAFreshLocal)
{
    VSPLAB_ASSERT(IsLast(3));
}
