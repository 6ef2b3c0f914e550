/* Sizes and statuses of save callbacks. */
#include "Static.h"

/* ---- savepkt-bytesneeded-written ---- */

SAVE(ReturnsEarly)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Channel);
    if (Request == NULL) {
        return STATUS_INVALID_DEVICE_STATE; // finds: savepkt-bytesneeded-written
    }
    *BytesNeeded = sizeof(RECORD);
    if (SaveBufSize < sizeof(RECORD)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    return STATUS_SUCCESS;
}

static NTSTATUS Measure(PREQUEST Request, PUINT32 Size)
{
    if (Request->Kind > 3) {
        return STATUS_NOT_SUPPORTED;
    }
    *Size = sizeof(RECORD);
    return STATUS_SUCCESS;
}

SAVE(LeavesItToAHelper)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    NTSTATUS Status = STATUS_SUCCESS;
    UNREFERENCED_PARAMETER(Channel);
    FAIL_UNLESS(Request != NULL && NT_SUCCESS(Measure(Request, BytesNeeded)), STATUS_NOT_SUPPORTED)
    FAIL_UNLESS(SaveBufSize >= sizeof(RECORD), STATUS_BUFFER_TOO_SMALL)
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
Exit:
    return Status; // finds: savepkt-bytesneeded-written
}

SAVE(WritesItFirst) // keeps: savepkt-bytesneeded-written
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    RECORD Record;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Request == NULL) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(&Record, sizeof(Record));
    Record.Version = 1;
    Record.Id = Request->Id;
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

static VOID Tell(PUINT32 Size, UINT32 Value)
{
    *Size = Value;
}

SAVE(WritesItInAHelper) // keeps: savepkt-bytesneeded-written
{
    NTSTATUS Status = STATUS_SUCCESS;
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Channel);
    Tell(BytesNeeded, Request == NULL ? 0 : (UINT32)sizeof(RECORD));
    FAIL_UNLESS(Request != NULL, STATUS_SUCCESS)
    FAIL_UNLESS(SaveBufSize >= *BytesNeeded, STATUS_BUFFER_TOO_SMALL)
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 2;
    ((PRECORD)SaveBuf)->Id = Request->Id;
Exit:
    return Status;
}

/* ---- savepkt-zero-size-no-write ---- */

SAVE(ZeroesFirst)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(RECORD);
    RtlZeroMemory(SaveBuf, sizeof(RECORD)); // finds: savepkt-zero-size-no-write, savepkt-recheck-size
    if (SaveBufSize < sizeof(RECORD)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    ((PRECORD)SaveBuf)->Version = 1;
    return STATUS_SUCCESS;
}

static VOID Stamp(PRECORD Record)
{
    Record->Version = 1; // finds: savepkt-zero-size-no-write, savepkt-recheck-size
}

SAVE(StampsTooSoon)
{
    PRECORD Record = (PRECORD)SaveBuf;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    Stamp(Record);
    *BytesNeeded = sizeof(*Record);
    if (SaveBufSize < sizeof(*Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory((PUINT8)SaveBuf + 4, SaveBufSize - 4);
    return STATUS_SUCCESS;
}

SAVE(ZeroesNothing) // keeps: savepkt-zero-size-no-write
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(RECORD);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    if (SaveBufSize < sizeof(RECORD)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    ((PRECORD)SaveBuf)->Version = 1;
    return STATUS_SUCCESS;
}

SAVE(AsksTwice) // keeps: savepkt-zero-size-no-write
{
    BOOLEAN Fits = SaveBufSize >= sizeof(RECORD);
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(RECORD);
    if (Fits) {
        RtlZeroMemory(SaveBuf, SaveBufSize);
    }
    if (Fits) {
        ((PRECORD)SaveBuf)->Version = 1;
    }
    return Fits ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}

/* ---- savepkt-query-must-fail ---- */

SAVE(SucceedsOnQuery)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(RECORD);
    if (SaveBufSize == 0) {
        return STATUS_SUCCESS; // finds: savepkt-query-must-fail
    }
    if (SaveBufSize < sizeof(RECORD)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    return STATUS_SUCCESS;
}

SAVE(SkipsOnQuery)
{
    NTSTATUS Status = STATUS_SUCCESS;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(RECORD);
    if (SaveBufSize != 0) {
        FAIL_UNLESS(SaveBufSize >= sizeof(RECORD), STATUS_BUFFER_TOO_SMALL)
        RtlZeroMemory(SaveBuf, SaveBufSize);
        ((PRECORD)SaveBuf)->Version = 1;
    }
Exit:
    return Status; // finds: savepkt-query-must-fail
}

SAVE(FailsTheQuery) // keeps: savepkt-query-must-fail
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(RECORD);
    if (SaveBufSize < *BytesNeeded) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    return STATUS_SUCCESS;
}

SAVE(HasNothing) // keeps: savepkt-query-must-fail
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    *BytesNeeded = 0;
    return STATUS_SUCCESS;
}

/* ---- savepkt-query-succeed-empty ---- */

SAVE(FailsWithNothing)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(SaveBuf);
    *BytesNeeded = 0;
    if (SaveBufSize == 0) {
        return STATUS_BUFFER_TOO_SMALL; // finds: savepkt-query-succeed-empty
    }
    return STATUS_SUCCESS;
}

static NTSTATUS Answer(PUINT32 Size, UINT32 Value)
{
    *Size = Value;
    return STATUS_BUFFER_TOO_SMALL;
}

SAVE(FailsWithoutContext)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    if (VmbPacketGetPointer(Packet) == NULL) {
        return Answer(BytesNeeded, 0); // finds: savepkt-query-succeed-empty
    }
    *BytesNeeded = 0;
    return STATUS_SUCCESS;
}

SAVE(SucceedsWithoutContext) // keeps: savepkt-query-succeed-empty
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    *BytesNeeded = 0;
    return VmbPacketGetPointer(Packet) == NULL ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

SAVE(TellsASize) // keeps: savepkt-query-succeed-empty
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = 0;
    *BytesNeeded += sizeof(RECORD);
    if (SaveBufSize < sizeof(RECORD)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    return STATUS_SUCCESS;
}

/* ---- savepkt-status-severity ---- */

SAVE(AnswersPending)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    *BytesNeeded = 0;
    return STATUS_PENDING; // finds: savepkt-status-severity
}

#define NOT_ENOUGH STATUS_BUFFER_OVERFLOW

SAVE(AnswersOverflow)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(RECORD);
    if (SaveBufSize < sizeof(RECORD)) {
        return NOT_ENOUGH; // finds: savepkt-status-severity
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    return STATUS_SUCCESS;
}

SAVE(MapsPending) // keeps: savepkt-status-severity
{
    NTSTATUS Status = VmbPacketGetPointer(Packet) == NULL ? STATUS_PENDING : STATUS_SUCCESS;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    *BytesNeeded = 0;
    return Status == STATUS_PENDING ? STATUS_INVALID_DEVICE_STATE : Status;
}

SAVE(AnswersErrors) // keeps: savepkt-status-severity
{
    NTSTATUS Status;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(SaveBuf);
    UNREFERENCED_PARAMETER(SaveBufSize);
    *BytesNeeded = 0;
    switch (((ULONG_PTR)VmbPacketGetPointer(Packet)) & 3) {
    case 0:
        Status = STATUS_SUCCESS;
        break;
    case 1:
        Status = STATUS_INVALID_DEVICE_STATE;
        break;
    default:
        Status = STATUS_NOT_SUPPORTED;
        break;
    }
    return Status;
}

/* ---- savepkt-recheck-size and savepkt-no-overrun ---- */

SAVE(TrustsTheQuery)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(RECORD);
    if (SaveBufSize == 0) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, sizeof(RECORD)); // finds: savepkt-recheck-size
    ((PRECORD)SaveBuf)->Version = 1; // finds: savepkt-recheck-size
    return STATUS_SUCCESS;
}

SAVE(ChecksAnotherSize)
{
    RECORD Record = {1};
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < FIELD_OFFSET(RECORD, Data)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record)); // finds: savepkt-no-overrun
    return STATUS_SUCCESS;
}

static VOID Fill(PUINT8 Bytes, const RECORD *Record)
{
    RtlCopyMemory(Bytes, Record, sizeof(*Record)); // finds: savepkt-no-overrun
}

SAVE(ChecksForAPointer)
{
    RECORD Record;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    RtlZeroMemory(&Record, sizeof(Record));
    Record.Version = 3;
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(PRECORD)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Fill(SaveBuf, &Record);
    return STATUS_SUCCESS;
}

SAVE(ChecksAVariableSize) // keeps: savepkt-no-overrun, savepkt-recheck-size
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UINT32 Need;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Request == NULL || Request->Length > sizeof(Request->Data)) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    Need = FIELD_OFFSET(RECORD, Data) + Request->Length;
    *BytesNeeded = Need;
    if (SaveBufSize < Need) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    RtlCopyMemory(((PRECORD)SaveBuf)->Data, Request->Data, Request->Length);
    return STATUS_SUCCESS;
}

SAVE(ChecksTheWrongWayRound) // keeps: savepkt-no-overrun, savepkt-recheck-size
{
    NTSTATUS Status = STATUS_BUFFER_TOO_SMALL;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(RECORD);
    if (!(sizeof(RECORD) > SaveBufSize)) {
        RtlZeroMemory(SaveBuf, SaveBufSize);
        ((PRECORD)SaveBuf)->Version = 1;
        Status = STATUS_SUCCESS;
    }
    return Status;
}

/* ---- savepkt-no-truncate ---- */

SAVE(SavesWhatFits)
{
    RECORD Record = {1};
    UINT32 Length = sizeof(Record);
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize == 0) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (Length > SaveBufSize) {
        Length = SaveBufSize;
    }
    RtlCopyMemory(SaveBuf, &Record, Length);
    return STATUS_SUCCESS; // finds: savepkt-no-truncate
}

#define LESSER(A, B) ((A) < (B) ? (A) : (B))

SAVE(SavesTheLesser)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UINT32 Need;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Request == NULL) {
        return STATUS_SUCCESS;
    }
    Need = Request->Length;
    *BytesNeeded = Need;
    if (SaveBufSize == 0) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(SaveBuf, Request->Data, LESSER(Need, SaveBufSize));
    return STATUS_SUCCESS; // finds: savepkt-no-truncate
}

SAVE(RefusesToCut) // keeps: savepkt-no-truncate
{
    RECORD Record = {1};
    UINT32 Length = sizeof(Record);
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *BytesNeeded = sizeof(Record);
    Length = LESSER(Length, SaveBufSize);
    if (Length != sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(SaveBuf, &Record, Length);
    return STATUS_SUCCESS;
}

SAVE(SavesFewerOnPurpose) // keeps: savepkt-no-truncate
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UINT32 Length;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Request == NULL) {
        return STATUS_SUCCESS;
    }
    Length = LESSER(Request->Length, (UINT32)sizeof(Request->Data));
    *BytesNeeded = Length;
    if (SaveBufSize < Length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlCopyMemory(SaveBuf, Request->Data, Length);
    return Length == 0 ? STATUS_SUCCESS : (SaveBufSize == 0 ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS);
}
