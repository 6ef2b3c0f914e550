/* Owners of kernel resources: what is taken is given back on every path. No exceptions, no RTTI. */
#pragma once

#include <ntddk.h>
#include <vmbuskernelmodeclientlibapi.h>

#include <new>

class SpinLockGuard {
public:
    _IRQL_raises_(DISPATCH_LEVEL)
    explicit SpinLockGuard(KSPIN_LOCK &lock) noexcept
    {
        KeAcquireInStackQueuedSpinLock(&lock, &m_handle);
    }
    ~SpinLockGuard()
    {
        KeReleaseInStackQueuedSpinLock(&m_handle);
    }
    SpinLockGuard(const SpinLockGuard &) = delete;
    SpinLockGuard &operator=(const SpinLockGuard &) = delete;

private:
    KLOCK_QUEUE_HANDLE m_handle;
};

/* A handle and how it is closed: `release` hands it on, destruction closes it. */
template <typename Handle, typename Closer> class UniqueHandle {
public:
    UniqueHandle() noexcept = default;
    explicit UniqueHandle(Handle handle) noexcept : m_handle(handle)
    {
    }
    ~UniqueHandle()
    {
        reset();
    }
    UniqueHandle(const UniqueHandle &) = delete;
    UniqueHandle &operator=(const UniqueHandle &) = delete;

    Handle get() const noexcept
    {
        return m_handle;
    }
    Handle *put() noexcept
    {
        reset();
        return &m_handle;
    }
    Handle release() noexcept
    {
        Handle handle = m_handle;
        m_handle = nullptr;
        return handle;
    }
    void reset() noexcept
    {
        if (m_handle != nullptr) {
            Closer()(m_handle);
            m_handle = nullptr;
        }
    }
    explicit operator bool() const noexcept
    {
        return m_handle != nullptr;
    }

private:
    Handle m_handle = nullptr;
};

struct KernelHandleCloser {
    void operator()(HANDLE handle) const noexcept
    {
        ZwClose(handle);
    }
};
using UniqueKernelHandle = UniqueHandle<HANDLE, KernelHandleCloser>;

struct ChannelCloser {
    void operator()(VMBCHANNEL channel) const noexcept
    {
        VmbChannelCleanup(channel);
    }
};
using UniqueChannel = UniqueHandle<VMBCHANNEL, ChannelCloser>; /* a disabled one */

struct PacketCloser {
    void operator()(VMBPACKET packet) const noexcept
    {
        VmbPacketFree(packet);
    }
};
using UniquePacket = UniqueHandle<VMBPACKET, PacketCloser>; /* one that was not sent */

/* An object in nonpaged pool. */
template <typename T, ULONG Tag> struct PoolDeleter {
    void operator()(T *object) const noexcept
    {
        object->~T();
        ExFreePoolWithTag(object, Tag);
    }
};
template <typename T, ULONG Tag> using UniquePool = UniqueHandle<T *, PoolDeleter<T, Tag>>;

template <typename T, ULONG Tag, typename... Arguments> T *PoolNew(Arguments... arguments) noexcept
{
    void *place = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(T), Tag);
    return place == nullptr ? nullptr : new (place) T(arguments...);
}
