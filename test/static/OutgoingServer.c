/* What a server sends: inline data only, no longer than its channels take, from memory that is there. */
#include "Static.h"

#define MAXIMUM_MESSAGE 256
#define PAGED VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER

typedef struct _SERVER {
    VMBCHANNEL Channel;
    PKMCL_SERVER_INTERFACE_V1 Kmcl;
    PAGED_LOOKASIDE_LIST Lookaside;
    KSPIN_LOCK Lock;
    UINT32 Size;
    PMDL Mdl;
} SERVER, *PSERVER;

typedef struct _LARGE_MESSAGE {
    UINT32 Kind;
    UINT8 Bytes[MAXIMUM_MESSAGE];
} LARGE_MESSAGE;

typedef struct _SMALL_MESSAGE {
    UINT32 Kind;
    UINT8 Bytes[60];
} SMALL_MESSAGE;

NTSTATUS SetUpServer(PDEVICE_OBJECT Device, PSERVER Server)
{
    NTSTATUS Status = VmbChannelAllocate(Device, TRUE, &Server->Channel);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VmbChannelInitSetMaximumPacketSize(Server->Channel, MAXIMUM_MESSAGE);
    if (!NT_SUCCESS(Status)) {
        VmbChannelCleanup(Server->Channel);
    }
    return Status;
}

/* Everything is sent from here, and freed if it was not. */
static NTSTATUS Send(PSERVER Server, PVOID Bytes, UINT32 Length, UINT32 Flags)
{
    NTSTATUS Status;
    VMBPACKET Packet = VmbPacketAllocate(Server->Channel);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = VmbPacketSend(Packet, Bytes, Length, NULL, Flags); // finds: out-size-limit, out-paged-flag
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}

/* ---- out-size-limit ---- */

NTSTATUS SendsTooMuch(PSERVER Server)
{
    LARGE_MESSAGE Message;
    RtlZeroMemory(&Message, sizeof(Message));
    Message.Kind = 1;
    return Send(Server, &Message, sizeof(Message), WAIT);
}

NTSTATUS SendsThePage(PSERVER Server, PVOID Page)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    VMBPACKET Packet = Server->Kmcl->VmbPacketAllocate(Server->Channel);
    if (Packet != NULL) {
        Status = Server->Kmcl->VmbPacketSend(Packet, Page, PAGE_SIZE, NULL, 0); // finds: out-size-limit
        if (!NT_SUCCESS(Status)) {
            Server->Kmcl->VmbPacketFree(Packet);
        }
    }
    return Status;
}

/* The test lets through exactly what is too long. */
NTSTATUS SendsWhatIsLong(PSERVER Server, VMBPACKET Packet, PVOID Bytes, UINT32 Length)
{
    if (Length < MAXIMUM_MESSAGE + 1) {
        return STATUS_INVALID_PARAMETER;
    }
    UNREFERENCED_PARAMETER(Server);
    return VmbPacketSend(Packet, Bytes, Length, NULL, WAIT); // finds: out-size-limit
}

NTSTATUS SendsTheLongest(PSERVER Server) // keeps: out-size-limit
{
    UINT8 Bytes[MAXIMUM_MESSAGE];
    RtlFillMemory(Bytes, sizeof(Bytes), 0xff);
    return Send(Server, Bytes, sizeof(Bytes), WAIT);
}

/* In pieces of what the channel takes. */
NTSTATUS SendsInPieces(PSERVER Server, PUCHAR Bytes, UINT32 Length) // keeps: out-size-limit
{
    NTSTATUS Status = STATUS_SUCCESS;
    UINT32 At;
    for (At = 0; NT_SUCCESS(Status) && At < Length; At += MAXIMUM_MESSAGE) {
        UINT32 Piece = Length - At;
        if (Piece > MAXIMUM_MESSAGE) {
            Piece = MAXIMUM_MESSAGE;
        }
        Status = Send(Server, Bytes + At, Piece, 0);
    }
    return Status;
}

/* ---- out-server-no-external ---- */

NTSTATUS SendsAnMdl(PSERVER Server, VMBPACKET Packet, PVOID Bytes)
{
    SMALL_MESSAGE Message = {0};
    PMDL Mdl = IoAllocateMdl(Bytes, PAGE_SIZE, FALSE, FALSE, NULL);
    NTSTATUS Status;
    if (Mdl == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    MmBuildMdlForNonPagedPool(Mdl);
    Status = VmbPacketSend(Packet, &Message, sizeof(Message), Mdl, WAIT); // finds: out-server-no-external
    if (NT_SUCCESS(Status)) {
        Server->Mdl = Mdl;
    } else {
        IoFreeMdl(Mdl);
    }
    return Status;
}

NTSTATUS SendsPartOfAnMdl(PSERVER Server, VMBPACKET Packet)
{
    SMALL_MESSAGE Message = {0};
    return Server->Kmcl->VmbPacketSendWithExternalMdl(Packet, &Message, sizeof(Message), Server->Mdl, 0, 512, WAIT); // finds: out-server-no-external
}

NTSTATUS SendsPages(VMBPACKET Packet, PPFN_NUMBER Pages, UINT32 Count)
{
    SMALL_MESSAGE Message = {0};
    return VmbPacketSendWithExternalPfns(Packet, &Message, sizeof(Message), Pages, Count, WAIT); // finds: out-server-no-external
}

/* A parameter for the MDL that nobody gives one. */
static NTSTATUS SendMaybe(VMBPACKET Packet, PVOID Bytes, UINT32 Length, PMDL Mdl)
{
    return VmbPacketSend(Packet, Bytes, Length, Mdl, WAIT);
}

NTSTATUS SendsInline(VMBPACKET Packet) // keeps: out-server-no-external, out-size-limit
{
    SMALL_MESSAGE Message = {0};
    return SendMaybe(Packet, &Message, sizeof(Message), NULL);
}

/* The bytes of an MDL, inline. */
NTSTATUS SendsTheBytesOfAnMdl(PSERVER Server, VMBPACKET Packet) // keeps: out-server-no-external, out-paged-flag
{
    PVOID Bytes = MmGetSystemAddressForMdlSafe(Server->Mdl, NormalPagePriority);
    if (Bytes == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return Server->Kmcl->VmbPacketSend(Packet, Bytes, 64, NULL, WAIT);
}

/* ---- out-paged-flag ---- */

NTSTATUS SendsFromPagedPool(PSERVER Server)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    SMALL_MESSAGE *Message = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*Message), TAG);
    if (Message != NULL) {
        Message->Kind = 2;
        Status = Send(Server, Message, sizeof(*Message), WAIT);
        ExFreePoolWithTag(Message, TAG);
    }
    return Status;
}

NTSTATUS SendsPagedBytesOfABlock(PSERVER Server, VMBPACKET Packet)
{
    LARGE_MESSAGE *Message = ExAllocatePoolWithTag(PagedPool, sizeof(*Message), TAG);
    NTSTATUS Status;
    if (Message == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Message, sizeof(*Message));
    Status = Server->Kmcl->VmbPacketSend(Packet, Message->Bytes, 64, NULL, 0); // finds: out-paged-flag
    ExFreePoolWithTag(Message, TAG);
    return Status;
}

NTSTATUS SendsFromAPagedLookaside(PSERVER Server, VMBPACKET Packet)
{
    SMALL_MESSAGE *Message = ExAllocateFromPagedLookasideList(&Server->Lookaside);
    NTSTATUS Status;
    if (Message == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlZeroMemory(Message, sizeof(*Message));
    Status = VmbPacketSend(Packet, Message, sizeof(*Message), NULL, WAIT); // finds: out-paged-flag
    ExFreeToPagedLookasideList(&Server->Lookaside, Message);
    return Status;
}

/* The flag is there, and the lock keeps the pages away. */
NTSTATUS SendsPagedUnderALock(PSERVER Server, VMBPACKET Packet, PVOID PagedBytes)
{
    KIRQL OldIrql;
    NTSTATUS Status;
    KeAcquireSpinLock(&Server->Lock, &OldIrql);
    Status = VmbPacketSend(Packet, PagedBytes, 64, NULL, WAIT | PAGED); // finds: out-paged-flag
    KeReleaseSpinLock(&Server->Lock, OldIrql);
    return Status;
}

NTSTATUS SendsFlagged(PSERVER Server, VMBPACKET Packet) // keeps: out-paged-flag
{
    SMALL_MESSAGE *Message = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*Message), TAG);
    NTSTATUS Status;
    if (Message == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Message->Kind = 3;
    Status = Server->Kmcl->VmbPacketSend(Packet, Message, sizeof(*Message), NULL, WAIT | PAGED);
    ExFreePoolWithTag(Message, TAG);
    return Status;
}

/* A nonpaged copy of the paged bytes is sent, under the lock. */
NTSTATUS SendsACopy(PSERVER Server, VMBPACKET Packet) // keeps: out-paged-flag, out-size-limit
{
    KIRQL OldIrql;
    SMALL_MESSAGE Copy;
    NTSTATUS Status;
    SMALL_MESSAGE *Message = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(*Message), TAG);
    if (Message == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Copy = *Message;
    ExFreePoolWithTag(Message, TAG);
    KeAcquireSpinLock(&Server->Lock, &OldIrql);
    Status = VmbPacketSend(Packet, &Copy, sizeof(Copy), NULL, WAIT);
    KeReleaseSpinLock(&Server->Lock, OldIrql);
    return Status;
}

/* ---- out-sync-root ---- */

NTSTATUS AsksTheGuest(PSERVER Server)
{
    SMALL_MESSAGE Question = {0};
    UINT64 Answer = 0;
    UINT32 Size = sizeof(Answer);
    return VmbChannelSendSynchronousRequest(Server->Channel, &Question, sizeof(Question), NULL, WAIT, &Answer, &Size, NULL); // finds: out-sync-root
}

#define SECONDS(Count) (-10000000LL * (Count))

static NTSTATUS AskWithin(PSERVER Server, PLARGE_INTEGER Deadline)
{
    SMALL_MESSAGE Question = {0};
    return Server->Kmcl->VmbChannelSendSynchronousRequest(Server->Channel, &Question, sizeof(Question), NULL, 0, NULL, NULL, Deadline); // finds: out-sync-root
}

NTSTATUS AsksForASecond(PSERVER Server)
{
    LARGE_INTEGER Deadline;
    Deadline.QuadPart = SECONDS(1);
    return AskWithin(Server, &Deadline);
}

NTSTATUS TellsIfThereIsRoom(PSERVER Server) // keeps: out-sync-root
{
    SMALL_MESSAGE Message = {0};
    LARGE_INTEGER Now = {0};
    return VmbChannelSendSynchronousRequest(Server->Channel, &Message, sizeof(Message), NULL, 0, NULL, NULL, &Now);
}

/* How long is decided elsewhere, and 0 may be what was decided. */
NTSTATUS TellsWithin(PSERVER Server, PLARGE_INTEGER Deadline) // keeps: out-sync-root
{
    SMALL_MESSAGE Message = {0};
    if (Deadline == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    return Server->Kmcl->VmbChannelSendSynchronousRequest(Server->Channel, &Message, sizeof(Message), NULL, 0, NULL,
                                                          NULL, Deadline);
}
