// The driver's part of a restore (kmcl-facts 7.7, restore-).
#include "../Corpus.h"

namespace {

class Pieces {
public:
    // Saves six packets in small pieces and closes their channel.
    Pieces()
    {
        OPTIONS options = Defaults();
        VMBCHANNEL channel = PausedWith(&options, 6);
        VSPLAB_ASSERT_SUCCESS(VmbChannelSaveBegin(channel));
        NTSTATUS status;
        do {
            ULONG required;
            status = VmbChannelSaveContinue(channel, Data[Count], sizeof(Data[0]), &Length[Count], &required);
            Count++;
        } while (status == STATUS_BUFFER_OVERFLOW);
        VSPLAB_ASSERT_SUCCESS(status);
        VmbChannelSaveEnd(channel);
        Close(channel);
    }
    NTSTATUS Feed(VMBCHANNEL channel, ULONG index)
    {
        return VmbChannelRestoreFromBuffer(channel, Data[index], Length[index]);
    }
    UINT8 Data[16][180];
    ULONG Length[16];
    ULONG Count = 0;
};

VMBCHANNEL Fresh()
{
    OPTIONS options = Defaults();
    return Enabled(&options);
}

} // namespace

VSPLAB_TEST(RestoresARunningChannel)
{
    Pieces pieces;
    VMBCHANNEL channel = Fresh();
    BROKEN(VmbChannelStart(channel);)
    NTSTATUS status = VmbChannelRestoreFromBuffer(channel, pieces.Data[0], pieces.Length[0]); // finds: restore-before-active
    MENDED(VSPLAB_ASSERT_STATUS(STATUS_MORE_PROCESSING_REQUIRED, status);)
    UNREFERENCED_PARAMETER(status);
    Close(channel);
}

static NTSTATUS Load(VMBCHANNEL channel, PVSPLAB_STATE state)
{
    return VspLabRestore(channel, state); // finds: restore-before-active
}
VSPLAB_TEST(RestoresAfterOpen)
{
    OPTIONS options = Defaults();
    PVSPLAB_STATE state;
    VMBCHANNEL channel = PausedWith(&options, 2);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    Close(channel);
    VspLabRestartHost();
    channel = Fresh();
    MENDED(VSPLAB_ASSERT_SUCCESS(Load(channel, state));)
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    BROKEN((void)Load(channel, state);)
    VspLabFreeState(state);
    Close(channel);
}

VSPLAB_TEST(LeavesAPieceOut)
{
    Pieces pieces;
    VMBCHANNEL channel = Fresh();
    VSPLAB_ASSERT_STATUS(STATUS_MORE_PROCESSING_REQUIRED, pieces.Feed(channel, 0));
    const ULONG next = BROKEN(2) MENDED(1);
    NTSTATUS status = VmbChannelRestoreFromBuffer(channel, pieces.Data[next], pieces.Length[next]); // finds: restore-order
    UNREFERENCED_PARAMETER(status);
    Close(channel);
}

template <typename T> static NTSTATUS FeedHalf(VMBCHANNEL channel, T *bytes, ULONG length)
{
    return VmbChannelRestoreFromBuffer(channel, bytes, length); // finds: restore-order
}
VSPLAB_TEST(TearsAPieceApart)
{
    Pieces pieces;
    VMBCHANNEL channel = Fresh();
    (void)FeedHalf(channel, pieces.Data[0], pieces.Length[0] BROKEN(- 20));
    Close(channel);
}

VSPLAB_TEST(StartsBeforeTheLastPiece)
{
    Pieces pieces;
    VMBCHANNEL channel = Fresh();
    ULONG last = pieces.Count BROKEN(- 1);
    for (ULONG index = 0; index < last; index++) {
        (void)pieces.Feed(channel, index);
    }
    VmbChannelStart(channel); // finds: restore-finish
    Close(channel);
}

static NTSTATUS FeedAll(Pieces &pieces, VMBCHANNEL channel)
{
    NTSTATUS status = STATUS_MORE_PROCESSING_REQUIRED;
    for (ULONG index = 0; index < pieces.Count BROKEN(+ 1); index++) {
        const ULONG which = index % pieces.Count;
        status = VmbChannelRestoreFromBuffer(channel, pieces.Data[which], pieces.Length[which]); // finds: restore-finish
    }
    return status;
}
VSPLAB_TEST(FeedsOnAfterSuccess)
{
    Pieces pieces;
    VMBCHANNEL channel = Fresh();
    (void)FeedAll(pieces, channel);
    Close(channel);
}

static VMBCHANNEL HalfRestored()
{
    Pieces pieces;
    VMBCHANNEL channel = Fresh();
    VSPLAB_ASSERT_STATUS(STATUS_MORE_PROCESSING_REQUIRED, pieces.Feed(channel, 0));
    VspLabFailNext("VmbPacketRestore", STATUS_UNSUCCESSFUL);
    VSPLAB_ASSERT(!NT_SUCCESS(pieces.Feed(channel, 1)));
    return channel;
}
VSPLAB_TEST(StartsAHalfRestoredChannel)
{
    VMBCHANNEL channel = HalfRestored();
    BROKEN(VmbChannelStart(channel);) // finds: restore-unwind
    Close(channel);
}

static void Resume(VMBCHANNEL channel, NTSTATUS status)
{
    if (status != STATUS_MORE_PROCESSING_REQUIRED MENDED(&& NT_SUCCESS(status))) {
        VmbChannelStart(channel); // finds: restore-unwind
    }
}
VSPLAB_TEST(TakesAFailureForTheEnd)
{
    VMBCHANNEL channel = HalfRestored();
    Resume(channel, STATUS_UNSUCCESSFUL);
    Close(channel);
}

VSPLAB_TEST(RestoresWithSmallerPackets)
{
    OPTIONS options = Defaults();
    PVSPLAB_STATE state;
    VMBCHANNEL channel = PausedWith(&options, 1);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    Close(channel);
    VspLabRestartHost();
    BROKEN(options.MaximumPacket = 128;)
    options.Restore = [](VMBCHANNEL own, PVOID libBuf, UINT32 libBufSize, PVOID saveBuf, UINT32 saveBufSize) {
        PREQUEST request = Unpack(saveBuf, saveBufSize);
        VMBPACKET packet = VmbPacketAllocate(own);
        VmbPacketSetPointer(packet, request);
        VmbPacketSetCompletionRoutine(packet, Finish);
        NTSTATUS status = VmbPacketRestore(packet, libBuf, libBufSize); // finds: restore-same-config
        if (!NT_SUCCESS(status)) {
            ExFreePoolWithTag(request, TAG);
            VmbPacketFree(packet);
        }
        return status;
    };
    channel = Enabled(&options);
    (void)VspLabRestore(channel, state);
    VspLabFreeState(state);
    Close(channel);
}

static NTSTATUS Revive(VMBCHANNEL channel, PVOID libBuf, UINT32 libBufSize, PREQUEST request)
{
    VMBPACKET packet = VmbPacketAllocate(channel);
    if (packet == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(packet, request);
    VmbPacketSetCompletionRoutine(packet, Finish);
    NTSTATUS status = VmbPacketRestore(packet, libBuf, libBufSize); // finds: restore-same-config
    if (!NT_SUCCESS(status)) {
        VmbPacketFree(packet);
    }
    return status;
}
RESTORE(RevivesInAHelper)
{
    PREQUEST request = Unpack(SaveBuf, SaveBufSize);
    NTSTATUS status = Revive(Channel, LibBuf, LibBufSize, request);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(request, TAG);
    }
    return status;
}
VSPLAB_TEST(RestoresQueuedPacketsWithSmallerPackets)
{
    OPTIONS options = Defaults();
    PVSPLAB_STATE state;
    options.MaximumPacket = 1024;
    VMBCHANNEL channel = Enabled(&options);
    Send(channel, 1);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    Close(channel);
    VspLabRestartHost();
    options.MaximumPacket = BROKEN(512) MENDED(2048);
    options.Restore = RevivesInAHelper;
    channel = Enabled(&options);
    (void)VspLabRestore(channel, state);
    VspLabFreeState(state);
    Close(channel);
}

VSPLAB_TEST(SavesWhatANewChannelDrops)
{
    OPTIONS options = Defaults();
    options.ServerFlags = VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL;
    VMBCHANNEL channel = PausedWith(&options, BROKEN(2) MENDED(0));
    if (NT_SUCCESS(VmbChannelSaveBegin(channel))) { // finds: restore-force-new
        VmbChannelSaveEnd(channel);
    }
    Close(channel);
}

static NTSTATUS SaveForLater(VMBCHANNEL channel)
{
    PVSPLAB_STATE state = nullptr;
    NTSTATUS status = VspLabSave(channel, 0, &state); // finds: restore-force-new
    if (NT_SUCCESS(status)) {
        VspLabFreeState(state);
    }
    return status;
}
VSPLAB_TEST(LeavesRequestsOpenAtSave)
{
    OPTIONS options = Defaults();
    options.ServerFlags = VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL;
    VMBCHANNEL channel = Active(&options);
    Send(channel, 1);
    MENDED(VspLabGuestCompleteAll(channel);)
    VmbChannelPause(channel);
    (void)SaveForLater(channel);
    Close(channel);
}

// Mappings of GPADLs do not come back by themselves.
namespace {

struct SharedPage {
    UINT32 Handle;
    PUINT8 Address;
};
SharedPage Page;

NTSTATUS MapPage(VMBCHANNEL channel)
{
    PMDL mdl;
    NTSTATUS status = VmbChannelMapGpadl(channel, 0, Page.Handle, &mdl);
    if (NT_SUCCESS(status)) {
        Page.Address = static_cast<PUINT8>(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    }
    return status;
}
void UnmapPage(VMBCHANNEL channel)
{
    VmbChannelUnmapGpadl(channel, Page.Handle);
}

// Moves a channel with a mapped page to another one on the same host.
VMBCHANNEL Move(OPTIONS &options)
{
    PVSPLAB_STATE state;
    options.State.EvtChannelClosed = UnmapPage;
    VMBCHANNEL channel = Active(&options);
    Page.Handle = VspLabGuestCreateGpadl(channel, 1, FALSE);
    VSPLAB_ASSERT_SUCCESS(MapPage(channel));
    Send(channel, 1);
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    Close(channel);
    options.State.EvtChannelClosed = nullptr;
    MENDED(options.State.EvtChannelOpened = MapPage;)
    MENDED(options.State.EvtChannelClosed = UnmapPage;)
    channel = Enabled(&options);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(channel, state));
    VspLabFreeState(state);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VmbChannelStart(channel);
    return channel;
}

} // namespace

VSPLAB_TEST(WritesToThePageOfTheOldHost)
{
    OPTIONS options = Defaults();
    VMBCHANNEL channel = Move(options);
    Page.Address[0] = 1; // finds: restore-remap-gpadls
    Close(channel);
}

COMPLETION(NotesInPage)
{
    Page.Address[8] = 2; // finds: restore-remap-gpadls
    Finish(Packet, Status, Buffer, Length);
}
RESTORE(RestoresWithNote)
{
    PREQUEST request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET packet = VmbPacketAllocate(Channel);
    if (packet == NULL) {
        ExFreePoolWithTag(request, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(packet, request);
    VmbPacketSetCompletionRoutine(packet, NotesInPage);
    NTSTATUS status = VmbPacketRestore(packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(request, TAG);
        VmbPacketFree(packet);
    }
    return status;
}
VSPLAB_TEST(CompletesIntoThePageOfTheOldHost)
{
    OPTIONS options = Defaults();
    options.Restore = RestoresWithNote;
    VMBCHANNEL channel = Move(options);
    VspLabGuestCompleteAll(channel);
    Close(channel);
}
