/* A client endpoint, and what only a client may do (kmcl-facts 7.4, out-external and out-sync). */
#include "../Corpus.h"

static KSPIN_LOCK Lock;

/* A client endpoint that lends pages. */
static VMBCHANNEL Client(VOID)
{
    VMBCHANNEL Channel;
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), FALSE, &Channel));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(Channel, 256));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumExternalData(Channel, 65536, 16));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(Channel, Answer, NULL));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    VspLabRunPending();
    return Channel;
}
static PMDL MdlOf(PVOID Memory, ULONG Length)
{
    PMDL Mdl = IoAllocateMdl(Memory, Length, FALSE, FALSE, NULL);
    VSPLAB_ASSERT(Mdl != NULL);
    MmBuildMdlForNonPagedPool(Mdl);
    return Mdl;
}
static VOID EndClient(VMBCHANNEL Channel)
{
    VmbChannelDisable(Channel);
    VmbChannelCleanup(Channel);
}

VSPLAB_TEST(LendsAnMdlWithoutWaiting)
{
    VMBCHANNEL Channel = Client();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    PMDL Mdl = MdlOf(Bytes, 512);
    UINT32 Flags = MENDED(WAIT) BROKEN(0);
    if (!NT_SUCCESS(VmbPacketSendWithExternalMdl(Packet, Bytes, 16, Mdl, 0, 0, Flags))) { // finds: out-external-wait
        VmbPacketFree(Packet);
    }
    EndClient(Channel);
    IoFreeMdl(Mdl);
}

static NTSTATUS LendPages(VMBPACKET Packet, UINT32 Flags)
{
    PFN_NUMBER Page = 7;
    return VmbPacketSendWithExternalPfns(Packet, Bytes, 16, &Page, 1, Flags); // finds: out-external-wait
}
VSPLAB_TEST(LendsPagesWithoutWaiting)
{
    VMBCHANNEL Channel = Client();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    if (!NT_SUCCESS(LendPages(Packet, BROKEN(VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER) MENDED(WAIT)))) {
        VmbPacketFree(Packet);
    }
    EndClient(Channel);
}

VSPLAB_TEST(ServerLendsAnMdl)
{
    VMBCHANNEL Channel = Open();
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    PMDL Mdl = MdlOf(Bytes, 512);
    if (!NT_SUCCESS(VmbPacketSend(Packet, Bytes, 8, BROKEN(Mdl) MENDED(NULL), WAIT))) { // finds: out-server-no-external
        VmbPacketFree(Packet);
    }
    Close(Channel);
    IoFreeMdl(Mdl);
}

VSPLAB_TEST(AsksAtDispatchLevel)
{
    VMBCHANNEL Channel = Client();
    LARGE_INTEGER Limit;
    KIRQL Irql;
    Limit.QuadPart = BROKEN(-10000) MENDED(0);
    KeAcquireSpinLock(&Lock, &Irql);
    (VOID)VmbChannelSendSynchronousRequest(Channel, Bytes, 8, NULL, 0, NULL, NULL, &Limit); // finds: out-sync-irql
    KeReleaseSpinLock(&Lock, Irql);
    EndClient(Channel);
}

DPC(AsksInADpc)
{
    UINT8 Reply[8];
    UINT32 Size = sizeof(Reply);
    BROKEN((VOID)VmbChannelSendSynchronousRequest((VMBCHANNEL)Context, Bytes, 8, NULL, WAIT, Reply, &Size, NULL);) // finds: out-sync-irql
    VSPLAB_LOG("%u", Size);
}
VSPLAB_TEST(AsksAndWaitsInADpc)
{
    VMBCHANNEL Channel = Client();
    static KDPC Object;
    KeInitializeDpc(&Object, AsksInADpc, Channel);
    KeInsertQueueDpc(&Object, NULL, NULL);
    KeFlushQueuedDpcs();
    EndClient(Channel);
}

VSPLAB_TEST(AnswerOfTwelveBytes)
{
    VMBCHANNEL Channel = Client();
    UINT8 Reply[16];
    UINT32 Size = BROKEN(12) MENDED(16);
    LARGE_INTEGER Limit;
    Limit.QuadPart = -10000;
    (VOID)VmbChannelSendSynchronousRequest(Channel, Bytes, 8, NULL, WAIT, Reply, &Size, &Limit); // finds: out-sync-size8
    EndClient(Channel);
}

#pragma pack(push, 1)
typedef struct _VERSION_REPLY {
    UINT32 Version;
    UINT8 Accepted;
    MENDED(UINT8 Padding[3];)
} VERSION_REPLY;
#pragma pack(pop)
static NTSTATUS AskVersion(VMBCHANNEL Channel, VERSION_REPLY *Reply)
{
    UINT32 Size = sizeof(*Reply);
    LARGE_INTEGER Limit;
    Limit.QuadPart = -10000;
    return VmbChannelSendSynchronousRequest(Channel, Bytes, 8, NULL, WAIT, Reply, &Size, &Limit); // finds: out-sync-size8
}
VSPLAB_TEST(AnswerOfAPackedStructure)
{
    VMBCHANNEL Channel = Client();
    VERSION_REPLY Reply;
    (VOID)AskVersion(Channel, &Reply);
    EndClient(Channel);
}
