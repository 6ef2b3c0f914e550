/* Packets in memory of the driver's own, and packets with a completion routine of its own. */
#include "Static.h"

struct Message {
    UINT32 Kind;
    UINT32 Length;
    UINT64 Cookie;
};

/* The context of a packet that VmbPacketAllocate has made. */
struct Context {
    LIST_ENTRY Link;
    volatile LONG References;
    Message Text;
    UINT64 SentAt;
    BOOLEAN IsOrphan;
    KEVENT *Done;
    struct Sender *Owner;
};

/* The context, and the packet behind it in the same block. */
struct Block {
    LIST_ENTRY Link;
    Message Text;
    UINT32 Uses;
};

struct Sender {
    VMBCHANNEL Channel;
    const KMCL_SERVER_INTERFACE_V1 *Kmcl;
    KSPIN_LOCK Lock;
    LIST_ENTRY Free;
    VMBPACKET Reserve;
    UINT64 Total;
};

static VMBPACKET PacketOf(Block *block)
{
    return reinterpret_cast<VMBPACKET>(block + 1);
}

/* ---- completion routines ---- */

/* What the packet was for goes, the packet goes back to the library. */
COMPLETION(FreesBoth) // keeps: out-free-custom, out-completion-irql
{
    auto *context = static_cast<Context *>(VmbPacketGetPointer(Packet));
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    ExFreePoolWithTag(context, TAG);
    VmbPacketFree(Packet);
}

/* Counted: the last one turns off the light. */
static void Release(Context *context)
{
    if (InterlockedDecrement(&context->References) == 0) {
        ExFreePoolWithTag(context, TAG);
    }
}

COMPLETION(ReleasesTheContext) // keeps: out-free-custom, out-completion-irql
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    Release(static_cast<Context *>(VmbPacketGetPointer(Packet)));
    VmbPacketFree(Packet);
}

/* Whoever sent it waits and frees both. */
COMPLETION(WakesTheSender) // keeps: out-free-custom, out-completion-irql
{
    auto *context = static_cast<Context *>(VmbPacketGetPointer(Packet));
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    KeSetEvent(context->Done, IO_NO_INCREMENT, FALSE);
}

/* The packet is part of the block that is freed. */
COMPLETION(FreesTheBlock) // keeps: out-free-custom, out-init-not-freed, out-completion-irql
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    ExFreePoolWithTag(VmbPacketGetPointer(Packet), TAG);
}

/* Kept for the next message. */
COMPLETION(PutsThePacketBack) // keeps: out-free-custom
{
    auto *sender = static_cast<Sender *>(VmbChannelGetPointer(VmbPacketGetChannel(Packet)));
    auto *context = static_cast<Context *>(VmbPacketGetPointer(Packet));
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    ExFreePoolWithTag(context, TAG);
    sender->Reserve = Packet;
}

COMPLETION(ForgetsThePacket)
{
    auto *context = static_cast<Context *>(VmbPacketGetPointer(Packet));
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (NT_SUCCESS(Status)) {
        context->Owner->Total++;
    }
    ExFreePoolWithTag(context, TAG);
} // finds: out-free-custom

/* Freed in the helper, and by the one who called it. */
static void Retire(VMBPACKET packet)
{
    auto *context = static_cast<Context *>(VmbPacketGetPointer(packet));
    if (context != nullptr) {
        ExFreePoolWithTag(context, TAG);
    }
    VmbPacketFree(packet);
}

COMPLETION(FreesThePacketTwice)
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    Retire(Packet);
    VmbPacketFree(Packet); // finds: out-free-custom
}

COMPLETION(LeavesEarly)
{
    auto *context = static_cast<Context *>(VmbPacketGetPointer(Packet));
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!NT_SUCCESS(Status)) {
        ExFreePoolWithTag(context, TAG);
        return; // finds: out-free-custom
    }
    context->Owner->Total++;
    ExFreePoolWithTag(context, TAG);
    VmbPacketFree(Packet);
}

/* ---- out-no-touch-after-send ---- */

static NTSTATUS Prepare(VMBCHANNEL channel, PFN_VMB_PACKET_COMPLETION_ROUTINE routine, VMBPACKET *packet,
                        Context **context)
{
    *context = static_cast<Context *>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(**context), TAG));
    if (*context == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *packet = VmbPacketAllocate(channel);
    if (*packet == nullptr) {
        ExFreePoolWithTag(*context, TAG);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    (*context)->References = 1;
    VmbPacketSetPointer(*packet, *context);
    VmbPacketSetCompletionRoutine(*packet, routine);
    return STATUS_SUCCESS;
}

NTSTATUS StampsTheContext(Sender *sender, UINT64 now)
{
    VMBPACKET packet;
    Context *context;
    NTSTATUS status = Prepare(sender->Channel, FreesBoth, &packet, &context);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = VmbPacketSend(packet, &context->Text, sizeof(context->Text), nullptr, WAIT);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(context, TAG);
        VmbPacketFree(packet);
        return status;
    }
    context->SentAt = now; // finds: out-no-touch-after-send
    return STATUS_SUCCESS;
}

/* Three kinds of messages, each with its routine. */
NTSTATUS SendsWithARoutineEach(Sender *sender, UINT32 kind)
{
    static const PFN_VMB_PACKET_COMPLETION_ROUTINE routines[] = {ForgetsThePacket, FreesThePacketTwice, LeavesEarly};
    VMBPACKET packet;
    Context *context;
    NTSTATUS status = Prepare(sender->Channel, routines[kind % 3], &packet, &context);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    context->Owner = sender;
    status = VmbPacketSend(packet, &context->Text, sizeof(Message), nullptr, WAIT);
    if (!NT_SUCCESS(status)) {
        Retire(packet);
    }
    return status;
}

NTSTATUS SendsAndForgets(Sender *sender)
{
    VMBPACKET packet;
    Context *context;
    NTSTATUS status = Prepare(sender->Channel, sender->Total == 0 ? ForgetsThePacket : LeavesEarly, &packet, &context);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    context->Owner = sender;
    status = VmbPacketSend(packet, &context->Text, sizeof(Message), nullptr, WAIT);
    if (!NT_SUCCESS(status)) {
        Retire(packet);
    }
    return status;
}

/* The context comes from the caller; the routine frees it all the same. */
NTSTATUS CountsTheLength(Sender *sender, Context *context)
{
    VMBPACKET packet = sender->Kmcl->VmbPacketAllocate(sender->Channel);
    if (packet == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    sender->Kmcl->VmbPacketSetPointer(packet, context);
    sender->Kmcl->VmbPacketSetCompletionRoutine(packet, FreesBoth);
    NTSTATUS status = sender->Kmcl->VmbPacketSend(packet, &context->Text, sizeof(Message), nullptr, 0);
    if (NT_SUCCESS(status)) {
        sender->Total += context->Text.Length; // finds: out-no-touch-after-send
    } else {
        sender->Kmcl->VmbPacketFree(packet);
    }
    return status;
}

NTSTATUS AsksThePacketAfterwards(Sender *sender)
{
    VMBPACKET packet;
    Context *context;
    NTSTATUS status = Prepare(sender->Channel, FreesBoth, &packet, &context);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    status = VmbPacketSend(packet, &context->Text, sizeof(Message), nullptr, WAIT);
    if (NT_SUCCESS(status)) {
        auto *owner = static_cast<Sender *>(VmbChannelGetPointer(VmbPacketGetChannel(packet))); // finds: out-no-touch-after-send
        owner->Total++;
        return status;
    }
    Retire(packet);
    return status;
}

NTSTATUS HoldsAReference(Sender *sender, UINT64 now) // keeps: out-no-touch-after-send
{
    VMBPACKET packet;
    Context *context;
    NTSTATUS status = Prepare(sender->Channel, ReleasesTheContext, &packet, &context);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    InterlockedIncrement(&context->References);
    status = VmbPacketSend(packet, &context->Text, sizeof(Message), nullptr, WAIT);
    if (NT_SUCCESS(status)) {
        context->SentAt = now;
    } else {
        VmbPacketFree(packet);
        Release(context);
    }
    Release(context);
    return status;
}

/* Touched before, and after a send that has failed. */
NTSTATUS StampsBefore(Sender *sender, UINT64 now) // keeps: out-no-touch-after-send, out-free-unsent
{
    VMBPACKET packet;
    Context *context;
    NTSTATUS status = Prepare(sender->Channel, FreesBoth, &packet, &context);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    context->SentAt = now;
    status = VmbPacketSend(packet, &context->Text, sizeof(Message), nullptr, WAIT);
    if (!NT_SUCCESS(status)) {
        sender->Total -= context->Text.Length;
        Retire(packet);
    }
    return status;
}

/* Nobody but the sender frees this one, once the routine has set the event. */
NTSTATUS WaitsForIt(Sender *sender) // keeps: out-no-touch-after-send, out-free-custom, out-no-reuse-in-use
{
    VMBPACKET packet;
    Context *context;
    KEVENT done;
    NTSTATUS status = Prepare(sender->Channel, WakesTheSender, &packet, &context);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    context->Done = &done;
    status = VmbPacketSend(packet, &context->Text, sizeof(Message), nullptr, WAIT);
    if (NT_SUCCESS(status)) {
        context->SentAt++;
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
        sender->Total += context->SentAt;
    }
    Retire(packet);
    return status;
}

/* ---- out-init-size, out-init-routine, out-init-not-freed ---- */

COMPLETION(CountsTheUse) // keeps: out-completion-irql, out-init-not-freed
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    static_cast<Block *>(VmbPacketGetPointer(Packet))->Uses++;
}

/* Asked for, nonpaged, with a routine, and freed by that. */
NTSTATUS SendsItsOwnBlock(Sender *sender) // keeps: out-init-size, out-init-routine, out-init-not-freed
{
    const UINT32 size = VmbChannelSizeofPacket(sender->Channel);
    auto *block = static_cast<Block *>(ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(Block) + size, TAG));
    if (block == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS status = VmbPacketInitialize(sender->Channel, PacketOf(block), size);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(block, TAG);
        return status;
    }
    VmbPacketSetPointer(PacketOf(block), block);
    VmbPacketSetCompletionRoutine(PacketOf(block), FreesTheBlock);
    status = VmbPacketSend(PacketOf(block), &block->Text, sizeof(block->Text), nullptr, WAIT);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(block, TAG);
    }
    return status;
}

/* Initialised once and sent ever again: whoever sets it up is another function. */
NTSTATUS SetsUpTheReserve(Sender *sender) // keeps: out-init-size, out-init-routine, out-init-not-freed
{
    const auto *kmcl = sender->Kmcl;
    UINT32 size = kmcl->VmbChannelSizeofPacket(sender->Channel);
    PVOID memory = ExAllocatePool2(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED, size, TAG);
    if (memory == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS status = kmcl->VmbPacketInitialize(sender->Channel, static_cast<VMBPACKET>(memory), size);
    if (!NT_SUCCESS(status)) {
        ExFreePoolWithTag(memory, TAG);
        return status;
    }
    sender->Reserve = static_cast<VMBPACKET>(memory);
    kmcl->VmbPacketSetCompletionRoutine(sender->Reserve, CountsTheUse);
    return STATUS_SUCCESS;
}

NTSTATUS SendsTheReserve(Sender *sender, Message text) // keeps: out-init-routine, out-init-not-freed
{
    return VmbPacketSend(sender->Reserve, &text, sizeof(text), nullptr, 0);
}

/* The stack is there as long as the function waits in it. */
NTSTATUS SendsFromTheStack(Sender *sender) // keeps: out-init-not-freed, out-init-routine
{
    DECLSPEC_ALIGN(16) UINT8 memory[1024];
    KEVENT done;
    Context context = {};
    auto *packet = reinterpret_cast<VMBPACKET>(memory);
    if (VmbChannelSizeofPacket(sender->Channel) > sizeof(memory)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    NTSTATUS status = VmbPacketInitialize(sender->Channel, packet, sizeof(memory));
    if (!NT_SUCCESS(status)) {
        return status;
    }
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    context.Done = &done;
    VmbPacketSetPointer(packet, &context);
    VmbPacketSetCompletionRoutine(packet, WakesTheSender);
    status = VmbPacketSend(packet, &context.Text, sizeof(Message), nullptr, WAIT);
    if (NT_SUCCESS(status)) {
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
    }
    return status;
}
