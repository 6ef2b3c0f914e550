/* Saving once more, and what becomes of a request on the way. */
#include "Differential.h"

static UINT64 Serial;

static NTSTATUS WriteSerial(VMBPACKET Packet, UINT64 Extra, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    RECORD Record;
    RtlZeroMemory(&Record, sizeof(Record));
    Describe(VmbPacketGetPointer(Packet), &Record);
    Record.Extra = Extra;
    return Write(&Record, SaveBuf, SaveBufSize, BytesNeeded);
}

/* ---- savepkt-idempotent ---- */

SAVE(Counts)
{
    UNREFERENCED_PARAMETER(Channel);
    if (SaveBufSize >= sizeof(RECORD)) {
        BROKEN(Serial++;)
    }
    return WriteSerial(Packet, Serial, SaveBuf, SaveBufSize, BytesNeeded); // breaks savepkt-idempotent
}
VSPLAB_TEST(savepkt_idempotent__counter)
{
    VMBCHANNEL Channel = Enabled(Counts, Restore);
    PVSPLAB_STATE State;
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    Send(Channel, 1);
    VmbChannelPause(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    VspLabFreeState(State);
    Close(Channel);
}

/* Only when the last request is saved does the first one's answer change. */
SAVE(TakesTurns)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UINT64 Turn = Serial;
    UNREFERENCED_PARAMETER(Channel);
    if (Request->Id == 3) {
        Serial = 1;
        Turn = 0;
    }
    return WriteSerial(Packet, Turn, SaveBuf, SaveBufSize, BytesNeeded); // breaks savepkt-idempotent
}
SAVE(TakesNone)
{
    UNREFERENCED_PARAMETER(Channel);
    return WriteSerial(Packet, Serial, SaveBuf, SaveBufSize, BytesNeeded);
}
static VOID SaveThree(PFN_VMB_CHANNEL_SAVE_PACKET SaveWith)
{
    VMBCHANNEL Channel = Enabled(SaveWith, Restore);
    PVSPLAB_STATE State;
    UINT32 Id;
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    for (Id = 1; Id <= 3; Id++) {
        Send(Channel, Id);
    }
    VmbChannelPause(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    VspLabFreeState(State);
    Close(Channel);
}
VSPLAB_TEST(savepkt_idempotent__turns)
{
    SaveThree(TakesTurns);
}
VSPLAB_TEST(Fine_turns)
{
    SaveThree(TakesNone);
}

/* ---- roundtrip-differs ---- */

/* One more attempt on each host, and it is saved. */
RESTORE(CountsAttempts)
{
    RECORD Record;
    PREQUEST Request;
    NTSTATUS Status = ReadRecord(SaveBuf, SaveBufSize, &Record);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Request = NewRequest(Channel);
    if (Request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adopt(Request, &Record);
    BROKEN(Request->Attempts++;)
    return Attach(Request, LibBuf, LibBufSize);
}
SAVE(SavesAttempts)
{
    RECORD Record;
    UNREFERENCED_PARAMETER(Channel);
    RtlZeroMemory(&Record, sizeof(Record));
    Describe(VmbPacketGetPointer(Packet), &Record);
    return Write(&Record, SaveBuf, SaveBufSize, BytesNeeded); // breaks roundtrip-differs
}
VSPLAB_TEST(roundtrip_differs__attempts)
{
    Migrate(SavesAttempts, CountsAttempts);
}

/* What is restored lies in other units than what is saved. */
SAVE(SavesSectors)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    RECORD Record;
    UNREFERENCED_PARAMETER(Channel);
    RtlZeroMemory(&Record, sizeof(Record));
    Describe(Request, &Record);
    Record.Offset = Request->Offset / 512;
    return Write(&Record, SaveBuf, SaveBufSize, BytesNeeded); // breaks roundtrip-differs
}
SAVE(SavesSectorsOf512)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    RECORD Record;
    UNREFERENCED_PARAMETER(Channel);
    RtlZeroMemory(&Record, sizeof(Record));
    Describe(Request, &Record);
    Record.Offset = Request->Offset / 512;
    return Write(&Record, SaveBuf, SaveBufSize, BytesNeeded);
}
RESTORE(RestoresSectors)
{
    RECORD Record;
    PREQUEST Request;
    NTSTATUS Status = ReadRecord(SaveBuf, SaveBufSize, &Record);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Request = NewRequest(Channel);
    if (Request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adopt(Request, &Record);
    Request->Offset = Record.Offset * 512;
    return Attach(Request, LibBuf, LibBufSize);
}
VSPLAB_TEST(roundtrip_differs__units)
{
    Migrate(SavesSectors, Restore);
}
VSPLAB_TEST(Fine_units)
{
    Migrate(SavesSectorsOf512, RestoresSectors);
}

/* ---- state-field-lost ---- */

/* The record has no room for it. */
SAVE(ForgetsAttempts)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    RECORD Record;
    UNREFERENCED_PARAMETER(Channel);
    RtlZeroMemory(&Record, sizeof(Record));
    Describe(Request, &Record);
    BROKEN(Record.Attempts = 0;)
    return Write(&Record, SaveBuf, SaveBufSize, BytesNeeded); // breaks state-field-lost
}
VSPLAB_TEST(state_field_lost__not_saved)
{
    Migrate(ForgetsAttempts, Restore);
}

RESTORE(ForgetsCommand)
{
    RECORD Record;
    PREQUEST Request;
    NTSTATUS Status = ReadRecord(SaveBuf, SaveBufSize, &Record);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Request = NewRequest(Channel);
    if (Request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Adopt(Request, &Record);
    BROKEN(RtlZeroMemory(Request->Command, sizeof(Request->Command));)
    return Attach(Request, LibBuf, LibBufSize); // breaks state-field-lost
}
VSPLAB_TEST(state_field_lost__not_restored)
{
    Migrate(Save, ForgetsCommand);
}
