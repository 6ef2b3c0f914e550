/*
 * A small driver whose records and contexts have every kind of byte that can go wrong between two hosts. Each test of
 * this folder gives it one pair of callbacks. A statement marked `breaks RULE` is where the finding belongs; a test is
 * named after its rule, dashes as underscores, with `__` and a word. Its mended twin is the Fine test of that word, or
 * else the same test with REPAIRED defined.
 */
#pragma once

#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

#ifdef REPAIRED
#define BROKEN(...)
#define MENDED(...) __VA_ARGS__
#else
#define BROKEN(...) __VA_ARGS__
#define MENDED(...)
#endif

#define TAG 'ffiD'
#define WAIT VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION

typedef struct _REQUEST {
    LIST_ENTRY Link;
    VMBCHANNEL Channel;
    UINT32 Id;
    UINT8 Priority;
    UINT16 Length;
    UINT32 Attempts;
    UINT64 Offset;
    PUINT8 Data;
    UINT8 Command[8];
} REQUEST, *PREQUEST;

/* Three bytes of padding behind Priority, six behind Length. A record may be longer: what follows is the test's. */
typedef struct _RECORD {
    UINT32 Version;
    UINT32 Id;
    UINT8 Priority;
    UINT32 Attempts;
    UINT16 Length;
    UINT64 Offset;
    UINT8 Command[8];
    UINT64 Extra;
} RECORD, *PRECORD;

#define SAVE(Name)                                                                                                     \
    static NTSTATUS Name(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
#define RESTORE(Name)                                                                                                  \
    static NTSTATUS Name(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)

static VOID Completed(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    PREQUEST Request = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Length);
    ExFreePoolWithTag(Request->Data, TAG);
    ExFreePoolWithTag(Request, TAG);
    VmbPacketFree(Packet);
}

static VOID Describe(const REQUEST *Request, PRECORD Record)
{
    Record->Version = 1;
    Record->Id = Request->Id;
    Record->Priority = Request->Priority;
    Record->Attempts = Request->Attempts;
    Record->Length = Request->Length;
    Record->Offset = Request->Offset;
    RtlCopyMemory(Record->Command, Request->Command, sizeof(Record->Command));
}

static NTSTATUS Write(const RECORD *Record, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    *BytesNeeded = sizeof(*Record);
    if (SaveBufSize < sizeof(*Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, Record, sizeof(*Record));
    return STATUS_SUCCESS;
}

SAVE(Save)
{
    RECORD Record;
    UNREFERENCED_PARAMETER(Channel);
    RtlZeroMemory(&Record, sizeof(Record));
    Describe(VmbPacketGetPointer(Packet), &Record);
    return Write(&Record, SaveBuf, SaveBufSize, BytesNeeded);
}

static PREQUEST NewRequest(VMBCHANNEL Channel)
{
    PREQUEST Request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Request), TAG);
    if (Request == NULL) {
        return NULL;
    }
    Request->Data = ExAllocatePool2(POOL_FLAG_NON_PAGED, 64, TAG);
    if (Request->Data == NULL) {
        ExFreePoolWithTag(Request, TAG);
        return NULL;
    }
    InitializeListHead(&Request->Link);
    Request->Channel = Channel;
    return Request;
}

static VOID Adopt(PREQUEST Request, const RECORD *Record)
{
    Request->Id = Record->Id;
    Request->Priority = Record->Priority;
    Request->Attempts = Record->Attempts;
    Request->Length = Record->Length;
    Request->Offset = Record->Offset;
    RtlCopyMemory(Request->Command, Record->Command, sizeof(Request->Command));
}

/* The packet of a request that was made anew. */
static NTSTATUS Attach(PREQUEST Request, PVOID LibBuf, UINT32 LibBufSize)
{
    VMBPACKET Packet = VmbPacketAllocate(Request->Channel);
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;
    if (Packet != NULL) {
        VmbPacketSetPointer(Packet, Request);
        VmbPacketSetCompletionRoutine(Packet, Completed);
        Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
        if (!NT_SUCCESS(Status)) {
            VmbPacketFree(Packet);
        }
    }
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Request->Data, TAG);
        ExFreePoolWithTag(Request, TAG);
    }
    return Status;
}

/* Reads a record; a failure says why it is none. */
static NTSTATUS ReadRecord(PVOID SaveBuf, UINT32 SaveBufSize, PRECORD Record)
{
    if (SaveBufSize < sizeof(*Record)) {
        return STATUS_DATA_ERROR;
    }
    RtlCopyMemory(Record, SaveBuf, sizeof(*Record));
    return Record->Version == 1 && Record->Length <= 64 ? STATUS_SUCCESS : STATUS_DATA_ERROR;
}

RESTORE(Restore)
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
    return Attach(Request, LibBuf, LibBufSize);
}

static const GUID Type = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
static HANDLE Handle;

static VOID Process(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 Length, UINT32 Flags)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(Flags);
    VmbChannelPacketComplete(Packet, NULL, 0);
}

static VMBCHANNEL Configured(VOID)
{
    VMBCHANNEL Channel;
    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &Handle));
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Channel));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetVmbusHandle(Channel, Handle));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetTargetInterfaceId(Channel, Type, Type));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(Channel, 256));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(Channel, Process, NULL));
    return Channel;
}

static VOID Close(VMBCHANNEL Channel)
{
    VmbChannelDisable(Channel);
    VmbChannelCleanup(Channel);
    ZwClose(Handle);
}

static VMBCHANNEL Enabled(PFN_VMB_CHANNEL_SAVE_PACKET SaveWith, PFN_VMB_CHANNEL_RESTORE_PACKET RestoreWith)
{
    VMBCHANNEL Channel = Configured();
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, SaveWith, RestoreWith));
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    return Channel;
}

static VOID Send(VMBCHANNEL Channel, UINT32 Id)
{
    UINT8 Bytes[16] = {0};
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    PREQUEST Request = NewRequest(Channel);
    UINT32 i;
    Request->Id = Id;
    Request->Priority = (UINT8)(Id % 3);
    Request->Length = (UINT16)(10 * Id);
    Request->Attempts = Id + 2;
    Request->Offset = 0x100000000ull * Id;
    for (i = 0; i < sizeof(Request->Command); i++) {
        Request->Command[i] = (UINT8)(i + Id);
    }
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, Completed);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, sizeof(Bytes), NULL, WAIT));
}

/* Three requests wait for the guest, are saved, and go on on another host. */
static VOID Migrate(PFN_VMB_CHANNEL_SAVE_PACKET SaveWith, PFN_VMB_CHANNEL_RESTORE_PACKET RestoreWith)
{
    PVSPLAB_STATE State;
    UINT32 Id;
    VMBCHANNEL Channel = Enabled(SaveWith, RestoreWith);
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    for (Id = 1; Id <= 3; Id++) {
        Send(Channel, Id);
    }
    VmbChannelPause(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Channel = Enabled(SaveWith, RestoreWith);
    VSPLAB_ASSERT_SUCCESS(VspLabRestore(Channel, State));
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    VmbChannelStart(Channel);
    VspLabGuestCompleteAll(Channel);
    Close(Channel);
    VspLabFreeState(State);
}
