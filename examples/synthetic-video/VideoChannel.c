/* The library's interface, set-up, tear-down and state of the adapter's channel, and the messages of the guest. */
#include <initguid.h>

#include "Video.h"

DEFINE_GUID(VIDEO_INTERFACE_TYPE, 0xda0a7802, 0xe377, 0x4aac, 0x8e, 0x77, 0x05, 0x58, 0xeb, 0x10, 0x73, 0xf8);

KMCL_SERVER_INTERFACE_V1 VideoKmcl;
static LONG VideoAdapters; /* that use the table */

EVT_VMB_CHANNEL_SUSPEND VideoSuspend;
EVT_VMB_CHANNEL_STARTED VideoStarted;
EVT_VMB_CHANNEL_PROCESS_PACKET VideoProcessPacket;

#pragma alloc_text(PAGE, VideoCreateAdapter)
#pragma alloc_text(PAGE, VideoDestroyAdapter)
#pragma alloc_text(PAGE, VideoSuspend)
#pragma alloc_text(PAGE, VideoStarted)

/* The first adapter queries the interface, the last one lets it go. PnP has them come and go one at a time. */
static NTSTATUS VideoReferenceKmcl(_In_ PDEVICE_OBJECT ParentDevice)
{
    NTSTATUS Status = STATUS_SUCCESS;

    if (VideoAdapters == 0) {
        Status = WdfFdoQueryForInterface(WdfWdmDeviceGetWdfDeviceHandle(ParentDevice), &KMCL_SERVER_INTERFACE_TYPE,
                                         (PINTERFACE)&VideoKmcl, sizeof(VideoKmcl), KMCL_SERVER_INTERFACE_VERSION_V1,
                                         NULL);
    }
    if (NT_SUCCESS(Status)) {
        VideoAdapters++;
    }
    return Status;
}

static VOID VideoDereferenceKmcl(VOID)
{
    VideoAdapters--;
    if (VideoAdapters == 0) {
        VideoKmcl.InterfaceDereference(VideoKmcl.Context);
        RtlZeroMemory(&VideoKmcl, sizeof(VideoKmcl));
    }
}

/* An adapter without a channel, not started. */
_Use_decl_annotations_
VOID VideoInitializeAdapter(PVIDEO_ADAPTER Adapter)
{
    RtlZeroMemory(Adapter, sizeof(*Adapter));
    InitializeListHead(&Adapter->Outstanding);
    KeInitializeSpinLock(&Adapter->Lock);
    ExInitializeRundownProtection(&Adapter->Sends);
    ExWaitForRundownProtectionRelease(&Adapter->Sends);
}

static NTSTATUS VideoConfigureChannel(_In_ PVIDEO_ADAPTER Adapter, _In_ const GUID *Instance)
{
    DECLARE_CONST_UNICODE_STRING(FriendlyName, L"SynthVideo");
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS StateCallbacks;
    VMBCHANNEL Channel = Adapter->Channel;
    NTSTATUS Status;

    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&StateCallbacks);
    StateCallbacks.EvtChannelSuspend = VideoSuspend;
    StateCallbacks.EvtChannelStarted = VideoStarted;

    Status = VideoKmcl.VmbServerChannelInitSetVmbusHandle(Channel, Adapter->VmbusHandle);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VideoKmcl.VmbServerChannelInitSetTargetInterfaceId(Channel, VIDEO_INTERFACE_TYPE, *Instance);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VideoKmcl.VmbChannelInitSetFriendlyName(Channel, &FriendlyName);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VideoKmcl.VmbChannelInitSetMaximumPacketSize(Channel, SYNTHVID_MAXIMUM_PACKET);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VideoKmcl.VmbChannelInitSetStateChangeCallbacks(Channel, &StateCallbacks);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VideoKmcl.VmbChannelInitSetProcessPacketCallbacks(Channel, VideoProcessPacket, NULL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return VideoKmcl.VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, VideoSavePacket, VideoRestorePacket);
}

/* Offers the channel. It carries traffic once the caller, after a restore if there is one, starts it. */
_Use_decl_annotations_
NTSTATUS VideoCreateAdapter(PDEVICE_OBJECT ParentDevice, HANDLE UserVmbusHandle, const GUID *Instance,
                            PVIDEO_ADAPTER *Adapter)
{
    PVIDEO_ADAPTER NewAdapter;
    NTSTATUS Status;

    PAGED_CODE();

    *Adapter = NULL;
    Status = VideoReferenceKmcl(ParentDevice);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    NewAdapter = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*NewAdapter), VIDEO_POOL_TAG);
    if (NewAdapter == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto DereferenceKmcl;
    }
    VideoInitializeAdapter(NewAdapter);

    Status = VideoKmcl.VmbConvertVmbusHandleToKernelHandle(UserVmbusHandle, &NewAdapter->VmbusHandle);
    if (!NT_SUCCESS(Status)) {
        goto FreeAdapter;
    }
    Status = VideoKmcl.VmbChannelAllocate(ParentDevice, TRUE, &NewAdapter->Channel);
    if (!NT_SUCCESS(Status)) {
        goto CloseHandle;
    }
    VideoKmcl.VmbChannelSetPointer(NewAdapter->Channel, NewAdapter);

    Status = VideoConfigureChannel(NewAdapter, Instance);
    if (!NT_SUCCESS(Status)) {
        goto CleanupChannel;
    }
    Status = VideoKmcl.VmbChannelEnable(NewAdapter->Channel);
    if (!NT_SUCCESS(Status)) {
        goto CleanupChannel;
    }
    *Adapter = NewAdapter;
    return STATUS_SUCCESS;

CleanupChannel:
    VideoKmcl.VmbChannelCleanup(NewAdapter->Channel);
CloseHandle:
    ZwClose(NewAdapter->VmbusHandle);
FreeAdapter:
    ExFreePoolWithTag(NewAdapter, VIDEO_POOL_TAG);
DereferenceKmcl:
    VideoDereferenceKmcl();
    return Status;
}

_Use_decl_annotations_
VOID VideoDestroyAdapter(PVIDEO_ADAPTER Adapter)
{
    PAGED_CODE();

    VideoKmcl.VmbChannelDisable(Adapter->Channel); /* completes what is outstanding */
    NT_ASSERT(IsListEmpty(&Adapter->Outstanding));
    VideoKmcl.VmbChannelCleanup(Adapter->Channel);
    ZwClose(Adapter->VmbusHandle);
    ExFreePoolWithTag(Adapter, VIDEO_POOL_TAG);
    VideoDereferenceKmcl();
}

_Use_decl_annotations_
VOID VideoSuspend(VMBCHANNEL Channel)
{
    PVIDEO_ADAPTER Adapter = VideoKmcl.VmbChannelGetPointer(Channel);

    PAGED_CODE();

    ExWaitForRundownProtectionRelease(&Adapter->Sends);
}

_Use_decl_annotations_
VOID VideoStarted(VMBCHANNEL Channel)
{
    PVIDEO_ADAPTER Adapter = VideoKmcl.VmbChannelGetPointer(Channel);

    PAGED_CODE();

    ExReInitializeRundownProtection(&Adapter->Sends);
}

/* An answer to the guest: a message of its own that needs no completion. The library frees the packet. */
static VOID VideoRespond(_In_ VMBCHANNEL Channel, _In_ UINT32 Type, _Inout_ PSYNTHVID_MESSAGE Message,
                         _In_ UINT32 BodySize)
{
    VMBPACKET Packet = VideoKmcl.VmbPacketAllocate(Channel);

    if (Packet == NULL) {
        return; /* the guest asks again */
    }
    Message->Header.Type = Type;
    Message->Header.Size = (UINT32)sizeof(Message->Header) + BodySize;
    if (!NT_SUCCESS(VideoKmcl.VmbPacketSend(Packet, Message, Message->Header.Size, NULL, 0))) {
        VideoKmcl.VmbPacketFree(Packet);
    }
}

static VOID VideoTakeSituation(_In_ PVIDEO_ADAPTER Adapter, _In_ const SYNTHVID_SITUATION *Situation)
{
    KLOCK_QUEUE_HANDLE LockHandle;

    KeAcquireInStackQueuedSpinLock(&Adapter->Lock, &LockHandle);
    Adapter->Situation = *Situation;
    KeReleaseInStackQueuedSpinLock(&LockHandle);
}

/* Message is a copy of the guest's bytes, zero beyond them, and Header.Size at most what the guest has sent. */
static VOID VideoProcessMessage(_In_ PVIDEO_ADAPTER Adapter, _In_ const SYNTHVID_MESSAGE *Message)
{
    SYNTHVID_MESSAGE Response = {0};
    UINT32 Size = Message->Header.Size;

    switch (Message->Header.Type) {
    case SYNTHVID_TYPE_VERSION_REQUEST:
        if (Size >= RTL_SIZEOF_THROUGH_FIELD(SYNTHVID_MESSAGE, Version)) {
            Response.VersionResponse.Version = Message->Version;
            Response.VersionResponse.Accepted = Message->Version == SYNTHVID_VERSION_3_5;
            Response.VersionResponse.MaximumOutputs = 1;
            VideoRespond(Adapter->Channel, SYNTHVID_TYPE_VERSION_RESPONSE, &Response, sizeof(Response.VersionResponse));
        }
        break;

    case SYNTHVID_TYPE_VRAM_LOCATION:
        if (Size >= RTL_SIZEOF_THROUGH_FIELD(SYNTHVID_MESSAGE, VramLocation)) {
            Response.AckContext = Message->VramLocation.UserContext;
            VideoRespond(Adapter->Channel, SYNTHVID_TYPE_VRAM_LOCATION_ACK, &Response, sizeof(Response.AckContext));
        }
        break;

    case SYNTHVID_TYPE_SITUATION_UPDATE:
        if (Size >= RTL_SIZEOF_THROUGH_FIELD(SYNTHVID_MESSAGE, Situation) && Message->Situation.OutputCount == 1) {
            VideoTakeSituation(Adapter, &Message->Situation);
            Response.AckContext = Message->Situation.UserContext;
            VideoRespond(Adapter->Channel, SYNTHVID_TYPE_SITUATION_UPDATE_ACK, &Response, sizeof(Response.AckContext));
        }
        break;

    case SYNTHVID_TYPE_DIRT:
        if (Size >= RTL_SIZEOF_THROUGH_FIELD(SYNTHVID_MESSAGE, Dirt) &&
            Message->Dirt.RectangleCount <=
                (Size - RTL_SIZEOF_THROUGH_FIELD(SYNTHVID_MESSAGE, Dirt)) / sizeof(SYNTHVID_RECTANGLE)) {
            InterlockedAdd64(&Adapter->DirtyRectangles, Message->Dirt.RectangleCount);
        }
        break;

    default:
        break;
    }
}

/* The ring rounds lengths up, so they are minima; the guest may write to Buffer meanwhile, so it is read once. */
_Use_decl_annotations_
VOID VideoProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength, UINT32 Flags)
{
    PVIDEO_ADAPTER Adapter = VideoKmcl.VmbChannelGetPointer(Channel);
    SYNTHVID_MESSAGE Message = {0};

    UNREFERENCED_PARAMETER(Flags);

    RtlCopyMemory(&Message, Buffer, BufferLength < sizeof(Message) ? BufferLength : sizeof(Message));
    if (BufferLength >= sizeof(Message.Header) && Message.Header.Size >= sizeof(Message.Header) &&
        Message.Header.Size <= BufferLength) {
        VideoProcessMessage(Adapter, &Message);
    }
    VideoKmcl.VmbChannelPacketComplete(Packet, NULL, 0);
}
