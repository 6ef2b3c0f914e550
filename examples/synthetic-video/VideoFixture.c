/* What a guest and two hosts do to the adapter: modes, full rings, migration, damaged state, memory pressure. */
#include <vsplab.h>

#include "Video.h"

static const GUID Instance = {0x5620e0c7, 0x8062, 0x4dce, {0xae, 0xb7, 0x52, 0x0c, 0x7e, 0xf7, 0x61, 0x71}};
static const SYNTHVID_FEATURES AllFeatures = {1, 1, 1, 1};
static const SYNTHVID_FEATURES NoFeatures = {0, 0, 0, 0};

/* ---- Contexts for runs without a test: no interface is queried there, so the table holds what they use ---- */

VSPLAB_CONTEXT(VIDEO_ADAPTER)
{
    static VIDEO_ADAPTER Adapter;

    VideoKmcl.VmbChannelGetPointer = VmbChannelGetPointer;
    VideoKmcl.VmbPacketAllocate = VmbPacketAllocate;
    VideoKmcl.VmbPacketFree = VmbPacketFree;
    VideoKmcl.VmbPacketGetChannel = VmbPacketGetChannel;
    VideoKmcl.VmbPacketGetPointer = VmbPacketGetPointer;
    VideoKmcl.VmbPacketSetPointer = VmbPacketSetPointer;
    VideoKmcl.VmbPacketSetCompletionRoutine = VmbPacketSetCompletionRoutine;
    VideoKmcl.VmbPacketRestore = VmbPacketRestore;

    VideoInitializeAdapter(&Adapter);
    Adapter.Channel = Channel;
    return &Adapter;
}

VSPLAB_CONTEXT(VIDEO_FEATURE_CHANGE)
{
    PVIDEO_FEATURE_CHANGE Change = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Change), VIDEO_POOL_TAG);

    Change->Features = Index % 2 == 0 ? AllFeatures : NoFeatures;
    if (Index % 3 == 1) {
        Change->EdidLength = SYNTHVID_EDID_LENGTH;
        RtlFillMemory(Change->Edid, SYNTHVID_EDID_LENGTH, (UCHAR)Index);
    }
    VideoLinkFeatureChange(VmbChannelGetPointer(Channel), Change);
    return Change;
}

/* ---- Helpers ---- */

static PVIDEO_ADAPTER CreateAdapter(VOID)
{
    PVIDEO_ADAPTER Adapter = NULL;

    VSPLAB_ASSERT_SUCCESS(VideoCreateAdapter(VspLabDevice(), VspLabVmbusHandle(), &Instance, &Adapter));
    return Adapter;
}

static PVIDEO_ADAPTER StartAdapter(UINT32 RingSize)
{
    PVIDEO_ADAPTER Adapter = CreateAdapter();

    VspLabGuestSetRingSize(Adapter->Channel, RingSize);
    VideoKmcl.VmbChannelStart(Adapter->Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Adapter->Channel));
    return Adapter;
}

static PVSPLAB_STATE PauseAndSave(PVIDEO_ADAPTER Adapter)
{
    PVSPLAB_STATE State = NULL;

    VideoKmcl.VmbChannelPause(Adapter->Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Adapter->Channel, 0, &State));
    return State;
}

/* Leaves the old host, arrives on a new one. */
static PVIDEO_ADAPTER Migrate(PVIDEO_ADAPTER Old)
{
    PVSPLAB_STATE State = PauseAndSave(Old);
    PVIDEO_ADAPTER New;

    VideoDestroyAdapter(Old);
    VspLabRestartHost();
    New = CreateAdapter();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(New->Channel, State));
    VspLabFreeState(State);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(New->Channel));
    VideoKmcl.VmbChannelStart(New->Channel);
    return New;
}

/* The guest takes a feature change and completes it. */
static SYNTHVID_FEATURE_CHANGE GuestTakes(PVIDEO_ADAPTER Adapter)
{
    SYNTHVID_FEATURE_CHANGE Change = {0};
    UINT32 Length = 0;
    UINT64 Transaction = 0;

    VSPLAB_ASSERT(VspLabGuestReceive(Adapter->Channel, &Change, sizeof(Change), &Length, &Transaction));
    VSPLAB_ASSERT_EQUAL(SYNTHVID_TYPE_FEATURE_CHANGE, Change.Header.Type);
    VSPLAB_ASSERT(Change.Header.Size <= Length && Transaction != 0);
    VspLabGuestComplete(Adapter->Channel, Transaction, NULL, 0);
    return Change;
}

/* The guest sends a message and reads the answer, a message of its own. */
static UINT32 GuestAsks(PVIDEO_ADAPTER Adapter, PSYNTHVID_MESSAGE Message, UINT32 Type, UINT32 Size)
{
    UINT32 Length = 0;
    UINT64 Transaction = 0;

    Message->Header.Type = Type;
    Message->Header.Size = Size;
    VSPLAB_ASSERT(VspLabGuestSend(Adapter->Channel, Message, Size, FALSE) != 0);
    RtlZeroMemory(Message, sizeof(*Message));
    if (!VspLabGuestReceive(Adapter->Channel, Message, sizeof(*Message), &Length, &Transaction)) {
        return 0;
    }
    VSPLAB_ASSERT_EQUAL(0, Transaction);
    return Message->Header.Type;
}

/* Offset of the first record in the bytes of a saved state. */
static ULONG FindRecord(const UINT8 *Bytes, ULONG Length)
{
    UINT32 Signature = VIDEO_RECORD_SIGNATURE;
    ULONG Offset;

    for (Offset = 0; Offset + sizeof(Signature) <= Length; Offset++) {
        if (RtlEqualMemory(Bytes + Offset, &Signature, sizeof(Signature))) {
            return Offset;
        }
    }
    VSPLAB_ASSERT(!"a saved feature change");
    return 0;
}

/* ---- Tests ---- */

VSPLAB_TEST(FeatureChangesAndRequestsSurviveMigration)
{
    PVIDEO_ADAPTER Adapter = StartAdapter(65536);
    SYNTHVID_FEATURE_CHANGE Seen;
    UINT8 Edid[SYNTHVID_EDID_LENGTH];

    RtlFillMemory(Edid, sizeof(Edid), 0x5A);
    VSPLAB_ASSERT_SUCCESS(VideoChangeFeatures(Adapter, AllFeatures, Edid));
    VSPLAB_ASSERT_SUCCESS(VideoRequestSituation(Adapter)); /* has no state of ours */
    VSPLAB_ASSERT_SUCCESS(VideoChangeFeatures(Adapter, NoFeatures, NULL));

    Adapter = Migrate(Adapter);
    VSPLAB_ASSERT_EQUAL(3, VspLabInFlight(Adapter->Channel));
    Seen = GuestTakes(Adapter);
    VSPLAB_ASSERT_BYTES(Edid, Seen.Edid, sizeof(Edid));
    VSPLAB_ASSERT_EQUAL(1, Adapter->AcknowledgedRevision);
    VSPLAB_ASSERT_EQUAL(1, Adapter->AcknowledgedFeatures.DirtNeeded);
    Seen = GuestTakes(Adapter);
    VSPLAB_ASSERT(Seen.Features.SituationNeeded && !Seen.Features.DirtNeeded);
    VSPLAB_ASSERT_EQUAL(1, Adapter->AcknowledgedRevision);
    Seen = GuestTakes(Adapter);
    VSPLAB_ASSERT_EQUAL(2, Adapter->AcknowledgedRevision);
    VSPLAB_ASSERT_EQUAL(0, Adapter->AcknowledgedFeatures.DirtNeeded);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(Adapter->Channel));
    VideoDestroyAdapter(Adapter);
}

VSPLAB_TEST(ChangesBehindAFullRingArriveInOrder)
{
    PVIDEO_ADAPTER Adapter = StartAdapter(20480);
    UINT8 Edid[SYNTHVID_EDID_LENGTH];
    UINT32 Index;

    for (Index = 0; Index < 160; Index++) { /* the ring takes about 120 of them */
        RtlFillMemory(Edid, sizeof(Edid), (UCHAR)Index);
        VSPLAB_ASSERT_SUCCESS(VideoChangeFeatures(Adapter, AllFeatures, Edid));
    }
    Adapter = Migrate(Adapter);
    VSPLAB_ASSERT_EQUAL(160, VspLabInFlight(Adapter->Channel));
    for (Index = 0; Index < 160; Index++) {
        VSPLAB_ASSERT_EQUAL((UINT8)Index, GuestTakes(Adapter).Edid[0]);
    }
    VSPLAB_ASSERT_EQUAL(160, Adapter->AcknowledgedRevision);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(Adapter->Channel));
    VideoDestroyAdapter(Adapter);
}

VSPLAB_TEST(DamagedRecordsAreRefused)
{
    static const struct {
        UINT32 Offset;
        UINT8 Value;
        NTSTATUS Expected;
    } Damages[] = {
        {FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, Signature), 'X', STATUS_INVALID_SIGNATURE},
        {FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, Version), VIDEO_RECORD_VERSION + 1, STATUS_REVISION_MISMATCH},
        {FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, Length), 20, STATUS_INVALID_BUFFER_SIZE},
        {FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, EdidLength), 127, STATUS_DATA_ERROR},
        {FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, EdidLength) + 1, 0x7F, STATUS_DATA_ERROR},
        {FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, Revision), 0, STATUS_DATA_ERROR},
        {FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, Features.DirtNeeded), 2, STATUS_DATA_ERROR},
        {FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, Reserved), 1, STATUS_DATA_ERROR},
    };
    PVIDEO_ADAPTER Adapter = StartAdapter(65536);
    UINT8 Edid[SYNTHVID_EDID_LENGTH] = {0};
    PVSPLAB_STATE State;
    PVSPLAB_STATE Damaged;
    PUINT8 Record;
    UINT32 Index;

    VSPLAB_ASSERT_SUCCESS(VideoChangeFeatures(Adapter, AllFeatures, Edid));
    State = PauseAndSave(Adapter);
    VideoDestroyAdapter(Adapter);

    Record = (PUINT8)VspLabStateBytes(State);
    Record += FindRecord(Record, VspLabStateSize(State));
    for (Index = 0; Index < ARRAYSIZE(Damages); Index++) {
        UINT8 Kept = Record[Damages[Index].Offset];

        Record[Damages[Index].Offset] = Damages[Index].Value;
        VSPLAB_ASSERT_SUCCESS(VspLabStateFromBytes(VspLabStateBytes(State), VspLabStateSize(State), &Damaged));
        Record[Damages[Index].Offset] = Kept;

        Adapter = CreateAdapter();
        VSPLAB_ASSERT_STATUS(Damages[Index].Expected, VspLabRestore(Adapter->Channel, Damaged));
        VideoDestroyAdapter(Adapter);
        VspLabFreeState(Damaged);
    }
    VspLabFreeState(State);
}

VSPLAB_TEST(FailuresUnwind)
{
    static const PCSTR SetUp[] = {
        "WdfFdoQueryForInterface",
        "VmbConvertVmbusHandleToKernelHandle",
        "VmbChannelAllocate",
        "VmbServerChannelInitSetVmbusHandle",
        "VmbServerChannelInitSetTargetInterfaceId",
        "VmbChannelInitSetFriendlyName",
        "VmbChannelInitSetMaximumPacketSize",
        "VmbChannelInitSetStateChangeCallbacks",
        "VmbChannelInitSetProcessPacketCallbacks",
        "VmbServerChannelInitSetSaveRestorePacketCallbacks",
        "VmbChannelEnable",
    };
    PVIDEO_ADAPTER Adapter;
    PVSPLAB_STATE State;
    UINT32 Index;
    ULONG Skip;
    NTSTATUS Status = STATUS_UNSUCCESSFUL;

    for (Index = 0; Index < ARRAYSIZE(SetUp); Index++) {
        VspLabFailNext(SetUp[Index], Status);
        VSPLAB_ASSERT_STATUS(Status, VideoCreateAdapter(VspLabDevice(), VspLabVmbusHandle(), &Instance, &Adapter));
        VSPLAB_ASSERT(Adapter == NULL);
    }

    Adapter = StartAdapter(65536);
    VSPLAB_ASSERT_SUCCESS(VideoChangeFeatures(Adapter, AllFeatures, NULL));
    VSPLAB_ASSERT_SUCCESS(VideoRequestSituation(Adapter));
    State = PauseAndSave(Adapter);
    VideoDestroyAdapter(Adapter);

    for (Skip = 0; !NT_SUCCESS(Status); Skip++) { /* each allocation fails once */
        Adapter = CreateAdapter();
        VspLabFailAllocations(Skip, 1);
        Status = VspLabRestore(Adapter->Channel, State);
        VspLabFailAllocations(0, 0);
        VSPLAB_ASSERT(NT_SUCCESS(Status) || Status == STATUS_INSUFFICIENT_RESOURCES);
        VideoDestroyAdapter(Adapter);
    }
    VSPLAB_ASSERT(Skip > 2);

    Adapter = CreateAdapter();
    VspLabFailNext("VmbPacketRestore", STATUS_INVALID_PARAMETER);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, VspLabRestore(Adapter->Channel, State));
    VSPLAB_ASSERT(IsListEmpty(&Adapter->Outstanding));
    VideoDestroyAdapter(Adapter);
    VspLabFreeState(State);
}

VSPLAB_TEST(GuestNegotiatesAndReportsItsSituation)
{
    PVIDEO_ADAPTER Adapter = StartAdapter(65536);
    SYNTHVID_MESSAGE Message = {0};
    const UINT32 HeaderSize = sizeof(Message.Header);

    Message.Version = SYNTHVID_VERSION_3_5;
    VSPLAB_ASSERT_EQUAL(SYNTHVID_TYPE_VERSION_RESPONSE,
                        GuestAsks(Adapter, &Message, SYNTHVID_TYPE_VERSION_REQUEST,
                                  HeaderSize + sizeof(Message.Version)));
    VSPLAB_ASSERT(Message.VersionResponse.Accepted == 1 && Message.VersionResponse.Version == SYNTHVID_VERSION_3_5);

    RtlZeroMemory(&Message, sizeof(Message));
    Message.Situation.UserContext = 0x1122334455667788;
    Message.Situation.OutputCount = 1;
    Message.Situation.Width = 1920;
    Message.Situation.Height = 1080;
    VSPLAB_ASSERT_EQUAL(SYNTHVID_TYPE_SITUATION_UPDATE_ACK,
                        GuestAsks(Adapter, &Message, SYNTHVID_TYPE_SITUATION_UPDATE,
                                  HeaderSize + sizeof(Message.Situation)));
    VSPLAB_ASSERT_EQUAL(0x1122334455667788, Message.AckContext);
    VSPLAB_ASSERT_EQUAL(1920, Adapter->Situation.Width);

    /* Two rectangles promised, none sent. */
    RtlZeroMemory(&Message, sizeof(Message));
    Message.Dirt.RectangleCount = 2;
    VSPLAB_ASSERT_EQUAL(0, GuestAsks(Adapter, &Message, SYNTHVID_TYPE_DIRT, HeaderSize + sizeof(Message.Dirt)));
    VSPLAB_ASSERT_EQUAL(0, Adapter->DirtyRectangles);
    RtlZeroMemory(&Message, sizeof(Message));
    Message.Dirt.RectangleCount = 1;
    VSPLAB_ASSERT_EQUAL(0, GuestAsks(Adapter, &Message, SYNTHVID_TYPE_DIRT,
                                     HeaderSize + sizeof(Message.Dirt) + sizeof(SYNTHVID_RECTANGLE)));
    VSPLAB_ASSERT_EQUAL(1, Adapter->DirtyRectangles);

    Message.Header.Size = MAXUINT32; /* more than was sent */
    VSPLAB_ASSERT(VspLabGuestSend(Adapter->Channel, &Message, HeaderSize, TRUE) != 0);
    VideoDestroyAdapter(Adapter);
}

VSPLAB_TEST(GuestClosesWithPacketsOutstanding)
{
    PVIDEO_ADAPTER Adapter = StartAdapter(65536);

    VSPLAB_ASSERT_SUCCESS(VideoChangeFeatures(Adapter, AllFeatures, NULL));
    VSPLAB_ASSERT_SUCCESS(VideoRequestSituation(Adapter));
    VspLabGuestCloseChannel(Adapter->Channel);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(Adapter->Channel));
    VSPLAB_ASSERT_EQUAL(0, Adapter->AcknowledgedRevision);
    VSPLAB_ASSERT_STATUS(STATUS_DEVICE_NOT_READY, VideoRequestSituation(Adapter));

    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Adapter->Channel)); /* and comes back */
    VSPLAB_ASSERT_SUCCESS(VideoChangeFeatures(Adapter, NoFeatures, NULL));
    GuestTakes(Adapter);
    VSPLAB_ASSERT_EQUAL(2, Adapter->AcknowledgedRevision);
    VideoDestroyAdapter(Adapter);
}
