/* Contexts with room for more entries than a packet has. */
#include "Differential.h"

typedef struct _ENTRY {
    UINT32 Offset;
    UINT32 Length;
} ENTRY;

typedef struct _BATCH {
    UINT32 Count;
    ENTRY Entries[8];
} BATCH, *PBATCH;

static VOID Dropped(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Length);
    VmbPacketFree(Packet);
}

SAVE(SaveBatch)
{
    PBATCH Batch = VmbPacketGetInlinePacketContextPointer(Packet);
    PUINT32 Words = SaveBuf;
    UINT32 Index;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = sizeof(UINT32) + Batch->Count * sizeof(ENTRY);
    if (SaveBufSize < *BytesNeeded) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    *Words++ = Batch->Count;
    for (Index = 0; Index < Batch->Count; Index++) {
        *Words++ = Batch->Entries[Index].Offset;
        BROKEN(*Words++ = 512;)
        MENDED(*Words++ = Batch->Entries[Index].Length;)
    }
    return STATUS_SUCCESS; // breaks state-field-lost
}

RESTORE(RestoreBatch)
{
    const UINT32 *Words = SaveBuf;
    PBATCH Batch;
    VMBPACKET Packet;
    NTSTATUS Status;
    UINT32 Index;
    if (SaveBufSize < sizeof(UINT32) || *Words > 8 || SaveBufSize < sizeof(UINT32) + *Words * sizeof(ENTRY)) {
        return STATUS_DATA_ERROR;
    }
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Batch = VmbPacketGetInlinePacketContextPointer(Packet);
    RtlZeroMemory(Batch, sizeof(*Batch));
    Batch->Count = *Words++;
    for (Index = 0; Index < Batch->Count; Index++) {
        Batch->Entries[Index].Offset = *Words++;
        Batch->Entries[Index].Length = *Words++;
    }
    VmbPacketSetCompletionRoutine(Packet, Dropped);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}

static VMBCHANNEL WithBatches(VOID)
{
    VMBCHANNEL Channel = Configured();
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, SaveBatch, RestoreBatch));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetInlinePacketContextSize(Channel, sizeof(BATCH)));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    return Channel;
}

VSPLAB_TEST(state_field_lost__entries)
{
    VMBCHANNEL Channel = WithBatches();
    PVSPLAB_STATE State;
    UINT32 Count;
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    for (Count = 1; Count <= 3; Count++) {
        UINT8 Bytes[16] = {0};
        VMBPACKET Packet = VmbPacketAllocate(Channel);
        PBATCH Batch = VmbPacketGetInlinePacketContextPointer(Packet);
        UINT32 Index;
        RtlZeroMemory(Batch, sizeof(*Batch));
        Batch->Count = Count;
        for (Index = 0; Index < Count; Index++) {
            Batch->Entries[Index].Offset = 4096 * Index + Count;
            Batch->Entries[Index].Length = 512;
        }
        VmbPacketSetCompletionRoutine(Packet, Dropped);
        VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, sizeof(Bytes), NULL, WAIT));
    }
    VmbChannelPause(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Channel = WithBatches();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(Channel, State));
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
    VspLabFreeState(State);
}
