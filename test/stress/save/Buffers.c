/* Buffers of a save that are not those of an ordinary run. */
#include "../../corpus/Corpus.h"

static VOID Pack(PREQUEST Request, RECORD *Record)
{
    RtlZeroMemory(Record, sizeof(*Record));
    Record->Version = 1;
    Record->Id = Request->Id;
    Record->Length = Request->Length;
    RtlCopyMemory(Record->Data, Request->Data, sizeof(Record->Data));
}

SAVE(TwoPasses)
{
    RECORD Record;
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize BROKEN(== 0) MENDED(< sizeof(Record))) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Pack(VmbPacketGetPointer(Packet), &Record);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record)); // finds: savepkt-recheck-size
    return STATUS_SUCCESS;
}
VSPLAB_TEST(NeverLooksAtTheSize)
{
    VSPLAB_ASSERT_SUCCESS(SaveWith(TwoPasses));
}

SAVE(CutsTheRecord)
{
    RECORD Record;
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize BROKEN(== 0) MENDED(< sizeof(Record))) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Pack(VmbPacketGetPointer(Packet), &Record);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, MINIMUM(SaveBufSize, sizeof(Record)));
    return STATUS_SUCCESS; // finds: savepkt-no-truncate
}
VSPLAB_TEST(SavesWhatFits)
{
    VSPLAB_ASSERT_SUCCESS(SaveWith(CutsTheRecord));
}

/* More is there than belongs to the record, yet not a page. */
static struct {
    RECORD Record;
    UINT8 Spare[256];
} Staging;
SAVE(FillsTheBuffer)
{
    Pack(VmbPacketGetPointer(Packet), &Staging.Record);
    *BytesNeeded = sizeof(Staging.Record);
    if (SaveBufSize < sizeof(Staging.Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Staging, BROKEN(SaveBufSize) MENDED(sizeof(Staging.Record))); // finds: mem-out-of-bounds
    return STATUS_SUCCESS;
}
VSPLAB_TEST(CopiesAsMuchAsFits)
{
    VSPLAB_ASSERT_SUCCESS(SaveWith(FillsTheBuffer));
}

/* Room for each packet's calls as somebody once counted them. */
static UINT8 Calls[40];
static UINT32 CallCount;
SAVE(NotesEveryCall)
{
    Calls[BROKEN(CallCount++) MENDED(CallCount++ % sizeof(Calls))] = (UINT8)SaveBufSize; // finds: mem-out-of-bounds
    return SaveRequest(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
}
VSPLAB_TEST(RunsOutOfNotes)
{
    UINT32 Round;
    for (Round = 0; Round < 2; Round++) {
        VSPLAB_ASSERT_SUCCESS(SaveWith(NotesEveryCall));
    }
}

static PREQUEST Asked;
SAVE(RemembersTheQuery)
{
    RECORD Record;
    PREQUEST Request = VmbPacketGetPointer(Packet);
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        Asked = Request;
        return STATUS_BUFFER_TOO_SMALL;
    }
    BROKEN(if (Asked != Request) { return STATUS_INVALID_DEVICE_STATE; }) // finds: savepkt-stable
    Pack(Request, &Record);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}
VSPLAB_TEST(QueriesAllAtOnce)
{
    (VOID)SaveWith(RemembersTheQuery);
}
