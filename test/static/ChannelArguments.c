/* Settings of a channel that the library would refuse, or that another one takes back. */
#include "Static.h"

typedef struct _LIMITS {
    UINT32 Longest;
    UINT32 Data;
    UINT32 Chain;
    UINT16 Gigabytes;
    UINT16 Index;
    BOOLEAN IsQuiet;
} LIMITS, *PLIMITS;

/* ---- init-packet-size, init-external-limits ---- */

NTSTATUS NoPackets(VMBCHANNEL Channel)
{
    return VmbChannelInitSetMaximumPacketSize(Channel, 0); // finds: init-packet-size
}

#define HEADER_BYTES 16
NTSTATUS LongestOrNothing(VMBCHANNEL Channel, const LIMITS *Limits)
{
    UINT32 Size = 0;
    if (Limits != NULL) {
        Size = HEADER_BYTES + Limits->Longest;
    }
    return VmbChannelInitSetMaximumPacketSize(Channel, Size); // finds: init-packet-size
}

NTSTATUS AtLeastAHeader(VMBCHANNEL Channel, const LIMITS *Limits) // keeps: init-packet-size, init-external-limits
{
    const UINT32 Size = Limits->Longest == 0 ? HEADER_BYTES : Limits->Longest;
    NTSTATUS Status = VmbChannelInitSetMaximumPacketSize(Channel, Size);
    if (NT_SUCCESS(Status) && Limits->Data != 0 && Limits->Chain > 0) {
        Status = VmbChannelInitSetMaximumExternalData(Channel, Limits->Data, Limits->Chain);
    }
    return Status;
}

NTSTATUS NoData(VMBCHANNEL Channel, const LIMITS *Limits)
{
    return VmbChannelInitSetMaximumExternalData(Channel, 0, Limits->Chain); // finds: init-external-limits
}

enum { NoChain };
NTSTATUS NoChainAtAll(VMBCHANNEL Channel)
{
    return VmbChannelInitSetMaximumExternalData(Channel, 64 * PAGE_SIZE, NoChain); // finds: init-external-limits
}

NTSTATUS OneOfEach(VMBCHANNEL Channel) // keeps: init-external-limits
{
    return VmbChannelInitSetMaximumExternalData(Channel, 1, 1);
}

/* ---- init-flags-valid ---- */

NTSTATUS ServersFlagsOnAny(VMBCHANNEL Channel)
{
    return VmbChannelInitSetFlags(Channel, 0x1F); // finds: init-flags-valid
}

#define FLAG_QUIET 0x20u
NTSTATUS BeyondTheLast(VMBCHANNEL Channel, const LIMITS *Limits)
{
    UINT32 Flags = 0x1;
    if (Limits->IsQuiet) {
        Flags |= FLAG_QUIET;
    }
    return VmbServerChannelInitSetFlags(Channel, Flags); // finds: init-flags-valid
}

NTSTATUS AllOfAServers(VMBCHANNEL Channel) // keeps: init-flags-valid
{
    return VmbServerChannelInitSetFlags(Channel, 0x1F);
}

NTSTATUS NoneOrOne(VMBCHANNEL Channel, const LIMITS *Limits) // keeps: init-flags-valid
{
    const UINT32 Flags = (Limits->IsQuiet ? FLAG_QUIET : 0) & 1;
    return VmbChannelInitSetFlags(Channel, Flags);
}

/* ---- init-mmio-nonzero ---- */

NTSTATUS NoSpace(VMBCHANNEL Channel)
{
    return VmbServerChannelInitSetMmioMegabytes(Channel, 0, 0); // finds: init-mmio-nonzero
}

NTSTATUS SpaceWhenAsked(VMBCHANNEL Channel, const LIMITS *Limits)
{
    UINT16 Megabytes = 0;
    UINT16 Extra = 0;
    if (Limits->Gigabytes > 0) {
        Megabytes = 512;
        Extra = (UINT16)(Limits->Gigabytes * 1024);
    }
    return VmbServerChannelInitSetMmioMegabytes(Channel, Megabytes, Extra); // finds: init-mmio-nonzero
}

NTSTATUS OnlyExtraSpace(VMBCHANNEL Channel) // keeps: init-mmio-nonzero
{
    return VmbServerChannelInitSetMmioMegabytes(Channel, 0, 128);
}

NTSTATUS SpaceIfAny(VMBCHANNEL Channel, const LIMITS *Limits) // keeps: init-mmio-nonzero
{
    NTSTATUS Status = STATUS_SUCCESS;
    if (Limits->Gigabytes != 0) {
        Status = VmbServerChannelInitSetMmioMegabytes(Channel, Limits->Gigabytes, 0);
    }
    return Status;
}

/* ---- init-subchannel ---- */

NTSTATUS FirstIsZero(VMBCHANNEL Channel, VMBCHANNEL Primary)
{
    return VmbChannelInitSetPrimaryChannel(Channel, Primary, 0); // finds: init-subchannel
}

NTSTATUS CountsFromZero(VMBCHANNEL *Channels, UINT16 Count, VMBCHANNEL Primary)
{
    for (UINT16 Index = 0; Index < Count; Index++) {
        const NTSTATUS Status = VmbChannelInitSetPrimaryChannel(Channels[Index], Primary, Index); // finds: init-subchannel
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS CountsFromOne(VMBCHANNEL *Channels, UINT16 Count) // keeps: init-subchannel
{
    for (UINT16 Index = 1; Index < Count; Index++) {
        const NTSTATUS Status = VmbChannelInitSetPrimaryChannel(Channels[Index], Channels[0], Index);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
    }
    return STATUS_SUCCESS;
}

NTSTATUS BehindThePrimary(VMBCHANNEL Channel, VMBCHANNEL Primary, const LIMITS *Limits) // keeps: init-subchannel
{
    return VmbChannelInitSetPrimaryChannel(Channel, Primary, (UINT16)(Limits->Index | 1));
}

/* ---- init-callbacks-one-family ---- */

SAVE(KeepNothing)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    *BytesNeeded = 0;
    return STATUS_SUCCESS;
}

RESTORE(RefuseIt)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(LibBuf);
    UNREFERENCED_PARAMETER(LibBufSize);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    return STATUS_NOT_SUPPORTED;
}

EVT_VMB_CHANNEL_SAVE_PACKET_EX KeepNothingWith;
NTSTATUS KeepNothingWith(VMBCHANNEL Channel, PVOID CallbackContext, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize,
                         PUINT32 BytesNeeded)
{
    UNREFERENCED_PARAMETER(CallbackContext);
    return KeepNothing(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
}

EVT_VMB_CHANNEL_RESTORE_PACKET_EX RefuseItWith;
NTSTATUS RefuseItWith(VMBCHANNEL Channel, PVOID CallbackContext, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf,
                      UINT32 SaveBufSize)
{
    UNREFERENCED_PARAMETER(CallbackContext);
    return RefuseIt(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}

PROCESS(Drop)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    VmbChannelPacketFail(Packet);
}

EVT_VMB_CHANNEL_PROCESS_PACKET_EX DropWith;
VOID DropWith(VMBCHANNEL Channel, PVOID CallbackContext, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength,
              UINT32 Flags)
{
    UNREFERENCED_PARAMETER(CallbackContext);
    Drop(Channel, Packet, Buffer, BufferLength, Flags);
}

static NTSTATUS Plain(VMBCHANNEL Channel)
{
    return VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, KeepNothing, RefuseIt);
}

NTSTATUS PlainThenWith(VMBCHANNEL Channel, PLIMITS Limits)
{
    NTSTATUS Status = Plain(Channel);
    FAIL_UNLESS(NT_SUCCESS(Status), Status)
    Status = VmbServerChannelInitSetSaveRestorePacketCallbacksEx(Channel, Limits, KeepNothingWith, RefuseItWith); // finds: init-callbacks-one-family
Exit:
    return Status;
}

NTSTATUS WithThenPlain(VMBCHANNEL Channel, PLIMITS Limits)
{
    NTSTATUS Status = VmbChannelInitSetProcessPacketCallbacksEx(Channel, Limits, DropWith, NULL);
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelInitSetProcessPacketCallbacks(Channel, Drop, NULL); // finds: init-callbacks-one-family
    }
    return Status;
}

/* One family each: they serve different purposes. */
NTSTATUS OneOfEither(VMBCHANNEL Channel, PLIMITS Limits) // keeps: init-callbacks-one-family
{
    NTSTATUS Status = VmbChannelInitSetProcessPacketCallbacksEx(Channel, Limits, DropWith, NULL);
    return NT_SUCCESS(Status) ? Plain(Channel) : Status;
}

NTSTATUS EitherOr(VMBCHANNEL Channel, PLIMITS Limits) // keeps: init-callbacks-one-family
{
    if (Limits->IsQuiet) {
        return VmbChannelInitSetProcessPacketCallbacks(Channel, Drop, NULL);
    }
    return VmbChannelInitSetProcessPacketCallbacksEx(Channel, Limits, DropWith, NULL);
}

/* ---- init-server-only-on-server, init-client-only-on-client ---- */

NTSTATUS OpenAndMap(PDEVICE_OBJECT Parent, VMBCHANNEL *Channel)
{
    NTSTATUS Status = VmbChannelAllocate(Parent, FALSE, Channel);
    if (NT_SUCCESS(Status)) {
        Status = VmbServerChannelInitSetFlags(*Channel, 0x2); // finds: init-server-only-on-server
    }
    return Status;
}

static NTSTATUS Survive(VMBCHANNEL Channel)
{
    return VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, KeepNothing, RefuseIt); // finds: init-server-only-on-server
}

NTSTATUS OpenAndSurvive(PDEVICE_OBJECT Parent, PDEVICE Device)
{
    const BOOLEAN IsServer = FALSE;
    NTSTATUS Status = VmbChannelAllocate(Parent, IsServer, &Device->Channel);
    FAIL_UNLESS(NT_SUCCESS(Status), Status)
    Status = Survive(Device->Channel);
Exit:
    return Status;
}

NTSTATUS OfferWithRings(PDEVICE_OBJECT Parent, VMBCHANNEL *Channel)
{
    NTSTATUS Status = VmbChannelAllocate(Parent, TRUE, Channel);
    if (NT_SUCCESS(Status)) {
        Status = VmbClientChannelInitSetRingBufferPageCount(*Channel, 16, 16); // finds: init-client-only-on-client
    }
    return Status;
}

NTSTATUS OfferWithMemory(PDEVICE_OBJECT Parent, PDEVICE Device, PMDL Mdl, PUINT32 Handle)
{
    NTSTATUS Status = VmbChannelAllocate(Parent, TRUE, &Device->Channel);
    FAIL_UNLESS(NT_SUCCESS(Status), Status)
    Status = VmbChannelCreateGpadlFromMdl(Device->Channel, 0, Mdl, 0, PAGE_SIZE, Handle); // finds: init-client-only-on-client
Exit:
    return Status;
}

/* One function for both ends. */
NTSTATUS EitherEnd(PDEVICE_OBJECT Parent, BOOLEAN IsServer, PDEVICE Device) // keeps: init-server-only-on-server, init-client-only-on-client
{
    NTSTATUS Status = VmbChannelAllocate(Parent, IsServer, &Device->Channel);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    return IsServer ? VmbServerChannelInitSetFlags(Device->Channel, 0x2)
                    : VmbClientChannelInitSetRingBufferPageCount(Device->Channel, 16, 16);
}

NTSTATUS BothEnds(PDEVICE_OBJECT Parent, VMBCHANNEL Pair[2]) // keeps: init-server-only-on-server, init-client-only-on-client
{
    NTSTATUS Status = VmbChannelAllocate(Parent, TRUE, &Pair[0]);
    if (NT_SUCCESS(Status)) {
        Status = VmbServerChannelInitSetFlags(Pair[0], 0x4);
    }
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelAllocate(Parent, FALSE, &Pair[1]);
    }
    if (NT_SUCCESS(Status)) {
        Status = VmbClientChannelInitSetRingBufferPageCount(Pair[1], 16, 16);
    }
    return Status;
}
