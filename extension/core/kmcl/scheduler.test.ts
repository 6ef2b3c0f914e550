/** Work items, DPCs, timers, threads, waits, time (interfaces 4, kmcl-facts 8.6), and what one stack cannot do. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CHANNEL_DRIVER } from '../../../test/support/channelDriver.js';
import { COMPILE_TIMEOUT, compileText, type TestDriver } from '../../../test/support/driver.js';

const SOURCE = `${CHANNEL_DRIVER}
static KEVENT Event;
static KTIMER Timer;
static KDPC Dpc;
static ULONG Runs;

static IO_WORKITEM_ROUTINE Work;
static VOID Work(PDEVICE_OBJECT Device, PVOID Context)
{
    VSPLAB_ASSERT_EQUAL(VspLabDevice(), Device);
    VSPLAB_LOG("work %u at %u", (ULONG)(ULONG_PTR)Context, KeGetCurrentIrql());
    Runs++;
}

static KDEFERRED_ROUTINE Deferred;
static VOID Deferred(PRKDPC D, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(D);
    VSPLAB_LOG("dpc %u %u %u at %u", (ULONG)(ULONG_PTR)Context, (ULONG)(ULONG_PTR)First, (ULONG)(ULONG_PTR)Second, KeGetCurrentIrql());
    Runs++;
}

VSPLAB_TEST(WorkItems)
{
    PIO_WORKITEM a = IoAllocateWorkItem(VspLabDevice());
    PIO_WORKITEM b = IoAllocateWorkItem(VspLabDevice());
    IoQueueWorkItem(a, Work, DelayedWorkQueue, (PVOID)1);
    IoQueueWorkItem(b, Work, DelayedWorkQueue, (PVOID)2);
    VSPLAB_LOG("queued");
    VspLabRunPending();
    VSPLAB_ASSERT_EQUAL(2, Runs);
    IoFreeWorkItem(a);
    IoFreeWorkItem(b);
}

VSPLAB_TEST(AnyFixtureCallRunsWork)
{
    PIO_WORKITEM a = IoAllocateWorkItem(VspLabDevice());
    IoQueueWorkItem(a, Work, DelayedWorkQueue, (PVOID)1);
    VspLabIrql();
    VSPLAB_ASSERT_EQUAL(1, Runs);
    IoFreeWorkItem(a);
}

VSPLAB_TEST(Hold)
{
    PIO_WORKITEM a = IoAllocateWorkItem(VspLabDevice());
    VspLabHoldWork(TRUE);
    IoQueueWorkItem(a, Work, DelayedWorkQueue, (PVOID)1);
    VspLabIrql();
    VspLabAdvanceTime(100);
    VSPLAB_ASSERT_EQUAL(0, Runs);
    VspLabHoldWork(FALSE);
    VSPLAB_ASSERT_EQUAL(1, Runs);
    IoFreeWorkItem(a);
}

VSPLAB_TEST(Dpcs)
{
    KeInitializeDpc(&Dpc, Deferred, (PVOID)7);
    VSPLAB_ASSERT(KeInsertQueueDpc(&Dpc, (PVOID)1, (PVOID)2));
    VSPLAB_ASSERT(!KeInsertQueueDpc(&Dpc, (PVOID)3, (PVOID)4));
    VspLabRunPending();
    VSPLAB_ASSERT(KeInsertQueueDpc(&Dpc, (PVOID)5, (PVOID)6));
    VSPLAB_ASSERT(KeRemoveQueueDpc(&Dpc));
    VSPLAB_ASSERT(!KeRemoveQueueDpc(&Dpc));
    VspLabRunPending();
    VSPLAB_ASSERT_EQUAL(1, Runs);
}

VSPLAB_TEST(NothingRunsAtDispatch)
{
    KIRQL irql;
    KeInitializeDpc(&Dpc, Deferred, NULL);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    VspLabIrql();
    VSPLAB_ASSERT_EQUAL(0, Runs);
    KeLowerIrql(irql);
    VspLabIrql();
    VSPLAB_ASSERT_EQUAL(1, Runs);
}

static LARGE_INTEGER After(LONGLONG HundredNs) { LARGE_INTEGER due; due.QuadPart = -HundredNs; return due; }

VSPLAB_TEST(OneTimer)
{
    ULONGLONG start = KeQueryInterruptTime();
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&Dpc, Deferred, (PVOID)1);
    VSPLAB_ASSERT(!KeSetTimer(&Timer, After(1000), &Dpc));
    VspLabAdvanceTime(999);
    VSPLAB_ASSERT_EQUAL(0, Runs);
    VspLabAdvanceTime(1);
    VSPLAB_ASSERT_EQUAL(1, Runs);
    VSPLAB_ASSERT_EQUAL(1000, KeQueryInterruptTime() - start);
    VSPLAB_ASSERT(KeReadStateTimer(&Timer));
    VSPLAB_ASSERT(!KeSetTimer(&Timer, After(1000), &Dpc));
    VSPLAB_ASSERT(!KeReadStateTimer(&Timer));
    VSPLAB_ASSERT(KeSetTimer(&Timer, After(2000), &Dpc));
    VSPLAB_ASSERT(KeCancelTimer(&Timer));
    VSPLAB_ASSERT(!KeCancelTimer(&Timer));
    VspLabAdvanceTime(10000);
    VSPLAB_ASSERT_EQUAL(1, Runs);
}

VSPLAB_TEST(PeriodicTimer)
{
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&Dpc, Deferred, NULL);
    KeSetTimerEx(&Timer, After(10000), 1, &Dpc);
    VspLabAdvanceTime(35000);
    VSPLAB_ASSERT_EQUAL(3, Runs);
    KeCancelTimer(&Timer);
    VspLabAdvanceTime(35000);
    VSPLAB_ASSERT_EQUAL(3, Runs);
}

static ULONG Order[8];
static KDEFERRED_ROUTINE Note;
static VOID Note(PRKDPC D, PVOID Context, PVOID First, PVOID Second)
{
    UNREFERENCED_PARAMETER(D); UNREFERENCED_PARAMETER(First); UNREFERENCED_PARAMETER(Second);
    Order[Runs++] = (ULONG)(ULONG_PTR)Context;
}

VSPLAB_TEST(TimersInOrder)
{
    static KTIMER timers[3];
    static KDPC dpcs[3];
    ULONG i;
    for (i = 0; i < 3; i++) {
        KeInitializeTimer(&timers[i]);
        KeInitializeDpc(&dpcs[i], Note, (PVOID)(ULONG_PTR)i);
    }
    KeSetTimer(&timers[0], After(300), &dpcs[0]);
    KeSetTimer(&timers[1], After(100), &dpcs[1]);
    KeSetTimer(&timers[2], After(100), &dpcs[2]);
    VspLabAdvanceTime(1000);
    VSPLAB_ASSERT_EQUAL(3, Runs);
    VSPLAB_ASSERT(Order[0] == 1 && Order[1] == 2 && Order[2] == 0);
}

static NTSTATUS WaitFor(PVOID Object, LONGLONG HundredNs)
{
    LARGE_INTEGER timeout = After(HundredNs);
    return KeWaitForSingleObject(Object, Executive, KernelMode, FALSE, &timeout);
}

static IO_WORKITEM_ROUTINE Signal;
static VOID Signal(PDEVICE_OBJECT Device, PVOID Context)
{
    UNREFERENCED_PARAMETER(Device); UNREFERENCED_PARAMETER(Context);
    VSPLAB_LOG("signal");
    KeSetEvent(&Event, IO_NO_INCREMENT, FALSE);
}

VSPLAB_TEST(Waits)
{
    PIO_WORKITEM a = IoAllocateWorkItem(VspLabDevice());
    ULONGLONG start = KeQueryInterruptTime();
    KeInitializeEvent(&Event, SynchronizationEvent, TRUE);
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL));
    VSPLAB_ASSERT_STATUS(STATUS_TIMEOUT, WaitFor(&Event, 0));
    VSPLAB_ASSERT_EQUAL(0, KeQueryInterruptTime() - start);
    VSPLAB_ASSERT_STATUS(STATUS_TIMEOUT, WaitFor(&Event, 500));
    VSPLAB_ASSERT_EQUAL(500, KeQueryInterruptTime() - start);
    IoQueueWorkItem(a, Signal, DelayedWorkQueue, NULL);
    VSPLAB_LOG("wait");
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL));
    VSPLAB_LOG("done");
    IoFreeWorkItem(a);
}

VSPLAB_TEST(HeldWorkReleasesAWaiter)
{
    PIO_WORKITEM a = IoAllocateWorkItem(VspLabDevice());
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    VspLabHoldWork(TRUE);
    IoQueueWorkItem(a, Signal, DelayedWorkQueue, NULL);
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL));
    IoFreeWorkItem(a);
}

VSPLAB_TEST(WaitOnTimer)
{
    ULONGLONG start = KeQueryInterruptTime();
    KeInitializeTimer(&Timer);
    KeSetTimer(&Timer, After(700), NULL);
    VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, KeWaitForSingleObject(&Timer, Executive, KernelMode, FALSE, NULL));
    VSPLAB_ASSERT_EQUAL(700, KeQueryInterruptTime() - start);
}

VSPLAB_TEST(WaitMultiple)
{
    static KEVENT events[2];
    PVOID objects[2] = {&events[0], &events[1]};
    LARGE_INTEGER zero;
    zero.QuadPart = 0;
    KeInitializeEvent(&events[0], SynchronizationEvent, FALSE);
    KeInitializeEvent(&events[1], SynchronizationEvent, TRUE);
    VSPLAB_ASSERT_STATUS(STATUS_TIMEOUT, KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, &zero, NULL));
    VSPLAB_ASSERT_EQUAL(1, KeReadStateEvent(&events[1]));
    VSPLAB_ASSERT_STATUS(1, KeWaitForMultipleObjects(2, objects, WaitAny, Executive, KernelMode, FALSE, NULL, NULL));
    KeSetEvent(&events[0], 0, FALSE);
    KeSetEvent(&events[1], 0, FALSE);
    VSPLAB_ASSERT_STATUS(0, KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, NULL, NULL));
    VSPLAB_ASSERT_EQUAL(0, KeReadStateEvent(&events[0]) + KeReadStateEvent(&events[1]));
}

VSPLAB_TEST(Delay)
{
    ULONGLONG start = KeQueryInterruptTime();
    LARGE_INTEGER interval = After(5000);
    KeInitializeTimer(&Timer);
    KeInitializeDpc(&Dpc, Deferred, NULL);
    KeSetTimer(&Timer, After(2000), &Dpc);
    VSPLAB_ASSERT_SUCCESS(KeDelayExecutionThread(KernelMode, FALSE, &interval));
    VSPLAB_ASSERT_EQUAL(5000, KeQueryInterruptTime() - start);
    VSPLAB_ASSERT_EQUAL(1, Runs);
}

static KSTART_ROUTINE ThreadMain;
static VOID ThreadMain(PVOID Context)
{
    VSPLAB_LOG("thread %u", (ULONG)(ULONG_PTR)Context);
    KeSetEvent(&Event, 0, FALSE);
    if (Context != NULL) {
        UCHAR big[512];
        RtlFillMemory(big, sizeof(big), 1);
        PsTerminateSystemThread(STATUS_SUCCESS);
        VSPLAB_LOG("not reached %u", big[0]);
    }
}

VSPLAB_TEST(Threads)
{
    HANDLE handle;
    PVOID thread;
    ULONG i;
    for (i = 0; i < 2; i++) {
        KeInitializeEvent(&Event, NotificationEvent, FALSE);
        VSPLAB_ASSERT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ThreadMain, (PVOID)(ULONG_PTR)i));
        VSPLAB_ASSERT_SUCCESS(ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL));
        ZwClose(handle);
        VSPLAB_ASSERT_STATUS(STATUS_SUCCESS, KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL));
        VSPLAB_ASSERT_EQUAL(1, KeReadStateEvent(&Event));
        ObDereferenceObject(thread);
    }
}

VSPLAB_TEST(Deadlock)
{
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
}

VSPLAB_TEST(PeriodicTimerReleasesNobody)
{
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeInitializeTimer(&Timer);
    KeSetTimerEx(&Timer, After(10000), 1, NULL);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
}

static KSTART_ROUTINE Waiter;
static VOID Waiter(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
}

/* The thread waits for what the test does after VspLabRunPending: two stacks. */
VSPLAB_TEST(TwoStacks)
{
    HANDLE handle;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Waiter, NULL);
    ZwClose(handle);
    VspLabRunPending();
    KeSetEvent(&Event, 0, FALSE);
}

static KEVENT Other;
static KSTART_ROUTINE Crossed;
static VOID Crossed(PVOID Context)
{
    UNREFERENCED_PARAMETER(Context);
    KeSetEvent(&Other, 0, FALSE);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
}

VSPLAB_TEST(CrossedWaits)
{
    HANDLE handle;
    KeInitializeEvent(&Event, NotificationEvent, FALSE);
    KeInitializeEvent(&Other, NotificationEvent, FALSE);
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Crossed, NULL);
    ZwClose(handle);
    KeWaitForSingleObject(&Other, Executive, KernelMode, FALSE, NULL);
    KeSetEvent(&Event, 0, FALSE);
}

VSPLAB_TEST(WaitAtDispatch)
{
    KIRQL irql;
    LARGE_INTEGER zero;
    zero.QuadPart = 0;
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    KeRaiseIrql(DISPATCH_LEVEL, &irql);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, &zero);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    KeLowerIrql(irql);
}

static VOID WaitInProcess(VMBCHANNEL Channel, VMBPACKETCOMPLETION Packet)
{
    UNREFERENCED_PARAMETER(Channel);
    KeWaitForSingleObject(&Event, Executive, KernelMode, FALSE, NULL);
    VmbChannelPacketComplete(Packet, NULL, 0);
}

VSPLAB_TEST(WaitInProcessPacket)
{
    VMBCHANNEL channel = ActiveServer();
    UCHAR byte = 1;
    KeInitializeEvent(&Event, NotificationEvent, TRUE);
    InProcess = WaitInProcess;
    VspLabGuestSend(channel, &byte, 1, FALSE);
    EndChannel(channel);
}

VSPLAB_TEST(NeverCompleted)
{
    VMBCHANNEL channel = ActiveServer();
    UCHAR byte = 1;
    InProcess = Hold;
    VspLabGuestSend(channel, &byte, 1, FALSE);
    VmbChannelPause(channel);
}

static WORK_QUEUE_ITEM QueueItem;
static WORKER_THREAD_ROUTINE Worker;
static VOID Worker(PVOID Parameter) { VSPLAB_LOG("worker %u", (ULONG)(ULONG_PTR)Parameter); }
VSPLAB_TEST(ExWorkItem)
{
    ExInitializeWorkItem(&QueueItem, Worker, (PVOID)5);
    ExQueueWorkItem(&QueueItem, DelayedWorkQueue);
    VspLabRunPending();
}
`;

let driver: TestDriver;
beforeAll(async () => {
  driver = await compileText(SOURCE);
}, COMPILE_TIMEOUT);

describe('scheduling', () => {
  it.each<readonly [string, readonly string[]]>([
    ['WorkItems', ['queued', 'work 1 at 0', 'work 2 at 0']],
    ['AnyFixtureCallRunsWork', ['work 1 at 0']],
    ['Hold', ['work 1 at 0']],
    ['Dpcs', ['dpc 7 1 2 at 2']],
    ['NothingRunsAtDispatch', ['dpc 0 0 0 at 2']],
    ['OneTimer', ['dpc 1 0 0 at 2']],
    ['PeriodicTimer', ['dpc 0 0 0 at 2', 'dpc 0 0 0 at 2', 'dpc 0 0 0 at 2']],
    ['TimersInOrder', []],
    ['Waits', ['wait', 'signal', 'done']],
    ['HeldWorkReleasesAWaiter', ['signal']],
    ['WaitOnTimer', []],
    ['WaitMultiple', []],
    ['Delay', ['dpc 0 0 0 at 2']],
    ['Threads', ['thread 0', 'thread 1']],
    ['ExWorkItem', ['worker 5']],
  ])('%s', (name, output) => {
    const run = driver.test(name);
    expect([run.end, run.messages, run.output]).toEqual(['completed', [], output]);
  });

  it.each([
    ['Deadlock', /^fault: KeWaitForSingleObject waits for something that nothing can bring about/],
    ['PeriodicTimerReleasesNobody', /nothing can bring about/],
    ['TwoStacks', /two suspended stacks/],
    ['CrossedWaits', /two suspended stacks/],
  ])('%s', (name, end) => {
    const run = driver.test(name);
    expect(run.end).toMatch(end);
    expect(run.breaches).toEqual([]);
  });

  it('a packet that is held for ever: state-suspend-completes, and the pause never ends', () => {
    const run = driver.test('NeverCompleted');
    expect(run.breaches).toEqual(['state-suspend-completes']);
    expect(run.end).toMatch(/^fault: VmbChannelPause waits/);
  });

  it.each([
    ['WaitAtDispatch', ['wait-irql']],
    ['WaitInProcessPacket', ['in-irql-safe']],
  ])('%s', (name, breaches) => {
    const run = driver.test(name);
    expect([run.end, run.breaches]).toEqual(['completed', breaches]);
  });
});
