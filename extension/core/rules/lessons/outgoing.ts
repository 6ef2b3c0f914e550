/** Outgoing packets: kmcl-facts 7.4 in the sheet's order. */
import type { Lessons } from './lesson.js';

export const OUTGOING: Lessons<'outgoing'> = {
  'out-alloc-null': {
    why: 'Packet objects come from pool; allocation is the one step of sending that can fail for want of memory.',
    wrong: `Packet = VmbPacketAllocate(Channel);
VmbPacketSetPointer(Packet, request);`,
    right: `Packet = VmbPacketAllocate(Channel);
if (Packet == NULL)
    return STATUS_INSUFFICIENT_RESOURCES;
VmbPacketSetPointer(Packet, request);`,
  },
  'out-no-reuse-in-use': {
    why: 'Between a successful send and the completion routine the object is linked into lists of the library.',
    wrong: `status = VmbPacketSend(Packet, &message, sizeof(message), NULL,
    VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);
VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);`,
    right: `VOID SendAgain(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    static MESSAGE next;
    UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(BufferLength);
    /* the completion routine has the packet again */
    if (!NT_SUCCESS(Status) || !NT_SUCCESS(VmbPacketSend(Packet, &next, sizeof(next), NULL, 0)))
        VmbPacketFree(Packet);
}`,
  },
  'out-no-touch-after-send': {
    why: 'The completion routine may run before the send returns, and it is what frees packet and context.',
    wrong: `status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);
request->Sent = TRUE;`,
    right: `request->Sent = TRUE;
status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);
if (!NT_SUCCESS(status))
    request->Sent = FALSE; /* not sent: still ours */`,
  },
  'out-free-custom': {
    why: 'Only the default completion routine frees the packet by itself.',
    wrong: `VOID RequestDone(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    UNREFERENCED_PARAMETER(Status); UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(BufferLength);
    ExFreePoolWithTag(VmbPacketGetPointer(Packet), POOL_TAG);
}`,
    right: `VOID RequestDone(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    UNREFERENCED_PARAMETER(Status); UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(BufferLength);
    ExFreePoolWithTag(VmbPacketGetPointer(Packet), POOL_TAG);
    VmbPacketFree(Packet);
}`,
  },
  'out-no-free-default': {
    why: 'The default completion routine frees the packet as soon as it is completed.',
    wrong: `status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);
VmbPacketFree(Packet);`,
    right: `status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);
if (!NT_SUCCESS(status))
    VmbPacketFree(Packet);`,
  },
  'out-free-unsent': {
    why: 'A packet that was not sent has no completion routine to come, so nobody else frees it.',
    wrong: `status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);
if (!NT_SUCCESS(status))
    return status;`,
    right: `status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);
if (!NT_SUCCESS(status)) {
    VmbPacketFree(Packet);
    return status;
}`,
  },
  'out-init-size': {
    why:
      'A packet object holds a copy of the longest message of its channel, so its size differs from channel to channel. ' +
      'It is used at DISPATCH_LEVEL.',
    wrong: `address = ExAllocatePool2(POOL_FLAG_PAGED, 256, POOL_TAG);
status = VmbPacketInitialize(Channel, (VMBPACKET)address, 256);`,
    right: `size = VmbChannelSizeofPacket(Channel);
address = ExAllocatePool2(POOL_FLAG_NON_PAGED, size, POOL_TAG);
if (address != NULL)
    status = VmbPacketInitialize(Channel, (VMBPACKET)address, size);`,
  },
  'out-init-routine': {
    why: 'The default routine would free memory that the library did not allocate, so such a packet begins with none.',
    wrong: `status = VmbPacketInitialize(Channel, Packet, size);
status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);`,
    right: `status = VmbPacketInitialize(Channel, Packet, size);
VmbPacketSetCompletionRoutine(Packet, RequestDone);
status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);`,
  },
  'out-init-not-freed': {
    why: 'VmbPacketFree puts the object onto a list of the library; memory of the driver does not belong there.',
    wrong: `status = VmbPacketInitialize(Channel, (VMBPACKET)address, size);
VmbPacketFree((VMBPACKET)address);`,
    right: `status = VmbPacketInitialize(Channel, (VMBPACKET)address, size);
ExFreePoolWithTag(address, POOL_TAG);`,
  },
  'out-size-limit': {
    why: 'The packet object has room for the configured maximum, and a packet longer than the ring can never be placed.',
    wrong: `status = VmbChannelInitSetMaximumPacketSize(Channel, 16);
/* later */
status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);`,
    right: `status = VmbChannelInitSetMaximumPacketSize(Channel, sizeof(message));
/* later */
status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);`,
  },
  'out-flags': {
    why: 'Bits that mean nothing are refused; FORCE_MDL_LENGTH means something only where an MDL length is passed.',
    wrong: `status = VmbPacketSend(Packet, &message, sizeof(message), NULL,
    VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH);`,
    right: `status = VmbPacketSend(Packet, &message, sizeof(message), NULL,
    VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);`,
  },
  'out-external-wait': {
    why: 'Without a completion nothing tells when the peer has finished with the pages.',
    wrong: 'status = VmbPacketSendWithExternalMdl(Packet, &message, sizeof(message), mdl, 0, 0, 0);',
    right: `status = VmbPacketSendWithExternalMdl(Packet, &message, sizeof(message), mdl, 0, 0,
    VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);`,
  },
  'out-server-no-external': {
    why: 'Only the guest can lend pages to the other side; there is no such way from host to guest.',
    wrong: `status = VmbPacketSend(Packet, &message, sizeof(message), mdl,
    VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);`,
    right: `status = VmbPacketSend(Packet, &message, sizeof(message), NULL,
    VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION);`,
  },
  'out-paged-flag': {
    why: 'The library copies the message at DISPATCH_LEVEL unless the flag tells it to copy before.',
    wrong: `address = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(MESSAGE), POOL_TAG);
status = VmbPacketSend(Packet, address, sizeof(MESSAGE), NULL, 0);`,
    right: `address = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(MESSAGE), POOL_TAG);
status = VmbPacketSend(Packet, address, sizeof(MESSAGE), NULL, VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER);`,
  },
  'out-completion-irql': {
    why: 'Completion packets are read from the ring in a DPC, and the routine runs right there.',
    wrong: `VOID RequestDone(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(VmbPacketGetChannel(Packet));
    UNREFERENCED_PARAMETER(Status); UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(BufferLength);
    ExAcquireFastMutex(&device->Mutex);
    device->Completed++;
    ExReleaseFastMutex(&device->Mutex);
    VmbPacketFree(Packet);
}`,
    right: `VOID RequestDone(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(VmbPacketGetChannel(Packet));
    UNREFERENCED_PARAMETER(Status); UNREFERENCED_PARAMETER(Buffer); UNREFERENCED_PARAMETER(BufferLength);
    InterlockedIncrement(&device->Completed);
    VmbPacketFree(Packet);
}`,
  },
  'out-completion-status': {
    why: 'A cancelled packet has no answer, and the length of an answer is chosen by the guest.',
    wrong: `VOID RequestDone(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PREQUEST request = VmbPacketGetPointer(Packet);
    UNREFERENCED_PARAMETER(Status); UNREFERENCED_PARAMETER(BufferLength);
    request->Id = ((const MESSAGE *)Buffer)->Type;
    VmbPacketFree(Packet);
}`,
    right: `VOID RequestDone(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 BufferLength)
{
    PREQUEST request = VmbPacketGetPointer(Packet);
    if (NT_SUCCESS(Status) && BufferLength >= sizeof(MESSAGE))
        request->Id = ((const MESSAGE *)Buffer)->Type;
    VmbPacketFree(Packet);
}`,
  },
  'out-sync-root': {
    why: 'A guest need not answer. A host thread that waits for it hands the guest control over the host.',
    wrong: `status = VmbChannelSendSynchronousRequest(Channel, &message, sizeof(message), NULL,
    VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, &answer, &size, NULL);`,
    right: `LARGE_INTEGER now = {0};
status = VmbChannelSendSynchronousRequest(Channel, &message, sizeof(message), NULL, 0,
    NULL, NULL, &now);`,
  },
  'out-sync-irql': {
    why: 'Any other timeout than zero, and waiting for the completion, means to wait.',
    wrong: `KeAcquireSpinLock(&device->Lock, &irql);
status = VmbChannelSendSynchronousRequest(Channel, &message, sizeof(message), NULL,
    VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, &answer, &size, NULL);
KeReleaseSpinLock(&device->Lock, irql);`,
    right: `LARGE_INTEGER now = {0};
KeAcquireSpinLock(&device->Lock, &irql);
status = VmbChannelSendSynchronousRequest(Channel, &message, sizeof(message), NULL, 0,
    NULL, NULL, &now);
KeReleaseSpinLock(&device->Lock, irql);`,
  },
  'out-sync-size8': {
    why: 'Ring data comes in units of 8 bytes, and the answer is copied in whole units.',
    wrong: `size = 12;
status = VmbChannelSendSynchronousRequest(Channel, &message, sizeof(message), NULL,
    VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, Buffer, &size, NULL);`,
    right: `size = 16;
status = VmbChannelSendSynchronousRequest(Channel, &message, sizeof(message), NULL,
    VMBUS_CHANNEL_FORMAT_FLAG_WAIT_FOR_COMPLETION, Buffer, &size, NULL);`,
  },
  'out-no-lock-send': {
    why: 'A packet that waits for nothing is complete as soon as it lies in the ring: its routine runs inside the send.',
    wrong: `KeAcquireSpinLock(&device->Lock, &irql);
status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0); /* RequestDone takes the lock */
KeReleaseSpinLock(&device->Lock, irql);`,
    right: `KeAcquireSpinLock(&device->Lock, &irql);
InsertTailList(&device->Requests, &request->Link);
KeReleaseSpinLock(&device->Lock, irql);
status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);`,
  },
};
