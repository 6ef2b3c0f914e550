/** A driver as people write them: requests that lead to their device, made and completed by functions of its own. */
export const STORAGE_DRIVER = `#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

#define STOR_TAG 'rotS'

typedef struct _STOR_DEVICE {
    KSPIN_LOCK QueueLock;
    LIST_ENTRY Outstanding;
    VMBCHANNEL Channel;
    ULONG OutstandingCount;
} STOR_DEVICE, *PSTOR_DEVICE;

typedef struct _STOR_REQUEST {
    LIST_ENTRY Link;
    PSTOR_DEVICE Device;
    VMBPACKET Packet;
    UINT64 Lba;
    UINT32 SectorsDone;
    UINT8 Cdb[16];
} STOR_REQUEST, *PSTOR_REQUEST;

static PSTOR_REQUEST StorAllocateRequest(PSTOR_DEVICE Device)
{
    PSTOR_REQUEST Request;
    KIRQL OldIrql;

    Request = (PSTOR_REQUEST)ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(*Request), STOR_TAG);
    if (Request == NULL) {
        return NULL;
    }
    RtlZeroMemory(Request, sizeof(*Request));
    Request->Device = Device;
    KeAcquireSpinLock(&Device->QueueLock, &OldIrql);
    InsertTailList(&Device->Outstanding, &Request->Link);
    Device->OutstandingCount++;
    KeReleaseSpinLock(&Device->QueueLock, OldIrql);
    return Request;
}

static VOID StorFreeRequest(PSTOR_REQUEST Request)
{
    KIRQL OldIrql;

    KeAcquireSpinLock(&Request->Device->QueueLock, &OldIrql);
    RemoveEntryList(&Request->Link);
    Request->Device->OutstandingCount--;
    KeReleaseSpinLock(&Request->Device->QueueLock, OldIrql);
    ExFreePoolWithTag(Request, STOR_TAG);
}

VOID StorProgress(PSTOR_REQUEST Request, UINT32 Sectors)
{
    KIRQL OldIrql;

    KeAcquireSpinLock(&Request->Device->QueueLock, &OldIrql);
    Request->SectorsDone += Sectors;
    KeReleaseSpinLock(&Request->Device->QueueLock, OldIrql);
}

EVT_VMB_PACKET_COMPLETION_ROUTINE StorComplete;

_Use_decl_annotations_
VOID StorComplete(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PSTOR_REQUEST Request = (PSTOR_REQUEST)VmbPacketGetPointer(Packet);

    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);

    StorFreeRequest(Request);
    VmbPacketFree(Packet);
}

EVT_VMB_CHANNEL_PROCESS_PACKET StorProcess;

_Use_decl_annotations_
VOID StorProcess(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet, PVOID Buffer, UINT32 BufferLength, UINT32 Flags)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);

    VmbChannelPacketComplete(Packet, NULL, 0);
}

NTSTATUS StorSend(PSTOR_DEVICE Device, UINT64 Lba)
{
    PSTOR_REQUEST Request = StorAllocateRequest(Device);
    VMBPACKET Packet;
    NTSTATUS Status;

    if (Request == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Packet = VmbPacketAllocate(Device->Channel);
    if (Packet == NULL) {
        StorFreeRequest(Request);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Request->Lba = Lba;
    Request->Packet = Packet;
    VmbPacketSetPointer(Packet, Request);
    VmbPacketSetCompletionRoutine(Packet, StorComplete);
    Status = VmbPacketSend(Packet, &Lba, sizeof(Lba), NULL, VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
        StorFreeRequest(Request);
    }
    return Status;
}

NTSTATUS StorConfigure(PSTOR_DEVICE Device, VMBCHANNEL Channel, HANDLE VmbusHandle, GUID Type, GUID Instance)
{
    NTSTATUS Status;

    VmbChannelSetPointer(Channel, Device);
    Status = VmbServerChannelInitSetVmbusHandle(Channel, VmbusHandle);
    if (NT_SUCCESS(Status)) Status = VmbServerChannelInitSetTargetInterfaceId(Channel, Type, Instance);
    if (NT_SUCCESS(Status)) Status = VmbChannelInitSetProcessPacketCallbacks(Channel, StorProcess, NULL);
    if (NT_SUCCESS(Status)) Status = VmbChannelEnable(Channel);
    return Status;
}
`;
