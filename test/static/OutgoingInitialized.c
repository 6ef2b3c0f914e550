/* Packets in memory of the driver's own: too little of it, of the wrong kind, or gone too early. */
#include "Static.h"

typedef struct _OWN_PACKET {
    LIST_ENTRY Link;
    UINT32 Uses;
    UINT8 Packet[512];
} OWN_PACKET, *POWN_PACKET;

#define ALLOCATE(Pool, Size) ExAllocatePool2((Pool), (Size), TAG)

static const KMCL_SERVER_INTERFACE_V1 *Kmcl;

COMPLETION(Recycles)
{
    POWN_PACKET Own = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    Own->Uses++;
}

/* ---- out-init-size ---- */

NTSTATUS InitializesPagedMemory(VMBCHANNEL Channel, VMBPACKET *Packet)
{
    NTSTATUS Status;
    UINT32 Size = VmbChannelSizeofPacket(Channel);
    *Packet = ALLOCATE(POOL_FLAG_PAGED, Size);
    if (*Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = VmbPacketInitialize(Channel, *Packet, Size); // finds: out-init-size
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(*Packet, TAG);
        *Packet = NULL;
    }
    return Status;
}

/* The size of the handle is not that of the packet. */
NTSTATUS InitializesAHandle(VMBCHANNEL Channel, VMBPACKET *Packet)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    VMBPACKET Made = ALLOCATE(POOL_FLAG_NON_PAGED, sizeof(VMBPACKET));
    if (Made == NULL) {
        goto Exit;
    }
    Status = Kmcl->VmbPacketInitialize(Channel, Made, sizeof(Made)); // finds: out-init-size
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Made, TAG);
        goto Exit;
    }
    *Packet = Made;
Exit:
    return Status;
}

/* More than there is. */
NTSTATUS InitializesBehindTheEnd(VMBCHANNEL Channel, POWN_PACKET *Result)
{
    POWN_PACKET Own = ALLOCATE(POOL_FLAG_NON_PAGED, sizeof(OWN_PACKET));
    NTSTATUS Status;
    if (Own == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = VmbPacketInitialize(Channel, (VMBPACKET)Own->Packet, sizeof(OWN_PACKET)); // finds: out-init-size
    if (NT_SUCCESS(Status)) {
        VmbPacketSetCompletionRoutine((VMBPACKET)Own->Packet, Recycles);
        *Result = Own;
    } else {
        ExFreePoolWithTag(Own, TAG);
    }
    return Status;
}

/* A place of 512 bytes is handed over as it is, and the library says whether that will do. */
NTSTATUS InitializesAPlace(VMBCHANNEL Channel, POWN_PACKET *Result) // keeps: out-init-size, out-init-not-freed
{
    POWN_PACKET Own = ALLOCATE(POOL_FLAG_NON_PAGED, sizeof(*Own));
    NTSTATUS Status;
    if (Own == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = VmbPacketInitialize(Channel, (VMBPACKET)Own->Packet, sizeof(Own->Packet));
    if (Status == STATUS_INVALID_PARAMETER_3) {
        ExFreePoolWithTag(Own, TAG);
        return Status;
    }
    VmbPacketSetPointer((VMBPACKET)Own->Packet, Own);
    VmbPacketSetCompletionRoutine((VMBPACKET)Own->Packet, Recycles);
    *Result = Own;
    return Status;
}

/* ---- out-init-routine ---- */

NTSTATUS SendsWithoutARoutine(VMBCHANNEL Channel)
{
    UINT32 Word = 1;
    NTSTATUS Status;
    UINT32 Size = VmbChannelSizeofPacket(Channel);
    VMBPACKET Packet = ALLOCATE(POOL_FLAG_NON_PAGED, Size);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Status = VmbPacketInitialize(Channel, Packet, Size);
    if (NT_SUCCESS(Status)) {
        Status = VmbPacketSend(Packet, &Word, sizeof(Word), NULL, WAIT); // finds: out-init-routine
    }
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Packet, TAG);
    }
    return Status;
}

static NTSTATUS Make(VMBCHANNEL Channel, PFN_VMB_PACKET_COMPLETION_ROUTINE Routine, POWN_PACKET *Made)
{
    POWN_PACKET Own = ALLOCATE(POOL_FLAG_NON_PAGED, sizeof(*Own));
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    FAIL_UNLESS(Own != NULL, STATUS_INSUFFICIENT_RESOURCES);
    Status = VmbPacketInitialize(Channel, (VMBPACKET)Own->Packet, sizeof(Own->Packet));
    FAIL_UNLESS(NT_SUCCESS(Status), Status);
    if (Routine != NULL) {
        VmbPacketSetCompletionRoutine((VMBPACKET)Own->Packet, Routine);
    }
    VmbPacketSetPointer((VMBPACKET)Own->Packet, Own);
    *Made = Own;
    return STATUS_SUCCESS;
Exit:
    if (Own != NULL) {
        ExFreePoolWithTag(Own, TAG);
    }
    return Status;
}

/* No routine is the default one only of packets that VmbPacketAllocate makes. */
NTSTATUS SendsWithTheDefaultRoutine(VMBCHANNEL Channel, PLIST_ENTRY Packets)
{
    UINT64 Word = 2;
    POWN_PACKET Own;
    NTSTATUS Status = Make(Channel, NULL, &Own);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    InsertTailList(Packets, &Own->Link);
    return Kmcl->VmbPacketSend((VMBPACKET)Own->Packet, &Word, sizeof(Word), NULL, 0); // finds: out-init-routine
}

NTSTATUS SendsWithARoutine(VMBCHANNEL Channel, PLIST_ENTRY Packets) // keeps: out-init-routine, out-init-not-freed
{
    UINT64 Word = 3;
    POWN_PACKET Own;
    NTSTATUS Status = Make(Channel, Recycles, &Own);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    InsertTailList(Packets, &Own->Link);
    return VmbPacketSend((VMBPACKET)Own->Packet, &Word, sizeof(Word), NULL, 0);
}

/* ---- out-init-not-freed ---- */

VOID FreesThroughTheLibrary(VMBCHANNEL Channel)
{
    UINT32 Size = VmbChannelSizeofPacket(Channel);
    VMBPACKET Packet = ALLOCATE(POOL_FLAG_NON_PAGED, Size);
    if (Packet != NULL && NT_SUCCESS(VmbPacketInitialize(Channel, Packet, Size))) {
        VmbPacketSetCompletionRoutine(Packet, Recycles);
        VmbPacketFree(Packet); // finds: out-init-not-freed
    }
}

/* The block is gone before the library has sent it. */
NTSTATUS FreesWhatIsInFlight(VMBCHANNEL Channel)
{
    UINT64 Word = 4;
    POWN_PACKET Own;
    NTSTATUS Status = Make(Channel, Recycles, &Own);
    if (NT_SUCCESS(Status)) {
        Status = VmbPacketSend((VMBPACKET)Own->Packet, &Word, sizeof(Word), NULL, WAIT);
        ExFreePoolWithTag(Own, TAG); // finds: out-init-not-freed
    }
    return Status;
}

/* So is the stack. */
NTSTATUS ReturnsFromUnderThePacket(VMBCHANNEL Channel)
{
    UINT64 Memory[128];
    UINT64 Word = 5;
    NTSTATUS Status;
    VMBPACKET Packet = (VMBPACKET)Memory;
    Status = VmbPacketInitialize(Channel, Packet, sizeof(Memory));
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    VmbPacketSetCompletionRoutine(Packet, Recycles);
    Status = Kmcl->VmbPacketSend(Packet, &Word, sizeof(Word), NULL, WAIT);
    return Status; // finds: out-init-not-freed
}

/* The memory is freed when the send has failed: then it is the driver's. */
NTSTATUS FreesWhatWasNotSent(VMBCHANNEL Channel, PLIST_ENTRY Packets) // keeps: out-init-not-freed, out-init-size
{
    UINT64 Word = 6;
    POWN_PACKET Own;
    NTSTATUS Status = Make(Channel, Recycles, &Own);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Status = VmbPacketSend((VMBPACKET)Own->Packet, &Word, sizeof(Word), NULL, WAIT);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Own, TAG);
        return Status;
    }
    InsertTailList(Packets, &Own->Link);
    return STATUS_SUCCESS;
}

/* VmbPacketFree for those of the library, the pool for the driver's own. */
VOID FreesEachItsWay(VMBCHANNEL Channel, BOOLEAN IsOwn) // keeps: out-init-not-freed
{
    UINT32 Size = Kmcl->VmbChannelSizeofPacket(Channel);
    VMBPACKET Packet = IsOwn ? ALLOCATE(POOL_FLAG_NON_PAGED, Size) : Kmcl->VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        return;
    }
    if (IsOwn) {
        (VOID)Kmcl->VmbPacketInitialize(Channel, Packet, Size);
        ExFreePoolWithTag(Packet, TAG);
    } else {
        Kmcl->VmbPacketFree(Packet);
    }
}
