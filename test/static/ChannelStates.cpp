// What callbacks of a channel's state may do, and how a channel ends, in C++.
#include "Static.h"

class Link {
public:
    VMBCHANNEL Channel = nullptr;
    VMBCHANNEL Control = nullptr;
    KSPIN_LOCK Lock;
    FAST_MUTEX Mutex;
    KEVENT Idle;
    UINT32 Gpadl = 0;
    PMDL Shared = nullptr;
    PVOID Scratch = nullptr;
    WORK_QUEUE_ITEM Work;
    bool IsOpen = false;

    NTSTATUS Hello(VMBCHANNEL channel);
};

static Link *LinkOf(VMBCHANNEL channel)
{
    return static_cast<Link *>(VmbChannelGetPointer(channel));
}

NTSTATUS Link::Hello(VMBCHANNEL channel)
{
    UINT64 request = 1;
    UINT64 answer = 0;
    UINT32 size = sizeof(answer);
    return VmbChannelSendSynchronousRequest(channel, &request, sizeof(request), nullptr, 0, &answer, &size, nullptr); // finds: state-started-nonblocking
}

class SpinGuard {
public:
    explicit SpinGuard(PKSPIN_LOCK lock) : lock_(lock) { KeAcquireSpinLock(lock_, &irql_); }
    ~SpinGuard() { KeReleaseSpinLock(lock_, irql_); }

private:
    PKSPIN_LOCK lock_;
    KIRQL irql_;
};

/* ---- state-no-startpause-in-cb, state-no-disable-in-cb, state-started-nonblocking ---- */

static NTSTATUS OpenedStarts(VMBCHANNEL channel)
{
    LinkOf(channel)->IsOpen = true;
    VmbChannelStart(channel); // finds: state-no-startpause-in-cb
    return STATUS_SUCCESS;
}

static void Quiesce(VMBCHANNEL channel)
{
    VmbChannelPause(channel); // finds: state-no-startpause-in-cb
}

static void SuspendPauses(VMBCHANNEL channel)
{
    Quiesce(channel);
    KeSetEvent(&LinkOf(channel)->Idle, 0, FALSE);
}

static void ClosedDisables(VMBCHANNEL channel)
{
    auto *link = LinkOf(channel);
    if (link->IsOpen) {
        link->IsOpen = false;
        VmbChannelDisable(channel); // finds: state-no-disable-in-cb
    }
}

static void StartedAsks(VMBCHANNEL channel)
{
    UINT32 version = 3;
    (void)VmbChannelSendSynchronousRequest(channel, &version, sizeof(version), nullptr, 0, nullptr, nullptr, nullptr); // finds: state-started-nonblocking
}

/* After the queue is on: this one may wait. */
static void PostStartedAsks(VMBCHANNEL channel) // keeps: state-started-nonblocking
{
    if (!NT_SUCCESS(LinkOf(channel)->Hello(channel))) {
        LinkOf(channel)->IsOpen = false;
    }
}

NTSTATUS RegisterFirst(VMBCHANNEL channel)
{
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
    callbacks.EvtChannelOpened = OpenedStarts;
    callbacks.EvtChannelClosed = ClosedDisables;
    callbacks.EvtChannelSuspend = SuspendPauses;
    callbacks.EvtChannelStarted = StartedAsks;
    callbacks.EvtChannelPostStarted = PostStartedAsks;
    return VmbChannelInitSetStateChangeCallbacks(channel, &callbacks);
}

PROCESS(StopsOnBadPackets)
{
    UNREFERENCED_PARAMETER(Flags);
    if (Buffer == nullptr || BufferLength < sizeof(UINT32)) {
        VmbChannelPacketFail(Packet);
        VmbChannelDisable(Channel); // finds: state-no-disable-in-cb
        return;
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

static WORKER_THREAD_ROUTINE Restart;
/* The thread that callbacks leave it to. */
static void Restart(PVOID context) // keeps: state-no-startpause-in-cb, state-no-disable-in-cb
{
    auto *link = static_cast<Link *>(context);
    VmbChannelPause(link->Channel);
    VmbChannelDisable(link->Channel);
    if (NT_SUCCESS(VmbChannelEnable(link->Channel))) {
        VmbChannelStart(link->Channel);
    }
}

/* Another channel than its own: nothing that ending it waits for runs here. */
static void ClosedEndsItsControl(VMBCHANNEL channel) // keeps: state-no-disable-in-cb
{
    auto *link = LinkOf(channel);
    if (link->Control != nullptr) {
        VmbChannelDisable(link->Control);
        VmbChannelCleanup(link->Control);
        link->Control = nullptr;
    }
}

/* What waits is left to a thread. */
static void SuspendTellsItsWorker(VMBCHANNEL channel) // keeps: state-no-startpause-in-cb, state-no-disable-in-cb
{
    auto *link = LinkOf(channel);
    link->IsOpen = false;
    ExInitializeWorkItem(&link->Work, Restart, link);
    ExQueueWorkItem(&link->Work, DelayedWorkQueue);
}

static void StartedAsksForLess(VMBCHANNEL channel)
{
    auto ask = [channel] { return LinkOf(channel)->Hello(channel); };
    if (!NT_SUCCESS(ask())) {
        LinkOf(channel)->IsOpen = false;
    }
}

static void StartedSends(VMBCHANNEL channel) // keeps: state-started-nonblocking
{
    const auto packet = VmbPacketAllocate(channel);
    UINT32 hello = 1;
    if (packet == nullptr) {
        return;
    }
    if (!NT_SUCCESS(VmbPacketSend(packet, &hello, sizeof(hello), nullptr, 0))) {
        VmbPacketFree(packet);
    }
}

NTSTATUS RegisterSecond(VMBCHANNEL channel, bool asks)
{
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
    callbacks.EvtChannelSuspend = SuspendTellsItsWorker;
    callbacks.EvtChannelClosed = ClosedEndsItsControl;
    callbacks.EvtChannelStarted = asks ? StartedAsksForLess : StartedSends;
    return VmbChannelInitSetStateChangeCallbacks(channel, &callbacks);
}

/* ---- state-opened-unwind ---- */

static NTSTATUS OpenedForgetsItsMap(VMBCHANNEL channel)
{
    auto *link = LinkOf(channel);
    NTSTATUS status = VmbChannelMapGpadl(channel, 0, link->Gpadl, &link->Shared); // finds: state-opened-unwind
    if (!NT_SUCCESS(status)) {
        return status;
    }
    link->Scratch = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, TAG);
    if (link->Scratch == nullptr) {
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS OpenedMapsTwo(VMBCHANNEL channel)
{
    auto *link = LinkOf(channel);
    PMDL second = nullptr;
    NTSTATUS status = VmbChannelMapGpadl(channel, 0, link->Gpadl, &link->Shared); // finds: state-opened-unwind
    if (NT_SUCCESS(status)) {
        status = VmbChannelMapGpadl(channel, 0, link->Gpadl + 1, &second);
    }
    return status;
}

static NTSTATUS OpenedUnwinds(VMBCHANNEL channel) // keeps: state-opened-unwind
{
    auto *link = LinkOf(channel);
    NTSTATUS status = VmbChannelMapGpadl(channel, 0, link->Gpadl, &link->Shared);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    link->Scratch = ExAllocatePool2(POOL_FLAG_NON_PAGED, PAGE_SIZE, TAG);
    if (link->Scratch == nullptr) {
        status = STATUS_INSUFFICIENT_RESOURCES;
        VmbChannelUnmapGpadl(channel, link->Gpadl);
    }
    return status;
}

class Mapping {
public:
    explicit Mapping(VMBCHANNEL channel, UINT32 gpadl) : channel_(channel), gpadl_(gpadl)
    {
        status_ = VmbChannelMapGpadl(channel, 0, gpadl, &mdl_);
    }
    ~Mapping()
    {
        if (NT_SUCCESS(status_)) {
            VmbChannelUnmapGpadl(channel_, gpadl_);
        }
    }
    NTSTATUS Status() const { return status_; }
    void Keep() { status_ = STATUS_NOT_FOUND; }

private:
    VMBCHANNEL channel_;
    UINT32 gpadl_;
    PMDL mdl_ = nullptr;
    NTSTATUS status_;
};

static NTSTATUS OpenedUnwindsItself(VMBCHANNEL channel) // keeps: state-opened-unwind
{
    auto *link = LinkOf(channel);
    Mapping mapping(channel, link->Gpadl);
    if (!NT_SUCCESS(mapping.Status())) {
        return mapping.Status();
    }
    if (link->IsOpen) {
        return STATUS_INVALID_DEVICE_STATE;
    }
    mapping.Keep();
    return STATUS_SUCCESS;
}

NTSTATUS RegisterOpened(VMBCHANNEL channel, UINT32 which)
{
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(&callbacks);
    switch (which) {
    case 0:
        callbacks.EvtChannelOpened = OpenedForgetsItsMap;
        break;
    case 1:
        callbacks.EvtChannelOpened = OpenedMapsTwo;
        break;
    case 2:
        callbacks.EvtChannelOpened = OpenedUnwinds;
        break;
    default:
        callbacks.EvtChannelOpened = OpenedUnwindsItself;
        break;
    }
    return VmbChannelInitSetStateChangeCallbacks(channel, &callbacks);
}

/* ---- init-statecb-helper ---- */

NTSTATUS RegisterZeroed(VMBCHANNEL channel)
{
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks = {};
    callbacks.EvtChannelOpened = OpenedUnwinds;
    return VmbChannelInitSetStateChangeCallbacks(channel, &callbacks); // finds: init-statecb-helper
}

NTSTATUS RegisterRaw(VMBCHANNEL channel)
{
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
    callbacks.EvtChannelSuspend = SuspendTellsItsWorker;
    return VmbChannelInitSetStateChangeCallbacks(channel, &callbacks); // finds: init-statecb-helper
}

NTSTATUS RegisterBySize(VMBCHANNEL channel) // keeps: init-statecb-helper
{
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
    RtlZeroMemory(&callbacks, sizeof(callbacks));
    callbacks.Version = 1;
    callbacks.Size = sizeof(callbacks);
    callbacks.EvtChannelSuspend = SuspendTellsItsWorker;
    return VmbChannelInitSetStateChangeCallbacks(channel, &callbacks);
}

static PVMB_CHANNEL_STATE_CHANGE_CALLBACKS Initialized(PVMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks)
{
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS_INIT(callbacks);
    return callbacks;
}

NTSTATUS RegisterByHelper(VMBCHANNEL channel) // keeps: init-statecb-helper
{
    VMB_CHANNEL_STATE_CHANGE_CALLBACKS callbacks;
    Initialized(&callbacks)->EvtChannelSuspend = SuspendTellsItsWorker;
    return VmbChannelInitSetStateChangeCallbacks(channel, &callbacks);
}
