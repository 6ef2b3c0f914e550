/* The same in C++: buffers of a save that are not those of an ordinary run. */
#include "../../corpus/Corpus.h"

namespace {

/* Writes fields one behind the other. */
class Writer {
public:
    Writer(PVOID buffer, UINT32 size) : m_at(static_cast<UINT8 *>(buffer)), m_left(size) {}

    template <typename Field> void Put(const Field &field)
    {
        MENDED(if (m_left < sizeof(field)) { return; })
        RtlCopyMemory(m_at, &field, sizeof(field)); // finds: savepkt-recheck-size in FieldsBehindTheEnd
        m_at += sizeof(field);
        m_left -= sizeof(field);
    }

private:
    UINT8 *m_at;
    UINT32 m_left;
};

constexpr UINT32 Needed = 3 * sizeof(UINT32);

SAVE(WritesFields)
{
    const auto *request = static_cast<const REQUEST *>(VmbPacketGetPointer(Packet));
    *BytesNeeded = Needed;
    if (SaveBufSize BROKEN(== 0) MENDED(< Needed)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Writer writer(SaveBuf, SaveBufSize);
    const UINT32 version = 1;
    RtlZeroMemory(SaveBuf, SaveBufSize);
    writer.Put(version);
    writer.Put(request->Id);
    writer.Put(request->Length);
    return STATUS_SUCCESS;
}
VSPLAB_TEST(FieldsBehindTheEnd)
{
    VSPLAB_ASSERT_SUCCESS(SaveWith(WritesFields));
}

SAVE(WritesAsMuchAsFits)
{
    const auto *request = static_cast<const REQUEST *>(VmbPacketGetPointer(Packet));
    const UINT32 fields[] = {1, request->Id, request->Length};
    UINT32 used = 0;
    *BytesNeeded = sizeof(fields);
    if (SaveBufSize BROKEN(== 0) MENDED(< sizeof(fields))) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    for (const UINT32 field : fields) {
        if (SaveBufSize - used >= sizeof(field)) {
            RtlCopyMemory(static_cast<UINT8 *>(SaveBuf) + used, &field, sizeof(field));
            used += sizeof(field);
        }
    }
    *BytesNeeded = used;
    return STATUS_SUCCESS; // finds: savepkt-no-truncate
}
VSPLAB_TEST(FieldsThatFit)
{
    VSPLAB_ASSERT_SUCCESS(SaveWith(WritesAsMuchAsFits));
}

template <UINT32 Size> struct Trace {
    UINT32 Count;
    UINT32 Entries[Size];
    void Add(UINT32 value)
    {
        MENDED(if (Count < Size))
        Entries[Count++] = value; // finds: mem-out-of-bounds in TracesEveryCall
    }
};
Trace<40> Traced;

SAVE(Traces)
{
    Traced.Add(SaveBufSize);
    return SaveRequest(Channel, Packet, SaveBuf, SaveBufSize, BytesNeeded);
}
VSPLAB_TEST(TracesEveryCall)
{
    for (int round = 0; round < 2; round++) {
        VSPLAB_ASSERT_SUCCESS(SaveWith(Traces));
    }
}

struct Staged {
    RECORD Record;
    UINT8 Tail[200];
};
Staged Stage;

SAVE(CopiesTheStage)
{
    *BytesNeeded = sizeof(Stage.Record);
    if (SaveBufSize < sizeof(Stage.Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    const auto *request = static_cast<const REQUEST *>(VmbPacketGetPointer(Packet));
    Stage.Record.Version = 1;
    Stage.Record.Id = request->Id;
    const auto *from = reinterpret_cast<const UINT8 *>(&Stage);
    auto *to = static_cast<UINT8 *>(SaveBuf);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    const UINT32 length = BROKEN(SaveBufSize) MENDED(sizeof(Stage.Record));
    for (UINT32 index = 0; index < length; index++) {
        to[index] = from[index]; // finds: mem-out-of-bounds
    }
    return STATUS_SUCCESS;
}
VSPLAB_TEST(CopiesTheWholeStage)
{
    VSPLAB_ASSERT_SUCCESS(SaveWith(CopiesTheStage));
}

} // namespace
