/* Channels that are allocated, configured and enabled. */
#include "Static.h"

typedef struct _ADAPTER {
    VMBCHANNEL Channel;
    HANDLE VmbusHandle;
    GUID Type;
    GUID Instance;
    KSPIN_LOCK Lock;
    UINT32 LongestSend;
    UINT32 Mtu;
    BOOLEAN IsServer;
    BOOLEAN IsOffered;
} ADAPTER, *PADAPTER;

#define RETURN_IF_FAILED(Expression)                                                                                   \
    {                                                                                                                  \
        const NTSTATUS Result_ = (Expression);                                                                         \
        if (!NT_SUCCESS(Result_)) {                                                                                    \
            return Result_;                                                                                            \
        }                                                                                                              \
    }

PROCESS(Serve)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    VmbChannelPacketFail(Packet);
}

EVT_VMB_CHANNEL_PROCESS_PACKET_EX ServeWith;
VOID ServeWith(VMBCHANNEL Channel, PVOID CallbackContext, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength,
               UINT32 Flags)
{
    UNREFERENCED_PARAMETER(CallbackContext);
    Serve(Channel, Packet, Buffer, BufferLength, Flags);
}

/* What every server of this driver is told, apart from its handle and its guest's interface. */
static NTSTATUS Configure(VMBCHANNEL Channel, PADAPTER Adapter)
{
    NTSTATUS Status = VmbChannelInitSetMaximumPacketSize(Channel, sizeof(RECORD));
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelInitSetProcessPacketCallbacks(Channel, Serve, NULL);
    }
    VmbChannelSetPointer(Channel, Adapter);
    return Status;
}

static NTSTATUS Bind(VMBCHANNEL Channel, PADAPTER Adapter)
{
    RETURN_IF_FAILED(VmbServerChannelInitSetTargetInterfaceId(Channel, Adapter->Type, Adapter->Instance));
    return VmbServerChannelInitSetVmbusHandle(Channel, Adapter->VmbusHandle);
}

/* ---- init-alloc-checked, init-error-cleanup ---- */

NTSTATUS AddUnchecked(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    VMBCHANNEL Channel;
    (VOID)VmbChannelAllocate(Parent, TRUE, &Channel);
    VmbChannelSetPointer(Channel, Adapter); // finds: init-alloc-checked
    Adapter->Channel = Channel;
    return STATUS_SUCCESS;
}

NTSTATUS AddCheckedLate(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    NTSTATUS Status = VmbChannelAllocate(Parent, FALSE, &Adapter->Channel);
    NTSTATUS Sized = VmbChannelInitSetMaximumPacketSize(Adapter->Channel, 512); // finds: init-alloc-checked
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return Sized;
}

NTSTATUS AddWithGoto(PDEVICE_OBJECT Parent, PADAPTER Adapter) // keeps: init-alloc-checked, init-error-cleanup
{
    VMBCHANNEL Channel = NULL;
    NTSTATUS Status = VmbChannelAllocate(Parent, TRUE, &Channel);
    FAIL_UNLESS(NT_SUCCESS(Status), Status)
    Status = Configure(Channel, Adapter);
    FAIL_UNLESS(NT_SUCCESS(Status), Status)
    Status = Bind(Channel, Adapter);
    FAIL_UNLESS(NT_SUCCESS(Status), Status)
    Adapter->Channel = Channel;
    Channel = NULL;
Exit:
    if (Channel != NULL) {
        VmbChannelCleanup(Channel);
    }
    return Status;
}

static NTSTATUS Fresh(PDEVICE_OBJECT Parent, VMBCHANNEL *Channel)
{
    *Channel = NULL;
    return VmbChannelAllocate(Parent, TRUE, Channel);
}

/* The handle says as much as the status: the helper left NULL where it failed. */
NTSTATUS AddByHandle(PDEVICE_OBJECT Parent, PADAPTER Adapter) // keeps: init-alloc-checked, init-error-cleanup
{
    VMBCHANNEL Channel;
    (VOID)Fresh(Parent, &Channel);
    if (Channel == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adapter->Channel = Channel; /* removal of the adapter cleans it up, whatever becomes of the rest */
    return Configure(Channel, Adapter);
}

NTSTATUS AddAndLose(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    VMBCHANNEL Channel;
    NTSTATUS Status = VmbChannelAllocate(Parent, TRUE, &Channel); // finds: init-error-cleanup
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = Configure(Channel, Adapter);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Adapter->Channel = Channel;
    return STATUS_SUCCESS;
}

NTSTATUS AddAndLoseInAMacro(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    VMBCHANNEL Channel;
    RETURN_IF_FAILED(VmbChannelAllocate(Parent, TRUE, &Channel)); // finds: init-error-cleanup
    RETURN_IF_FAILED(Bind(Channel, Adapter));
    Adapter->Channel = Channel;
    return STATUS_SUCCESS;
}

/* ---- init-before-enable, init-context-before-enable, state-enable-checked ---- */

NTSTATUS OfferThenName(PADAPTER Adapter, PCUNICODE_STRING Name)
{
    RETURN_IF_FAILED(VmbChannelEnable(Adapter->Channel));
    return VmbChannelInitSetFriendlyName(Adapter->Channel, Name); // finds: init-before-enable
}

NTSTATUS OfferThenSize(PADAPTER Adapter)
{
    NTSTATUS Status = VmbChannelEnable(Adapter->Channel);
    if (NT_SUCCESS(Status)) {
        VmbChannelStart(Adapter->Channel);
        Status = VmbChannelInitSetMaximumPacketSize(Adapter->Channel, Adapter->Mtu); // finds: init-before-enable
    }
    return Status;
}

/* Disabled again: its settings may be changed. */
NTSTATUS Resize(PADAPTER Adapter) // keeps: init-before-enable
{
    VmbChannelDisable(Adapter->Channel);
    RETURN_IF_FAILED(VmbChannelInitSetMaximumPacketSize(Adapter->Channel, Adapter->Mtu));
    return VmbChannelEnable(Adapter->Channel);
}

/* What could not be enabled is not enabled. */
NTSTATUS OfferSmaller(PADAPTER Adapter) // keeps: init-before-enable, state-enable-checked
{
    if (NT_SUCCESS(VmbChannelEnable(Adapter->Channel))) {
        return STATUS_SUCCESS;
    }
    RETURN_IF_FAILED(VmbChannelInitSetMaximumPacketSize(Adapter->Channel, PAGE_SIZE));
    return VmbChannelEnable(Adapter->Channel);
}

VOID OfferAndHope(PADAPTER Adapter)
{
    (VOID)VmbChannelEnable(Adapter->Channel); // finds: state-enable-checked
    VmbChannelStart(Adapter->Channel);
}

NTSTATUS OfferAndForget(PADAPTER Adapter)
{
    NTSTATUS Status = VmbChannelEnable(Adapter->Channel); // finds: state-enable-checked
    Adapter->IsOffered = TRUE;
    Status = STATUS_SUCCESS;
    return Status;
}

VOID OfferAndRemember(PADAPTER Adapter) // keeps: state-enable-checked
{
    Adapter->IsOffered = (BOOLEAN)(VmbChannelEnable(Adapter->Channel) == STATUS_SUCCESS);
}

NTSTATUS OfferBeforeItsContext(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    VMBCHANNEL Channel;
    RETURN_IF_FAILED(VmbChannelAllocate(Parent, TRUE, &Channel));
    Adapter->Channel = Channel;
    RETURN_IF_FAILED(VmbChannelInitSetProcessPacketCallbacks(Channel, Serve, NULL));
    RETURN_IF_FAILED(Bind(Channel, Adapter));
    RETURN_IF_FAILED(VmbChannelEnable(Channel));
    VmbChannelSetPointer(Channel, Adapter); // finds: init-context-before-enable
    return STATUS_SUCCESS;
}

static VOID Attach(PADAPTER Adapter)
{
    VmbChannelSetPointer(Adapter->Channel, Adapter); // finds: init-context-before-enable
    VmbChannelStart(Adapter->Channel);
}

NTSTATUS OfferThenAttach(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    NTSTATUS Status = VmbChannelAllocate(Parent, FALSE, &Adapter->Channel);
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelInitSetProcessPacketCallbacks(Adapter->Channel, Serve, NULL);
    }
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelEnable(Adapter->Channel);
    }
    if (NT_SUCCESS(Status)) {
        Attach(Adapter);
    }
    return Status;
}

/* It had its context when it was enabled; this is another one. */
NTSTATUS OfferThenSwap(PDEVICE_OBJECT Parent, PADAPTER Adapter, PADAPTER Next) // keeps: init-context-before-enable
{
    RETURN_IF_FAILED(VmbChannelAllocate(Parent, FALSE, &Adapter->Channel));
    RETURN_IF_FAILED(Configure(Adapter->Channel, Adapter));
    RETURN_IF_FAILED(VmbChannelEnable(Adapter->Channel));
    VmbChannelSetPointer(Adapter->Channel, Next);
    return STATUS_SUCCESS;
}

/* No callback is left that could look for it. */
NTSTATUS OfferThenDetach(PDEVICE_OBJECT Parent, PADAPTER Adapter) // keeps: init-context-before-enable
{
    NTSTATUS Status = VmbChannelAllocate(Parent, FALSE, &Adapter->Channel);
    FAIL_UNLESS(NT_SUCCESS(Status), Status)
    Status = Configure(Adapter->Channel, Adapter);
    FAIL_UNLESS(NT_SUCCESS(Status), Status)
    Status = VmbChannelEnable(Adapter->Channel);
    if (!NT_SUCCESS(Status)) {
        VmbChannelSetPointer(Adapter->Channel, NULL);
    }
Exit:
    return Status;
}

/* ---- init-status-checked ---- */

NTSTATUS NameItAnyhow(VMBCHANNEL Channel, PCUNICODE_STRING Name)
{
    VmbChannelInitSetFriendlyName(Channel, Name); // finds: init-status-checked
    return VmbChannelInitSetFlags(Channel, 1);
}

NTSTATUS KeepsTheLastStatus(VMBCHANNEL Channel, PADAPTER Adapter)
{
    NTSTATUS Status;
    Status = VmbChannelInitSetMaximumPacketSize(Channel, Adapter->LongestSend); // finds: init-status-checked
    Status = VmbChannelInitSetMaximumExternalData(Channel, Adapter->Mtu, 4);
    return Status;
}

/* Chained: each is made only when the one before went well. */
NTSTATUS Chained(VMBCHANNEL Channel, PADAPTER Adapter) // keeps: init-status-checked, init-packet-size
{
    const NTSTATUS Sized = VmbChannelInitSetMaximumPacketSize(Channel, Adapter->LongestSend);
    const NTSTATUS Status = NT_SUCCESS(Sized) ? VmbChannelInitSetMaximumExternalData(Channel, Adapter->Mtu, 4) : Sized;
    return Status;
}

VOID CountsFailures(VMBCHANNEL Channel, PADAPTER Adapter) // keeps: init-status-checked
{
    const NTSTATUS Statuses[2] = {VmbChannelInitSetFlags(Channel, 0),
                                  VmbChannelInitSetMaximumPacketSize(Channel, 1024)};
    for (ULONG Index = 0; Index < RTL_NUMBER_OF(Statuses); Index++) {
        Adapter->Mtu += !NT_SUCCESS(Statuses[Index]);
    }
}

/* ---- missing settings ---- */

NTSTATUS OfferDeaf(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    RETURN_IF_FAILED(VmbChannelAllocate(Parent, TRUE, &Adapter->Channel));
    RETURN_IF_FAILED(Bind(Adapter->Channel, Adapter));
    return VmbChannelEnable(Adapter->Channel); // finds: init-process-callback
}

NTSTATUS OpenDeaf(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    NTSTATUS Status = VmbChannelAllocate(Parent, FALSE, &Adapter->Channel);
    FAIL_UNLESS(NT_SUCCESS(Status), Status)
    if (Adapter->Mtu != 0) {
        Status = VmbChannelInitSetProcessPacketCallbacks(Adapter->Channel, Serve, NULL);
        FAIL_UNLESS(NT_SUCCESS(Status), Status)
    }
    Status = VmbChannelEnable(Adapter->Channel); // finds: init-process-callback
Exit:
    return Status;
}

NTSTATUS OfferNowhere(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    RETURN_IF_FAILED(VmbChannelAllocate(Parent, TRUE, &Adapter->Channel));
    RETURN_IF_FAILED(Configure(Adapter->Channel, Adapter));
    RETURN_IF_FAILED(
        VmbServerChannelInitSetTargetInterfaceId(Adapter->Channel, Adapter->Type, Adapter->Instance));
    return VmbChannelEnable(Adapter->Channel); // finds: init-vmbus-handle
}

NTSTATUS OfferToWhomever(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    NTSTATUS Status = VmbChannelAllocate(Parent, TRUE, &Adapter->Channel);
    if (NT_SUCCESS(Status)) {
        Status = Configure(Adapter->Channel, Adapter);
    }
    if (NT_SUCCESS(Status)) {
        Status = VmbServerChannelInitSetVmbusHandle(Adapter->Channel, Adapter->VmbusHandle);
    }
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelEnable(Adapter->Channel); // finds: init-target-ids
    }
    return Status;
}

NTSTATUS OfferBare(PDEVICE_OBJECT Parent, PADAPTER Adapter)
{
    RETURN_IF_FAILED(VmbChannelAllocate(Parent, TRUE, &Adapter->Channel));
    RETURN_IF_FAILED(Configure(Adapter->Channel, Adapter));
    return VmbChannelEnable(Adapter->Channel); // finds: init-vmbus-handle, init-target-ids
}

#define ADAPTER_KEEPS                                                                                                  \
    RETURN_IF_FAILED(Configure(Adapter->Channel, Adapter));                                                            \
    RETURN_IF_FAILED(Bind(Adapter->Channel, Adapter))

/* keeps what a server needs, by helpers and a macro */
NTSTATUS OfferWhole(PDEVICE_OBJECT Parent, PADAPTER Adapter) // keeps: init-process-callback, init-vmbus-handle, init-target-ids
{
    RETURN_IF_FAILED(VmbChannelAllocate(Parent, TRUE, &Adapter->Channel));
    ADAPTER_KEEPS;
    return VmbChannelEnable(Adapter->Channel);
}

/* A client has no handle and names its target by its own call. */
NTSTATUS OpenWhole(PDEVICE_OBJECT Parent, PADAPTER Adapter) // keeps: init-vmbus-handle, init-target-ids
{
    RETURN_IF_FAILED(VmbChannelAllocate(Parent, FALSE, &Adapter->Channel));
    RETURN_IF_FAILED(VmbChannelInitSetProcessPacketCallbacksEx(Adapter->Channel, Adapter, ServeWith, NULL));
    return VmbChannelEnable(Adapter->Channel);
}

/* Configured by somebody else: nothing is known of it. */
NTSTATUS OfferPrepared(PADAPTER Adapter) // keeps: init-process-callback
{
    return VmbChannelEnable(Adapter->Channel);
}

typedef struct _GROUP {
    VMBCHANNEL Primary;
    VMBCHANNEL Subs[4];
    UINT32 Count;
} GROUP, *PGROUP;

/* Those that were added are known by their number. */
NTSTATUS AddSubChannels(PDEVICE_OBJECT Parent, PGROUP Group) // keeps: init-error-cleanup, init-subchannel
{
    NTSTATUS Status = STATUS_SUCCESS;
    UINT16 Index;
    for (Index = 0; Index < RTL_NUMBER_OF(Group->Subs); Index++) {
        Status = VmbChannelAllocate(Parent, TRUE, &Group->Subs[Index]);
        if (!NT_SUCCESS(Status)) {
            goto Cleanup;
        }
        Group->Count++;
        Status = VmbChannelInitSetPrimaryChannel(Group->Subs[Index], Group->Primary, Index + 1);
        if (!NT_SUCCESS(Status)) {
            goto Cleanup;
        }
    }
    return STATUS_SUCCESS;
Cleanup:
    while (Group->Count > 0) {
        VmbChannelCleanup(Group->Subs[--Group->Count]);
    }
    return Status;
}
