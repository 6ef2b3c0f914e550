/*
 * WDF work items, timers, DPCs: objects here, queues with the scheduler. Deleting one stops it first.
 */
#include "framework.h"

#define STATUS_WDF_PARENT_NOT_SPECIFIED ((NTSTATUS)0xC0200211L)

struct work {
    struct wdf_object object;
    void *routine;
    uint32_t period; /* milliseconds, timers */
    uint32_t irql;
};

static uint32_t is_idle(void *work)
{
    return (vsp_work_state(work) & (VSP_WORK_QUEUED | VSP_WORK_RUNNING)) == 0;
}

static uint32_t is_not_running(void *work)
{
    return (vsp_work_state(work) & VSP_WORK_RUNNING) == 0;
}

/* A routine that deletes its own object goes on running; nobody may wait for it. */
static void stop(struct wdf_object *object)
{
    vsp_work_cancel(object);
}

static NTSTATUS create(enum wdf_type type, void *routine, PWDF_OBJECT_ATTRIBUTES attributes, uint32_t irql, void *out,
                       struct work **created)
{
    vsp_check_read(attributes, sizeof *attributes);
    if (attributes->ParentObject == NULL) {
        return STATUS_WDF_PARENT_NOT_SPECIFIED;
    }
    const NTSTATUS status = WDF_CREATE(type, struct work, attributes, NULL, out);
    if (NT_SUCCESS(status)) {
        struct work *work = *(struct work **)out;
        work->routine = routine;
        work->irql = irql;
        work->object.dispose = stop;
        *created = work;
    }
    return status;
}

static uint32_t queue(struct work *work)
{
    return vsp_work_queue(work, work->irql, work->routine, 1, (uint64_t)work, 0, 0, 0);
}

/* ---- Work items ---- */

NTSTATUS WdfWorkItemCreate(PWDF_WORKITEM_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes, WDFWORKITEM *WorkItem)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfWorkItemCreate);
    vsp_check_read(Config, sizeof *Config);
    struct work *work;
    if (Config->Size != sizeof *Config) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    return create(WDF_TYPE_WORK_ITEM, (void *)Config->EvtWorkItemFunc, Attributes, PASSIVE_LEVEL, WorkItem, &work);
}

VOID WdfWorkItemEnqueue(WDFWORKITEM WorkItem)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    queue((struct work *)wdf_of(WorkItem, WDF_TYPE_WORK_ITEM));
}

VOID WdfWorkItemFlush(WDFWORKITEM WorkItem)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    struct wdf_object *object = wdf_of(WorkItem, WDF_TYPE_WORK_ITEM);
    if (!is_idle(object)) {
        vsp_wait(is_idle, object, NULL);
    }
}

WDFOBJECT WdfWorkItemGetParentObject(WDFWORKITEM WorkItem)
{
    return wdf_of(WorkItem, WDF_TYPE_WORK_ITEM)->parent;
}

/* ---- Timers ---- */

NTSTATUS WdfTimerCreate(PWDF_TIMER_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes, WDFTIMER *Timer)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfTimerCreate);
    vsp_check_read(Config, sizeof *Config);
    vsp_check_read(Attributes, sizeof *Attributes);
    struct work *work;
    if (Config->Size != sizeof *Config) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    const int passive = Attributes->ExecutionLevel == WdfExecutionLevelPassive;
    if (passive && Config->Period != 0) {
        return STATUS_NOT_SUPPORTED; /* a passive timer is never periodic */
    }
    const NTSTATUS status = create(WDF_TYPE_TIMER, (void *)Config->EvtTimerFunc, Attributes,
                                   passive ? PASSIVE_LEVEL : DISPATCH_LEVEL, Timer, &work);
    if (NT_SUCCESS(status)) {
        work->period = Config->Period;
    }
    return status;
}

BOOLEAN WdfTimerStart(WDFTIMER Timer, LONGLONG DueTime)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    struct work *work = (struct work *)wdf_of(Timer, WDF_TYPE_TIMER);
    return (BOOLEAN)vsp_work_timer(work, DueTime, work->period, work->irql, work->routine, 1, (uint64_t)work, 0, 0, 0);
}

BOOLEAN WdfTimerStop(WDFTIMER Timer, BOOLEAN Wait)
{
    vsp_require_irql(Wait ? PASSIVE_LEVEL : DISPATCH_LEVEL, __func__);
    struct wdf_object *object = wdf_of(Timer, WDF_TYPE_TIMER);
    const BOOLEAN stopped = (BOOLEAN)vsp_work_cancel(object);
    if (Wait && !is_not_running(object)) {
        vsp_wait(is_not_running, object, NULL);
    }
    return stopped;
}

WDFOBJECT WdfTimerGetParentObject(WDFTIMER Timer)
{
    return wdf_of(Timer, WDF_TYPE_TIMER)->parent;
}

/* ---- DPCs ---- */

NTSTATUS WdfDpcCreate(PWDF_DPC_CONFIG Config, PWDF_OBJECT_ATTRIBUTES Attributes, WDFDPC *Dpc)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfDpcCreate);
    vsp_check_read(Config, sizeof *Config);
    struct work *work;
    if (Config->Size != sizeof *Config) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    return create(WDF_TYPE_DPC, (void *)Config->EvtDpcFunc, Attributes, DISPATCH_LEVEL, Dpc, &work);
}

BOOLEAN WdfDpcEnqueue(WDFDPC Dpc)
{
    return (BOOLEAN)queue((struct work *)wdf_of(Dpc, WDF_TYPE_DPC));
}

BOOLEAN WdfDpcCancel(WDFDPC Dpc, BOOLEAN Wait)
{
    vsp_require_irql(Wait ? PASSIVE_LEVEL : HIGH_LEVEL, __func__);
    struct wdf_object *object = wdf_of(Dpc, WDF_TYPE_DPC);
    const BOOLEAN cancelled = (BOOLEAN)vsp_work_cancel(object);
    if (Wait && !is_not_running(object)) {
        vsp_wait(is_not_running, object, NULL);
    }
    return cancelled;
}

WDFOBJECT WdfDpcGetParentObject(WDFDPC Dpc)
{
    return wdf_of(Dpc, WDF_TYPE_DPC)->parent;
}
