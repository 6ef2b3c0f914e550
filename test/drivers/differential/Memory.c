/* What memory held before, and where it lies, shows in the record or decides what the driver does. */
#include "Differential.h"

VSPLAB_TEST(Fine_driver)
{
    Migrate(Save, Restore);
}

/* ---- savepkt-full-init ---- */

SAVE(PaddingOfLocal)
{
    RECORD Record;
    UNREFERENCED_PARAMETER(Channel);
    MENDED(RtlZeroMemory(&Record, sizeof(Record));)
    Describe(VmbPacketGetPointer(Packet), &Record);
    Record.Extra = 0;
    return Write(&Record, SaveBuf, SaveBufSize, BytesNeeded); // breaks savepkt-full-init
}
VSPLAB_TEST(savepkt_full_init__padding)
{
    Migrate(PaddingOfLocal, Restore);
}

SAVE(PaddingOfBlock)
{
    PRECORD Record = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, sizeof(*Record), TAG);
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Record != NULL) {
        Describe(VmbPacketGetPointer(Packet), Record);
        Record->Extra = 0;
        Status = Write(Record, SaveBuf, SaveBufSize, BytesNeeded);
        ExFreePoolWithTag(Record, TAG);
    }
    return Status; // breaks savepkt-full-init
}
SAVE(ZeroedBlock)
{
    PRECORD Record = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Record), TAG);
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Record != NULL) {
        Describe(VmbPacketGetPointer(Packet), Record);
        Status = Write(Record, SaveBuf, SaveBufSize, BytesNeeded);
        ExFreePoolWithTag(Record, TAG);
    }
    return Status;
}
VSPLAB_TEST(savepkt_full_init__block)
{
    Migrate(PaddingOfBlock, Restore);
}
VSPLAB_TEST(Fine_block)
{
    Migrate(ZeroedBlock, Restore);
}

/* Field by field into SaveBuf: the padding keeps what SaveBuf held. */
static NTSTATUS WriteInPlace(VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded, UINT32 Zeroed)
{
    PRECORD Record = SaveBuf;
    *BytesNeeded = sizeof(*Record);
    if (SaveBufSize < sizeof(*Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory((PUINT8)SaveBuf + Zeroed, SaveBufSize - Zeroed);
    Describe(VmbPacketGetPointer(Packet), Record);
    Record->Extra = 0;
    return STATUS_SUCCESS;
}
SAVE(InPlace)
{
    UNREFERENCED_PARAMETER(Channel);
    return WriteInPlace(Packet, SaveBuf, SaveBufSize, BytesNeeded, sizeof(RECORD)); // breaks savepkt-full-init
}
SAVE(InPlaceZeroed)
{
    UNREFERENCED_PARAMETER(Channel);
    return WriteInPlace(Packet, SaveBuf, SaveBufSize, BytesNeeded, 0);
}
VSPLAB_TEST(savepkt_full_init__in_place)
{
    Migrate(InPlace, Restore);
}
VSPLAB_TEST(Fine_in_place)
{
    Migrate(InPlaceZeroed, Restore);
}

/* ---- savepkt-no-pointers ---- */

#define WITH_EXTRA(Name, Value)                                                                                        \
    SAVE(Name)                                                                                                         \
    {                                                                                                                  \
        PREQUEST Request = VmbPacketGetPointer(Packet);                                                                \
        RECORD Record;                                                                                                 \
        UNREFERENCED_PARAMETER(Channel);                                                                               \
        RtlZeroMemory(&Record, sizeof(Record));                                                                        \
        Describe(Request, &Record);                                                                                    \
        Record.Extra = (UINT64)(Value);                                                                                \
        return Write(&Record, SaveBuf, SaveBufSize, BytesNeeded);                                                      \
    }

WITH_EXTRA(Address, BROKEN((ULONG_PTR)Request->Data) MENDED(64)) // breaks savepkt-no-pointers
WITH_EXTRA(Hashed, (BROKEN((ULONG_PTR)Packet >> 4) MENDED(Request->Id)) * 0x9E3779B97F4A7C15ull) // breaks savepkt-no-pointers
WITH_EXTRA(OfChannel, BROKEN((UINT32)(ULONG_PTR)Request->Channel) MENDED(Request->Channel != NULL)) // breaks savepkt-no-pointers
WITH_EXTRA(OfFunction, BROKEN((ULONG_PTR)Completed) MENDED(Request->Data != NULL)) // breaks savepkt-no-pointers
static UINT32 Operations[4];
WITH_EXTRA(OfVariable, BROKEN((UINT32)(ULONG_PTR)&Operations[Request->Id & 3]) MENDED(Request->Id & 3)) // breaks savepkt-no-pointers
WITH_EXTRA(Index, &Operations[Request->Id & 3] - Operations)
WITH_EXTRA(Difference, &Request->Offset - (UINT64 *)Request)
VSPLAB_TEST(savepkt_no_pointers__address)
{
    Migrate(Address, Restore);
}
VSPLAB_TEST(savepkt_no_pointers__hashed)
{
    Migrate(Hashed, Restore);
}
VSPLAB_TEST(savepkt_no_pointers__truncated)
{
    Migrate(OfChannel, Restore);
}
VSPLAB_TEST(savepkt_no_pointers__function)
{
    Migrate(OfFunction, Restore);
}
VSPLAB_TEST(savepkt_no_pointers__variable)
{
    Migrate(OfVariable, Restore);
}
VSPLAB_TEST(Fine_index_of_variable)
{
    Migrate(Index, Restore);
}
VSPLAB_TEST(Fine_pointer_difference)
{
    Migrate(Difference, Restore);
}

/* ---- mem-uninitialised ---- */

RESTORE(BranchesOnLocal)
{
    RECORD Record;
    PREQUEST Request;
    BOOLEAN Urgent;
    NTSTATUS Status = ReadRecord(SaveBuf, SaveBufSize, &Record);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Record.Priority > 2) {
        Urgent = TRUE;
    }
    Request = NewRequest(Channel);
    if (Request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adopt(Request, &Record);
    if (Urgent) { // breaks mem-uninitialised
        InitializeListHead(&Request->Link);
    }
    return Attach(Request, LibBuf, LibBufSize);
}
VSPLAB_TEST(mem_uninitialised__branch)
{
    Migrate(Save, BranchesOnLocal);
}

RESTORE(BranchesOnFlag)
{
    BOOLEAN Urgent = FALSE;
    RECORD Record;
    PREQUEST Request;
    NTSTATUS Status = ReadRecord(SaveBuf, SaveBufSize, &Record);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Record.Priority > 2) {
        Urgent = TRUE;
    }
    Request = NewRequest(Channel);
    if (Request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adopt(Request, &Record);
    if (Urgent) {
        InitializeListHead(&Request->Link);
    }
    return Attach(Request, LibBuf, LibBufSize);
}
VSPLAB_TEST(Fine_branch)
{
    Migrate(Save, BranchesOnFlag);
}

/* Bits that mean nothing to the library and say what the driver has not decided. */
static NTSTATUS Opened(VMBCHANNEL Channel)
{
    NTSTATUS Status;
    if (VmbChannelGetPointer(Channel) != NULL) {
        Status = STATUS_UNSUCCESSFUL;
    }
    return Status; // breaks mem-uninitialised
}
static NTSTATUS OpenedWell(VMBCHANNEL Channel)
{
    NTSTATUS Status = STATUS_SUCCESS;
    if (VmbChannelGetPointer(Channel) != NULL) {
        Status = STATUS_UNSUCCESSFUL;
    }
    return Status;
}
static VOID OpenWith(PFN_VMB_CHANNEL_OPENED Callback)
{
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS Callbacks;
    VMBCHANNEL Channel = Configured();
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&Callbacks);
    Callbacks.EvtChannelOpened = Callback;
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetStateChangeCallbacks(Channel, &Callbacks));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    VspLabGuestOpenChannel(Channel);
    Close(Channel);
}
VSPLAB_TEST(mem_uninitialised__status)
{
    OpenWith(Opened);
}
VSPLAB_TEST(Fine_status)
{
    OpenWith(OpenedWell);
}

typedef struct _SETTINGS {
    ULONG Version;
    ULONG Depth;
} SETTINGS;

static ULONG DepthOf(BOOLEAN Zeroed)
{
    SETTINGS *Settings =
        ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Settings), TAG);
    ULONG Depth = 4;
    if (Settings == NULL) {
        return 0;
    }
    if (Zeroed) {
        RtlZeroMemory(Settings, sizeof(*Settings));
    }
    Settings->Version = 1;
    switch (Settings->Depth) { // breaks mem-uninitialised
    case 0: Depth = 1; break;
    case 1: Depth = 2; break;
    default: break;
    }
    ExFreePoolWithTag(Settings, TAG);
    return Depth;
}
VSPLAB_TEST(mem_uninitialised__pool)
{
    DepthOf(FALSE);
}
VSPLAB_TEST(Fine_pool)
{
    DepthOf(TRUE);
}
