/** Restore: kmcl-facts 7.7 in the sheet's order. */
import type { Lessons } from './lesson.js';

export const RESTORE: Lessons<'restore'> = {
  'restore-before-active': {
    why: 'On a running channel new packets mix with those that are being restored.',
    wrong: `VmbChannelStart(Channel);
status = VmbChannelRestoreFromBuffer(Channel, Buffer, BufferLength);`,
    right: `status = VmbChannelRestoreFromBuffer(Channel, Buffer, BufferLength);
if (NT_SUCCESS(status))
    VmbChannelStart(Channel);`,
  },
  'restore-more-processing': {
    why: 'The status that asks for the next piece has error severity, so NT_SUCCESS takes it for a failure.',
    wrong: `status = VmbChannelRestoreFromBuffer(Channel, Buffer, BufferLength);
if (!NT_SUCCESS(status))
    return status;`,
    right: `status = VmbChannelRestoreFromBuffer(Channel, Buffer, BufferLength);
if (!NT_SUCCESS(status) && status != STATUS_MORE_PROCESSING_REQUIRED)
    return status;`,
  },
  'restore-result-checked': {
    why: 'Any other status than success and more-processing means that the channel holds a part of the state only.',
    wrong: `for (index = 0; index < device->PieceCount; index++)
    (VOID)VmbChannelRestoreFromBuffer(Channel, device->Pieces[index].Data,
        device->Pieces[index].Length);
VmbChannelStart(Channel);`,
    right: `status = STATUS_MORE_PROCESSING_REQUIRED;
for (index = 0; index < device->PieceCount && status == STATUS_MORE_PROCESSING_REQUIRED; index++)
    status = VmbChannelRestoreFromBuffer(Channel, device->Pieces[index].Data,
        device->Pieces[index].Length);
if (!NT_SUCCESS(status))
    return status;
VmbChannelStart(Channel);`,
  },
  'restore-order': {
    why: 'A buffer must hold whole chunks, and chunks refer to those before them.',
    wrong: `status = VmbChannelRestoreFromBuffer(Channel, Buffer, BufferLength / 2);
status = VmbChannelRestoreFromBuffer(Channel, (PUCHAR)Buffer + BufferLength / 2, BufferLength / 2);`,
    right: 'status = VmbChannelRestoreFromBuffer(Channel, Buffer, BufferLength);',
  },
  'restore-finish': {
    why: 'Success tells that the state is whole. Pieces after it, or none when more is asked for, do not fit together.',
    wrong: `status = VmbChannelRestoreFromBuffer(Channel, device->Pieces[0].Data, device->Pieces[0].Length);
if (status == STATUS_MORE_PROCESSING_REQUIRED)
    status = STATUS_SUCCESS; /* there was only one piece in the file */`,
    right: `status = VmbChannelRestoreFromBuffer(Channel, device->Pieces[0].Data, device->Pieces[0].Length);
if (status == STATUS_MORE_PROCESSING_REQUIRED)
    status = STATUS_FILE_CORRUPT_ERROR;`,
  },
  'restorepkt-allocate': {
    why: 'The saved packet object is gone with the old host; the library needs a new one of this channel to fill.',
    wrong: `Packet = VmbPacketAllocate(device->OtherChannel);
status = VmbPacketRestore(Packet, LibBuf, LibBufSize);`,
    right: `Packet = VmbPacketAllocate(Channel);
if (Packet == NULL)
    return STATUS_INSUFFICIENT_RESOURCES;
status = VmbPacketRestore(Packet, LibBuf, LibBufSize);`,
  },
  'restorepkt-alloc-null': {
    why: 'A failed allocation has no packet to restore; the virtual machine must learn of it.',
    wrong: `Packet = VmbPacketAllocate(Channel);
VmbPacketSetPointer(Packet, request);`,
    right: `Packet = VmbPacketAllocate(Channel);
if (Packet == NULL)
    return STATUS_INSUFFICIENT_RESOURCES;
VmbPacketSetPointer(Packet, request);`,
  },
  'restorepkt-libbuf': {
    why: "The bytes are the library's own record, with the id by which the guest knows the transaction.",
    wrong: `*(PULONG)LibBuf = request->Id;
status = VmbPacketRestore(Packet, LibBuf, LibBufSize);`,
    right: 'status = VmbPacketRestore(Packet, LibBuf, LibBufSize);',
  },
  'restorepkt-status': {
    why: 'A packet that could not be restored is not in flight: no answer of the guest will ever reach it.',
    wrong: `VmbPacketRestore(Packet, LibBuf, LibBufSize);
return STATUS_SUCCESS;`,
    right: `status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
if (!NT_SUCCESS(status)) {
    VmbPacketFree(Packet);
    ExFreePoolWithTag(request, POOL_TAG);
}
return status;`,
  },
  'restorepkt-free-on-failure': {
    why: 'Until the restore has succeeded packet and context belong to the driver, and nobody else knows of them.',
    wrong: `Packet = VmbPacketAllocate(Channel);
if (SaveBufSize < sizeof(record))
    return STATUS_INVALID_PARAMETER;`,
    right: `Packet = VmbPacketAllocate(Channel);
if (SaveBufSize < sizeof(record)) {
    VmbPacketFree(Packet);
    return STATUS_INVALID_PARAMETER;
}`,
  },
  'restorepkt-routine': {
    why: 'The new packet has the default routine and no pointer; the answer would be dropped and the context stay.',
    wrong: `Packet = VmbPacketAllocate(Channel);
return VmbPacketRestore(Packet, LibBuf, LibBufSize);`,
    right: `Packet = VmbPacketAllocate(Channel);
VmbPacketSetPointer(Packet, request);
VmbPacketSetCompletionRoutine(Packet, RequestDone);
return VmbPacketRestore(Packet, LibBuf, LibBufSize);`,
  },
  'restorepkt-validate': {
    why: 'The bytes come from a file that another build wrote, or that somebody changed. Their size may be zero.',
    wrong: `RtlCopyMemory(&record, SaveBuf, sizeof(record));
RtlCopyMemory(request->Data, (PUCHAR)SaveBuf + sizeof(record), record.Length);`,
    right: `if (SaveBufSize < sizeof(record))
    return STATUS_INVALID_PARAMETER;
RtlCopyMemory(&record, SaveBuf, sizeof(record));
if (record.Version != SAVED_REQUEST_VERSION || record.Length > SaveBufSize - sizeof(record) ||
    record.Length > sizeof(request->Data))
    return STATUS_INVALID_PARAMETER;
RtlCopyMemory(request->Data, (PUCHAR)SaveBuf + sizeof(record), record.Length);`,
  },
  'restorepkt-copy': {
    why: 'The buffer is valid during the call only, and no alignment is promised.',
    wrong: `const SAVED_REQUEST *saved = SaveBuf;
device->Saved = SaveBuf;
request->Id = saved->Id;`,
    right: `RtlCopyMemory(&record, SaveBuf, sizeof(record));
request->Id = record.Id;`,
  },
  'restorepkt-no-send': {
    why: 'The library puts a queued packet into the ring itself, and one in flight is in the ring already.',
    wrong: `status = VmbPacketRestore(Packet, LibBuf, LibBufSize);
if (NT_SUCCESS(status))
    status = VmbPacketSend(Packet, &message, sizeof(message), NULL, 0);`,
    right: 'status = VmbPacketRestore(Packet, LibBuf, LibBufSize);',
  },
  'restorepkt-propagate': {
    why: 'The status of the callback is the only way to tell that a transaction is missing.',
    wrong: `if (!NT_SUCCESS(status))
    DbgPrint("request %u was not restored\\n", record.Id);
return STATUS_SUCCESS;`,
    right: `if (!NT_SUCCESS(status))
    DbgPrint("request %u was not restored\\n", record.Id);
return status;`,
  },
  'restore-unwind': {
    why: 'Packets that were restored before the failure still belong to the library; Disable completes them.',
    wrong: `status = VmbChannelRestoreFromBuffer(Channel, Buffer, BufferLength);
if (!NT_SUCCESS(status))
    return status;`,
    right: `status = VmbChannelRestoreFromBuffer(Channel, Buffer, BufferLength);
if (!NT_SUCCESS(status)) {
    VmbChannelDisable(Channel);
    VmbChannelCleanup(Channel);
    return status;
}`,
  },
  'restore-remap-gpadls': {
    why: 'Handles of GPADLs stay meaningful to the guest; MDLs and mappings end with the host that made them.',
    wrong: `request->Mdl = device->Mdl; /* mapped before the save */
status = VmbPacketRestore(Packet, LibBuf, LibBufSize);`,
    right: `status = VmbChannelMapGpadl(Channel, 0, record.GpadlHandle, &request->Mdl);
if (NT_SUCCESS(status))
    status = VmbPacketRestore(Packet, LibBuf, LibBufSize);`,
  },
  'restore-same-config': {
    why: 'A saved packet carries its inline bytes, and needs an object that has room for them.',
    wrong: `/* the channel was saved with sizeof(MESSAGE) */
status = VmbChannelInitSetMaximumPacketSize(Channel, sizeof(MESSAGE_HEADER));`,
    right: 'status = VmbChannelInitSetMaximumPacketSize(Channel, sizeof(MESSAGE));',
  },
  'restore-force-new': {
    why: 'The flag gives the old channel up: the guest sees a new offer and can no longer answer old transactions.',
    wrong: `status = VmbServerChannelInitSetFlags(Channel, VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL);
/* at save time, with requests open */
status = VmbChannelSaveBegin(Channel);`,
    right: `status = VmbServerChannelInitSetFlags(Channel, VMBUS_SERVER_CHANNEL_INIT_FLAG_FORCE_NEW_CHANNEL);
/* at save time */
CancelOpenRequests(device);
status = VmbChannelSaveBegin(Channel);`,
  },
};
