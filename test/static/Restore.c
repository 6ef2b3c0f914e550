/* Restore callbacks. */
#include "Static.h"

EVT_VMB_PACKET_COMPLETION_ROUTINE RequestDone;
VOID RequestDone(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PVOID Context = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (Context != NULL) {
        ExFreePoolWithTag(Context, TAG);
    }
    VmbPacketFree(Packet);
}

/* A context from a checked copy of the record; NULL for a record that is wrong. */
static PREQUEST Unpack(const VOID *SaveBuf, UINT32 SaveBufSize)
{
    RECORD Record;
    PREQUEST Request;
    if (SaveBufSize < sizeof(Record)) {
        return NULL;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    if (Record.Version != 1 || Record.Length > sizeof(Record.Data)) {
        return NULL;
    }
    Request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Request), TAG);
    if (Request != NULL) {
        Request->Id = Record.Id;
    }
    return Request;
}

static VOID Attach(VMBPACKET Packet, PREQUEST Request)
{
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, RequestDone);
}

RESTORE(RestoresStraight) // keeps: restorepkt-allocate, restorepkt-alloc-null, restorepkt-libbuf, restorepkt-status, restorepkt-free-on-failure, restorepkt-routine, restorepkt-validate, restorepkt-copy, restorepkt-no-send, restorepkt-propagate
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet;
    NTSTATUS Status;
    if (Request == NULL) {
        return STATUS_DATA_ERROR;
    }
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        ExFreePoolWithTag(Request, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Attach(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Request, TAG);
        VmbPacketFree(Packet);
    }
    return Status;
}

RESTORE(RestoresByGoto) // keeps: restorepkt-allocate, restorepkt-alloc-null, restorepkt-libbuf, restorepkt-status, restorepkt-free-on-failure, restorepkt-routine, restorepkt-validate, restorepkt-copy, restorepkt-no-send, restorepkt-propagate
{
    PREQUEST Request = NULL;
    VMBPACKET Packet = NULL;
    NTSTATUS Status = STATUS_SUCCESS;
    Request = Unpack(SaveBuf, SaveBufSize);
    FAIL_UNLESS(Request != NULL, STATUS_DATA_ERROR)
    Packet = VmbPacketAllocate(Channel);
    FAIL_UNLESS(Packet != NULL, STATUS_INSUFFICIENT_RESOURCES)
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, RequestDone);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    FAIL_UNLESS(NT_SUCCESS(Status), Status)
    Packet = NULL;
    Request = NULL;
Exit:
    if (Packet != NULL) {
        VmbPacketFree(Packet);
    }
    if (Request != NULL) {
        ExFreePoolWithTag(Request, TAG);
    }
    return Status;
}

/* ---- restorepkt-allocate, restorepkt-libbuf ---- */

RESTORE(RestoresNothing)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(LibBuf);
    UNREFERENCED_PARAMETER(LibBufSize);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    return STATUS_SUCCESS; // finds: restorepkt-allocate
}

RESTORE(SkipsEmptyRecords)
{
    if (SaveBufSize == 0) {
        return STATUS_SUCCESS; // finds: restorepkt-allocate
    }
    return RestoresStraight(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}

RESTORE(GivesTheWrongBuffer)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    UNREFERENCED_PARAMETER(LibBuf);
    UNREFERENCED_PARAMETER(LibBufSize);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Attach(Packet, NULL);
    Status = VmbPacketRestore(Packet, SaveBuf, SaveBufSize); // finds: restorepkt-libbuf
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}

static NTSTATUS Feed(VMBPACKET Packet, PVOID Bytes, UINT32 Length)
{
    return VmbPacketRestore(Packet, (PUINT8)Bytes + 8, Length - 8); // finds: restorepkt-libbuf
}

RESTORE(SkipsAHead)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Attach(Packet, NULL);
    Status = Feed(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}

/* ---- restorepkt-alloc-null, restorepkt-status, restorepkt-propagate ---- */

RESTORE(TrustsTheAllocation)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    VmbPacketSetPointer(Packet, NULL); // finds: restorepkt-alloc-null
    VmbPacketSetCompletionRoutine(Packet, RequestDone);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}

RESTORE(SwallowsTheAllocation)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status = STATUS_SUCCESS;
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet != NULL) {
        Attach(Packet, NULL);
        Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
        if (!NT_SUCCESS(Status)) {
            VmbPacketFree(Packet);
        }
    }
    return Status; // finds: restorepkt-alloc-null
}

RESTORE(DropsTheStatus)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Attach(Packet, NULL);
    VmbPacketRestore(Packet, LibBuf, LibBufSize); // finds: restorepkt-status
    return STATUS_SUCCESS;
}

static VOID Revive(VMBPACKET Packet, PVOID Bytes, UINT32 Length)
{
    (VOID)VmbPacketRestore(Packet, Bytes, Length); // finds: restorepkt-status
}

RESTORE(DropsItInAHelper)
{
    NTSTATUS Status = STATUS_SUCCESS;
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    FAIL_UNLESS(Packet != NULL, STATUS_NO_MEMORY)
    Attach(Packet, NULL);
    Revive(Packet, LibBuf, LibBufSize);
Exit:
    return Status;
}

RESTORE(SwallowsTheFailure)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Attach(Packet, NULL);
    if (!NT_SUCCESS(VmbPacketRestore(Packet, LibBuf, LibBufSize))) {
        VmbPacketFree(Packet);
    }
    return STATUS_SUCCESS; // finds: restorepkt-propagate
}

RESTORE(OverwritesTheFailure)
{
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet == NULL) {
        goto Exit;
    }
    Attach(Packet, NULL);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
        Status = STATUS_SUCCESS;
    }
Exit:
    return Status; // finds: restorepkt-propagate
}

/* ---- restorepkt-free-on-failure, restorepkt-routine ---- */

RESTORE(LeaksThePacket)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel); // finds: restorepkt-free-on-failure
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Attach(Packet, NULL);
    return VmbPacketRestore(Packet, LibBuf, LibBufSize);
}

RESTORE(LeaksTheContext)
{
    NTSTATUS Status = STATUS_SUCCESS;
    VMBPACKET Packet = NULL;
    PREQUEST Request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Request), TAG); // finds: restorepkt-free-on-failure
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    FAIL_UNLESS(Request != NULL, STATUS_NO_MEMORY)
    Packet = VmbPacketAllocate(Channel);
    FAIL_UNLESS(Packet != NULL, STATUS_NO_MEMORY)
    Attach(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
        ExFreePoolWithTag(Request, TAG);
    }
Exit:
    return Status;
}

RESTORE(ForgetsTheRoutine)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet;
    NTSTATUS Status;
    if (Request == NULL) {
        return STATUS_DATA_ERROR;
    }
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        ExFreePoolWithTag(Request, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Request, TAG);
        VmbPacketFree(Packet);
        return Status;
    }
    return STATUS_SUCCESS; // finds: restorepkt-routine
}

RESTORE(ForgetsThePointer)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetCompletionRoutine(Packet, RequestDone);
    if (NT_SUCCESS(VmbPacketRestore(Packet, LibBuf, LibBufSize))) {
        return STATUS_SUCCESS; // finds: restorepkt-routine
    }
    VmbPacketFree(Packet);
    return STATUS_UNSUCCESSFUL;
}

/* ---- restorepkt-validate, restorepkt-copy, restorepkt-no-send ---- */

RESTORE(ReadsUnchecked)
{
    RECORD Record;
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record)); // finds: restorepkt-validate
    if (Record.Version != 1) {
        return STATUS_DATA_ERROR;
    }
    return RestoresStraight(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}

RESTORE(ReadsPartlyChecked)
{
    RECORD Record;
    if (SaveBufSize < FIELD_OFFSET(RECORD, Data)) {
        return STATUS_DATA_ERROR;
    }
    Record = *(const RECORD *)SaveBuf; // finds: restorepkt-validate
    return Record.Version == 1 ? RestoresStraight(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize) : STATUS_DATA_ERROR;
}

RESTORE(ReadsInPlace)
{
    const RECORD *Record = SaveBuf;
    if (SaveBufSize < sizeof(*Record)) {
        return STATUS_DATA_ERROR;
    }
    if (Record->Version != 1) { // finds: restorepkt-copy
        return STATUS_DATA_ERROR;
    }
    return RestoresStraight(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}

RESTORE(KeepsTheRecord)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(Packet, SaveBuf); // finds: restorepkt-copy
    VmbPacketSetCompletionRoutine(Packet, RequestDone);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}

RESTORE(SendsItAgain)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    NTSTATUS Status;
    UINT32 Word = 1;
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Attach(Packet, NULL);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
        return Status;
    }
    return VmbPacketSend(Packet, &Word, sizeof(Word), NULL, WAIT); // finds: restorepkt-no-send
}

static NTSTATUS Resend(VMBPACKET Packet)
{
    UINT32 Word = 2;
    return VmbPacketSend(Packet, &Word, sizeof(Word), NULL, WAIT); // finds: restorepkt-no-send
}

RESTORE(SendsItInAHelper)
{
    NTSTATUS Status = STATUS_NO_MEMORY;
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (Packet == NULL) {
        goto Exit;
    }
    Attach(Packet, NULL);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (NT_SUCCESS(Status)) {
        Status = Resend(Packet);
    } else {
        VmbPacketFree(Packet);
    }
Exit:
    return Status;
}

/* ---- savepkt-status-severity ---- */

RESTORE(RefusesWithAWarning)
{
    if (SaveBufSize < sizeof(RECORD)) {
        return STATUS_BUFFER_OVERFLOW; // finds: savepkt-status-severity
    }
    return RestoresStraight(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
}

RESTORE(AnswersPendingWhenDone)
{
    NTSTATUS Status = RestoresByGoto(Channel, LibBuf, LibBufSize, SaveBuf, SaveBufSize);
    if (NT_SUCCESS(Status)) {
        return STATUS_PENDING; // finds: savepkt-status-severity
    }
    return Status;
}
