/*
 * What the cases of the corpus share: a small correct driver, for C and C++. A case changes it in one place.
 *
 * A statement marked `finds: RULE` breaks that rule when the file is compiled as it stands; with REPAIRED defined the
 * same test breaks nothing. A marker belongs to the test whose body it stands in, else to the next one.
 */
#pragma once

#include <ntddk.h>
#include <ntintsafe.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

#ifdef REPAIRED
#define BROKEN(...)
#define MENDED(...) __VA_ARGS__
#else
#define BROKEN(...) __VA_ARGS__
#define MENDED(...)
#endif

#define TAG 'proC'
#define WAIT VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION
#define UNUSED __attribute__((unused))
#define MINIMUM(A, B) ((A) < (B) ? (A) : (B))

/* Callbacks by what they are; every argument may be left unused. */
#define OPENED(Name) static NTSTATUS Name(UNUSED VMBCHANNEL Channel)
#define STATE(Name) static VOID Name(UNUSED VMBCHANNEL Channel)
#define PROCESS(Name)                                                                                                  \
    static VOID Name(UNUSED VMBCHANNEL Channel, UNUSED VMBPACKETCOMPLETION Packet, UNUSED PVOID Buffer,                \
                     UNUSED UINT32 Length, UNUSED UINT32 Flags)
#define COMPLETION(Name)                                                                                               \
    static VOID Name(UNUSED VMBPACKET Packet, UNUSED NTSTATUS Status, UNUSED PVOID Buffer, UNUSED UINT32 Length)
#define SAVE(Name)                                                                                                     \
    static NTSTATUS Name(UNUSED VMBCHANNEL Channel, UNUSED VMBPACKET Packet, UNUSED PVOID SaveBuf,                     \
                         UNUSED UINT32 SaveBufSize, UNUSED PUINT32 BytesNeeded)
#define RESTORE(Name)                                                                                                  \
    static NTSTATUS Name(UNUSED VMBCHANNEL Channel, UNUSED PVOID LibBuf, UNUSED UINT32 LibBufSize,                     \
                         UNUSED PVOID SaveBuf, UNUSED UINT32 SaveBufSize)
#define DPC(Name)                                                                                                      \
    static VOID Name(UNUSED PKDPC Dpc, UNUSED PVOID Context, UNUSED PVOID First, UNUSED PVOID Second)
#define WORK(Name) static VOID Name(UNUSED PDEVICE_OBJECT Device, UNUSED PVOID Context)

typedef struct _REQUEST {
    UINT32 Id;
    UINT32 Length;
    UINT8 Data[24];
} REQUEST, *PREQUEST;

typedef struct _RECORD {
    UINT32 Version;
    UINT32 Id;
    UINT32 Length;
    UINT8 Data[24];
} RECORD;

typedef struct _OPTIONS {
    PFN_VMB_CHANNEL_SAVE_PACKET Save;
    PFN_VMB_CHANNEL_RESTORE_PACKET Restore;
    PFN_VMB_CHANNEL_PROCESS_PACKET Process;
    PFN_VMB_CHANNEL_PROCESSING_COMPLETE BatchDone;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS State;
    UINT32 ServerFlags;
    UINT32 MaximumPacket;
    PVOID Pointer;
} OPTIONS;

static const GUID InterfaceType = {0x6ac83d8f, 0x6cb2, 0x4f12, {0x90, 0x11, 1, 2, 3, 4, 5, 6}};
static const GUID InterfaceInstance = {0x1dd1a4f1, 0x2f4c, 0x4e01, {0x81, 0x10, 1, 2, 3, 4, 5, 7}};
static HANDLE BusHandle;
static UINT8 Bytes[4096];

PROCESS(Answer)
{
    VmbChannelPacketComplete(Packet, NULL, 0);
}

COMPLETION(Finish)
{
    PVOID Request = VmbPacketGetPointer(Packet);
    if (Request != NULL) {
        ExFreePoolWithTag(Request, TAG);
    }
    VmbPacketFree(Packet);
}

SAVE(SaveRequest)
{
    PREQUEST Request = (PREQUEST)VmbPacketGetPointer(Packet);
    RECORD Record;
    *BytesNeeded = 0;
    if (Request == NULL) {
        return STATUS_SUCCESS;
    }
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(&Record, sizeof(Record));
    Record.Version = 1;
    Record.Id = Request->Id;
    Record.Length = Request->Length;
    RtlCopyMemory(Record.Data, Request->Data, sizeof(Record.Data));
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

/* The context of a record that is right, NULL for one that is not. */
static PREQUEST Unpack(PVOID SaveBuf, UINT32 SaveBufSize)
{
    RECORD Record;
    PREQUEST Request;
    if (SaveBufSize < sizeof(Record)) {
        return NULL;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    if (Record.Version != 1 || Record.Length > sizeof(Record.Data)) {
        return NULL;
    }
    Request = (PREQUEST)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Request), TAG);
    if (Request != NULL) {
        Request->Id = Record.Id;
        Request->Length = Record.Length;
        RtlCopyMemory(Request->Data, Record.Data, sizeof(Record.Data));
    }
    return Request;
}

RESTORE(RestoreRequest)
{
    PREQUEST Request = Unpack(SaveBuf, SaveBufSize);
    VMBPACKET Packet;
    NTSTATUS Status;
    if (Request == NULL) {
        return STATUS_DATA_ERROR;
    }
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        ExFreePoolWithTag(Request, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, Finish);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Request, TAG);
        VmbPacketFree(Packet);
    }
    return Status;
}

UNUSED static OPTIONS Defaults(VOID)
{
    OPTIONS Options;
    RtlZeroMemory(&Options, sizeof(Options));
    Options.Save = SaveRequest;
    Options.Restore = RestoreRequest;
    Options.Process = Answer;
    Options.MaximumPacket = 256;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&Options.State);
    return Options;
}

UNUSED static VMBCHANNEL Configured(OPTIONS *Options)
{
    VMBCHANNEL Channel;
    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &BusHandle));
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Channel));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetVmbusHandle(Channel, BusHandle));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetTargetInterfaceId(Channel, InterfaceType, InterfaceInstance));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(Channel, Options->MaximumPacket));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumExternalData(Channel, 65536, 16));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetStateChangeCallbacks(Channel, &Options->State));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(Channel, Options->Process, Options->BatchDone));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetFlags(Channel, Options->ServerFlags));
    if (Options->Save != NULL) {
        VSPLAB_ASSERT_SUCCESS(
            VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, Options->Save, Options->Restore));
    }
    VmbChannelSetPointer(Channel, Options->Pointer);
    return Channel;
}

UNUSED static VMBCHANNEL Enabled(OPTIONS *Options)
{
    VMBCHANNEL Channel = Configured(Options);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    return Channel;
}

UNUSED static VMBCHANNEL Active(OPTIONS *Options)
{
    VMBCHANNEL Channel = Enabled(Options);
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    return Channel;
}

UNUSED static VMBCHANNEL Open(VOID)
{
    OPTIONS Options = Defaults();
    return Active(&Options);
}

UNUSED static VOID Close(VMBCHANNEL Channel)
{
    VmbChannelDisable(Channel);
    VmbChannelCleanup(Channel);
    ZwClose(BusHandle);
}

/* Sends a request of 16 bytes that the guest has to complete. */
UNUSED static VOID Send(VMBCHANNEL Channel, UINT32 Id)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    PREQUEST Request = (PREQUEST)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Request), TAG);
    VSPLAB_ASSERT(Packet != NULL && Request != NULL);
    Request->Id = Id;
    Request->Length = sizeof(Request->Data);
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, Finish);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 16, NULL, WAIT));
}

UNUSED static VMBCHANNEL PausedWith(OPTIONS *Options, UINT32 Packets)
{
    VMBCHANNEL Channel = Active(Options);
    UINT32 Id;
    for (Id = 0; Id < Packets; Id++) {
        Send(Channel, Id);
    }
    VmbChannelPause(Channel);
    return Channel;
}

/* Sends three packets, saves them with `Callback` and closes; the status of the save. */
UNUSED static NTSTATUS SaveWith(PFN_VMB_CHANNEL_SAVE_PACKET Callback)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    PVSPLAB_STATE State;
    NTSTATUS Status;
    Options.Save = Callback;
    Channel = PausedWith(&Options, 3);
    Status = VspLabSave(Channel, 0, &State);
    if (NT_SUCCESS(Status)) {
        VspLabFreeState(State);
    }
    Close(Channel);
    return Status;
}

/* Saves three packets and restores them on a new host with what `Options` say; the status of the restore. */
UNUSED static NTSTATUS RestoreAs(OPTIONS Options)
{
    OPTIONS Before = Defaults();
    PVSPLAB_STATE State;
    VMBCHANNEL Channel;
    NTSTATUS Status;
    Before.ServerFlags = Options.ServerFlags;
    Channel = PausedWith(&Before, 3);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Channel = Enabled(&Options);
    Status = VspLabRestore(Channel, State);
    VspLabFreeState(State);
    if (NT_SUCCESS(Status)) {
        VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
        VmbChannelStart(Channel);
        VspLabGuestCompleteAll(Channel);
    }
    Close(Channel);
    return Status;
}

UNUSED static NTSTATUS RestoreWith(PFN_VMB_CHANNEL_RESTORE_PACKET Callback)
{
    OPTIONS Options = Defaults();
    Options.Restore = Callback;
    return RestoreAs(Options);
}

/* One packet of 16 bytes from the guest goes to `Callback`, with a page of external data if wanted. */
UNUSED static VOID DeliverTo(PFN_VMB_CHANNEL_PROCESS_PACKET Callback, BOOLEAN External)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    static UINT8 Data[4096];
    Options.Process = Callback;
    Channel = Active(&Options);
    if (External) {
        VspLabGuestSendExternal(Channel, Bytes, 16, Data, sizeof(Data), TRUE);
    } else {
        VspLabGuestSend(Channel, Bytes, 16, TRUE);
    }
    Close(Channel);
}
