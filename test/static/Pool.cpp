/* Blocks of the pool, in C++. */
#include "Static.h"

namespace {

template <typename T> class Owned {
public:
    Owned() noexcept = default;
    explicit Owned(POOL_FLAGS flags) noexcept
        : m_block(static_cast<T *>(ExAllocatePool2(flags, sizeof(T), TAG)))
    {
    }
    Owned(const Owned &) = delete;
    Owned &operator=(const Owned &) = delete;
    ~Owned()
    {
        if (m_block != nullptr) {
            ExFreePoolWithTag(m_block, TAG); // finds: mem-free-once
        }
    }
    T *operator->() const noexcept
    {
        return m_block;
    }
    T *get() const noexcept
    {
        return m_block;
    }
    explicit operator bool() const noexcept
    {
        return m_block != nullptr;
    }
    T *release() noexcept
    {
        T *block = m_block;
        m_block = nullptr;
        return block;
    }

private:
    T *m_block = nullptr;
};

} // namespace

PREQUEST UsesItAtOnce()
{
    Owned<REQUEST> request(POOL_FLAG_NON_PAGED);
    request->Id = 1; // finds: mem-pool2-tag
    return request.release();
}

PREQUEST TestsItFirst() // keeps: mem-pool2-tag, mem-free-once
{
    Owned<REQUEST> request(POOL_FLAG_NON_PAGED);
    if (!request) {
        return nullptr;
    }
    request->Id = 1;
    return request->Id == 0 ? nullptr : request.release();
}

NTSTATUS FreesWhatIsOwned(UINT32 id)
{
    Owned<REQUEST> request(POOL_FLAG_NON_PAGED);
    if (!request) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (id == 0) {
        ExFreePool(request.get());
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS FreesWhatIsReleased(UINT32 id) // keeps: mem-free-once
{
    Owned<REQUEST> request(POOL_FLAG_NON_PAGED);
    if (!request) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    if (id == 0) {
        ExFreePool(request.release());
        return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

NTSTATUS SendsWithAHole(VMBPACKET packet)
{
    Owned<RECORD> record(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED);
    if (!record) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    record->Version = 1;
    record->Length = sizeof(RECORD);
    record->Id = 7;
    RtlZeroMemory(record->Data, sizeof(record->Data));
    return VmbPacketSend(packet, record.get(), sizeof(RECORD), nullptr, WAIT); // finds: mem-uninit-to-guest
}

NTSTATUS SendsAnAssignedRecord(VMBPACKET packet) // keeps: mem-uninit-to-guest
{
    Owned<RECORD> record(POOL_FLAG_NON_PAGED | POOL_FLAG_UNINITIALIZED);
    if (!record) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *record.get() = RECORD{1, sizeof(RECORD), 7, 0, {}};
    return VmbPacketSend(packet, record.get(), sizeof(RECORD), nullptr, WAIT);
}
