/** GPADLs: kmcl-facts 7.5 in the sheet's order. */
import type { Lessons } from './lesson.js';

export const GPADL: Lessons<'gpadl'> = {
  'gpadl-pair': {
    why: 'A mapping is a reference to memory of the guest; the guest cannot take the memory back before it is gone.',
    wrong: `status = VmbChannelMapGpadl(Channel, 0, handle, &mdl);
address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
if (address == NULL)
    return STATUS_INSUFFICIENT_RESOURCES;`,
    right: `status = VmbChannelMapGpadl(Channel, 0, handle, &mdl);
if (!NT_SUCCESS(status))
    return status;
address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
if (address == NULL) {
    VmbChannelUnmapGpadl(Channel, handle);
    return STATUS_INSUFFICIENT_RESOURCES;
}`,
  },
  'gpadl-single-map': {
    why: 'The library keeps one MDL for each handle.',
    wrong: `status = VmbChannelMapGpadl(Channel, 0, handle, &device->Mdl);
status = VmbChannelMapGpadl(Channel, VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, handle, &mdl);`,
    right: `status = VmbChannelMapGpadl(Channel, 0, handle, &device->Mdl);
mdl = device->Mdl; /* both users share it */`,
  },
  'gpadl-unmap-quiet': {
    why: 'Unmapping ends the right to the pages and frees the MDL; the guest may use them for anything else at once.',
    wrong: `VmbChannelUnmapGpadl(Channel, handle);
RtlZeroMemory(address, PAGE_SIZE);`,
    right: `RtlZeroMemory(address, PAGE_SIZE);
VmbChannelUnmapGpadl(Channel, handle);`,
  },
  'gpadl-map-checked': {
    why: 'The handle comes in a message of the guest: it may be unknown, deleted or mapped already.',
    wrong: `VmbChannelMapGpadl(Channel, 0, message.Offset, &mdl);
address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);`,
    right: `status = VmbChannelMapGpadl(Channel, 0, message.Offset, &mdl);
if (!NT_SUCCESS(status)) {
    answer.Status = status;
    VmbChannelPacketComplete(Completion, &answer, sizeof(answer));
    return;
}`,
  },
  'gpadl-flags': {
    why: 'Pages mapped read-only are not watched for changes, so a live migration does not copy what the host wrote.',
    wrong: `status = VmbChannelMapGpadl(Channel, VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY, handle, &mdl);
address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
RtlZeroMemory(address, PAGE_SIZE);`,
    right: `status = VmbChannelMapGpadl(Channel, 0, handle, &mdl);
address = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
RtlZeroMemory(address, PAGE_SIZE);`,
  },
  'gpadl-window': {
    why: 'A GPADL belongs to one open period of the channel and is torn down with it.',
    wrong: `status = VmbChannelEnable(Channel);
status = VmbChannelMapGpadl(Channel, 0, handle, &device->Mdl);`,
    right: `NTSTATUS Opened(VMBCHANNEL Channel)
{
    PDEVICE_CONTEXT device = VmbChannelGetPointer(Channel);
    return VmbChannelMapGpadl(Channel, 0, device->GpadlHandle, &device->Mdl);
}`,
  },
  'gpadl-shared-untrusted': {
    why: 'The guest can write to shared memory at any time, also between the check of a value and its use.',
    wrong: `const MESSAGE *shared = address;
if (shared->Length <= sizeof(request->Data))
    RtlCopyMemory(request->Data, shared->Data, shared->Length);`,
    right: `RtlCopyMemory(&message, address, sizeof(message));
if (message.Length <= sizeof(request->Data))
    RtlCopyMemory(request->Data, message.Data, message.Length);`,
  },
};
