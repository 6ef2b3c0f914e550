/* Memory of the guest that is mapped by GPADL, in C++. */
#include "Static.h"

namespace {

/* A mapping that ends with its block. */
class Mapping {
public:
    Mapping(VMBCHANNEL channel, UINT32 handle) noexcept : m_channel(channel), m_handle(handle)
    {
    }
    Mapping(const Mapping &) = delete;
    Mapping &operator=(const Mapping &) = delete;
    ~Mapping()
    {
        close();
    }
    NTSTATUS open(UINT32 flags) noexcept
    {
        NTSTATUS status = VmbChannelMapGpadl(m_channel, flags, m_handle, &m_mdl);
        if (!NT_SUCCESS(status)) {
            m_mdl = nullptr;
        }
        return status;
    }
    void close() noexcept
    {
        if (m_mdl != nullptr) {
            m_mdl = nullptr;
            VmbChannelUnmapGpadl(m_channel, m_handle);
        }
    }
    PMDL get() const noexcept
    {
        return m_mdl;
    }
    template <typename T> T *view() const noexcept
    {
        return static_cast<T *>(MmGetSystemAddressForMdlSafe(m_mdl, NormalPagePriority));
    }

private:
    VMBCHANNEL m_channel;
    UINT32 m_handle;
    PMDL m_mdl = nullptr;
};

/* Ends the mapping whatever became of it. */
struct Unmapper {
    VMBCHANNEL channel;
    UINT32 handle;
    ~Unmapper()
    {
        VmbChannelUnmapGpadl(channel, handle); // finds: gpadl-pair
    }
};

} // namespace

NTSTATUS UnmapsInTheDestructorToo(VMBCHANNEL channel, UINT32 handle, PUINT32 length)
{
    PMDL mdl;
    NTSTATUS status = VmbChannelMapGpadl(channel, 0, handle, &mdl);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    Unmapper unmapper{channel, handle};
    *length = MmGetMdlByteCount(mdl);
    VmbChannelUnmapGpadl(channel, handle);
    return STATUS_SUCCESS;
}

NTSTATUS ClosesBeforeItsEnd(VMBCHANNEL channel, UINT32 handle, PUINT32 length) // keeps: gpadl-pair, gpadl-map-checked
{
    Mapping mapping(channel, handle);
    NTSTATUS status = mapping.open(VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    *length = MmGetMdlByteCount(mapping.get());
    mapping.close();
    return STATUS_SUCCESS;
}

NTSTATUS ReadsBehindItsEnd(VMBCHANNEL channel, UINT32 handle, UINT32 &word)
{
    const UINT32 *words = nullptr;
    {
        Mapping mapping(channel, handle);
        NTSTATUS status = mapping.open(VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY);
        if (!NT_SUCCESS(status)) {
            return status;
        }
        words = mapping.view<const UINT32>();
        if (words == nullptr) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    word = words[3]; // finds: gpadl-unmap-quiet
    return STATUS_SUCCESS;
}

NTSTATUS ReadsWithin(VMBCHANNEL channel, UINT32 handle, UINT32 &word) // keeps: gpadl-unmap-quiet, gpadl-flags
{
    Mapping mapping(channel, handle);
    NTSTATUS status = mapping.open(VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY);
    if (NT_SUCCESS(status)) {
        const auto *words = mapping.view<const UINT32>();
        word = words == nullptr ? 0 : words[3];
    }
    return status;
}

NTSTATUS OpensUnchecked(VMBCHANNEL channel, UINT32 handle)
{
    auto map = [=](PMDL *mdl) { return VmbChannelMapGpadl(channel, 0, handle, mdl); };
    PMDL mdl;
    NTSTATUS status = map(&mdl);
    UINT32 length = MmGetMdlByteCount(mdl); // finds: gpadl-map-checked
    if (NT_SUCCESS(status)) {
        VmbChannelUnmapGpadl(channel, handle);
    }
    return length == 0 ? STATUS_INVALID_BUFFER_SIZE : status;
}

NTSTATUS FillsAReadOnlyMapping(VMBCHANNEL channel, UINT32 handle)
{
    Mapping mapping(channel, handle);
    NTSTATUS status = mapping.open(VMBUS_CHANNEL_GPADL_FLAG_READ_ONLY);
    if (NT_SUCCESS(status)) {
        if (auto *record = mapping.view<RECORD>(); record != nullptr) {
            RtlZeroMemory(record, sizeof(*record)); // finds: gpadl-flags
        }
    }
    return status;
}

NTSTATUS AppliesTheInterface(const KMCL_SERVER_INTERFACE_V1 *kmcl, VMBCHANNEL channel, UINT32 handle)
{
    PMDL mdl = nullptr;
    NTSTATUS status = kmcl->VmbChannelMapGpadl(channel, 4, handle, &mdl); // finds: gpadl-flags
    if (NT_SUCCESS(status)) {
        kmcl->VmbChannelUnmapGpadl(channel, handle);
    }
    return status;
}

NTSTATUS FillsAMapping(VMBCHANNEL channel, UINT32 handle) // keeps: gpadl-flags
{
    Mapping mapping(channel, handle);
    NTSTATUS status = mapping.open(0);
    if (NT_SUCCESS(status)) {
        if (auto *record = mapping.view<RECORD>(); record != nullptr) {
            RtlZeroMemory(record, sizeof(*record));
        }
    }
    return status;
}
