/*
 * A small correct driver that each test of this folder changes in one place. A statement marked `breaks RULE` is where
 * the finding belongs; a test is named after its rule, dashes as underscores, with `__` and a word where a rule has
 * more than one. Tests that begin with Fine break nothing.
 */
#pragma once

#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>
#include <vsplab.h>

#define TAG 'tnoC'
#define WAIT VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION

typedef struct _CONTEXT {
    UINT32 Id;
    UINT32 Length;
    UINT8 Data[24];
} CONTEXT, *PCONTEXT;
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
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS State;
    UINT32 ServerFlags;
    UINT32 MaximumPacket;
} OPTIONS;

static const GUID Type = {1, 2, 3, {4, 5, 6, 7, 8, 9, 10, 11}};
static HANDLE Handle;
static UINT8 Bytes[4096];

static VOID Process(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 Length, UINT32 Flags)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Length);
    UNREFERENCED_PARAMETER(Flags);
    VmbChannelPacketComplete(Packet, NULL, 0);
}

static VOID Complete(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Length)
{
    PVOID Context = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Length);
    if (Context != NULL) {
        ExFreePoolWithTag(Context, TAG);
    }
    VmbPacketFree(Packet);
}

static NTSTATUS Save(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PCONTEXT Context = VmbPacketGetPointer(Packet);
    RECORD Record = {1};
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Record.Id = Context->Id;
    Record.Length = Context->Length;
    RtlCopyMemory(Record.Data, Context->Data, sizeof(Record.Data));
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

static NTSTATUS Restore(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    RECORD Record;
    PCONTEXT Context;
    VMBPACKET Packet;
    NTSTATUS Status;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_DATA_ERROR;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    if (Record.Version != 1 || Record.Length > sizeof(Record.Data)) {
        return STATUS_DATA_ERROR;
    }
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Context = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Context), TAG);
    if (Context == NULL) {
        VmbPacketFree(Packet);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Context->Id = Record.Id;
    Context->Length = Record.Length;
    RtlCopyMemory(Context->Data, Record.Data, sizeof(Record.Data));
    VmbPacketSetPointer(Packet, Context);
    VmbPacketSetCompletionRoutine(Packet, Complete);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(Context, TAG);
        VmbPacketFree(Packet);
    }
    return Status;
}

static OPTIONS Defaults(VOID)
{
    OPTIONS Options;
    RtlZeroMemory(&Options, sizeof(Options));
    Options.Save = Save;
    Options.Restore = Restore;
    Options.Process = Process;
    Options.MaximumPacket = 256;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&Options.State);
    return Options;
}

static VMBCHANNEL Configured(OPTIONS *Options)
{
    VMBCHANNEL Channel;
    VSPLAB_ASSERT_SUCCESS(VmbConvertVmbusHandleToKernelHandle(VspLabVmbusHandle(), &Handle));
    VSPLAB_ASSERT_SUCCESS(VmbChannelAllocate(VspLabDevice(), TRUE, &Channel));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetVmbusHandle(Channel, Handle));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetTargetInterfaceId(Channel, Type, Type));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumPacketSize(Channel, Options->MaximumPacket));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetMaximumExternalData(Channel, 65536, 16));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetStateChangeCallbacks(Channel, &Options->State));
    VSPLAB_ASSERT_SUCCESS(VmbChannelInitSetProcessPacketCallbacks(Channel, Options->Process, NULL));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetFlags(Channel, Options->ServerFlags));
    VSPLAB_ASSERT_SUCCESS(VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, Options->Save, Options->Restore));
    return Channel;
}

static VMBCHANNEL Enabled(OPTIONS *Options)
{
    VMBCHANNEL Channel = Configured(Options);
    VSPLAB_ASSERT_SUCCESS(VmbChannelEnable(Channel));
    return Channel;
}

static VMBCHANNEL Active(OPTIONS *Options)
{
    VMBCHANNEL Channel = Enabled(Options);
    VmbChannelStart(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabGuestOpenChannel(Channel));
    return Channel;
}

static VMBCHANNEL Open(VOID)
{
    OPTIONS Options = Defaults();
    return Active(&Options);
}

static VOID Close(VMBCHANNEL Channel)
{
    VmbChannelDisable(Channel);
    VmbChannelCleanup(Channel);
    ZwClose(Handle);
}

static VOID Send(VMBCHANNEL Channel, UINT32 Id)
{
    VMBPACKET Packet = VmbPacketAllocate(Channel);
    PCONTEXT Context = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Context), TAG);
    Context->Id = Id;
    Context->Length = sizeof(Context->Data);
    VmbPacketSetPointer(Packet, Context);
    VmbPacketSetCompletionRoutine(Packet, Complete);
    VSPLAB_ASSERT_SUCCESS(VmbPacketSend(Packet, Bytes, 16, NULL, WAIT));
}

/* Sends packets, saves with `Callback` and closes; the status of the save. */
static NTSTATUS SaveWith(PFN_VMB_CHANNEL_SAVE_PACKET Callback)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel;
    PVSPLAB_STATE State;
    NTSTATUS Status;
    UINT32 Id;
    Options.Save = Callback;
    Channel = Active(&Options);
    for (Id = 0; Id < 3; Id++) {
        Send(Channel, Id);
    }
    VmbChannelPause(Channel);
    Status = VspLabSave(Channel, 0, &State);
    if (NT_SUCCESS(Status)) {
        VspLabFreeState(State);
    }
    Close(Channel);
    return Status;
}

/* Saves three packets and restores them on a new host with `Callback`. */
static NTSTATUS RestoreWith(PFN_VMB_CHANNEL_RESTORE_PACKET Callback)
{
    OPTIONS Options = Defaults();
    VMBCHANNEL Channel = Active(&Options);
    PVSPLAB_STATE State;
    NTSTATUS Status;
    UINT32 Id;
    for (Id = 0; Id < 3; Id++) {
        Send(Channel, Id);
    }
    VmbChannelPause(Channel);
    VSPLAB_ASSERT_SUCCESS(VspLabSave(Channel, 0, &State));
    Close(Channel);
    VspLabRestartHost();
    Options.Restore = Callback;
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

/* One packet of 16 bytes from the guest goes to `Callback`. */
static VOID DeliverTo(PFN_VMB_CHANNEL_PROCESS_PACKET Callback, BOOLEAN External)
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
