/* Packets that the peer sends, in C++. */
#include "Static.h"

static constexpr UINT32 Hello = 1;

/* ---- incoming ---- */

static void Finish(VMBPACKETCOMPLETION packet)
{
    VmbChannelPacketComplete(packet, nullptr, 0);
}

PROCESS(DropsShortOnes)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(UINT32)) {
        return; // finds: in-complete-all-paths
    }
    Finish(Packet);
}

PROCESS(DropsUnknownOnes)
{
    UINT32 kind;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(kind)) {
        Finish(Packet);
        return;
    }
    RtlCopyMemory(&kind, Buffer, sizeof(kind));
    switch (kind) {
    case 1:
    case 2:
        Finish(Packet);
        break;
    default:
        break;
    }
} // finds: in-complete-all-paths

PROCESS(QueuesIt) // keeps: in-complete-all-paths, in-complete-once, in-length-check, in-no-use-after-complete
{
    auto *device = static_cast<PDEVICE>(VmbChannelGetPointer(Channel));
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength >= sizeof(UINT32) && *static_cast<PUINT32>(Buffer) == Hello) {
        device->Kept = Packet;
        return;
    }
    Finish(Packet);
}

PROCESS(FinishesOnce) // keeps: in-complete-all-paths, in-complete-once, in-length-check, in-no-use-after-complete
{
    RECORD request;
    bool done = false;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < sizeof(request)) {
        VmbChannelPacketFail(Packet);
        done = true;
    } else {
        RtlCopyMemory(&request, Buffer, sizeof(request));
    }
    if (!done) {
        Finish(Packet);
    }
}

PROCESS(FinishesTwice)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < 8) {
        Finish(Packet);
    }
    VmbChannelPacketComplete(Packet, nullptr, 0); // finds: in-complete-once
}

PROCESS(FinishesInALoop)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    for (UINT32 at = 0; at <= BufferLength; at += 64) {
        VmbChannelPacketComplete(Packet, nullptr, 0); // finds: in-complete-once
    }
}

PROCESS(ReadsUnmeasured)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    const UINT32 kind = *static_cast<const UINT32 *>(Buffer); // finds: in-length-check
    if (kind == Hello) {
        VmbChannelPacketFail(Packet);
        return;
    }
    Finish(Packet);
}

PROCESS(ReadsTooFar)
{
    RECORD request;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength >= sizeof(UINT32)) {
        RtlCopyMemory(&request, Buffer, sizeof(request)); // finds: in-length-check
    }
    Finish(Packet);
}

PROCESS(ReadsTooLate)
{
    UINT32 kind = 0;
    UNREFERENCED_PARAMETER(Flags);
    Finish(Packet);
    if (BufferLength >= sizeof(kind)) {
        RtlCopyMemory(&kind, Buffer, sizeof(kind)); // finds: in-no-use-after-complete
    }
    static_cast<PDEVICE>(VmbChannelGetPointer(Channel))->Total = kind;
}

PROCESS(ReadsItInTheReturn)
{
    const auto *words = static_cast<const UINT32 *>(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength < 8) {
        Finish(Packet);
        return;
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
    static_cast<PDEVICE>(VmbChannelGetPointer(Channel))->Total = words[1]; // finds: in-no-use-after-complete
}

PROCESS(WantsItExact)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength != sizeof(LOOSE_RECORD)) { // finds: in-length-not-exact
        VmbChannelPacketFail(Packet);
        return;
    }
    Finish(Packet);
}

PROCESS(SortsBySize)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    const bool isWord = BufferLength == sizeof(UINT32); // finds: in-length-not-exact
    if (isWord) {
        VmbChannelPacketFail(Packet);
    } else {
        Finish(Packet);
    }
}

PROCESS(TakesEightBytes) // keeps: in-length-not-exact, in-completion-args, in-completion-init
{
    UINT64 answer = 0;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength != sizeof(UINT64)) {
        Finish(Packet);
        return;
    }
    VmbChannelPacketComplete(Packet, &answer, sizeof(answer));
}

PROCESS(TakesAtLeast) // keeps: in-length-not-exact, in-completion-args, in-completion-init
{
    LOOSE_RECORD answer;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    RtlZeroMemory(&answer, sizeof(answer));
    answer.Kind = BufferLength >= sizeof(LOOSE_RECORD);
    VmbChannelPacketComplete(Packet, &answer, sizeof(answer));
}

PROCESS(AnswersPadding)
{
    LOOSE_RECORD answer;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    answer.Version = 1;
    answer.Kind = 0;
    answer.Length = BufferLength;
    VmbChannelPacketComplete(Packet, &answer, sizeof(answer)); // finds: in-completion-init
}

PROCESS(AnswersStack)
{
    RECORD answer;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    answer.Version = BufferLength;
    VmbChannelPacketComplete(Packet, &answer, FIELD_OFFSET(RECORD, Data)); // finds: in-completion-init
}

PROCESS(AnswersNull)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    VmbChannelPacketComplete(Packet, nullptr, sizeof(RECORD)); // finds: in-completion-args
}

PROCESS(AnswersNothing)
{
    RECORD answer = {};
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    VmbChannelPacketComplete(Packet, &answer, 0); // finds: in-completion-args
}

/* ---- external data ---- */

static void Use(PMDL mdl)
{
    static_cast<volatile MDL *>(mdl)->ByteCount;
}

PROCESS(TakesPending)
{
    PMDL mdl;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if ((Flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA) != 0) {
        if (NT_SUCCESS(VmbChannelPacketGetExternalData(Packet, 0, &mdl))) {
            static_cast<PDEVICE>(VmbChannelGetPointer(Channel))->Total = mdl->ByteCount; // finds: in-external-status
        }
    }
    Finish(Packet);
}

PROCESS(TakesAnything)
{
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (Flags & 1) {
        VmbChannelPacketGetExternalData(Packet, 0, &mdl);
        static_cast<PDEVICE>(VmbChannelGetPointer(Channel))->Total = mdl->ByteCount; // finds: in-external-status
    }
    Finish(Packet);
}

PROCESS(TakesIt) // keeps: in-external-status, in-external-flag, in-external-pending
{
    PMDL mdl;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if ((Flags & VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA) == 0) {
        Finish(Packet);
        return;
    }
    NTSTATUS status = VmbChannelPacketGetExternalData(Packet, 0, &mdl);
    if (status == STATUS_PENDING) {
        return;
    }
    if (NT_SUCCESS(status)) {
        static_cast<PDEVICE>(VmbChannelGetPointer(Channel))->Total = mdl->ByteCount;
    }
    Finish(Packet);
}

PROCESS(TakesExactly) // keeps: in-external-status, in-external-flag, in-external-pending
{
    PMDL mdl;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (Flags & 1) {
        switch (VmbChannelPacketGetExternalData(Packet, 0, &mdl)) {
        case STATUS_SUCCESS:
            Use(mdl);
            break;
        case STATUS_PENDING:
            return;
        default:
            VmbChannelPacketFail(Packet);
            return;
        }
    }
    Finish(Packet);
}

PROCESS(AsksUnflagged)
{
    PMDL mdl;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    NTSTATUS status = VmbChannelPacketGetExternalData(Packet, 0, &mdl); // finds: in-external-flag
    if (status == STATUS_PENDING) {
        return;
    }
    Finish(Packet);
}

static NTSTATUS Fetch(VMBPACKETCOMPLETION packet, PMDL *mdl)
{
    return VmbChannelPacketGetExternalData(packet, 0, mdl); // finds: in-external-flag
}

PROCESS(AsksUnflaggedInAHelper)
{
    PMDL mdl;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    if (Fetch(Packet, &mdl) != STATUS_PENDING) {
        Finish(Packet);
    }
}

PROCESS(FinishesPending)
{
    PMDL mdl;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (Flags & 1) {
        NTSTATUS status = VmbChannelPacketGetExternalData(Packet, 0, &mdl);
        if (status == STATUS_PENDING) {
            VmbChannelPacketComplete(Packet, nullptr, 0); // finds: in-external-pending
            return;
        }
    }
    Finish(Packet);
}

PROCESS(FailsPending)
{
    PMDL mdl;
    NTSTATUS status = STATUS_SUCCESS;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (Flags & 1) {
        status = VmbChannelPacketGetExternalData(Packet, 0, &mdl);
    }
    if (status != STATUS_SUCCESS) {
        if (status == STATUS_PENDING) {
            VmbChannelPacketFail(Packet); // finds: in-external-pending
            return;
        }
    }
    Finish(Packet);
}
