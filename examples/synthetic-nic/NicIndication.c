/*
 * Receive indications: sending, completion, save and restore.
 *
 * The library keeps the bytes of a packet and its transaction; what only this driver knows is which frames the guest
 * holds, so that its completion can be charged to the right queues on whatever host it arrives.
 */
#include "Nic.h"

#pragma alloc_text(PAGE, NicSavePacket)
#pragma alloc_text(PAGE, NicRestorePacket)

_Use_decl_annotations_
PNIC_INDICATION NicAllocateIndication(UINT32 FrameCount)
{
    SIZE_T Size = FIELD_OFFSET(NIC_INDICATION, Frames) + FrameCount * sizeof(NIC_PENDING_FRAME);
    PNIC_INDICATION Indication = ExAllocatePool2(POOL_FLAG_NON_PAGED, Size, NIC_POOL_TAG);

    if (Indication != NULL) {
        Indication->FrameCount = (UINT16)FrameCount;
    }
    return Indication;
}

_Use_decl_annotations_
VOID NicLinkIndication(PNIC_ADAPTER Adapter, PNIC_INDICATION Indication)
{
    KLOCK_QUEUE_HANDLE LockHandle;
    UINT32 Index;

    KeAcquireInStackQueuedSpinLock(&Adapter->Lock, &LockHandle);
    InsertTailList(&Adapter->Outstanding, &Indication->Link);
    for (Index = 0; Index < Indication->FrameCount; Index++) {
        Adapter->QueuedFrames[Indication->Frames[Index].Queue]++;
    }
    KeReleaseInStackQueuedSpinLock(&LockHandle);
}

static VOID NicUnlinkIndication(_In_ PNIC_ADAPTER Adapter, _In_ PNIC_INDICATION Indication, _In_ BOOLEAN Delivered)
{
    KLOCK_QUEUE_HANDLE LockHandle;
    UINT32 Index;

    KeAcquireInStackQueuedSpinLock(&Adapter->Lock, &LockHandle);
    RemoveEntryList(&Indication->Link);
    for (Index = 0; Index < Indication->FrameCount; Index++) {
        Adapter->QueuedFrames[Indication->Frames[Index].Queue]--;
    }
    if (Delivered) {
        Adapter->FramesDelivered += Indication->FrameCount;
    }
    KeReleaseInStackQueuedSpinLock(&LockHandle);
}

/* Message 107 and the chain of RNDIS packets behind it, in pool. */
static _Ret_maybenull_ PVOID NicBuildMessage(_In_reads_(FrameCount) const NIC_FRAME *Frames, _In_ UINT32 FrameCount,
                                             _Out_ PUINT32 MessageLength)
{
    UINT32 Length = sizeof(NVSP_MESSAGE);
    PUINT8 Message;
    PNVSP_MESSAGE Nvsp;
    UINT32 Index;

    for (Index = 0; Index < FrameCount; Index++) {
        Length += NIC_FRAME_SPACE(Frames[Index].Length);
    }
    *MessageLength = Length;
    Message = ExAllocatePool2(POOL_FLAG_NON_PAGED, Length, NIC_POOL_TAG);
    if (Message == NULL) {
        return NULL;
    }
    Nvsp = (PNVSP_MESSAGE)Message;
    Nvsp->MessageType = NVSP_MESSAGE_SEND_RNDIS_PACKET;
    Nvsp->SendRndisPacket.ChannelType = NVSP_CHANNEL_TYPE_DATA;
    Nvsp->SendRndisPacket.SendBufferSectionIndex = NVSP_INVALID_SECTION;

    Length = sizeof(NVSP_MESSAGE);
    for (Index = 0; Index < FrameCount; Index++) {
        PRNDIS_PACKET_MESSAGE Rndis = (PRNDIS_PACKET_MESSAGE)(Message + Length);

        Rndis->MessageType = RNDIS_MESSAGE_PACKET;
        Rndis->MessageLength = NIC_FRAME_SPACE(Frames[Index].Length);
        Rndis->DataOffset = sizeof(*Rndis) - RNDIS_OFFSET_BASE;
        Rndis->DataLength = Frames[Index].Length;
        RtlCopyMemory(Rndis + 1, Frames[Index].Data, Frames[Index].Length);
        Length += Rndis->MessageLength;
    }
    return Message;
}

/* Between Send and NicIndicationComplete the indication belongs to the packet. */
_Use_decl_annotations_
NTSTATUS NicIndicateReceive(PNIC_ADAPTER Adapter, const NIC_FRAME *Frames, UINT32 FrameCount)
{
    PNIC_INDICATION Indication = NULL;
    PVOID Message = NULL;
    VMBPACKET Packet = NULL;
    UINT32 MessageLength;
    UINT32 Index;
    NTSTATUS Status;

    if (FrameCount == 0 || FrameCount > NIC_MAXIMUM_FRAMES) {
        return STATUS_INVALID_PARAMETER;
    }
    for (Index = 0; Index < FrameCount; Index++) {
        if (Frames[Index].Length < NIC_MINIMUM_FRAME || Frames[Index].Length > NIC_MAXIMUM_FRAME ||
            Frames[Index].Queue >= NIC_QUEUE_COUNT) {
            return STATUS_INVALID_PARAMETER;
        }
    }
    if (!ExAcquireRundownProtection(&Adapter->Sends)) {
        return STATUS_DEVICE_NOT_READY;
    }

    Indication = NicAllocateIndication(FrameCount);
    Message = NicBuildMessage(Frames, FrameCount, &MessageLength);
    Packet = VmbPacketAllocate(Adapter->Channel);
    if (Indication == NULL || Message == NULL || Packet == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }
    for (Index = 0; Index < FrameCount; Index++) {
        Indication->Frames[Index].Length = Frames[Index].Length;
        Indication->Frames[Index].Queue = Frames[Index].Queue;
    }
    NicLinkIndication(Adapter, Indication);
    VmbPacketSetPointer(Packet, Indication);
    VmbPacketSetCompletionRoutine(Packet, NicIndicationComplete);
    Status = VmbPacketSend(Packet, Message, MessageLength, NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    if (!NT_SUCCESS(Status)) {
        NicUnlinkIndication(Adapter, Indication, FALSE);
    }

Exit:
    if (!NT_SUCCESS(Status) && Packet != NULL) {
        VmbPacketFree(Packet);
    }
    if (!NT_SUCCESS(Status) && Indication != NULL) {
        ExFreePoolWithTag(Indication, NIC_POOL_TAG);
    }
    if (Message != NULL) {
        ExFreePoolWithTag(Message, NIC_POOL_TAG); /* Send has copied it */
    }
    ExReleaseRundownProtection(&Adapter->Sends);
    return Status;
}

_Use_decl_annotations_
VOID NicIndicationComplete(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PNIC_ADAPTER Adapter = VmbChannelGetPointer(VmbPacketGetChannel(Packet));
    PNIC_INDICATION Indication = VmbPacketGetPointer(Packet);
    BOOLEAN Delivered = FALSE;
    NVSP_MESSAGE Answer;

    if (NT_SUCCESS(Status) && BufferLength >= sizeof(Answer)) {
        RtlCopyMemory(&Answer, Buffer, sizeof(Answer));
        Delivered = Answer.MessageType == NVSP_MESSAGE_SEND_RNDIS_PACKET_COMPLETE &&
                    Answer.SendRndisPacketComplete.Status == NVSP_STATUS_SUCCESS;
    }
    NicUnlinkIndication(Adapter, Indication, Delivered);
    ExFreePoolWithTag(Indication, NIC_POOL_TAG);
    VmbPacketFree(Packet);
}

/* ---- Save and restore ---- */

/* FNV-1a over the record; its own field counts as zero. */
static UINT32 NicChecksum(_In_ const NIC_SAVED_INDICATION *Record)
{
    const UINT8 *Bytes = (const UINT8 *)Record;
    UINT32 Sum = 0x811C9DC5;
    UINT32 Index;

    for (Index = 0; Index < Record->Length; Index++) {
        BOOLEAN Own = Index - FIELD_OFFSET(NIC_SAVED_INDICATION, Checksum) < sizeof(Record->Checksum);
        Sum = (Sum ^ (Own ? 0 : Bytes[Index])) * 0x01000193;
    }
    return Sum;
}

static NTSTATUS NicRecordLength(_In_ UINT32 FrameCount, _Out_ PULONG Length)
{
    ULONG TailLength;
    NTSTATUS Status = RtlULongMult(FrameCount, sizeof(NIC_SAVED_FRAME), &TailLength);

    if (NT_SUCCESS(Status)) {
        Status = RtlULongAdd(FIELD_OFFSET(NIC_SAVED_INDICATION, Frames), TailLength, Length);
    }
    return Status;
}

/* Not pageable: holds the lock. */
static VOID NicSnapshotIndication(_In_ PNIC_ADAPTER Adapter, _In_ const NIC_INDICATION *Indication,
                                  _Out_ PNIC_SAVED_INDICATION Record)
{
    KLOCK_QUEUE_HANDLE LockHandle;
    UINT32 Index;

    RtlZeroMemory(Record, sizeof(*Record));
    Record->Signature = NIC_RECORD_SIGNATURE;
    Record->Version = NIC_RECORD_VERSION;

    KeAcquireInStackQueuedSpinLock(&Adapter->Lock, &LockHandle);
    Record->FrameCount = Indication->FrameCount;
    for (Index = 0; Index < Indication->FrameCount; Index++) {
        Record->Frames[Index].Length = Indication->Frames[Index].Length;
        Record->Frames[Index].Queue = Indication->Frames[Index].Queue;
    }
    KeReleaseInStackQueuedSpinLock(&LockHandle);
}

/* Answers the size query and fills the buffer; both calls take the same way. */
_Use_decl_annotations_
NTSTATUS NicSavePacket(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PNIC_ADAPTER Adapter = VmbChannelGetPointer(Channel);
    PNIC_INDICATION Indication = VmbPacketGetPointer(Packet);
    NIC_SAVED_INDICATION Record;
    ULONG Length;
    NTSTATUS Status;

    PAGED_CODE();

    *BytesNeeded = 0;
    if (Indication == NULL) { /* no packet of this channel is sent without one */
        return STATUS_INVALID_DEVICE_STATE;
    }
    NicSnapshotIndication(Adapter, Indication, &Record);
    Status = NicRecordLength(Record.FrameCount, &Length);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *BytesNeeded = Length;
    if (SaveBufSize < Length) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    Record.Length = Length;
    Record.Checksum = NicChecksum(&Record);
    RtlZeroMemory(SaveBuf, SaveBufSize);
    RtlCopyMemory(SaveBuf, &Record, Length);
    return STATUS_SUCCESS;
}

/* A private, checked copy of a record that may come from a damaged file or another build. SaveBuf may be longer. */
static NTSTATUS NicCaptureRecord(_In_reads_bytes_(SaveBufSize) const VOID *SaveBuf, _In_ UINT32 SaveBufSize,
                                 _Out_ PNIC_SAVED_INDICATION Record)
{
    ULONG Length;
    UINT32 Index;
    NTSTATUS Status;

    RtlZeroMemory(Record, sizeof(*Record));
    if (SaveBufSize < FIELD_OFFSET(NIC_SAVED_INDICATION, Frames)) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(Record, SaveBuf, FIELD_OFFSET(NIC_SAVED_INDICATION, Frames));
    if (Record->Signature != NIC_RECORD_SIGNATURE) {
        return STATUS_INVALID_SIGNATURE;
    }
    if (Record->Version != NIC_RECORD_VERSION) {
        return STATUS_REVISION_MISMATCH;
    }
    if (Record->FrameCount == 0 || Record->FrameCount > NIC_MAXIMUM_FRAMES) {
        return STATUS_DATA_ERROR;
    }
    Status = NicRecordLength(Record->FrameCount, &Length);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    if (Record->Length != Length || SaveBufSize < Length) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    RtlCopyMemory(Record->Frames, (const UINT8 *)SaveBuf + FIELD_OFFSET(NIC_SAVED_INDICATION, Frames),
                  Length - FIELD_OFFSET(NIC_SAVED_INDICATION, Frames));
    if (Record->Checksum != NicChecksum(Record)) {
        return STATUS_DATA_ERROR;
    }
    for (Index = 0; Index < Record->FrameCount; Index++) {
        if (Record->Frames[Index].Queue >= NIC_QUEUE_COUNT || Record->Frames[Index].Length < NIC_MINIMUM_FRAME ||
            Record->Frames[Index].Length > NIC_MAXIMUM_FRAME || Record->Frames[Index].Reserved != 0) {
            return STATUS_DATA_ERROR;
        }
    }
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
NTSTATUS NicRestorePacket(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    PNIC_ADAPTER Adapter = VmbChannelGetPointer(Channel);
    NIC_SAVED_INDICATION Record;
    PNIC_INDICATION Indication;
    VMBPACKET Packet;
    UINT32 Index;
    NTSTATUS Status;

    PAGED_CODE();

    Status = NicCaptureRecord(SaveBuf, SaveBufSize, &Record);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Indication = NicAllocateIndication(Record.FrameCount);
    if (Indication == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (Index = 0; Index < Record.FrameCount; Index++) {
        Indication->Frames[Index].Length = Record.Frames[Index].Length;
        Indication->Frames[Index].Queue = Record.Frames[Index].Queue;
    }

    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto FreeIndication;
    }
    VmbPacketSetPointer(Packet, Indication);
    VmbPacketSetCompletionRoutine(Packet, NicIndicationComplete);
    NicLinkIndication(Adapter, Indication); /* the guest's completion may follow at once */

    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (NT_SUCCESS(Status)) {
        return STATUS_SUCCESS;
    }
    NicUnlinkIndication(Adapter, Indication, FALSE);
    VmbPacketFree(Packet);
FreeIndication:
    ExFreePoolWithTag(Indication, NIC_POOL_TAG);
    return Status;
}
