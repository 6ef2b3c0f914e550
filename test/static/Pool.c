/* Blocks of the pool, in C. */
#include "Static.h"

#define SHORT_TAG 'spv'
#define NEW(Type) ((Type *)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Type), TAG))
#define DELETE(Block)                                                                                                  \
    do {                                                                                                               \
        ExFreePoolWithTag((Block), TAG);                                                                               \
        (Block) = NULL;                                                                                                \
    } while (0)

/* ---- mem-pool2-tag ---- */

NTSTATUS TrustsThePool(PREQUEST *Result)
{
    PREQUEST Request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Request), TAG);
    Request->Id = 1; // finds: mem-pool2-tag
    *Result = Request;
    return STATUS_SUCCESS;
}

static VOID FillRecord(PRECORD Record)
{
    RtlZeroMemory(Record, sizeof(*Record)); // finds: mem-pool2-tag
    Record->Version = 1;
}

PRECORD FillsInAHelper(VOID)
{
    PRECORD Record = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Record), TAG);
    FillRecord(Record);
    return Record;
}

PVOID AsksWithoutATag(SIZE_T Size)
{
    return ExAllocatePool2(POOL_FLAG_PAGED, Size, 0); // finds: mem-pool2-tag
}

PVOID AsksForNothing(PREQUEST Request)
{
    UINT32 Count = Request->Count > 8 ? 8 : 0;
    return Count != 0 ? NULL : ExAllocatePool2(POOL_FLAG_PAGED, Count * sizeof(UINT64), TAG); // finds: mem-pool2-tag
}

PVOID AsksWithANumber(VOID)
{
    return ExAllocatePoolZero(NonPagedPoolNx, 64, 0x41020304); // finds: mem-pool2-tag
}

NTSTATUS TestsThePool(PREQUEST *Result) // keeps: mem-pool2-tag
{
    NTSTATUS Status = STATUS_SUCCESS;
    PREQUEST Request = NEW(REQUEST);
    FAIL_UNLESS(Request, STATUS_INSUFFICIENT_RESOURCES)
    Request->Id = 1;
    *Result = Request;
Exit:
    return Status;
}

/* Three letters are a tag, too. */
PVOID AsksWithAShortTag(SIZE_T Size) // keeps: mem-pool2-tag
{
    return ExAllocatePool2(POOL_FLAG_PAGED, Size, SHORT_TAG);
}

/* This one never answers NULL. */
PREQUEST AsksOrRaises(VOID) // keeps: mem-pool2-tag
{
    PREQUEST Request = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_RAISE_ON_FAILURE, sizeof(*Request), TAG);
    Request->Id = 1;
    return Request;
}

static BOOLEAN Reserve(PVOID *Block, SIZE_T Size)
{
    *Block = ExAllocatePool2(POOL_FLAG_PAGED, Size, TAG);
    return *Block != NULL;
}

NTSTATUS ReservesTwo(PRECORD *First, PREQUEST *Second) // keeps: mem-pool2-tag
{
    if (!Reserve((PVOID *)First, sizeof(**First)) || !Reserve((PVOID *)Second, sizeof(**Second))) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    (*First)->Version = 1;
    (*Second)->Id = 2;
    return STATUS_SUCCESS;
}

/* ---- mem-uninit-to-guest ---- */

NTSTATUS SendsRawMemory(VMBPACKET Packet)
{
    NTSTATUS Status;
    PRECORD Record = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, sizeof(*Record), TAG);
    if (Record == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Record->Version = 1;
    Record->Length = sizeof(*Record);
    Status = VmbPacketSend(Packet, Record, sizeof(*Record), NULL, WAIT); // finds: mem-uninit-to-guest
    ExFreePoolWithTag(Record, TAG);
    return Status;
}

static NTSTATUS Transmit(VMBPACKET Packet, PVOID Bytes, UINT32 Length)
{
    return VmbPacketSend(Packet, Bytes, Length, NULL, WAIT); // finds: mem-uninit-to-guest
}

NTSTATUS SendsPadding(VMBPACKET Packet)
{
    NTSTATUS Status = STATUS_NO_MEMORY;
    LOOSE_RECORD *Record = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Record), TAG);
    FAIL_UNLESS(Record != NULL, STATUS_NO_MEMORY)
    Record->Version = 1;
    Record->Kind = 2;
    Record->Length = sizeof(*Record);
    Status = Transmit(Packet, Record, sizeof(*Record));
    ExFreePoolWithTag(Record, TAG);
Exit:
    return Status;
}

NTSTATUS SendsZeroedMemory(VMBPACKET Packet) // keeps: mem-uninit-to-guest
{
    NTSTATUS Status;
    PRECORD Record = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Record), TAG);
    if (Record == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Record->Version = 1;
    Status = VmbPacketSend(Packet, Record, sizeof(*Record), NULL, WAIT);
    ExFreePoolWithTag(Record, TAG);
    return Status;
}

NTSTATUS SendsAFilledCopy(VMBPACKET Packet, PREQUEST Request) // keeps: mem-uninit-to-guest
{
    NTSTATUS Status;
    PUINT8 Bytes = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, 36, TAG);
    if (Bytes == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    RtlCopyMemory(Bytes, &Request->Id, sizeof(UINT32));
    RtlCopyMemory(Bytes + sizeof(UINT32), Request->Data, sizeof(Request->Data));
    Status = VmbPacketSend(Packet, Bytes, 36, NULL, WAIT);
    ExFreePoolWithTag(Bytes, TAG);
    return Status;
}

/* Only what is filled is sent. */
NTSTATUS SendsTheHead(VMBPACKET Packet) // keeps: mem-uninit-to-guest
{
    NTSTATUS Status;
    PRECORD Record = ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Record), TAG);
    if (Record == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Record->Version = 1;
    Record->Length = 2 * sizeof(UINT32);
    Status = VmbPacketSend(Packet, Record, Record->Length, NULL, WAIT);
    ExFreePoolWithTag(Record, TAG);
    return Status;
}

/* ---- mem-free-once ---- */

NTSTATUS FreesAtBothEnds(PREQUEST *Result, UINT32 Length)
{
    NTSTATUS Status = STATUS_SUCCESS;
    PREQUEST Request = NEW(REQUEST);
    if (Request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (Length > sizeof(Request->Data)) {
        ExFreePoolWithTag(Request, TAG);
        Status = STATUS_INVALID_PARAMETER;
        goto Exit;
    }
    *Result = Request;
    return STATUS_SUCCESS;
Exit:
    ExFreePoolWithTag(Request, TAG); // finds: mem-free-once
    return Status;
}

static NTSTATUS Fill(PREQUEST Request, UINT32 Length)
{
    if (Length > sizeof(Request->Data)) {
        ExFreePool(Request);
        return STATUS_INVALID_PARAMETER;
    }
    Request->Length = Length;
    return STATUS_SUCCESS;
}

NTSTATUS FreesWhatTheHelperFreed(PREQUEST *Result, UINT32 Length)
{
    PREQUEST Request = NEW(REQUEST);
    NTSTATUS Status = Request == NULL ? STATUS_NO_MEMORY : Fill(Request, Length);
    if (!NT_SUCCESS(Status)) {
        if (Request != NULL) {
            ExFreePoolWithTag(Request, TAG); // finds: mem-free-once
        }
        return Status;
    }
    *Result = Request;
    return Status;
}

VOID FreesWithAnotherTag(VOID)
{
    PVOID Block = ExAllocatePool2(POOL_FLAG_PAGED, 128, 'dnS0');
    if (Block != NULL) {
        ExFreePoolWithTag(Block, '0Snd'); // finds: mem-free-once
    }
}

VOID FreesBehindTheHeader(PUINT32 Sum)
{
    PRECORD Record = NEW(RECORD);
    PUINT8 Data;
    if (Record == NULL) {
        return;
    }
    Data = Record->Data;
    *Sum += Data[0];
    ExFreePoolWithTag(Data, TAG); // finds: mem-free-once
}

NTSTATUS FreesOnce(PREQUEST *Result, UINT32 Length) // keeps: mem-free-once
{
    NTSTATUS Status = STATUS_SUCCESS;
    PREQUEST Request = NEW(REQUEST);
    FAIL_UNLESS(Request != NULL, STATUS_NO_MEMORY)
    if (Length > sizeof(Request->Data)) {
        DELETE(Request);
        Status = STATUS_INVALID_PARAMETER;
    }
    *Result = Request;
    Request = NULL;
Exit:
    if (Request != NULL) {
        ExFreePoolWithTag(Request, TAG);
    }
    return Status;
}

/* The header in front of what is handed out is what was allocated. */
VOID FreesFromWithin(VOID) // keeps: mem-free-once
{
    PRECORD Record = NEW(RECORD);
    PVOID Data = Record == NULL ? NULL : Record->Data;
    if (Data != NULL) {
        ExFreePoolWithTag(CONTAINING_RECORD(Data, RECORD, Data), TAG);
    }
}

VOID FreesAList(PDEVICE Device) // keeps: mem-free-once
{
    while (!IsListEmpty(&Device->Requests)) {
        PREQUEST Request = CONTAINING_RECORD(RemoveHeadList(&Device->Requests), REQUEST, Link);
        ExFreePoolWithTag(Request, TAG);
    }
}

NTSTATUS GrowsABlock(PVOID *Block, SIZE_T Size, ULONG Rounds) // keeps: mem-free-once, mem-pool2-tag
{
    PVOID Current = NULL;
    while (Rounds-- > 0) {
        PVOID Larger = ExAllocatePool2(POOL_FLAG_PAGED, Size, TAG);
        if (Larger == NULL) {
            if (Current != NULL) {
                ExFreePool(Current);
            }
            return STATUS_NO_MEMORY;
        }
        if (Current != NULL) {
            ExFreePoolWithTag(Current, TAG);
        }
        Current = Larger;
        Size *= 2;
    }
    *Block = Current;
    return STATUS_SUCCESS;
}
