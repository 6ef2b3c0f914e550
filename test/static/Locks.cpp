/* Spin locks, IRQL and what may wait, in C++ and with WDF. */
#include "Static.h"

#include <wdf.h>

namespace {

class Guard {
public:
    explicit Guard(PKSPIN_LOCK lock) noexcept : m_lock(lock), m_irql(KeAcquireSpinLockRaiseToDpc(lock))
    {
    }
    ~Guard()
    {
        unlock();
    }
    Guard(const Guard &) = delete;
    Guard &operator=(const Guard &) = delete;
    void unlock() noexcept
    {
        if (m_isHeld) {
            m_isHeld = false;
            KeReleaseSpinLock(m_lock, m_irql);
        }
    }

private:
    PKSPIN_LOCK m_lock;
    KIRQL m_irql;
    bool m_isHeld = true;
};

template <typename Action> void UnderWdfLock(WDFSPINLOCK lock, Action action)
{
    WdfSpinLockAcquire(lock);
    action();
    WdfSpinLockRelease(lock);
}

} // namespace

/* Keeps the IRQL of one lock where another one's is restored. */
void ReleasesTheOther(PDEVICE first, PDEVICE second)
{
    struct {
        KIRQL first, second;
    } irql;
    KeAcquireSpinLock(&first->Lock, &irql.first);
    first->Total++;
    KeReleaseSpinLock(&first->Lock, irql.second); // finds: lock-irql
    KeAcquireSpinLock(&second->Lock, &irql.second);
    second->Total++;
    KeReleaseSpinLock(&second->Lock, irql.second);
}

EVT_VMB_CHANNEL_OPENED OpensLocked;
NTSTATUS OpensLocked(VMBCHANNEL channel)
{
    auto *device = static_cast<PDEVICE>(VmbChannelGetPointer(channel));
    KIRQL irql = ExAcquireSpinLockExclusive(reinterpret_cast<PEX_SPIN_LOCK>(&device->Total));
    if (device->Kept == nullptr) {
        return STATUS_DEVICE_NOT_READY; // finds: lock-irql
    }
    ExReleaseSpinLockExclusive(reinterpret_cast<PEX_SPIN_LOCK>(&device->Total), irql);
    return STATUS_SUCCESS;
}

bool LeavesEarly(PDEVICE device) // keeps: lock-irql
{
    Guard guard(&device->Lock);
    if (device->Kept == nullptr) {
        return false;
    }
    device->Total++;
    return true;
}

void UnlocksBeforeItWaits(PDEVICE device) // keeps: lock-irql, wait-irql
{
    Guard guard(&device->Lock);
    device->Total++;
    guard.unlock();
    KeWaitForSingleObject(&device->Idle, Executive, KernelMode, FALSE, nullptr);
}

void WaitsInALambda(WDFSPINLOCK lock, WDFWAITLOCK other)
{
    UnderWdfLock(lock, [=] {
        WdfWaitLockAcquire(other, nullptr); // finds: wait-irql
        WdfWaitLockRelease(other);
    });
}

void TriesInALambda(WDFSPINLOCK lock, WDFWAITLOCK other) // keeps: wait-irql
{
    UnderWdfLock(lock, [=] {
        LONGLONG now = 0;
        if (WdfWaitLockAcquire(other, &now) == STATUS_SUCCESS) {
            WdfWaitLockRelease(other);
        }
    });
}

NTSTATUS ConvertsUnderAGuard(PDEVICE device, PHANDLE handle)
{
    Guard guard(&device->Lock);
    return VmbConvertVmbusHandleToKernelHandle(device->Kept, handle); // finds: handle-irql
}

NTSTATUS ConvertsBeforeTheGuard(PDEVICE device) // keeps: handle-irql
{
    HANDLE handle = nullptr;
    NTSTATUS status = VmbConvertVmbusHandleToKernelHandle(device->Kept, &handle);
    if (NT_SUCCESS(status)) {
        Guard guard(&device->Lock);
        device->Kept = handle;
    }
    return status;
}

void LogsPagedInALambda(PDEVICE device, WDFSPINLOCK lock)
{
    UnderWdfLock(lock, [=] {
        PAGED_CODE(); // finds: mem-paged-code
        device->Total++;
    });
}

void EntersPaged(PDEVICE device, WDFSPINLOCK lock) // keeps: mem-paged-code
{
    PAGED_CODE();
    UnderWdfLock(lock, [=] { device->Total++; });
}

void TouchesPagedPool(PDEVICE device)
{
    auto *numbers = static_cast<PUINT32>(ExAllocatePool2(POOL_FLAG_PAGED, 4 * sizeof(UINT32), TAG));
    if (numbers != nullptr) {
        {
            Guard guard(&device->Lock);
            device->Total += numbers[2]; // finds: mem-nonpaged-at-dispatch
        }
        ExFreePoolWithTag(numbers, TAG);
    }
}
