/*
 * State of dispatcher objects: events, semaphores, mutexes, timers. Who waits and what runs next is the scheduler's
 * (TypeScript): it asks vsp_object_signaled and, when a wait is satisfied, calls vsp_object_acquire.
 */
#include "kernel.h"

/* DISPATCHER_HEADER.Type as the kernel numbers them. */
enum object_type {
    TYPE_NOTIFICATION_EVENT = 0,
    TYPE_SYNCHRONIZATION_EVENT = 1,
    TYPE_MUTANT = 2,
    TYPE_SEMAPHORE = 5,
    TYPE_THREAD = 6,
    TYPE_NOTIFICATION_TIMER = 8,
    TYPE_SYNCHRONIZATION_TIMER = 9,
};

static void initialise_header(DISPATCHER_HEADER *header, enum object_type type, uint64_t size, LONG state)
{
    header->Lock = 0;
    header->Type = (UCHAR)type;
    header->Size = (UCHAR)(size / 4);
    header->SignalState = state;
    header->WaitListHead.Flink = header->WaitListHead.Blink = &header->WaitListHead;
}

/* ---- For the scheduler ---- */

/* Would a wait of `thread` (PKTHREAD) end now? */
uint32_t vsp_object_signaled(const void *object, const void *thread)
{
    vsp_check_read(object, sizeof(DISPATCHER_HEADER));
    const DISPATCHER_HEADER *header = object;
    if (header->Type == TYPE_MUTANT) {
        const KMUTANT *mutant = object;
        return header->SignalState > 0 || mutant->OwnerThread == thread;
    }
    return header->SignalState > 0;
}

/* A wait of `thread` on a signaled object ends. */
void vsp_object_acquire(void *object, void *thread)
{
    vsp_check_write(object, sizeof(DISPATCHER_HEADER));
    DISPATCHER_HEADER *header = object;
    switch (header->Type) {
    case TYPE_SYNCHRONIZATION_EVENT:
    case TYPE_SYNCHRONIZATION_TIMER:
        header->SignalState = 0;
        break;
    case TYPE_SEMAPHORE:
        header->SignalState--;
        break;
    case TYPE_MUTANT:
        header->SignalState--;
        ((KMUTANT *)object)->OwnerThread = thread;
        break;
    default:
        break;
    }
}

/* A timer expires, a thread ends. */
void vsp_object_signal(void *object)
{
    ((DISPATCHER_HEADER *)object)->SignalState = 1;
}

/* A thread object of the scheduler's: waited for until vsp_object_signal. Host arena. */
void *vsp_thread_create(void)
{
    DISPATCHER_HEADER *thread = vsp_allocate(VSP_ARENA_HOST, sizeof *thread);
    initialise_header(thread, TYPE_THREAD, sizeof *thread, 0);
    return thread;
}

/* ---- Events ---- */

VOID KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State)
{
    vsp_check_write(Event, sizeof *Event);
    initialise_header(&Event->Header, Type == NotificationEvent ? TYPE_NOTIFICATION_EVENT : TYPE_SYNCHRONIZATION_EVENT,
                      sizeof *Event, State != FALSE);
}

static LONG set_state(DISPATCHER_HEADER *header, LONG state)
{
    vsp_check_write(header, sizeof *header);
    const LONG previous = header->SignalState;
    header->SignalState = state;
    return previous;
}

LONG KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    (void)Increment;
    vsp_require_irql(Wait ? APC_LEVEL : DISPATCH_LEVEL, __func__);
    return set_state(&Event->Header, 1);
}

VOID KeClearEvent(PRKEVENT Event)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    set_state(&Event->Header, 0);
}

LONG KeResetEvent(PRKEVENT Event)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    return set_state(&Event->Header, 0);
}

LONG KeReadStateEvent(PRKEVENT Event)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_check_read(Event, sizeof *Event);
    return Event->Header.SignalState;
}

/* Nobody can be released in between: waiters run when the caller waits or returns. */
LONG KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait)
{
    (void)Increment;
    vsp_require_irql(Wait ? APC_LEVEL : DISPATCH_LEVEL, __func__);
    return set_state(&Event->Header, 0);
}

/* ---- Semaphores ---- */

VOID KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit)
{
    vsp_check_write(Semaphore, sizeof *Semaphore);
    initialise_header(&Semaphore->Header, TYPE_SEMAPHORE, sizeof *Semaphore, Count);
    Semaphore->Limit = Limit;
}

LONG KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait)
{
    (void)Increment;
    vsp_require_irql(Wait ? APC_LEVEL : DISPATCH_LEVEL, __func__);
    vsp_check_write(Semaphore, sizeof *Semaphore);
    const LONG previous = Semaphore->Header.SignalState;
    const int64_t next = (int64_t)previous + Adjustment;
    if (Adjustment <= 0 || next > Semaphore->Limit) {
        vsp_raise(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
    }
    Semaphore->Header.SignalState = (LONG)next;
    return previous;
}

LONG KeReadStateSemaphore(PRKSEMAPHORE Semaphore)
{
    vsp_check_read(Semaphore, sizeof *Semaphore);
    return Semaphore->Header.SignalState;
}

/* ---- Mutexes: 1 = free, 0 and below = owned, once less per recursion ---- */

VOID KeInitializeMutex(PRKMUTEX Mutex, ULONG Level)
{
    (void)Level;
    vsp_check_write(Mutex, sizeof *Mutex);
    vsp_set(Mutex, 0, sizeof *Mutex);
    initialise_header(&Mutex->Header, TYPE_MUTANT, sizeof *Mutex, 1);
}

LONG KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait)
{
    vsp_require_irql(Wait ? APC_LEVEL : DISPATCH_LEVEL, __func__);
    vsp_check_write(Mutex, sizeof *Mutex);
    const LONG previous = Mutex->Header.SignalState;
    if (previous >= 1 || Mutex->OwnerThread != KeGetCurrentThread()) {
        vsp_lock_breach(Mutex, previous >= 1 ? VSP_LOCK_NOT_HELD : VSP_LOCK_OTHER_OWNER);
        return previous;
    }
    Mutex->Header.SignalState = previous + 1;
    if (previous + 1 == 1) {
        Mutex->OwnerThread = NULL;
    }
    return previous;
}

LONG KeReadStateMutex(PRKMUTEX Mutex)
{
    vsp_check_read(Mutex, sizeof *Mutex);
    return Mutex->Header.SignalState;
}

/* ---- Timers and DPCs: queueing is the scheduler's ---- */

VOID KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type)
{
    vsp_check_write(Timer, sizeof *Timer);
    vsp_set(Timer, 0, sizeof *Timer);
    initialise_header(&Timer->Header, Type == NotificationTimer ? TYPE_NOTIFICATION_TIMER : TYPE_SYNCHRONIZATION_TIMER,
                      sizeof *Timer, 0);
}

VOID KeInitializeTimer(PKTIMER Timer)
{
    KeInitializeTimerEx(Timer, NotificationTimer);
}

BOOLEAN KeReadStateTimer(PKTIMER Timer)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    vsp_check_read(Timer, sizeof *Timer);
    return Timer->Header.SignalState > 0;
}

#define DPC_OBJECT 19u
#define THREADED_DPC_OBJECT 24u

static void initialise_dpc(PRKDPC dpc, UCHAR type, PKDEFERRED_ROUTINE routine, PVOID context)
{
    vsp_check_write(dpc, sizeof *dpc);
    vsp_set(dpc, 0, sizeof *dpc);
    dpc->Type = type;
    dpc->Importance = MediumImportance;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
}

VOID KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    initialise_dpc(Dpc, DPC_OBJECT, DeferredRoutine, DeferredContext);
}

VOID KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext)
{
    initialise_dpc(Dpc, THREADED_DPC_OBJECT, DeferredRoutine, DeferredContext);
}

VOID KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance)
{
    vsp_check_write(Dpc, sizeof *Dpc);
    Dpc->Importance = (UCHAR)Importance;
}

VOID KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number)
{
    vsp_check_write(Dpc, sizeof *Dpc);
    Dpc->Number = (USHORT)Number;
}
