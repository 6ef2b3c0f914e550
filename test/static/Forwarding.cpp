/* Requests that are forwarded with their pages, a ring of packets that is used again, and what else is right. */
#include "Static.h"

#include <wdf.h>

#define SMALLER(a, b) ((a) < (b) ? (a) : (b))
#define ROUNDED(Size, To) (((Size) + (To) - 1) & ~((To) - 1))

struct Ring {
    VMBCHANNEL Channel;
    PUINT8 Memory;
    UINT32 PacketSize;
    UINT32 Count;
    KSPIN_LOCK Lock;
    LIST_ENTRY Free;
    KEVENT Drained;
    LONG Outstanding;
    WDFWORKITEM Work;
    VMBPACKETCOMPLETION Held;
    FAST_MUTEX Mutex;
    PMDL UserMdl;
};

struct Req {
    LIST_ENTRY Link;
    Ring *Owner;
    VMBPACKET Packet;
    VMBPACKETCOMPLETION Incoming;
    PMDL Mdl;
    PVOID Va;
    UINT32 Retries;
    UINT32 Length;
    volatile LONG Refs;
    UINT8 Bytes[64];
};

COMPLETION(Resends) // keeps: out-free-custom, out-no-reuse-in-use, out-completion-irql
{
    auto *req = static_cast<Req *>(VmbPacketGetPointer(Packet));
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!NT_SUCCESS(Status) && req->Retries++ < 3) {
        if (NT_SUCCESS(VmbPacketSend(Packet, req->Bytes, sizeof(req->Bytes), nullptr, WAIT))) {
            return;
        }
    }
    if (InterlockedDecrement(&req->Owner->Outstanding) == 0) {
        KeSetEvent(&req->Owner->Drained, 0, FALSE);
    }
    ExFreePoolWithTag(req, TAG);
    VmbPacketFree(Packet);
}

COMPLETION(CompletesIncoming) // keeps: out-completion-status, out-free-custom
{
    auto *req = static_cast<Req *>(VmbPacketGetPointer(Packet));
    UINT64 answer = static_cast<UINT64>(Status);
    if (NT_SUCCESS(Status) && BufferLength >= sizeof(answer)) {
        RtlCopyMemory(&answer, Buffer, sizeof(answer));
    }
    if (req->Va != nullptr) {
        MmUnmapLockedPages(req->Va, req->Mdl);
    }
    VmbChannelPacketComplete(req->Incoming, &answer, sizeof(answer));
    ExFreePoolWithTag(req, TAG);
    VmbPacketFree(Packet);
}

PROCESS(ForwardsIt) // keeps: in-complete-all-paths, in-mdl-unmap-first, in-mdl-not-owned, in-fail-terminal, in-capture-once
{
    auto *ring = static_cast<Ring *>(VmbChannelGetPointer(Channel));
    PMDL mdl = nullptr;
    Req *req = nullptr;
    NTSTATUS status = STATUS_SUCCESS;

    if (BufferLength < 16) {
        VmbChannelPacketFail(Packet);
        return;
    }
    if (Flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA) {
        status = VmbChannelPacketGetExternalData(Packet, VMBUS_CHANNEL_PACKET_EXTERNAL_DATA_FLAG_READ_ONLY, &mdl);
        if (status == STATUS_PENDING) {
            return;
        }
        if (status != STATUS_SUCCESS) {
            goto Fail;
        }
    }
    req = static_cast<Req *>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*req), TAG));
    if (req == nullptr) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Fail;
    }
    RtlCopyMemory(req->Bytes, Buffer, SMALLER(BufferLength, static_cast<UINT32>(sizeof(req->Bytes))));
    req->Length = *reinterpret_cast<UINT32 *>(req->Bytes);
    if (req->Length > sizeof(req->Bytes)) {
        status = STATUS_INVALID_PARAMETER;
        goto Fail;
    }
    req->Owner = ring;
    req->Incoming = Packet;
    req->Mdl = mdl;
    if (mdl != nullptr) {
        req->Va = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority);
        if (req->Va == nullptr) {
            status = STATUS_INSUFFICIENT_RESOURCES;
            goto Fail;
        }
    }
    req->Packet = VmbPacketAllocate(Channel);
    if (req->Packet == nullptr) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        goto Unmap;
    }
    VmbPacketSetPointer(req->Packet, req);
    VmbPacketSetCompletionRoutine(req->Packet, CompletesIncoming);
    status = VmbPacketSend(req->Packet, req->Bytes, req->Length, nullptr, WAIT);
    if (NT_SUCCESS(status)) {
        return;
    }
    VmbPacketFree(req->Packet);
Unmap:
    if (req->Va != nullptr) {
        MmUnmapLockedPages(req->Va, req->Mdl);
    }
Fail:
    if (req != nullptr) {
        ExFreePoolWithTag(req, TAG);
    }
    VmbChannelPacketComplete(Packet, &status, sizeof(status));
}

EVT_WDF_WORKITEM RingWork;
VOID RingWork(WDFWORKITEM Item) // keeps: in-irql-safe, in-defer-inline
{
    auto *ring = *reinterpret_cast<Ring **>(Item);
    ExAcquireFastMutex(&ring->Mutex);
    if (ring->Held != nullptr) {
        VmbChannelPacketComplete(ring->Held, nullptr, 0);
        ring->Held = nullptr;
    }
    ExReleaseFastMutex(&ring->Mutex);
}

PROCESS(Dispatches) // keeps: in-capture-once, in-complete-once, in-fail-terminal
{
    auto *ring = static_cast<Ring *>(VmbChannelGetPointer(Channel));
    struct Header {
        UINT32 Type;
        UINT32 Size;
    } header;
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(header)) {
        VmbChannelPacketFail(Packet);
        return;
    }
    header = *static_cast<Header *>(Buffer);
    if (header.Size > BufferLength) {
        VmbChannelPacketFail(Packet);
        return;
    }
    switch (header.Type) {
    case 1: {
        if (header.Size < sizeof(REQUEST)) {
            break;
        }
        REQUEST body;
        RtlCopyMemory(&body, Buffer, sizeof(body));
        body.Id = header.Type;
        ring->Count += body.Length;
        break;
    }
    case 2:
        ring->Held = Packet;
        WdfWorkItemEnqueue(ring->Work);
        return;
    default:
        VmbChannelPacketFail(Packet);
        return;
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

COMPLETION(ReturnsToRing) // keeps: out-free-custom
{
    auto *ring = static_cast<Ring *>(VmbPacketGetPointer(Packet));
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (InterlockedDecrement(&ring->Outstanding) == 0) {
        KeSetEvent(&ring->Drained, IO_NO_INCREMENT, FALSE);
    }
}

NTSTATUS SetUpRing(Ring *ring) // keeps: out-init-size, out-init-routine
{
    ring->PacketSize = ROUNDED(VmbChannelSizeofPacket(ring->Channel), 16);
    const SIZE_T all = static_cast<SIZE_T>(ring->PacketSize) * ring->Count;
    ring->Memory = static_cast<PUINT8>(ExAllocatePool2(POOL_FLAG_NON_PAGED, all, TAG));
    if (ring->Memory == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    for (UINT32 i = 0; i < ring->Count; i++) {
        auto packet = reinterpret_cast<VMBPACKET>(ring->Memory + static_cast<SIZE_T>(i) * ring->PacketSize);
        NTSTATUS status = VmbPacketInitialize(ring->Channel, packet, ring->PacketSize);
        if (!NT_SUCCESS(status)) {
            ExFreePoolWithTag(ring->Memory, TAG);
            ring->Memory = nullptr;
            return status;
        }
        VmbPacketSetPointer(packet, ring);
        VmbPacketSetCompletionRoutine(packet, ReturnsToRing);
    }
    return STATUS_SUCCESS;
}

NTSTATUS SendAll(Ring *ring) // keeps: out-no-reuse-in-use, out-init-not-freed
{
    NTSTATUS status = STATUS_SUCCESS;
    UINT64 word = 4;
    ring->Outstanding = 1;
    for (UINT32 i = 0; i < ring->Count; i++) {
        auto packet = reinterpret_cast<VMBPACKET>(ring->Memory + static_cast<SIZE_T>(i) * ring->PacketSize);
        InterlockedIncrement(&ring->Outstanding);
        status = VmbPacketSend(packet, &word, sizeof(word), nullptr, WAIT);
        if (!NT_SUCCESS(status)) {
            InterlockedDecrement(&ring->Outstanding);
            break;
        }
    }
    if (InterlockedDecrement(&ring->Outstanding) != 0) {
        KeWaitForSingleObject(&ring->Drained, Executive, KernelMode, FALSE, nullptr);
    }
    ExFreePoolWithTag(ring->Memory, TAG);
    return status;
}

NTSTATUS SendRetrying(Ring *ring, Req *req) // keeps: out-no-reuse-in-use, out-free-unsent
{
    NTSTATUS status;
    VMBPACKET packet = VmbPacketAllocate(ring->Channel);
    if (packet == nullptr) {
        return STATUS_NO_MEMORY;
    }
    VmbPacketSetPointer(packet, req);
    VmbPacketSetCompletionRoutine(packet, Resends);
    for (;;) {
        status = VmbPacketSend(packet, req->Bytes, sizeof(req->Bytes), nullptr, WAIT);
        if (status != STATUS_DEVICE_BUSY || req->Retries++ == 5) {
            break;
        }
    }
    if (!NT_SUCCESS(status)) {
        VmbPacketFree(packet);
    }
    return status;
}

NTSTATUS LocksUserMemory(Ring *ring, PVOID user, ULONG length) // keeps: in-mdl-not-owned
{
    PMDL mdl = IoAllocateMdl(user, length, FALSE, FALSE, nullptr);
    if (mdl == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    __try {
        MmProbeAndLockPages(mdl, UserMode, IoReadAccess);
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        IoFreeMdl(mdl);
        return GetExceptionCode();
    }
    ring->UserMdl = mdl;
    return STATUS_SUCCESS;
}
