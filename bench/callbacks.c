/*
 * The callbacks both halves of the save-restore figure run: trivial and realistic, a record of 48 bytes per packet.
 * Compiled by VSP Lab as a driver without a fixture, and by the machine's C compiler with bench/native.
 */
#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

#define REQUEST_TAG 'qeRB'
#define RECORD_VERSION 1

typedef struct _REQUEST_CONTEXT {
    UINT64 RequestId;
    UINT64 GuestOffset;
    UINT32 BytesTotal;
    UINT32 BytesLeft;
    UINT32 GpadlHandle;
    UINT32 Kind;
    UINT64 Cookie;
} REQUEST_CONTEXT, *PREQUEST_CONTEXT;

typedef struct _REQUEST_RECORD {
    UINT32 Version;
    UINT32 Size;
    UINT64 RequestId;
    UINT64 GuestOffset;
    UINT32 BytesTotal;
    UINT32 BytesLeft;
    UINT32 GpadlHandle;
    UINT32 Kind;
    UINT64 Cookie;
} REQUEST_RECORD, *PREQUEST_RECORD;

EVT_VMB_PACKET_COMPLETION_ROUTINE RequestCompleted;
EVT_VMB_CHANNEL_SAVE_PACKET EvtVmbChannelSavePacket;
EVT_VMB_CHANNEL_RESTORE_PACKET EvtVmbChannelRestorePacket;

_Use_decl_annotations_ VOID RequestCompleted(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PREQUEST_CONTEXT context = (PREQUEST_CONTEXT)VmbPacketGetPointer(Packet);

    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    VmbPacketFree(Packet);
    if (context != NULL) {
        ExFreePoolWithTag(context, REQUEST_TAG);
    }
}

_Use_decl_annotations_ NTSTATUS EvtVmbChannelSavePacket(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf,
                                                        UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    const REQUEST_CONTEXT *context = (const REQUEST_CONTEXT *)VmbPacketGetPointer(Packet);
    REQUEST_RECORD record;

    UNREFERENCED_PARAMETER(Channel);
    if (context == NULL) {
        *BytesNeeded = 0;
        return STATUS_SUCCESS;
    }
    *BytesNeeded = sizeof(record);
    if (SaveBufSize < sizeof(record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    record.Version = RECORD_VERSION;
    record.Size = sizeof(record);
    record.RequestId = context->RequestId;
    record.GuestOffset = context->GuestOffset;
    record.BytesTotal = context->BytesTotal;
    record.BytesLeft = context->BytesLeft;
    record.GpadlHandle = context->GpadlHandle;
    record.Kind = context->Kind;
    record.Cookie = context->Cookie;
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &record, sizeof(record));
    return STATUS_SUCCESS;
}

_Use_decl_annotations_ NTSTATUS EvtVmbChannelRestorePacket(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize,
                                                           PVOID SaveBuf, UINT32 SaveBufSize)
{
    REQUEST_RECORD record;
    PREQUEST_CONTEXT context = NULL;
    VMBPACKET packet;
    NTSTATUS status;

    if (SaveBufSize != 0) {
        if (SaveBufSize < sizeof(record)) {
            return STATUS_INVALID_PARAMETER;
        }
        RtlCopyMemory(&record, SaveBuf, sizeof(record));
        if (record.Version != RECORD_VERSION || record.Size != sizeof(record)) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    packet = VmbPacketAllocate(Channel);
    if (packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (SaveBufSize != 0) {
        context = (PREQUEST_CONTEXT)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*context), REQUEST_TAG);
        if (context == NULL) {
            VmbPacketFree(packet);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        context->RequestId = record.RequestId;
        context->GuestOffset = record.GuestOffset;
        context->BytesTotal = record.BytesTotal;
        context->BytesLeft = record.BytesLeft;
        context->GpadlHandle = record.GpadlHandle;
        context->Kind = record.Kind;
        context->Cookie = record.Cookie;
    }
    VmbPacketSetPointer(packet, context);
    VmbPacketSetCompletionRoutine(packet, RequestCompleted);
    status = VmbPacketRestore(packet, LibBuf, LibBufSize);
    if (!NT_SUCCESS(status)) {
        VmbPacketFree(packet);
        if (context != NULL) {
            ExFreePoolWithTag(context, REQUEST_TAG);
        }
    }
    return status;
}

#ifdef VSPLAB
#include <vsplab.h>

VSPLAB_CONTEXT(REQUEST_CONTEXT)
{
    PREQUEST_CONTEXT context = (PREQUEST_CONTEXT)ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*context), REQUEST_TAG);

    UNREFERENCED_PARAMETER(Channel);
    if (context != NULL) {
        context->RequestId = Index;
        context->BytesTotal = context->BytesLeft = 4096;
    }
    return context;
}
#endif
