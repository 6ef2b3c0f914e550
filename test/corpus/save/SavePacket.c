/* The save callback (kmcl-facts 7.6, savepkt-; matrix M1 to M17 of 6.3). */
#include "../Corpus.h"

#define RECORD_BYTES sizeof(RECORD)

static KSPIN_LOCK Lock;

/* A record of the request, zero where nothing is known. */
static VOID Pack(PREQUEST Request, RECORD *Record)
{
    RtlZeroMemory(Record, sizeof(*Record));
    Record->Version = 1;
    if (Request == NULL) {
        return;
    }
    Record->Id = Request->Id;
    Record->Length = Request->Length;
    RtlCopyMemory(Record->Data, Request->Data, sizeof(Record->Data));
}

SAVE(AsksFirst)
{
    RECORD Record;
    MENDED(*BytesNeeded = RECORD_BYTES;)
    if (SaveBufSize < RECORD_BYTES) {
        return STATUS_BUFFER_TOO_SMALL; // finds: savepkt-bytesneeded-written
    }
    *BytesNeeded = RECORD_BYTES;
    Pack((PREQUEST)VmbPacketGetPointer(Packet), &Record);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}
VSPLAB_TEST(QueryWithoutASize)
{
    (VOID)SaveWith(AsksFirst);
}

SAVE(SaysItOnce)
{
    RECORD Record;
    if (SaveBufSize == 0) {
        *BytesNeeded = RECORD_BYTES;
        return STATUS_BUFFER_TOO_SMALL;
    }
    MENDED(*BytesNeeded = RECORD_BYTES;)
    Pack((PREQUEST)VmbPacketGetPointer(Packet), &Record);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    MENDED(if (SaveBufSize < RECORD_BYTES) return STATUS_BUFFER_TOO_SMALL;)
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS; // finds: savepkt-bytesneeded-written
}
VSPLAB_TEST(WriteWithoutASize)
{
    (VOID)SaveWith(SaysItOnce);
}

SAVE(StampsFirst)
{
    RECORD Record;
    *BytesNeeded = RECORD_BYTES;
    BROKEN(*(UINT32 *)SaveBuf = 1;) // finds: savepkt-zero-size-no-write
    if (SaveBufSize < RECORD_BYTES) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Pack((PREQUEST)VmbPacketGetPointer(Packet), &Record);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}
VSPLAB_TEST(StampsTheQuerysBuffer)
{
    (VOID)SaveWith(StampsFirst);
}

static NTSTATUS Emit(PREQUEST Request, PVOID To, UINT32 Room)
{
    RECORD Record;
    Pack(Request, &Record);
    MENDED(if (Room < sizeof(Record)) return STATUS_BUFFER_TOO_SMALL;)
    MENDED(RtlZeroMemory(To, Room);)
    RtlCopyMemory(To, &Record, sizeof(Record)); // finds: savepkt-zero-size-no-write
    return Room < sizeof(Record) ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;
}
SAVE(EmitsAlways)
{
    *BytesNeeded = RECORD_BYTES;
    return Emit((PREQUEST)VmbPacketGetPointer(Packet), SaveBuf, SaveBufSize);
}
VSPLAB_TEST(CopiesBeforeItLooks)
{
    (VOID)SaveWith(EmitsAlways);
}

SAVE(SucceedsEarly)
{
    *BytesNeeded = RECORD_BYTES;
    if (SaveBufSize == 0) {
        return BROKEN(STATUS_SUCCESS) MENDED(STATUS_BUFFER_TOO_SMALL); // finds: savepkt-query-must-fail
    }
    return SaveRequest(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
}
VSPLAB_TEST(QueryThatSucceeds)
{
    (VOID)SaveWith(SucceedsEarly);
}

SAVE(MaskedFailure)
{
    NTSTATUS Status = SaveRequest(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
    BROKEN(if (Status == STATUS_BUFFER_TOO_SMALL) Status = STATUS_SUCCESS;)
    return Status; // finds: savepkt-query-must-fail
}
VSPLAB_TEST(FailureTakenForSuccess)
{
    (VOID)SaveWith(MaskedFailure);
}

SAVE(FailsEmpty)
{
    *BytesNeeded = 0;
    return BROKEN(STATUS_BUFFER_TOO_SMALL) MENDED(STATUS_SUCCESS); // finds: savepkt-query-succeed-empty
}
VSPLAB_TEST(NothingToSaveFails)
{
    (VOID)SaveWith(FailsEmpty);
}

SAVE(SkipsSmallRequests)
{
    PREQUEST Request = (PREQUEST)VmbPacketGetPointer(Packet);
    UINT32 Record[2] = {1, Request == NULL ? 0 : Request->Id};
    UINT32 Size = Record[1] == 0 ? 0 : sizeof(Record);
    *BytesNeeded = Size;
    MENDED(if (Size == 0) return STATUS_SUCCESS;)
    if (SaveBufSize < Size || SaveBufSize == 0) {
        return STATUS_BUFFER_TOO_SMALL; // finds: savepkt-query-succeed-empty
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, Record, Size);
    return STATUS_SUCCESS;
}
VSPLAB_TEST(OneOfThemHasNothing)
{
    (VOID)SaveWith(SkipsSmallRequests);
}

SAVE(Pends)
{
    NTSTATUS Status = SaveRequest(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
    if (NT_SUCCESS(Status)) {
        return BROKEN(STATUS_PENDING) MENDED(STATUS_SUCCESS); // finds: savepkt-status-severity
    }
    return Status;
}
VSPLAB_TEST(WriteThatPends)
{
    (VOID)SaveWith(Pends);
}

SAVE(Warns)
{
    RECORD Record;
    const NTSTATUS Short = BROKEN(STATUS_BUFFER_OVERFLOW) MENDED(STATUS_BUFFER_TOO_SMALL);
    *BytesNeeded = RECORD_BYTES;
    if (SaveBufSize < RECORD_BYTES) {
        return Short; // finds: savepkt-status-severity
    }
    Pack((PREQUEST)VmbPacketGetPointer(Packet), &Record);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}
VSPLAB_TEST(QueryThatWarns)
{
    (VOID)SaveWith(Warns);
}

SAVE(WritesOneMore)
{
    PUINT8 To = (PUINT8)SaveBuf;
    UINT32 Index;
    *BytesNeeded = 32;
    if (SaveBufSize < 32) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    for (Index = 0; Index BROKEN(<=) MENDED(<) SaveBufSize; Index++) {
        To[Index] = Index < 32 ? 7 : 0; // finds: savepkt-no-overrun
    }
    return STATUS_SUCCESS;
}
VSPLAB_TEST(OneByteTooMany)
{
    (VOID)SaveWith(WritesOneMore);
}

typedef struct _LONG_RECORD {
    RECORD Head;
    UINT8 Tail[100];
} LONG_RECORD;
SAVE(WritesAnotherType)
{
    LONG_RECORD Record;
    UINT32 Size = BROKEN(sizeof(RECORD)) MENDED(sizeof(LONG_RECORD));
    *BytesNeeded = Size;
    if (SaveBufSize < Size) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlZeroMemory(&Record, sizeof(Record));
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record)); // finds: savepkt-no-overrun
    return STATUS_SUCCESS;
}
VSPLAB_TEST(SizeOfAnotherType)
{
    (VOID)SaveWith(WritesAnotherType);
}

/* Records that do not fit any more. */
static UINT32 Grown(UINT32 SaveBufSize)
{
    UINT32 Backlog = 0;
    BROKEN(if (SaveBufSize != 0) Backlog = 256;)
    UNREFERENCED_PARAMETER(SaveBufSize);
    return (UINT32)RECORD_BYTES + Backlog;
}
SAVE(CutsOff)
{
    UINT32 Size = Grown(SaveBufSize);
    *BytesNeeded = Size;
    if (SaveBufSize == 0) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    MENDED(if (SaveBufSize < Size) return STATUS_BUFFER_TOO_SMALL;)
    RtlZeroMemory(SaveBuf, SaveBufSize);
    return STATUS_SUCCESS; // finds: savepkt-no-truncate
}
VSPLAB_TEST(GrowsAndIsCutOff)
{
    (VOID)SaveWith(CutsOff);
}

SAVE(CopiesWhatFits)
{
    UINT8 Record[64];
    UINT32 Needed = BROKEN(SaveBufSize == 0 ? 24 : 64) MENDED(64);
    UINT32 Fits = MINIMUM(SaveBufSize, (UINT32)sizeof(Record));
    RtlFillMemory(Record, sizeof(Record), 3);
    *BytesNeeded = Needed;
    if (SaveBufSize == 0) {
        goto TooSmall;
    }
    MENDED(if (SaveBufSize < Needed) goto TooSmall;)
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, Record, Fits);
    return STATUS_SUCCESS; // finds: savepkt-no-truncate
TooSmall:
    return STATUS_BUFFER_TOO_SMALL;
}
VSPLAB_TEST(CopiesAsMuchAsFits)
{
    (VOID)SaveWith(CopiesWhatFits);
}

SAVE(PromisesMore)
{
    RECORD Record;
    *BytesNeeded = RECORD_BYTES BROKEN(+ 12);
    if (SaveBufSize < RECORD_BYTES BROKEN(+ 12)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Pack((PREQUEST)VmbPacketGetPointer(Packet), &Record);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    MENDED(RtlZeroMemory((PUINT8)SaveBuf + RECORD_BYTES, SaveBufSize - RECORD_BYTES);)
    return STATUS_SUCCESS; // finds: savepkt-full-init
}
VSPLAB_TEST(PromisesTwelveBytesMore)
{
    (VOID)SaveWith(PromisesMore);
}

typedef struct _PADDED {
    UINT8 Version;
    UINT64 Id;
    UINT8 Kind;
} PADDED;
SAVE(LeavesPadding)
{
    PADDED *Saved = (PADDED *)SaveBuf;
    *BytesNeeded = sizeof(PADDED);
    if (SaveBufSize < sizeof(PADDED)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    MENDED(RtlZeroMemory(SaveBuf, SaveBufSize);)
    Saved->Version = 1;
    Saved->Id = 2;
    Saved->Kind = 3;
    return STATUS_SUCCESS; // finds: savepkt-full-init
}
VSPLAB_TEST(LeavesThePaddingOut)
{
    (VOID)SaveWith(LeavesPadding);
}

SAVE(WritesAll)
{
    *BytesNeeded = 24;
    if (SaveBufSize < 24) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    BROKEN(RtlFillMemory(SaveBuf, SaveBufSize, 7);)
    MENDED(RtlZeroMemory(SaveBuf, SaveBufSize);)
    return STATUS_SUCCESS; // finds: savepkt-size-exact
}
VSPLAB_TEST(FillsTheWholeBuffer)
{
    (VOID)SaveWith(WritesAll);
}

SAVE(SaysTooLittle)
{
    RECORD Record;
    *BytesNeeded = RECORD_BYTES;
    if (SaveBufSize < RECORD_BYTES) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Pack((PREQUEST)VmbPacketGetPointer(Packet), &Record);
    Record.Data[sizeof(Record.Data) - 1] = 1;
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    BROKEN(*BytesNeeded = sizeof(Record) - 4;)
    return STATUS_SUCCESS; // finds: savepkt-size-exact
}
VSPLAB_TEST(ReportsFourBytesLess)
{
    (VOID)SaveWith(SaysTooLittle);
}

SAVE(FreesIt)
{
    NTSTATUS Status = SaveRequest(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
    if (NT_SUCCESS(Status)) {
        BROKEN(VmbPacketFree(Packet);) // finds: savepkt-no-packet-ops
    }
    return Status;
}
VSPLAB_TEST(FreesTheSavedPacket)
{
    (VOID)SaveWith(FreesIt);
}

static VOID Detach(VMBPACKET Packet)
{
    VmbPacketSetPointer(Packet, NULL); // finds: savepkt-no-packet-ops
}
SAVE(DetachesIt)
{
    BROKEN(if (SaveBufSize != 0) Detach(Packet);)
    return SaveRequest(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
}
VSPLAB_TEST(DetachesTheSavedPacket)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    PVSPLAB_STATE State = NULL;
    Options.Save = DetachesIt;
    Channel = PausedWith(&Options, 1);
    (VOID)VspLabSave(Channel, 0, &State);
    VspLabFreeState(State);
    Close(Channel);
}

SAVE(GrowsOnTheWay)
{
    UINT32 Size = 16 BROKEN(+ (SaveBufSize == 0 ? 0 : 256));
    *BytesNeeded = Size;
    if (SaveBufSize < Size) {
        return STATUS_BUFFER_TOO_SMALL; // finds: savepkt-stable
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    return STATUS_SUCCESS;
}
VSPLAB_TEST(AsksForMoreTheSecondTime)
{
    (VOID)SaveWith(GrowsOnTheWay);
}

static UINT8 Queued;
static NTSTATUS Fits(UINT32 Size, UINT32 Room)
{
    return Size <= Room ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
}
SAVE(CountsQueue)
{
    NTSTATUS Status;
    UINT32 Size;
    BROKEN(Queued = SaveBufSize == 0 ? 1 : 40;)
    Size = 8 + Queued * 8;
    *BytesNeeded = Size;
    Status = Fits(Size, SaveBufSize);
    if (!NT_SUCCESS(Status)) {
        return Status; // finds: savepkt-stable
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    return STATUS_SUCCESS;
}
VSPLAB_TEST(QueueGrowsInBetween)
{
    Queued = 1;
    (VOID)SaveWith(CountsQueue);
}

SAVE(UnderALock)
{
    KIRQL Irql;
    NTSTATUS Status;
    BROKEN(KeAcquireSpinLock(&Lock, &Irql);)
    *BytesNeeded = 0; // finds: savepkt-irql
    BROKEN(KeReleaseSpinLock(&Lock, Irql);)
    MENDED((VOID)Irql;)
    Status = STATUS_SUCCESS;
    return Status;
}
VSPLAB_TEST(StoresTheSizeUnderALock)
{
    (VOID)SaveWith(UnderALock);
}

static VOID CopyOut(PVOID To, UINT32 Size, const RECORD *Record)
{
    RtlZeroMemory(To, Size); // finds: savepkt-irql
    RtlCopyMemory(To, Record, sizeof(*Record));
}
SAVE(CopiesUnderALock)
{
    RECORD Record;
    KIRQL Irql;
    *BytesNeeded = RECORD_BYTES;
    if (SaveBufSize < RECORD_BYTES) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    KeAcquireSpinLock(&Lock, &Irql);
    Pack((PREQUEST)VmbPacketGetPointer(Packet), &Record);
    BROKEN(CopyOut(SaveBuf, SaveBufSize, &Record);)
    KeReleaseSpinLock(&Lock, Irql);
    MENDED(CopyOut(SaveBuf, SaveBufSize, &Record);)
    return STATUS_SUCCESS;
}
VSPLAB_TEST(CopiesTheRecordUnderALock)
{
    (VOID)SaveWith(CopiesUnderALock);
}

SAVE(TakesItAway)
{
    PREQUEST Request = (PREQUEST)VmbPacketGetPointer(Packet);
    NTSTATUS Status = SaveRequest(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
    BROKEN(Request->Length = 0;)
    MENDED((VOID)Request;)
    return Status; // finds: savepkt-idempotent
}
VSPLAB_TEST(EmptiesTheRequest)
{
    (VOID)SaveWith(TakesItAway);
}

SAVE(NumbersItsRecords)
{
    static UINT32 Number;
    *BytesNeeded = 8;
    if (SaveBufSize < 8) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    BROKEN(Number++;)
    ((UINT32 *)SaveBuf)[0] = Number;
    return STATUS_SUCCESS; // finds: savepkt-idempotent
}
VSPLAB_TEST(NumbersWhatItSaves)
{
    (VOID)SaveWith(NumbersItsRecords);
}
