/*
 * The WDF driver object, the registry it would read, and the set-up of a device before WdfDeviceCreate.
 */
#include "framework.h"

struct driver {
    struct wdf_object object;
    PDRIVER_OBJECT wdm;
    WDF_DRIVER_CONFIG config;
    UNICODE_STRING path;
};

static struct driver *driver;

struct wdf_object *wdf_driver(void)
{
    if (driver == NULL) {
        /* A fixture that uses WDF objects without a DriverEntry. */
        struct driver *made = vsp_allocate(VSP_ARENA_HOST, sizeof *made);
        made->object.magic = WDF_MAGIC;
        made->object.type = WDF_TYPE_DRIVER;
        made->object.size = sizeof *made;
        made->object.references = 1;
        driver = made;
    }
    return &driver->object;
}

NTSTATUS WdfDriverCreate(PDRIVER_OBJECT DriverObject, PCUNICODE_STRING RegistryPath,
                         PWDF_OBJECT_ATTRIBUTES DriverAttributes, PWDF_DRIVER_CONFIG DriverConfig, WDFDRIVER *Driver)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfDriverCreate);
    vsp_check_read(DriverConfig, sizeof *DriverConfig);
    if (DriverConfig->Size != sizeof *DriverConfig) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    if (driver != NULL) {
        return STATUS_DRIVER_INTERNAL_ERROR;
    }
    WDFDRIVER handle;
    WDFDRIVER *out = Driver != NULL ? Driver : &handle;
    const NTSTATUS status = WDF_CREATE(WDF_TYPE_DRIVER, struct driver, DriverAttributes, NULL, out);
    if (!NT_SUCCESS(status)) {
        return status;
    }
    driver = (struct driver *)*out;
    driver->wdm = DriverObject;
    driver->config = *DriverConfig;
    if (RegistryPath != NULL) {
        vsp_check_read(RegistryPath, sizeof *RegistryPath);
        driver->path = *RegistryPath;
    }
    return status;
}

WDFDRIVER WdfGetDriver(VOID)
{
    return (WDFDRIVER)driver;
}

PDRIVER_OBJECT WdfDriverWdmGetDriverObject(WDFDRIVER Driver)
{
    return ((struct driver *)wdf_of(Driver, WDF_TYPE_DRIVER))->wdm;
}

PWSTR WdfDriverGetRegistryPath(WDFDRIVER Driver)
{
    return ((struct driver *)wdf_of(Driver, WDF_TYPE_DRIVER))->path.Buffer;
}

/* There is no registry: every key is missing, as on a machine where the driver was never configured. */
NTSTATUS WdfDriverOpenParametersRegistryKey(WDFDRIVER Driver, ACCESS_MASK DesiredAccess,
                                            PWDF_OBJECT_ATTRIBUTES KeyAttributes, WDFKEY *Key)
{
    (void)DesiredAccess;
    (void)KeyAttributes;
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfDriverOpenParametersRegistryKey);
    (void)wdf_of(Driver, WDF_TYPE_DRIVER);
    vsp_check_write(Key, sizeof *Key);
    *Key = NULL;
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

NTSTATUS WdfRegistryQueryULong(WDFKEY Key, PCUNICODE_STRING ValueName, PULONG Value)
{
    (void)Key;
    (void)ValueName;
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    VSP_MAY_FAIL(WdfRegistryQueryULong);
    vsp_check_write(Value, sizeof *Value);
    return STATUS_OBJECT_NAME_NOT_FOUND;
}

VOID WdfRegistryClose(WDFKEY Key)
{
    (void)Key;
    vsp_require_irql(PASSIVE_LEVEL, __func__);
}

/* ---- Device set-up ---- */

/* For WdfDeviceCreate outside EvtDriverDeviceAdd; the set-up is the framework's own memory. */
PWDFDEVICE_INIT vsp_wdf_device_init(void)
{
    return vsp_allocate(VSP_ARENA_HOST, sizeof(struct WDFDEVICE_INIT));
}

PWDFDEVICE_INIT WdfControlDeviceInitAllocate(WDFDRIVER Driver, PCUNICODE_STRING SDDLString)
{
    vsp_require_irql(PASSIVE_LEVEL, __func__);
    if (VSP_FAILS(WdfControlDeviceInitAllocate)) {
        return NULL;
    }
    (void)wdf_of(Driver, WDF_TYPE_DRIVER);
    vsp_check_read(SDDLString, sizeof *SDDLString);
    return vsp_allocation_fails() ? NULL : vsp_wdf_device_init();
}

VOID WdfDeviceInitFree(PWDFDEVICE_INIT DeviceInit)
{
    vsp_free(VSP_ARENA_HOST, DeviceInit, sizeof *DeviceInit);
}

VOID WdfDeviceInitSetPnpPowerEventCallbacks(PWDFDEVICE_INIT DeviceInit, PWDF_PNPPOWER_EVENT_CALLBACKS Callbacks)
{
    vsp_check_read(Callbacks, sizeof *Callbacks);
    DeviceInit->callbacks = *Callbacks;
}

VOID WdfDeviceInitSetIoType(PWDFDEVICE_INIT DeviceInit, WDF_DEVICE_IO_TYPE IoType)
{
    DeviceInit->io_type = IoType;
}

VOID WdfDeviceInitSetDeviceType(PWDFDEVICE_INIT DeviceInit, DEVICE_TYPE DeviceType)
{
    DeviceInit->device_type = DeviceType;
}

VOID WdfDeviceInitSetExclusive(PWDFDEVICE_INIT DeviceInit, BOOLEAN IsExclusive)
{
    DeviceInit->exclusive = IsExclusive;
}

VOID WdfDeviceInitSetPowerPageable(PWDFDEVICE_INIT DeviceInit)
{
    (void)DeviceInit;
}

VOID WdfDeviceInitSetPowerNotPageable(PWDFDEVICE_INIT DeviceInit)
{
    (void)DeviceInit;
}

VOID WdfDeviceInitSetCharacteristics(PWDFDEVICE_INIT DeviceInit, ULONG Characteristics, BOOLEAN OrInValues)
{
    DeviceInit->characteristics = OrInValues ? DeviceInit->characteristics | Characteristics : Characteristics;
}

NTSTATUS WdfDeviceInitAssignName(PWDFDEVICE_INIT DeviceInit, PCUNICODE_STRING DeviceName)
{
    (void)DeviceInit;
    (void)DeviceName;
    VSP_MAY_FAIL(WdfDeviceInitAssignName);
    return STATUS_SUCCESS;
}

VOID WdfDeviceInitSetRequestAttributes(PWDFDEVICE_INIT DeviceInit, PWDF_OBJECT_ATTRIBUTES RequestAttributes)
{
    (void)DeviceInit;
    vsp_check_read(RequestAttributes, sizeof *RequestAttributes);
}

VOID WdfFdoInitSetFilter(PWDFDEVICE_INIT DeviceInit)
{
    (void)DeviceInit;
}

VOID WdfControlFinishInitializing(WDFDEVICE Device)
{
    (void)wdf_of(Device, WDF_TYPE_DEVICE);
}
