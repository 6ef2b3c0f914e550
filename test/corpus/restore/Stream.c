/* The driver's part of a restore (kmcl-facts 7.7, restore-), in C: a stream kept as pieces in one block. */
#include "../Corpus.h"

#define MOST_PIECES 16
#define PIECE_BYTES 180

typedef struct _STREAM {
    UINT32 Count;
    ULONG Length[MOST_PIECES];
    UINT8 Bytes[MOST_PIECES][PIECE_BYTES];
} STREAM;

static STREAM Stream;

/* Keeps the channel's packets and closes it. */
static VOID Keep(VMBCHANNEL Channel)
{
    NTSTATUS Status;
    ULONG Required;
    Stream.Count = 0;
    VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(Channel));
    do {
        Status = VmbChannelSaveContinue(Channel, Stream.Bytes[Stream.Count], PIECE_BYTES, &Stream.Length[Stream.Count],
                                        &Required);
        Stream.Count++;
    } while (Status == STATUS_BUFFER_OVERFLOW);
    VSPLAB_ASSERT_SUCCESS(Status);
    VmbChannelSaveEnd(Channel);
    Close(Channel);
}

static VMBCHANNEL KeptAndFresh(VOID)
{
    OPTIONS Options = Defaults();
    Keep(PausedWith(&Options, 6));
    return Enabled(&Options);
}

static NTSTATUS Feed(VMBCHANNEL Channel, UINT32 From, UINT32 To)
{
    NTSTATUS Status = STATUS_MORE_PROCESSING_REQUIRED;
    while (From < To && Status == STATUS_MORE_PROCESSING_REQUIRED) {
        Status = VmbChannelRestoreFromBuffer(Channel, Stream.Bytes[From], Stream.Length[From]); // finds: restore-before-active in FeedsAStartedChannel, restore-order in FeedsBackwards
        From++;
    }
    return Status;
}

VSPLAB_TEST(FeedsAStartedChannel)
{
    VMBCHANNEL Channel = KeptAndFresh();
    BROKEN(VmbChannelStart(Channel);)
    (VOID)Feed(Channel, 0, Stream.Count);
    Close(Channel);
}

VSPLAB_TEST(FeedsBackwards)
{
    VMBCHANNEL Channel = KeptAndFresh();
    BROKEN((VOID)Feed(Channel, Stream.Count - 1, Stream.Count);)
    MENDED(VSPLAB_ASSERT_SUCCESS(Feed(Channel, 0, Stream.Count));)
    Close(Channel);
}

VSPLAB_TEST(ForgetsTheLastPiece)
{
    VMBCHANNEL Channel = KeptAndFresh();
    (VOID)Feed(Channel, 0, Stream.Count BROKEN(- 1));
    VmbChannelStart(Channel); // finds: restore-finish
    Close(Channel);
}

VSPLAB_TEST(StartsAfterAFailure)
{
    VMBCHANNEL Channel = KeptAndFresh();
    NTSTATUS Status;
    VspLabFailNext("VmbPacketRestore", STATUS_INSUFFICIENT_RESOURCES);
    Status = Feed(Channel, 0, Stream.Count);
    if (BROKEN(Status != STATUS_MORE_PROCESSING_REQUIRED) MENDED(NT_SUCCESS(Status))) {
        VmbChannelStart(Channel); // finds: restore-unwind
    }
    Close(Channel);
}

RESTORE(RestoresStrictly)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    if (Packet == NULL) {
        ExFreePoolWithTag(Request, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, Finish);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize); // finds: restore-same-config
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Request, TAG);
        VmbPacketFree(Packet);
    }
    return Status;
}

VSPLAB_TEST(ShrinksItsPackets)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Keep(PausedWith(&Options, 1));
    Options.Restore = RestoresStrictly;
    BROKEN(Options.MaximumPacket /= 2;)
    Channel = Enabled(&Options);
    (VOID)Feed(Channel, 0, Stream.Count);
    Close(Channel);
}

VSPLAB_TEST(KeepsRequestsOfANewChannel)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    Options.ServerFlags = VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL;
    Channel = Active(&Options);
    Send(Channel, 1);
    MENDED(VspLabGuestCompleteAll(Channel);)
    VmbChannelPause(Channel);
    if (NT_SUCCESS(VmbChannelSaveBegin(Channel))) { // finds: restore-force-new
        VmbChannelSaveEnd(Channel);
    }
    Close(Channel);
}

static struct {
    UINT32 Handle;
    volatile UINT32 *Ring;
} Page;

OPENED(MapsThePage)
{
    PMDL Mdl;
    NTSTATUS Status = VmbChannelMapGpadl(Channel, 0, Page.Handle, &Mdl);
    if (NT_SUCCESS(Status)) {
        Page.Ring = (volatile UINT32 *)MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    }
    return Status;
}

STATE(UnmapsThePage)
{
    VmbChannelUnmapGpadl(Channel, Page.Handle);
}

VSPLAB_TEST(RingsTheBellOfTheOldHost)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Active(&Options);
    PVSPLAB_STATE State;
    Page.Handle = VspLabGuestCreateGpadl(Channel, 1, FALSE);
    VSPLAB_ASSERT_SUCCESS(MapsThePage(Channel));
    VmbChannelPause(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    UnmapsThePage(Channel);
    Close(Channel);
    MENDED(Options.State.EvtChannelOpened = MapsThePage;)
    MENDED(Options.State.EvtChannelClosed = UnmapsThePage;)
    Channel = Enabled(&Options);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(Channel, State));
    VspLabFreeState(State);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    VmbChannelStart(Channel);
    *Page.Ring = 1; // finds: restore-remap-gpadls
    Close(Channel);
}
