/* Set-up, tear-down and state of the adapter's channel, and the packets the guest sends. */
#include <initguid.h>

#include "Nic.h"

DEFINE_GUID(NIC_INTERFACE_TYPE, 0xf8615163, 0xdf3e, 0x46c5, 0x91, 0x3f, 0xf2, 0xd2, 0xf9, 0x65, 0xed, 0x0e);

EVT_VMB_CHANNEL_SUSPEND NicSuspend;
EVT_VMB_CHANNEL_STARTED NicStarted;
EVT_VMB_CHANNEL_PROCESS_PACKET NicProcessPacket;

#pragma alloc_text(PAGE, NicCreateAdapter)
#pragma alloc_text(PAGE, NicDestroyAdapter)
#pragma alloc_text(PAGE, NicSuspend)
#pragma alloc_text(PAGE, NicStarted)

/* An adapter without a channel, not started. */
_Use_decl_annotations_
VOID NicInitializeAdapter(PNIC_ADAPTER Adapter)
{
    RtlZeroMemory(Adapter, sizeof(*Adapter));
    InitializeListHead(&Adapter->Outstanding);
    KeInitializeSpinLock(&Adapter->Lock);
    ExInitializeRundownProtection(&Adapter->Sends);
    ExWaitForRundownProtectionRelease(&Adapter->Sends);
}

static NTSTATUS NicConfigureChannel(_In_ PNIC_ADAPTER Adapter, _In_ const GUID *Instance)
{
    DECLARE_CONST_UNICODE_STRING(FriendlyName, L"Network");
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS StateCallbacks;
    VMBCHANNEL Channel = Adapter->Channel;
    NTSTATUS Status;

    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&StateCallbacks);
    StateCallbacks.EvtChannelSuspend = NicSuspend;
    StateCallbacks.EvtChannelStarted = NicStarted;

    Status = VmbServerChannelInitSetVmbusHandle(Channel, Adapter->VmbusHandle);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VmbServerChannelInitSetTargetInterfaceId(Channel, NIC_INTERFACE_TYPE, *Instance);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VmbChannelInitSetFriendlyName(Channel, &FriendlyName);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VmbChannelInitSetMaximumPacketSize(Channel, NIC_MAXIMUM_PACKET);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VmbChannelInitSetStateChangeCallbacks(Channel, &StateCallbacks);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VmbChannelInitSetProcessPacketCallbacks(Channel, NicProcessPacket, NULL);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, NicSavePacket, NicRestorePacket);
}

/* Offers the channel. It carries traffic once the caller, after a restore if there is one, calls VmbChannelStart. */
_Use_decl_annotations_
NTSTATUS NicCreateAdapter(PDEVICE_OBJECT ParentDevice, HANDLE UserVmbusHandle, const GUID *Instance,
                          PNIC_ADAPTER *Adapter)
{
    PNIC_ADAPTER NewAdapter;
    NTSTATUS Status;

    PAGED_CODE();

    *Adapter = NULL;
    NewAdapter = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*NewAdapter), NIC_POOL_TAG);
    if (NewAdapter == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NicInitializeAdapter(NewAdapter);

    Status = VmbConvertVmbusHandleToKernelHandle(UserVmbusHandle, &NewAdapter->VmbusHandle);
    if (!NT_SUCCESS(Status)) {
        goto FreeAdapter;
    }
    Status = VmbChannelAllocate(ParentDevice, TRUE, &NewAdapter->Channel);
    if (!NT_SUCCESS(Status)) {
        goto CloseHandle;
    }
    VmbChannelSetPointer(NewAdapter->Channel, NewAdapter);

    Status = NicConfigureChannel(NewAdapter, Instance);
    if (!NT_SUCCESS(Status)) {
        goto CleanupChannel;
    }
    Status = VmbChannelEnable(NewAdapter->Channel);
    if (!NT_SUCCESS(Status)) {
        goto CleanupChannel;
    }
    *Adapter = NewAdapter;
    return STATUS_SUCCESS;

CleanupChannel:
    VmbChannelCleanup(NewAdapter->Channel);
CloseHandle:
    ZwClose(NewAdapter->VmbusHandle);
FreeAdapter:
    ExFreePoolWithTag(NewAdapter, NIC_POOL_TAG);
    return Status;
}

_Use_decl_annotations_
VOID NicDestroyAdapter(PNIC_ADAPTER Adapter)
{
    PAGED_CODE();

    VmbChannelDisable(Adapter->Channel); /* completes what is outstanding */
    NT_ASSERT(IsListEmpty(&Adapter->Outstanding));
    VmbChannelCleanup(Adapter->Channel);
    ZwClose(Adapter->VmbusHandle);
    ExFreePoolWithTag(Adapter, NIC_POOL_TAG);
}

_Use_decl_annotations_
VOID NicSuspend(VMBCHANNEL Channel)
{
    PNIC_ADAPTER Adapter = VmbChannelGetPointer(Channel);

    PAGED_CODE();

    ExWaitForRundownProtectionRelease(&Adapter->Sends);
}

_Use_decl_annotations_
VOID NicStarted(VMBCHANNEL Channel)
{
    PNIC_ADAPTER Adapter = VmbChannelGetPointer(Channel);

    PAGED_CODE();

    ExReInitializeRundownProtection(&Adapter->Sends);
}

/* A frame the guest transmits, RNDIS header first. Nothing listens on this adapter's wire: a valid frame is counted. */
static UINT32 NicTransmit(_In_ PNIC_ADAPTER Adapter, _In_reads_bytes_(Length) const UINT8 *Rndis, _In_ UINT32 Length)
{
    RNDIS_PACKET_MESSAGE Header;

    if (Length < sizeof(Header)) {
        return NVSP_STATUS_INVALID_RNDIS_PACKET;
    }
    RtlCopyMemory(&Header, Rndis, sizeof(Header));
    if (Header.MessageType != RNDIS_MESSAGE_PACKET || Header.MessageLength < sizeof(Header) ||
        Header.MessageLength > Length) {
        return NVSP_STATUS_INVALID_RNDIS_PACKET;
    }
    if (Header.DataLength < NIC_MINIMUM_FRAME || Header.DataLength > NIC_MAXIMUM_FRAME ||
        Header.DataOffset < sizeof(Header) - RNDIS_OFFSET_BASE ||
        Header.DataOffset > Header.MessageLength - RNDIS_OFFSET_BASE ||
        Header.DataLength > Header.MessageLength - RNDIS_OFFSET_BASE - Header.DataOffset) {
        return NVSP_STATUS_INVALID_RNDIS_PACKET;
    }
    InterlockedIncrement64(&Adapter->FramesTransmitted);
    return NVSP_STATUS_SUCCESS;
}

/* The ring rounds lengths up, so they are minima; the guest may write to Buffer meanwhile, so it is read once. */
_Use_decl_annotations_
VOID NicProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength, UINT32 Flags)
{
    PNIC_ADAPTER Adapter = VmbChannelGetPointer(Channel);
    NVSP_MESSAGE Request;
    NVSP_MESSAGE Response = {0};

    UNREFERENCED_PARAMETER(Flags);

    if (BufferLength < sizeof(Request)) {
        VmbChannelPacketComplete(Packet, NULL, 0);
        return;
    }
    RtlCopyMemory(&Request, Buffer, sizeof(Request));

    switch (Request.MessageType) {
    case NVSP_MESSAGE_INIT:
        Response.MessageType = NVSP_MESSAGE_INIT_COMPLETE;
        Response.InitComplete.Status = NVSP_STATUS_FAILURE;
        if (Request.Init.MinimumVersion <= NVSP_PROTOCOL_VERSION_6_1 &&
            Request.Init.MaximumVersion >= NVSP_PROTOCOL_VERSION_6_1) {
            Response.InitComplete.NegotiatedVersion = NVSP_PROTOCOL_VERSION_6_1;
            Response.InitComplete.Status = NVSP_STATUS_SUCCESS;
        }
        break;

    case NVSP_MESSAGE_SEND_RNDIS_PACKET:
        Response.MessageType = NVSP_MESSAGE_SEND_RNDIS_PACKET_COMPLETE;
        if (Request.SendRndisPacket.ChannelType == NVSP_CHANNEL_TYPE_DATA &&
            Request.SendRndisPacket.SendBufferSectionIndex == NVSP_INVALID_SECTION) {
            Response.SendRndisPacketComplete.Status =
                NicTransmit(Adapter, (const UINT8 *)Buffer + sizeof(Request), BufferLength - (UINT32)sizeof(Request));
        } else {
            Response.SendRndisPacketComplete.Status = NVSP_STATUS_FAILURE;
        }
        break;

    default: /* NVSP_MESSAGE_SEND_NDIS_VERSION and everything this adapter does not know needs no answer */
        VmbChannelPacketComplete(Packet, NULL, 0);
        return;
    }
    VmbChannelPacketComplete(Packet, &Response, sizeof(Response));
}
