
typedef struct _PART_REQUEST {
    LIST_ENTRY Link;
    UINT32 Kind;
    UINT32 Length;
    UINT8 Data[64];
} PART_REQUEST, *PPART_REQUEST;

typedef struct _PART_RECORD {
    UINT32 Version;
    UINT32 Length;
    UINT32 Kind;
    UINT32 Reserved;
    UINT8 Data[64];
} PART_RECORD, *PPART_RECORD;

static NTSTATUS PartCheckPART(const PART_RECORD *Record, UINT32 Size)
{
    if (Size < FIELD_OFFSET(PART_RECORD, Data) || Record->Version != 1) {
        return STATUS_DATA_ERROR;
    }
    if (Record->Length > sizeof(Record->Data) || Record->Kind > 3) {
        return STATUS_DATA_ERROR;
    }
    return STATUS_SUCCESS;
}

EVT_VMB_CHANNEL_SAVE_PACKET PartSavePART;
NTSTATUS PartSavePART(VMBCHANNEL Channel, VMBPACKET Packet, PVOID SaveBuf, UINT32 SaveBufSize, PUINT32 BytesNeeded)
{
    PPART_REQUEST Request = VmbPacketGetPointer(Packet);
    PART_RECORD Record;
    UNREFERENCED_PARAMETER(Channel);
    *BytesNeeded = 0;
    if (Request == NULL || Request->Length > sizeof(Request->Data)) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    *BytesNeeded = sizeof(Record);
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(&Record, sizeof(Record));
    Record.Version = 1;
    Record.Kind = Request->Kind + ROUND;
    switch (Request->Kind) {
    case 0:
        break;
    case 1:
        Record.Length = Request->Length;
        RtlCopyMemory(Record.Data, Request->Data, Request->Length);
        break;
    default:
        Record.Reserved = 1;
        break;
    }
    RtlCopyMemory(SaveBuf, &Record, sizeof(Record));
    return STATUS_SUCCESS;
}

EVT_VMB_CHANNEL_RESTORE_PACKET PartRestorePART;
NTSTATUS PartRestorePART(VMBCHANNEL Channel, PVOID LibBuf, UINT32 LibBufSize, PVOID SaveBuf, UINT32 SaveBufSize)
{
    NTSTATUS Status;
    PART_RECORD Record;
    PPART_REQUEST Request = NULL;
    VMBPACKET Packet = NULL;
    if (SaveBufSize < sizeof(Record)) {
        return STATUS_DATA_ERROR;
    }
    RtlCopyMemory(&Record, SaveBuf, sizeof(Record));
    Status = PartCheckPART(&Record, SaveBufSize);
    if (!NT_SUCCESS(Status)) {
        goto Cleanup;
    }
    Status = STATUS_INSUFFICIENT_RESOURCES;
    Request = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*Request), 'traP');
    if (Request == NULL) {
        goto Cleanup;
    }
    Request->Kind = Record.Kind;
    Request->Length = Record.Length;
    RtlCopyMemory(Request->Data, Record.Data, Record.Length);
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        goto Cleanup;
    }
    VmbPacketSetPointer(Packet, Request);
    Status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
    if (NT_SUCCESS(Status)) {
        return STATUS_SUCCESS;
    }
Cleanup:
    if (Packet != NULL) {
        VmbPacketFree(Packet);
    }
    if (Request != NULL) {
        ExFreePoolWithTag(Request, 'traP');
    }
    return Status;
}
