/** Incoming packets: kmcl-facts 7.3 in the sheet's order. */
import type { Lessons } from './lesson.js';

export const INCOMING: Lessons<'incoming'> = {
  'in-complete-once': {
    why:
      "Completing releases the packet's buffers and answers the guest; the library waits for it before it pauses or " +
      'closes the channel.',
    wrong: `request->Completion = Completion;
InsertTailList(&device->Requests, &request->Link);
VmbChannelPacketComplete(Completion, NULL, 0);
/* and once more when the request is done */`,
    right: `request->Completion = Completion;
InsertTailList(&device->Requests, &request->Link);
/* completed in one place: when the request is done */`,
  },
  'in-complete-all-paths': {
    why: 'A refused request is delivered all the same, so it counts as outstanding until it is completed.',
    wrong: `if (BufferLength < sizeof(MESSAGE))
    return;
VmbChannelPacketComplete(Completion, NULL, 0);`,
    right: `if (BufferLength < sizeof(MESSAGE)) {
    answer.Status = STATUS_INVALID_PARAMETER;
    VmbChannelPacketComplete(Completion, &answer, sizeof(answer));
    return;
}
VmbChannelPacketComplete(Completion, NULL, 0);`,
  },
  'in-no-use-after-complete': {
    why: 'Completion gives the ring space, the pages behind the MDL and the packet object back.',
    wrong: `VmbChannelPacketComplete(Completion, NULL, 0);
device->LastType = ((const MESSAGE *)Buffer)->Type;`,
    right: `device->LastType = ((const MESSAGE *)Buffer)->Type;
VmbChannelPacketComplete(Completion, NULL, 0);`,
  },
  'in-length-check': {
    why: 'The guest decides how long a packet is. What lies behind its end is memory of the host.',
    wrong: `message = *(const MESSAGE *)Buffer;
HandleMessage(device, &message);`,
    right: `if (BufferLength < sizeof(message)) {
    VmbChannelPacketComplete(Completion, NULL, 0);
    return;
}
message = *(const MESSAGE *)Buffer;
HandleMessage(device, &message);`,
  },
  'in-length-not-exact': {
    why: 'Ring packets are multiples of 8 bytes, so up to 7 bytes of padding can stand behind a message.',
    wrong: `if (BufferLength != sizeof(MESSAGE))
    return;`,
    right: `if (BufferLength < sizeof(MESSAGE))
    return;`,
  },
  'in-capture-once': {
    why: 'The buffer may be ring memory that the guest can still write; what was checked need not be what is used.',
    wrong: `const MESSAGE *shared = Buffer;
if (shared->Length <= sizeof(request->Data))
    RtlCopyMemory(request->Data, shared->Data, shared->Length);`,
    right: `RtlCopyMemory(&message, Buffer, sizeof(message));
if (message.Length <= sizeof(request->Data))
    RtlCopyMemory(request->Data, message.Data, message.Length);`,
  },
  'in-validate-fields': {
    why: 'Each number in a message was chosen by the guest, including the ones that make a sum wrap around.',
    wrong: `if (message.Offset + message.Length <= device->Size)
    RtlCopyMemory(device->Base + message.Offset, message.Data, message.Length);`,
    right: `status = RtlULongAdd(message.Offset, message.Length, &end);
if (NT_SUCCESS(status) && end <= device->Size && message.Length <= sizeof(message.Data))
    RtlCopyMemory(device->Base + message.Offset, message.Data, message.Length);`,
  },
  'in-ref-balance': {
    why: 'A guest can send the one message that takes the path without the release, four thousand million times.',
    wrong: `InterlockedIncrement(&device->References);
if (message.Type != MESSAGE_READ)
    return;
InterlockedDecrement(&device->References);`,
    right: `InterlockedIncrement(&device->References);
if (message.Type == MESSAGE_READ)
    HandleMessage(device, &message);
InterlockedDecrement(&device->References);`,
  },
  'in-external-flag': {
    why: 'Only a packet that describes pages of the guest has an MDL to hand out.',
    wrong: 'status = VmbChannelPacketGetExternalData(Completion, 0, &mdl);',
    right: `if (Flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA)
    status = VmbChannelPacketGetExternalData(Completion, 0, &mdl);`,
  },
  'in-external-status': {
    why: 'STATUS_PENDING has success severity, so NT_SUCCESS lets it pass, but the MDL is not there yet.',
    wrong: `status = VmbChannelPacketGetExternalData(Completion, 0, &mdl);
if (NT_SUCCESS(status))
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);`,
    right: `status = VmbChannelPacketGetExternalData(Completion, 0, &mdl);
if (status == STATUS_PENDING)
    return;
if (NT_SUCCESS(status))
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);`,
  },
  'in-external-pending': {
    why: 'The library brings the pages in and delivers the same packet again; the driver owns it only then.',
    wrong: `status = VmbChannelPacketGetExternalData(Completion, 0, &mdl);
if (status != STATUS_SUCCESS) {
    VmbChannelPacketComplete(Completion, NULL, 0);
    return;
}`,
    right: `status = VmbChannelPacketGetExternalData(Completion, 0, &mdl);
if (status == STATUS_PENDING)
    return;
if (status != STATUS_SUCCESS) {
    VmbChannelPacketComplete(Completion, NULL, 0);
    return;
}`,
  },
  'in-external-restartable': {
    why: 'After STATUS_PENDING the callback begins anew with the same packet.',
    wrong: `InterlockedIncrement(&device->RequestCount);
status = VmbChannelPacketGetExternalData(Completion, 0, &mdl);
if (status == STATUS_PENDING)
    return;`,
    right: `status = VmbChannelPacketGetExternalData(Completion, 0, &mdl);
if (status == STATUS_PENDING)
    return;
InterlockedIncrement(&device->RequestCount);`,
  },
  'in-mdl-not-owned': {
    why: 'The pages are locked and the MDL is built by the library, which undoes both at completion.',
    wrong: `status = VmbChannelPacketGetExternalData(Completion, 0, &mdl);
if (status == STATUS_SUCCESS)
    MmProbeAndLockPages(mdl, KernelMode, IoReadAccess);`,
    right: `status = VmbChannelPacketGetExternalData(Completion, 0, &mdl);
if (status == STATUS_SUCCESS)
    address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);`,
  },
  'in-mdl-map-checked': {
    why: 'Mapping takes system address space, which can run out.',
    wrong: `address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
RtlCopyMemory(address, device->Base, device->Size);`,
    right: `address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
if (address != NULL)
    RtlCopyMemory(address, device->Base, device->Size);`,
  },
  'in-mdl-unmap-first': {
    why: 'At completion the library unpins the pages; an address that still maps them outlives the right to use them.',
    wrong: `VmbChannelPacketComplete(Completion, NULL, 0);
MmUnmapLockedPages(address, mdl);`,
    right: `MmUnmapLockedPages(address, mdl);
VmbChannelPacketComplete(Completion, NULL, 0);`,
  },
  'in-defer-inline': {
    why: 'Deferring puts the packet of this very delivery back into the queue, so the delivery ends with it.',
    wrong: `VmbChannelPacketDeferToPassive(Completion);
VmbChannelPacketComplete(Completion, NULL, 0);`,
    right: `VmbChannelPacketDeferToPassive(Completion);
return;`,
  },
  'in-fail-terminal': {
    why: 'Failing a packet stops the queue and retires the packet; it is the answer to a guest that broke the protocol.',
    wrong: `VmbChannelPacketFail(Completion);
VmbChannelPacketComplete(Completion, NULL, 0);`,
    right: `VmbChannelPacketFail(Completion);
return;`,
  },
  'in-irql-safe': {
    why: 'Packets are delivered from a DPC as long as the channel does not ask for passive processing.',
    wrong: `VOID ProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Completion, PVOID Buffer,
    UINT32 BufferLength, UINT32 Flags)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(BufferLength); UNREFERENCED_PARAMETER(Flags);
    KeWaitForSingleObject(&device->Idle, Executive, KernelMode, FALSE, NULL);
    VmbChannelPacketComplete(Completion, NULL, 0);
}`,
    right: `VOID ProcessPacket(VMBCHANNEL Channel, VMBPACKETCOMPLETION Completion, PVOID Buffer,
    UINT32 BufferLength, UINT32 Flags)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(BufferLength); UNREFERENCED_PARAMETER(Flags);
    if (KeGetCurrentIrql() > PASSIVE_LEVEL) {
        VmbChannelPacketDeferToPassive(Completion);
        return;
    }
    KeWaitForSingleObject(&device->Idle, Executive, KernelMode, FALSE, NULL);
    VmbChannelPacketComplete(Completion, NULL, 0);
}`,
  },
  'in-quota-positive': {
    why: 'The quota is the number of packets that may be outstanding; with zero none can ever be delivered.',
    wrong: 'VmbChannelSetTransactionQuota(Channel, 0);',
    right: 'VmbChannelSetTransactionQuota(Channel, 64);',
  },
  'in-completion-init': {
    why: 'The answer is copied into memory of the guest as it is, padding and unused fields included.',
    wrong: `MESSAGE reply;
reply.Type = MESSAGE_READ;
VmbChannelPacketComplete(Completion, &reply, sizeof(reply));`,
    right: `MESSAGE reply;
RtlZeroMemory(&reply, sizeof(reply));
reply.Type = MESSAGE_READ;
VmbChannelPacketComplete(Completion, &reply, sizeof(reply));`,
  },
  'in-completion-args': {
    why: 'The size says how much is read from the buffer; a size without a buffer is read from address 0.',
    wrong: 'VmbChannelPacketComplete(Completion, NULL, sizeof(answer));',
    right: 'VmbChannelPacketComplete(Completion, NULL, 0);',
  },
};
