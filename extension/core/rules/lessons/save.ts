/** Save: kmcl-facts 7.6 in the sheet's order. */
import type { Lessons } from './lesson.js';

export const SAVE: Lessons<'save'> = {
  'save-callbacks-registered': {
    why:
      'The library saves what it knows of a packet, the driver what only it knows. Without callbacks a packet in use ' +
      'has no driver state to come back to.',
    wrong: `status = VmbChannelInitSetProcessPacketCallbacks(Channel, ProcessPacket, NULL);
status = VmbChannelEnable(Channel);`,
    right: `status = VmbChannelInitSetProcessPacketCallbacks(Channel, ProcessPacket, NULL);
if (NT_SUCCESS(status))
    status = VmbServerChannelInitSetSaveRestorePacketCallbacks(Channel, SavePacket, RestorePacket);
if (NT_SUCCESS(status))
    status = VmbChannelEnable(Channel);`,
  },
  'save-quiesced': {
    why: 'The save walks the packets in use. On a running channel packets are sent and completed meanwhile.',
    wrong: 'status = VmbChannelSaveBegin(Channel);',
    right: `VmbChannelPause(Channel);
status = VmbChannelSaveBegin(Channel);`,
  },
  'save-passive': {
    why: 'The save calls the save callback, which runs at PASSIVE_LEVEL and may take the locks of the driver.',
    wrong: `KeAcquireSpinLock(&device->Lock, &irql);
status = VmbChannelSaveBegin(Channel);
KeReleaseSpinLock(&device->Lock, irql);`,
    right: `VmbChannelPause(Channel);
status = VmbChannelSaveBegin(Channel);`,
  },
  'save-begin-checked': {
    why: 'A failed begin has made no save context: there is nothing to continue and nothing to end.',
    wrong: `VmbChannelSaveBegin(Channel);
status = VmbChannelSaveContinue(Channel, Buffer, BufferLength, &filled, &required);
VmbChannelSaveEnd(Channel);`,
    right: `status = VmbChannelSaveBegin(Channel);
if (!NT_SUCCESS(status))
    return status;
status = VmbChannelSaveContinue(Channel, Buffer, BufferLength, &filled, &required);
VmbChannelSaveEnd(Channel);`,
  },
  'save-continue-statuses': {
    why: 'Overflow and too-small are the ordinary answers while something remains; neither passes NT_SUCCESS.',
    wrong: `status = VmbChannelSaveContinue(Channel, Buffer, BufferLength, &filled, &required);
if (!NT_SUCCESS(status))
    goto Failed;
Failed:`,
    right: `status = VmbChannelSaveContinue(Channel, Buffer, BufferLength, &filled, &required);
if (status == STATUS_BUFFER_OVERFLOW)
    StorePiece(device, Buffer, filled);
else if (status == STATUS_BUFFER_TOO_SMALL)
    GrowBuffer(device, required);
else if (!NT_SUCCESS(status))
    goto Failed;
Failed:`,
  },
  'save-persist-filled': {
    why: 'Only the first BytesFilled bytes of the buffer are state; the rest is what the buffer held before.',
    wrong: `status = VmbChannelSaveContinue(Channel, Buffer, BufferLength, &filled, &required);
StorePiece(device, Buffer, BufferLength);`,
    right: `status = VmbChannelSaveContinue(Channel, Buffer, BufferLength, &filled, &required);
StorePiece(device, Buffer, filled);`,
  },
  'save-grow': {
    why: 'BytesRequired is the least with which the next call can do anything. The same buffer gives the same answer.',
    wrong: `do {
    status = VmbChannelSaveContinue(Channel, Buffer, BufferLength, &filled, &required);
} while (status == STATUS_BUFFER_TOO_SMALL);`,
    right: `status = VmbChannelSaveContinue(Channel, Buffer, BufferLength, &filled, &required);
if (status == STATUS_BUFFER_TOO_SMALL) {
    Buffer = GrowBuffer(device, required);
    BufferLength = required;
}`,
  },
  'save-boundaries': {
    why: 'Restoring works on whole chunks, and only the boundaries of the pieces are known to be chunk boundaries.',
    wrong: `RtlCopyMemory(device->Saved + device->SavedLength, Buffer, filled);
device->SavedLength += filled; /* one long run of bytes, fed back in blocks of 512 */`,
    right: `StorePiece(device, Buffer, filled); /* each with its length, in order */`,
  },
  'save-end-always': {
    why: 'The save context holds memory and keeps a second save from beginning.',
    wrong: `status = VmbChannelSaveContinue(Channel, Buffer, BufferLength, &filled, &required);
if (status != STATUS_SUCCESS)
    return status;
VmbChannelSaveEnd(Channel);`,
    right: `status = VmbChannelSaveContinue(Channel, Buffer, BufferLength, &filled, &required);
VmbChannelSaveEnd(Channel);
return status;`,
  },
  'savepkt-bytesneeded-written': {
    why:
      'The query exists to learn the size, and the library reads *BytesNeeded whatever the status. The annotation of ' +
      'the header lets a failing path leave it out, so the compiler says nothing.',
    wrong: `if (SaveBufSize < sizeof(record))
    return STATUS_BUFFER_TOO_SMALL;
*BytesNeeded = sizeof(record);`,
    right: `*BytesNeeded = sizeof(record);
if (SaveBufSize < sizeof(record))
    return STATUS_BUFFER_TOO_SMALL;`,
  },
  'savepkt-zero-size-no-write': {
    why: 'On the query SaveBuf may be NULL, a guard page or an address of somebody else; a zero size promises no byte.',
    wrong: `RtlZeroMemory(SaveBuf, sizeof(record));
if (SaveBufSize < sizeof(record))
    return STATUS_BUFFER_TOO_SMALL;`,
    right: `if (SaveBufSize < sizeof(record))
    return STATUS_BUFFER_TOO_SMALL;
RtlZeroMemory(SaveBuf, SaveBufSize);`,
  },
  'savepkt-query-must-fail': {
    why: 'A query that succeeds says: nothing to save. The call with a buffer follows only a failure.',
    wrong: `*BytesNeeded = sizeof(record);
if (SaveBufSize == 0)
    return STATUS_SUCCESS;`,
    right: `*BytesNeeded = sizeof(record);
if (SaveBufSize < sizeof(record))
    return STATUS_BUFFER_TOO_SMALL;`,
  },
  'savepkt-query-succeed-empty': {
    why: 'A failing query asks for a second call; with a size of 0 the library cannot tell it from a real failure.',
    wrong: `if (request == NULL) {
    *BytesNeeded = 0;
    return STATUS_NOT_FOUND;
}`,
    right: `if (request == NULL) {
    *BytesNeeded = 0;
    return STATUS_SUCCESS;
}`,
  },
  'savepkt-status-severity': {
    why: 'The callback is synchronous. A pending, informational or other positive code counts as success.',
    wrong: `*BytesNeeded = sizeof(record);
return SaveBufSize == 0 ? STATUS_PENDING : STATUS_SUCCESS;`,
    right: `*BytesNeeded = sizeof(record);
return SaveBufSize < sizeof(record) ? STATUS_BUFFER_TOO_SMALL : STATUS_SUCCESS;`,
  },
  'savepkt-recheck-size': {
    why:
      'Between the calls the state may have changed, and the library may pass any buffer that was large enough for the ' +
      'first answer.',
    wrong: `if (SaveBufSize == 0)
    return STATUS_BUFFER_TOO_SMALL;
RtlCopyMemory(SaveBuf, request->Data, request->Length);`,
    right: `if (SaveBufSize < request->Length)
    return STATUS_BUFFER_TOO_SMALL;
RtlCopyMemory(SaveBuf, request->Data, request->Length);`,
  },
  'savepkt-no-overrun': {
    why: 'SaveBufSize is the whole of the buffer; what follows belongs to somebody else.',
    wrong: `RtlCopyMemory(SaveBuf, &record, sizeof(record));
RtlCopyMemory((PUCHAR)SaveBuf + sizeof(record), request->Data, request->Length);`,
    right: `if (SaveBufSize - sizeof(record) < request->Length)
    return STATUS_BUFFER_TOO_SMALL;
RtlCopyMemory(SaveBuf, &record, sizeof(record));
RtlCopyMemory((PUCHAR)SaveBuf + sizeof(record), request->Data, request->Length);`,
  },
  'savepkt-no-truncate': {
    why: 'The restore callback gets the cut record and cannot know what is missing.',
    wrong: `size = SaveBufSize < request->Length ? SaveBufSize : request->Length;
RtlCopyMemory(SaveBuf, request->Data, size);
return STATUS_SUCCESS;`,
    right: `if (SaveBufSize < request->Length)
    return STATUS_BUFFER_TOO_SMALL;
RtlCopyMemory(SaveBuf, request->Data, request->Length);
return STATUS_SUCCESS;`,
  },
  'savepkt-full-init': {
    why:
      'Whether the library stores BytesNeeded or SaveBufSize bytes is not published, and the buffer need not be zero. ' +
      'Whatever is not written comes from memory of the kernel.',
    wrong: `SAVED_REQUEST *saved = SaveBuf;
saved->Version = 1;
saved->Id = request->Id; /* padding and the rest keep what they held */`,
    right: `RtlZeroMemory(SaveBuf, SaveBufSize);
record.Version = 1;
record.Id = request->Id;
RtlCopyMemory(SaveBuf, &record, sizeof(record)); /* record was zeroed too */`,
  },
  'savepkt-size-exact': {
    why: 'BytesNeeded of the write pass is the number of valid bytes: what the library keeps and hands to the restore.',
    wrong: `*BytesNeeded = sizeof(record) + request->Length;
RtlCopyMemory(SaveBuf, &record, sizeof(record)); /* the data never follows */`,
    right: `*BytesNeeded = sizeof(record) + request->Length;
RtlCopyMemory(SaveBuf, &record, sizeof(record));
RtlCopyMemory((PUCHAR)SaveBuf + sizeof(record), request->Data, request->Length);`,
  },
  'savepkt-size-arith': {
    why: 'A sum of 32-bit numbers that wraps gives a small size for a large record.',
    wrong: '*BytesNeeded = sizeof(record) + request->Count * sizeof(ENTRY);',
    right: `status = RtlUInt32Mult(request->Count, sizeof(ENTRY), &size);
if (NT_SUCCESS(status))
    status = RtlUInt32Add(size, sizeof(record), &size);
*BytesNeeded = NT_SUCCESS(status) ? size : 0;`,
  },
  'savepkt-no-pointers': {
    why: 'The record is read in another boot, often on another machine, and can be read by whoever holds the file.',
    wrong: `record.Id = request->Id;
record.Cookie = (ULONG64)request;
RtlCopyMemory(SaveBuf, &record, sizeof(record));`,
    right: `record.Id = request->Id;
record.Cookie = request->Sequence;
RtlCopyMemory(SaveBuf, &record, sizeof(record));`,
  },
  'savepkt-versioned': {
    why: 'The build that restores need not be the build that saved.',
    wrong: `record.Id = request->Id;
RtlCopyMemory(SaveBuf, &record, sizeof(record));`,
    right: `record.Version = SAVED_REQUEST_VERSION;
record.Length = sizeof(record);
record.Id = request->Id;
RtlCopyMemory(SaveBuf, &record, sizeof(record));`,
  },
  'savepkt-idempotent': {
    why:
      'The library may ask more than once, and after a checkpoint or a failed migration the virtual machine runs on ' +
      'with the same packets.',
    wrong: `record.Length = request->Length;
request->Length = 0;
RtlCopyMemory(SaveBuf, &record, sizeof(record));`,
    right: `record.Length = request->Length;
RtlCopyMemory(SaveBuf, &record, sizeof(record));`,
  },
  'savepkt-no-packet-ops': {
    why: 'The library is walking its list of packets while it calls.',
    wrong: `RtlCopyMemory(SaveBuf, &record, sizeof(record));
VmbPacketFree(Packet);
return STATUS_SUCCESS;`,
    right: `RtlCopyMemory(SaveBuf, &record, sizeof(record));
return STATUS_SUCCESS;`,
  },
  'savepkt-stable': {
    why: 'The size of the query is what the buffer of the write pass was made for.',
    wrong: `/* device->Backlog grows in a timer while the save is under way */
*BytesNeeded = sizeof(record) + device->Backlog;`,
    right: `/* taken when the channel was suspended, unchanged until it is started again */
*BytesNeeded = sizeof(record) + request->BacklogAtSuspend;`,
  },
  'savepkt-irql': {
    why: 'The callback runs at PASSIVE_LEVEL, so its arguments may lie in memory that is paged out.',
    wrong: `KeAcquireSpinLock(&device->Lock, &irql);
*BytesNeeded = request->Length;
KeReleaseSpinLock(&device->Lock, irql);`,
    right: `KeAcquireSpinLock(&device->Lock, &irql);
size = request->Length;
KeReleaseSpinLock(&device->Lock, irql);
*BytesNeeded = size;`,
  },
  'savepkt-no-retain': {
    why: 'Buffer and size are valid during the call; the library frees or reuses them afterwards.',
    wrong: `device->SaveBuffer = SaveBuf;
IoQueueWorkItem(device->WorkItem, FillLater, DelayedWorkQueue, device);
return STATUS_SUCCESS;`,
    right: `RtlCopyMemory(SaveBuf, &record, sizeof(record));
return STATUS_SUCCESS;`,
  },
  'savepkt-inline-context': {
    why: 'The inline context is space of the driver inside the packet object; nothing says that the library saves it.',
    wrong: `/* the state lies in VmbPacketGetInlinePacketContextPointer(Packet) */
*BytesNeeded = 0;
return STATUS_SUCCESS;`,
    right: `request = VmbPacketGetInlinePacketContextPointer(Packet);
record.Id = request->Id;
RtlCopyMemory(SaveBuf, &record, sizeof(record));`,
  },
  'savepkt-null-context': {
    why: 'A packet that was sent without a pointer is saved like any other.',
    wrong: `request = VmbPacketGetPointer(Packet);
record.Id = request->Id;`,
    right: `request = VmbPacketGetPointer(Packet);
if (request == NULL) {
    *BytesNeeded = 0;
    return STATUS_SUCCESS;
}
record.Id = request->Id;`,
  },
  'savepkt-paged-ok': {
    why: 'The library calls at PASSIVE_LEVEL, so code and data may be paged as long as the callback does not raise it.',
    wrong: `PAGED_CODE();
KeAcquireSpinLock(&device->Lock, &irql);
RtlCopyMemory(SaveBuf, device->PagedTable, SaveBufSize);
KeReleaseSpinLock(&device->Lock, irql);`,
    right: `PAGED_CODE();
ExAcquireFastMutex(&device->Mutex);
RtlCopyMemory(SaveBuf, device->PagedTable, SaveBufSize);
ExReleaseFastMutex(&device->Mutex);`,
  },
};
