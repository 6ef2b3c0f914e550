/* Memory of the guest that is mapped by GPADL, in C. */
#include "Static.h"

#define MAP_READ VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY
#define MAP_WRITE 0x2
#define RING_BYTES 4096

typedef struct _SHARED {
    VMBCHANNEL Channel;
    UINT32 Handle;
    PMDL Mdl;
    PUINT8 Address;
    BOOLEAN IsMapped;
} SHARED, *PSHARED;

/* ---- gpadl-pair ---- */

NTSTATUS UnmapsAtBothLabels(PSHARED Shared, UINT32 Wanted)
{
    PMDL Mdl = NULL;
    NTSTATUS Status = VmbChannelMapGpadl(Shared->Channel, 0, Shared->Handle, &Mdl);
    if (!NT_SUCCESS(Status)) {
        goto Exit;
    }
    if (MmGetMdlByteCount(Mdl) < Wanted) {
        VmbChannelUnmapGpadl(Shared->Channel, Shared->Handle);
        Status = STATUS_INVALID_BUFFER_SIZE;
        goto Unmap;
    }
Unmap:
    VmbChannelUnmapGpadl(Shared->Channel, Shared->Handle); // finds: gpadl-pair
Exit:
    return Status;
}

NTSTATUS PeeksAndForgets(VMBCHANNEL Channel, UINT32 Handle, PUINT32 Length)
{
    PMDL Mdl;
    NTSTATUS Status;
    Status = VmbChannelMapGpadl(Channel, MAP_READ, Handle, &Mdl); // finds: gpadl-pair
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    *Length = MmGetMdlByteCount(Mdl);
    if (*Length > RING_BYTES) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    VmbChannelUnmapGpadl(Channel, Handle);
    return STATUS_SUCCESS;
}

NTSTATUS KeepsTheMapping(PSHARED Shared) // keeps: gpadl-pair, gpadl-map-checked
{
    NTSTATUS Status = VmbChannelMapGpadl(Shared->Channel, 0, Shared->Handle, &Shared->Mdl);
    if (!NT_SUCCESS(Status)) {
        Shared->Mdl = NULL;
        return Status;
    }
    Shared->Address = MmGetSystemAddressForMdlSafe(Shared->Mdl, NormalPagePriority | MdlMappingNoExecute);
    return Shared->Address == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

/* The address alone is kept; whoever closes the channel unmaps by handle. */
NTSTATUS KeepsTheAddress(PSHARED Shared) // keeps: gpadl-pair
{
    PMDL Mdl;
    PUINT8 Address;
    NTSTATUS Status = VmbChannelMapGpadl(Shared->Channel, MAP_READ, Shared->Handle, &Mdl);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Address = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    if (Address == NULL) {
        VmbChannelUnmapGpadl(Shared->Channel, Shared->Handle);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    Shared->Address = Address;
    return STATUS_SUCCESS;
}

static VOID UnmapOnce(PSHARED Shared)
{
    if (Shared->IsMapped) {
        Shared->IsMapped = FALSE;
        VmbChannelUnmapGpadl(Shared->Channel, Shared->Handle);
    }
}

NTSTATUS UnmapsByFlag(PSHARED Shared, UINT32 Wanted) // keeps: gpadl-pair
{
    PMDL Mdl;
    NTSTATUS Status = VmbChannelMapGpadl(Shared->Channel, 0, Shared->Handle, &Mdl);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Shared->IsMapped = TRUE;
    if (MmGetMdlByteCount(Mdl) < Wanted) {
        UnmapOnce(Shared);
        Status = STATUS_INVALID_BUFFER_SIZE;
    }
    UnmapOnce(Shared);
    return Status;
}

NTSTATUS MapsTwoOfThem(VMBCHANNEL Channel, UINT32 In, UINT32 Out) // keeps: gpadl-pair
{
    PMDL First;
    PMDL Second;
    NTSTATUS Status = VmbChannelMapGpadl(Channel, MAP_READ, In, &First);
    if (NT_SUCCESS(Status)) {
        Status = VmbChannelMapGpadl(Channel, 0, Out, &Second);
        if (NT_SUCCESS(Status)) {
            Status = MmGetMdlByteCount(First) <= MmGetMdlByteCount(Second) ? STATUS_SUCCESS : STATUS_BUFFER_TOO_SMALL;
            VmbChannelUnmapGpadl(Channel, Out);
        }
        VmbChannelUnmapGpadl(Channel, In);
    }
    return Status;
}

/* ---- gpadl-unmap-quiet ---- */

static UINT32 BytesOf(PMDL Mdl)
{
    return MmGetMdlByteCount(Mdl); // finds: gpadl-unmap-quiet
}

NTSTATUS MeasuresTooLate(VMBCHANNEL Channel, UINT32 Handle, PUINT32 Length)
{
    PMDL Mdl;
    NTSTATUS Status = VmbChannelMapGpadl(Channel, MAP_READ, Handle, &Mdl);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    VmbChannelUnmapGpadl(Channel, Handle);
    *Length = BytesOf(Mdl);
    return STATUS_SUCCESS;
}

NTSTATUS AnswersTooLate(VMBCHANNEL Channel, UINT32 Handle, UINT32 Answer)
{
    PMDL Mdl = NULL;
    PUINT32 Words = NULL;
    NTSTATUS Status = VmbChannelMapGpadl(Channel, 0, Handle, &Mdl);
    if (!NT_SUCCESS(Status)) {
        goto Exit;
    }
    Words = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    VmbChannelUnmapGpadl(Channel, Handle);
    if (Words == NULL) {
        Status = STATUS_INSUFFICIENT_RESOURCES;
        goto Exit;
    }
    Words[0] = Answer; // finds: gpadl-unmap-quiet
Exit:
    return Status;
}

NTSTATUS CopiesBefore(VMBCHANNEL Channel, UINT32 Handle, PREQUEST Request) // keeps: gpadl-unmap-quiet, gpadl-flags
{
    PMDL Mdl;
    PVOID Address;
    NTSTATUS Status = VmbChannelMapGpadl(Channel, MAP_READ, Handle, &Mdl);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Address = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    if (Address == NULL || MmGetMdlByteCount(Mdl) < sizeof(Request->Data)) {
        Status = STATUS_INVALID_BUFFER_SIZE;
    } else {
        RtlCopyMemory(Request->Data, Address, sizeof(Request->Data));
    }
    VmbChannelUnmapGpadl(Channel, Handle);
    if (Address != NULL) {
        Request->Data[0] |= 1;
    }
    return Status;
}

NTSTATUS MapsAgain(PSHARED Shared) // keeps: gpadl-unmap-quiet, gpadl-pair
{
    NTSTATUS Status = VmbChannelMapGpadl(Shared->Channel, MAP_READ, Shared->Handle, &Shared->Mdl);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    VmbChannelUnmapGpadl(Shared->Channel, Shared->Handle);
    Status = VmbChannelMapGpadl(Shared->Channel, 0, Shared->Handle, &Shared->Mdl);
    if (NT_SUCCESS(Status)) {
        Shared->Address = MmGetSystemAddressForMdlSafe(Shared->Mdl, NormalPagePriority);
    }
    return Status;
}

/* ---- gpadl-map-checked ---- */

UINT32 MeasuresUnchecked(VMBCHANNEL Channel, UINT32 Handle)
{
    PMDL Mdl;
    UINT32 Length;
    (VOID)VmbChannelMapGpadl(Channel, MAP_READ, Handle, &Mdl);
    Length = MmGetMdlByteCount(Mdl); // finds: gpadl-map-checked
    VmbChannelUnmapGpadl(Channel, Handle);
    return Length;
}

NTSTATUS LogsAndGoesOn(PSHARED Shared)
{
    PMDL Mdl;
    NTSTATUS Status = VmbChannelMapGpadl(Shared->Channel, 0, Shared->Handle, &Mdl);
    if (!NT_SUCCESS(Status)) {
        DbgPrint("map: %08x\n", Status);
    }
    Shared->Mdl = Mdl;
    Shared->Address = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority); // finds: gpadl-map-checked
    return STATUS_SUCCESS;
}

NTSTATUS ChecksThePointer(VMBCHANNEL Channel, UINT32 Handle, PUINT32 Length) // keeps: gpadl-map-checked
{
    PMDL Mdl = NULL;
    NTSTATUS Status = VmbChannelMapGpadl(Channel, MAP_READ, Handle, &Mdl);
    if (Mdl == NULL) {
        return Status;
    }
    *Length = MmGetMdlByteCount(Mdl);
    VmbChannelUnmapGpadl(Channel, Handle);
    return STATUS_SUCCESS;
}

NTSTATUS MapsWithMacros(VMBCHANNEL Channel, UINT32 Handle, PUINT32 Length) // keeps: gpadl-map-checked
{
    PMDL Mdl;
    NTSTATUS Status = VmbChannelMapGpadl(Channel, MAP_READ, Handle, &Mdl);
    FAIL_UNLESS(Status == STATUS_SUCCESS, STATUS_INVALID_PARAMETER)
    *Length = MmGetMdlByteCount(Mdl);
    VmbChannelUnmapGpadl(Channel, Handle);
Exit:
    return Status;
}

/* ---- gpadl-flags ---- */

NTSTATUS AsksToWrite(PSHARED Shared)
{
    return VmbChannelMapGpadl(Shared->Channel, MAP_WRITE, Shared->Handle, &Shared->Mdl); // finds: gpadl-flags
}

NTSTATUS AnswersInReadOnly(VMBCHANNEL Channel, UINT32 Handle, UINT32 Answer)
{
    PMDL Mdl;
    PUINT32 Words;
    NTSTATUS Status = VmbChannelMapGpadl(Channel, MAP_READ, Handle, &Mdl);
    if (!NT_SUCCESS(Status)) {
        return Status;
    }
    Words = MmGetSystemAddressForMdlSafe(Mdl, NormalPagePriority);
    if (Words != NULL) {
        Words[1] = Answer; // finds: gpadl-flags
    }
    VmbChannelUnmapGpadl(Channel, Handle);
    return Status;
}

NTSTATUS MapsAsTold(PSHARED Shared, BOOLEAN IsInput) // keeps: gpadl-flags
{
    UINT32 Flags = IsInput ? MAP_READ : 0;
    NTSTATUS Status = VmbChannelMapGpadl(Shared->Channel, Flags, Shared->Handle, &Shared->Mdl);
    if (NT_SUCCESS(Status)) {
        Shared->Address = MmGetSystemAddressForMdlSafe(Shared->Mdl, NormalPagePriority);
        if (!IsInput && Shared->Address != NULL) {
            RtlZeroMemory(Shared->Address, MmGetMdlByteCount(Shared->Mdl));
        }
    }
    return Status;
}
