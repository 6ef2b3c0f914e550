/* The driver's part of a save (kmcl-facts 7.6, save-). */
#include "../Corpus.h"

static KSPIN_LOCK Lock;
static UINT8 Stored[8192];
static ULONG StoredLength;

static NTSTATUS Continue(VMBCHANNEL Channel, PVOID Buffer, ULONG Size, PULONG Filled)
{
    ULONG Required;
    return VmbChannelSaveContinue(Channel, Buffer, Size, Filled, &Required);
}
static VMBCHANNEL Paused(VOID)
{
    OPTIONS Options = Defaults();
    return PausedWith(&Options, 2);
}

VSPLAB_TEST(SavesWithoutCallbacks)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    BROKEN(Options.Save = NULL;)
    Channel = PausedWith(&Options, 2);
    if (NT_SUCCESS(VmbChannelSaveBegin(Channel))) { // finds: save-callbacks-registered
        VmbChannelSaveEnd(Channel);
    }
    Close(Channel);
}

VSPLAB_TEST(RestoresWithoutCallbacks)
{
    OPTIONS Options = Defaults();
    PVSPLAB_STATE State;
    VMBCHANNEL Channel = PausedWith(&Options, 2);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    BROKEN(Options.Save = NULL;)
    Channel = Enabled(&Options);
    (VOID)VspLabRestore(Channel, State); // finds: save-callbacks-registered
    VspLabFreeState(State);
    Close(Channel);
}

VSPLAB_TEST(SavesARunningChannel)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Active(&Options);
    Send(Channel, 1);
    MENDED(VmbChannelPause(Channel);)
    if (NT_SUCCESS(VmbChannelSaveBegin(Channel))) { // finds: save-quiesced
        VmbChannelSaveEnd(Channel);
    }
    Close(Channel);
}

static NTSTATUS Ping(VMBCHANNEL Channel)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status = VmbPacketSend(Packet, Bytes, 8, NULL, 0); // finds: save-quiesced
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}
VSPLAB_TEST(SendsInTheMiddleOfASave)
{
    VMBCHANNEL Channel = Paused();
    ULONG Filled;
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    BROKEN(Ping(Channel);)
    VSPLAB_ASSERT_SUCCESS(Continue(Channel, Stored, sizeof(Stored), &Filled));
    VmbChannelSaveEnd(Channel);
    VmbChannelStart(Channel);
    MENDED(Ping(Channel);)
    Close(Channel);
}

VSPLAB_TEST(BeginsUnderASpinLock)
{
    VMBCHANNEL Channel = Paused();
    NTSTATUS Status;
    KIRQL Irql;
    KeAcquireSpinLock(&Lock, &Irql);
    MENDED(KeReleaseSpinLock(&Lock, Irql);)
    Status = VmbChannelSaveBegin(Channel); // finds: save-passive
    BROKEN(KeReleaseSpinLock(&Lock, Irql);)
    if (NT_SUCCESS(Status)) {
        VmbChannelSaveEnd(Channel);
    }
    Close(Channel);
}

static NTSTATUS ContinueIn(VMBCHANNEL Channel)
{
    ULONG Filled, Required;
    return VmbChannelSaveContinue(Channel, Stored, sizeof(Stored), &Filled, &Required); // finds: save-passive
}
VSPLAB_TEST(ContinuesAtDispatchLevel)
{
    VMBCHANNEL Channel = Paused();
    KIRQL Irql;
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    KeRaiseIrql(BROKEN(DISPATCH_LEVEL) MENDED(PASSIVE_LEVEL), &Irql);
    (VOID)ContinueIn(Channel);
    KeLowerIrql(Irql);
    VmbChannelSaveEnd(Channel);
    Close(Channel);
}

VSPLAB_TEST(ContinuesAfterAFailedBegin)
{
    VMBCHANNEL Channel = Paused();
    ULONG Filled, Required;
    NTSTATUS Status;
    VspLabFailNext("VmbChannelSaveBegin", STATUS_INSUFFICIENT_RESOURCES);
    Status = VmbChannelSaveBegin(Channel);
    BROKEN((VOID)VmbChannelSaveContinue(Channel, Stored, sizeof(Stored), &Filled, &Required);) // finds: save-begin-checked
    MENDED(VSPLAB_ASSERT(!NT_SUCCESS(Status));)
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Filled);
    UNREFERENCED_PARAMETER(Required);
    Close(Channel);
}

static NTSTATUS SaveAll(VMBCHANNEL Channel)
{
    NTSTATUS Status = VmbChannelSaveBegin(Channel);
    ULONG Filled;
    if (!NT_SUCCESS(Status)) {
        goto Exit;
    }
    Status = Continue(Channel, Stored, sizeof(Stored), &Filled);
    MENDED(VmbChannelSaveEnd(Channel);)
Exit:
    BROKEN(VmbChannelSaveEnd(Channel);) // finds: save-begin-checked
    return Status;
}
VSPLAB_TEST(EndsAfterAFailedBegin)
{
    VMBCHANNEL Channel = Paused();
    VspLabFailNext("VmbChannelSaveBegin", STATUS_INSUFFICIENT_RESOURCES);
    VSPLAB_ASSERT(!NT_SUCCESS(SaveAll(Channel)));
    Close(Channel);
}

VSPLAB_TEST(ContinuesWhenAllIsSaved)
{
    VMBCHANNEL Channel = Paused();
    ULONG Filled, Required;
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    VSPLAB_ASSERT_SUCCESS(Continue(Channel, Stored, sizeof(Stored), &Filled));
    BROKEN((VOID)VmbChannelSaveContinue(Channel, Stored, sizeof(Stored), &Filled, &Required);) // finds: save-continue-statuses
    MENDED((VOID)Required;)
    VmbChannelSaveEnd(Channel);
    Close(Channel);
}

SAVE(Refuses)
{
    *BytesNeeded = 0;
    return STATUS_DEVICE_NOT_READY;
}
static NTSTATUS Drain(VMBCHANNEL Channel, ULONG Tries)
{
    NTSTATUS Status = STATUS_BUFFER_OVERFLOW;
    ULONG Filled, Required;
    while (Tries-- > 0 && Status != STATUS_SUCCESS) {
        Status = VmbChannelSaveContinue(Channel, Stored, sizeof(Stored), &Filled, &Required); // finds: save-continue-statuses
        MENDED(if (Status != STATUS_BUFFER_OVERFLOW && Status != STATUS_BUFFER_TOO_SMALL) break;)
    }
    return Status;
}
VSPLAB_TEST(RetriesAfterAHardError)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.Save = Refuses;
    Channel = PausedWith(&Options, 1);
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    (VOID)Drain(Channel, 2);
    VmbChannelSaveEnd(Channel);
    Close(Channel);
}

VSPLAB_TEST(TriesTheSameSmallBuffer)
{
    VMBCHANNEL Channel = Paused();
    ULONG Filled, Required, Size;
    NTSTATUS Status;
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    Status = VmbChannelSaveContinue(Channel, Stored, 16, &Filled, &Required);
    VSPLAB_ASSERT_STATUS(STATUS_BUFFER_TOO_SMALL, Status);
    Size = BROKEN(16) MENDED(Required);
    (VOID)VmbChannelSaveContinue(Channel, Stored, Size, &Filled, &Required); // finds: save-grow
    VmbChannelSaveEnd(Channel);
    Close(Channel);
}

static NTSTATUS Step(VMBCHANNEL Channel, PULONG Size)
{
    ULONG Filled, Required;
    NTSTATUS Status = VmbChannelSaveContinue(Channel, Stored, *Size, &Filled, &Required); // finds: save-grow
    if (Required > *Size) {
        *Size = BROKEN(*Size + 1) MENDED(Required);
    }
    return Status;
}
VSPLAB_TEST(GrowsByOneByte)
{
    VMBCHANNEL Channel = Paused();
    ULONG Size = 20;
    ULONG Tries;
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    for (Tries = 0; Tries < 3; Tries++) {
        if (Step(Channel, &Size) == STATUS_SUCCESS) {
            break;
        }
    }
    VmbChannelSaveEnd(Channel);
    Close(Channel);
}

VSPLAB_TEST(NeverEndsTheSave)
{
    VMBCHANNEL Channel = Paused();
    ULONG Filled;
    NTSTATUS Status = VmbChannelSaveBegin(Channel); // finds: save-end-always
    VSPLAB_ASSERT_SUCCESS(Status);
    VSPLAB_ASSERT_SUCCESS(Continue(Channel, Stored, sizeof(Stored), &Filled));
    MENDED(VmbChannelSaveEnd(Channel);)
    Close(Channel);
}

static NTSTATUS SaveOrGiveUp(VMBCHANNEL Channel, ULONG Size)
{
    ULONG Filled;
    NTSTATUS Status = VmbChannelSaveBegin(Channel); // finds: save-end-always
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = Continue(Channel, Stored, Size, &Filled);
    BROKEN(if (Status != STATUS_SUCCESS) return Status;)
    VmbChannelSaveEnd(Channel);
    return Status;
}
VSPLAB_TEST(EndsOnlyWhenAllIsWell)
{
    VMBCHANNEL Channel = Paused();
    VSPLAB_ASSERT(SaveOrGiveUp(Channel, 8) != STATUS_SUCCESS);
    Close(Channel);
}

/* Pieces, and what becomes of them. */
static VMBCHANNEL Fresh(VOID)
{
    OPTIONS Options = Defaults();
    return Enabled(&Options);
}
static ULONG PieceSize[16];
static ULONG Pieces;
/* Saves six packets in buffers of `Size` bytes; what is stored of each is the fault or its repair. */
static VOID SaveInPieces(ULONG Size, BOOLEAN WholeBuffers)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = PausedWith(&Options, 6);
    NTSTATUS Status;
    ULONG Filled;
    StoredLength = 0;
    Pieces = 0;
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    do {
        Status = Continue(Channel, Stored + StoredLength, Size, &Filled);
        PieceSize[Pieces] = WholeBuffers ? Size : Filled;
        StoredLength += PieceSize[Pieces++];
    } while (Status == STATUS_BUFFER_OVERFLOW);
    VSPLAB_ASSERT_SUCCESS(Status);
    VmbChannelSaveEnd(Channel);
    Close(Channel);
}

VSPLAB_TEST(StoresWholeBuffers)
{
    VMBCHANNEL Channel;
    ULONG At = 0;
    ULONG Index;
    NTSTATUS Status = STATUS_MORE_PROCESSING_REQUIRED;
    SaveInPieces(300, BROKEN(TRUE) MENDED(FALSE));
    Channel = Fresh();
    for (Index = 0; Index < Pieces && Status == STATUS_MORE_PROCESSING_REQUIRED; Index++) {
        Status = VmbChannelRestoreFromBuffer(Channel, Stored + At, PieceSize[Index]); // finds: save-persist-filled
        At += PieceSize[Index];
    }
    Close(Channel);
}

typedef struct _FILE {
    ULONG Length;
    UINT8 Bytes[4096];
} FILE_;
static FILE_ File;
static NTSTATUS Load(VMBCHANNEL Channel)
{
    return VmbChannelRestoreFromBuffer(Channel, File.Bytes, File.Length); // finds: save-persist-filled
}
VSPLAB_TEST(StoresTheBuffersSize)
{
    VMBCHANNEL Channel = Paused();
    ULONG Filled;
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    VSPLAB_ASSERT_SUCCESS(Continue(Channel, File.Bytes, sizeof(File.Bytes), &Filled));
    VmbChannelSaveEnd(Channel);
    File.Length = BROKEN(sizeof(File.Bytes)) MENDED(Filled);
    Close(Channel);
    Channel = Fresh();
    (VOID)Load(Channel);
    Close(Channel);
}

VSPLAB_TEST(FeedsBlocksOfFiveHundredBytes)
{
    VMBCHANNEL Channel;
    ULONG At = 0;
    ULONG Index = 0;
    ULONG Size;
    NTSTATUS Status = STATUS_MORE_PROCESSING_REQUIRED;
    SaveInPieces(200, FALSE);
    Channel = Fresh();
    while (At < StoredLength && Status == STATUS_MORE_PROCESSING_REQUIRED) {
        Size = MINIMUM(500, StoredLength - At);
        MENDED(Size = PieceSize[Index];)
        Status = VmbChannelRestoreFromBuffer(Channel, Stored + At, Size); // finds: save-boundaries
        At += Size;
        Index++;
    }
    Close(Channel);
}

static NTSTATUS FeedAll(VMBCHANNEL Channel, ULONG First)
{
    NTSTATUS Status = VmbChannelRestoreFromBuffer(Channel, Stored, First); // finds: save-boundaries
    if (Status == STATUS_MORE_PROCESSING_REQUIRED && First < StoredLength) {
        Status = VmbChannelRestoreFromBuffer(Channel, Stored + First, StoredLength - First);
    }
    return Status;
}
VSPLAB_TEST(FeedsAHalfAndTheRest)
{
    VMBCHANNEL Channel;
    SaveInPieces(200, FALSE);
    VSPLAB_ASSERT(Pieces > 2);
    Channel = Fresh();
    (VOID)FeedAll(Channel, BROKEN(PieceSize[0] + 20) MENDED(PieceSize[0] + PieceSize[1]));
    Close(Channel);
}
