/**
 * C text that channel tests begin with: a driver whose callbacks log nothing themselves (the event log does) and do what the test's
 * variables say. Include it once, then write VSPLAB_TESTs.
 */
export const CHANNEL_DRIVER = `
#include <vsplab.h>
#include <ntstrsafe.h>

#define MAX_KEPT 32

static NTSTATUS OpenedStatus;
static VOID (*InOpened)(VMBCHANNEL);
static VOID (*InClosed)(VMBCHANNEL);
static VOID (*InSuspend)(VMBCHANNEL);
static VOID (*InStarted)(VMBCHANNEL);
static VOID (*InPostStarted)(VMBCHANNEL);
static VOID (*InProcess)(VMBCHANNEL, VMBPACKETCOMPLETION);
static VOID (*InCompletion)(VMBPACKET);
static VOID (*InSave)(VMBPACKET);
static VMBPACKETCOMPLETION Held[MAX_KEPT];
static ULONG HeldCount;
static NTSTATUS CompletionStatus[MAX_KEPT];
static UINT32 CompletionLength[MAX_KEPT];
static UCHAR CompletionBytes[MAX_KEPT];
static ULONG CompletionTag[MAX_KEPT];
static ULONG CompletionCount;
static HANDLE KernelHandle;

static NTSTATUS Opened(VMBCHANNEL Channel) { if (InOpened != NULL) InOpened(Channel); return OpenedStatus; }
static VOID Closed(VMBCHANNEL Channel) { if (InClosed != NULL) InClosed(Channel); }
static VOID Suspend(VMBCHANNEL Channel) { if (InSuspend != NULL) InSuspend(Channel); }
static VOID Started(VMBCHANNEL Channel) { if (InStarted != NULL) InStarted(Channel); }
static VOID PostStarted(VMBCHANNEL Channel) { if (InPostStarted != NULL) InPostStarted(Channel); }

static VOID ProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 Length, UINT32 Flags)
{
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(Flags);
    if (InProcess != NULL) {
        InProcess(Channel, Packet);
    } else {
        VmbChannelPacketComplete(Packet, NULL, 0);
    }
}

static VOID Hold(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet)
{
    UNREFERENCED_PARAMETER(Channel);
    Held[HeldCount++] = Packet;
}

static VOID CompleteHeld(VOID)
{
    while (HeldCount > 0) {
        VmbChannelPacketComplete(Held[--HeldCount], NULL, 0);
    }
}

/* The context of an outgoing packet is its number + 1. */
static VOID Completion(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    ULONG slot = CompletionCount % MAX_KEPT;
    CompletionStatus[slot] = Status;
    CompletionLength[slot] = Length;
    CompletionBytes[slot] = Buffer != NULL && Length > 0 ? *(UCHAR *)Buffer : 0;
    CompletionTag[slot] = (ULONG)(ULONG_PTR)VmbPacketGetPointer(Packet);
    CompletionCount++;
    if (InCompletion != NULL) {
        InCompletion(Packet);
    } else {
        VmbPacketFree(Packet);
    }
}

static NTSTATUS SavePacket(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    UINT64 record = (UINT64)(ULONG_PTR)VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Channel);
    if (InSave != NULL) {
        InSave(Packet);
    }
    *BytesNeeded = sizeof(record);
    if (SaveBufSize < sizeof(record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &record, sizeof(record));
    return STATUS_SUCCESS;
}

static NTSTATUS RestorePacket(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    UINT64 record;
    VMBPACKET packet;
    NTSTATUS status;
    if (SaveBufSize < sizeof(record)) {
        return STATUS_INVALID_PARAMETER;
    }
    RtlCopyMemory(&record, SaveBuf, sizeof(record));
    packet = VmbPacketAllocate(Channel);
    if (packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(packet, (PVOID)(ULONG_PTR)record);
    VmbPacketSetCompletionRoutine(packet, Completion);
    status = VmbPacketRestore(packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(status)) {
        VmbPacketFree(packet);
    }
    return status;
}

static VMBCHANNEL MakeChannel(BOOLEAN IsServer)
{
    static const GUID type = {0x6e650001, 0x1111, 0x2222, {1, 2, 3, 4, 5, 6, 7, 8}};
    static const GUID instance = {0x6e650002, 0x1111, 0x2222, {1, 2, 3, 4, 5, 6, 7, 8}};
    VMBCHANNEL channel;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), IsServer, &channel));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(channel, 4096));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(channel, ProcessPacket, NULL));
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
    callbacks.EvtChannelOpened = Opened;
    callbacks.EvtChannelClosed = Closed;
    callbacks.EvtChannelSuspend = Suspend;
    callbacks.EvtChannelStarted = Started;
    callbacks.EvtChannelPostStarted = PostStarted;
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetStateChangeCallbacks(channel, &callbacks));
    if (IsServer) {
        VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetTargetInterfaceId(channel, type, instance));
        VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(channel, SavePacket, RestorePacket));
        if (KernelHandle == NULL) {
            VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &KernelHandle));
        }
        VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetVmbusHandle(channel, KernelHandle));
    } else {
        VSPLAB_ASSERT_SUCCESS(VmbClientChannelInitSetTargetPnp(channel, &type, &instance, NULL));
    }
    return channel;
}

static VMBCHANNEL EnabledServer(VOID)
{
    VMBCHANNEL channel = MakeChannel(TRUE);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(channel));
    return channel;
}

static VMBCHANNEL ActiveServer(VOID)
{
    VMBCHANNEL channel = EnabledServer();
    VmbChannelStart(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    return channel;
}

static NTSTATUS SendPacket(VMBCHANNEL Channel, ULONG Number, UINT32 Length, UINT32 Flags)
{
    static UCHAR bytes[4096];
    VMBPACKET packet = VmbPacketAllocate(Channel);
    NTSTATUS status;
    VSPLAB_ASSERT(packet != NULL);
    VmbPacketSetPointer(packet, (PVOID)(ULONG_PTR)(Number + 1));
    VmbPacketSetCompletionRoutine(packet, Completion);
    bytes[0] = (UCHAR)Number;
    status = VmbPacketSend(packet, bytes, Length, NULL, Flags);
    if (!NT_SUCCESS(status)) {
        VmbPacketFree(packet);
    }
    return status;
}

static VOID CloseHandle_(VOID)
{
    if (KernelHandle != NULL) {
        ZwClose(KernelHandle);
        KernelHandle = NULL;
    }
}

static VOID EndChannel(VMBCHANNEL Channel)
{
    VmbChannelDisable(Channel);
    VmbChannelCleanup(Channel);
}

VSPLAB_TEARDOWN()
{
    CloseHandle_();
}
`;
