/* MDLs of external data: whose they are, mapped and unmapped. */
#include "Static.h"

static constexpr UINT32 ExternalFlag = VMBUS_CHANNEL_PROCESS_PACKET_FLAG_EXTERNAL_DATA;

struct Transfer {
    VMBPACKETCOMPLETION Packet;
    PMDL Mdl;
    PVOID Address;
    UINT32 Bytes;
};

struct Session {
    const KMCL_SERVER_INTERFACE_V1 *Kmcl;
    PMDL Scratch;
    UINT64 Sum;
    Transfer Current;
    VMBPACKETCOMPLETION Waiting;
};

static Session *SessionOf(VMBCHANNEL channel)
{
    return static_cast<Session *>(VmbChannelGetPointer(channel));
}

/* STATUS_PENDING and failures are settled here; what is left has an MDL. */
static bool Fetch(VMBPACKETCOMPLETION packet, UINT32 flags, PMDL *mdl)
{
    if ((flags & ExternalFlag) == 0) {
        VmbChannelPacketComplete(packet, nullptr, 0);
        return false;
    }
    switch (VmbChannelPacketGetExternalData(packet, 0, mdl)) {
    case STATUS_SUCCESS:
        return true;
    case STATUS_PENDING:
        return false;
    default:
        VmbChannelPacketComplete(packet, nullptr, 0);
        return false;
    }
}

/* ---- in-mdl-not-owned ---- */

PROCESS(FreesTheMdl)
{
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    SessionOf(Channel)->Sum += MmGetMdlByteCount(mdl);
    IoFreeMdl(mdl); // finds: in-mdl-not-owned
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* The usual loop over one's own chain, over someone else's. */
static VOID ReleaseChain(PMDL mdl)
{
    while (mdl != nullptr) {
        PMDL next = mdl->Next;
        MmUnlockPages(mdl); // finds: in-mdl-not-owned
        IoFreeMdl(mdl); // finds: in-mdl-not-owned
        mdl = next;
    }
}

PROCESS(ReleasesTheChain)
{
    Transfer transfer = {};
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    transfer.Packet = Packet;
    if (!Fetch(Packet, Flags, &transfer.Mdl)) {
        return;
    }
    ReleaseChain(transfer.Mdl);
    VmbChannelPacketComplete(transfer.Packet, nullptr, 0);
}

PROCESS(LocksTheSecondOfTheChain)
{
    const auto *kmcl = SessionOf(Channel)->Kmcl;
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if ((Flags & ExternalFlag) != 0) {
        NTSTATUS status = kmcl->VmbChannelPacketGetExternalData(Packet, 0, &mdl);
        if (status == STATUS_PENDING) {
            return;
        }
        if (status == STATUS_SUCCESS && mdl->Next != nullptr) {
            MmProbeAndLockPages(mdl->Next, KernelMode, IoReadAccess); // finds: in-mdl-not-owned
        }
    }
    kmcl->VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* A partial MDL over the library's one is the driver's own, from IoAllocateMdl to IoFreeMdl. */
PROCESS(BuildsAPartialMdl) // keeps: in-mdl-not-owned
{
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    PMDL part = IoAllocateMdl(MmGetMdlVirtualAddress(mdl), 64, FALSE, FALSE, nullptr);
    if (part != nullptr) {
        IoBuildPartialMdl(mdl, part, MmGetMdlVirtualAddress(mdl), 64);
        SessionOf(Channel)->Sum += MmGetMdlByteCount(part);
        IoFreeMdl(part);
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* The scratch buffer's MDL was locked by the driver itself. */
PROCESS(ReplacesItsScratchMdl) // keeps: in-mdl-not-owned
{
    auto *session = SessionOf(Channel);
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    if (session->Scratch != nullptr && session->Scratch->ByteCount < mdl->ByteCount) {
        MmUnlockPages(session->Scratch);
        IoFreeMdl(session->Scratch);
        session->Scratch = nullptr;
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* ---- in-mdl-map-checked ---- */

static UINT64 SumOf(const UINT8 *bytes, UINT32 count)
{
    UINT64 sum = 0;
    for (UINT32 at = 0; at < count; at++) {
        sum += bytes[at]; // finds: in-mdl-map-checked
    }
    return sum;
}

PROCESS(SumsTheMapping)
{
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    auto *bytes = static_cast<const UINT8 *>(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority));
    SessionOf(Channel)->Sum += SumOf(bytes, MmGetMdlByteCount(mdl));
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* It says so, and goes on. */
PROCESS(TracesTheMissingMapping)
{
    RECORD record;
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    if (MmGetMdlByteCount(mdl) >= sizeof(record)) {
        PVOID address = MmGetSystemAddressForMdlSafe(mdl, HighPagePriority | MdlMappingNoExecute);
        if (address == nullptr) {
            DbgPrintEx(DPFLTR_IHVDRIVER_ID, DPFLTR_ERROR_LEVEL, "no address for %u bytes\n", mdl->ByteCount);
        }
        RtlCopyMemory(&record, address, sizeof(record)); // finds: in-mdl-map-checked
        SessionOf(Channel)->Sum += record.Id;
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

PROCESS(MapsForItselfUnchecked)
{
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    auto *first = static_cast<UINT32 *>(
        MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority));
    SessionOf(Channel)->Sum += *first; // finds: in-mdl-map-checked
    MmUnmapLockedPages(first, mdl);
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* Nothing is unmapped by hand that MmGetSystemAddressForMdlSafe has mapped. */
PROCESS(TakesASystemAddress) // keeps: in-mdl-map-checked, in-mdl-unmap-first, in-mdl-not-owned
{
    PMDL mdl = nullptr;
    const UINT32 *words;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    if (mdl->ByteCount >= sizeof(*words) &&
        (words = static_cast<const UINT32 *>(MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority))) != nullptr) {
        SessionOf(Channel)->Sum += words[0];
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* Kept in a structure whose state says that it is there. */
static NTSTATUS Map(Transfer *transfer)
{
    transfer->Address = MmGetSystemAddressForMdlSafe(transfer->Mdl, NormalPagePriority);
    if (transfer->Address == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    transfer->Bytes = MmGetMdlByteCount(transfer->Mdl);
    return STATUS_SUCCESS;
}

PROCESS(MapsByAStatus) // keeps: in-mdl-map-checked, in-mdl-unmap-first, in-mdl-not-owned
{
    Transfer transfer = {};
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &transfer.Mdl)) {
        return;
    }
    if (NT_SUCCESS(Map(&transfer)) && transfer.Bytes >= sizeof(UINT64)) {
        SessionOf(Channel)->Sum += *static_cast<UINT64 *>(transfer.Address);
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* ---- in-mdl-unmap-first ---- */

PROCESS(CompletesMapped)
{
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    PVOID address = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority);
    if (address == nullptr) {
        VmbChannelPacketComplete(Packet, nullptr, 0);
        return;
    }
    SessionOf(Channel)->Sum += *static_cast<UINT8 *>(address);
    VmbChannelPacketComplete(Packet, nullptr, 0); // finds: in-mdl-unmap-first
}

/* Unmapped on the way that is always tried, and not on the one that leaves early. */
PROCESS(LeavesMapped)
{
    auto *session = SessionOf(Channel);
    PMDL mdl = nullptr;
    UINT32 *words;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    words = static_cast<UINT32 *>(MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, 16));
    if (words != nullptr) {
        if (words[0] == 0) {
            goto Done;
        }
        session->Sum += words[0];
        MmUnmapLockedPages(words, mdl);
    }
Done:
    session->Kmcl->VmbChannelPacketComplete(Packet, nullptr, 0); // finds: in-mdl-unmap-first
}

/* The destructor unmaps, and comes after the call. */
class Mapping {
public:
    explicit Mapping(PMDL mdl) noexcept
        : m_mdl(mdl),
          m_address(MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority))
    {
    }
    ~Mapping()
    {
        Undo();
    }
    Mapping(const Mapping &) = delete;
    Mapping &operator=(const Mapping &) = delete;
    void Undo() noexcept
    {
        if (m_address != nullptr) {
            MmUnmapLockedPages(m_address, m_mdl);
            m_address = nullptr;
        }
    }
    const UINT8 *get() const noexcept
    {
        return static_cast<const UINT8 *>(m_address);
    }

private:
    PMDL m_mdl;
    PVOID m_address;
};

PROCESS(UnmapsTooLate)
{
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    Mapping mapping(mdl);
    if (mapping.get() != nullptr) {
        SessionOf(Channel)->Sum += *mapping.get();
    }
    VmbChannelPacketComplete(Packet, nullptr, 0); // finds: in-mdl-unmap-first
}

PROCESS(UnmapsInAScope) // keeps: in-mdl-unmap-first, in-mdl-map-checked
{
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    {
        const Mapping mapping(mdl);
        if (mapping.get() != nullptr) {
            SessionOf(Channel)->Sum += *mapping.get();
        }
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* A mapping that has failed is none: there is nothing to undo. */
PROCESS(UnmapsWhatIsThere) // keeps: in-mdl-unmap-first, in-mdl-map-checked
{
    PMDL mdl = nullptr;
    PVOID address = nullptr;
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    address = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority);
    if (address != nullptr) {
        RtlZeroMemory(address, MmGetMdlByteCount(mdl));
    }
    if (address != nullptr) {
        MmUnmapLockedPages(address, mdl);
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* Another packet is completed meanwhile, and this one goes on mapped in someone else's hands. */
PROCESS(CompletesTheOneBefore) // keeps: in-mdl-unmap-first, in-mdl-map-checked
{
    auto *session = SessionOf(Channel);
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    session->Current.Address =
        MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority);
    session->Current.Mdl = mdl;
    if (session->Waiting != nullptr) {
        VmbChannelPacketComplete(session->Waiting, nullptr, 0);
    }
    session->Waiting = Packet;
}

/* The driver's own buffer stays mapped as long as it likes. */
PROCESS(MapsItsOwnBuffer) // keeps: in-mdl-unmap-first, in-mdl-map-checked
{
    auto *session = SessionOf(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    if (session->Current.Address == nullptr && session->Scratch != nullptr) {
        session->Current.Address =
            MmMapLockedPagesSpecifyCache(session->Scratch, KernelMode, MmCached, nullptr, FALSE, NormalPagePriority);
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* ---- in-no-use-after-complete ---- */

/* Completed by the helper that answers, and its MDL asked for its size. */
static void Answer(VMBPACKETCOMPLETION packet, UINT32 status)
{
    VmbChannelPacketComplete(packet, &status, sizeof(status));
}

PROCESS(CountsAfterwards)
{
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    Answer(Packet, 0);
    SessionOf(Channel)->Sum += MmGetMdlByteCount(mdl); // finds: in-no-use-after-complete
}

PROCESS(CountsBefore) // keeps: in-no-use-after-complete
{
    PMDL mdl = nullptr;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!Fetch(Packet, Flags, &mdl)) {
        return;
    }
    const UINT32 count = MmGetMdlByteCount(mdl);
    Answer(Packet, 0);
    SessionOf(Channel)->Sum += count;
}
