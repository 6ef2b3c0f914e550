/* Packets that are sent, in C++. */
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
