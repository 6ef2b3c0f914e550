/* A client's completion routines at DISPATCH_LEVEL, and its synchronous requests. */
#include "Static.h"

struct Answer {
    UINT32 Status;
    UINT32 Length;
    UINT32 Flags;
};

struct Client {
    VMBCHANNEL Channel;
    const KMCL_CLIENT_INTERFACE_V1 *Kmcl;
    KSPIN_LOCK Lock;
    KEVENT Idle;
    FAST_MUTEX Mutex;
    HANDLE Log;
    PIO_WORKITEM WorkItem;
    VMBPACKET Waiting;
    UINT32 Count;
    LONG Busy;
};

static Client *ClientOf(VMBPACKET packet)
{
    return static_cast<Client *>(VmbChannelGetPointer(VmbPacketGetChannel(packet)));
}

/* ---- out-completion-irql ---- */

class Guard {
public:
    explicit Guard(Client &client) noexcept : m_client(client)
    {
        KeWaitForSingleObject(&m_client.Idle, Executive, KernelMode, FALSE, nullptr); // finds: out-completion-irql
    }
    ~Guard()
    {
        KeSetEvent(&m_client.Idle, IO_NO_INCREMENT, FALSE);
    }
    Guard(const Guard &) = delete;
    Guard &operator=(const Guard &) = delete;

private:
    Client &m_client;
};

COMPLETION(WaitsInAGuard)
{
    auto *client = ClientOf(Packet);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    {
        Guard guard(*client);
        client->Count += NT_SUCCESS(Status) ? 1 : 0;
    }
    VmbPacketFree(Packet);
}

static VOID WriteLog(Client *client)
{
    if (client->Log != nullptr) {
        ZwClose(client->Log); // finds: out-completion-irql
        client->Log = nullptr;
    }
}

COMPLETION(ClosesTheLog)
{
    auto *client = ClientOf(Packet);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (!NT_SUCCESS(Status)) {
        WriteLog(client);
    }
    VmbPacketFree(Packet);
}

COMPLETION(IsPagedCode)
{
    PAGED_CODE(); // finds: out-completion-irql
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    VmbPacketFree(Packet);
}

/* The next request, and it waits for the answer. */
COMPLETION(AsksAgain)
{
    auto *client = ClientOf(Packet);
    UINT64 question = 1;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (NT_SUCCESS(Status)) {
        client->Kmcl->VmbChannelSendSynchronousRequest(client->Channel, &question, sizeof(question), nullptr, WAIT, nullptr, nullptr, nullptr); // finds: out-completion-irql
    }
    VmbPacketFree(Packet);
}

IO_WORKITEM_ROUTINE CompletesLater;
VOID CompletesLater(PDEVICE_OBJECT DeviceObject, PVOID Context) // keeps: out-completion-irql, out-sync-irql
{
    auto *client = static_cast<Client *>(Context);
    UNREFERENCED_PARAMETER(DeviceObject);
    PAGED_CODE();
    ExAcquireFastMutex(&client->Mutex);
    WriteLog(client);
    ExReleaseFastMutex(&client->Mutex);
}

COMPLETION(QueuesTheRest) // keeps: out-completion-irql
{
    auto *client = ClientOf(Packet);
    KIRQL irql;
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    KeAcquireSpinLock(&client->Lock, &irql);
    client->Count++;
    KeReleaseSpinLock(&client->Lock, irql);
    if (NT_SUCCESS(Status)) {
        KeSetEvent(&client->Idle, IO_NO_INCREMENT, FALSE);
    } else {
        IoQueueWorkItem(client->WorkItem, CompletesLater, DelayedWorkQueue, client);
    }
    VmbPacketFree(Packet);
}

/* Looks at its IRQL first. */
COMPLETION(WorksIfItMay) // keeps: out-completion-irql
{
    auto *client = ClientOf(Packet);
    UNREFERENCED_PARAMETER(Status);
    UNREFERENCED_PARAMETER(Buffer);
    UNREFERENCED_PARAMETER(BufferLength);
    if (KeGetCurrentIrql() == PASSIVE_LEVEL) {
        WriteLog(client);
    } else {
        IoQueueWorkItem(client->WorkItem, CompletesLater, DelayedWorkQueue, client);
    }
    VmbPacketFree(Packet);
}

/* ---- out-sync-irql ---- */

static NTSTATUS Ask(Client *client, PLARGE_INTEGER timeout)
{
    UINT64 question = 2;
    UINT64 answer = 0;
    UINT32 size = sizeof(answer);
    NTSTATUS status = VmbChannelSendSynchronousRequest(client->Channel, &question, sizeof(question), nullptr, WAIT, &answer, &size, timeout); // finds: out-sync-irql
    if (NT_SUCCESS(status) && size == sizeof(answer)) {
        client->Count += static_cast<UINT32>(answer);
    }
    return status;
}

NTSTATUS AsksUnderALock(Client *client)
{
    KIRQL irql;
    LARGE_INTEGER second;
    second.QuadPart = -10 * 1000 * 1000;
    KeAcquireSpinLock(&client->Lock, &irql);
    NTSTATUS status = Ask(client, &second);
    KeReleaseSpinLock(&client->Lock, irql);
    return status;
}

KDEFERRED_ROUTINE AsksInADpc;
VOID AsksInADpc(PKDPC Dpc, PVOID Context, PVOID First, PVOID Second)
{
    auto *client = static_cast<Client *>(Context);
    UINT32 word = 3;
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(First);
    UNREFERENCED_PARAMETER(Second);
    client->Kmcl->VmbChannelSendSynchronousRequest(client->Channel, &word, sizeof(word), nullptr, 0, nullptr, nullptr, nullptr); // finds: out-sync-irql
}

/* The deadline is now, but the flag says to wait for the peer. */
NTSTATUS WaitsForThePeerRaised(Client *client)
{
    UINT32 word = 4;
    LARGE_INTEGER now = {};
    const KIRQL irql = KeRaiseIrqlToDpcLevel();
    NTSTATUS status = VmbChannelSendSynchronousRequest(client->Channel, &word, sizeof(word), nullptr, WAIT, nullptr, nullptr, &now); // finds: out-sync-irql
    KeLowerIrql(irql);
    return status;
}

/* Not queued if it does not fit now: that is allowed at DISPATCH_LEVEL. */
NTSTATUS SendsNowOrNever(Client *client) // keeps: out-sync-irql
{
    KIRQL irql;
    UINT32 word = 5;
    LARGE_INTEGER now;
    now.QuadPart = 0;
    KeAcquireSpinLock(&client->Lock, &irql);
    NTSTATUS status =
        VmbChannelSendSynchronousRequest(client->Channel, &word, sizeof(word), nullptr, 0, nullptr, nullptr, &now);
    KeReleaseSpinLock(&client->Lock, irql);
    return status == STATUS_BUFFER_OVERFLOW ? STATUS_DEVICE_BUSY : status;
}

/* The lock is let go before, and taken again behind. */
NTSTATUS AsksBetweenLocks(Client *client) // keeps: out-sync-irql, out-sync-size8
{
    KIRQL irql;
    UINT64 answers[4] = {};
    UINT32 size = sizeof(answers);
    KeAcquireSpinLock(&client->Lock, &irql);
    client->Busy = 1;
    KeReleaseSpinLock(&client->Lock, irql);
    NTSTATUS status = client->Kmcl->VmbChannelSendSynchronousRequest(client->Channel, answers, 8, nullptr, WAIT,
                                                                     answers, &size, nullptr);
    KeAcquireSpinLock(&client->Lock, &irql);
    client->Busy = 0;
    KeReleaseSpinLock(&client->Lock, irql);
    return status;
}

/* ---- out-sync-size8 ---- */

NTSTATUS AsksForTwelveBytes(Client *client)
{
    Answer answer = {};
    UINT32 size = sizeof(answer);
    UINT32 word = 6;
    return VmbChannelSendSynchronousRequest(client->Channel, &word, sizeof(word), nullptr, WAIT, &answer, &size, nullptr); // finds: out-sync-size8
}

static NTSTATUS AskFor(Client *client, PVOID answer, UINT32 *size)
{
    UINT32 word = 7;
    LARGE_INTEGER deadline;
    deadline.QuadPart = -50000000;
    return client->Kmcl->VmbChannelSendSynchronousRequest(client->Channel, &word, sizeof(word), nullptr, WAIT, answer, size, &deadline); // finds: out-sync-size8
}

NTSTATUS AsksForAName(Client *client, CHAR (&name)[60])
{
    UINT32 size = ARRAYSIZE(name);
    return AskFor(client, name, &size);
}

/* Rounded up to what the call takes, and so is the memory. */
NTSTATUS AsksForARoundedAnswer(Client *client) // keeps: out-sync-size8
{
    union {
        Answer Fields;
        UINT64 Whole[ALIGN_UP_BY(sizeof(Answer), sizeof(UINT64)) / sizeof(UINT64)];
    } answer = {};
    UINT32 size = static_cast<UINT32>(ALIGN_UP_BY(sizeof(Answer), sizeof(UINT64)));
    NTSTATUS status = AskFor(client, &answer, &size);
    if (NT_SUCCESS(status) && size >= sizeof(Answer)) {
        client->Count += answer.Fields.Length;
    }
    return status;
}

/* Nobody wants an answer. */
NTSTATUS AsksForNothing(Client *client) // keeps: out-sync-size8
{
    UINT32 word = 8;
    return VmbChannelSendSynchronousRequest(client->Channel, &word, sizeof(word), nullptr, WAIT, nullptr, nullptr,
                                            nullptr);
}
