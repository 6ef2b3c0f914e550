/*
 * WDF devices, queues and I/O targets, as far as a fixture needs them: creation, parents, contexts, the device object
 * behind a WDFDEVICE, and interface queries, which the channel library answers. No requests.
 */
#include "framework.h"

#define DEVICE_TAG 'DfdW'
#define IO_TYPE_DEVICE 3

/* kmcl/interface.c */
int32_t vsp_kmcl_query_interface(const void *type, void *out, uint32_t size, uint32_t version);
/* kmcl/devices.ts: the device object fixtures give to VmbChannelAllocate. */
PDEVICE_OBJECT VspLabDevice(VOID);

/* ---- Devices ---- */

struct device {
    struct wdf_object object;
    PDEVICE_OBJECT wdm;
    uint64_t owned; /* wdm is ours to free */
    struct wdf_object *target;
    struct wdf_object *queue;
    WDF_PNPPOWER_EVENT_CALLBACKS callbacks;
};

static void destroy_device(struct wdf_object *object)
{
    struct device *device = (struct device *)object;
    if (device->owned) {
        vsp_user_free(VSP_ARENA_HOST, device->wdm);
    }
}

NTSTATUS WdfDeviceCreate(PWDFDEVICE_INIT *DeviceInit, PWDF_OBJECT_ATTRIBUTES DeviceAttributes, WDFDEVICE *Device)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfDeviceCreate);
    vsp_check_write(DeviceInit, sizeof *DeviceInit);
    const NTSTATUS status = WDF_CREATE(WDF_TYPE_DEVICE, struct device, DeviceAttributes, wdf_driver(), Device);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    struct device *device = (struct device *)*Device;
    PDEVICE_OBJECT wdm = vsp_block_allocate(VSP_ARENA_HOST, sizeof *wdm, DEVICE_TAG, VSP_BLOCK_EXEMPT, 1);
    device->object.destroy = destroy_device;
    device->wdm = wdm;
    device->owned = 1;
    wdm->Type = IO_TYPE_DEVICE;
    wdm->Size = sizeof *wdm;
    wdm->ReferenceCount = 1;
    wdm->StackSize = 1;
    if (*DeviceInit != NULL) {
        device->callbacks = (*DeviceInit)->callbacks;
        wdm->DeviceType = (*DeviceInit)->device_type;
        wdm->Characteristics = (*DeviceInit)->characteristics;
        WdfDeviceInitFree(*DeviceInit);
        *DeviceInit = NULL;
    }
    return STATUS_SUCCESS;
}

static struct device *device_of(WDFDEVICE handle)
{
    return (struct device *)wdf_of(handle, WDF_TYPE_DEVICE);
}

PDEVICE_OBJECT WdfDeviceWdmGetDeviceObject(WDFDEVICE Device)
{
    return device_of(Device)->wdm;
}

PDEVICE_OBJECT WdfDeviceWdmGetAttachedDevice(WDFDEVICE Device)
{
    return device_of(Device)->wdm;
}

PDEVICE_OBJECT WdfDeviceWdmGetPhysicalDevice(WDFDEVICE Device)
{
    return device_of(Device)->wdm;
}

/* The fixture's device object has a WDFDEVICE as soon as somebody asks. */
WDFDEVICE WdfWdmDeviceGetWdfDeviceHandle(PDEVICE_OBJECT DeviceObject)
{
    for (struct wdf_object *child = wdf_driver()->children; child != NULL; child = child->next_sibling) {
        if (child->type == WDF_TYPE_DEVICE && ((struct device *)child)->wdm == DeviceObject) {
            return (WDFDEVICE)child;
        }
    }
    WDFDEVICE handle = NULL;
    wdf_found = 1;
    if (DeviceObject != NULL && DeviceObject == VspLabDevice() &&
        NT_SUCCESS(WDF_CREATE(WDF_TYPE_DEVICE, struct device, NULL, wdf_driver(), &handle))) {
        ((struct device *)handle)->wdm = DeviceObject;
    }
    wdf_found = 0;
    return handle;
}

WDFDRIVER WdfDeviceGetDriver(WDFDEVICE Device)
{
    (void)device_of(Device);
    return (WDFDRIVER)wdf_driver();
}

NTSTATUS WdfDeviceCreateDeviceInterface(WDFDEVICE Device, const GUID *InterfaceClassGUID,
                                        PCUNICODE_STRING ReferenceString)
{
    (void)ReferenceString;
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfDeviceCreateDeviceInterface);
    (void)device_of(Device);
    vsp_check_read(InterfaceClassGUID, sizeof *InterfaceClassGUID);
    return STATUS_SUCCESS;
}

NTSTATUS WdfDeviceCreateSymbolicLink(WDFDEVICE Device, PCUNICODE_STRING SymbolicLinkName)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfDeviceCreateSymbolicLink);
    (void)device_of(Device);
    vsp_check_read(SymbolicLinkName, sizeof *SymbolicLinkName);
    return STATUS_SUCCESS;
}

/* ---- I/O targets and interface queries ---- */

struct target {
    struct wdf_object object;
    struct device *device;
    PDEVICE_OBJECT opened;
};

WDFIOTARGET WdfDeviceGetIoTarget(WDFDEVICE Device)
{
    struct device *device = device_of(Device);
    struct target *target;
    if (device->target == NULL &&
        NT_SUCCESS(WDF_CREATE(WDF_TYPE_IO_TARGET, struct target, NULL, &device->object, &target))) {
        target->device = device;
        target->opened = device->wdm;
        device->target = &target->object;
    }
    return (WDFIOTARGET)device->target;
}

NTSTATUS WdfIoTargetCreate(WDFDEVICE Device, PWDF_OBJECT_ATTRIBUTES IoTargetAttributes, WDFIOTARGET *IoTarget)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfIoTargetCreate);
    struct device *device = device_of(Device);
    const NTSTATUS status =
        WDF_CREATE(WDF_TYPE_IO_TARGET, struct target, IoTargetAttributes, &device->object, IoTarget);
    if (NT_SUCCESS(status)) {
        ((struct target *)*IoTarget)->device = device;
    }
    return status;
}

NTSTATUS WdfIoTargetOpen(WDFIOTARGET IoTarget, PWDF_IO_TARGET_OPEN_PARAMS OpenParams)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfIoTargetOpen);
    struct target *target = (struct target *)wdf_of(IoTarget, WDF_TYPE_IO_TARGET);
    vsp_check_read(OpenParams, sizeof *OpenParams);
    if (OpenParams->Size != sizeof *OpenParams) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    const int given = OpenParams->Type == WdfIoTargetOpenUseExistingDevice;
    target->opened = given ? OpenParams->TargetDeviceObject : target->device->wdm;
    return STATUS_SUCCESS;
}

VOID WdfIoTargetClose(WDFIOTARGET IoTarget)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    ((struct target *)wdf_of(IoTarget, WDF_TYPE_IO_TARGET))->opened = NULL;
}

WDFDEVICE WdfIoTargetGetDevice(WDFIOTARGET IoTarget)
{
    return (WDFDEVICE)((struct target *)wdf_of(IoTarget, WDF_TYPE_IO_TARGET))->device;
}

PDEVICE_OBJECT WdfIoTargetWdmGetTargetDeviceObject(WDFIOTARGET IoTarget)
{
    return ((struct target *)wdf_of(IoTarget, WDF_TYPE_IO_TARGET))->opened;
}

static NTSTATUS query(LPCGUID type, PINTERFACE out, USHORT size, USHORT version)
{
    vsp_check_read(type, sizeof *type);
    vsp_check_write(out, size);
    return vsp_kmcl_query_interface(type, out, size, version);
}

NTSTATUS WdfFdoQueryForInterface(WDFDEVICE Fdo, LPCGUID InterfaceType, PINTERFACE Interface, USHORT Size,
                                 USHORT Version, PVOID InterfaceSpecificData)
{
    (void)InterfaceSpecificData;
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfFdoQueryForInterface);
    (void)device_of(Fdo);
    return query(InterfaceType, Interface, Size, Version);
}

NTSTATUS WdfIoTargetQueryForInterface(WDFIOTARGET IoTarget, LPCGUID InterfaceType, PINTERFACE Interface, USHORT Size,
                                      USHORT Version, PVOID InterfaceSpecificData)
{
    (void)InterfaceSpecificData;
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfIoTargetQueryForInterface);
    (void)wdf_of(IoTarget, WDF_TYPE_IO_TARGET);
    return query(InterfaceType, Interface, Size, Version);
}

/* ---- Queues: kept for the day requests exist ---- */

struct queue {
    struct wdf_object object;
    struct device *device;
    WDF_IO_QUEUE_CONFIG config;
};

NTSTATUS WdfIoQueueCreate(WDFDEVICE Device, PWDF_IO_QUEUE_CONFIG Config, PWDF_OBJECT_ATTRIBUTES QueueAttributes,
                          WDFQUEUE *Queue)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfIoQueueCreate);
    struct device *device = device_of(Device);
    vsp_check_read(Config, sizeof *Config);
    if (Config->Size != sizeof *Config) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    WDFQUEUE handle;
    WDFQUEUE *out = Queue != NULL ? Queue : &handle;
    const NTSTATUS status = WDF_CREATE(WDF_TYPE_QUEUE, struct queue, QueueAttributes, &device->object, out);
    if (NT_SUCCESS(status)) {
        ((struct queue *)*out)->device = device;
        ((struct queue *)*out)->config = *Config;
        if (Config->DefaultQueue) {
            device->queue = (struct wdf_object *)*out;
        }
    }
    return status;
}

WDFDEVICE WdfIoQueueGetDevice(WDFQUEUE Queue)
{
    return (WDFDEVICE)((struct queue *)wdf_of(Queue, WDF_TYPE_QUEUE))->device;
}

WDFQUEUE WdfDeviceGetDefaultQueue(WDFDEVICE Device)
{
    return (WDFQUEUE)device_of(Device)->queue;
}

/* No request ever comes, so a queue is always empty and always idle. */
VOID WdfIoQueueStart(WDFQUEUE Queue)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    (void)wdf_of(Queue, WDF_TYPE_QUEUE);
}

VOID WdfIoQueueStopSynchronously(WDFQUEUE Queue)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    (void)wdf_of(Queue, WDF_TYPE_QUEUE);
}

VOID WdfIoQueuePurgeSynchronously(WDFQUEUE Queue)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    (void)wdf_of(Queue, WDF_TYPE_QUEUE);
}

VOID WdfIoQueueDrainSynchronously(WDFQUEUE Queue)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    (void)wdf_of(Queue, WDF_TYPE_QUEUE);
}

NTSTATUS WdfIoQueueRetrieveNextRequest(WDFQUEUE Queue, WDFREQUEST *OutRequest)
{
    vsp_require_irql(DISPATCH_LEVEL, __func__);
    VSP_MAY_FAIL(WdfIoQueueRetrieveNextRequest);
    (void)wdf_of(Queue, WDF_TYPE_QUEUE);
    vsp_check_write(OutRequest, sizeof *OutRequest);
    *OutRequest = NULL;
    return STATUS_NO_MORE_ENTRIES;
}
