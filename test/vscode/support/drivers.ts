/** A driver as small as one can be that breaks no rule: each packet saves so many bytes. */
export function smallDriver(bytes: number | string, include = ''): string {
  return `#include <vmbuskernelmodeclientlibapi.h>
${include}
EVT_VMB_CHANNEL_SAVE_PACKET Save;
EVT_VMB_CHANNEL_RESTORE_PACKET Restore;
EVT_VMB_PACKET_COMPLETION_ROUTINE Complete;
#define BYTES ${bytes}
NTSTATUS Save(VMBCHANNEL Channel, VMBPACKET Packet, PVOID Buffer, UINT32 Size, PUINT32 Needed)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Packet);
    *Needed = BYTES;
    if (Size < BYTES) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    RtlZeroMemory(Buffer, BYTES);
    return STATUS_SUCCESS;
}
VOID Complete(VMBPACKET Packet, NTSTATUS Status, PVOID Buffer, UINT32 Size)
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Size);
    VmbPacketFree(Packet);
}
NTSTATUS Restore(VMBCHANNEL Channel, PVOID Library, UINT32 LibrarySize, PVOID Buffer, UINT32 Size)
{
    VMBPACKET Packet;
    NTSTATUS Status;
    UNREFERENCED_PARAMETER(Buffer);
    if (Size < BYTES) {
        return STATUS_INVALID_PARAMETER;
    }
    Packet = VmbPacketAllocate(Channel);
    if (Packet == NULL) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    VmbPacketSetCompletionRoutine(Packet, Complete);
    Status = VmbPacketRestore(Packet, Library, LibrarySize);
    if (!NT_SUCCESS(Status)) {
        VmbPacketFree(Packet);
    }
    return Status;
}
`;
}

/** The same with one more byte said to be needed than is written. */
export const wrongDriver = (bytes: number | string, include = ''): string =>
  smallDriver(bytes, include).replace('*Needed = BYTES;', '*Needed = BYTES + 1;');

/**
 * The same, and its save callback never ends: each turn moves a megabyte, so that hours pass before the budget of a run
 * is spent.
 */
export const endlessDriver = (bytes: number): string =>
  smallDriver(bytes)
    .replace('\nNTSTATUS Save(', '\nstatic UCHAR Bytes[1 << 20];\nNTSTATUS Save(')
    .replace('*Needed = BYTES;', 'for (;;) { RtlFillMemory(Bytes, sizeof(Bytes), 1); }');
