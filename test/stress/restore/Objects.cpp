/* The same in C++: records that are not what was saved, and calls that fail while one is restored. */
#include "../../corpus/Corpus.h"

namespace {

struct Entry {
    UINT16 Queue;
    UINT16 Length;
};

struct Header {
    UINT16 Version;
    UINT16 Count;
    UINT32 Id;
};

constexpr UINT32 MostEntries = 4;

struct Batch {
    LIST_ENTRY Link;
    UINT32 Id;
    UINT32 Count;
    Entry Entries[MostEntries];
};

LIST_ENTRY Batches;
UINT32 Load[MostEntries];

Batch *NewBatch()
{
    auto *batch = static_cast<Batch *>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Batch), TAG));
    return batch;
}

void Link(Batch &batch)
{
    InsertTailList(&Batches, &batch.Link); // finds: mem-use-after-free in LeavesTheBatchLinked
}

COMPLETION(BatchDone)
{
    auto *batch = static_cast<Batch *>(VmbPacketGetPointer(Packet));
    RemoveEntryList(&batch->Link);
    ExFreePoolWithTag(batch, TAG);
    VmbPacketFree(Packet);
}

SAVE(SaveBatch)
{
    const auto *batch = static_cast<const Batch *>(VmbPacketGetPointer(Packet));
    const UINT32 size = sizeof(Header) + batch->Count * sizeof(Entry);
    const Header header{2, static_cast<UINT16>(batch->Count), batch->Id};
    *BytesNeeded = size;
    if (SaveBufSize < size) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &header, sizeof(header));
    RtlCopyMemory(static_cast<UINT8 *>(SaveBuf) + sizeof(header), batch->Entries, batch->Count * sizeof(Entry));
    return STATUS_SUCCESS;
}

VOID SendBatch(VMBCHANNEL channel, UINT32 id, UINT32 count)
{
    Batch *batch = NewBatch();
    VMBPACKET packet = VmbPacketAllocate(channel);
    VSPLAB_ASSERT(batch != nullptr && packet != nullptr);
    batch->Id = id;
    batch->Count = count;
    for (UINT32 index = 0; index < count; index++) {
        batch->Entries[index] = {static_cast<UINT16>(index), static_cast<UINT16>(64 + id)};
    }
    Link(*batch);
    VmbPacketSetPointer(packet, batch);
    VmbPacketSetCompletionRoutine(packet, BatchDone);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(packet, Bytes, 16, nullptr, WAIT));
}

VOID MigrateBatches(PFN_VMB_CHANNEL_RESTORE_PACKET restore, UINT32 packets, BOOLEAN again = FALSE)
{
    OPTIONS options = Defaults();
    PVSPLAB_STATE state = nullptr;
    options.Save = SaveBatch;
    options.Restore = restore;
    InitializeListHead(&Batches);
    VMBCHANNEL channel = Active(&options);
    for (UINT32 id = 0; id < packets; id++) {
        SendBatch(channel, id, 2 + id % 2);
    }
    VmbChannelPause(channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(channel, 0, &state));
    Close(channel);
    VspLabRestartHost();
    InitializeListHead(&Batches);
    channel = Enabled(&options);
    NTSTATUS status = VspLabRestore(channel, state);
    if (!NT_SUCCESS(status) && again) {
        Close(channel);
        channel = Enabled(&options);
        status = VspLabRestore(channel, state);
    }
    VspLabFreeState(state);
    VSPLAB_ASSERT_SUCCESS(status);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(channel));
    VmbChannelStart(channel);
    VspLabGuestCompleteAll(channel);
    Close(channel);
}

/* Undoes what it was told to, unless it is dismissed. */
struct Undo {
    VMBPACKET Packet = nullptr;
    Batch *Owned = nullptr;
    ~Undo()
    {
        if (Packet != nullptr) {
            VmbPacketFree(Packet);
        }
        if (Owned != nullptr) {
            ExFreePoolWithTag(Owned, TAG);
        }
    }
};

NTSTATUS AdoptBatch(VMBCHANNEL channel, PVOID library, UINT32 librarySize, const Batch &read)
{
    Undo undo;
    undo.Owned = NewBatch();
    undo.Packet = VmbPacketAllocate(channel);
    if (undo.Owned == nullptr || undo.Packet == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *undo.Owned = read;
    VmbPacketSetPointer(undo.Packet, undo.Owned);
    VmbPacketSetCompletionRoutine(undo.Packet, BatchDone);
    Link(*undo.Owned);
    const NTSTATUS status = VmbPacketRestore(undo.Packet, library, librarySize);
    if (!NT_SUCCESS(status)) {
        RemoveEntryList(&undo.Owned->Link);
        return status;
    }
    undo.Packet = nullptr;
    undo.Owned = nullptr;
    return STATUS_SUCCESS;
}

/* A checked copy of a record. */
NTSTATUS ReadBatch(PVOID SaveBuf, UINT32 SaveBufSize, Batch &batch)
{
    Header header;
    if (SaveBufSize < sizeof(header)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(&header, SaveBuf, sizeof(header));
    if (header.Version != 2 || header.Count == 0 || header.Count > MostEntries) {
        return STATUS_DATA_ERROR;
    }
    if (SaveBufSize - sizeof(header) < header.Count * sizeof(Entry)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    batch = {};
    batch.Id = header.Id;
    batch.Count = header.Count;
    RtlCopyMemory(batch.Entries, static_cast<UINT8 *>(SaveBuf) + sizeof(header), header.Count * sizeof(Entry));
    for (UINT32 index = 0; index < batch.Count; index++) {
        if (batch.Entries[index].Queue >= MostEntries) {
            return STATUS_DATA_ERROR;
        }
    }
    return STATUS_SUCCESS;
}

RESTORE(ChecksTheHeaderOnly)
{
    Batch batch{};
    Header header;
    if (SaveBufSize < sizeof(header)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(&header, SaveBuf, sizeof(header));
    if (header.Version != 2 || header.Count == 0 || header.Count > MostEntries) {
        return STATUS_DATA_ERROR;
    }
    MENDED(if (SaveBufSize - sizeof(header) < header.Count * sizeof(Entry)) { return STATUS_INVALID_BUFFER_SIZE; })
    const auto *entries = static_cast<const UINT8 *>(SaveBuf) + sizeof(header);
    batch.Id = header.Id;
    batch.Count = header.Count;
    RtlCopyMemory(batch.Entries, entries, header.Count * sizeof(Entry)); // finds: restorepkt-validate
    return AdoptBatch(Channel, LibBuf, LibBufSize, batch);
}
VSPLAB_TEST(EntriesBehindTheEnd)
{
    MigrateBatches(ChecksTheHeaderOnly, 1);
}

RESTORE(CountsBytesOnly)
{
    Batch batch{};
    Header header{};
    UINT32 count;
    if (SaveBufSize < sizeof(header)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(&header, SaveBuf, sizeof(header));
    if (header.Version != 2) {
        return STATUS_DATA_ERROR;
    }
    BROKEN(count = MINIMUM((SaveBufSize - sizeof(header)) / sizeof(Entry), header.Count);)
    MENDED(count = header.Count;)
    MENDED(if (count > MostEntries || (SaveBufSize - sizeof(header)) / sizeof(Entry) < count) { return STATUS_DATA_ERROR; })
    batch.Id = header.Id;
    batch.Count = MINIMUM(count, MostEntries);
    RtlCopyMemory(batch.Entries, static_cast<UINT8 *>(SaveBuf) + sizeof(header), batch.Count * sizeof(Entry));
    return AdoptBatch(Channel, LibBuf, LibBufSize, batch); // finds: restorepkt-validate
}
VSPLAB_TEST(FewerEntriesThanSaved)
{
    MigrateBatches(CountsBytesOnly, 1);
}

RESTORE(EmptyMeansDefault)
{
    Batch batch{};
    if (SaveBufSize BROKEN(!= 0) MENDED(>= 0)) {
        const NTSTATUS status = ReadBatch(SaveBuf, SaveBufSize, batch);
        if (!NT_SUCCESS(status)) {
            return status;
        }
    }
    return AdoptBatch(Channel, LibBuf, LibBufSize, batch); // finds: restorepkt-validate
}
VSPLAB_TEST(DefaultsForEmptyRecords)
{
    MigrateBatches(EmptyMeansDefault, 1);
}

RESTORE(TrustsQueues)
{
    Batch batch{};
    Header header;
    if (SaveBufSize < sizeof(header)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(&header, SaveBuf, sizeof(header));
    if (header.Version != 2 || header.Count == 0 || header.Count > MostEntries ||
        SaveBufSize - sizeof(header) < header.Count * sizeof(Entry)) {
        return STATUS_DATA_ERROR;
    }
    batch.Id = header.Id;
    batch.Count = header.Count;
    RtlCopyMemory(batch.Entries, static_cast<UINT8 *>(SaveBuf) + sizeof(header), header.Count * sizeof(Entry));
    for (UINT32 index = 0; index < batch.Count; index++) {
        const UINT32 queue = batch.Entries[index].Queue;
        MENDED(if (queue >= MostEntries) { return STATUS_DATA_ERROR; })
        Load[queue] += batch.Entries[index].Length; // finds: restorepkt-validate
    }
    return AdoptBatch(Channel, LibBuf, LibBufSize, batch);
}
VSPLAB_TEST(QueuesFromTheRecord)
{
    MigrateBatches(TrustsQueues, 1);
}

RESTORE(CountsByTheBuffer)
{
    Batch batch{};
    NTSTATUS status = ReadBatch(SaveBuf, SaveBufSize, batch);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    BROKEN(batch.Count = MINIMUM((SaveBufSize - sizeof(Header)) / sizeof(Entry), MostEntries);)
    return AdoptBatch(Channel, LibBuf, LibBufSize, batch); // finds: restorepkt-validate
}
VSPLAB_TEST(EntriesOfTheBuffer)
{
    MigrateBatches(CountsByTheBuffer, 1);
}

/* ---- Calls that fail ---- */

RESTORE(ForgetsTheBatch)
{
    Batch read;
    const NTSTATUS status = ReadBatch(SaveBuf, SaveBufSize, read);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    auto *batch = static_cast<Batch *>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Batch), TAG)); // finds: restorepkt-free-on-failure
    if (batch == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *batch = read;
    VMBPACKET packet = VmbPacketAllocate(Channel);
    if (packet == nullptr) {
        MENDED(ExFreePoolWithTag(batch, TAG);)
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(packet, batch);
    VmbPacketSetCompletionRoutine(packet, BatchDone);
    Link(*batch);
    const NTSTATUS restored = VmbPacketRestore(packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(restored)) {
        RemoveEntryList(&batch->Link);
        ExFreePoolWithTag(batch, TAG);
        VmbPacketFree(packet);
    }
    return restored;
}
VSPLAB_TEST(LeavesTheBatchWithoutAPacket)
{
    MigrateBatches(ForgetsTheBatch, 1);
}

RESTORE(LeavesItLinked)
{
    Batch read;
    const NTSTATUS status = ReadBatch(SaveBuf, SaveBufSize, read);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Undo undo;
    undo.Owned = NewBatch();
    undo.Packet = VmbPacketAllocate(Channel);
    if (undo.Owned == nullptr || undo.Packet == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *undo.Owned = read;
    VmbPacketSetPointer(undo.Packet, undo.Owned);
    VmbPacketSetCompletionRoutine(undo.Packet, BatchDone);
    Link(*undo.Owned);
    const NTSTATUS restored = VmbPacketRestore(undo.Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(restored)) {
        MENDED(RemoveEntryList(&undo.Owned->Link);)
        return restored;
    }
    undo.Packet = nullptr;
    undo.Owned = nullptr;
    return STATUS_SUCCESS;
}
VSPLAB_TEST(LeavesTheBatchLinked)
{
    MigrateBatches(LeavesItLinked, 1, TRUE);
}

RESTORE(UsesWhatItDidNotGet)
{
    Batch read;
    const NTSTATUS status = ReadBatch(SaveBuf, SaveBufSize, read);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Batch *batch = NewBatch();
    MENDED(if (batch == nullptr) { return STATUS_INSUFFICIENT_RESOURCES; })
    batch->Id = read.Id; // finds: mem-null-dereference
    ExFreePoolWithTag(batch, TAG);
    return AdoptBatch(Channel, LibBuf, LibBufSize, read);
}
VSPLAB_TEST(NoBatchToFill)
{
    MigrateBatches(UsesWhatItDidNotGet, 1);
}

RESTORE(UsesThePacketItDidNotGet)
{
    Batch read;
    const NTSTATUS status = ReadBatch(SaveBuf, SaveBufSize, read);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    VMBPACKET packet = VmbPacketAllocate(Channel);
    MENDED(if (packet == nullptr) { return STATUS_INSUFFICIENT_RESOURCES; })
    VmbPacketSetPointer(packet, nullptr); // finds: mem-null-dereference
    VmbPacketFree(packet);
    return AdoptBatch(Channel, LibBuf, LibBufSize, read);
}
VSPLAB_TEST(NoPacketToFill)
{
    MigrateBatches(UsesThePacketItDidNotGet, 1);
}

} // namespace
