/* Callbacks of a driver that leaves its packets at DISPATCH_LEVEL. */
#include "Static.h"

struct Port {
    VMBCHANNEL Channel;
    KEVENT Done;
    KEVENT Work;
    FAST_MUTEX Mutex;
    EX_PUSH_LOCK PushLock;
    ERESOURCE Resource;
    KSPIN_LOCK Lock;
    HANDLE Section;
    PIO_WORKITEM WorkItem;
    VMBPACKETCOMPLETION Held;
    UINT32 Count;
};

static Port *PortOf(VMBCHANNEL channel)
{
    return static_cast<Port *>(VmbChannelGetPointer(channel));
}

class MutexLock {
public:
    explicit MutexLock(FAST_MUTEX &mutex) noexcept : m_mutex(mutex)
    {
        ExAcquireFastMutex(&m_mutex); // finds: in-irql-safe
    }
    ~MutexLock()
    {
        ExReleaseFastMutex(&m_mutex);
    }
    MutexLock(const MutexLock &) = delete;
    MutexLock &operator=(const MutexLock &) = delete;

private:
    FAST_MUTEX &m_mutex;
};

PROCESS(TakesAMutex)
{
    auto *port = PortOf(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(Flags);
    {
        MutexLock lock(port->Mutex);
        port->Count += BufferLength;
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

PROCESS(WaitsForTheBackEnd)
{
    auto *port = PortOf(Channel);
    LARGE_INTEGER deadline;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    deadline.QuadPart = -10 * 1000 * 10;
    KeSetEvent(&port->Work, IO_NO_INCREMENT, FALSE);
    if (KeWaitForSingleObject(&port->Done, Executive, KernelMode, FALSE, &deadline) == STATUS_TIMEOUT) { // finds: in-irql-safe
        port->Count++;
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

PROCESS(ClosesAHandle)
{
    auto *port = PortOf(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    const auto close = [port] {
        if (port->Section != nullptr) {
            ZwClose(port->Section); // finds: in-irql-safe
            port->Section = nullptr;
        }
    };
    close();
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

PROCESS(SharesAResource)
{
    auto *port = PortOf(Channel);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    KeEnterCriticalRegion();
    ExAcquireResourceExclusiveLite(&port->Resource, TRUE); // finds: in-irql-safe
    port->Count++;
    ExReleaseResourceLite(&port->Resource);
    KeLeaveCriticalRegion();
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

PROCESS(AllocatesPagedPool)
{
    UNREFERENCED_PARAMETER(Flags);
    if (BufferLength >= sizeof(RECORD)) {
        PVOID copy = ExAllocatePool2(POOL_FLAG_PAGED, sizeof(RECORD), TAG); // finds: in-irql-safe
        if (copy != nullptr) {
            RtlCopyMemory(copy, Buffer, sizeof(RECORD));
            PortOf(Channel)->Count += static_cast<RECORD *>(copy)->Id;
            ExFreePoolWithTag(copy, TAG);
        }
    }
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* Once for each batch, at the same IRQL as the packets. */
EVT_VMB_CHANNEL_PROCESSING_COMPLETE FlushesTheBatch;
VOID FlushesTheBatch(VMBCHANNEL Channel, UINT32 PacketCount)
{
    auto *port = PortOf(Channel);
    port->Count += PacketCount;
    KeWaitForSingleObject(&port->Done, Executive, KernelMode, FALSE, nullptr); // finds: in-irql-safe
}

/* Packets that were held are completed by the batch; deferring them is too late now. */
EVT_VMB_CHANNEL_PROCESSING_COMPLETE DefersTheBatch;
VOID DefersTheBatch(VMBCHANNEL Channel, UINT32 PacketCount)
{
    auto *port = PortOf(Channel);
    if (PacketCount > 1 && port->Held != nullptr) {
        VmbChannelPacketDeferToPassive(port->Held); // finds: in-defer-inline
        port->Held = nullptr;
    }
}

IO_WORKITEM_ROUTINE WorksAtPassive;
VOID WorksAtPassive(PDEVICE_OBJECT DeviceObject, PVOID Context) // keeps: in-irql-safe
{
    auto *port = static_cast<Port *>(Context);
    UNREFERENCED_PARAMETER(DeviceObject);
    ExAcquireFastMutex(&port->Mutex);
    KeWaitForSingleObject(&port->Done, Executive, KernelMode, FALSE, nullptr);
    ExReleaseFastMutex(&port->Mutex);
    if (port->Held != nullptr) {
        VmbChannelPacketComplete(port->Held, nullptr, 0);
        port->Held = nullptr;
    }
}

PROCESS(QueuesTheWork) // keeps: in-irql-safe, in-defer-inline
{
    auto *port = PortOf(Channel);
    KIRQL irql;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    KeAcquireSpinLock(&port->Lock, &irql);
    port->Held = Packet;
    KeReleaseSpinLock(&port->Lock, irql);
    IoQueueWorkItem(port->WorkItem, WorksAtPassive, DelayedWorkQueue, port);
}

/* Looks whether it is there, and does not wait for it. */
PROCESS(PollsTheEvent) // keeps: in-irql-safe
{
    auto *port = PortOf(Channel);
    LARGE_INTEGER now = {};
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    if (KeWaitForSingleObject(&port->Done, Executive, KernelMode, FALSE, &now) == STATUS_SUCCESS) {
        port->Count++;
    }
    KeSetEvent(&port->Work, IO_NO_INCREMENT, FALSE);
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* Waits only where it may. */
PROCESS(WaitsWhereItMay) // keeps: in-irql-safe, in-defer-inline
{
    auto *port = PortOf(Channel);
    const KIRQL irql = KeGetCurrentIrql();
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    if (irql == DISPATCH_LEVEL) {
        port->Held = Packet;
        IoQueueWorkItem(port->WorkItem, WorksAtPassive, DelayedWorkQueue, port);
        return;
    }
    KeWaitForSingleObject(&port->Done, Executive, KernelMode, FALSE, nullptr);
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

/* The packet comes again, and then at PASSIVE_LEVEL: its context says that it has been here. */
PROCESS(WaitsWhenItIsBack) // keeps: in-irql-safe, in-defer-inline
{
    auto *hasBeenHere = static_cast<bool *>(VmbChannelPacketGetClientContext(Packet));
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    UNREFERENCED_PARAMETER(Flags);
    if (!*hasBeenHere) {
        *hasBeenHere = true;
        VmbChannelPacketDeferToPassive(Packet);
        return;
    }
    KeWaitForSingleObject(&PortOf(Channel)->Done, Executive, KernelMode, FALSE, nullptr);
    VmbChannelPacketComplete(Packet, nullptr, 0);
}

EVT_VMB_CHANNEL_PROCESSING_COMPLETE SignalsTheBatch;
VOID SignalsTheBatch(VMBCHANNEL Channel, UINT32 PacketCount) // keeps: in-irql-safe, in-defer-inline
{
    auto *port = PortOf(Channel);
    if (PacketCount != 0) {
        KeSetEvent(&port->Work, IO_NO_INCREMENT, FALSE);
    }
}

NTSTATUS RegisterBatch(VMBCHANNEL channel, bool flush)
{
    NTSTATUS status = VmbChannelInitSetProcessPacketCallbacks(channel, QueuesTheWork, SignalsTheBatch);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    VmbChannelSetIncomingProcessingAtPassive(channel, FALSE);
    if (flush) {
        return VmbChannelInitSetProcessPacketCallbacks(channel, PollsTheEvent, FlushesTheBatch);
    }
    return VmbChannelInitSetProcessPacketCallbacks(channel, WaitsWhereItMay, DefersTheBatch);
}
