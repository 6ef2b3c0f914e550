/* What save callbacks put into the record, and what they must not do. */
#include "Static.h"

#define BEGIN(Need)                                                                                                    \
    UNREFERENCED_PARAMETER(Channel);                                                                                   \
    UNREFERENCED_PARAMETER(Packet);                                                                                    \
    *BytesNeeded = (Need);                                                                                             \
    if (SaveBufSize < (Need)) {                                                                                        \
        return STATUS_BUFFER_TOO_SMALL;                                                                                \
    }

/* ---- savepkt-full-init ---- */

SAVE(CopiesPadding)
{
    LOOSE_RECORD Record;
    BEGIN(sizeof(Record))
    Record.Version = 1;
    Record.Kind = 2;
    Record.Length = sizeof(Record);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS; // finds: savepkt-full-init
}

static VOID Describe(RECORD *Record, UINT32 Id)
{
    Record->Version = 1;
    Record->Length = sizeof(*Record);
    Record->Id = Id;
}

SAVE(ForgetsATail)
{
    RECORD Record;
    NTSTATUS Status = STATUS_SUCCESS;
    BEGIN(sizeof(Record))
    Describe(&Record, 5);
    *(PRECORD)SaveBuf = Record;
    return Status; // finds: savepkt-full-init
}

SAVE(ZeroesPadding) // keeps: savepkt-full-init
{
    LOOSE_RECORD Record;
    BEGIN(sizeof(Record))
    RtlZeroMemory(&Record, sizeof(Record));
    Record.Version = 1;
    Record.Kind = 2;
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

SAVE(FillsInALoop) // keeps: savepkt-full-init
{
    RECORD Record;
    UINT32 Index;
    BEGIN(sizeof(Record))
    Describe(&Record, 7);
    Record.Reserved = 0;
    for (Index = 0; Index < RTL_NUMBER_OF(Record.Data); Index++) {
        Record.Data[Index] = (UINT8)Index;
    }
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

/* ---- savepkt-no-pointers ---- */

typedef struct _ADDRESSED {
    UINT32 Version;
    UINT32 Id;
    PVOID Owner;
} ADDRESSED;

SAVE(SavesAPointer)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    ADDRESSED Record = {1, 2, NULL};
    BEGIN(sizeof(Record))
    Record.Owner = Request;
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS; // finds: savepkt-no-pointers
}

SAVE(SavesAHandle)
{
    BEGIN(sizeof(ADDRESSED))
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((ADDRESSED *)SaveBuf)->Version = 1;
    ((ADDRESSED *)SaveBuf)->Owner = (PVOID)(ULONG_PTR)Packet;
    return STATUS_SUCCESS; // finds: savepkt-no-pointers
}

SAVE(SavesAnId) // keeps: savepkt-no-pointers
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    BEGIN(sizeof(ADDRESSED))
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((ADDRESSED *)SaveBuf)->Version = 1;
    ((ADDRESSED *)SaveBuf)->Id = Request == NULL ? 0 : Request->Id;
    return STATUS_SUCCESS;
}

SAVE(ClearsThePointer) // keeps: savepkt-no-pointers
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    ADDRESSED Record = {1, 2, Request};
    BEGIN(sizeof(Record))
    Record.Owner = NULL;
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

/* ---- savepkt-versioned ---- */

SAVE(SavesOnlyAnId)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UINT32 Id = Request == NULL ? 0 : Request->Length;
    BEGIN(sizeof(Id))
    RtlCopyMemory(SaveBuf, &Id, sizeof(Id));
    return STATUS_SUCCESS; // finds: savepkt-versioned
}

SAVE(SavesTwoNumbers)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    BEGIN(8)
    if (Request == NULL) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    ((PUINT32)SaveBuf)[0] = Request->Id;
    ((PUINT32)SaveBuf)[1] = Request->Length;
    return STATUS_SUCCESS; // finds: savepkt-versioned
}

SAVE(SavesAVersion) // keeps: savepkt-versioned
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    BEGIN(8)
    ((PUINT32)SaveBuf)[0] = 3;
    ((PUINT32)SaveBuf)[1] = Request == NULL ? 0 : Request->Length;
    return STATUS_SUCCESS;
}

SAVE(SavesTheWholeContext) // keeps: savepkt-versioned
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    BEGIN(sizeof(Request->Data))
    if (Request == NULL) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    RtlCopyMemory(SaveBuf, Request->Data, sizeof(Request->Data));
    return STATUS_SUCCESS;
}

/* ---- savepkt-size-arith ---- */

SAVE(MultipliesUnchecked)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UINT32 Need;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Request == NULL) {
        return STATUS_SUCCESS;
    }
    Need = FIELD_OFFSET(RECORD, Data) + Request->Count * 24;
    *BytesNeeded = Need; // finds: savepkt-size-arith
    if (SaveBufSize < Need) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    return STATUS_SUCCESS;
}

static UINT32 SizeOf(const REQUEST *Request)
{
    SIZE_T Size = sizeof(RECORD) + (SIZE_T)Request->Count * sizeof(UINT64);
    return (UINT32)Size;
}

SAVE(CutsTheSize)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Request == NULL) {
        return STATUS_SUCCESS;
    }
    *BytesNeeded = SizeOf(Request); // finds: savepkt-size-arith
    if (SaveBufSize < *BytesNeeded) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    return STATUS_SUCCESS;
}

SAVE(MultipliesChecked) // keeps: savepkt-size-arith
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    ULONG Tail;
    ULONG Need;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Request == NULL) {
        return STATUS_SUCCESS;
    }
    if (!NT_SUCCESS(RtlULongMult(Request->Count, 24, &Tail)) || !NT_SUCCESS(RtlULongAdd(Tail, 16, &Need))) {
        return STATUS_INTEGER_OVERFLOW;
    }
    *BytesNeeded = Need;
    if (SaveBufSize < Need) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    return STATUS_SUCCESS;
}

SAVE(AddsToWhatIsFixed) // keeps: savepkt-size-arith
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    ULONG Need = 16;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Request == NULL) {
        return STATUS_SUCCESS;
    }
    if (!NT_SUCCESS(RtlULongAdd(Need, Request->Count, &Need))) {
        return STATUS_INTEGER_OVERFLOW;
    }
    *BytesNeeded = Need;
    if (SaveBufSize < Need) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    return STATUS_SUCCESS;
}

SAVE(LimitsTheCount) // keeps: savepkt-size-arith
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UINT32 Need;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Request == NULL || Request->Count > 64) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    Need = FIELD_OFFSET(RECORD, Data) + Request->Count * 24;
    *BytesNeeded = Need;
    if (SaveBufSize < Need) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    return STATUS_SUCCESS;
}

/* ---- savepkt-no-packet-ops ---- */

SAVE(FreesThePacket)
{
    BEGIN(0)
    UNREFERENCED_PARAMETER(SaveBuf);
    VmbPacketFree(Packet); // finds: savepkt-no-packet-ops
    return STATUS_SUCCESS;
}

static VOID Detach(VMBPACKET Packet)
{
    VmbPacketSetPointer(Packet, NULL); // finds: savepkt-no-packet-ops
}

SAVE(DetachesThePacket)
{
    BEGIN(0)
    UNREFERENCED_PARAMETER(SaveBuf);
    Detach(Packet);
    return STATUS_SUCCESS;
}

SAVE(LooksAtThePacket) // keeps: savepkt-no-packet-ops
{
    BEGIN(0)
    UNREFERENCED_PARAMETER(SaveBuf);
    return VmbPacketGetChannel(Packet) == Channel ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

SAVE(AsksForThePointer) // keeps: savepkt-no-packet-ops
{
    BEGIN(0)
    UNREFERENCED_PARAMETER(SaveBuf);
    return VmbPacketGetPointer(Packet) == NULL ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}

/* ---- savepkt-irql ---- */

static PDEVICE DeviceOf(VMBCHANNEL Channel)
{
    return VmbChannelGetPointer(Channel);
}

SAVE(MeasuresUnderTheLock)
{
    PDEVICE Device = DeviceOf(Channel);
    KIRQL Irql;
    UNREFERENCED_PARAMETER(Packet);
    KeAcquireSpinLock(&Device->Lock, &Irql);
    *BytesNeeded = sizeof(RECORD); // finds: savepkt-irql
    KeReleaseSpinLock(&Device->Lock, Irql);
    if (SaveBufSize < sizeof(RECORD)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    return STATUS_SUCCESS;
}

SAVE(CopiesUnderTheLock)
{
    PDEVICE Device = DeviceOf(Channel);
    KLOCK_QUEUE_HANDLE Handle;
    RECORD Record = {1};
    BEGIN(sizeof(Record))
    KeAcquireInStackQueuedSpinLock(&Device->Lock, &Handle);
    Record.Id = Device->Total;
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record)); // finds: savepkt-irql
    KeReleaseInStackQueuedSpinLock(&Handle);
    return STATUS_SUCCESS;
}

SAVE(CopiesBehindTheLock) // keeps: savepkt-irql
{
    PDEVICE Device = DeviceOf(Channel);
    KIRQL Irql;
    RECORD Record = {1};
    BEGIN(sizeof(Record))
    KeAcquireSpinLock(&Device->Lock, &Irql);
    Record.Id = Device->Total;
    KeReleaseSpinLock(&Device->Lock, Irql);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

SAVE(LocksAMutex) // keeps: savepkt-irql
{
    static FAST_MUTEX Mutex;
    BEGIN(sizeof(RECORD))
    ExAcquireFastMutex(&Mutex);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    ExReleaseFastMutex(&Mutex);
    return STATUS_SUCCESS;
}

/* ---- savepkt-no-retain ---- */

static PVOID LastBuffer;

SAVE(KeepsTheBuffer)
{
    BEGIN(sizeof(RECORD))
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    LastBuffer = SaveBuf; // finds: savepkt-no-retain
    return STATUS_SUCCESS;
}

SAVE(KeepsTheSize)
{
    PDEVICE Device = DeviceOf(Channel);
    BEGIN(sizeof(RECORD))
    Device->Kept = BytesNeeded; // finds: savepkt-no-retain
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    return STATUS_SUCCESS;
}

SAVE(KeepsItForTheCall) // keeps: savepkt-no-retain
{
    struct {
        PVOID Bytes;
        UINT32 Size;
    } Cursor = {SaveBuf, SaveBufSize};
    BEGIN(sizeof(RECORD))
    RtlZeroMemory(Cursor.Bytes, Cursor.Size);
    ((PRECORD)Cursor.Bytes)->Version = 1;
    return STATUS_SUCCESS;
}

SAVE(KeepsTheNumber) // keeps: savepkt-no-retain
{
    PDEVICE Device = DeviceOf(Channel);
    BEGIN(sizeof(RECORD))
    Device->Total = SaveBufSize;
    RtlZeroMemory(SaveBuf, SaveBufSize);
    ((PRECORD)SaveBuf)->Version = 1;
    return STATUS_SUCCESS;
}

/* ---- savepkt-null-context ---- */

SAVE(TrustsTheContext)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    RECORD Record = {1};
    BEGIN(sizeof(Record))
    Record.Id = Request->Id; // finds: savepkt-null-context
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

static UINT32 IdOf(VMBPACKET Packet)
{
    return ((PREQUEST)VmbPacketGetPointer(Packet))->Id; // finds: savepkt-null-context
}

SAVE(AsksAHelper)
{
    RECORD Record = {1};
    BEGIN(sizeof(Record))
    Record.Id = IdOf(Packet);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

SAVE(AssertsTheContext) // keeps: savepkt-null-context
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    RECORD Record = {1};
    BEGIN(sizeof(Record))
    NT_ASSERT(Request != NULL);
    Record.Id = Request->Id;
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

SAVE(TestsTheContext) // keeps: savepkt-null-context
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    RECORD Record = {1};
    BEGIN(sizeof(Record))
    if (!Request) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    Record.Id = Request->Id;
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}
