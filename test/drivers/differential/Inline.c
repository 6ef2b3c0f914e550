/* Contexts that are part of the packet itself: the inline packet context. */
#include "Differential.h"

typedef struct _NOTE {
    UINT32 Id;
    UINT32 Retries;
    UINT64 Deadline;
} NOTE, *PNOTE;

static VOID Dropped(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Length);
    VmbPacketFree(Packet);
}

SAVE(SaveNote)
{
    PNOTE Note = VmbPacketGetInlinePacketContextPointer(Packet);
    NOTE Record;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(&Record, sizeof(Record));
    Record.Id = Note->Id;
    Record.Deadline = Note->Deadline;
    MENDED(Record.Retries = Note->Retries;)
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS; // breaks state-field-lost
}

RESTORE(RestoreNote)
{
    NOTE Record;
    PNOTE Note;
    VMBPACKET Packet;
    NTSTATUS Status;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_DATA_ERROR;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Note = VmbPacketGetInlinePacketContextPointer(Packet);
    *Note = Record;
    VmbPacketSetCompletionRoutine(Packet, Dropped);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}

static VMBCHANNEL WithNotes(VOID)
{
    VMBCHANNEL Channel = Configured();
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, SaveNote, RestoreNote));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetInlinePacketContextSize(Channel, sizeof(NOTE)));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    return Channel;
}

VSPLAB_TEST(state_field_lost__inline)
{
    VMBCHANNEL Channel = WithNotes();
    PVSPLAB_STATE State;
    UINT32 Id;
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    for (Id = 1; Id <= 3; Id++) {
        UINT8 Bytes[16] = {0};
        VMBPACKET Packet = VmbPacketAllocate(Channel);
        PNOTE Note = VmbPacketGetInlinePacketContextPointer(Packet);
        Note->Id = Id;
        Note->Retries = 0;
        Note->Deadline = 1000 * Id;
        VmbPacketSetCompletionRoutine(Packet, Dropped);
        VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, sizeof(Bytes), NULL, WAIT));
    }
    VmbChannelPause(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Channel = WithNotes();
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(Channel, State));
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
    VspLabFreeState(State);
}
