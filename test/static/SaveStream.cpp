/* The save of a channel as a whole, in C++, at which IRQL, and who is asked for records. */
#include "Static.h"

struct Buffer {
    UINT8 *bytes;
    ULONG size;
};

namespace {

/* From SaveBegin to SaveEnd. */
class Session {
public:
    explicit Session(VMBCHANNEL channel) noexcept : m_channel(channel), m_status(VmbChannelSaveBegin(channel))
    {
    }
    Session(const Session &) = delete;
    Session &operator=(const Session &) = delete;
    ~Session()
    {
        if (NT_SUCCESS(m_status)) {
            VmbChannelSaveEnd(m_channel);
        }
    }
    NTSTATUS status() const noexcept
    {
        return m_status;
    }

private:
    VMBCHANNEL m_channel;
    NTSTATUS m_status;
};

/* Ends a save whether it has begun or not. */
struct Ender {
    VMBCHANNEL channel;
    ~Ender()
    {
        VmbChannelSaveEnd(channel); // finds: save-begin-checked
    }
};

constexpr bool GoesOn(NTSTATUS status) noexcept
{
    return status == STATUS_BUFFER_OVERFLOW || status == STATUS_BUFFER_TOO_SMALL;
}

class Guard {
public:
    explicit Guard(KSPIN_LOCK &lock) noexcept : m_lock(lock)
    {
        KeAcquireSpinLock(&m_lock, &m_irql);
    }
    ~Guard()
    {
        KeReleaseSpinLock(&m_lock, m_irql);
    }
    Guard(const Guard &) = delete;
    Guard &operator=(const Guard &) = delete;

private:
    KSPIN_LOCK &m_lock;
    KIRQL m_irql;
};

} // namespace

bool Enlarge(Buffer &buffer, ULONG size) noexcept;
NTSTATUS Store(const void *bytes, ULONG length) noexcept;

NTSTATUS SavesInASession(VMBCHANNEL channel, Buffer &buffer) // keeps: save-begin-checked, save-continue-statuses, save-grow
{
    Session session(channel);
    if (!NT_SUCCESS(session.status())) {
        return session.status();
    }
    NTSTATUS status;
    ULONG filled, required;
    while (GoesOn(status = VmbChannelSaveContinue(channel, buffer.bytes, buffer.size, &filled, &required))) {
        if (status == STATUS_BUFFER_OVERFLOW) {
            (void)Store(buffer.bytes, filled);
        }
        if (buffer.size < required && !Enlarge(buffer, required)) {
            return STATUS_INSUFFICIENT_RESOURCES;
        }
    }
    return NT_SUCCESS(status) ? Store(buffer.bytes, filled) : status;
}

NTSTATUS EndsWithItsBlock(VMBCHANNEL channel)
{
    Ender ender{channel};
    return VmbChannelSaveBegin(channel);
}

NTSTATUS AsksForSuccess(VMBCHANNEL channel, Buffer &buffer)
{
    ULONG filled, required;
    auto next = [&] {
        return VmbChannelSaveContinue(channel, buffer.bytes, buffer.size, &filled, &required); // finds: save-continue-statuses
    };
    if (next() != STATUS_SUCCESS) {
        return STATUS_UNSUCCESSFUL;
    }
    return Store(buffer.bytes, filled);
}

NTSTATUS LosesTheSession(VMBCHANNEL channel, Buffer &buffer)
{
    NTSTATUS status = VmbChannelSaveBegin(channel); // finds: save-end-always
    if (NT_SUCCESS(status)) {
        for (;;) {
            ULONG filled, required;
            status = VmbChannelSaveContinue(channel, buffer.bytes, buffer.size, &filled, &required);
            if (!GoesOn(status)) {
                break;
            }
            if (status == STATUS_BUFFER_TOO_SMALL && !Enlarge(buffer, required)) {
                return STATUS_INSUFFICIENT_RESOURCES;
            }
        }
        VmbChannelSaveEnd(channel);
    }
    return status;
}

/* ---- save-passive ---- */

NTSTATUS BeginsUnderAGuard(PDEVICE device)
{
    Guard guard(device->Lock);
    NTSTATUS status = VmbChannelSaveBegin(device->Channel); // finds: save-passive
    if (NT_SUCCESS(status)) {
        device->Total = 1;
    }
    return status;
}

NTSTATUS ContinuesRaised(PDEVICE device, Buffer &buffer)
{
    ULONG filled, required;
    KIRQL irql = KeRaiseIrqlToDpcLevel();
    NTSTATUS status = VmbChannelSaveContinue(device->Channel, buffer.bytes, buffer.size, &filled, // finds: save-passive
                                             &required);
    KeLowerIrql(irql);
    return status;
}

static void Restore(PDEVICE device, PVOID bytes, ULONG length)
{
    device->Total = static_cast<UINT32>(VmbChannelRestoreFromBuffer(device->Channel, bytes, length)); // finds: save-passive
}

KDEFERRED_ROUTINE RestoresInADpc;
void RestoresInADpc(PKDPC, PVOID context, PVOID bytes, PVOID)
{
    Restore(static_cast<PDEVICE>(context), bytes, 16);
}

NTSTATUS BeginsBehindAGuard(PDEVICE device) // keeps: save-passive
{
    {
        Guard guard(device->Lock);
        device->Total = 0;
    }
    Session session(device->Channel);
    return session.status();
}

NTSTATUS BeginsUnderAPushLock(PDEVICE device, PEX_PUSH_LOCK lock) // keeps: save-passive
{
    KeEnterCriticalRegion();
    ExAcquirePushLockExclusive(lock);
    NTSTATUS status = VmbChannelSaveBegin(device->Channel);
    if (NT_SUCCESS(status)) {
        VmbChannelSaveEnd(device->Channel);
    }
    ExReleasePushLockExclusive(lock);
    KeLeaveCriticalRegion();
    return status;
}

KDEFERRED_ROUTINE LeavesItToAWorkItem;
void LeavesItToAWorkItem(PKDPC, PVOID context, PVOID item, PVOID) // keeps: save-passive
{
    auto *device = static_cast<PDEVICE>(context);
    if (KeGetCurrentIrql() == PASSIVE_LEVEL) {
        VmbChannelSaveEnd(device->Channel);
        return;
    }
    ExQueueWorkItem(static_cast<PWORK_QUEUE_ITEM>(item), DelayedWorkQueue);
}
