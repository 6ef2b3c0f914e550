/* Packets that are sent and received, in C++. */
#include "Static.h"

namespace {

constexpr UINT32 Hello = 1;

/* A packet nobody has sent yet. */
class Packet {
public:
    explicit Packet(VMBCHANNEL channel) noexcept : m_packet(VmbPacketAllocate(channel))
    {
    }
    ~Packet()
    {
        if (m_packet != nullptr) {
            VmbPacketFree(m_packet);
        }
    }
    Packet(const Packet &) = delete;
    Packet &operator=(const Packet &) = delete;
    explicit operator bool() const noexcept
    {
        return m_packet != nullptr;
    }
    VMBPACKET get() const noexcept
    {
        return m_packet;
    }
    VMBPACKET release() noexcept
    {
        VMBPACKET packet = m_packet;
        m_packet = nullptr;
        return packet;
    }

private:
    VMBPACKET m_packet;
};

} // namespace

/* ---- out-alloc-null, out-free-unsent ---- */

NTSTATUS SendUnchecked(VMBCHANNEL channel)
{
    UINT32 word = Hello;
    VMBPACKET packet = VmbPacketAllocate(channel);
    NTSTATUS status = VmbPacketSend(packet, &word, sizeof(word), nullptr, WAIT); // finds: out-alloc-null
    if (!NT_SUCCESS(status)) {
        VmbPacketFree(packet);
    }
    return status;
}

static void Mark(VMBPACKET packet, PVOID context)
{
    VmbPacketSetPointer(packet, context); // finds: out-alloc-null
}

NTSTATUS SendMarked(VMBCHANNEL channel, PREQUEST request)
{
    UINT32 word = Hello;
    VMBPACKET packet = VmbPacketAllocate(channel);
    Mark(packet, request);
    NTSTATUS status = VmbPacketSend(packet, &word, sizeof(word), nullptr, WAIT);
    if (!NT_SUCCESS(status)) {
        VmbPacketFree(packet);
    }
    return status;
}

NTSTATUS SendOwned(VMBCHANNEL channel) // keeps: out-alloc-null, out-free-unsent, out-no-free-default, out-no-reuse-in-use
{
    UINT32 word = Hello;
    Packet packet(channel);
    if (!packet) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS status = VmbPacketSend(packet.get(), &word, sizeof(word), nullptr, WAIT);
    if (NT_SUCCESS(status)) {
        packet.release();
    }
    return status;
}

NTSTATUS SendPlain(VMBCHANNEL channel) // keeps: out-alloc-null, out-free-unsent, out-no-free-default, out-no-reuse-in-use
{
    UINT32 word = Hello;
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;
    if (VMBPACKET packet = VmbPacketAllocate(channel); packet != nullptr) {
        status = VmbPacketSend(packet, &word, sizeof(word), nullptr, WAIT);
        if (!NT_SUCCESS(status)) {
            VmbPacketFree(packet);
        }
    }
    return status;
}

NTSTATUS LeaksWhenBusy(VMBCHANNEL channel, bool busy)
{
    UINT32 word = Hello;
    VMBPACKET packet = VmbPacketAllocate(channel); // finds: out-free-unsent
    if (packet == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (busy) {
        return STATUS_DEVICE_BUSY;
    }
    NTSTATUS status = VmbPacketSend(packet, &word, sizeof(word), nullptr, WAIT);
    if (!NT_SUCCESS(status)) {
        VmbPacketFree(packet);
    }
    return status;
}

NTSTATUS LeaksAFailedSend(VMBCHANNEL channel)
{
    UINT32 word = Hello;
    VMBPACKET packet = VmbPacketAllocate(channel); // finds: out-free-unsent
    if (packet == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return VmbPacketSend(packet, &word, sizeof(word), nullptr, WAIT);
}

/* ---- out-no-free-default, out-no-reuse-in-use, out-external-wait, out-flags ---- */

NTSTATUS FreesWhatTheLibraryFrees(VMBCHANNEL channel)
{
    UINT32 word = Hello;
    VMBPACKET packet = VmbPacketAllocate(channel);
    if (packet == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS status = VmbPacketSend(packet, &word, sizeof(word), nullptr, WAIT);
    VmbPacketFree(packet); // finds: out-no-free-default
    return status;
}

NTSTATUS FreesInADestructor(VMBCHANNEL channel)
{
    UINT32 word = Hello;
    VMBPACKET packet = VmbPacketAllocate(channel);
    NTSTATUS status = STATUS_NO_MEMORY;
    if (packet != nullptr) {
        struct Closer {
            VMBPACKET packet;
            ~Closer()
            {
                VmbPacketFree(packet); // finds: out-no-free-default
            }
        } closer{packet};
        status = VmbPacketSend(packet, &word, sizeof(word), nullptr, 0);
    }
    return status;
}

NTSTATUS SetsThePointerTooLate(VMBCHANNEL channel, PREQUEST request)
{
    UINT32 word = Hello;
    VMBPACKET packet = VmbPacketAllocate(channel);
    if (packet == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS status = VmbPacketSend(packet, &word, sizeof(word), nullptr, WAIT);
    if (!NT_SUCCESS(status)) {
        VmbPacketFree(packet);
        return status;
    }
    VmbPacketSetPointer(packet, request); // finds: out-no-reuse-in-use
    return STATUS_SUCCESS;
}

NTSTATUS SendsTwice(VMBCHANNEL channel)
{
    UINT32 word = Hello;
    Packet packet(channel);
    if (!packet) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    NTSTATUS status = VmbPacketSend(packet.get(), &word, sizeof(word), nullptr, WAIT);
    if (NT_SUCCESS(status)) {
        status = VmbPacketSend(packet.release(), &word, sizeof(word), nullptr, WAIT); // finds: out-no-reuse-in-use
    }
    return status;
}

NTSTATUS SendFlags(VMBPACKET packet, PMDL mdl) // keeps: out-flags, out-external-wait
{
    UINT32 word = Hello;
    return VmbPacketSendWithExternalMdl(packet, &word, sizeof(word), mdl, 0, 16,
                                        WAIT | VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH);
}

NTSTATUS SendGivenFlags(VMBPACKET packet, PMDL mdl, UINT32 flags) // keeps: out-flags, out-external-wait
{
    UINT32 word = Hello;
    return VmbPacketSendWithExternalMdl(packet, &word, sizeof(word), mdl, 0, 16, flags);
}

NTSTATUS SendUnwaited(VMBPACKET packet, PMDL mdl)
{
    UINT32 word = Hello;
    return VmbPacketSendWithExternalMdl(packet, &word, sizeof(word), mdl, 0, 16, 0); // finds: out-external-wait
}

NTSTATUS SendPagesUnwaited(VMBPACKET packet, PPFN_NUMBER pfns)
{
    UINT32 word = Hello;
    const UINT32 flags = VMBUS_CHANNEL_FORMAT_FLAG_PAGED_BUFFER;
    return VmbPacketSendWithExternalPfns(packet, &word, sizeof(word), pfns, 1, flags); // finds: out-external-wait
}

NTSTATUS SendUndefinedFlags(VMBPACKET packet)
{
    UINT32 word = Hello;
    return VmbPacketSend(packet, &word, sizeof(word), nullptr, 0x40 | WAIT); // finds: out-flags
}

NTSTATUS ForceWithoutMdl(VMBPACKET packet)
{
    UINT32 word = Hello;
    UINT32 flags = WAIT;
    flags |= VMBUS_CHANNEL_FORMAT_FLAG_FORCE_MDL_LENGTH;
    return VmbPacketSend(packet, &word, sizeof(word), nullptr, flags); // finds: out-flags
}

/* ---- out-completion-status ---- */

COMPLETION(ReadsTheAnswer)
{
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(BufferLength);
    auto *device = static_cast<PDEVICE>(VmbPacketGetPointer(Packet));
    device->Total = *static_cast<PUINT32>(Buffer); // finds: out-completion-status
    VmbPacketFree(Packet);
}

COMPLETION(CopiesTheAnswer)
{
    RECORD answer;
    UNREFERENCED_PARAMETER(BufferLength);
    if (NT_SUCCESS(Status)) {
        RtlCopyMemory(&answer, Buffer, sizeof(answer)); // finds: out-completion-status
        static_cast<PDEVICE>(VmbPacketGetPointer(Packet))->Total = answer.Id;
    }
    VmbPacketFree(Packet);
}

COMPLETION(MeasuresTheAnswer) // keeps: out-completion-status
{
    RECORD answer{};
    if (NT_SUCCESS(Status) && BufferLength >= sizeof(answer)) {
        RtlCopyMemory(&answer, Buffer, sizeof(answer));
        static_cast<PDEVICE>(VmbPacketGetPointer(Packet))->Total = answer.Id;
    }
    VmbPacketFree(Packet);
}

COMPLETION(CopiesWhatIsThere) // keeps: out-completion-status
{
    UINT8 answer[64] = {};
    UINT32 length = BufferLength < sizeof(answer) ? BufferLength : static_cast<UINT32>(sizeof(answer));
    if (NT_SUCCESS(Status)) {
        RtlCopyMemory(answer, Buffer, length);
    }
    static_cast<PDEVICE>(VmbPacketGetPointer(Packet))->Total = answer[0];
    VmbPacketFree(Packet);
}

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
