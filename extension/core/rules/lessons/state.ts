/** State machine: kmcl-facts 7.2 in the sheet's order. */
import type { Lessons } from './lesson.js';

export const STATE: Lessons<'state'> = {
  'state-enable-checked': {
    why: 'Enable can fail for reasons outside the driver; only its status tells whether there is an offer.',
    wrong: `(VOID)VmbChannelEnable(Channel);
VmbChannelStart(Channel);`,
    right: `status = VmbChannelEnable(Channel);
if (!NT_SUCCESS(status)) {
    VmbChannelCleanup(Channel);
    return status;
}
VmbChannelStart(Channel);`,
  },
  'state-server-start': {
    why: 'A server endpoint begins paused, so that state can be restored before packets flow; Start ends that.',
    wrong: `status = VmbChannelEnable(Channel);
return status;`,
    right: `status = VmbChannelEnable(Channel);
if (NT_SUCCESS(status))
    VmbChannelStart(Channel);
return status;`,
  },
  'state-start-pause-window': {
    why: 'The run request belongs to an enabled channel; on a disabled one there is nothing to start.',
    wrong: `VmbChannelStart(Channel);
status = VmbChannelEnable(Channel);`,
    right: `status = VmbChannelEnable(Channel);
if (NT_SUCCESS(status))
    VmbChannelStart(Channel);`,
  },
  'state-no-startpause-in-cb': {
    why:
      'State callbacks of a channel run one after the other. Pause waits for a callback that cannot begin before the ' +
      'present one has returned.',
    wrong: `VOID Suspended(VMBCHANNEL Channel)
{
    VmbChannelPause(Channel);
}`,
    right: `VOID Suspended(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    IoQueueWorkItem(device->WorkItem, PauseLater, DelayedWorkQueue, device);
}`,
  },
  'state-no-disable-in-cb': {
    why: 'Disable returns after every callback of the channel has returned; inside one it waits for itself.',
    wrong: `VOID Closed(VMBCHANNEL Channel)
{
    VmbChannelDisable(Channel);
    VmbChannelCleanup(Channel);
}`,
    right: `VOID Closed(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    IoQueueWorkItem(device->WorkItem, RemoveLater, DelayedWorkQueue, device);
}`,
  },
  'state-disable-before-cleanup': {
    why: 'Cleanup frees the channel. Disable is what ends callbacks, the offer and the packets that still refer to it.',
    wrong: 'VmbChannelCleanup(Channel);',
    right: `VmbChannelDisable(Channel);
VmbChannelCleanup(Channel);`,
  },
  'state-no-use-after-cleanup': {
    why: "The handle is the address of the library's channel, and Cleanup gives that memory back.",
    wrong: `VmbChannelCleanup(device->Channel);
VmbChannelSetPointer(device->Channel, NULL);`,
    right: `VmbChannelSetPointer(device->Channel, NULL);
VmbChannelCleanup(device->Channel);
device->Channel = NULL;`,
  },
  'state-opened-unwind': {
    why:
      'When the opened callback fails, the channel counts as never opened: no Closed follows in which the driver could ' +
      'clean up.',
    wrong: `NTSTATUS Opened(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    device->Table = ExAllocatePool2(POOL_FLAG_NON_PAGED, TABLE_SIZE, POOL_TAG);
    if (device->Table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    return VmbChannelMapGpadl(Channel, 0, device->GpadlHandle, &device->Mdl);
}`,
    right: `NTSTATUS Opened(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    NTSTATUS status;
    device->Table = ExAllocatePool2(POOL_FLAG_NON_PAGED, TABLE_SIZE, POOL_TAG);
    if (device->Table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    status = VmbChannelMapGpadl(Channel, 0, device->GpadlHandle, &device->Mdl);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(device->Table, POOL_TAG);
        device->Table = NULL;
    }
    return status;
}`,
  },
  'state-started-nonblocking': {
    why: 'The incoming queue is switched on only after the started callback has returned.',
    wrong: `VOID Started(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    SendHello(Channel);
    KeWaitForSingleObject(&device->HelloAnswered, Executive, KernelMode, FALSE, NULL);
}`,
    right: `VOID Started(VMBCHANNEL Channel)
{
    /* the completion routine goes on where this ends */
    SendHello(Channel);
}`,
  },
  'state-suspend-completes': {
    why:
      'Pause and Disable wait until every packet that was delivered is completed. A packet that waits for something ' +
      'else to happen keeps the virtual machine from being saved.',
    wrong: `VOID Suspended(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    device->Running = FALSE; /* held packets stay in device->Requests */
}`,
    right: `VOID Suspended(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    device->Running = FALSE;
    CompleteHeldRequests(device, STATUS_CANCELLED);
}`,
  },
  'state-suspend-cancels-backend': {
    why:
      'After Closed the channel can be cleaned up. Work that is still under way would complete a packet of a channel ' +
      'that is gone.',
    wrong: `VOID Closed(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    device->Running = FALSE; /* the timer may still fire */
}`,
    right: `VOID Closed(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    device->Running = FALSE;
    KeCancelTimer(&device->Timer);
    KeFlushQueuedDpcs();
}`,
  },
  'state-no-send-suspended': {
    why:
      'Suspend announces that the set of packets is frozen: what is sent afterwards is not transmitted before the next ' +
      'Started, or escapes the save.',
    wrong: `VOID TimerDpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    PDEVICE_CONTEXT device = Context;
    UNREFERENCED_PARAMETER(Dpc); UNREFERENCED_PARAMETER(One); UNREFERENCED_PARAMETER(Two);
    SendHello(device->Channel);
}`,
    right: `VOID TimerDpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    PDEVICE_CONTEXT device = Context;
    UNREFERENCED_PARAMETER(Dpc); UNREFERENCED_PARAMETER(One); UNREFERENCED_PARAMETER(Two);
    if (device->Running) /* set by Started, cleared by Suspend under the lock */
        SendHello(device->Channel);
}`,
  },
  'state-closed-releases-gpadls': {
    why: "A mapping pins the guest's pages. The close is not finished before the last one has gone.",
    wrong: `VOID Closed(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    device->Running = FALSE;
}`,
    right: `VOID Closed(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    device->Running = FALSE;
    if (device->Mdl != NULL) {
        VmbChannelUnmapGpadl(Channel, device->GpadlHandle);
        device->Mdl = NULL;
    }
}`,
  },
  'state-reopen': {
    why:
      'A guest can close and open a channel as often as it likes, without the driver calling anything. What one open ' +
      'period left behind is the starting point of the next.',
    wrong: `NTSTATUS Opened(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    device->OpenCount++;
    return device->OpenCount == 1 ? STATUS_SUCCESS : STATUS_INVALID_DEVICE_STATE;
}`,
    right: `NTSTATUS Opened(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    device->Negotiated = FALSE;
    device->NextId = 0;
    InitializeListHead(&device->Requests);
    return STATUS_SUCCESS;
}`,
  },
  'state-latency-window': {
    why: "The latency is a property of the open period's ring; without one there is nothing to set.",
    wrong: `status = VmbChannelAllocate(Parent, FALSE, &Channel);
status = VmbChannelSetInterruptLatency(Channel, 100, &latency);`,
    right: `NTSTATUS Opened(VMBCHANNEL Channel)
{
    UINT16 before;
    return VmbChannelSetInterruptLatency(Channel, 100, &before);
}`,
  },
  'state-mmio-window': {
    why: 'The range is reserved in the guest when it opens the channel; earlier there is no address to tell.',
    wrong: `status = VmbChannelEnable(Channel);
VmbChannelGetMmioSpace(Channel, &device->MmioAddress, &device->MmioSize);`,
    right: `NTSTATUS Opened(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    VmbChannelGetMmioSpace(Channel, &device->MmioAddress, &device->MmioSize);
    return STATUS_SUCCESS;
}`,
  },
  'state-blocking-no-locks': {
    why:
      'These calls wait for callbacks and run them. A callback that asks for the lock the caller holds waits for the ' +
      'caller, and a spin lock leaves no IRQL to wait at.',
    wrong: `KeAcquireSpinLock(&device->Lock, &irql);
VmbChannelPause(device->Channel);
KeReleaseSpinLock(&device->Lock, irql);`,
    right: `KeAcquireSpinLock(&device->Lock, &irql);
Channel = device->Channel;
KeReleaseSpinLock(&device->Lock, irql);
VmbChannelPause(Channel);`,
  },
  'state-passive-blocking': {
    why: 'Waiting is possible only at PASSIVE_LEVEL (or, without a fault, at APC_LEVEL).',
    wrong: `VOID TimerDpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    PDEVICE_CONTEXT device = Context;
    UNREFERENCED_PARAMETER(Dpc); UNREFERENCED_PARAMETER(One); UNREFERENCED_PARAMETER(Two);
    VmbChannelDisable(device->Channel);
}`,
    right: `VOID TimerDpc(PKDPC Dpc, PVOID Context, PVOID One, PVOID Two)
{
    PDEVICE_CONTEXT device = Context;
    UNREFERENCED_PARAMETER(Dpc); UNREFERENCED_PARAMETER(One); UNREFERENCED_PARAMETER(Two);
    IoQueueWorkItem(device->WorkItem, RemoveLater, DelayedWorkQueue, device);
}`,
  },
};
