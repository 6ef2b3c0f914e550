/*
 * Feature changes and situation requests: sending, completion, save and restore.
 *
 * A feature change is remembered until the guest has taken it over, so it has a context and a record. A request for the
 * situation and an answer to the guest are nothing but their bytes: the library saves those, our part of it is empty.
 */
#include "Video.h"

#pragma alloc_text(PAGE, VideoSavePacket)
#pragma alloc_text(PAGE, VideoRestorePacket)

static PVIDEO_FEATURE_CHANGE VideoAllocateFeatureChange(VOID)
{
    return ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(VIDEO_FEATURE_CHANGE), VIDEO_POOL_TAG);
}

/* A change without a revision gets the next one. */
_Use_decl_annotations_
VOID VideoLinkFeatureChange(PVIDEO_ADAPTER Adapter, PVIDEO_FEATURE_CHANGE Change)
{
    KLOCK_QUEUE_HANDLE LockHandle;

    KeAcquireInStackQueuedSpinLock(&Adapter->Lock, &LockHandle);
    if (Change->Revision == 0) {
        Change->Revision = Adapter->Revision + 1;
    }
    if (Adapter->Revision < Change->Revision) {
        Adapter->Revision = Change->Revision;
    }
    InsertTailList(&Adapter->Outstanding, &Change->Link);
    KeReleaseInStackQueuedSpinLock(&LockHandle);
}

static VOID VideoUnlinkFeatureChange(_In_ PVIDEO_ADAPTER Adapter, _In_ PVIDEO_FEATURE_CHANGE Change,
                                     _In_ BOOLEAN Acknowledged)
{
    KLOCK_QUEUE_HANDLE LockHandle;

    KeAcquireInStackQueuedSpinLock(&Adapter->Lock, &LockHandle);
    RemoveEntryList(&Change->Link);
    if (Acknowledged && Adapter->AcknowledgedRevision < Change->Revision) {
        Adapter->AcknowledgedRevision = Change->Revision;
        Adapter->AcknowledgedFeatures = Change->Features;
    }
    KeReleaseInStackQueuedSpinLock(&LockHandle);
}

static NTSTATUS VideoSendMessage(_In_ VMBPACKET Packet, _In_ SYNTHVID_FEATURES Features, _In_opt_ const UINT8 *Edid)
{
    SYNTHVID_FEATURE_CHANGE Message = {0};

    Message.Header.Type = SYNTHVID_TYPE_FEATURE_CHANGE;
    Message.Header.Size = FIELD_OFFSET(SYNTHVID_FEATURE_CHANGE, Edid);
    Message.Features = Features;
    if (Edid != NULL) {
        Message.Header.Size = sizeof(Message);
        RtlCopyMemory(Message.Edid, Edid, sizeof(Message.Edid));
    }
    return VideoKmcl.VmbPacketSend(Packet, &Message, Message.Header.Size, NULL,
                                   VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
}

/* Between Send and VideoFeatureChangeComplete the change belongs to the packet. */
_Use_decl_annotations_
NTSTATUS VideoChangeFeatures(PVIDEO_ADAPTER Adapter, SYNTHVID_FEATURES Features, const UINT8 *Edid)
{
    PVIDEO_FEATURE_CHANGE Change;
    VMBPACKET Packet;
    NTSTATUS Status;

    if (!ExAcquireRundownProtection(&Adapter->Sends)) {
        return STATUS_DEVICE_NOT_READY;
    }
    Change = VideoAllocateFeatureChange();
    Packet = VideoKmcl.VmbPacketAllocate(Adapter->Channel);
    if (Change == NULL || Packet == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }
    Change->Features = Features;
    if (Edid != NULL) {
        Change->EdidLength = SYNTHVID_EDID_LENGTH;
        RtlCopyMemory(Change->Edid, Edid, SYNTHVID_EDID_LENGTH);
    }
    VideoLinkFeatureChange(Adapter, Change);
    VideoKmcl.VmbPacketSetPointer(Packet, Change);
    VideoKmcl.VmbPacketSetCompletionRoutine(Packet, VideoFeatureChangeComplete);
    Status = VideoSendMessage(Packet, Features, Edid);
    if (!NT_SUCCESS(Status)) {
        VideoUnlinkFeatureChange(Adapter, Change, FALSE);
    }

Exit:
    if (!NT_SUCCESS(Status) && Packet != NULL) {
        VideoKmcl.VmbPacketFree(Packet);
    }
    if (!NT_SUCCESS(Status) && Change != NULL) {
        ExFreePoolWithTag(Change, VIDEO_POOL_TAG);
    }
    ExReleaseRundownProtection(&Adapter->Sends);
    return Status;
}

_Use_decl_annotations_
NTSTATUS VideoRequestSituation(PVIDEO_ADAPTER Adapter)
{
    static const SYNTHVID_FEATURES SituationOnly = {0, 0, 0, 1};
    VMBPACKET Packet;
    NTSTATUS Status = STATUS_INSUFFICIENT_RESOURCES;

    if (!ExAcquireRundownProtection(&Adapter->Sends)) {
        return STATUS_DEVICE_NOT_READY;
    }
    Packet = VideoKmcl.VmbPacketAllocate(Adapter->Channel);
    if (Packet != NULL) {
        Status = VideoSendMessage(Packet, SituationOnly, NULL);
        if (!NT_SUCCESS(Status)) {
            VideoKmcl.VmbPacketFree(Packet); /* once sent, the library's own completion routine frees it */
        }
    }
    ExReleaseRundownProtection(&Adapter->Sends);
    return Status;
}

_Use_decl_annotations_
VOID VideoFeatureChangeComplete(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PVIDEO_ADAPTER Adapter = VideoKmcl.VmbChannelGetPointer(VideoKmcl.VmbPacketGetChannel(Packet));
    PVIDEO_FEATURE_CHANGE Change = VideoKmcl.VmbPacketGetPointer(Packet);

    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);

    VideoUnlinkFeatureChange(Adapter, Change, NT_SUCCESS(Status));
    ExFreePoolWithTag(Change, VIDEO_POOL_TAG);
    VideoKmcl.VmbPacketFree(Packet);
}

/* ---- Save and restore ---- */

/* Not pageable: holds the lock. */
static NTSTATUS VideoSnapshotFeatureChange(_In_ PVIDEO_ADAPTER Adapter, _In_ const VIDEO_FEATURE_CHANGE *Change,
                                           _Out_ PVIDEO_SAVED_FEATURE_CHANGE Record)
{
    KLOCK_QUEUE_HANDLE LockHandle;

    RtlZeroMemory(Record, sizeof(*Record));
    Record->Signature = VIDEO_RECORD_SIGNATURE;
    Record->Version = VIDEO_RECORD_VERSION;

    KeAcquireInStackQueuedSpinLock(&Adapter->Lock, &LockHandle);
    Record->Revision = Change->Revision;
    Record->Features = Change->Features;
    Record->EdidLength = Change->EdidLength;
    RtlCopyMemory(Record->Edid, Change->Edid, Change->EdidLength);
    KeReleaseInStackQueuedSpinLock(&LockHandle);

    return RtlUShortAdd(FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, Edid), Record->EdidLength, &Record->Length);
}

/* Answers the size query and fills the buffer; both calls take the same way. */
_Use_decl_annotations_
NTSTATUS VideoSavePacket(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PVIDEO_ADAPTER Adapter = VideoKmcl.VmbChannelGetPointer(Channel);
    PVIDEO_FEATURE_CHANGE Change = VideoKmcl.VmbPacketGetPointer(Packet);
    VIDEO_SAVED_FEATURE_CHANGE Record;
    NTSTATUS Status;

    PAGED_CODE();

    *BytesNeeded = 0;
    if (Change == NULL) { /* a request for the situation or an answer */
        return STATUS_SUCCESS;
    }
    Status = VideoSnapshotFeatureChange(Adapter, Change, &Record);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *BytesNeeded = Record.Length;
    if (SaveBufSize < Record.Length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, Record.Length);
    return STATUS_SUCCESS;
}

static BOOLEAN VideoIsFlag(_In_ UINT8 Value)
{
    return Value <= 1;
}

/* A private, checked copy of a record that may come from a damaged file or another build. SaveBuf may be longer. */
static NTSTATUS VideoCaptureRecord(_In_reads_bytes_(SaveBufSize) const VOID *SaveBuf, _In_ UINT32 SaveBufSize,
                                   _Out_ PVIDEO_SAVED_FEATURE_CHANGE Record)
{
    const UINT32 HeaderLength = FIELD_OFFSET(VIDEO_SAVED_FEATURE_CHANGE, Edid);

    RtlZeroMemory(Record, sizeof(*Record));
    if (SaveBufSize < HeaderLength) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(Record, SaveBuf, HeaderLength);
    if (Record->Signature != VIDEO_RECORD_SIGNATURE) {
        return STATUS_INVALID_SIGNATURE;
    }
    if (Record->Version != VIDEO_RECORD_VERSION) {
        return STATUS_REVISION_MISMATCH;
    }
    if (Record->EdidLength != 0 && Record->EdidLength != SYNTHVID_EDID_LENGTH) {
        return STATUS_DATA_ERROR;
    }
    if (Record->Length != HeaderLength + Record->EdidLength || Record->Length > SaveBufSize) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    if (Record->Revision == 0 || Record->Revision == MAXUINT32 || Record->Reserved != 0 ||
        !VideoIsFlag(Record->Features.DirtNeeded) ||
        !VideoIsFlag(Record->Features.PointerPositionNeeded) || !VideoIsFlag(Record->Features.PointerShapeNeeded) ||
        !VideoIsFlag(Record->Features.SituationNeeded)) {
        return STATUS_DATA_ERROR;
    }
    RtlCopyMemory(Record->Edid, (const UINT8 *)SaveBuf + HeaderLength, Record->EdidLength);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS VideoRestorePacket(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    PVIDEO_ADAPTER Adapter = VideoKmcl.VmbChannelGetPointer(Channel);
    PVIDEO_FEATURE_CHANGE Change = NULL;
    VIDEO_SAVED_FEATURE_CHANGE Record;
    VMBPACKET Packet;
    NTSTATUS Status;

    PAGED_CODE();

    if (SaveBufSize != 0) { /* else a packet without a context, as VideoSavePacket said */
        Status = VideoCaptureRecord(SaveBuf, SaveBufSize, &Record);
        if (!NT_SUCCESS(Status)) {
            return Status;
        }
        Change = VideoAllocateFeatureChange();
        if (Change == NULL) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        Change->Revision = Record.Revision;
        Change->Features = Record.Features;
        Change->EdidLength = Record.EdidLength;
        RtlCopyMemory(Change->Edid, Record.Edid, Record.EdidLength);
    }

    Packet = VideoKmcl.VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto FreeChange;
    }
    if (Change != NULL) {
        VideoKmcl.VmbPacketSetPointer(Packet, Change);
        VideoKmcl.VmbPacketSetCompletionRoutine(Packet, VideoFeatureChangeComplete);
        VideoLinkFeatureChange(Adapter, Change); /* the guest's completion may follow at once */
    }
    Status = VideoKmcl.VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (NT_SUCCESS(Status)) {
        return STATUS_SUCCESS;
    }
    if (Change != NULL) {
        VideoUnlinkFeatureChange(Adapter, Change, FALSE);
    }
    VideoKmcl.VmbPacketFree(Packet);
FreeChange:
    if (Change != NULL) {
        ExFreePoolWithTag(Change, VIDEO_POOL_TAG);
    }
    return Status;
}
