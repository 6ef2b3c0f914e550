/* What a guest and two hosts do to the adapter: traffic, full rings, migration, damaged state, memory pressure. */
#include <vsplab.h>

#include "Nic.h"

static const GUID Instance = {0x2c5f1d10, 0x64a1, 0x4b4e, {0x9c, 0x1f, 0x0d, 0x5b, 0x3a, 0x77, 0x21, 0x4d}};
static UINT8 FrameBytes[NIC_MAXIMUM_FRAME];

/* ---- Contexts for runs without a test: indications as NicIndicateReceive makes them ---- */

VSPLAB_CONTEXT(NIC_ADAPTER)
{
    static NIC_ADAPTER Adapter;

    NicInitializeAdapter(&Adapter);
    Adapter.Channel = Channel;
    return &Adapter;
}

VSPLAB_CONTEXT(NIC_INDICATION)
{
    PNIC_INDICATION Indication = NicAllocateIndication(1 + Index % NIC_MAXIMUM_FRAMES);
    const UINT32 Lengths = NIC_MAXIMUM_FRAME - NIC_MINIMUM_FRAME + 1;
    UINT32 Frame;

    for (Frame = 0; Frame < Indication->FrameCount; Frame++) {
        Indication->Frames[Frame].Length = NIC_MINIMUM_FRAME + (Index * 97 + Frame * 31) % Lengths;
        Indication->Frames[Frame].Queue = (UINT16)((Index + Frame) % NIC_QUEUE_COUNT);
    }
    NicLinkIndication(VmbChannelGetPointer(Channel), Indication);
    return Indication;
}

/* ---- Helpers ---- */

static VOID FillFrameBytes(VOID)
{
    UINT32 Index;

    for (Index = 0; Index < sizeof(FrameBytes); Index++) {
        FrameBytes[Index] = (UINT8)(Index * 7 + 1);
    }
}

VSPLAB_SETUP()
{
    FillFrameBytes();
}

static PNIC_ADAPTER CreateAdapter(VOID)
{
    PNIC_ADAPTER Adapter = NULL;

    VSPLAB_ASSERT_SUCCESS(NicCreateAdapter(VspLabDevice(), VspLabVmbusHandle(), &Instance, &Adapter));
    return Adapter;
}

static PNIC_ADAPTER StartAdapter(UINT32 RingSize)
{
    PNIC_ADAPTER Adapter = CreateAdapter();

    VspLabGuestSetRingSize(Adapter->Channel, RingSize);
    VmbChannelStart(Adapter->Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Adapter->Channel));
    return Adapter;
}

/* Indicates Count frames of Length bytes, all on one queue. */
static VOID Indicate(PNIC_ADAPTER Adapter, UINT32 Count, UINT32 Length, UINT16 Queue)
{
    NIC_FRAME Frames[NIC_MAXIMUM_FRAMES];
    UINT32 Index;

    for (Index = 0; Index < Count; Index++) {
        Frames[Index].Data = FrameBytes;
        Frames[Index].Length = Length;
        Frames[Index].Queue = Queue;
    }
    VSPLAB_ASSERT_SUCCESS(NicIndicateReceive(Adapter, Frames, Count));
}

/* The guest takes one indication, looks at its first frame and completes it. */
static VOID GuestConsume(PNIC_ADAPTER Adapter, UINT32 ExpectedFrameLength)
{
    static UINT8 Message[NIC_MAXIMUM_PACKET];
    RNDIS_PACKET_MESSAGE Rndis;
    NVSP_MESSAGE Nvsp = {0};
    UINT32 Length;
    UINT64 Transaction;

    VSPLAB_ASSERT(VspLabGuestReceive(Adapter->Channel, Message, sizeof(Message), &Length, &Transaction));
    VSPLAB_ASSERT(Transaction != 0 && Length >= sizeof(Nvsp) + sizeof(Rndis));
    RtlCopyMemory(&Nvsp, Message, sizeof(Nvsp));
    RtlCopyMemory(&Rndis, Message + sizeof(Nvsp), sizeof(Rndis));
    VSPLAB_ASSERT_EQUAL(NVSP_MESSAGE_SEND_RNDIS_PACKET, Nvsp.MessageType);
    VSPLAB_ASSERT_EQUAL(ExpectedFrameLength, Rndis.DataLength);
    VSPLAB_ASSERT_BYTES(FrameBytes, Message + sizeof(Nvsp) + RNDIS_OFFSET_BASE + Rndis.DataOffset, Rndis.DataLength);

    RtlZeroMemory(&Nvsp, sizeof(Nvsp));
    Nvsp.MessageType = NVSP_MESSAGE_SEND_RNDIS_PACKET_COMPLETE;
    Nvsp.SendRndisPacketComplete.Status = NVSP_STATUS_SUCCESS;
    VspLabGuestComplete(Adapter->Channel, Transaction, &Nvsp, sizeof(Nvsp));
}

static PVSPLAB_STATE PauseAndSave(PNIC_ADAPTER Adapter)
{
    PVSPLAB_STATE State = NULL;

    VmbChannelPause(Adapter->Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Adapter->Channel, 0, &State));
    return State;
}

/* Leaves the old host, arrives on a new one. */
static PNIC_ADAPTER Migrate(PNIC_ADAPTER Old)
{
    PVSPLAB_STATE State = PauseAndSave(Old);
    PNIC_ADAPTER New;

    NicDestroyAdapter(Old);
    VspLabRestartHost();
    FillFrameBytes(); /* globals begin afresh, the fixture's too */
    New = CreateAdapter();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(New->Channel, State));
    VspLabFreeState(State);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(New->Channel));
    VmbChannelStart(New->Channel);
    return New;
}

/* Offset of the first record in the bytes of a saved state. */
static ULONG FindRecord(const UINT8 *Bytes, ULONG Length)
{
    UINT32 Signature = NIC_RECORD_SIGNATURE;
    ULONG Offset;

    for (Offset = 0; Offset + sizeof(Signature) <= Length; Offset++) {
        if (RtlEqualMemory(Bytes + Offset, &Signature, sizeof(Signature))) {
            return Offset;
        }
    }
    VSPLAB_ASSERT(!"a saved indication");
    return 0;
}

/* ---- Tests ---- */

VSPLAB_TEST(IndicationsInFlightSurviveMigration)
{
    PNIC_ADAPTER Adapter = StartAdapter(65536);

    Indicate(Adapter, 1, 60, 3);
    Indicate(Adapter, NIC_MAXIMUM_FRAMES, 1514, 5);
    VSPLAB_ASSERT_EQUAL(2, VspLabInFlight(Adapter->Channel));

    Adapter = Migrate(Adapter);
    VSPLAB_ASSERT_EQUAL(2, VspLabInFlight(Adapter->Channel));
    VSPLAB_ASSERT_EQUAL(1, Adapter->QueuedFrames[3]);
    VSPLAB_ASSERT_EQUAL(NIC_MAXIMUM_FRAMES, Adapter->QueuedFrames[5]);

    GuestConsume(Adapter, 60);
    GuestConsume(Adapter, 1514);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(Adapter->Channel));
    VSPLAB_ASSERT_EQUAL(1 + NIC_MAXIMUM_FRAMES, Adapter->FramesDelivered);
    VSPLAB_ASSERT_EQUAL(0, Adapter->QueuedFrames[5]);
    NicDestroyAdapter(Adapter);
}

VSPLAB_TEST(IndicationsQueuedBehindAFullRingArriveInOrder)
{
    PNIC_ADAPTER Adapter = StartAdapter(16384);
    UINT32 Index;

    for (Index = 0; Index < 24; Index++) { /* the ring takes about ten of them */
        Indicate(Adapter, 1, 1400 + Index, (UINT16)(Index % NIC_QUEUE_COUNT));
    }
    VSPLAB_ASSERT_EQUAL(24, VspLabInFlight(Adapter->Channel));

    Adapter = Migrate(Adapter);
    for (Index = 0; Index < 24; Index++) {
        GuestConsume(Adapter, 1400 + Index);
    }
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(Adapter->Channel));
    VSPLAB_ASSERT_EQUAL(24, Adapter->FramesDelivered);
    NicDestroyAdapter(Adapter);
}

VSPLAB_TEST(DamagedRecordsAreRefused)
{
    PNIC_ADAPTER Adapter = StartAdapter(65536);
    PVSPLAB_STATE State;
    PVSPLAB_STATE Damaged;
    PUINT8 Bytes;
    ULONG Length;
    ULONG Record;
    ULONG Index;

    Indicate(Adapter, 1, 60, 1);
    Indicate(Adapter, 3, 200, 7);
    State = PauseAndSave(Adapter);
    NicDestroyAdapter(Adapter);

    Bytes = VspLabStateBytes(State);
    Length = VspLabStateSize(State);
    Record = FindRecord(Bytes, Length);
    for (Index = 0; Index < FIELD_OFFSET(NIC_SAVED_INDICATION, Frames) + sizeof(NIC_SAVED_FRAME); Index++) {
        Bytes[Record + Index] ^= 0x10;
        VSPLAB_ASSERT_SUCCESS(VspLabStateFromBytes(Bytes, Length, &Damaged));
        Bytes[Record + Index] ^= 0x10;

        Adapter = CreateAdapter();
        VSPLAB_ASSERT(!NT_SUCCESS(VspLabRestore(Adapter->Channel, Damaged)));
        NicDestroyAdapter(Adapter);
        VspLabFreeState(Damaged);
    }
    VspLabFreeState(State);
}

VSPLAB_TEST(FailuresUnwind)
{
    static const PCSTR SetUp[] = {
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
    PNIC_ADAPTER Adapter;
    PVSPLAB_STATE State;
    UINT32 Index;
    ULONG Skip;
    NTSTATUS Status = STATUS_UNSUCCESSFUL;

    for (Index = 0; Index < ARRAYSIZE(SetUp); Index++) {
        VspLabFailNext(SetUp[Index], Status);
        VSPLAB_ASSERT_STATUS(Status, NicCreateAdapter(VspLabDevice(), VspLabVmbusHandle(), &Instance, &Adapter));
        VSPLAB_ASSERT(Adapter == NULL);
    }

    Adapter = StartAdapter(65536);
    Indicate(Adapter, 1, 60, 1);
    Indicate(Adapter, 2, 61, 2);
    State = PauseAndSave(Adapter);
    NicDestroyAdapter(Adapter);

    for (Skip = 0; !NT_SUCCESS(Status); Skip++) { /* each allocation fails once */
        Adapter = CreateAdapter();
        VspLabFailAllocations(Skip, 1);
        Status = VspLabRestore(Adapter->Channel, State);
        VspLabFailAllocations(0, 0);
        if (!NT_SUCCESS(Status)) {
            VSPLAB_ASSERT_STATUS(STATUS_INSUFFICIENT_RESOURCES, Status);
        }
        NicDestroyAdapter(Adapter);
    }
    VSPLAB_ASSERT(Skip > 2);

    Adapter = CreateAdapter();
    VspLabFailNext("VmbPacketRestore", STATUS_INVALID_PARAMETER);
    VSPLAB_ASSERT_STATUS(STATUS_INVALID_PARAMETER, VspLabRestore(Adapter->Channel, State));
    VSPLAB_ASSERT(IsListEmpty(&Adapter->Outstanding));
    VSPLAB_ASSERT_EQUAL(0, Adapter->QueuedFrames[1]);
    NicDestroyAdapter(Adapter);
    VspLabFreeState(State);
}

VSPLAB_TEST(GuestNegotiatesAndTransmits)
{
    PNIC_ADAPTER Adapter = StartAdapter(65536);
    struct {
        NVSP_MESSAGE Nvsp;
        RNDIS_PACKET_MESSAGE Rndis;
        UINT8 Frame[NIC_MINIMUM_FRAME];
    } Request = {0};
    NVSP_MESSAGE Answer;
    UINT32 Length;
    UINT64 Transaction;

    Request.Nvsp.MessageType = NVSP_MESSAGE_INIT;
    Request.Nvsp.Init.MinimumVersion = NVSP_PROTOCOL_VERSION_6_1;
    Request.Nvsp.Init.MaximumVersion = NVSP_PROTOCOL_VERSION_6_1;
    Transaction = VspLabGuestSend(Adapter->Channel, &Request, sizeof(Request.Nvsp), TRUE);
    VSPLAB_ASSERT(VspLabGuestGetCompletion(Adapter->Channel, Transaction, &Answer, sizeof(Answer), &Length));
    VSPLAB_ASSERT_EQUAL(sizeof(Answer), Length);
    VSPLAB_ASSERT_EQUAL(NVSP_PROTOCOL_VERSION_6_1, Answer.InitComplete.NegotiatedVersion);

    Request.Nvsp.MessageType = NVSP_MESSAGE_SEND_RNDIS_PACKET;
    Request.Nvsp.SendRndisPacket.ChannelType = NVSP_CHANNEL_TYPE_DATA;
    Request.Nvsp.SendRndisPacket.SendBufferSectionIndex = NVSP_INVALID_SECTION;
    Request.Rndis.MessageType = RNDIS_MESSAGE_PACKET;
    Request.Rndis.MessageLength = sizeof(Request.Rndis) + sizeof(Request.Frame);
    Request.Rndis.DataOffset = sizeof(Request.Rndis) - RNDIS_OFFSET_BASE;
    Request.Rndis.DataLength = sizeof(Request.Frame);
    Transaction = VspLabGuestSend(Adapter->Channel, &Request, sizeof(Request), TRUE);
    VSPLAB_ASSERT(VspLabGuestGetCompletion(Adapter->Channel, Transaction, &Answer, sizeof(Answer), &Length));
    VSPLAB_ASSERT_EQUAL(NVSP_STATUS_SUCCESS, Answer.SendRndisPacketComplete.Status);

    Request.Rndis.DataOffset = MAXUINT32 - 4; /* wraps if it is added to carelessly */
    Transaction = VspLabGuestSend(Adapter->Channel, &Request, sizeof(Request), TRUE);
    VSPLAB_ASSERT(VspLabGuestGetCompletion(Adapter->Channel, Transaction, &Answer, sizeof(Answer), &Length));
    VSPLAB_ASSERT_EQUAL(NVSP_STATUS_INVALID_RNDIS_PACKET, Answer.SendRndisPacketComplete.Status);
    VSPLAB_ASSERT_EQUAL(1, Adapter->FramesTransmitted);

    Transaction = VspLabGuestSend(Adapter->Channel, &Request, sizeof(UINT32), TRUE); /* too short for anything */
    VSPLAB_ASSERT(VspLabGuestGetCompletion(Adapter->Channel, Transaction, &Answer, sizeof(Answer), &Length));
    VSPLAB_ASSERT_EQUAL(0, Length);
    NicDestroyAdapter(Adapter);
}

VSPLAB_TEST(GuestClosesWithIndicationsOutstanding)
{
    PNIC_ADAPTER Adapter = StartAdapter(65536);
    NIC_FRAME Frame = {FrameBytes, 128, 0};

    Indicate(Adapter, 4, 300, 2);
    VspLabFreeState(PauseAndSave(Adapter)); /* a checkpoint: the machine goes on here */
    VSPLAB_ASSERT_STATUS(STATUS_DEVICE_NOT_READY, NicIndicateReceive(Adapter, &Frame, 1));
    VmbChannelStart(Adapter->Channel);

    Indicate(Adapter, 1, 301, 2);
    VspLabGuestCloseChannel(Adapter->Channel);
    VSPLAB_ASSERT_EQUAL(0, VspLabInFlight(Adapter->Channel));
    VSPLAB_ASSERT_EQUAL(0, Adapter->QueuedFrames[2]);
    VSPLAB_ASSERT_EQUAL(0, Adapter->FramesDelivered);

    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Adapter->Channel)); /* and comes back */
    Indicate(Adapter, 1, 302, 2);
    GuestConsume(Adapter, 302);
    NicDestroyAdapter(Adapter);
}
