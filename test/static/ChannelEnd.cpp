// How a channel ends, and what is called at which IRQL.
#include "Static.h"
#include <wdf.h>

template <typename Release> class Finally {
public:
    explicit Finally(Release release) : release_(release) {}
    ~Finally() { release_(); }

private:
    Release release_;
};

class Spin {
public:
    explicit Spin(PKSPIN_LOCK lock) : lock_(lock) { KeAcquireSpinLock(lock_, &irql_); }
    ~Spin() { KeReleaseSpinLock(lock_, irql_); }

private:
    PKSPIN_LOCK lock_;
    KIRQL irql_;
};

class Bus {
public:
    VMBCHANNEL Channel = nullptr;
    VMBCHANNEL Control = nullptr;
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    WDFSPINLOCK Queue = nullptr;
    UINT32 Gpadl = 0;
    bool IsEnabled = false;
    bool IsGone = false;

    void Stop();
    NTSTATUS Open(PDEVICE_OBJECT parent);
};

PROCESS(Refuse)
{
    UNREFERENCED_PARAMETER(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    VmbChannelPacketFail(Packet);
}

/* ---- state-disable-before-cleanup ---- */

NTSTATUS TriesOnce(Bus *bus)
{
    NTSTATUS status = VmbChannelEnable(bus->Channel);
    if (NT_SUCCESS(status)) {
        VmbChannelStart(bus->Channel);
        VmbChannelCleanup(bus->Channel); // finds: state-disable-before-cleanup
    }
    return status;
}

NTSTATUS Bus::Open(PDEVICE_OBJECT parent)
{
    NTSTATUS status = VmbChannelAllocate(parent, FALSE, &Channel);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    auto close = Finally([this] {
        if (!IsEnabled) {
            VmbChannelCleanup(Channel); // finds: state-disable-before-cleanup
        }
    });
    status = VmbChannelInitSetProcessPacketCallbacks(Channel, Refuse, nullptr);
    if (NT_SUCCESS(status)) {
        status = VmbChannelEnable(Channel);
    }
    if (!NT_SUCCESS(status)) {
        return status;
    }
    if (Gpadl == 0) {
        return STATUS_INVALID_PARAMETER;
    }
    IsEnabled = true;
    return status;
}

NTSTATUS TriesAgain(Bus *bus) // keeps: state-disable-before-cleanup
{
    const NTSTATUS status = VmbChannelEnable(bus->Channel);
    if (NT_SUCCESS(status)) {
        VmbChannelDisable(bus->Channel);
    }
    VmbChannelCleanup(bus->Channel);
    return status;
}

void Bus::Stop() // keeps: state-disable-before-cleanup, state-no-use-after-cleanup
{
    if (IsEnabled) {
        VmbChannelDisable(Channel);
        IsEnabled = false;
    }
    VmbChannelCleanup(Channel);
    Channel = nullptr;
    if (Channel != nullptr) {
        VmbChannelSetPointer(Channel, nullptr);
    }
}

/* ---- state-no-use-after-cleanup ---- */

void CleansTwice(Bus *bus)
{
    if (bus->IsGone) {
        VmbChannelCleanup(bus->Channel);
    }
    VmbChannelCleanup(bus->Channel); // finds: state-no-use-after-cleanup
}

static void End(VMBCHANNEL channel)
{
    VmbChannelDisable(channel);
    VmbChannelCleanup(channel);
}

void LooksBack(Bus *bus)
{
    End(bus->Channel);
    if (VmbChannelGetPointer(bus->Channel) == bus) { // finds: state-no-use-after-cleanup
        bus->IsGone = true;
    }
}

void EndsBoth(Bus *bus) // keeps: state-no-use-after-cleanup
{
    End(bus->Channel);
    End(bus->Control);
}

NTSTATUS EndsAndBegins(Bus *bus, PDEVICE_OBJECT parent) // keeps: state-no-use-after-cleanup
{
    End(bus->Channel);
    const NTSTATUS status = VmbChannelAllocate(parent, TRUE, &bus->Channel);
    if (NT_SUCCESS(status)) {
        VmbChannelSetPointer(bus->Channel, bus);
    }
    return status;
}

/* ---- state-blocking-no-locks, state-passive-blocking ---- */

void PausesUnderItsLock(Bus *bus)
{
    Spin guard(&bus->Lock);
    if (!bus->IsGone) {
        VmbChannelPause(bus->Channel); // finds: state-blocking-no-locks
    }
}

void DisablesUnderTheQueue(Bus *bus)
{
    WdfSpinLockAcquire(bus->Queue);
    VmbChannelDisable(bus->Channel); // finds: state-blocking-no-locks
    WdfSpinLockRelease(bus->Queue);
}

void DecidesUnderItsLock(Bus *bus) // keeps: state-blocking-no-locks, state-passive-blocking
{
    bool isFirst;
    {
        Spin guard(&bus->Lock);
        isFirst = !bus->IsGone;
        bus->IsGone = true;
    }
    if (isFirst) {
        VmbChannelPause(bus->Channel);
    }
}

void DropsItsLockForIt(Bus *bus) // keeps: state-blocking-no-locks, state-passive-blocking
{
    KIRQL irql;
    KeAcquireSpinLock(&bus->Lock, &irql);
    while (!bus->IsGone) {
        bus->IsGone = true;
        KeReleaseSpinLock(&bus->Lock, irql);
        VmbChannelDeleteGpadl(bus->Channel, bus->Gpadl);
        KeAcquireSpinLock(&bus->Lock, &irql);
    }
    KeReleaseSpinLock(&bus->Lock, irql);
}

void CleansUnderItsLock(Bus *bus)
{
    Spin guard(&bus->Lock);
    VmbChannelCleanup(bus->Channel); // finds: state-passive-blocking
}

void PausesRaised(Bus *bus)
{
    const KIRQL before = KeRaiseIrqlToDpcLevel();
    VmbChannelPause(bus->Channel); // finds: state-passive-blocking
    KeLowerIrql(before);
}

static KDEFERRED_ROUTINE Watchdog;
static void Watchdog(PKDPC dpc, PVOID context, PVOID first, PVOID second)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(first);
    UNREFERENCED_PARAMETER(second);
    auto *bus = static_cast<Bus *>(context);
    VmbChannelDisable(bus->Channel); // finds: state-passive-blocking
}

/* ---- init-alloc-passive ---- */

NTSTATUS AddsUnderItsLock(Bus *bus, PDEVICE_OBJECT parent)
{
    Spin guard(&bus->Lock);
    return VmbChannelAllocate(parent, TRUE, &bus->Channel); // finds: init-alloc-passive
}

static KDEFERRED_ROUTINE AddsLater;
static void AddsLater(PKDPC dpc, PVOID context, PVOID first, PVOID second)
{
    UNREFERENCED_PARAMETER(dpc);
    UNREFERENCED_PARAMETER(second);
    auto *bus = static_cast<Bus *>(context);
    if (!NT_SUCCESS(VmbChannelAllocate(static_cast<PDEVICE_OBJECT>(first), TRUE, &bus->Channel))) { // finds: init-alloc-passive
        bus->IsGone = true;
    }
}

NTSTATUS AddsAndCounts(Bus *bus, PDEVICE_OBJECT parent)
{
    NTSTATUS status;
    KLOCK_QUEUE_HANDLE handle;
    KeAcquireInStackQueuedSpinLock(&bus->Lock, &handle);
    status = VmbChannelAllocate(parent, FALSE, &bus->Control); // finds: init-alloc-passive
    bus->IsGone = false;
    KeReleaseInStackQueuedSpinLock(&handle);
    return status;
}

NTSTATUS AddsUnderAMutex(Bus *bus, PDEVICE_OBJECT parent) // keeps: init-alloc-passive
{
    ExAcquireFastMutex(&bus->Mutex);
    const NTSTATUS status = VmbChannelAllocate(parent, TRUE, &bus->Channel);
    ExReleaseFastMutex(&bus->Mutex);
    return status;
}

NTSTATUS AddsAndThenLocks(Bus *bus, PDEVICE_OBJECT parent) // keeps: init-alloc-passive
{
    VMBCHANNEL channel;
    const NTSTATUS status = VmbChannelAllocate(parent, TRUE, &channel);
    if (NT_SUCCESS(status)) {
        Spin guard(&bus->Lock);
        bus->Channel = channel;
    }
    return status;
}

VOID SetUpTimers(PKDPC watchdog, PKDPC adds, Bus *bus)
{
    KeInitializeDpc(watchdog, Watchdog, bus);
    KeInitializeDpc(adds, AddsLater, bus);
}

/* ---- allow-unused ---- */

NTSTATUS NamesItOnce(VMBCHANNEL channel, PCUNICODE_STRING name)
{
    // vsp-lab: allow init-status-checked the name is for the debugger only // finds: allow-unused
    return VmbChannelInitSetFriendlyName(channel, name);
}

void OffersIt(VMBCHANNEL channel)
{
    /* vsp-lab: allow state-enable-checked */ // finds: allow-unused
    (void)VmbChannelEnable(channel);         // finds: state-enable-checked
}

void NamesItAnyhow(VMBCHANNEL channel, PCUNICODE_STRING name) // keeps: allow-unused
{
    // vsp-lab: allow init-status-checked the name is for the debugger only
    (void)VmbChannelInitSetFriendlyName(channel, name);
}

/* Only a run can tell whether it is needed. */
void StopsIt(Bus *bus) // keeps: allow-unused
{
    bus->IsGone = true; // vsp-lab: allow state-suspend-completes the guest is gone by then
}
